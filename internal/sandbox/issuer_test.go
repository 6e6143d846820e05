package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/scenario"
)

// unsigned makes a token with the algorithm none.
func unsigned(t *testing.T, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(payload) + "." + encode([]byte("none"))
}

// header is the first part of a token with a key id.
func header(t *testing.T, keyID string) string {
	t.Helper()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	h, err := json.Marshal(map[string]string{"alg": "RS256", "kid": keyID, "typ": "JWT", "x5t": thumbprint(key)})
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(h)
}

func TestTokenIsVerifiableByDiscovery(t *testing.T) {
	c := newClock()
	server := start(t, "workflow: {environment: production, enterprise: octo, enterprise-id: 9}", Options{Now: c.Now})
	var discovery struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	_, _, body := get(t, server.URL()+"/.well-known/openid-configuration", "")
	if err := json.Unmarshal(body, &discovery); err != nil {
		t.Fatal(err)
	}
	if discovery.Issuer != "https://token.actions.githubusercontent.com" {
		t.Errorf("issuer %q", discovery.Issuer)
	}
	var keys jose.JSONWebKeySet
	_, _, body = get(t, discovery.Keys, "")
	if strings.Contains(string(body), `"d":`) {
		t.Fatal("the private key is published")
	}
	if err := json.Unmarshal(body, &keys); err != nil {
		t.Fatal(err)
	}

	token := fetchToken(t, server, "sts.amazonaws.com")
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	found := keys.Key(parsed.Headers[0].KeyID)
	if len(found) != 1 || parsed.Headers[0].ExtraHeaders["x5t"] != thumbprint(found[0]) {
		t.Fatalf("headers %v do not lead to a key", parsed.Headers)
	}
	var claims map[string]any
	if err := parsed.Claims(found[0].Key, &claims); err != nil {
		t.Fatal(err)
	}
	delete(claims, "jti")
	now := float64(c.Now().Unix())
	want := map[string]any{
		"iss": "https://token.actions.githubusercontent.com", "sub": "repo:octo-org/octo-repo:environment:production", "aud": "sts.amazonaws.com",
		"iat": now, "nbf": now - 600, "exp": now + 300,
		"actor": "octocat", "actor_id": "583231", "base_ref": "", "check_run_id": "29318273645", "enterprise": "octo", "enterprise_id": "9",
		"environment": "production", "environment_node_id": "EN_kwDOABcd74123456", "event_name": "push", "head_ref": "", "issuer_scope": "repository",
		"job_workflow_ref": "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main", "job_workflow_sha": "dcd3e7b8a64b9bd4b4f0a9d8f0b6c3a1e2f40517",
		"ref": "refs/heads/main", "ref_protected": "false", "ref_type": "branch", "repository": "octo-org/octo-repo", "repository_id": "74123456",
		"repository_owner": "octo-org", "repository_owner_id": "6154722", "repository_visibility": "private", "run_attempt": "1",
		"run_id": "9318273645", "run_number": "42", "runner_environment": "github-hosted", "sha": "dcd3e7b8a64b9bd4b4f0a9d8f0b6c3a1e2f40517",
		"workflow": "deploy", "workflow_ref": "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main", "workflow_sha": "dcd3e7b8a64b9bd4b4f0a9d8f0b6c3a1e2f40517",
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func TestTokenEndpoint(t *testing.T) {
	c := newClock()
	server := start(t, "workflow: {repository: Octo-Org/app}", Options{Now: c.Now})
	env := environ(server)
	target, bearer := env["ACTIONS_ID_TOKEN_REQUEST_URL"], env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
	if !strings.Contains(target, "?") {
		t.Errorf("%q carries no query", target)
	}
	claims, err := oidc.ParseClaims(fetchToken(t, server, ""))
	if err != nil || claims.Get("aud") != "https://github.com/Octo-Org" {
		t.Errorf("default audience %q, %v", claims.Get("aud"), err)
	}
	request, err := oidc.ParseClaims(bearer)
	if err != nil || request.Expires().Sub(c.Now()) != 6*time.Hour {
		t.Errorf("request token ends %v, %v", request.Expires(), err)
	}
	for name, wrong := range map[string]string{"none": "", "another": bearer + "x"} {
		if status, _, body := get(t, target, wrong); status != http.StatusUnauthorized || !strings.Contains(string(body), `"message"`) {
			t.Errorf("bearer %s: %d %s", name, status, body)
		}
	}
	c.advance(6 * time.Hour)
	if status, _, _ := get(t, target, bearer); status != http.StatusUnauthorized {
		t.Errorf("after six hours: %d", status)
	}
}

func TestNoPermissionNoVariables(t *testing.T) {
	env := environ(start(t, "workflow: {id-token: false, env: {AWS_PROFILE: mine}}", Options{}))
	for name := range env {
		if strings.HasPrefix(name, "ACTIONS_ID_TOKEN") {
			t.Errorf("%s is set", name)
		}
	}
	if env["AWS_PROFILE"] != "mine" || env["GITHUB_REF_NAME"] != "main" || env["AWS_ENDPOINT_URL_STS"] == "" {
		t.Errorf("environment %v", env)
	}
}

func TestForksHaveATokenOnlyWhereTheRepositorySendsThem(t *testing.T) {
	for workflow, want := range map[string]bool{
		"event: push":                                                             true,
		"event: pull_request":                                                     true,
		"event: pull_request, fork: true":                                         false,
		"event: pull_request, fork: true, id-token: true":                         false,
		"event: pull_request, fork: true, tokens-to-forks: true":                  true,
		"event: pull_request, fork: true, tokens-to-forks: true, id-token: false": false,
		"event: pull_request_target, fork: true":                                  true,
		"event: pull_request_target, fork: true, id-token: false":                 false,
	} {
		env := environ(start(t, "workflow: {"+workflow+"}", Options{}))
		for _, name := range []string{"ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"} {
			if got := env[name] != ""; got != want {
				t.Errorf("%s: has %s: %t, want %t", workflow, name, got, want)
			}
		}
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	s, err := scenario.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "nonsense"} {
		if server, err := Start(s, Options{Listen: address}); err == nil {
			t.Errorf("listens on %s", address)
			_ = server.Close()
		}
	}
}
