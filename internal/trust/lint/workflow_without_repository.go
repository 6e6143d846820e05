package lint

import (
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var workflowWithoutRepository = Rule{
	ID:       "workflow-without-repository",
	Severity: High,
	Summary:  "a reusable workflow is pinned, but not who calls it",
	check: func(in *inspection) {
		in.deciding(grant.Callers, func(g grant.Grant, c grant.Constraint, _ trust.Value) {
			in.propose(High, g, c.Pos, "job_workflow_ref pins the workflow and not its caller: every repository that can call it, "+
				"with inputs of its own, can assume the role", addConditions(g, "also, in StringEquals: ", "repository_owner_id", "OWNER_ID"))
		})
	},
}
