package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
)

// tokenRefused diagnoses the answer of AWS that says least: by the role's trust
// policy if it is available, else by what is particular about the token.
func tokenRefused(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	claims := e.claimsOf(d)
	result := refusal(d, e, diagnosis.WebIdentityNotAuthorized)
	known := e.policyOf(d)
	if len(known.policies) == 0 || claims == nil {
		result.Open = true
		result.Causes, result.NotRuledOut = suspicions(newToken(claims), d.Role, known)
		result.Cure = diagnosis.Lines(known.howToGet(d.Role), newWebIdentity(claims, d, e).remedy(d.Role, known))
		return result
	}
	w := newWebIdentity(claims, d, e)
	v := review(known.policies, w)
	result.Code = v.code(result.Code)
	if v.outcome == admitted {
		result.Open = true
		result.Causes = []string{fmt.Sprintf("%s admits this token, so the role has another policy in AWS", v.statementIn(known.file))}
		result.NotRuledOut = []string{noSuchRole(d.Role)}
		result.Cure = comparePolicies(d.Role, known.file)
		return result
	}
	result.Open = v.outcome == perhaps
	result.Causes = []string{v.cause(known.file)}
	result.Cure = v.cure(known.file, d.Role)
	if result.Code == diagnosis.ExternalID {
		result.Cure = "remove that condition: a role that is assumed with a token gets no external id"
	}
	if v.outcome == refused || v.outcome == unmentioned {
		result.Cure = diagnosis.Lines(result.Cure, w.remedy(d.Role, known))
	}
	return result
}

// providerMissing diagnoses an answer that is clear about the account, but not
// about which provider the role trusts.
func providerMissing(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	claims := e.claimsOf(d)
	result := refusal(d, e, diagnosis.ProviderMissing)
	t := newToken(claims)
	result.Causes = []string{fmt.Sprintf("account %s has no identity provider for %s", arn.Account(d.Role), orText(cut(claims.Get("iss")), "the token's issuer"))}
	known := e.policyOf(d)
	if known.nearest != "" {
		result.Causes = append(result.Causes, known.reason)
	}
	if len(known.policies) > 0 {
		if v := review(known.policies, newWebIdentity(claims, d, e)); v.outcome == refused && v.code("") == diagnosis.ProviderOtherIssuer {
			result.Code = diagnosis.ProviderOtherIssuer
			result.Causes = append(result.Causes, v.cause(known.file))
		}
	} else if t.provider != oidc.GitHubHost {
		result.Open = true
		result.Causes[0] = fmt.Sprintf("%s: %s", diagnosis.ProviderMissing, result.Causes[0])
		result.Causes = append(result.Causes, fmt.Sprintf("%s: the account and the role may be set up for %s, and this token has another issuer", diagnosis.ProviderOtherIssuer, oidc.GitHubIssuer))
	}
	result.Cure = fmt.Sprintf("check account %s in the role's ARN, which may be mistyped; if it is right, create the provider there, with a profile of that account:\n"+
		"aws iam create-open-id-connect-provider --profile PROFILE --url %s --client-id-list %s", arn.Account(d.Role),
		orText(cut(claims.Get("iss")), oidc.GitHubIssuer), orText(cut(strings.Join(claims.Audiences(), " ")), oidc.DefaultAudience))
	return result
}

// webIdentity is a refused AssumeRoleWithWebIdentity.
type webIdentity struct {
	token token
	asks  trust.Request
}

func newWebIdentity(claims oidc.Claims, d *diagnosis.Denial, e Evidence) webIdentity {
	t := newToken(claims)
	return webIdentity{t, trust.Request{
		Action:    trust.WebIdentityAction,
		Principal: trust.Principal{Type: "Federated", ID: t.providerARN(d.Role)},
		Context:   requestContext(e.at(d), d.Sent, trust.WebIdentityContext(claims)),
	}}
}

func (w webIdentity) request() trust.Request { return w.asks }

// unseen reports whether the key is one of AWS's that the request does not have:
// only AWS knows its value.
func (w webIdentity) unseen(key string) bool {
	return strings.HasPrefix(strings.ToLower(key), "aws:") && !hasKey(w.asks.Context, key)
}

// concerns leaves out statements for roles, users and services.
func (w webIdentity) concerns(s trust.StatementResult) bool {
	return s.Principal.Matched || s.Action.Matched && slices.ContainsFunc(s.Principal.Expected, func(p string) bool {
		return strings.HasPrefix(p, "Federated: ")
	})
}

