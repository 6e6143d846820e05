// Package explain turns a refusal into a diagnosis: it weighs the answer of STS,
// the token and, where it is known, the trust policy. It is pure.
package explain

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
)

// Evidence is what is known about a failure.
type Evidence struct {
	Context    context.Context // ends the reading of Policies; nil for never
	Claims     oidc.Claims     // of the token that the login began with; nil if none was minted
	Now        time.Time
	Policies   []PolicyFile // what may hold the refused role's trust policy
	NoPolicies string       // why there are none, although the input trust-policy-file is set
}

// claimsOf prefers the token that was refused itself.
func (e Evidence) claimsOf(d *diagnosis.Denial) oidc.Claims {
	if d.Claims != nil {
		return d.Claims
	}
	return e.Claims
}

// at is when AWS refused, by AWS's clock if it is known.
func (e Evidence) at(d *diagnosis.Denial) time.Time {
	if !d.At.IsZero() {
		return d.At
	}
	return e.Now
}

// Failure diagnoses the error that ended a login.
func Failure(err error, e Evidence) diagnosis.Diagnosis {
	if denial, ok := errors.AsType[*diagnosis.Denial](err); ok {
		return ofDenial(denial, e)
	}
	endpoint, asked := errors.AsType[*oidc.EndpointError](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && asked:
		return advised(deadline(endpoint.Error()), endpoint.Advice)
	case errors.Is(err, context.DeadlineExceeded):
		return deadline(err.Error())
	case asked:
		d := advised(plain(diagnosis.IDTokenEndpoint, "GitHub returned no OIDC token: "+endpoint.Error()), endpoint.Advice)
		if endpoint.Status >= 400 {
			d.Origin = answered(endpoint.Status)
		}
		return d
	}
	return diagnosis.Diagnosis{Code: diagnosis.Failed, What: err.Error()}
}

// plain is a diagnosis whose cause and cure are those of the reference.
func plain(code diagnosis.Code, what string) diagnosis.Diagnosis {
	about := code.Entry()
	return diagnosis.Diagnosis{Code: code, What: what, Causes: []string{about.Cause}, Cure: about.Cure}
}

// advised replaces the general cure by advice for this case, if there is any.
func advised(d diagnosis.Diagnosis, advice string) diagnosis.Diagnosis {
	if advice != "" {
		d.Cure = advice
	}
	return d
}

func deadline(what string) diagnosis.Diagnosis {
	return diagnosis.Diagnosis{
		Code: diagnosis.Deadline,
		What: "the login timed out: " + what,
		Cure: "run the job again, or raise action-timeout-s",
	}
}

// refusal is the plain diagnosis of an answer of AWS. It has the token's claims
// where a token was presented; at later hops they decide nothing.
func refusal(d *diagnosis.Denial, e Evidence, code diagnosis.Code) diagnosis.Diagnosis {
	result := plain(code, d.Refusal())
	if d.Action == trust.WebIdentityAction {
		result.Claims = shownClaims(e.claimsOf(d))
	}
	return result
}

// answers diagnose AWS's error codes.
var answers = map[string]func(*diagnosis.Denial, Evidence) diagnosis.Diagnosis{
	"AccessDenied":          accessDenied,
	"InvalidIdentityToken":  invalidToken,
	"IDPRejectedClaim":      rejectedClaim,
	"IDPCommunicationError": communication,
	"ExpiredTokenException": expiredToken,

	"SignatureDoesNotMatch": badSignature,
	"RequestTimeTooSkewed":  clockSkew,
	"RequestExpired":        clockSkew,
	"ExpiredToken":          expired,

	"InvalidClientTokenId":       badCredentials,
	"InvalidAccessKeyId":         badCredentials, // MinIO
	"IncompleteSignature":        badCredentials,
	"MissingAuthenticationToken": badCredentials,

	"ValidationError":         validation,
	"InvalidParameterValue":   wrongParameter,
	"MalformedPolicyDocument": wrongParameter,

	"PackedPolicyTooLarge":          is(diagnosis.SessionPolicyTooLarge),
	"PackedPolicyTooLargeException": is(diagnosis.SessionPolicyTooLarge),
	"RegionDisabledException":       is(diagnosis.RegionDisabled),
	"Throttling":                    is(diagnosis.Throttled),
	"ThrottlingException":           is(diagnosis.Throttled),
	"RequestLimitExceeded":          is(diagnosis.Throttled),
	"TooManyRequestsException":      is(diagnosis.Throttled),
}

