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
	check: func(in *inspection) {
		if in.policy == nil || in.policy.Version == trust.Version2012 {
			return
		}
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				for _, v := range c.Values {
					if v.Unknown() == nil && strings.Contains(v.Text, "${") {
						in.report(Error, v.Pos, fmt.Sprintf("value %q is compared literally: without Version 2012-10-17 there are no policy variables", v.Text),
							line("Version", trust.Version2012))
					}
				}
			}
		}
	},
}
