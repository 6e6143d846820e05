package lint

import (
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var unknownKey = Rule{
	ID:       "unknown-key",
	Severity: Critical,
	Summary:  "a condition tests a key that no token fills",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				why, absent := g.Absent(c)
				if !absent {
					continue
				}
				severity, follows := Critical, "the condition always holds and demands nothing"
				if grant.FailsWithoutKey(c.Operator) {
					severity, follows = Error, "the condition never holds"
				}
				in.report(severity, c.Pos, why+": "+follows, insteadOf(g, c))
			}
		}
	},
}

// insteadOf proposes a key for what the missing one was meant to test.
func insteadOf(g grant.Grant, c trust.Condition) string {
	_, claim := trust.SplitKey(strings.ToLower(c.Key))
	switch claim {
	case "repository_owner", "enterprise":
		return line(g.Key(claim+"_id"), "ID")
	case "workflow_ref", "workflow_sha", "job_workflow_sha":
		return line(g.Key("job_workflow_ref"), "OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/main")
	case "base_ref", "head_ref", "ref_type", "sha", "ref_protected":
		return line(g.Key("ref"), "refs/heads/main")
	}
	if trust.IsConditionKey(g.Key(claim)) && len(c.Values) > 0 {
		return line(g.Key(claim), c.Values[0].Text)
	}
	return "one of the keys that exist: " + strings.Join(trust.ConditionKeys(strings.TrimSuffix(g.Key(""), ":")), ", ")
}
