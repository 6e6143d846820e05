package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
)

var forAllValues = Rule{
	ID:       "for-all-values",
	Severity: Critical,
	Summary:  "ForAllValues matches when the claim is missing",
	Why: "ForAllValues is meant for keys with several values and is true for a request without any. " +
		"Access Analyzer reports it as FORALLVALUES_WITH_SINGLE_VALUED_KEY.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				if c.Operator.Set != trust.ForAllValues {
					continue
				}
				claim, ok := g.Claim(c.Key)
				if _, absent := g.Absent(c); !ok || absent { // unknown-key reports a key that does not exist
					continue
				}
				in.propose(breadth(g, c), g.Statement, c.Pos, fmt.Sprintf("%s matches every token without %s; it requires nothing", c.Operator, claim), plainOperator(c))
			}
		}
	},
}
