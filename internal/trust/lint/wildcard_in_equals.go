package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var wildcardInEquals = Rule{
	ID:       "wildcard-in-equals",
	Severity: Error,
	Summary:  "StringEquals does not support wildcards",
	Why: "An operator without Like compares * and ? as characters, which no claim has. If several values are meant, use StringLike. " +
		"Access Analyzer reports WILDCARD_WITHOUT_LIKE_OPERATOR.",
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
					in.propose(Error, g.Statement, v.Pos, fmt.Sprintf("%s does not support wildcards; %q %s", c.Operator, v.Text, follows), oneValue(g, c, v))
				}
			}
		}
	},
}

// oneValue proposes one value that the pattern v would match, if it were read
// as one.
func oneValue(g grant.Grant, c grant.Constraint, v trust.Value) remedy {
	p := trust.NewPattern(v.Text)
	switch {
	case c.Operator.Negated() || c.Claim == "sub" && grant.ParseSubject(p).Malformed:
		return remedy{}
	case c.Claim == "sub":
		return narrowValue(g, c, v, grant.ParseSubject(p))
	case c.Claim == "ref" || c.Claim == "environment":
		return narrowContext(g, c, v, grant.Subject{})
	}
	return remedy{}
}

// literalWildcard reports whether a wildcard in v is compared as a character.
func literalWildcard(o trust.Operator, v trust.Value) bool {
	return strings.ContainsAny(v.Text, "*?") && strings.HasPrefix(o.Base, "String") && !o.Wildcards() && !v.HasVariables() &&
		strings.ContainsAny(v.Pattern(o).Literals(), "*?")
}
