package generate

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/generate"
	"github.com/org/aws-oidc-action/internal/trust/lint"
	"github.com/org/aws-oidc-action/internal/trust/terraform"
)

var formats = map[string]func(io.Writer, generate.Spec) error{
	"json": generate.JSON, "cloudformation": generate.CloudFormation, "terraform": generate.Terraform,
}

// The linter reads every role in every format, finds the same in each, and
// nothing of medium severity or above but pull requests where they are asked
// for, which generate notes too.
func TestLintFindsNothing(t *testing.T) {
	for name, spec := range specs() {
		found := map[string][]string{}
		for format, write := range formats {
			var b bytes.Buffer
			if err := write(&b, spec); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, role := range read(t, format, b.String()) {
				found[format] = append(found[format], "a role")
				for _, f := range lint.Check(role, lint.Options{}) {
					found[format] = append(found[format], fmt.Sprintf("%s %s", f.Severity, f.Rule))
					asked := f.Rule == "pull-request" && spec.PullRequests && spec.Workflow == ""
					if f.Severity >= lint.Medium && !asked {
						t.Errorf("%s as %s: %s: %s: %s", name, format, f.Severity, f.Rule, f.Message)
					}
				}
			}
			slices.Sort(found[format])
		}
		for _, format := range []string{"cloudformation", "terraform"} {
			if diff := cmp.Diff(found["json"], found[format]); diff != "" && spec.Account != "" {
				t.Errorf("%s: JSON and %s differ:\n%s", name, format, diff)
			}
		}
	}
}

// Terraform's own formatter leaves what is written as it is.
func TestTerraformIsFormatted(t *testing.T) {
	for name, spec := range specs() {
		var b bytes.Buffer
		if err := generate.Terraform(&b, spec); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(string(hclwrite.Format(b.Bytes())), b.String()); diff != "" {
			t.Errorf("%s: (-terraform fmt +written)\n%s", name, diff)
		}
	}
}

func read(t *testing.T, format, src string) []document.Role {
	all := document.Roles(t.Context(), strings.NewReader(src), document.Options{})
	if format == "terraform" {
		all = terraform.Roles(t.Context(), fstest.MapFS{"main.tf": {Data: []byte(src)}}, document.Options{})
	}
	var roles []document.Role
	for role, err := range all {
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
