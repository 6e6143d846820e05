package generate

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/trust/generate"
)

type workflow struct {
	On   map[string]any
	Jobs map[string]struct {
		Needs       string
		Environment string
		Steps       []struct {
			Uses string
			With map[string]string
		}
	}
}

// The inputs of every workflow are a plan without problems, of roles that the
// same command has made, and its jobs are a chain through all environments.
func TestWorkflowsLogInToTheRoles(t *testing.T) {
	tried := 0
	for name, spec := range specs() {
		if spec.Region == "" || spec.Workflow != "" {
			continue
		}
		var roles, src bytes.Buffer
		if err := errors.Join(generate.JSON(&roles, spec), generate.Workflow(&src, spec, "v1.0.0")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var w workflow
		if err := yaml.Unmarshal(src.Bytes(), &w); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, src.String())
		}
		if len(spec.Spokes) == 0 && len(w.Jobs) != max(1, len(spec.Environments)) {
			t.Errorf("%s: %d jobs for %d environments", name, len(w.Jobs), len(spec.Environments))
		}
		needed := map[string]bool{}
		for _, job := range w.Jobs {
			if needed[job.Needs] {
				t.Errorf("%s: two jobs need %q", name, job.Needs)
			}
			needed[job.Needs] = true
			for _, role := range planned(t, name, job.Steps[1].With) {
				if len(spec.Spokes)+len(spec.Allow) > 0 && !strings.Contains(roles.String(), `"RoleName": "`+role+`"`) {
					t.Errorf("%s: the workflow assumes role %q, which is not in\n%s", name, role, roles.String())
				}
				tried++
			}
		}
	}
	if tried < 40 {
		t.Errorf("only %d roles were assumed", tried)
	}
}

// planned returns the names of the roles that the step assumes with these
// inputs.
func planned(t *testing.T, name string, with map[string]string) []string {
	t.Helper()
	p, problems := plan.Build(plan.Sources{
		Input: func(name string) (string, bool) { value, given := with[name]; return value, given },
		Names: slices.Collect(maps.Keys(with)),
		Env: func(name string) string {
			return map[string]string{"GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "j"}[name]
		},
		Path: func(path string) string { return path },
	})
	if len(problems) > 0 {
		t.Fatalf("%s: %v", name, problems)
	}
	var roles []string
	for _, profile := range p.Profiles {
		for _, hop := range profile.Chain {
			roles = append(roles, hop.Role.Name())
		}
	}
	return roles
}
