package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

var providerForm = Rule{
	ID:       "provider-form",
	Severity: Error,
	Summary:  "GitHub's provider is not named by its ARN",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			for _, e := range s.Principal.Entries {
				provider, isARN := trust.ProviderOfARN(e.ID)
				if !isARN {
					provider = e.ID
				}
				host := trust.ProviderOfIssuer(provider)
				if trust.IsGitHub(host) && (!isARN || host != provider || e.Type != "Federated") {
					in.report(Error, e.Pos, fmt.Sprintf("principal %q matches no token: GitHub's provider is named by its ARN, under Federated", e.ID),
						fmt.Sprintf(`"Principal": {"Federated": "arn:aws:iam::ACCOUNT:oidc-provider/%s"}`, strings.ToLower(host)))
				}
			}
		}
	},
}
