package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
)

var wrongAction = Rule{
	ID:       "wrong-action",
	Severity: Error,
	Summary:  "GitHub's provider is trusted for an action that takes no token of it",
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
						in.report(Error, s.Action.Pos, fmt.Sprintf("%s never takes a token of GitHub's provider: the statement lets nobody in", action),
							line("Action", trust.WebIdentityAction))
					}
				}
			}
		}
	},
}
