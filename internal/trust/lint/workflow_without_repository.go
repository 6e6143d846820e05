package lint

import (
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var workflowWithoutRepository = Rule{
	ID:       "workflow-without-repository",
	Severity: High,
	Summary:  "a reusable workflow is pinned, but not its callers",
	Why:      "Any repository that can read the reusable workflow can call it, with inputs of its own. If it is public, that is every repository on GitHub.",
	check: func(in *inspection) {
		in.deciding(grant.Callers, func(g grant.Grant, c grant.Constraint, _ trust.Value) {
			in.propose(High, g.Statement, c.Pos, "job_workflow_ref pins the workflow but not its callers; every repository that can call it can assume the role",
				addConditions(g, "repository_owner_id", "OWNER_ID"))
		})
	},
}
