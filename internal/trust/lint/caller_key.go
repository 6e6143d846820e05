package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var callerKey = Rule{
	ID:       "caller-key",
	Severity: Warning,
	Summary:  "a condition tests a key that no token exchange fills",
	Why: "A workflow that exchanges its token has no AWS identity yet. Keys about the calling principal, its multi-factor authentication " +
		"or an external id are in AssumeRole requests only.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				if !aboutCaller(c.Key) {
					continue
				}
				follows, r := "always matches", removeIdle(c)
				if grant.FailsWithoutKey(c.Operator) {
					follows, r = "never matches", removeImpossible(c)
				}
				in.propose(Warning, g.Statement, c.Pos, fmt.Sprintf("%s is not set in a token exchange, because the caller has no AWS identity yet; %s %s",
					c.Key, c.Operator, follows), r)
			}
		}
	},
}

// callerKeys are filled from the credentials that sign a request, or from
// parameters that only AssumeRole has; the exchange of a token has neither.
var callerKeys = []string{
	"aws:arn", "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:userid", "aws:username",
	"aws:multifactorauthage", "aws:multifactorauthpresent", "aws:tokenissuetime", "sts:externalid",
}

func aboutCaller(key string) bool {
	key = strings.ToLower(key)
	return strings.HasPrefix(key, "aws:principaltag/") || slices.Contains(callerKeys, key)
}
