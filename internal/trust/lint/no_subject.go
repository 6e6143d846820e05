package lint

import (
	"fmt"
	"slices"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var noSubject = Rule{
	ID:       "no-subject",
	Severity: Critical,
	Summary:  "nothing says whose workflows get in",
	check: func(in *inspection) {
		for _, g := range in.grants {
			if g.Wildcard || saysWho(g) || len(g.Open) > 0 || slices.ContainsFunc(g.Statement.Conditions, func(c trust.Condition) bool {
				_, absent := g.Absent(c)
				return absent && grant.FailsWithoutKey(c.Operator)
			}) {
				continue
			}
			message := "no condition on sub, and none that pins the owner: every workflow on GitHub, of anyone, can assume the role"
			if g.Unknown != nil {
				message += fmt.Sprintf(" if %s is GitHub's provider", g.Unknown.Expression)
			}
			in.propose(Critical, g, g.Statement.Pos, message, addSubject(g, grant.Subject{}))
		}
	},
}

// saysWho reports whether any condition is about whose run it is, be it
// negated or full of holes, which other rules tell.
func saysWho(g grant.Grant) bool {
	return slices.ContainsFunc(g.Constraints, func(c grant.Constraint) bool {
		return c.Identifies() && c.Operator.Base != "Null"
	})
}
