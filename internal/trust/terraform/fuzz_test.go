package terraform

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

// FuzzModule holds that no source, neither in the native nor in the JSON
// syntax, makes the parser or the evaluation panic or hang, and that what
// comes out can be judged. There is no recover: hcl is trusted not to panic,
// which this looks after.
func FuzzModule(f *testing.F) {
	sources, err := filepath.Glob("testdata/*/*.tf")
	if err != nil || len(sources) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range sources {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src), `{"locals": {"a": "${var.b}"}}`, "c = [1]\n")
	}
	f.Add(role("r", `[for a, b in { c = 1 } : "${a}%{if b == 1}x%{else}y%{endif}"... if true]`, "for_each = toset([\"a\"])\n  name = each.key"), "", "")
	f.Add(role("r", `try(local.a[*].b.0, element(split("/", format("%s/%d", "a", 1)), -1), null)`, "count = length(data.a.b) / 0"), `{"data": {"a": {"b": [{"count": "${1 ? 2 : 3}"}]}}}`, `a = {"b" : <<EOT
x
EOT
}`)
	f.Add(`data "aws_iam_policy_document" "d" {
  source_policy_documents = ["{", null, jsonencode({ Statement = [{ Sid = var.x }] })]
  dynamic "statement" {
    for_each = var.x
    labels   = [1]
    content {
      dynamic "principals" {
        for_each = statement.value
        content { identifiers = principals.key }
      }
      condition { values = { a = 1 } }
    }
  }
}
resource "aws_iam_role" "r" { assume_role_policy = data.aws_iam_policy_document.d.json }
module "m" {
  source = "./"
  count  = terraform.workspace
}
variable "x" { type = map(object({ a = optional(list(any), [null]) })) }
`, `{"resource": {"aws_iam_role": {"q": {"assume_role_policy": "${file(\"a.tf\")}", "name": ["%{for x in y}"]}}}}`, "x = null")
	f.Fuzz(func(t *testing.T, native, json, values string) {
		if len(native)+len(json)+len(values) > 20_000 {
			t.Skip()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		fsys := fstest.MapFS{"a.tf": {Data: []byte(native)}, "b.tf.json": {Data: []byte(json)}, "terraform.tfvars": {Data: []byte(values)}}
		for r, err := range Roles(ctx, fsys, document.Options{}) {
			if err != nil {
				if ctx.Err() != nil || strings.TrimSpace(err.Error()) == "" {
					t.Fatal(err)
				}
				continue
			}
			if len(r.Policies) == 0 && r.Err == nil && r.LogicalID == "" {
				t.Errorf("a role of which nothing is told: %+v", r)
			}
			lint.Check(r, lint.Options{})
		}
	})
}
