package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var mutableIDs = Rule{
	ID:       "mutable-ids",
	Severity: Medium,
	Summary:  "a wildcard in place of an id",
	Why:      "The ids in a subject distinguish a repository from one that is created later under the same name. A wildcard removes this protection.",
	check: func(in *inspection) {
		in.subjects(func(g grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject) {
			if !strings.ContainsAny(s.OwnerID+s.RepositoryID, "*?") || g.Binds("repository_id") || pinsIDs(g, c) {
				return
			}
			message := fmt.Sprintf("sub %q accepts any id; anyone who re-registers a released name matches", v.Text)
			if isOpen(s.Context) {
				message += fmt.Sprintf(", and so does a branch named x/%s@1 in any other repository of %s, because * also matches /", s.Repository, s.Owner)
			}
			in.propose(Medium, g.Statement, v.Pos, message, narrowValue(g, c, v, s))
		})
	},
}

// pinsIDs reports whether another constraint than c has only subjects with
// both ids.
func pinsIDs(g grant.Grant, c grant.Constraint) bool {
	return slices.ContainsFunc(g.On("sub"), func(other grant.Constraint) bool {
		return other.Pos != c.Pos && other.Binding() && !slices.ContainsFunc(other.Values, func(v trust.Value) bool { return !other.Subject(v).Immutable() })
	})
}
