package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var anyRun = Rule{
	ID:       "any-run",
	Severity: Medium,
	Summary:  "every branch, tag, pull request and environment of a repository gets in",
	check: func(in *inspection) {
		in.deciding(grant.Repository, func(g grant.Grant, c grant.Constraint, v trust.Value) {
			s := c.Subject(v)
			if narrowed(g) || c.Claim == "sub" && (!isOpen(s.Context) || s.Malformed) {
				return
			}
			in.propose(Medium, g, v.Pos, fmt.Sprintf("%s %q admits every branch, tag, pull request and environment of the repository: "+
				"anyone who can push a branch can assume the role", c.Claim, v.Text), narrowValue(g, c, v, s))
		})
	},
}
