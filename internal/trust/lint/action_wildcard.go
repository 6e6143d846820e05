package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
)

var actionWildcard = Rule{
	ID:       "action-wildcard",
	Severity: Warning,
	Summary:  "more actions are allowed than the exchange of a token needs",
	check: func(in *inspection) {
		rewrite := line("Action", trust.WebIdentityAction)
		for _, g := range in.grants {
			action := g.Statement.Action
			if action.Negated {
				in.report(Warning, action.Pos, "NotAction allows every action but the listed ones, those that AWS adds later included", rewrite)
				continue
			}
			for _, v := range action.Values {
				if trust.NewPattern(v.Text).HasWildcards() {
					in.report(Warning, v.Pos, fmt.Sprintf("action %q allows more than the exchange of a token", v.Text), rewrite)
				}
			}
		}
	},
}
