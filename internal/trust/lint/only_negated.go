package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var onlyNegated = Rule{
	ID:       "only-negated",
	Severity: High,
	Summary:  "only exclusions limit whose workflows can assume the role",
	Why:      "A negated operator matches every token that has another value or lacks the claim, of every repository on GitHub.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			if _, ok := g.Decisive(); ok || g.Wildcard {
				continue
			}
			for _, c := range g.Constraints {
				if c.Operator.Negated() && c.Identifies() {
					in.propose(High, g.Statement, c.Pos, fmt.Sprintf("%s on %s only excludes; every other workflow on GitHub can assume the role", c.Operator, c.Claim),
						addSubject(g, grant.Subject{}))
				}
			}
		}
	},
}