// is answers with what the reference says of a code.
func is(code diagnosis.Code) func(*diagnosis.Denial, Evidence) diagnosis.Diagnosis {
	return func(d *diagnosis.Denial, _ Evidence) diagnosis.Diagnosis { return plain(code, d.Refusal()) }
}

// ofDenial adds to the explanation at which hop and by whom it was refused.
func ofDenial(denial *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	d := explainDenial(denial, e)
	if denial.Role != "" {
		d.Hop = denial.Hop
	}
	if denial.Code != "" && !denial.Deadline {
		d.Origin = answered(denial.Status)
	}
	return d
}

func explainDenial(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	if d.Deadline {
		return advised(deadline(d.Error()), d.Advice)
	}
	if d.Code == "" {
		return advised(plain(diagnosis.STSUnreachable, d.Error()), d.Advice)
	}
	if answer, ok := answers[d.Code]; ok {
		return answer(d, e)
	}
	result := diagnosis.Diagnosis{Code: diagnosis.ChainedRoleRefused, What: d.Refusal()}
	switch {
	case d.Status >= 500:
		result.Code, result.Cure = diagnosis.STSUnreachable, "run the job again; if it fails again, check the AWS Health Dashboard"
		if d.Foreign {
			result.Cure = "run the job again; if it fails again, check the log of " + d.Endpoint
		}
	case d.Action == "sts:AssumeRoleWithWebIdentity":
		result.Code = diagnosis.WebIdentityNotAuthorized
	}
	return result
}

func accessDenied(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	if d.Foreign {
		return refusedElsewhere(d, e)
	}
	if d.Action == "sts:AssumeRoleWithWebIdentity" {
		return tokenRefused(d, e)
	}
	return hopRefused(d, e)
}

// refusedElsewhere is a refusal by a server that is not AWS's, whose rules are
// not IAM's.
func refusedElsewhere(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	result := refusal(d, e, diagnosis.ChainedRoleRefused)
	check := "that the caller may assume it"
	if d.Action == "sts:AssumeRoleWithWebIdentity" {
		result = refusal(d, e, diagnosis.WebIdentityNotAuthorized)
		check = "that it accepts the token's issuer, audience and subject"
	}
	result.Causes = []string{d.Endpoint + " is not an AWS server; its log and settings show why"}
	result.Cure = "check there that the role exists and " + check
	return result
}

func invalidToken(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	switch {
	case d.Foreign:
		return refusedElsewhere(d, e)
	case strings.Contains(d.Message, "No OpenIDConnect provider"):
		return providerMissing(d, e)
	case strings.Contains(d.Message, "Incorrect token audience"):
		return audienceNotRegistered(d, e)
	case strings.HasPrefix(d.Message, "Couldn't retrieve verification key"):
		return is(diagnosis.Throttled)(d, e)
	case clocksDiffer(d, e):
		return clockSkew(d, e)
	}
	result := refusal(d, e, diagnosis.WebIdentityNotAuthorized)
	result.Causes, result.Cure = []string{"AWS rejects the token itself"}, "run the job again"
	return result
}

func audienceNotRegistered(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	result := refusal(d, e, diagnosis.AudienceNotRegistered)
	t := newToken(e.claimsOf(d))
	result.Causes = []string{fmt.Sprintf("the token's audience %s is not in the client id list of the provider in account %s", quote(strings.Join(t.Audiences(), ", ")), arn.Account(d.Role))}
	audience := orText(cut(strings.Join(t.Audiences(), " ")), "AUDIENCE")
	add := fmt.Sprintf("add it to the provider, with a profile of account %s:\n"+
		"aws iam add-client-id-to-open-id-connect-provider --profile PROFILE --client-id %s --open-id-connect-provider-arn %s", arn.Account(d.Role), audience, t.providerARN(d.Role))
	result.Cure = add
	if usual := oidc.AudienceOf(arn.Partition(d.Role)); t.fromGitHub() && audience != usual {
		result.Cure = fmt.Sprintf("remove the input audience: the default is %s, which most providers list; only if this audience is meant, %s", usual, add)
	}
	return result
}

