package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
)

// tokenClaims are what is known of a token.
type tokenClaims struct {
	oidc.Claims
	provider string // ARN of the provider, where CloudTrail names it
	partial  bool   // no more is known than issuer, subject and audience
}

// readClaims takes the claims out of what people have of a token: the claims, as
// JSON or in the report of the command claims; the token, as it is or as the
// token endpoint answers it; CloudTrail's event of the call that presented it.
// Errors hold no part of a token.
func readClaims(content []byte) (tokenClaims, error) {
	token := oidc.FileToken(string(content)).Reveal()
	if !strings.HasPrefix(token, "{") {
		claims, err := oidc.ParseClaims(token)
		if err != nil {
			return tokenClaims{}, fmt.Errorf("neither claims in JSON nor a token: %w", err)
		}
		return tokenClaims{Claims: claims}, nil
	}
	if event, ok := webIdentityEvent([]byte(token)); ok {
		return event.claims()
	}
	claims, err := oidc.DecodeClaims([]byte(token))
	if err != nil {
		return tokenClaims{}, err
	}
	if report, ok := claims["claims"].(map[string]any); ok {
		claims = report
	}
	if claims["iss"] == nil && claims["sub"] == nil && claims["aud"] == nil {
		return tokenClaims{}, errors.New("not the claims of a token: iss, sub and aud are missing; use the claims of a token, the token itself, or CloudTrail's event of AssumeRoleWithWebIdentity")
	}
	return tokenClaims{Claims: claims}, nil
}

// cloudTrailEvent is the part of an event that describes a token.
type cloudTrailEvent struct {
	EventName    string `json:"eventName"`
	UserIdentity struct {
		PrincipalID      string `json:"principalId"`
		UserName         string `json:"userName"`
		IdentityProvider string `json:"identityProvider"`
	} `json:"userIdentity"`
}

// webIdentityEvent reads an event as CloudTrail writes it, alone or as the only
// one of a log file, and as aws cloudtrail lookup-events prints it.
func webIdentityEvent(object []byte) (cloudTrailEvent, bool) {
	var file struct {
		cloudTrailEvent
		Records         []json.RawMessage
		Events          []json.RawMessage
		CloudTrailEvent string
	}
	if json.Unmarshal(object, &file) != nil {
		return cloudTrailEvent{}, false
	}
	switch inside := slices.Concat(file.Records, file.Events); {
	case file.EventName != "" && file.CloudTrailEvent == "":
		return file.cloudTrailEvent, true
	case file.CloudTrailEvent != "":
		return webIdentityEvent([]byte(file.CloudTrailEvent))
	case len(inside) == 1:
		return webIdentityEvent(inside[0])
	}
	return cloudTrailEvent{}, false
}

// claims are those that an event has. The audience is between provider and
// subject in principalId, and can have colons itself.
func (e cloudTrailEvent) claims() (tokenClaims, error) {
	const action = "AssumeRoleWithWebIdentity"
	who := e.UserIdentity
	issuer, isProvider := trust.ProviderOfARN(who.IdentityProvider)
	audience, isPrincipal := strings.CutPrefix(who.PrincipalID, who.IdentityProvider+":")
	audience, hasSubject := strings.CutSuffix(audience, ":"+who.UserName)
	switch {
	case e.EventName != action:
		return tokenClaims{}, fmt.Errorf("CloudTrail's event is of %q; expected %s, which presents a token", e.EventName, action)
	case !isProvider || !isPrincipal || !hasSubject || who.UserName == "":
		return tokenClaims{}, errors.New("CloudTrail's event lacks the provider, audience and subject of a token (userIdentity); use an event of AssumeRoleWithWebIdentity")
	}
	return tokenClaims{
		Claims:   oidc.Claims{"iss": "https://" + issuer, "aud": audience, "sub": who.UserName},
		provider: who.IdentityProvider,
		partial:  true,
	}, nil
}

// claimKeys are the condition keys of a provider whose values an event leaves
// open.
func claimKeys(provider string) []string {
	var keys []string
	for _, claim := range trust.ConditionKeys(provider) {
		if claim != "sub" && claim != "aud" {
			keys = append(keys, provider+":"+claim)
		}
	}
	return keys
}
