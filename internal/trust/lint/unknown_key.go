package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var unknownKey = Rule{
	ID:       "unknown-key",
	Severity: Critical,
	Summary:  "a condition tests a key that does not exist",
	Why: "IAM stores a condition on any key. Of GitHub's claims it has only some as keys (IAM user guide, keys for OIDC federation), " +
		"and a key that is in no request makes a condition false, or, with IfExists, ForAllValues or a negated operator, true. " +
		"Access Analyzer reports INVALID_GLOBAL_CONDITION_KEY and INVALID_SERVICE_CONDITION_KEY.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				if why, absent := g.Absent(c); absent {
					severity, follows := breadth(g, c), "the condition always matches"
					if grant.FailsWithoutKey(c.Operator) {
						severity, follows = Error, "the condition never matches"
					}
					in.propose(severity, g.Statement, c.Pos, why+"; "+follows, inPlaceOf(g, c))
				}
			}
		}
		for _, s := range in.statements() {
			for _, c := range s.Conditions {
				in.checkGlobalKey(s, c)
			}
		}
	},
}

// checkGlobalKey reports a key of AWS or STS that the list of them does not
// have. The list ages, so that what follows is not taken for certain.
func (in *inspection) checkGlobalKey(s trust.Statement, c trust.Condition) {
	if c.Unknown != nil || !trust.IsGlobalKey(c.Key) {
		return
	}
	if _, known := trust.GlobalKey(c.Key); known {
		return
	}
	message := fmt.Sprintf("condition key %q is not a global condition key of AWS or STS that this version knows", c.Key)
	if near := trust.NearestGlobalKey(c.Key); near != "" && !strings.HasSuffix(near, "/") {
		in.propose(Error, s, c.Pos, message, changeCondition(fmt.Sprintf("use %s instead of %s", near, c.Key), c, func(c *trust.Condition) { c.Key = near }))
		return
	}
	in.report(Error, c.Pos, message)
}

// inPlaceOf proposes a condition on a key that exists in place of one on a key
// that does not.
func inPlaceOf(g grant.Grant, c trust.Condition) remedy {
	_, claim := trust.SplitKey(strings.ToLower(c.Key))
	if claim == "iss" {
		return deleteCondition(noIssuer, c)
	}
	key, value := insteadOf(g, c)
	switch {
	case key == "" && grant.FailsWithoutKey(c.Operator):
		return removeImpossible(c)
	case key == "" && breadth(g, c) > Low:
		return remedy{} // to take out what limits nothing would not help
	case key == "":
		return removeIdle(c)
	}
	return changeCondition(use(line(key, value)), c, func(c *trust.Condition) {
		c.Key, c.Operator, c.Values = key, trust.Operator{Base: c.Operator.Base}, []trust.Value{trust.NewValue(value, c.Pos)}
	})
}

// noIssuer is the advice about a condition on iss.
const noIssuer = "remove the condition; the principal identifies the issuer"

// insteadOf returns a key with a value for what the missing one was meant to
// test, or "".
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
	return "", ""
}
