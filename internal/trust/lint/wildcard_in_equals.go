package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

var wildcardInEquals = Rule{
	ID:       "wildcard-in-equals",
	Severity: Error,
	Summary:  "StringEquals does not support wildcards",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.Constraints {
				for _, v := range c.Values {
					if !literalWildcard(c.Operator, v) {
						continue
					}
					follows := "never matches"
					if c.Operator.Negated() {
						follows = "excludes nobody"
					}
					in.report(Error, v.Pos, fmt.Sprintf("%s does not support wildcards: %q %s", c.Operator, v.Text, follows),
						fmt.Sprintf("the whole %s without a wildcard; only if several are meant, StringLike", c.Claim))
				}
			}
		}
	},
}

// literalWildcard reports whether a wildcard in v is compared as a character.
func literalWildcard(o trust.Operator, v trust.Value) bool {
	return strings.HasPrefix(o.Base, "String") && !o.Wildcards() && !v.HasVariables() &&
		strings.ContainsAny(v.Pattern(o).Literals(), "*?")
}
