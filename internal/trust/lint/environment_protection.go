package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var environmentProtection = Rule{
	ID:       "environment-protection",
	Severity: Note,
	Summary:  "the protection of an environment is not visible in the policy",
	Why: "Every workflow of the repository can use an environment that has no protection rules. " +
		"Configure required reviewers or deployment branches in the settings of the repository.",
	check: func(in *inspection) {
		in.subjects(func(_ grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject) {
			if name, ok := strings.CutPrefix(s.Context.String(), "environment:"); ok && s.Context.IsLiteral() && !isOdd(c, s) && !strings.Contains(name, "${") {
				name, _, _ = strings.Cut(name, ":") // a customized subject may go on
				in.reportEnvironment(v, name)
			}
		})
		for _, g := range in.grants {
			for _, c := range g.On("environment") {
				for _, v := range known(c.Values) {
					if c.Binding() && v.Pattern(c.Operator).IsLiteral() {
						in.reportEnvironment(v, v.Text)
					}
				}
			}
		}
	},
}

func (in *inspection) reportEnvironment(v trust.Value, name string) {
	in.report(Note, v.Pos, fmt.Sprintf("environment %q: check that it has required reviewers or deployment branches, which the policy does not show", name))
}
