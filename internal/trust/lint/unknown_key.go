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
				severity, follows := breadth(g, c), "the condition always holds and demands nothing"
				if grant.FailsWithoutKey(c.Operator) {
					severity, follows = Error, "the condition never holds"
				}
				in.propose(severity, g, c.Pos, why+": "+follows, inPlaceOf(g, c))
			}
		}
	},
}

// inPlaceOf proposes a condition on a key that exists in place of one on a key
// that does not.
func inPlaceOf(g grant.Grant, c trust.Condition) remedy {
	if _, claim := trust.SplitKey(strings.ToLower(c.Key)); claim == "iss" {
		return deleteCondition(noIssuer, c)
	}
	key, value := insteadOf(g, c)
	if key == "" {
		return deleteCondition(value, c)
	}
	return changeCondition(line(key, value), c, func(c *trust.Condition) {
		c.Key, c.Operator, c.Values = key, trust.Operator{Base: c.Operator.Base}, []trust.Value{trust.NewValue(value, c.Pos)}
	})
}

// insteadOf returns a key with a value for what the missing one was meant to
// test, or, without a key, advice in words.
func insteadOf(g grant.Grant, c trust.Condition) (key, value string) {
	_, claim := trust.SplitKey(strings.ToLower(c.Key))
	switch claim {
	case "repository_owner", "enterprise":
		return g.Key(claim + "_id"), "ID"
	case "workflow_ref", "workflow_sha", "job_workflow_sha":
		return g.Key("job_workflow_ref"), "OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/main"
	case "base_ref", "head_ref", "ref_type", "sha", "ref_protected":
		return g.Key("ref"), "refs/heads/main"
	}
	if trust.IsConditionKey(g.Key(claim)) && len(c.Values) > 0 {
		return g.Key(claim), c.Values[0].Text
	}
	return "", "one of the keys that exist: " + strings.Join(trust.ConditionKeys(g.Provider()), ", ")
}
