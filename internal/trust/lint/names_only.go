package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var namesOnly = Rule{
	ID:       "names-only",
	Severity: Low,
	Summary:  "names are tested but no ids",
	Why:      "A name can be re-registered after its owner renames or deletes the account or the repository; an id is never used again.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			c, ok := g.Decisive()
			if !ok || c.Reach() < grant.Owner || g.Binds("repository_id", "repository_owner_id", "enterprise_id") {
				continue
			}
			for _, v := range known(c.Values) {
				if s := c.Subject(v); !isOdd(c, s) && s.OwnerID == "" && s.RepositoryID == "" {
					in.propose(Low, g.Statement, v.Pos, fmt.Sprintf("%s %q tests names but no ids; anyone who re-registers a released name matches", c.Claim, v.Text),
						idsFor(g, c, v, s))
					break
				}
			}
		}
	},
}

func idsFor(g grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject) remedy {
	if trust.IsConditionKey(g.Key("repository_id")) {
		return addConditions(g, "repository_owner_id", "OWNER_ID", "repository_id", "REPOSITORY_ID")
	}
	return narrowValue(g, c, v, grant.Subject{Owner: s.Owner, OwnerID: "*", Repository: s.Repository, Context: s.Context})
}
