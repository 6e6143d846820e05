package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/secret"
)

// requestTokenLifetime is about how long a runner's request token lives.
const requestTokenLifetime = 6 * time.Hour

// issuer serves GitHub's OIDC issuer and the runner's token endpoint.
type issuer struct {
	workflow *scenario.Workflow
	url      string // of the server, where discovery and keys can be read
	key      jose.JSONWebKey
	names    *names

	requestToken  secret.Value
	requestExpiry time.Time
}

func newIssuer(w *scenario.Workflow, url string, n *names, now time.Time) (*issuer, error) {
	key, err := signingKey()
	if err != nil {
		return nil, err
	}
	i := &issuer{workflow: w, url: url, key: key, names: n, requestExpiry: now.Add(requestTokenLifetime)}
	// Only this server reads the request token, so a MAC is enough, which takes far
	// less time than RSA.
	macKey := make([]byte, sha256.Size)
	_, _ = rand.Read(macKey) // never returns an error
	token, err := compact(jose.SigningKey{Algorithm: jose.HS256, Key: macKey}, &jose.SignerOptions{}, map[string]any{
		"iss":  "https://vstoken.actions.githubusercontent.com",
		"aud":  "https://vstoken.actions.githubusercontent.com",
		"scp":  "Actions.GenericRead Actions.UploadArtifacts generate_id_token:" + w.RunID,
		"nbf":  now.Add(-5 * time.Minute).Unix(),
		"exp":  i.requestExpiry.Unix(),
		"jti":  n.uuid(),
		"orch": w.RunID + "." + w.Job,
	})
	i.requestToken = secret.New(token)
	return i, err
}

// sign returns claims as a compact JWS with GitHub's headers: RS256, kid, x5t.
func (i *issuer) sign(claims map[string]any) (string, error) {
	options := (&jose.SignerOptions{}).WithHeader("x5t", thumbprint(i.key))
	return compact(jose.SigningKey{Algorithm: jose.RS256, Key: i.key}, options, claims)
}

// compact returns claims as a compact JWS of type JWT.
func compact(key jose.SigningKey, options *jose.SignerOptions, claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(key, options.WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("prepare to sign a token: %w", err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// tokenPath is the path of the token endpoint of this run.
func (i *issuer) tokenPath() string {
	return "/actions/" + i.workflow.RunID + "/idtoken"
}

func (i *issuer) serveDiscovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{
		"issuer":                                i.workflow.Issuer,
		"jwks_uri":                              i.url + "/.well-known/jwks",
		"subject_types_supported":               []string{"public", "pairwise"},
		"response_types_supported":              []string{"id_token"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid"},
		"claims_supported":                      []string{"sub", "aud", "exp", "iat", "iss", "jti", "nbf", "ref", "repository", "repository_id", "repository_owner", "repository_owner_id", "environment", "job_workflow_ref"},
	})
}

func (i *issuer) serveKeys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.key.Public()}})
}

func writeJSON(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "cannot encode", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(body) // an error means that the client has gone
}

// serveToken is the runner's endpoint behind ACTIONS_ID_TOKEN_REQUEST_URL.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	audience := r.URL.Query().Get("audience")
	call := Call{Kind: scenario.CallToken, Parameters: map[string]string{"audience": audience}}
	s.exchange(w, r, call, func(now time.Time, _ scenario.FaultKind, call *Call) reply {
		return s.issuer.token(r.Header.Get("Authorization"), audience, now, call)
	})
}

// token answers a request for an ID token.
func (i *issuer) token(authorization, audience string, now time.Time, call *Call) reply {
	scheme, bearer, _ := strings.Cut(authorization, " ")
	switch {
	case !strings.EqualFold(scheme, "bearer") || subtle.ConstantTimeCompare([]byte(bearer), []byte(i.requestToken.Reveal())) != 1:
		return tokenError(http.StatusUnauthorized, "The request token is missing or not valid for this job")
	case !now.Before(i.requestExpiry):
		return tokenError(http.StatusUnauthorized, "The request token has expired")
	}
	if audience == "" {
		audience = i.workflow.DefaultAudience()
	}
	token, err := i.sign(i.workflow.TokenClaims(audience, i.names.uuid(), now))
	if err != nil {
		return tokenError(http.StatusInternalServerError, "The token could not be signed")
	}
	if call.Claims, err = oidc.ParseClaims(token); err != nil {
		return tokenError(http.StatusInternalServerError, "The token could not be read")
	}
	body, err := json.Marshal(map[string]string{"value": token})
	if err != nil {
		return tokenError(http.StatusInternalServerError, "The token could not be encoded")
	}
	return reply{status: http.StatusOK, contentType: "application/json; charset=utf-8", body: body}
}
