package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var ineffectiveDeny = Rule{
	ID:       "ineffective-deny",
	Severity: Error,
	Summary:  "a Deny statement does not do what it says",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			if s.Effect != trust.Deny {
				continue
			}
			for _, c := range s.Conditions {
				in.checkDeny(c)
			}
		}
	},
}

func (in *inspection) checkDeny(c trust.Condition) {
	provider, claim := trust.SplitKey(c.Key)
	if !trust.IsGitHub(provider) || c.Unknown != nil {
		return
	}
	if !trust.IsConditionKey(c.Key) {
		follows := "the statement denies nothing by it"
		if !grant.FailsWithoutKey(c.Operator) {
			follows = "it holds for every token, so that all may be denied"
		}
		why := fmt.Sprintf("condition key %q does not exist", c.Key)
		if trust.IsClaimOnly(claim) {
			why = fmt.Sprintf("%s is a claim of the token, but AWS has no condition key for it", claim)
		}
		key, rewrite := insteadOf(grant.Grant{Providers: []string{strings.ToLower(provider)}}, c)
		if key != "" {
			rewrite = line(key, rewrite)
		}
		in.report(Error, c.Pos, why+": "+follows, rewrite)
		return
	}
	for _, v := range c.Values {
		if literalWildcard(c.Operator, v) {
			in.report(Error, v.Pos, fmt.Sprintf("%s does not support wildcards: %q never matches", c.Operator, v.Text), "StringLike or StringNotLike")
		}
	}
}
