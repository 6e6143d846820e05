package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
)

var ifExists = Rule{
	ID:       "if-exists",
	Severity: High,
	Summary:  "a condition with IfExists holds when the claim is missing",
	check: func(in *inspection) {
		for _, g := range in.grants {
			decisive, _ := g.Decisive()
			for _, c := range g.Constraints {
				if !c.Operator.IfExists || c.Operator.Set != "" || c.Operator.Negated() || c.FromDeny || !trust.IsConditionKey(c.Key) {
					continue
				}
				severity := Medium
				if c.Pos == decisive.Pos {
					severity = High
				}
				plain := trust.Operator{Base: c.Operator.Base}
				in.report(severity, c.Pos, fmt.Sprintf("%s lets every token without %s through", c.Operator, c.Claim),
					fmt.Sprintf("%q in place of %q", plain, c.Operator))
			}
		}
	},
}
