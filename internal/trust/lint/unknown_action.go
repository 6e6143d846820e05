package lint

import (
	"fmt"
	"slices"

	"github.com/org/aws-oidc-action/internal/trust"
)

var unknownAction = Rule{
	ID:       "unknown-action",
	Severity: Error,
	Summary:  "an action that no trust policy can have",
	Why: "A trust policy takes only the actions of STS that assume a role and those that go with it: sts:AssumeRole, sts:AssumeRoleWithSAML, " +
		"sts:AssumeRoleWithWebIdentity, sts:SetContext, sts:SetSourceIdentity and sts:TagSession. IAM refuses others with " +
		"\"AssumeRole policy may only specify STS AssumeRole actions\". Access Analyzer reports INVALID_ACTION and UNSUPPORTED_ACTION_IN_POLICY.",
	check: func(in *inspection) {
		if in.policy == nil {
			return
		}
		for _, a := range in.policy.RefusedActions() {
			r := remedy{}
			if a.Nearest != "" {
				r = edited(fmt.Sprintf("use %q", a.Nearest), func(st *trust.Statement) {
					st.Action.Values = slices.Clone(st.Action.Values)
					for i, v := range st.Action.Values {
						if v.Pos == a.Pos {
							st.Action.Values[i] = trust.NewValue(a.Nearest, a.Pos)
						}
					}
				})
			}
			in.propose(Error, trust.Statement{Pos: a.Statement}, a.Pos, fmt.Sprintf("action %q %s", a.Text, a.Reason), r)
		}
	},
}
