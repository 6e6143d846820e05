package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var ownerWide = Rule{
	ID:       "owner-wide",
	Severity: High,
	Summary:  "every repository of an owner can assume the role",
	Why:      "One careless repository, or one that any member can create, is enough to assume the role.",
	check: func(in *inspection) {
		in.reportWide(grant.Owner, "owner")
		in.reportWide(grant.Enterprise, "enterprise")
	},
}

func (in *inspection) reportWide(reach grant.Reach, whole string) {
	in.deciding(reach, func(g grant.Grant, c grant.Constraint, v trust.Value) {
		if !calledWorkflow(g) {
			in.propose(High, g.Statement, v.Pos, fmt.Sprintf("%s %q admits every repository of the %s; anyone who can push to one of them, "+
				"or create one, can assume the role", c.Claim, v.Text, whole), narrowValue(g, c, v, c.Subject(v)))
		}
	})
}

// calledWorkflow reports whether only runs of a certain reusable workflow can
// assume the role, which makes a wide circle of callers a sensible set-up.
func calledWorkflow(g grant.Grant) bool {
	for _, c := range g.On("job_workflow_ref") {
		if c.Binding() && c.Reach() == grant.Callers {
			return true
		}
	}
	return false
}
