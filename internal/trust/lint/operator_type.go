package lint

import (
	"fmt"
	"strings"
)

var operatorType = Rule{
	ID:       "operator-type",
	Severity: Error,
	Summary:  "an operator compares a claim as something that it is not",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				claim, ok := g.Claim(c.Key)
				if !ok || strings.HasPrefix(c.Operator.Base, "String") || c.Operator.Base == "Null" {
					continue
				}
				if strings.HasPrefix(c.Operator.Base, "Numeric") && strings.HasSuffix(claim, "_id") {
					continue
				}
				follows := "never holds"
				if c.Operator.Negated() {
					follows = "always holds and excludes nobody"
				}
				in.report(Error, c.Pos, fmt.Sprintf("%s is text, so that %s %s", claim, c.Operator, follows), "StringEquals, or StringLike for wildcards")
			}
		}
	},
}
