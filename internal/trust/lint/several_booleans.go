package lint

import (
	"fmt"
)

var severalBooleans = Rule{
	ID:       "several-booleans",
	Severity: Error,
	Summary:  "a condition lists several Booleans",
	Why: "Bool and Null take one value. A list of true and false matches every request that has the key, or every request at all. " +
		"Access Analyzer reports INVALID_CONDITION_MULTIPLE_BOOLEAN.",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			for _, c := range s.Conditions {
				if len(c.Values) > 1 && (c.Operator.Base == "Bool" || c.Operator.Base == "Null") {
					in.report(Error, c.Pos, fmt.Sprintf("%s on %s has %d values; use one, true or false", c.Operator, c.Key, len(c.Values)))
				}
			}
		}
	},
}