func (w webIdentity) elsewhere(element string) gap {
	if element == "Principal" {
		return gap{diagnosis.ProviderOtherIssuer, otherParty}
	}
	return gap{"", otherParty}
}

func (w webIdentity) gap(t test) gap {
	provider, claim := trust.SplitKey(strings.ToLower(t.Key))
	switch {
	case isExternalID(t.Key):
		return gap{diagnosis.ExternalID, slip}
	case provider == "aws" || provider == "sts":
		return gap{"", nearKind}
	case provider != strings.ToLower(w.token.provider) || !slices.Contains(trust.ConditionKeys(provider), claim):
		return gap{diagnosis.UnknownConditionKey, slip}
	case !w.token.fromGitHub() && claim != "aud":
		return gap{"", nearKind}
	case t.excludes && (claim == "sub" || claim == "ref"):
		return gap{w.token.subject.context().kind().code(), nearKind}
	case t.excludes || t.operator.Base == "Null" || !t.Present:
		return gap{claimCodes[claim], nearKind}
	case claim == "sub":
		return t.nearest(w.token.subject.gap)
	}
	return t.nearest(func(expected string, wildcards bool) gap { return w.token.claimGap(claim, expected, wildcards) })
}

// requestContext joins the condition keys of a request with those that every
// one has. The later ones count.
func requestContext(at time.Time, more ...trust.Context) trust.Context {
	ctx := trust.Context{"aws:SecureTransport": {"true"}}
	if !at.IsZero() {
		ctx["aws:CurrentTime"] = []string{at.UTC().Format(time.RFC3339)}
		ctx["aws:EpochTime"] = []string{strconv.FormatInt(at.Unix(), 10)}
	}
	for _, keys := range more {
		for key, values := range keys {
			ctx[key] = values
		}
	}
	return ctx
}

// keyOf returns the values of a condition key.
func keyOf(ctx trust.Context, key string) []string {
	for known, values := range ctx {
		if strings.EqualFold(known, key) {
			return values
		}
	}
	return nil
}

func hasKey(ctx trust.Context, key string) bool { return len(keyOf(ctx, key)) > 0 }

// The sentences that several diagnoses share.

func noSuchRole(role string) string {
	return fmt.Sprintf("account %s has no role %s", arn.Account(role), quote(arn.Role(role).Name()))
}

// withMissingRole adds that there is no such role: as the first cause if its
// name seems misspelled, else to those that are not ruled out.
func (h rolePolicy) withMissingRole(causes, notRuledOut []string, role string) ([]string, []string) {
	if h.nearest != "" {
		return slices.Insert(causes, 0, h.reason), notRuledOut
	}
	return causes, append(notRuledOut, noSuchRole(role))
}

// howToGet says how to get the policy that is missing.
func (h rolePolicy) howToGet(role string) string {
	switch {
	case h.nearest != "":
		return fmt.Sprintf("correct the ARN if you mean %s; otherwise check that the role exists (NoSuchEntity: it does not), with a profile of account %s:\n%s", h.nearest, arn.Account(role), getRole(role))
	case h.reason != "":
		return h.reason
	}
	return fmt.Sprintf("the role's trust policy shows which condition decides; save it with a profile of account %s (NoSuchEntity: the role does not exist; check the ARN) and set trust-policy-file:\n%s", arn.Account(role), getRole(role))
}

// getRole is the command that saves the role and its policy, in a file named
// after account and role.
func getRole(role string) string {
	return fmt.Sprintf("%s > %s-%s.json", awsRole("get-role", role), arn.Account(role), arn.Role(role).Name())
}

// awsRole is the beginning of an AWS CLI command about a role.
func awsRole(command, role string) string {
	return fmt.Sprintf("aws iam %s --profile PROFILE --role-name %s", command, arn.Role(role).Name())
}

func comparePolicies(role, file string) string {
	return fmt.Sprintf("compare %s with the role's policy in AWS, with a profile of account %s:\n%s --query Role.AssumeRolePolicyDocument", file, arn.Account(role), awsRole("get-role", role))
}

// remedy is the advice to add a statement to the role's trust policy, or why
// there is none. A role that may be misspelled gets none.
func (w webIdentity) remedy(role string, present rolePolicy) string {
	if present.nearest != "" {
		return ""
	}
	p, reason := w.propose(role, present)
	switch {
	case reason != "":
		return "no statement is proposed for the trust policy: " + reason
	case p.Statement == "":
		return ""
	}
	return fmt.Sprintf("If this run is meant to have access, add this statement to the trust policy of role %s; it admits %s:\n%s", quote(arn.Role(role).Name()), p.Admits, p.Statement)
}
