package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/trust"
)

// tokenAlgorithms are those that STS takes.
var tokenAlgorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512,
}

// assumeRoleWithWebIdentity checks, in this order: the parameters, the
// token's form, the provider of the role's account, signature, times and
// audience of the token, the role's trust policy, the duration. A role that
// does not exist is refused like one that does not trust the token.
func (s *stsService) assumeRoleWithWebIdentity(req *stsRequest) (any, error) {
	if err := checkConstraints(req.form, webIdentityRules); err != nil {
		return nil, err
	}
	roleARN := req.form.Get("RoleArn")
	if !arn.IsRole(roleARN) {
		return nil, errRequestARN
	}
	claims, provider, err := s.verify(req, s.scenario.Account(arn.Account(roleARN)))
	if err != nil {
		return nil, err
	}
	req.call.Claims = claims
	packed, err := packedPolicy(req.form, arn.Account(roleARN), nil)
	if err != nil {
		return nil, err
	}
	role := s.scenario.Role(roleARN)
	if role == nil {
		return nil, errNotAuthorized
	}
	ctx := s.requestContext(req)
	maps.Copy(ctx, trust.WebIdentityContext(claims))
	who := trust.Principal{Type: "Federated", ID: provider.ARN}
	if req.decide(role, "sts:AssumeRoleWithWebIdentity", who, ctx).Decision != trust.Allowed {
		return nil, errNotAuthorized
	}
	d, err := req.duration(role, false)
	if err != nil {
		return nil, err
	}
	result := s.open(req, role, session{provider: provider.ARN}, d)
	result.SubjectFromWebIdentityToken = claims.Get("sub")
	result.Provider = provider.ARN
	result.Audience = matchingAudience(claims, provider)
	result.PackedPolicySize = packed
	return result, nil
}

// verify checks the token against the provider of the role's account.
func (s *stsService) verify(req *stsRequest, account *scenario.Account) (oidc.Claims, *scenario.Provider, error) {
	token := req.form.Get("WebIdentityToken")
	parsed, err := jwt.ParseSigned(token, tokenAlgorithms)
	if err != nil || len(parsed.Headers) != 1 {
		return nil, nil, errNotJWT
	}
	claims, err := oidc.ParseClaims(token)
	if err != nil {
		return nil, nil, errNotJWT
	}
	for _, name := range []string{"iss", "sub"} {
		if claims.Get(name) == "" {
			return nil, nil, errMissingClaim(name)
		}
	}
	issuer := claims.Get("iss")
	provider := providerOf(account, issuer)
	if provider == nil {
		return nil, nil, errNoProvider(issuer)
	}
	key, err := s.keys.key(issuer, parsed.Headers[0].KeyID)
	if err != nil {
		return nil, nil, errVerificationKey
	}
	var payload json.RawMessage
	if err := parsed.Claims(key, &payload); err != nil {
		return nil, nil, errTokenSignature
	}
	switch expires := claims.Expires(); {
	case expires.IsZero():
		return nil, nil, errMissingClaim("exp")
	case !req.now.Before(expires):
		return nil, nil, errTokenExpired(req.now, expires)
	case req.now.Before(notBefore(claims)):
		return nil, nil, errTokenEarly
	case len(claims.Audiences()) == 0:
		return nil, nil, errMissingClaim("aud")
	case matchingAudience(claims, provider) == "":
		return nil, nil, errAudience
	}
	return claims, provider, nil
}

// The texts of these three are not AWS's; only their codes are known.
var (
	errTokenSignature = apiError{http.StatusBadRequest, "InvalidIdentityToken", "The signature of the token could not be verified"}
	errTokenEarly     = apiError{http.StatusBadRequest, "InvalidIdentityToken", "The token is not valid yet"}
)

func errMissingClaim(name string) apiError {
	return apiError{http.StatusBadRequest, "InvalidIdentityToken", "Missing a required claim: " + name}
}

// notBefore returns the nbf claim, or the zero time.
func notBefore(claims oidc.Claims) time.Time {
	if n, ok := claims["nbf"].(json.Number); ok {
		if seconds, err := n.Int64(); err == nil {
			return time.Unix(seconds, 0)
		}
	}
	return time.Time{}
}

// providerOf returns the account's provider of an issuer. A nil account has none.
func providerOf(a *scenario.Account, issuer string) *scenario.Provider {
	if a == nil {
		return nil
	}
	for i := range a.Providers {
		// IAM compares the URL without regard to a trailing slash.
		if strings.TrimSuffix(issuer, "/") == a.Providers[i].Issuer {
			return &a.Providers[i]
		}
	}
	return nil
}

// matchingAudience returns the token's audience that the provider knows.
func matchingAudience(claims oidc.Claims, p *scenario.Provider) string {
	for _, audience := range claims.Audiences() {
		if slices.Contains(p.Audiences, audience) {
			return audience
		}
	}
	return ""
}
