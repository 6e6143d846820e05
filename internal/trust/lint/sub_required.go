package lint

import (
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var subRequired = Rule{
	ID:       "sub-required",
	Severity: Warning,
	Summary:  "no condition tests sub, which IAM requires",
	Why: "Since June 2025 IAM refuses to create or update a role that trusts GitHub's provider without a condition on sub. " +
		"AWS announced the keys for other claims in January 2026 and does not say whether a condition on repository_id, repository_owner_id or job_workflow_ref is sufficient; " +
		"this was not verified.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			if g.Unknown != nil || g.Wildcard || len(g.Open) > 0 || len(g.On("sub")) > 0 || !saysWho(g) {
				continue
			}
			c, ok := g.Decisive()
			if !ok || c.FromDeny || c.Reach() == grant.Choosable { // choosable-names proposes sub
				continue
			}
			r := remedy{}
			if s := c.Subject(c.Values[0]); len(c.Values) == 1 && s.Reach == grant.Repository {
				r = addSubject(g, s)
			}
			in.propose(Warning, g.Statement, g.Statement.Pos, "no condition tests sub; IAM may refuse to create or update the role", r)
		}
	},
}
