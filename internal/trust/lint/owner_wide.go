package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var ownerWide = Rule{
	ID:       "owner-wide",
	Severity: High,
	Summary:  "every repository of an owner gets in",
	check: func(in *inspection) {
		in.reportWide(grant.Owner, "owner")
		in.reportWide(grant.Enterprise, "enterprise")
	},
}

func (in *inspection) reportWide(reach grant.Reach, whole string) {
	in.deciding(reach, func(g grant.Grant, c grant.Constraint, v trust.Value) {
		if s := c.Subject(v); !calledWorkflow(g) && !s.Malformed {
			in.propose(High, g, v.Pos, fmt.Sprintf("%s %q admits every repository of the %s: anyone who can push to any of them, "+
				"or create one, can assume the role", c.Claim, v.Text, whole), narrowValue(g, c, v, s))
		}
	})
}

// calledWorkflow reports whether only runs of a certain reusable workflow get
// in, which makes a wide circle of callers a sensible set-up.
func calledWorkflow(g grant.Grant) bool {
	for _, c := range g.On("job_workflow_ref") {
		if c.Binding() && c.Reach() == grant.Callers {
			return true
		}
	}
	return false
}
