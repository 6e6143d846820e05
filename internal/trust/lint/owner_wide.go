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
		for reach, whole := range map[grant.Reach]string{grant.Owner: "owner", grant.Enterprise: "enterprise"} {
			in.deciding(reach, func(g grant.Grant, c grant.Constraint, v trust.Value) {
				if calledWorkflow(g) || c.Subject(v).Malformed {
					return
				}
				in.report(High, v.Pos, fmt.Sprintf("%s %q admits every repository of the %s: whoever can push to any of them, "+
					"or create one, can assume the role", c.Claim, v.Text, whole), rewriteSubject(g, c.Subject(v)))
			})
		}
	},
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
