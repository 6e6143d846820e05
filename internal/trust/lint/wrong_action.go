package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
)

var wrongAction = Rule{
	ID:       "wrong-action",
	Severity: Error,
	Summary:  "GitHub's provider is trusted for an action that does not accept its tokens",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			for _, e := range s.Principal.Entries {
				provider, _ := trust.ProviderOfARN(e.ID)
				who := trust.Principal{Type: e.Type, ID: e.ID}
				if s.Effect != trust.Allow || !trust.IsGitHub(provider) || s.Applies(trust.WebIdentityAction, who) {
					continue
				}
				for _, action := range []string{"sts:AssumeRole", "sts:AssumeRoleWithSAML"} {
					if s.Applies(action, who) {
						in.report(Error, s.Action.Pos, fmt.Sprintf("%s never accepts a token of GitHub's provider: the statement admits nobody", action),
							line("Action", trust.WebIdentityAction))
					}
				}
			}
		}
	},
}
