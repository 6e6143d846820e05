package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var anySubject = Rule{
	ID:       "any-subject",
	Severity: Critical,
	Summary:  "a condition admits every repository on GitHub",
	Why:      "All repositories on github.com share one issuer, so only the conditions distinguish your workflows from those of a stranger.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			if c, ok := g.Decisive(); !ok || c.Reach() > grant.Choosable {
				continue
			}
			for _, c := range g.On("sub", "repository", "repository_id", "repository_owner_id", "enterprise_id", "job_workflow_ref") {
				if !c.Operator.Negated() && c.Operator.Base != "Null" {
					in.reportAnyone(g, c)
				}
			}
		}
	},
}

func (in *inspection) reportAnyone(g grant.Grant, c grant.Constraint) {
	for _, v := range known(c.Values) {
		if s := c.Subject(v); s.Reach == grant.Anyone && !s.Malformed {
			in.propose(Critical, g.Statement, v.Pos, fmt.Sprintf("%s %q names no owner; workflows of every repository on GitHub can assume the role", c.Claim, v.Text),
				narrowValue(g, c, v, grant.Subject{}))
		}
	}
}
