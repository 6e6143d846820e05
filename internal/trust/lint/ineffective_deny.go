package lint

import (
	"fmt"
	"slices"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var ineffectiveDeny = Rule{
	ID:       "ineffective-deny",
	Severity: Error,
	Summary:  "a Deny statement does not deny what it says",
	Why: "A Deny that matches no token protects nothing. A web identity is not an AWS principal, so a Deny for accounts, users or roles does not apply to it. " +
		"Sources disagree about {\"AWS\": \"*\"}: the IAM user guide calls it equivalent to \"*\", " +
		"the AWS CDK documentation says that some services treat them differently. \"*\" is unambiguous.",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			if s.Effect != trust.Deny {
				continue
			}
			if !in.checkDenied(s) {
				for _, c := range s.Conditions {
					in.checkDeny(s, c)
				}
			}
		}
	},
}

// checkDenied reports a Deny statement about GitHub's claims that applies to
// no web identity, by its principal or by its action.
func (in *inspection) checkDenied(s trust.Statement) bool {
	aboutClaims := slices.ContainsFunc(s.Conditions, func(c trust.Condition) bool {
		provider, _ := trust.SplitKey(c.Key)
		return trust.IsGitHub(provider)
	})
	concerns := func(s trust.Statement) bool {
		return slices.ContainsFunc(in.grants, func(g grant.Grant) bool { return g.MayCover(s) })
	}
	if !aboutClaims || len(in.grants) == 0 || concerns(s) {
		return false
	}
	anyAction := s
	anyAction.Action = trust.ActionElement{Values: []trust.Value{trust.NewValue("*", s.Pos)}}
	if concerns(anyAction) {
		in.propose(Error, s, s.Action.Pos, "the Deny statement does not apply to "+trust.WebIdentityAction+"; it denies no token of GitHub", onlyWebIdentity(s))
		return true
	}
	message := "the principal of the Deny statement does not include GitHub's provider; it denies no token of GitHub"
	if slices.ContainsFunc(s.Principal.Entries, func(e trust.PrincipalEntry) bool { return e.Type == "AWS" && e.ID == "*" }) {
		message = `whether {"AWS": "*"} covers web identities is disputed; the Deny statement may deny no token of GitHub`
	}
	in.propose(Error, s, s.Principal.Pos, message, edited(`use "Principal": "*"`, func(st *trust.Statement) {
		st.Principal = trust.PrincipalElement{Pos: st.Principal.Pos, Any: true}
	}))
	return true
}

func (in *inspection) checkDeny(s trust.Statement, c trust.Condition) {
	provider, claim := trust.SplitKey(c.Key)
	if !trust.IsGitHub(provider) || c.Unknown != nil {
		return
	}
	if !trust.IsConditionKey(c.Key) {
		follows := "the statement never denies"
		if !grant.FailsWithoutKey(c.Operator) {
			follows = "the condition always matches, and the statement may deny every token"
		}
		why := fmt.Sprintf("condition key %q does not exist", c.Key)
		if trust.IsClaimOnly(claim) {
			why = fmt.Sprintf("%s is a claim of the token, but IAM has no condition key for it", claim)
		}
		r := remedy{}
		if key, value := insteadOf(grant.Grant{Providers: []string{provider}}, c); key != "" {
			r = changeCondition(use(line(key, value)), c, func(c *trust.Condition) {
				c.Key, c.Operator, c.Values = key, trust.Operator{Base: c.Operator.Base}, []trust.Value{trust.NewValue(value, c.Pos)}
			})
		}
		in.propose(Error, s, c.Pos, why+"; "+follows, r)
		return
	}
	for _, v := range c.Values {
		if literalWildcard(c.Operator, v) {
			like := trust.Operator{Base: "StringLike"}
			if c.Operator.Negated() {
				like.Base = "StringNotLike"
			}
			in.propose(Error, s, v.Pos, fmt.Sprintf("%s does not support wildcards; %q never matches", c.Operator, v.Text),
				changeCondition(fmt.Sprintf("use %s instead of %s", like, c.Operator), c, func(c *trust.Condition) { *c = c.With(like) }))
		}
	}
}
