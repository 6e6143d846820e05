package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
)

// elsewhere is an answer of a server that is not AWS's.
func elsewhere(action, code string, status int) *diagnosis.Denial {
	return &diagnosis.Denial{Action: action, Role: "arn:minio:iam:::role/x", Hop: 1, Hops: 1, Code: code, Message: "no", Status: status, Endpoint: "minio:9000", Foreign: true}
}

func TestFailureByAnswer(t *testing.T) {
	answer := func(action, code, message string) *diagnosis.Denial {
		return &diagnosis.Denial{Action: action, Role: theRole, Hop: 1, Hops: 1, Code: code, Message: message, Status: 400, At: now}
	}
	const web, hop = trust.WebIdentityAction, assumeRole
	late := answer(web, "InvalidIdentityToken", "The token is not valid yet")
	late.At = now.Add(-20 * time.Minute)
	skewed := answer(hop, "SignatureDoesNotMatch", "The request signature we calculated does not match")
	skewed.At = now.Add(20 * time.Minute)
	for _, tt := range []struct {
		err  error
		code diagnosis.Code
		text string
	}{
		{errors.New("boom"), diagnosis.Failed, "boom"},
		{fmt.Errorf("wait: %w", context.DeadlineExceeded), diagnosis.Deadline, "action-timeout-s"},
		{&oidc.EndpointError{Status: 503, Reason: "busy"}, diagnosis.IDTokenEndpoint, "status 503: busy"},
		{&diagnosis.Denial{Action: web, Role: theRole, Hop: 1, Hops: 1, Deadline: true, Message: "timed out"}, diagnosis.Deadline, "hop 1 of 1"},
		{&diagnosis.Denial{Action: web, Role: theRole, Hop: 1, Hops: 1, Deadline: true, Message: "timed out", Advice: "check the proxy"}, diagnosis.Deadline, "\ncheck the proxy"},
		{fmt.Errorf("%w; last attempt: %w", context.DeadlineExceeded, &oidc.EndpointError{Reason: "timed out", Advice: "check the proxy"}), diagnosis.Deadline, "\ncheck the proxy"},
		{&diagnosis.Denial{Action: web, Role: theRole, Hop: 1, Hops: 1, Endpoint: "sts.example", Message: "refused"}, diagnosis.STSUnreachable, "no response from sts.example"},
		{answer(web, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+issuer), diagnosis.ProviderMissing, "create-open-id-connect-provider --profile PROFILE --url " + issuer},
		{answer(web, "InvalidIdentityToken", "Incorrect token audience"), diagnosis.AudienceNotRegistered, "--open-id-connect-provider-arn arn:aws:iam::111111111111:oidc-provider/" + provider},
		{answer(web, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider,  please"), diagnosis.Throttled, ""},
		{answer(web, "InvalidIdentityToken", "something new"), diagnosis.WebIdentityNotAuthorized, "the token itself"},
		{late, diagnosis.ClockSkew, "2026-11-23T08:40:00Z"},
		{answer(web, "IDPRejectedClaim", ""), diagnosis.WebIdentityNotAuthorized, "revoked"},
		{answer(web, "IDPCommunicationError", ""), diagnosis.Throttled, "issuer"},
		{answer(web, "ExpiredTokenException", "Token expired"), diagnosis.ClockSkew, "is valid until 2026-11-23T09:05:00Z"},
		{answer(hop, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."), diagnosis.DurationOverRoleMaximum, "--role-name deploy"},
		{answer(hop, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."), diagnosis.DurationOverChainingHour, "3600"},
		{answer(hop, "ValidationError", "1 validation error detected"), diagnosis.InvalidInput, "1 validation error"},
		{answer(hop, "MalformedPolicyDocument", "x"), diagnosis.InvalidInput, ""},
		{answer(hop, "PackedPolicyTooLargeException", "x"), diagnosis.SessionPolicyTooLarge, ""},
		{answer(hop, "RegionDisabledException", "x"), diagnosis.RegionDisabled, ""},
		{answer(hop, "RequestLimitExceeded", "Rate exceeded"), diagnosis.Throttled, ""},
		{answer(hop, "SignatureDoesNotMatch", "Signature expired: 1 is now earlier than 2"), diagnosis.ClockSkew, ""},
		{answer(hop, "SignatureDoesNotMatch", "The request signature we calculated does not match"), diagnosis.CredentialsInvalid, "does not accept the credentials"},
		{skewed, diagnosis.ClockSkew, ""},
		{answer(hop, "InvalidClientTokenId", "x"), diagnosis.CredentialsInvalid, "check the keys"},
		{&diagnosis.Denial{Action: hop, Role: theRole, Hop: 2, Hops: 2, Code: "InvalidClientTokenId", Status: 403}, diagnosis.CredentialsInvalid, "run the job again"},
		{&diagnosis.Denial{Action: "sts:GetCallerIdentity", Code: "InvalidClientTokenId", Status: 403}, diagnosis.CredentialsInvalid, "check the keys"},
		{&diagnosis.Denial{Action: hop, Role: theRole, Hop: 1, Hops: 1, Code: "IncompleteSignature", Status: 400}, diagnosis.CredentialsInvalid, "check the keys"},
		{&diagnosis.Denial{Action: hop, Role: theRole, Hop: 1, Hops: 1, Code: "ExpiredToken", Status: 403}, diagnosis.CredentialsInvalid, "check the keys"},
		{answer(web, "ExpiredToken", "x"), diagnosis.ClockSkew, "by this machine's clock the token is valid"},
		{elsewhere(hop, "AccessDenied", 403), diagnosis.ChainedRoleRefused, "minio:9000 refused hop 1 of 1, arn:minio:iam:::role/x: AccessDenied"},
		{elsewhere(hop, "AccessDenied", 403), diagnosis.ChainedRoleRefused, "check there that the role exists and that the caller may assume it"},
		{elsewhere(web, "AccessDenied", 403), diagnosis.WebIdentityNotAuthorized, "accepts the token's issuer, audience and subject"},
		{elsewhere(web, "InvalidIdentityToken", 400), diagnosis.WebIdentityNotAuthorized, "minio:9000 is not an AWS server"},
		{elsewhere(web, "InvalidParameterValue", 400), diagnosis.InvalidInput, "minio:9000 refused"},
		{elsewhere(hop, "InvalidAccessKeyId", 403), diagnosis.CredentialsInvalid, "STS does not accept"},
		{elsewhere(web, "InternalError", 500), diagnosis.STSUnreachable, "check the log of minio:9000"},
		{answer(hop, "AccessDenied", "a text of another kind"), diagnosis.ChainedRoleRefused, "possible cause"},
		{answer(hop, "SomethingNew", "x"), diagnosis.ChainedRoleRefused, "SomethingNew"},
		{answer(web, "SomethingNew", "x"), diagnosis.WebIdentityNotAuthorized, "SomethingNew"},
		{&diagnosis.Denial{Action: web, Role: theRole, Hop: 1, Hops: 1, Code: "InternalFailure", Status: 500}, diagnosis.STSUnreachable, "Health Dashboard"},
		{fmt.Errorf("walk: %w", tokenDenial(claimsOf(nil))), diagnosis.WebIdentityNotAuthorized, "shows which condition decides"},
	} {
		d := Failure(tt.err, Evidence{Now: now, Claims: claimsOf(oidc.Claims{"exp": json.Number("1795424700")})})
		if d.Code != tt.code || !strings.Contains(d.Text(), tt.text) {
			t.Errorf("%v: %s\n%s", tt.err, d.Code, d.Text())
		}
	}
}

// TestCureOfADuration names the number that was asked for, and refresh where a
// token begins the login.
func TestCureOfADuration(t *testing.T) {
	const message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
	const raise = "aws iam update-role --profile PROFILE --role-name deploy --max-session-duration 14400"
	for _, tt := range []struct {
		name       string
		denial     diagnosis.Denial
		claims     oidc.Claims
		has, lacks []string
	}{
		{name: "first hop of a chain",
			denial: diagnosis.Denial{Action: trust.WebIdentityAction, Hops: 2, Duration: 4 * time.Hour},
			claims: claimsOf(nil),
			has:    []string{"set refresh: true", "a longer first session does not extend a chained session", "14400 seconds, with a profile of account 111111111111", raise}},
		{name: "only hop", denial: diagnosis.Denial{Action: trust.WebIdentityAction, Hops: 1, Duration: 4 * time.Hour},
			claims: claimsOf(nil), has: []string{"set refresh: true", raise}, lacks: []string{"next hop"}},
		{name: "signed with keys", denial: diagnosis.Denial{Action: assumeRole, Hops: 1, Duration: 4 * time.Hour},
			has: []string{"lower role-duration-seconds", raise}, lacks: []string{"refresh"}},
		{name: "unknown", denial: diagnosis.Denial{Action: assumeRole, Hops: 1},
			has: []string{"--max-session-duration SECONDS"}, lacks: []string{"43200"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			denial := tt.denial
			denial.Role, denial.Hop, denial.Code, denial.Message, denial.Status = theRole, 1, "ValidationError", message, 400
			d := Failure(&denial, Evidence{Now: now, Claims: tt.claims})
			expectText(t, d, tt.has, tt.lacks)
		})
	}
}

// TestCureOfAnAudience asks first for an empty input.
func TestCureOfAnAudience(t *testing.T) {
	const add = "aws iam add-client-id-to-open-id-connect-provider --profile PROFILE --client-id "
	for _, tt := range []struct {
		name, role, audience string
		has, lacks           []string
	}{
		{name: "another one", role: theRole, audience: "octo",
			has: []string{"remove the input audience: the default is sts.amazonaws.com, ", "only if this audience is meant, add it", add + "octo "}},
		{name: "the default", role: theRole, audience: "sts.amazonaws.com",
			has:   []string{"add it to the provider, with a profile of account 111111111111", add + "sts.amazonaws.com "},
			lacks: []string{"remove"}},
		{name: "the default in China", role: "arn:aws-cn:iam::111111111111:role/deploy",
			audience: "sts.amazonaws.com.cn", has: []string{add + "sts.amazonaws.com.cn "}, lacks: []string{"remove"}},
		{name: "another partition's", role: "arn:aws-cn:iam::111111111111:role/deploy", audience: "sts.amazonaws.com",
			has: []string{"the default is sts.amazonaws.com.cn"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			denial := tokenDenial(claimsOf(oidc.Claims{"aud": tt.audience}))
			denial.Role, denial.Code, denial.Message = tt.role, "InvalidIdentityToken", "Incorrect token audience"
			expectText(t, Failure(denial, Evidence{Now: now}), tt.has, tt.lacks)
		})
	}
}

// TestAccountWithoutProvider doubts the account before it has a provider made
// there.
func TestAccountWithoutProvider(t *testing.T) {
	denial := tokenDenial(claimsOf(nil))
	denial.Code, denial.Message = "InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+issuer
	bare := policyOf(allow(`{}`))
	expectText(t, Failure(denial, Evidence{Now: now}), []string{"check account 111111111111 in the role's ARN, which may be mistyped; if it is right, create the provider there"}, []string{"check the ARN"})
	e := Evidence{Now: now, Policies: []PolicyFile{{"111111111112/deploy.json", []byte(bare)}}}
	expectText(t, Failure(denial, e), []string{`there is "deploy" (111111111112/deploy.json); check the ARN`, "create the provider"}, nil)
}

// TestClaimsOfTheRefusedTokenOnly: where a later hop is refused, the token
// decides nothing.
func TestClaimsOfTheRefusedTokenOnly(t *testing.T) {
	e := Evidence{Now: now, Claims: claimsOf(nil)}
	expectText(t, Failure(tokenDenial(nil), e), []string{"token claims:"}, nil)
	expectText(t, Failure(hopDenial(assumeRole, "", nil), e), nil, []string{"token claims:"})
}

func expectText(t *testing.T, d diagnosis.Diagnosis, has, lacks []string) {
	t.Helper()
	text := d.Text()
	for _, want := range has {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	for _, unwanted := range lacks {
		if strings.Contains(text, unwanted) {
			t.Errorf("has %q:\n%s", unwanted, text)
		}
	}
}

// TestWhoseHopWasRefused: AWS's own words decide where it has some, then the
// policy, and without both the causes stay open.
func TestWhoseHopWasRefused(t *testing.T) {
	trusted := policyOf(trustHub(`["sts:AssumeRole", "sts:TagSession"]`, `{}`))
	external := policyOf(trustHub(`"sts:AssumeRole"`, `{"StringEquals": {"sts:ExternalId": "s3cret"}}`))
	stranger := policyOf(strings.Replace(trustHub(`"sts:AssumeRole"`, `{}`), theHub, theHub+"-old", 1))
	sent := trust.Context{"sts:ExternalId": {"wr0ng"}, "aws:RequestTag/Team": {"a"}, "aws:TagKeys": {"Team"}}
	const permission, inTrust = `"Resource": "` + theRole + `"`, `"AWS": "` + theHub + `"`
	for _, tt := range []struct {
		name, action, reason string
		sent                 trust.Context
		policy               string
		code                 diagnosis.Code
		open                 bool
		has, lacks           string
	}{
		{name: "identity policy", action: assumeRole,
			reason: " because no identity-based policy allows the sts:AssumeRole action", policy: stranger,
			code: diagnosis.ChainedRoleRefused, has: permission, lacks: inTrust},
		{name: "trust policy", action: assumeRole,
			reason: " because no resource-based policy allows the sts:AssumeRole action",
			code:   diagnosis.ChainedRoleRefused, has: inTrust, lacks: permission},
		{name: "boundary", action: assumeRole,
			reason: " because no permissions boundary allows the sts:AssumeRole action",
			code:   diagnosis.ChainedRoleRefused, has: "the caller's permissions boundary does not allow", lacks: inTrust},
		{name: "organization", action: assumeRole, reason: " with an explicit deny in a service control policy",
			code: diagnosis.ChainedRoleRefused, has: "a service control policy of the organization denies",
			lacks: inTrust},
		{name: "words that are new", action: assumeRole, reason: " because no moon policy allows it", policy: trusted,
			code: diagnosis.ChainedRoleRefused, open: true, has: permission, lacks: inTrust},
		{name: "nothing said", action: assumeRole, code: diagnosis.ChainedRoleRefused, open: true,
			has: "not ruled out: external-id (the trust policy expects an sts:ExternalId, and this hop sends none)"},
		{name: "nothing said, much sent", action: assumeRole, sent: sent, code: diagnosis.ChainedRoleRefused,
			open: true, has: "external-id: this hop sends an external id, and the trust policy may expect another",
			lacks: "wr0ng"},
		{name: "tags", action: "sts:TagSession", sent: sent, code: diagnosis.TagSessionRefused, has: `"sts:TagSession"`,
			lacks: "external-id"},
		{name: "source identity", action: "sts:SetSourceIdentity", code: diagnosis.SourceIdentityRefused,
			has: `"sts:SetSourceIdentity"`},
		{name: "trusted", action: assumeRole, policy: trusted, code: diagnosis.ChainedRoleRefused, open: true,
			has: "possible cause: chained-role-refused: the caller's own permissions", lacks: inTrust},
		{name: "not trusted", action: assumeRole, policy: stranger, code: diagnosis.ChainedRoleRefused, has: inTrust,
			lacks: permission},
		{name: "no external id", action: assumeRole, policy: external, code: diagnosis.ExternalID,
			has: `expected a value, got nothing`, lacks: "s3cret"},
		{name: "another external id", action: assumeRole, sent: sent, policy: external, code: diagnosis.ExternalID,
			has: "expected another value, got the external id of this hop", lacks: "wr0ng"},
		{name: "external id with wildcard", action: assumeRole, sent: sent,
			policy: strings.Replace(external, "s3cret", "wr*", 1), code: diagnosis.WildcardInStringEquals,
			has: "StringEquals sts:ExternalId", lacks: "wr*"},
		{name: "no tags allowed", action: "sts:TagSession", sent: sent,
			policy: policyOf(trustHub(`"sts:AssumeRole"`, `{}`)), code: diagnosis.TagSessionRefused,
			has: `Action: expected "sts:AssumeRole", got "sts:TagSession"`},
		{name: "other tags", action: assumeRole, sent: sent,
			policy: policyOf(trustHub(`"sts:*"`, `{"StringEquals": {"aws:RequestTag/Team": "b"}}`)),
			code:   diagnosis.TagSessionRefused, has: `expected "b"`},
		{name: "no tags wanted", action: assumeRole, sent: sent,
			policy: policyOf(trustHub(`"sts:*"`, `{"Null": {"aws:TagKeys": "true"}}`)),
			code:   diagnosis.TagSessionRefused, has: "aws:TagKeys"},
		{name: "caller's tags", action: assumeRole,
			policy: policyOf(trustHub(`"sts:*"`, `{"StringEquals": {"aws:PrincipalTag/Team": "b"}}`)),
			code:   diagnosis.ChainedRoleRefused, open: true, has: "only AWS knows"},
		{name: "caller by ARN with wildcard", action: assumeRole,
			policy: policyOf(`{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/*"}}}`),
			code:   diagnosis.WildcardInStringEquals, has: "aws:PrincipalArn"},
		{name: "claims of the token", action: assumeRole,
			policy: policyOf(trustHub(`"sts:AssumeRole"`, `{"StringLike": {"`+provider+`:sub": "repo:*"}}`)),
			code:   diagnosis.UnknownConditionKey, has: `expected "repo:*", got nothing`},
		{name: "denied", action: assumeRole, policy: policyOf(trustHub(`"sts:AssumeRole"`, `{}`), deny(`{}`)),
			code: diagnosis.ChainedRoleRefused, has: `"Shut"`, lacks: inTrust},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := Evidence{Now: now}
			if tt.policy != "" {
				e = withPolicy(tt.policy)
			}
			d := Failure(hopDenial(tt.action, tt.reason, tt.sent), e)
			if text := d.Text(); d.Code != tt.code || d.Open != tt.open || !strings.Contains(text, tt.has) || tt.lacks != "" && strings.Contains(text, tt.lacks) {
				t.Errorf("%s, open %t:\n%s", d.Code, d.Open, text)
			}
		})
	}
}

// TestCallerWithAPath: the ARN of a session leaves out its role's path.
func TestCallerWithAPath(t *testing.T) {
	d := hopDenial(assumeRole, "", nil)
	d.CallerRole = "" // as of credentials that the job had
	policy := mustParse(t, policyOf(trustHub(`"sts:AssumeRole"`, `{}`)))
	for caller, want := range map[string]string{
		hubCalls: theHub,
		"arn:aws:sts::222222222222:assumed-role/other/run-1": "arn:aws:iam::222222222222:role/other",
		"arn:aws:sts::333333333333:assumed-role/hub/run-1":   "arn:aws:iam::333333333333:role/hub",
		"arn:aws:iam::222222222222:user/ci/bot":              "arn:aws:iam::222222222222:user/ci/bot",
		"":                                                   "",
	} {
		if got := callerRole(d, caller, trust.Alternatives{policy}); got != want {
			t.Errorf("%s: %s, want %s", caller, got, want)
		}
	}
}

func TestTextsAreBounded(t *testing.T) {
	long := strings.Repeat("x", 15000) + "\n::error::y"
	claims := claimsOf(oidc.Claims{"sub": "repo:" + long, "iss": issuer + "/" + long, "ref": long, "environment": long, "aud": []any{long, long}, "job_workflow_ref": long})
	policy := policyOf(allow(`{"StringEquals": {"` + provider + `:sub": ["` + strings.Repeat(`a", "`, 500) + strings.Repeat("b", 3000) + `"]}}`))
	for _, e := range []Evidence{{Now: now}, withPolicy(policy)} {
		if text := Failure(tokenDenial(claims), e).Text(); len(text) > 20000 || strings.Contains(text, "\n::error") {
			t.Errorf("%d bytes", len(text))
		}
	}
	for _, c := range AllClaims(claims) {
		if len(c.Value) > 3*longest {
			t.Errorf("%s has %d bytes", c.Name, len(c.Value))
		}
	}
}

// TestDiagnosisOutlivesItsProcess: the refresh stores it as JSON.
func TestDiagnosisOutlivesItsProcess(t *testing.T) {
	d := Failure(tokenDenial(claimsOf(nil)), Evidence{Now: now})
	stored, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var again diagnosis.Diagnosis
	if err := json.Unmarshal(stored, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.Text(), again.Text()); diff != "" {
		t.Error(diff)
	}
}
