package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

var workflowWildcard = Rule{
	ID:       "workflow-wildcard",
	Severity: High,
	Summary:  "job_workflow_ref does not pin one version of one workflow",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.On("job_workflow_ref") {
				if !c.Binding() {
					continue
				}
				for _, v := range known(c.Values) {
					p := v.Pattern(c.Operator)
					workflow, ref, found := strings.Cut(p.String(), "@")
					rewrite := line(g.Key("job_workflow_ref"), "OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/main")
					switch {
					case !p.HasWildcards():
					case strings.Count(prefix(p), "/") < 2:
						in.report(High, v.Pos, fmt.Sprintf("job_workflow_ref %q does not name the workflow's repository: anyone can write a workflow that matches", v.Text), rewrite)
					case strings.ContainsAny(workflow, "*?"):
						in.report(Low, v.Pos, fmt.Sprintf("job_workflow_ref %q admits every workflow that matches", v.Text), rewrite)
					case !found || trust.NewPattern(ref).Match("refs/heads/anything") || trust.NewPattern(ref).Match("refs/pull/1/merge"):
						in.report(Medium, v.Pos, fmt.Sprintf("job_workflow_ref %q admits the workflow as it stands on any branch, reviewed or not", v.Text), rewrite)
					}
				}
			}
		}
	},
}
