package generate

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

var update = flag.Bool("update", false, "write the golden files anew")

func repository(t testing.TB, s string) Repository {
	t.Helper()
	r, err := ParseRepository(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func allow(t testing.TB, texts ...string) []Permission {
	t.Helper()
	var all []Permission
	for _, text := range texts {
		p, err := ParsePermission(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func environments(names ...string) []Environment {
	var all []Environment
	for _, name := range names {
		all = append(all, Environment{Name: name})
	}
	return all
}

func examples(t testing.TB) map[string]Spec {
	app := []Repository{repository(t, "octo@1/app@2")}
	return map[string]Spec{
		"branch": {Account: "111122223333", Repositories: app, Branches: []string{"main"}},
		"environment": {Repositories: app, Environments: environments("prod: eu", "st*ge"), Boundary: "arn:aws:iam::111122223333:policy/boundary",
			Tags: []string{"v*"}},
		"two-repositories": {Account: "111122223333", Repositories: append(app, repository(t, "octo@1/site@3")),
			Branches: []string{"main", "release/${x}"}, Provider: "token.actions.githubusercontent.com/octo"},
		"workflow": {Repositories: app, Workflow: "octo/deploy/.github/workflows/deploy.yml@refs/heads/main", PullRequests: true},
		"only-workflow": {Repositories: app, Workflow: "octo/deploy/.github/workflows/deploy.yml@refs/heads/main", Partition: "aws-cn",
			Audience: "sts.amazonaws.com.cn"},
		"permissions": {Account: "111122223333", Region: "eu-west-1", Repositories: app, Environments: environments("prod"), ResourceTag: "team=a b",
			Allow: allow(t, "s3-deploy:my-bucket", "ecr-push:team/app", "lambda-deploy:orders", "cloudformation-stack:orders")},
		"one-permission": {Repositories: app, Branches: []string{"main"}, Allow: allow(t, "lambda-deploy:orders")},
		"require-branch": {Account: "111122223333", Repositories: app, SubjectForm: Both, Environments: environments("prod"),
			RequireBranches: []string{"main", "release/*"}},
		"classic": {Account: "111122223333", Region: "cn-north-1", Repositories: append(app, repository(t, "octo@1/site@3")), SubjectForm: Classic,
			Environments: environments("prod"), Allow: allow(t, "ecr-push:web")},
		"environments": {Region: "eu-central-1", Repositories: app, RequireBranches: []string{"main"}, Boundary: "boundary",
			Environments: []Environment{{"dev", "111111111111"}, {"prod-eu", "222222222222"}}, Allow: allow(t, "s3-deploy:site-{environment},kms=1234abcd-12ab-34cd-56ef-1234567890ab")},
		"hub-and-spokes": {Account: "111111111111", Region: "eu-central-1", Repositories: app, Branches: []string{"main"}, ExternalID: "octo-1",
			Spokes: []Spoke{{"dev", "111111111111"}, {"222", "222222222222"}}, Allow: allow(t, "cdk-deploy")},
		"names-only": {Repositories: []Repository{repository(t, "octo/app")}, Branches: []string{"main"}},
	}
}

var formats = map[string]func(io.Writer, Spec) error{"json": JSON, "yaml": CloudFormation, "tf": Terraform}

func render(t testing.TB, s Spec, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := formats[format](&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, spec := range examples(t) {
		for format := range formats {
			file := filepath.Join("testdata", name+"."+format)
			got := render(t, spec, format)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s: %s", file, diff)
			}
		}
	}
}

// rolesOf reads a generated file back.
func rolesOf(t testing.TB, src string) []document.Role {
	t.Helper()
	var roles []document.Role
	for role, err := range document.Roles(t.Context(), strings.NewReader(src), document.Options{}) {
		if err != nil || role.Err != nil {
			t.Fatalf("%v %v\n%s", err, role.Err, src)
		}
		roles = append(roles, role)
	}
	if len(roles) == 0 {
		t.Fatalf("no role in\n%s", src)
	}
	return roles
}

func policyOf(t testing.TB, src string) document.Role {
	t.Helper()
	return rolesOf(t, src)[0]
}

// The linter finds nothing in what is generated: no more than notes, which
// tell what no policy can show, and what the Spec itself leaves open.
func TestLinterFindsNothing(t *testing.T) {
	for name, spec := range examples(t) {
		for _, format := range []string{"json", "yaml"} {
			for _, role := range rolesOf(t, render(t, spec, format)) {
				for _, f := range lint.Check(role, lint.Options{}) {
					meant := f.Rule == "names-only" && spec.Repositories[0].ID == "" || f.Rule == "old-subject" && spec.SubjectForm == Both
					if f.Severity > lint.Note && !meant || f.Severity >= lint.Medium {
						t.Errorf("%s.%s: %s: %s: %s", name, format, role.Name, f.Rule, f.Message)
					}
				}
			}
		}
	}
}

// Both formats that can be read back say the same of each role.
func TestFormatsAgree(t *testing.T) {
	outline := func(src string) []string {
		var lines []string
		for _, role := range rolesOf(t, src) {
			for _, s := range role.Policies[0].Statements {
				lines = append(lines, string(s.Effect), s.Action.Values[0].Text)
				for _, c := range s.Conditions {
					for _, v := range c.Values {
						lines = append(lines, c.Operator.String()+" "+c.Key+" "+v.Text)
					}
				}
			}
		}
		return lines
	}
	for name, spec := range examples(t) {
		if diff := cmp.Diff(outline(render(t, spec, "json")), outline(render(t, spec, "yaml"))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
