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
		{"a variable without a value", "lint open", exitRefused, []string{`open/main.tf:16:`, "depends on variable repository; set --parameter repository=VALUE [cannot-tell]"}, []string{"open: roles read: 1"}},
		{"with a value", "lint --parameter repository=app open", exitFine, []string{`sub "repo:octo/app:ref:refs/heads/main"`, "!cannot-tell"}, nil},
		{"with a name that it does not have", "lint --parameter repo=app open", exitUsage, []string{"!open"}, []string{`"repo" is not a parameter of the files; use repository`}},
		{"with a value in a file", "lint given", exitFine, []string{`"repo:octo/app:ref:refs/heads/main"`, "!cannot-tell", "!hunter2"}, []string{"!hunter2"}},
		{"explain what is unknown", "explain --policy open --role deploy" + run, exitRefused, []string{"Unknown", "variable repository"}, nil},
		{"explain what is given", "explain --policy given/main.tf" + run, exitFine, []string{"Allow: the statement at given/main.tf:10 admits the token"}, nil},
		{"diff", "diff given wide", exitRefused, []string{"wide/main.tf:16:", "repo:octo/*"}, nil},
		{"diff with what is unknown", "diff given open", exitRefused, []string{"might"}, nil},
		{"a module is read where it is called", "inventory mono", exitFine, []string{"| `deploy` | `octo/app` | `branch main` |"},
			[]string{"mono/live: roles read: 1", "mono/live: modules not read, because they are not in the folder: module.net (live/main.tf:5)"}},
		{"a module beyond the folder", "lint mono/live", exitRefused, []string{`module.app (source "../modules/role", which is not in the folder)`, "[cannot-tell]"}, []string{"roles read: 1"}},
		{"a broken file hides nothing", "lint broken", exitFailure, []string{"broken/b.tf:16:", "[any-subject]"}, []string{"trust lint: broken: a.tf: line 1, column "}},
		{"a link out of the folder", "lint linked", exitRefused, []string{`function file`, "[cannot-tell]"}, nil},
		{"OpenTofu's file counts", "lint tofu", exitFine, []string{"tofu/main.tofu:", "!any-subject"}, nil},
		{"JSON", "lint cdktf", exitRefused, []string{"cdktf/cdk.tf.json:1:", "[no-subject]"}, nil},
		{"a template that a module fills in", "inventory fills", exitFine, []string{"| `r` | `octo/app` | `branch main` |", "|  | `octo/*` |", "!unknown"}, []string{"2 files: roles read: 2"}},
		{"a file with a policy", "lint split/policy.tf", exitRefused, []string{"split/policy.tf:", "[any-subject]", "!other"}, []string{"split/policy.tf: roles read: 1"}},
		{"a file with a role", "lint split/role.tf", exitRefused, []string{"split/policy.tf:", "[any-subject]", "!other"}, nil},
		{"a module without roles", "lint nothing", exitFine, nil, []string{"nothing: no role found"}},
		{"a template that was not filled in", "lint template", exitRefused, []string{"fill it in first"}, nil},
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
