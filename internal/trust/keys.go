package trust

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/oidc"
)

// WebIdentityAction is the action of STS that exchanges a token.
const WebIdentityAction = "sts:AssumeRoleWithWebIdentity"

// everyProvider are the claims that IAM has as condition keys for any OpenID
// Connect provider; githubOnly are those that it has for GitHub's besides,
// since January 2026 (IAM user guide, keys for OIDC federation).
var (
	everyProvider = []string{"amr", "aud", "sub"}
	githubOnly    = []string{
		"actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref",
		"repository", "repository_id", "repository_owner_id", "workflow",
	}
)

// claimsWithoutKey are in GitHub's tokens, but no policy can test them. The
// properties of repositories, repo_property_*, belong to them too.
var claimsWithoutKey = []string{
	"base_ref", "check_run_id", "enterprise", "environment_node_id", "event_name", "exp", "head_ref", "iat",
	"iss", "issuer_scope", "job_workflow_sha", "jti", "nbf", "ref_protected", "ref_type", "repository_owner",
	"repository_visibility", "run_attempt", "run_id", "run_number", "runner_environment", "sha",
	"workflow_ref", "workflow_sha",
}

// SplitKey splits a condition key such as
// token.actions.githubusercontent.com:sub into provider and claim.
func SplitKey(key string) (provider, claim string) {
	i := strings.LastIndexByte(key, ':')
	if i < 0 {
		return "", key
	}
	return key[:i], key[i+1:]
}

// ProviderOfARN returns the host and path of the issuer in an OIDC
// provider's ARN, and whether it is one.
func ProviderOfARN(id string) (string, bool) { return arn.ProviderOf(id) }

// ProviderOfIssuer returns the issuer as IAM names it: without https://.
func ProviderOfIssuer(issuer string) string {
	return strings.TrimSuffix(strings.TrimPrefix(issuer, "https://"), "/")
}

const serverPath = "/_services/token"

// IsGitHub reports whether the provider (an issuer's host and path) issues
// tokens of GitHub Actions: of github.com, of an enterprise's own issuer
// there, of ghe.com, or of a GitHub Enterprise Server.
func IsGitHub(provider string) bool {
	return isGitHubCloud(provider) || strings.HasSuffix(strings.ToLower(provider), serverPath)
}

// MayBeGitHub reports whether a provider with unknown parts can be one that
// IsGitHub accepts. The path of a GitHub Enterprise Server fits behind any
// host; only where nothing of the host is known can it be meant.
func MayBeGitHub(provider Pattern) bool {
	for _, like := range []string{oidc.GitHubHost, oidc.GitHubHost + "/*", "token.actions.*.ghe.com"} {
		if provider.Overlaps(NewPattern(like)) {
			return true
		}
	}
	return provider.Overlaps(NewPattern("*"+serverPath)) && (IsUnknown(provider[0]) || strings.HasSuffix(provider.String(), serverPath))
}

// isGitHubCloud leaves out GitHub Enterprise Server, of whose claims IAM
// has the keys that it has of any other provider's.
func isGitHubCloud(provider string) bool {
	provider = strings.ToLower(provider)
	if provider == oidc.GitHubHost || strings.HasPrefix(provider, oidc.GitHubHost+"/") {
		return true
	}
	subdomain, ok := strings.CutPrefix(provider, "token.actions.")
	return ok && strings.HasSuffix(subdomain, ".ghe.com")
}

// ConditionKeys returns the claims of the provider that are condition keys,
// sorted.
func ConditionKeys(provider string) []string {
	keys := slices.Clone(everyProvider)
	if isGitHubCloud(provider) {
		keys = append(keys, githubOnly...)
	}
	slices.Sort(keys)
	return keys
}

// IsConditionKey reports whether key exists: a claim of a GitHub provider
// that IAM puts into the request. Keys of other services and providers are
// not judged and said not to exist; ask IsGitHub of the provider first.
func IsConditionKey(key string) bool {
	provider, claim := SplitKey(key)
	claim = strings.ToLower(claim)
	return IsGitHub(provider) && (slices.Contains(everyProvider, claim) || isGitHubCloud(provider) && slices.Contains(githubOnly, claim))
}

// IsClaimOnly reports whether GitHub's tokens carry the claim although IAM
// has no condition key for it under any provider.
func IsClaimOnly(claim string) bool {
	claim = strings.ToLower(claim)
	return strings.HasPrefix(claim, "repo_property_") || slices.Contains(claimsWithoutKey, claim)
}

// WebIdentityContext returns the condition keys that STS derives from a
// token's claims: those that IAM has for the token's issuer, and no others.
func WebIdentityContext(claims oidc.Claims) Context {
	provider := ProviderOfIssuer(claims.Get("iss"))
	ctx := Context{}
	for _, claim := range ConditionKeys(provider) {
		if values := claimValues(claims, claim); len(values) > 0 {
			ctx[provider+":"+claim] = values
		}
	}
	return ctx
}

func claimValues(claims oidc.Claims, name string) []string {
	if text, ok := claims.Text(name); ok {
		return []string{text}
	}
	list, _ := claims[name].([]any)
	var values []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			values = append(values, s)
		}
	}
	return values
}
