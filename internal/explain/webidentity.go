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

// tokenRefused diagnoses AWS's most silent answer: by the role's trust policy
// if it is at hand, else by what is particular about the token.
func tokenRefused(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	claims := e.claimsOf(d)
	result := refusal(d, e, diagnosis.WebIdentityNotAuthorized)
	hand := e.policyOf(d)
	if len(hand.policies) == 0 || claims == nil {
		result.Open = true
		result.Causes = suspicions(newToken(claims), d.Role, hand)
		result.Cure = diagnosis.Lines(hand.want(d.Role), newWebIdentity(claims, d, e).remedy(d.Role, hand))
		return result
	}
	w := newWebIdentity(claims, d, e)
	v := review(hand.policies, w)
	result.Code = v.code(result.Code)
	if v.outcome == admitted {
		result.Open = true
		result.Causes = []string{
			fmt.Sprintf("%s admits this token: the policy that the role has in AWS is another", v.statementIn(hand.file)),
			noSuchRole(d.Role),
		}
		result.Cure = comparePolicies(d.Role, hand.file)
		return result
	}
	result.Open = v.outcome == perhaps
	result.Causes = []string{v.cause(hand.file)}
	result.Cure = v.cure(hand.file, d.Role)
	if result.Code == diagnosis.ExternalID {
		result.Cure = "take that condition out: a role that is assumed with a token is sent no external id"
	}
	if v.outcome == refused || v.outcome == unmentioned {
		result.Cure = diagnosis.Lines(result.Cure, w.remedy(d.Role, hand))
	}
	return result
}

// providerMissing diagnoses an answer that is clear about the account and not
// about what the role trusts in place of the token's issuer.
func providerMissing(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	claims := e.claimsOf(d)
	result := refusal(d, e, diagnosis.ProviderMissing)
	t := newToken(claims)
	result.Causes = []string{fmt.Sprintf("account %s has no identity provider for %s", arn.Account(d.Role), orText(cut(claims.Get("iss")), "the token's issuer"))}
	hand := e.policyOf(d)
	if hand.nearest != "" {
		result.Causes = append(result.Causes, hand.reason)
	}
	if len(hand.policies) > 0 {
		if v := review(hand.policies, newWebIdentity(claims, d, e)); v.outcome == refused && v.code("") == diagnosis.ProviderOtherIssuer {
			result.Code = diagnosis.ProviderOtherIssuer
			result.Causes = append(result.Causes, v.cause(hand.file))
		}
	} else if t.provider != oidc.GitHubHost {
		result.Open = true
		result.Causes[0] = fmt.Sprintf("%s: %s", diagnosis.ProviderMissing, result.Causes[0])
		result.Causes = append(result.Causes, fmt.Sprintf("%s: account and role may know %s, and this token has another issuer", diagnosis.ProviderOtherIssuer, oidc.GitHubIssuer))
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

// unseen: what IAM knows beyond the token and the request begins with aws:.
func (w webIdentity) unseen(key string) bool {
	return strings.HasPrefix(strings.ToLower(key), "aws:") && !hasKey(w.asks.Context, key)
}

// concerns leaves out what is meant for roles, users and services.
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
	return t.nearest(func(want string, wildcards bool) gap { return w.token.claimGap(claim, want, wildcards) })
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

// withMissingRole adds to the possible causes that there is no such role: as
// the last one, or, if its name seems misspelt, as the first.
func (h atHand) withMissingRole(causes []string, role string) []string {
	if h.nearest != "" {
		return slices.Insert(causes, 0, h.reason)
	}
	return append(causes, noSuchRole(role))
}

// want says how to get the policy that is not at hand.
func (h atHand) want(role string) string {
	switch {
	case h.nearest != "":
		return fmt.Sprintf("correct the ARN if %s is meant; else see whether the role exists (NoSuchEntity: it does not), with a profile of account %s:\n%s", h.nearest, arn.Account(role), getRole(role))
	case h.reason != "":
		return h.reason
	}
	return fmt.Sprintf("none of this is certain without the role's trust policy; save it with a profile of account %s and set trust-policy-file to learn which condition decides:\n%s", arn.Account(role), getRole(role))
}

// getRole is the command that saves what AWS has of a role, in a file of its
// own for each role of that name.
func getRole(role string) string {
	return fmt.Sprintf("%s > %s-%s.json", awsRole("get-role", role), arn.Account(role), arn.Role(role).Name())
}

// awsRole begins a command of AWS's about a role.
func awsRole(command, role string) string {
	return fmt.Sprintf("aws iam %s --profile PROFILE --role-name %s", command, arn.Role(role).Name())
}

func comparePolicies(role, file string) string {
	return fmt.Sprintf("compare %s with what AWS has, with a profile of account %s:\n%s --query Role.AssumeRolePolicyDocument", file, arn.Account(role), awsRole("get-role", role))
}

// remedy is the advice to add a statement to the role's trust policy, or why
// there is none. A role that may be misspelt gets none.
func (w webIdentity) remedy(role string, present atHand) string {
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
	return fmt.Sprintf("if this run is meant to have access, add this statement to the trust policy of role %s; it admits %s:\n%s", quote(arn.Role(role).Name()), p.Admits, p.Statement)
}
