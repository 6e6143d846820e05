package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

var variableWithoutVersion = Rule{
	ID:       "variable-without-version",
	Severity: Error,
	Summary:  "a policy variable is literal text without Version 2012-10-17",
	Why: "Without a Version, IAM uses the policy language of 2008-10-17, which has no policy variables. " +
		"Access Analyzer's page names 2012-10-17 as the default, but says of variables the same.",
	check: func(in *inspection) {
		if in.policy == nil || in.policy.Version == trust.Version2012 {
			return
		}
		rewrite := remedy{text: "use " + line("Version", trust.Version2012), whole: func(p *trust.Policy) (*trust.Policy, error) {
			return p.WithVersion(trust.Version2012)
		}}
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				for _, v := range c.Values {
					if v.Unknown() == nil && strings.Contains(v.Text, "${") {
						in.propose(Error, g.Statement, v.Pos, fmt.Sprintf("value %q is compared as literal text; policy variables need Version 2012-10-17", v.Text), rewrite)
					}
				}
			}
		}
	},
}
