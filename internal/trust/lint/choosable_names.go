package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var choosableNames = Rule{
	ID:       "choosable-names",
	Severity: High,
	Summary:  "only names are tested that anyone can choose in a repository of their own",
	check: func(in *inspection) {
		for _, g := range in.grants {
			c, ok := g.Decisive()
			if !ok || c.Reach() != grant.Choosable || g.Tests("sub", "repository", "repository_id", "repository_owner_id", "enterprise_id") {
				continue
			}
			in.propose(High, g, c.Pos, fmt.Sprintf("%s does not say whose repository it is: anyone can choose the same name in a repository of their own", c.Claim),
				addConditions(g, "also, in StringEquals: ", "sub", proposedSubject(g, grant.Subject{})))
		}
	},
}
