package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
)

var ifExists = Rule{
	ID:       "if-exists",
	Severity: High,
	Summary:  "a condition with IfExists matches when the claim is missing",
	Why:      "IfExists makes a condition optional: a token without the claim meets it. GitHub leaves out claims such as environment where they do not apply.",
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
				in.propose(min(severity, breadth(g, c.Condition)), g.Statement, c.Pos, fmt.Sprintf("%s matches every token without %s", c.Operator, c.Claim), plainOperator(c.Condition))
			}
		}
	},
}
