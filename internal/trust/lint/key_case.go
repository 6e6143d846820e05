package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

var keyCase = Rule{
	ID:       "key-case",
	Severity: Error,
	Summary:  "condition keys differ in case only",
	Why: "Names of condition keys are case-insensitive, so the two are one key, and JSON tools see two. What IAM makes of them is not documented; " +
		"here both must match. Access Analyzer reports DUPLICATE_KEYS_WITH_DIFFERENT_CASE.",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			for i, c := range s.Conditions {
				if c.Key == "" || c.Unknown != nil {
					continue
				}
				first := slices.IndexFunc(s.Conditions[:i], func(other trust.Condition) bool {
					return other.Unknown == nil && other.Operator == c.Operator && strings.EqualFold(other.Key, c.Key)
				})
				if first >= 0 {
					other := s.Conditions[first]
					in.propose(Error, s, c.Pos, fmt.Sprintf("%s on %q repeats %q (line %d); condition keys are case-insensitive", c.Operator, c.Key, other.Key, other.Pos.Line),
						mergeConditions(other, c))
				}
			}
		}
	},
}

// mergeConditions proposes one condition with the values of two.
func mergeConditions(first, second trust.Condition) remedy {
	return edited(fmt.Sprintf("use one %q with a list of both values", first.Key), func(st *trust.Statement) {
		st.Conditions = slices.DeleteFunc(st.Conditions, func(c trust.Condition) bool { return c.Pos == second.Pos })
		for i, c := range st.Conditions {
			if c.Pos == first.Pos {
				st.Conditions[i].Values = append(slices.Clone(c.Values), second.Values...)
			}
		}
	})
}
