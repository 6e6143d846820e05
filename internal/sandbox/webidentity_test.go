package sandbox

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/org/aws-oidc-action/internal/oidc"
)

// usersYAML adds a user with static keys to an accounts mapping.
const usersYAML = `
  "444444444444":
    users:
      ci: {access-key-id: AKIAIOSFODNN7EXAMPLE, secret-access-key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY, may-assume: ["*"]}
`

func userKeys() *types.Credentials {
	id, secretKey := "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	return &types.Credentials{AccessKeyId: &id, SecretAccessKey: &secretKey}
}

// webIdentity is a role behind GitHub's provider with one condition on sub.
func webIdentity(workflow, audiences, sub string) string {
	return `
workflow: {` + workflow + `}
accounts:
  "111111111111":
    providers: [{issuer: https://token.actions.githubusercontent.com, audiences: [` + audiences + `]}]
    roles:
      hub:
        trust-policy:
          Statement:
            Effect: Allow
            Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"}
            Action: sts:AssumeRoleWithWebIdentity
            Condition: {StringLike: {"token.actions.githubusercontent.com:sub": "` + sub + `"}}
`
}

func TestWebIdentityIsAdmitted(t *testing.T) {
	for name, yaml := range map[string]string{
		"branch":       webIdentity("ref: refs/heads/main", "sts.amazonaws.com", "repo:octo-org/octo-repo:ref:refs/heads/main"),
		"tag":          webIdentity("ref: refs/tags/v1", "sts.amazonaws.com", "repo:octo-org/octo-repo:ref:refs/tags/v1"),
		"environment":  webIdentity("environment: 'prod: eu'", "sts.amazonaws.com", "repo:octo-org/octo-repo:environment:prod%3A eu"),
		"pull request": webIdentity("event: pull_request", "sts.amazonaws.com", "repo:octo-org/octo-repo:pull_request"),
		"immutable":    webIdentity("subject: immutable, owner-id: 1, repository-id: 2", "sts.amazonaws.com", "repo:octo-org@1/octo-repo@2:ref:refs/heads/main"),
		"customized":   webIdentity("claims: {sub: 'repository_owner:octo-org'}", "sts.amazonaws.com", "repository_owner:octo-org"),
		"two audiences": webIdentity("claims: {aud: [other, sts.amazonaws.com]}", "sts.amazonaws.com",
			"repo:octo-org/octo-repo:*"),
	} {
		t.Run(name, func(t *testing.T) {
			login(t, start(t, yaml, Options{}), hubRole)
		})
	}
}

