package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var anyRun = Rule{
	ID:       "any-run",
	Severity: Medium,
	Summary:  "every branch, tag, pull request and environment of a repository can assume the role",
	Why: "Pull requests and unprotected branches run code that nobody has reviewed. " +
		"Access Analyzer reports a wildcard in sub as SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED.",
	check: func(in *inspection) {
		in.deciding(grant.Repository, func(g grant.Grant, c grant.Constraint, v trust.Value) {
			s := c.Subject(v)
			if narrowed(g) || c.Claim == "sub" && !isOpen(s.Context) {
				return
			}
			in.propose(Medium, g.Statement, v.Pos, fmt.Sprintf("%s %q admits every branch, tag, pull request and environment of the repository; "+
				"anyone who can push a branch can assume the role", c.Claim, v.Text), narrowValue(g, c, v, s))
		})
	},
}
