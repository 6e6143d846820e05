package lint

import (
	"fmt"
	"slices"

	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var noSubject = Rule{
	ID:       "no-subject",
	Severity: Critical,
	Summary:  "no condition says whose workflows can assume the role",
	Why: "All repositories on github.com share one issuer. Since June 2025 IAM refuses to create or update such a role; older ones stay until they are edited. " +
		"Access Analyzer reports it as MISSING_GITHUB_REPO_CONDITION_KEY.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			if g.Wildcard || saysWho(g) || len(g.Open) > 0 || g.Never() != "" {
				continue
			}
			message := "no condition identifies the repository or its owner; every workflow on GitHub can assume the role"
			if g.Unknown != nil {
				message += fmt.Sprintf(" if %s is GitHub's provider", g.Unknown.Expression)
			}
			in.propose(Critical, g.Statement, g.Statement.Pos, message, addSubject(g, grant.Subject{}))
		}
	},
}

// saysWho reports whether any condition is about whose run it is, be it
// negated or full of holes, which other rules report.
func saysWho(g grant.Grant) bool {
	return slices.ContainsFunc(g.Constraints, func(c grant.Constraint) bool {
		return c.Identifies() && c.Operator.Base != "Null"
	})
}
