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
	Summary:  "a condition tests the AWS identity of a caller who has none yet",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				if !aboutCaller(c.Key) {
					continue
				}
				follows := "demands nothing"
				if grant.FailsWithoutKey(c.Operator) {
					follows = "never holds"
				}
				in.report(Warning, c.Pos, fmt.Sprintf("%s is empty while a token is exchanged, since the caller has no AWS identity yet: %s %s",
					c.Key, c.Operator, follows), "a condition on the token's claims")
			}
		}
	},
}

// callerKeys are filled from the credentials that sign a request, or from
// parameters that only AssumeRole has; the exchange of a token has neither.
var callerKeys = []string{
	"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:userid", "aws:username",
	"aws:multifactorauthage", "aws:multifactorauthpresent", "aws:tokenissuetime", "sts:externalid",
}

func aboutCaller(key string) bool {
	key = strings.ToLower(key)
	return strings.HasPrefix(key, "aws:principaltag/") || slices.Contains(callerKeys, key)
}
