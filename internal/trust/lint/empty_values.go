package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
)

var emptyValues = Rule{
	ID:       "empty-values",
	Severity: Error,
	Summary:  "a condition, an action or a principal has no values",
	Why: "An empty list matches nothing. Access Analyzer says of an empty condition both that it is true and that the statement provides no permissions; " +
		"here it is evaluated as the operator says: a positive one is false.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				if len(c.Values) > 0 || c.Unknown != nil {
					continue
				}
				message := fmt.Sprintf("%s on %s has no values", c.Operator, c.Key)
				if c.Operator.Negated() {
					in.propose(Error, g.Statement, c.Pos, message+"; it excludes nobody", removeIdle(c))
				} else {
					in.report(Error, c.Pos, message+"; it never matches")
				}
			}
		}
		for _, s := range in.statements() {
			in.checkEmpty(s)
		}
	},
}

// checkEmpty reports elements of a statement that list nothing.
func (in *inspection) checkEmpty(s trust.Statement) {
	if s.Unknown != nil {
		return
	}
	if len(s.Action.Values) == 0 {
		in.report(Error, s.Action.Pos, "the list of actions is empty; IAM refuses the policy")
	}
	if p := s.Principal; !p.Any && p.Unknown == nil && len(p.Entries) == 0 {
		in.report(Error, p.Pos, "the list of principals is empty; the statement applies to nobody")
	}
}
