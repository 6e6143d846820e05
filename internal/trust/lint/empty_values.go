package lint

import "fmt"

var emptyValues = Rule{
	ID:       "empty-values",
	Severity: Error,
	Summary:  "a condition lists no values",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				if len(c.Values) > 0 || c.Unknown != nil {
					continue
				}
				follows := "never holds"
				if c.Operator.Negated() {
					follows = "excludes nobody"
				}
				in.report(Error, c.Pos, fmt.Sprintf("%s on %s lists no values: it %s", c.Operator, c.Key, follows), "the value that is meant, or no condition")
			}
		}
	},
}
