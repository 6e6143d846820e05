package explain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/oidc"
)

// Evidence is what is known around a failure.
type Evidence struct {
	Job    Job
	Claims oidc.Claims // of the token that was sent; nil if none was
	Now    time.Time
}

// Failure diagnoses the error that ended a login.
func Failure(err error, e Evidence) Diagnosis {
	if denial, ok := errors.AsType[*Denial](err); ok {
		return explainDenial(denial, e)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return deadline(err.Error())
	}
	if endpoint, ok := errors.AsType[*oidc.EndpointError](err); ok {
		return Diagnosis{
			Code:   IDTokenEndpoint,
			What:   "GitHub gave no OIDC token: " + endpoint.Error(),
			Causes: []string{"the token service of GitHub or of the runner fails, or a proxy stands in its way"},
			Cure:   "run the job again; if it stays so, look at githubstatus.com and at the runner's network",
		}
	}
	return Diagnosis{Code: Failed, What: err.Error()}
}

func deadline(what string) Diagnosis {
	return Diagnosis{
		Code: Deadline,
		What: "the login did not end in time: " + what,
		Cure: "run the job again, or give it more time with action-timeout-s",
	}
}

// explainDenial goes by AWS's code and text (facts: STS's errors).
func explainDenial(d *Denial, e Evidence) Diagnosis {
	said := func(code Code, cure string, causes ...string) Diagnosis {
		return Diagnosis{Code: code, What: "AWS refused " + d.Error(), Causes: causes, Cure: cure}
	}
	if d.Deadline {
		return deadline(d.Error())
	}
	if d.Code == "" {
		return Diagnosis{
			Code:   STSUnreachable,
			What:   d.Error(),
			Causes: []string{"the network, a proxy or the endpoint's name stands between the runner and STS, or STS fails"},
			Cure:   "check aws-region, sts-endpoint, the AWS_ENDPOINT_URL variables and the runner's way out; then run the job again",
		}
	}
	switch d.Code {
	case "AccessDenied":
		return accessDenied(d, e, said)
	case "InvalidIdentityToken":
		return invalidToken(d, e, said)
	case "ExpiredTokenException":
		if end := e.Claims.Expires(); !end.IsZero() && e.Now.Before(end) {
			return said(ClockSkew, "set the runner's clock (NTP); GitHub's tokens live five minutes",
				fmt.Sprintf("by this machine's clock (%s) the token lives until %s", e.Now.UTC().Format(time.RFC3339), end.Format(time.RFC3339)))
		}
		return said(TokenExpired, "run the job again; if it stays so, check the runner's clock and network",
			"the token was too old when it reached AWS: GitHub's tokens live five minutes")
	case "SignatureDoesNotMatch", "RequestTimeTooSkewed", "RequestExpired":
		return said(ClockSkew, "set the runner's clock (NTP); AWS refuses requests whose time differs by more than some minutes",
			fmt.Sprintf("this machine's clock says %s, AWS's %s", e.Now.UTC().Format(time.RFC3339), orUnknown(d.At)))
	case "ValidationError":
		switch {
		case strings.Contains(d.Message, "1 hour session limit"):
			return said(DurationOverChainingHour, "ask for at most 3600 seconds on a role that is assumed with a session's credentials")
		case strings.Contains(d.Message, "MaxSessionDuration"):
			return said(DurationOverRoleMaximum, "lower role-duration-seconds (or the hop's duration-seconds), or raise the role's maximum session duration:\n"+
				"aws iam update-role --role-name "+roleName(d.Role)+" --max-session-duration 43200")
		}
		return said(InvalidInput, "correct the input that the message names")
	case "InvalidParameterValue", "MalformedPolicyDocument":
		return said(InvalidInput, "correct the session policy or the tags that the message names")
	case "PackedPolicyTooLarge", "PackedPolicyTooLargeException":
		return said(SessionPolicyTooLarge, "shorten inline-session-policy, name fewer managed-session-policies, or send fewer tags",
			"AWS packs session policies and tags into one space, whose share the message names")
	case "RegionDisabledException":
		return said(RegionDisabled, "enable the region in the role's account (IAM console, Account settings, STS), or set aws-region to one that is enabled",
			"STS is not active in this region for the role's account")
	case "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException":
		return said(Throttled, "give the step more time (action-timeout-s) or run fewer jobs at once (strategy.max-parallel)",
			"many calls at once in this account and region")
	case "IDPCommunicationError":
		return said(Throttled, "run the job again", "AWS could not reach the token's issuer in time")
	case "IDPRejectedClaim":
		return said(WebIdentityNotAuthorized, "run the job again", "the token was refused as invalid or revoked")
	case "InvalidClientTokenId", "ExpiredToken":
		return said(ChainedRoleRefused, "run the job again; in a region that is switched off by default, enable it in the caller's account",
			"AWS does not accept the credentials of the hop before")
	}
	if d.Status >= 500 {
		return said(STSUnreachable, "run the job again; if it stays so, look at AWS's health dashboard")
	}
	if d.Action == "sts:AssumeRoleWithWebIdentity" {
		return said(WebIdentityNotAuthorized, "")
	}
	return said(ChainedRoleRefused, "")
}

