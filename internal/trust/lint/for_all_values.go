package lint

import (
	"fmt"
	"slices"
	"strings"

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
				if c.Operator.Set != trust.ForAllValues || present(g.Statement, c.Key) {
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

// present reports whether the statement demands that a request has the key:
// with that, ForAllValues has no hole.
func present(s trust.Statement, key string) bool {
	return slices.ContainsFunc(s.Conditions, func(c trust.Condition) bool {
		return c.Operator.Base == "Null" && strings.EqualFold(c.Key, key) && len(c.Values) == 1 && c.Values[0].Text == "false"
	})
}
