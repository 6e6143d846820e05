package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/spelling"
	"github.com/org/aws-oidc-action/internal/trust"
)

var providerForm = Rule{
	ID:       "provider-form",
	Severity: Error,
	Summary:  "GitHub's provider is not named by a valid ARN",
	Why: "IAM names a provider arn:PARTITION:iam::ACCOUNT:oidc-provider/HOST, under Federated. Any other name matches no token. " +
		"Access Analyzer reports such ARNs as INVALID_ARN_ACCOUNT, ARN_REGION_NOT_ALLOWED or INVALID_PARTITION.",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			for _, e := range s.Principal.Entries {
				provider, isARN := trust.ProviderOfARN(e.ID)
				if !isARN {
					provider = e.ID
				}
				host := trust.ProviderOfIssuer(provider)
				if isLookalike(host) {
					in.propose(Error, s, e.Pos, fmt.Sprintf("principal %q looks like GitHub's provider, but has another host; whoever runs that host can assume the role", e.ID), in.namedProvider(e, oidc.GitHubHost))
					continue
				}
				if !trust.IsGitHub(host) {
					if isARN || !strings.Contains(strings.ToLower(e.ID), oidc.GitHubHost) {
						continue
					}
					host = oidc.GitHubHost // in an ARN of something else
				}
				if why := providerFault(e, isARN && host == provider); why != "" {
					in.propose(Error, s, e.Pos, fmt.Sprintf("principal %q %s; it matches no token", e.ID, why), in.namedProvider(e, strings.ToLower(host)))
				}
			}
		}
	},
}

// isLookalike reports whether a provider's host differs from GitHub's by at most
// three characters.
func isLookalike(provider string) bool {
	host, _, _ := strings.Cut(strings.ToLower(provider), "/")
	if host == oidc.GitHubHost || len(host) < len(oidc.GitHubHost)-3 || len(host) > len(oidc.GitHubHost)+3 {
		return false
	}
	return spelling.Distance(host, oidc.GitHubHost) <= 3
}

// providerFault returns what is wrong with the name of GitHub's provider.
func providerFault(e trust.PrincipalEntry, named bool) string {
	a, isARN := arn.Parse(e.ID)
	switch {
	case e.Type != "Federated":
		return "is an identity provider under " + e.Type
	case !isARN || !named:
		return "is not the provider's ARN"
	case e.Text().Unknown() != nil:
		return "" // the account, mostly
	case !arn.IsPartition(a.Partition):
		return fmt.Sprintf("has the partition %q, which AWS does not have", a.Partition)
	case a.Service != "iam":
		return fmt.Sprintf("has the service %q instead of iam", a.Service)
	case a.Region != "":
		return fmt.Sprintf("has the region %q, which ARNs of IAM do not have", a.Region)
	case !arn.IsAccountID(a.AccountID) && !isPlaceholder(a.AccountID):
		return fmt.Sprintf("has the account %q instead of 12 digits", a.AccountID)
	}
	return ""
}

// namedProvider proposes the provider's ARN, with what is right of the present
// one.
func (in *inspection) namedProvider(e trust.PrincipalEntry, host string) remedy {
	a, _ := arn.Parse(e.ID)
	partition, account, shown := a.Partition, a.AccountID, a.AccountID
	if !arn.IsPartition(partition) {
		partition = arn.AWS
	}
	if account == "" {
		account = arn.Account(in.ARN)
		shown = account
	}
	if !arn.IsAccountID(account) {
		account, shown = "111122223333", "ACCOUNT_ID"
	}
	element := fmt.Sprintf(`"Principal": {"Federated": %q}`, arn.OIDCProvider(partition, shown, host))
	return edited("use "+element, func(st *trust.Statement) {
		if len(st.Principal.Entries) == 1 {
			st.Principal = trust.NewPrincipal("Federated", arn.OIDCProvider(partition, account, host), e.Pos)
		}
	})
}

// isPlaceholder reports whether text is a name that is to be filled
// in, such as ACCOUNT_ID.
func isPlaceholder(text string) bool {
	return text != "" && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}
