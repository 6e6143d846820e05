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
				in.propose(min(severity, breadth(g, c.Condition)), g, c.Pos, fmt.Sprintf("%s lets every token without %s through", c.Operator, c.Claim), plainOperator(c.Condition))
			}
		}
	},
}