type sayFunc func(code Code, cure string, causes ...string) Diagnosis

func accessDenied(d *Denial, e Evidence, said sayFunc) Diagnosis {
	if d.Action == "sts:AssumeRoleWithWebIdentity" {
		causes := []string{"the role's trust policy does not let this token in, or there is no such role: AWS says the same for both"}
		if sub := e.Claims.Get("sub"); sub != "" {
			causes = append(causes, fmt.Sprintf("the token's subject is %q, its audience %q, its issuer %q: the trust policy has to admit all three, in this case and spelling",
				sub, strings.Join(e.Claims.Audiences(), ", "), e.Claims.Get("iss")))
		}
		return said(WebIdentityNotAuthorized, "compare the trust policy's conditions with these claims; CloudTrail of account "+account(d.Role)+" shows the same subject as userIdentity.userName", causes...)
	}
	switch {
	case strings.Contains(d.Message, "sts:TagSession"):
		return said(TagSessionRefused, "allow sts:TagSession beside sts:AssumeRole in the trust policy of "+d.Role+" and in the caller's permissions, or send no tags",
			"this hop sends session tags, and that takes a permission of its own")
	case strings.Contains(d.Message, "sts:SetSourceIdentity"):
		return said(SourceIdentityRefused, "allow sts:SetSourceIdentity beside sts:AssumeRole in the trust policy of "+d.Role+" and in the caller's permissions",
			"the session carries a source identity, and that takes a permission at every hop")
	}
	external := "the trust policy asks for an sts:ExternalId and this hop sends none"
	if d.ExternalID {
		external = "the trust policy asks for another sts:ExternalId than this hop sends"
	}
	return said(ChainedRoleRefused,
		"allow sts:AssumeRole on "+d.Role+" in the caller's permissions, and name the caller in that role's trust policy",
		"the caller's own permissions do not allow it: "+d.Caller,
		"the trust policy of "+d.Role+" does not name the caller",
		external,
		"there is no such role")
}

func invalidToken(d *Denial, e Evidence, said sayFunc) Diagnosis {
	issuer := e.Claims.Get("iss")
	switch {
	case strings.Contains(d.Message, "No OpenIDConnect provider"):
		return said(ProviderMissing, "create the provider in account "+account(d.Role)+":\naws iam create-open-id-connect-provider --url "+orText(issuer, "https://token.actions.githubusercontent.com")+
			" --client-id-list "+orText(strings.Join(e.Claims.Audiences(), " "), "sts.amazonaws.com"),
			"account "+account(d.Role)+" has no identity provider for "+orText(issuer, "the token's issuer"))
	case strings.Contains(d.Message, "Incorrect token audience"):
		return said(AudienceNotRegistered, "add the audience to the provider, or set the input audience to one that it has:\n"+
			"aws iam add-client-id-to-open-id-connect-provider --client-id "+orText(strings.Join(e.Claims.Audiences(), " "), "<audience>")+
			" --open-id-connect-provider-arn arn:"+partition(d.Role)+":iam::"+account(d.Role)+":oidc-provider/"+strings.TrimPrefix(issuer, "https://"),
			fmt.Sprintf("the token's audience %q is not in the client id list of the provider in account %s", strings.Join(e.Claims.Audiences(), ", "), account(d.Role)))
	case strings.HasPrefix(d.Message, "Couldn't retrieve verification key"):
		return said(Throttled, "run the job again, or run fewer jobs at once (strategy.max-parallel)",
			"AWS could not fetch the issuer's keys in time, as happens when many jobs start at once")
	}
	return said(WebIdentityNotAuthorized, "", "AWS does not accept the token itself")
}

func account(role string) string   { return field(role, 4) }
func partition(role string) string { return field(role, 1) }

// field is a part of an ARN.
func field(arn string, n int) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return "?"
	}
	return parts[n]
}

func roleName(role string) string { return role[strings.LastIndexByte(role, '/')+1:] }

func orUnknown(t time.Time) string {
	if t.IsZero() {
		return "is unknown"
	}
	return t.UTC().Format(time.RFC3339)
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
