package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var mutableIDs = Rule{
	ID:       "mutable-ids",
	Severity: Medium,
	Summary:  "a wildcard in place of an id defeats the id",
	check: func(in *inspection) {
		in.subjects(func(g grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject) {
			if !strings.ContainsAny(s.OwnerID+s.RepositoryID, "*?") || g.Binds("repository_id") {
				return
			}
			message := fmt.Sprintf("sub %q leaves the ids open: anyone who re-registers a released name matches", v.Text)
			if isOpen(s.Context) {
				message += fmt.Sprintf(", and so does a branch called x/%s@1 in any other repository of %s, since * crosses the slash", s.Repository, s.Owner)
			}
			in.propose(Medium, g, v.Pos, message, narrowValue(g, c, v, s))
		})
	},
}
