package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var onlyNegated = Rule{
	ID:       "only-negated",
	Severity: High,
	Summary:  "only exclusions say whose workflows get in",
	check: func(in *inspection) {
		for _, g := range in.grants {
			if _, ok := g.Decisive(); ok || g.Wildcard {
				continue
			}
			for _, c := range g.Constraints {
				if c.Operator.Negated() && c.Identifies() {
					in.propose(High, g, c.Pos, fmt.Sprintf("%s on %s excludes some and admits everyone else on GitHub", c.Operator, c.Claim),
						addSubject(g, grant.Subject{}))
				}
			}
		}
	},
}