func TestWebIdentityIsRefused(t *testing.T) {
	const (
		every   = "repo:octo-org/octo-repo:*"
		denied  = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
		jwt     = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
		missing = "No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com"
	)
	spoil := func(part int) func(string) string {
		return func(token string) string {
			parts := strings.Split(token, ".")
			// A letter in the middle, where all of its bits count.
			b := []byte(parts[part])
			if b[20] == 'A' {
				b[20] = 'B'
			} else {
				b[20] = 'A'
			}
			parts[part] = string(b)
			return strings.Join(parts, ".")
		}
	}
	swapPayload := func(token string) string {
		parts := strings.Split(token, ".")
		// A payload that is valid JSON, but was never signed.
		parts[1] = strings.Split(unsigned(t, map[string]any{"iss": oidc.GitHubIssuer, "sub": "repo:octo-org/octo-repo:x", "aud": "sts.amazonaws.com", "exp": 4102444800}), ".")[1]
		return strings.Join(parts, ".")
	}
	tests := []struct {
		name          string
		yaml          string
		role          string
		audience      string
		token         func(string) string
		later         time.Duration
		status        int
		code, message string
	}{
		{name: "no such role", yaml: webIdentity("", "sts.amazonaws.com", every), role: "arn:aws:iam::111111111111:role/none", status: 403, code: "AccessDenied", message: denied},
		{name: "other branch", yaml: webIdentity("ref: refs/heads/x", "sts.amazonaws.com", "repo:octo-org/octo-repo:ref:refs/heads/main"), status: 403, code: "AccessDenied", message: denied},
		{name: "other case", yaml: webIdentity("repository: Octo-Org/octo-repo", "sts.amazonaws.com", every), status: 403, code: "AccessDenied", message: denied},
		{name: "no such account", yaml: webIdentity("", "sts.amazonaws.com", every), role: "arn:aws:iam::999999999999:role/hub", status: 400, code: "InvalidIdentityToken", message: missing},
		{name: "other issuer", yaml: webIdentity("issuer: https://token.actions.githubusercontent.com/octo", "sts.amazonaws.com", every), status: 400, code: "InvalidIdentityToken", message: missing + "/octo"},
		{name: "unknown audience", yaml: webIdentity("", "other", every), status: 400, code: "InvalidIdentityToken", message: "Incorrect token audience"},
		{name: "default audience", yaml: webIdentity("", "sts.amazonaws.com", every), audience: "-", status: 400, code: "InvalidIdentityToken", message: "Incorrect token audience"},
		{name: "expired", yaml: webIdentity("", "sts.amazonaws.com", every), later: 300 * time.Second, status: 400, code: "ExpiredTokenException", message: "Token expired: current date/time 1788264300 must be before the expiration date/time 1788264300"},
		{name: "too early", yaml: webIdentity("", "sts.amazonaws.com", every), later: -601 * time.Second, status: 400, code: "InvalidIdentityToken", message: "The token is not valid yet"},
		{name: "no subject", yaml: webIdentity("claims: {sub: null}", "sts.amazonaws.com", every), status: 400, code: "InvalidIdentityToken", message: "Missing a required claim: sub"},
		{name: "no audience", yaml: webIdentity("claims: {aud: null}", "sts.amazonaws.com", every), status: 400, code: "InvalidIdentityToken", message: "Missing a required claim: aud"},
		{name: "no expiry", yaml: webIdentity("claims: {exp: null}", "sts.amazonaws.com", every), status: 400, code: "InvalidIdentityToken", message: "Missing a required claim: exp"},
		{name: "not a token", yaml: webIdentity("", "sts.amazonaws.com", every), token: func(string) string { return "not-a-token" }, status: 400, code: "InvalidIdentityToken", message: jwt},
		{name: "not signed", yaml: webIdentity("", "sts.amazonaws.com", every), token: func(string) string { return unsigned(t, map[string]any{"iss": oidc.GitHubIssuer}) }, status: 400, code: "InvalidIdentityToken", message: jwt},
		{name: "signature changed", yaml: webIdentity("", "sts.amazonaws.com", every), token: spoil(2), status: 400, code: "InvalidIdentityToken", message: "The signature of the token could not be verified"},
		{name: "payload changed", yaml: webIdentity("", "sts.amazonaws.com", every), token: swapPayload, status: 400, code: "InvalidIdentityToken", message: "The signature of the token could not be verified"},
		{name: "key unknown", yaml: webIdentity("", "sts.amazonaws.com", every), token: func(token string) string {
			return strings.Replace(token, header(t, signingKeyID), header(t, "other"), 1)
		}, status: 400, code: "InvalidIdentityToken", message: errVerificationKey.message},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newClock()
			server := start(t, test.yaml, Options{Now: c.Now})
			audience := "sts.amazonaws.com"
			if test.audience != "" {
				audience = strings.TrimPrefix(test.audience, "-")
			}
			token := fetchToken(t, server, audience)
			if test.token != nil {
				token = test.token(token)
			}
			c.advance(test.later)
			role := hubRole
			if test.role != "" {
				role = test.role
			}
			call(t, server, nil, form("AssumeRoleWithWebIdentity", "RoleArn", role, "RoleSessionName", "run-7", "WebIdentityToken", token)).
				wantError(t, test.status, test.code, test.message)
		})
	}
}

func TestDurationOfWebIdentity(t *testing.T) {
	server := start(t, threeHops, Options{})
	token := fetchToken(t, server, "sts.amazonaws.com")
	call(t, server, nil, form("AssumeRoleWithWebIdentity", "RoleArn", hubRole, "RoleSessionName", "run-7", "WebIdentityToken", token, "DurationSeconds", "7201")).
		wantError(t, 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}
