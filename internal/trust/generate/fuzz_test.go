package generate

import (
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/terraform"
)

// Whatever name a permission is given, its policy is JSON without placeholders,
// and no wildcard or policy variable gets into a resource by way of the name.
func FuzzPermission(f *testing.F) {
	for _, t := range templates {
		f.Add(t.name + ":name")
		f.Add(t.usage())
	}
	for _, s := range []string{"cdk-deploy", "s3-deploy:site/a,kms=" + keyID, "ecs-deploy:c/s,family=f,pass-role=a,pass-role=b", "sam-deploy:orders,bucket=art,service-role=cfn",
		"secrets-read:a/${aws:username}", "ssm-read:/a/*", "terraform-state:bucket/a b?", "lambda-deploy:f,bucket={kms}", "s3-read:bucket/{bucket}"} {
		f.Add(s)
	}
	wildcard := regexp.MustCompile(`^\*$|[/:]\*$|-\?{6}$`)                     // what templates themselves have
	placeholder := regexp.MustCompile(`\{[a-z-]+\}`)                           // of a rule
	resource := regexp.MustCompile(`^(\*|arn:aws:[a-z0-9-]+:[^:]*:[^:]*:.+)$`) // also without account or region
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePermission(s)
		if err != nil || strings.Contains(s, environmentMark) {
			return
		}
		var b strings.Builder
		err = JSON(&b, Spec{Account: "111122223333", Region: "eu-west-1", Repositories: []Repository{{Owner: "octo", Name: "app"}}, Branches: []string{"main"},
			Allow: []Permission{p}, ResourceTag: "a=b"})
		if err != nil {
			t.Fatal(err)
		}
		var inputs struct {
			Policies []struct{ PolicyDocument string }
		}
		if err := json.Unmarshal([]byte(b.String()), &inputs); err != nil || len(inputs.Policies) != 1 {
			t.Fatalf("%v\n%s", err, b.String())
		}
		var policy struct{ Statement []struct{ Resource any } }
		if err := json.Unmarshal([]byte(inputs.Policies[0].PolicyDocument), &policy); err != nil || len(policy.Statement) == 0 {
			t.Fatalf("%v\n%s", err, b.String())
		}
		for _, statement := range policy.Statement {
			resources, isList := statement.Resource.([]any)
			if !isList {
				resources = []any{statement.Resource}
			}
			for _, r := range resources {
				text := r.(string)
				if !resource.MatchString(text) || placeholder.MatchString(text) || strings.ContainsAny(wildcard.ReplaceAllString(text, ""), "*?$") {
					t.Errorf("%q gives the resource %q", s, text)
				}
			}
		}
	})
}

// Whatever environment and branch are named, all formats have the same
// conditions.
func FuzzNames(f *testing.F) {
	for _, s := range [][2]string{{"prod", "main"}, {"eu: prod", "release/*"}, {"${x}", "a${b}"}, {"%{if true}", "%{x}"}, {`"\`, `'"`}, {"pr*d?", "a?"}, {"yes", "no"},
		{"ü\u2028", "\u00a0"}, {"{account}", "{region}"}, {"$$", "$${"}, {"<!-- &", "#"}, {"=111122223333", "~"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, environment, branch string) {
		s := Spec{Account: "111122223333", Region: "eu-west-1", Repositories: []Repository{{"octo", "1", "app", "2"}}, SubjectForm: Classic,
			Environments: environments(environment), RequireBranches: []string{branch}, RoleName: "deploy"}
		if JSON(io.Discard, s) != nil {
			return
		}
		want := conditions(rolesOf(t, render(t, s, "json")))
		if len(want) != 5 {
			t.Fatalf("%q, %q: %q", environment, branch, want)
		}
		if diff := cmp.Diff(want, conditions(rolesOf(t, render(t, s, "yaml")))); diff != "" {
			t.Errorf("%q, %q: CloudFormation: %s", environment, branch, diff)
		}
		var roles []document.Role
		for role, err := range terraform.Roles(t.Context(), fstest.MapFS{"main.tf": {Data: []byte(render(t, s, "tf"))}}, document.Options{}) {
			if err != nil || role.Err != nil {
				t.Fatalf("%q, %q: Terraform: %v %v", environment, branch, err, role.Err)
			}
			roles = append(roles, role)
		}
		if diff := cmp.Diff(want, conditions(roles)); diff != "" {
			t.Errorf("%q, %q: Terraform: %s", environment, branch, diff)
		}
	})
}

// conditions are those of all roles, sorted.
func conditions(roles []document.Role) []string {
	var all []string
	for _, role := range roles {
		for _, s := range role.Policies[0].Statements {
			for _, c := range s.Conditions {
				for _, v := range c.Values {
					all = append(all, c.Operator.String()+" "+c.Key+" "+v.Text)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}
