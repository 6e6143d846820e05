package oidc

// GitHubHost is the host of github.com's issuer and, as IAM leaves out
// https://, the name of its provider.
const GitHubHost = "token.actions.githubusercontent.com"

// GitHubIssuer is the iss claim of github.com's tokens. Enterprises may have an
// issuer below it; ghe.com and GitHub Enterprise Server have their own.
const GitHubIssuer = "https://" + GitHubHost

// DefaultAudience is the audience that configure-aws-credentials asks for and
// AWS's documentation registers with the provider, everywhere but in China.
const DefaultAudience = "sts.amazonaws.com"

// AudienceOf returns the default audience in a partition of AWS.
func AudienceOf(partition string) string {
	if partition == "aws-cn" {
		return DefaultAudience + ".cn"
	}
	return DefaultAudience
}
