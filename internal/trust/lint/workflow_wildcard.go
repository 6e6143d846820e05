package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var workflowWildcard = Rule{
	ID:       "workflow-wildcard",
	Severity: High,
	Summary:  "job_workflow_ref does not pin one version of one workflow",
	Why:      "A reusable workflow protects the role only if its file and its ref are pinned: on a branch that anyone can push, anyone can rewrite it.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.On("job_workflow_ref") {
				if !c.Binding() {
					continue
				}
				for _, v := range known(c.Values) {
					if severity, message := judgeWorkflow(v.Pattern(c.Operator)); message != "" {
						in.propose(min(severity, breadth(g, c.Condition)), g.Statement, v.Pos, fmt.Sprintf("job_workflow_ref %q %s", v.Text, message), pinWorkflow(c))
					}
				}
			}
		}
	},
}

// judgeWorkflow says what a pattern for job_workflow_ref admits besides one
// version of one workflow, or "".
func judgeWorkflow(p trust.Pattern) (Severity, string) {
	parts := p.Split('@', 2)
	workflow := parts[0]
	wildcard := slices.IndexFunc(workflow, trust.IsWildcard)
	switch {
	case !p.HasWildcards():
	case wildcard >= 0 && !workflow[:wildcard].HasUnknown() && strings.Count(prefix(workflow), "/") < 2:
		return High, "does not name the workflow's repository; anyone can write a workflow that matches"
	case wildcard >= 0:
		return Low, "admits every workflow that matches"
	case len(parts) == 1 || parts[1].Match("refs/heads/anything") || parts[1].Match("refs/pull/1/merge"):
		return Medium, "admits the workflow on any branch, reviewed or not"
	}
	return Note, ""
}

// pinWorkflow proposes one version of one workflow.
func pinWorkflow(c grant.Constraint) remedy {
	const one = "OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/main"
	return changeCondition(use(line(c.Key, one)), c.Condition, func(c *trust.Condition) {
		c.Operator, c.Values = trust.Operator{Base: "StringEquals"}, []trust.Value{trust.NewValue(one, c.Pos)}
	})
}