func rejectedClaim(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	result := refusal(d, e, diagnosis.WebIdentityNotAuthorized)
	result.Causes, result.Cure = []string{"the token's issuer says that it is invalid or revoked"}, "run the job again"
	return result
}

func communication(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	result := is(diagnosis.Throttled)(d, e)
	result.Causes, result.Cure = []string{"AWS could not reach the token's issuer in time"}, "run the job again"
	return result
}

// expired is about a token on MinIO, which has one code for tokens and sessions,
// and about a session on AWS.
func expired(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	if d.Action == "sts:AssumeRoleWithWebIdentity" {
		return expiredToken(d, e)
	}
	return badCredentials(d, e)
}

// expiredToken distinguishes a token that was old from a clock that is wrong.
func expiredToken(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	end := e.claimsOf(d).Expires()
	if end.IsZero() || !e.Now.Before(end) {
		return is(diagnosis.TokenExpired)(d, e)
	}
	result := clockSkew(d, e)
	result.Causes = append(result.Causes, fmt.Sprintf("by this machine's clock the token is valid until %s", end.Format(time.RFC3339)))
	return result
}

// mostSkew is the difference between two clocks above which it explains a
// refusal.
const mostSkew = 4 * time.Minute

func clocksDiffer(d *diagnosis.Denial, e Evidence) bool {
	return !d.At.IsZero() && d.At.Sub(e.Now).Abs() > mostSkew
}

func clockSkew(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	result := is(diagnosis.ClockSkew)(d, e)
	at := "is not known"
	if !d.At.IsZero() {
		at = "shows " + d.At.UTC().Format(time.RFC3339)
	}
	result.Causes = []string{fmt.Sprintf("this machine's clock shows %s, and AWS's clock %s", e.Now.UTC().Format(time.RFC3339), at)}
	return result
}

// badSignature distinguishes a wrong clock from a wrong secret key: AWS has one
// code for both.
func badSignature(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	if clocksDiffer(d, e) || strings.Contains(d.Message, "Signature expired") || strings.Contains(d.Message, "Signature not yet current") {
		return clockSkew(d, e)
	}
	return badCredentials(d, e)
}

// badCredentials is about the credentials that sign a call. Those of a later hop
// came from AWS itself.
func badCredentials(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	result := is(diagnosis.CredentialsInvalid)(d, e)
	if d.Hop > 1 {
		result.Cure = "run the job again; in a region that is disabled by default, enable it in the account of the previous hop"
	}
	return result
}

func validation(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	switch {
	case strings.Contains(d.Message, "1 hour session limit"):
		return is(diagnosis.DurationOverChainingHour)(d, e)
	case strings.Contains(d.Message, "MaxSessionDuration"):
		return overMaximum(d, e)
	}
	return wrongParameter(d, e)
}

// overMaximum diagnoses a duration that the role does not allow. In a chain, a
// longer first session does not help: chained sessions end after an hour.
func overMaximum(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	result := is(diagnosis.DurationOverRoleMaximum)(d, e)
	asked := "the requested duration"
	seconds := "SECONDS"
	if d.Duration > 0 {
		seconds = strconv.Itoa(int(d.Duration / time.Second))
		asked = seconds + " seconds"
	}
	raise := fmt.Sprintf("allow the role %s, with a profile of account %s:\n%s --max-session-duration %s", asked, arn.Account(d.Role), awsRole("update-role", d.Role), seconds)
	const renew = "set refresh: true, which renews the credentials for as long as the job runs, and lower role-duration-seconds"
	switch renewable := newToken(e.claimsOf(d)).fromGitHub(); {
	case renewable && d.Hops > 1:
		result.Cure = renew + " to the role's maximum: a longer first session does not extend a chained session beyond its hour; or " + raise
	case renewable:
		result.Cure = renew + " to the role's maximum; or " + raise
	default:
		result.Cure = "lower role-duration-seconds to the role's maximum; or " + raise
	}
	return result
}

func wrongParameter(d *diagnosis.Denial, _ Evidence) diagnosis.Diagnosis {
	return diagnosis.Diagnosis{Code: diagnosis.InvalidInput, What: d.Refusal(), Cure: "correct the input that the message names"}
}

func orText(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// answered returns the origin of a server's error response: a refusal, unless
// the status says that the server itself failed.
func answered(status int) diagnosis.Origin {
	if status >= 500 {
		return diagnosis.OriginFailure
	}
	return diagnosis.OriginRefusal
}
