package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var repositoryPrefix = Rule{
	ID:       "repository-prefix",
	Severity: High,
	Summary:  "the repository's name has a wildcard",
	check: func(in *inspection) {
		in.deciding(grant.RepositoryPattern, func(g grant.Grant, c grant.Constraint, v trust.Value) {
			if calledWorkflow(g) {
				return
			}
			s := c.Subject(v)
			if s.Repository == "" { // one parameter for owner and repository
				in.propose(High, g, v.Pos, fmt.Sprintf("%s %q has a wildcard behind a name: it admits every repository, or owner, whose name begins so", c.Claim, v.Text), narrowValue(g, c, v, s))
				return
			}
			in.propose(High, g, v.Pos, fmt.Sprintf("%s %q has a wildcard in the repository's name: it admits every repository of %s whose name matches %s",
				c.Claim, v.Text, s.Owner, s.Repository), narrowValue(g, c, v, s))
		})
	},
}
