package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

var actionWildcard = Rule{
	ID:       "action-wildcard",
	Severity: Warning,
	Summary:  "the statement allows more actions than the token exchange needs",
	Why: "A workflow's login needs sts:AssumeRoleWithWebIdentity only. A wildcard or NotAction also allows the actions that AWS adds later. " +
		"Access Analyzer does not report it.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			action := g.Statement.Action
			if action.Negated {
				in.propose(Warning, g.Statement, action.Pos, "NotAction allows every action except those listed, including actions that AWS adds later", onlyWebIdentity(g.Statement))
				continue
			}
			for _, v := range action.Values {
				if strings.ContainsAny(v.Text, "*?") && v.ActionPattern().HasWildcards() {
					in.propose(Warning, g.Statement, v.Pos, fmt.Sprintf("action %q allows more than %s", v.Text, trust.WebIdentityAction), onlyWebIdentity(g.Statement))
				}
			}
		}
	},
}
