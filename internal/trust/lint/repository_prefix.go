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
	Why:      "Anyone who can create a repository of the owner can choose a name that matches. A wildcard directly behind the name, without a colon, is often a mistake.",
	check: func(in *inspection) {
		in.deciding(grant.RepositoryPattern, func(g grant.Grant, c grant.Constraint, v trust.Value) {
			if calledWorkflow(g) {
				return
			}
			s := c.Subject(v)
			if s.Repository == "" { // one parameter for owner and repository
				in.propose(High, g.Statement, v.Pos, fmt.Sprintf("%s %q has a wildcard after the name; it admits every repository, or owner, whose name begins with it", c.Claim, v.Text), narrowValue(g, c, v, s))
				return
			}
			in.propose(High, g.Statement, v.Pos, fmt.Sprintf("%s %q has a wildcard in the repository's name; it admits every repository of %s whose name matches %q",
				c.Claim, v.Text, s.Owner, s.Repository), narrowValue(g, c, v, s))
		})
	},
}
