package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var choosableNames = Rule{
	ID:       "choosable-names",
	Severity: High,
	Summary:  "only names that anyone can choose are tested",
	Why: "Anyone can create an environment, branch or workflow of the same name in a repository of their own, cause events there in another user's name, " +
		"and customize the subject with include_claim_keys. Only owner, repository or enterprise say whose workflow it is.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			c, ok := g.Decisive()
			switch {
			case !ok || c.Reach() != grant.Choosable:
			case c.Claim == "sub":
				in.reportCustomized(g, c)
			case !g.Binds("sub", "repository", "repository_id", "repository_owner_id", "enterprise_id"):
				in.propose(High, g.Statement, c.Pos, fmt.Sprintf("%s does not identify the repository; anyone can use the same name in a repository of their own", c.Claim),
					addSubject(g, grant.Subject{}))
			}
		}
	},
}

// reportCustomized reports the values of sub that any repository can choose for
// its subject. The remedy adds a condition on the repository's id, since the
// subject itself has to stay.
func (in *inspection) reportCustomized(g grant.Grant, c grant.Constraint) {
	for _, v := range known(c.Values) {
		if c.Subject(v).Reach == grant.Choosable {
			in.propose(High, g.Statement, v.Pos, fmt.Sprintf("sub %q does not identify the repository; any repository can customize its subject to this value", v.Text),
				addConditions(g, "repository_id", "REPOSITORY_ID"))
		}
	}
}
