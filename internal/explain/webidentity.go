package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
)

// tokenRefused diagnoses AWS's most silent answer: by the role's trust policy
// if it is at hand, else by what is particular about the token.
func tokenRefused(d *Denial, e Evidence) Diagnosis {
	claims := e.claimsOf(d)
	diagnosis := refusal(d, e, WebIdentityNotAuthorized)
	hand := e.policyOf(d)
	if hand.policy == nil || claims == nil {
		diagnosis.Open = true
		diagnosis.Causes = suspicions(newToken(claims), d.Role)
		diagnosis.Cure = lines(wantPolicy(d.Role, hand), pasteTrust(claims, d.Role))
		return diagnosis
	}
	v := review(hand.policy, newWebIdentity(claims, d, e))
	diagnosis.Code = v.code(diagnosis.Code)
	if v.outcome == admitted {
		diagnosis.Open = true
		diagnosis.Causes = []string{
			fmt.Sprintf("%s admits this token: the policy that the role has in AWS is another", v.statementIn(hand.file)),
			noSuchRole(d.Role),
		}
		diagnosis.Cure = comparePolicies(d.Role, hand.file)
		return diagnosis
	}
	diagnosis.Open = v.outcome == perhaps
	diagnosis.Causes = []string{v.cause(hand.file)}
	diagnosis.Cure = v.cure(hand.file, d.Role)
	if diagnosis.Code == ExternalID {
		diagnosis.Cure = "take that condition out: a role that is assumed with a token is sent no external id"
	}
	if v.outcome == refused || v.outcome == unmentioned {
		diagnosis.Cure = lines(diagnosis.Cure, pasteTrust(claims, d.Role))
	}
	return diagnosis
}

// providerMissing diagnoses an answer that is clear about the account and not
// about what the role trusts in place of the token's issuer.
func providerMissing(d *Denial, e Evidence) Diagnosis {
	claims := e.claimsOf(d)
	diagnosis := refusal(d, e, ProviderMissing)
	t := newToken(claims)
	diagnosis.Causes = []string{fmt.Sprintf("account %s has no identity provider for %s", account(d.Role), orText(cut(claims.Get("iss")), "the token's issuer"))}
	if hand := e.policyOf(d); hand.policy != nil {
		if v := review(hand.policy, newWebIdentity(claims, d, e)); v.outcome == refused && v.code("") == ProviderOtherIssuer {
			diagnosis.Code = ProviderOtherIssuer
			diagnosis.Causes = append(diagnosis.Causes, v.cause(hand.file))
		}
	} else if t.provider != defaultProvider {
		diagnosis.Open = true
		diagnosis.Causes[0] = fmt.Sprintf("%s: %s", ProviderMissing, diagnosis.Causes[0])
		diagnosis.Causes = append(diagnosis.Causes, fmt.Sprintf("%s: account and role may know https://%s, and this token has another issuer", ProviderOtherIssuer, defaultProvider))
	}
	diagnosis.Cure = fmt.Sprintf("create the provider in account %s:\naws iam create-open-id-connect-provider --url %s --client-id-list %s", account(d.Role),
		orText(cut(claims.Get("iss")), "https://"+defaultProvider), orText(cut(strings.Join(claims.Audiences(), " ")), "sts.amazonaws.com"))
	return diagnosis
}

const defaultProvider = "token.actions.githubusercontent.com"

// webIdentity is a refused AssumeRoleWithWebIdentity.
type webIdentity struct {
	token token
	asks  trust.Request
}

func newWebIdentity(claims oidc.Claims, d *Denial, e Evidence) webIdentity {
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
		return gap{ProviderOtherIssuer, otherParty}
	}
	return gap{"", otherParty}
}

func (w webIdentity) gap(t test) gap {
	provider, claim := trust.SplitKey(strings.ToLower(t.Key))
	switch {
	case isExternalID(t.Key):
		return gap{ExternalID, slip}
	case provider == "aws" || provider == "sts":
		return gap{"", nearKind}
	case provider != strings.ToLower(w.token.provider) || !slices.Contains(trust.ConditionKeys(provider), claim):
		return gap{UnknownConditionKey, slip}
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

func hasKey(ctx trust.Context, key string) bool {
	for known, values := range ctx {
		if strings.EqualFold(known, key) && len(values) > 0 {
			return true
		}
	}
	return false
}

// The sentences that several diagnoses share.

func noSuchRole(role string) string {
	return fmt.Sprintf("account %s has no role %s", account(role), quote(roleName(role)))
}

func wantPolicy(role string, hand atHand) string {
	if hand.reason != "" {
		return hand.reason
	}
	return fmt.Sprintf("none of this is certain without the role's trust policy; give it with trust-policy-file to learn which condition decides:\n"+
		"aws iam get-role --role-name %s > %[1]s.json", roleName(role))
}

func comparePolicies(role, file string) string {
	return fmt.Sprintf("compare %s with what AWS has:\naws iam get-role --role-name %s --query Role.AssumeRolePolicyDocument", file, roleName(role))
}

func pasteTrust(claims oidc.Claims, role string) string {
	text := TrustStatement(claims, role)
	if text == "" {
		return ""
	}
	return fmt.Sprintf("this statement, in the trust policy of role %s, admits runs like this one and no others:\n%s", quote(roleName(role)), text)
}

// lines joins what is not empty.
func lines(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), "\n")
}
