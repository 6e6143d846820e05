package lint

import (
	"fmt"
	"slices"

	"github.com/org/aws-oidc-action/internal/trust"
)

var wrongAction = Rule{
	ID:       "wrong-action",
	Severity: Error,
	Summary:  "GitHub's provider is trusted for an action that does not accept its tokens",
	Why:      "STS accepts tokens of an OpenID Connect provider in AssumeRoleWithWebIdentity only. Access Analyzer reports MISMATCHED_ACTION_FOR_PRINCIPAL.",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			if in.isGrant(s) {
				continue
			}
			for _, e := range s.Principal.Entries {
				provider, _ := trust.ProviderOfARN(e.ID)
				who := trust.Principal{Type: e.Type, ID: e.ID}
				if s.Effect != trust.Allow || !trust.IsGitHub(provider) || s.MayApply(trust.WebIdentityAction, who) {
					continue
				}
				for _, action := range []string{"sts:AssumeRole", "sts:AssumeRoleWithSAML"} {
					if s.Applies(action, who) {
						in.propose(Error, s, s.Action.Pos, fmt.Sprintf("%s does not accept tokens of GitHub's provider; the statement admits nobody", action), onlyWebIdentity(s))
					}
				}
			}
		}
	},
}

// onlyWebIdentity proposes the one action that accepts tokens, if the
// statement trusts identity providers only.
func onlyWebIdentity(s trust.Statement) remedy {
	if slices.ContainsFunc(s.Principal.Entries, func(e trust.PrincipalEntry) bool { return e.Type != "Federated" }) {
		return remedy{}
	}
	return edited("use "+line("Action", trust.WebIdentityAction), func(st *trust.Statement) {
		st.Action = trust.ActionElement{Pos: st.Action.Pos, Values: []trust.Value{trust.NewValue(trust.WebIdentityAction, st.Action.Pos)}}
	})
}
