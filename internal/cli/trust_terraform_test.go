package cli

import (
	"os"
	"strings"
	"testing"
)

// moduleFor returns the source of a Terraform module with one role for a
// subject, which is an expression.
func moduleFor(subject string) string {
	return `
variable "repository" { type = string }
resource "aws_iam_openid_connect_provider" "github" {
  url = "https://token.actions.githubusercontent.com"
}
resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = aws_iam_openid_connect_provider.github.arn }
      Condition = {
        StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" }
        StringLike   = { "token.actions.githubusercontent.com:sub" = ` + subject + ` }
      }
    }]
  })
}
`
}

func TestTrustTerraform(t *testing.T) {
	writeFiles(t, map[string]string{
		"open/main.tf":            moduleFor(`"repo:octo/${var.repository}:ref:refs/heads/main"`),
		"given/main.tf":           moduleFor(`"repo:octo/${var.repository}:ref:refs/heads/main"`),
		"given/terraform.tfvars":  "repository = \"app\"\npassword = \"hunter2\"\n",
		"wide/main.tf":            moduleFor(`"repo:octo/*"`),
		"wide/terraform.tfvars":   "repository = \"app\"\n",
		"mono/live/main.tf":       "module \"app\" {\n  source     = \"../modules/role\"\n  repository = \"app\"\n}\nmodule \"net\" {\n  source = \"acme/network/aws\"\n}\n",
		"mono/modules/role/a.tf":  moduleFor(`"repo:octo/${var.repository}:ref:refs/heads/main"`),
		"mono/.terraform/x/a.tf":  moduleFor(`"*"`),
		"broken/a.tf":             "resource \"aws_iam_role\" {{{",
		"broken/b.tf":             moduleFor(`"repo:*"`),
		"linked/main.tf":          `resource "aws_iam_role" "r" { assume_role_policy = file("secret.json") }`,
		"linked/secret.json":      "-> ../outside.json",
		"outside.json":            trusting("repo:*"),
		"tofu/main.tofu":          moduleFor(`"repo:octo/app:ref:refs/heads/main"`),
		"tofu/main.tf":            moduleFor(`"repo:*"`),
		"cdktf/cdk.tf.json":       `{"resource": {"aws_iam_role": {"r": {"name": "cdktf", "assume_role_policy": "${jsonencode({Version = \"2012-10-17\", Statement = [{Effect = \"Allow\", Principal = {Federated = \"arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com\"}, Action = \"sts:AssumeRoleWithWebIdentity\"}]})}"}}}}`,
		"split/role.tf":           "resource \"aws_iam_role\" \"r\" {\n  name = \"split\"\n  assume_role_policy = jsonencode(local.policy)\n}\n",
		"split/policy.tf":         "locals {\n  policy = { Version = \"2012-10-17\", Statement = [{ Effect = \"Allow\", Principal = { Federated = \"arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com\" }, Action = \"sts:AssumeRoleWithWebIdentity\", Condition = { StringLike = { \"token.actions.githubusercontent.com:sub\" = \"*\" } } }] }\n}\n",
		"split/other.tf":          strings.ReplaceAll(strings.ReplaceAll(moduleFor(`"repo:*"`), "deploy", "other"), "github\"", "other\""),
		"nothing/main.tf":         `resource "aws_s3_bucket" "b" {}`,
		"fills/main.tf":           "variable \"subject\" { default = \"repo:octo/app:ref:refs/heads/main\" }\nresource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n  assume_role_policy = templatefile(\"trust.json.tpl\", { subject = var.subject })\n}\n",
		"fills/trust.json.tpl":    strings.ReplaceAll(trusting("x"), `"x"`, `"${subject}"`),
		"fills/other.json":        trusting("repo:octo/*"),
		"template/trust.json.tpl": strings.ReplaceAll(trusting("x"), `"x"`, `"${subject}"`),
	})
	const run = " --repository octo/app --ref refs/heads/main --account 111111111111"
	for _, tt := range []struct {
		name, args string
		code       int
		stdout     []string // parts of it; one after ! is none
		stderr     []string
	}{
		{name: "a variable without a value", args: "lint open", code: exitRefused,
			stdout: []string{`open/main.tf:16:`, "depends on variable repository; set --parameter repository=VALUE [cannot-tell]"},
			stderr: []string{"open: roles read: 1"}},
		{name: "with a value", args: "lint --parameter repository=app open",
			stdout: []string{`sub "repo:octo/app:ref:refs/heads/main"`, "!cannot-tell"}},
		{name: "with a name that it does not have", args: "lint --parameter repo=app open", code: exitUsage,
			stdout: []string{"!open"}, stderr: []string{`"repo" is not a parameter of the files; use repository`}},
		{name: "with a value in a file", args: "lint given",
			stdout: []string{`"repo:octo/app:ref:refs/heads/main"`, "!cannot-tell", "!hunter2"},
			stderr: []string{"!hunter2"}},
		{name: "explain what is unknown", args: "explain --policy open --role deploy" + run, code: exitRefused,
			stdout: []string{"Unknown", "variable repository"}},
		{name: "explain what is given", args: "explain --policy given/main.tf" + run,
			stdout: []string{"Allow: the statement at given/main.tf:10 admits the token"}},
		{name: "diff", args: "diff given wide", code: exitRefused, stdout: []string{"wide/main.tf:16:", "repo:octo/*"}},
		{name: "diff with what is unknown", args: "diff given open", code: exitRefused, stdout: []string{"might"}},
		{name: "a module is read where it is called", args: "inventory mono",
			stdout: []string{"| `deploy` | `octo/app` | `branch main` |"},
			stderr: []string{"mono/live: roles read: 1", "mono/live: modules not read, because they are not in the folder: module.net (live/main.tf:5)"}},
		{name: "a module beyond the folder", args: "lint mono/live", code: exitRefused,
			stdout: []string{`module.app (source "../modules/role", which is not in the folder)`, "[cannot-tell]"},
			stderr: []string{"roles read: 1"}},
		{name: "a broken file hides nothing", args: "lint broken", code: exitFailure,
			stdout: []string{"broken/b.tf:16:", "[any-subject]"},
			stderr: []string{"trust lint: broken: a.tf: line 1, column "}},
		{name: "a link out of the folder", args: "lint linked", code: exitRefused,
			stdout: []string{`function file`, "[cannot-tell]"}},
		{name: "OpenTofu's file counts", args: "lint tofu", stdout: []string{"tofu/main.tofu:", "!any-subject"}},
		{name: "JSON", args: "lint cdktf", code: exitRefused, stdout: []string{"cdktf/cdk.tf.json:1:", "[no-subject]"}},
		{name: "a template that a module fills in", args: "inventory fills",
			stdout: []string{"| `r` | `octo/app` | `branch main` |", "|  | `octo/*` |", "!unknown"},
			stderr: []string{"2 files: roles read: 2"}},
		{name: "a file with a policy", args: "lint split/policy.tf", code: exitRefused,
			stdout: []string{"split/policy.tf:", "[any-subject]", "!other"},
			stderr: []string{"split/policy.tf: roles read: 1"}},
		{name: "a file with a role", args: "lint split/role.tf", code: exitRefused,
			stdout: []string{"split/policy.tf:", "[any-subject]", "!other"}},
		{name: "a module without roles", args: "lint nothing", stderr: []string{"nothing: no role found"}},
		{name: "a template that was not filled in", args: "lint template", code: exitRefused,
			stdout: []string{"fill it in first"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := runTrustHere("", strings.Fields(tt.args)...)
			if got.code != tt.code {
				t.Errorf("exit code %d, want %d:\n%s%s", got.code, tt.code, got.stdout, got.stderr)
			}
			for _, output := range []struct {
				text  string
				parts []string
			}{{got.stdout, tt.stdout}, {got.stderr, tt.stderr}} {
				for _, part := range output.parts {
					unwanted, isUnwanted := strings.CutPrefix(part, "!")
					if strings.Contains(output.text, unwanted) == isUnwanted {
						t.Errorf("%q:\n%s", part, output.text)
					}
				}
			}
		})
	}
}

// What generate writes for Terraform is read as the policy that it is.
func TestTrustGeneratedTerraform(t *testing.T) {
	writeFiles(t, nil)
	generated := runTrustHere("", strings.Fields("generate --repository octo@1/app@2 --environment prod --account 111111111111 --format terraform")...)
	if generated.code != exitFine {
		t.Fatal(generated.stderr)
	}
	if err := os.WriteFile("role.tf", []byte(generated.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	for claims, code := range map[string]int{
		"--repository octo/app --owner-id 1 --repository-id 2 --environment prod":    exitFine,
		"--repository octo/app --owner-id 1 --repository-id 2 --ref refs/heads/main": exitRefused,
	} {
		got := runTrustHere("", strings.Fields("explain --account 111111111111 --policy role.tf "+claims)...)
		if got.code != code || strings.Contains(got.stdout, "Unknown") {
			t.Errorf("%s: exit code %d\n%s%s", claims, got.code, got.stdout, got.stderr)
		}
	}
}
