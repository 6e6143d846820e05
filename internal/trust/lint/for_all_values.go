package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
)

var forAllValues = Rule{
	ID:       "for-all-values",
	Severity: Critical,
	Summary:  "ForAllValues holds when the claim is missing",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				claim, ok := g.Claim(c.Key)
				if !ok || c.Operator.Set != trust.ForAllValues {
					continue
				}
				r := plainOperator(c)
				if claim == "iss" {
					r = deleteCondition(noIssuer, c)
				}
				in.propose(breadth(g, c), g, c.Pos, fmt.Sprintf("%s holds for every token without %s: it demands nothing", c.Operator, claim), r)
			}
		}
	},
}
