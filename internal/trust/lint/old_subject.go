package lint

import (
	"fmt"
	"slices"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var oldSubject = Rule{
	ID:       "old-subject",
	Severity: Warning,
	Summary:  "the subject has no ids, but the repository's tokens have them",
	Why: "Tokens of repositories created since 15 July 2026, and of those that opted in, have the ids of owner and repository in the subject. " +
		"A condition without ids never matches them. Name such repositories with --immutable.",
	check: func(in *inspection) {
		withIDs := in.immutable()
		in.subjects(func(g grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject) {
			if s.Customized || s.Reach != grant.Repository || s.OwnerID != "" || s.RepositoryID != "" {
				return
			}
			name := s.Owner + "/" + s.Repository
			if slices.ContainsFunc(withIDs, func(p trust.Pattern) bool { return p.Match(name) }) {
				in.propose(Warning, g.Statement, v.Pos, fmt.Sprintf("sub %q has no ids, but tokens of %s have them in the subject; the condition never matches", v.Text, name),
					narrowValue(g, c, v, grant.Subject{Owner: s.Owner, OwnerID: "*", Repository: s.Repository, Context: s.Context}))
			}
		})
	},
}

// immutable returns the repositories whose subjects are known to have ids:
// by the options, and because the policy names them with ids elsewhere.
func (in *inspection) immutable() []trust.Pattern {
	all := slices.Clone(in.options.Immutable)
	in.subjects(func(_ grant.Grant, _ grant.Constraint, _ trust.Value, s grant.Subject) {
		if s.Immutable() {
			all = append(all, trust.NewPattern(s.Owner+"/"+s.Repository))
		}
	})
	return all
}
