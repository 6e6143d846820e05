package generate

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWorkflow(t *testing.T) {
	for name, spec := range examples(t) {
		if spec.Region == "" {
			continue
		}
		var b strings.Builder
		if err := Workflow(&b, spec, "v1.2.3"); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		file := filepath.Join("testdata", name+".workflow.yml")
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

func TestWorkflowsThatAreRefused(t *testing.T) {
	app := []Repository{repository(t, "octo@1/app@2")}
	for name, tt := range map[string]struct {
		spec Spec
		want string
	}{
		"no region":     {Spec{Account: "111111111111", Repositories: app, Branches: []string{"main"}}, "the region is required"},
		"no account":    {Spec{Region: "eu-west-1", Repositories: app, Branches: []string{"main"}}, "the account is required"},
		"reusable":      {Spec{Region: "eu-west-1", Repositories: app, Workflow: "o/r/.github/workflows/x.yml@refs/heads/main"}, "cannot be combined with --reusable-workflow"},
		"an expression": {Spec{Account: "111111111111", Region: "eu-west-1", Repositories: app, Environments: environments("${{ github.actor }}")}, "evaluate it as an expression"},
		"bad role":      {Spec{Account: "111111111111", Region: "eu-west-1"}, "a repository is required"},
	} {
		if err := Workflow(io.Discard, tt.spec, ""); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// A version that is no release names the branch where the action is.
func TestWorkflowNamesTheAction(t *testing.T) {
	s := Spec{Account: "111111111111", Region: "eu-west-1", Repositories: []Repository{repository(t, "octo@1/app@2")}, Branches: []string{"main"}}
	for release, want := range map[string]string{"v1.2.3": "v1.2.3", "(devel)": "main", "": "main", "v1.2.3-rc.1": "main", "v1.2.3\n": "main"} {
		var b strings.Builder
		if err := Workflow(&b, s, release); err != nil || !strings.Contains(b.String(), "uses: org/aws-oidc-action@"+want+"\n") {
			t.Errorf("release %q: %v\n%s", release, err, b.String())
		}
	}
}

func TestTriggers(t *testing.T) {
	for name, tt := range map[string]struct {
		spec Spec
		want string
	}{
		"environment":    {Spec{Environments: environments("prod")}, "  push:\n    branches: [\"main\"]\n"},
		"require branch": {Spec{Environments: environments("prod"), RequireBranches: []string{"release/*", "a?+b"}}, "  push:\n    branches: [\"release/**\", \"a*\\\\+b\"]\n"},
		"tags":           {Spec{Tags: []string{"v*"}}, "  push:\n    tags: [\"v**\"]\n"},
		"pull requests":  {Spec{PullRequests: true}, "  pull_request:\n"},
		"all":            {Spec{Branches: []string{"main"}, Tags: []string{"v1"}, PullRequests: true}, "  push:\n    branches: [\"main\"]\n    tags: [\"v1\"]\n  pull_request:\n"},
	} {
		var b strings.Builder
		tt.spec.writeTriggers(&b)
		if b.String() != tt.want {
			t.Errorf("%s:\n%s", name, b.String())
		}
	}
}

func TestJobsHaveDistinctIDs(t *testing.T) {
	taken := map[string]bool{}
	for _, tt := range [][2]string{{"prod", "deploy-prod"}, {"Prod", "deploy-Prod-2"}, {"eu: prod", "deploy-eu-prod"}, {"ü", "deploy-"}, {"ß", "deploy--2"}} {
		if got := jobID(tt[0], taken); got != tt[1] {
			t.Errorf("job of %q: %q, want %q", tt[0], got, tt[1])
		}
	}
}

// The actions are those that the project's own workflows use, which Dependabot
// keeps current.
func TestWorkflowPinsWhatTheProjectPins(t *testing.T) {
	src, err := os.ReadFile("../../../.github/workflows/login-and-run.yml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(src), "uses: "+checkout+"\n") {
		t.Errorf("login-and-run.yml does not use %s; move the pin here too", checkout)
	}
}
