package terraform

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// trusts is a policy, as an expression, for a subject that is one too.
func trusts(subject string) string {
	return `jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Action    = "sts:AssumeRoleWithWebIdentity"
    Principal = { Federated = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com" }
    Condition = { StringLike = { "token.actions.githubusercontent.com:sub" = ` + subject + ` } }
  }] })`
}

// role is the source of a role for a subject, with further arguments.
func role(name, subject, further string) string {
	return "resource \"aws_iam_role\" \"" + name + "\" {\n  " + further + "\n  assume_role_policy = " + trusts(subject) + "\n}\n"
}

// told writes each role in a line: its address, its name, and for each of its
// policies the subjects, with what it holds under.
func told(t *testing.T, files map[string]string, dir string, o document.Options) string {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	var out strings.Builder
	o.Note = func(text string) { fmt.Fprintln(&out, "note:", text) }
	for role, err := range Module(t.Context(), fsys, dir, "", o) {
		if err != nil {
			fmt.Fprintln(&out, "error:", err)
			continue
		}
		fmt.Fprintf(&out, "%s %s:", role.LogicalID, role.Name)
		if role.Err != nil {
			fmt.Fprintf(&out, " error: %v", role.Err)
		}
		for i, p := range role.Policies {
			if i > 0 {
				out.WriteString(";")
			}
			for _, s := range p.Statements {
				if s.Unknown != nil {
					out.WriteString(" unknown, depends on " + strings.Join(s.Unknown.DependsOn, ", "))
				}
				for _, c := range s.Conditions {
					if c.Unknown != nil {
						out.WriteString(" condition unknown, depends on " + strings.Join(c.Unknown.DependsOn, ", "))
					}
					for _, v := range c.Values {
						out.WriteString(" " + v.Text)
					}
				}
			}
			if len(p.Given) > 0 {
				out.WriteString(" " + trust.Given(p.Given))
			}
		}
		out.WriteString("\n")
	}
	return out.String()
}

func TestRoles(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{
			"a role without a name", map[string]string{"a.tf": role("r", `"a"`, "")},
			"aws_iam_role.r terraform-${aws_iam_role.r.name}: a\n",
		},
		{
			"a prefix of the name", map[string]string{"a.tf": role("r", `"a"`, `name_prefix = "deploy-"`)},
			"aws_iam_role.r deploy-${aws_iam_role.r.name}: a\n",
		},
		{
			"count", map[string]string{"a.tf": role("r", `"a${count.index}"`, `count = 2`)},
			"aws_iam_role.r[0] terraform-${aws_iam_role.r[0].name}: a0\naws_iam_role.r[1] terraform-${aws_iam_role.r[1].name}: a1\n",
		},
		{"a count of zero", map[string]string{"a.tf": role("r", `"a"`, `count = 0`)}, ""},
		{
			"an unknown count", map[string]string{"a.tf": `variable "n" {}` + "\n" + role("r", `"a${count.index}"`, "name = \"r\"\n  count = var.n")},
			"aws_iam_role.r[range(var.n)[*]] r: a${range(var.n)[*]}\n",
		},
		{
			"a role that may exist", map[string]string{"a.tf": `variable "create" {}` + "\n" + role("r", `"a"`, "name = \"r\"\n  count = var.create ? 1 : 0")},
			"aws_iam_role.r[0] r: a if var.create is true\n",
		},
		{
			"a role that a default switches off", map[string]string{"a.tf": `variable "create" { default = false }` + "\n" + role("r", `"a"`, "name = \"r\"\n  count = var.create ? 1 : 0")},
			"aws_iam_role.r[0] r: a if var.create is true\n",
		},
		{
			"a role that a value switches off",
			map[string]string{"a.tf": `variable "create" { default = true }` + "\n" + role("r", `"a"`, "count = var.create ? 1 : 0"), "x.auto.tfvars": "create = false"},
			"",
		},
		{
			"for_each", map[string]string{"a.tf": role("r", `"${each.key}/${each.value}"`, "for_each = { b = 1, a = 2 }\n  name = each.key")},
			"aws_iam_role.r[\"a\"] a: a/2\naws_iam_role.r[\"b\"] b: b/1\n",
		},
		{
			"an unknown for_each", map[string]string{"a.tf": `variable "repos" { default = [] }` + "\n" + role("r", `"repo:acme/${each.key}:*"`, "for_each = toset(var.repos)\n  name = each.key")},
			"aws_iam_role.r[var.repos[*]] ${var.repos[*]}: repo:acme/${var.repos[*]}:*\n",
		},
		{
			"for_each of a file", map[string]string{"a.tf": role("r", `"${each.value.repository}"`, "for_each = yamldecode(file(\"${path.module}/repos.yaml\"))\n  name = each.key"), "repos.yaml": "app: {repository: acme/app}\n"},
			"aws_iam_role.r[\"app\"] app: acme/app\n",
		},
		{
			"for_each of files", map[string]string{
				"a.tf":         role("r", `yamldecode(file("${path.module}/${each.value}")).repository`, "for_each = fileset(path.module, \"repos/*.yaml\")\n  name = trimsuffix(basename(each.key), \".yaml\")"),
				"repos/a.yaml": "repository: acme/a\n", "repos/b.yaml": "repository: acme/b\n", "repos/c.txt": "",
			},
			"aws_iam_role.r[\"repos/a.yaml\"] a: acme/a\naws_iam_role.r[\"repos/b.yaml\"] b: acme/b\n",
		},
		{
			"for_each of files in any folder", map[string]string{
				"a.tf": role("r", `each.key`, "for_each = fileset(\".\", \"**.yaml\")\n  name = \"r\""), "b.yaml": "",
			},
			"aws_iam_role.r[keys(fileset(\".\", \"**.yaml\"))[*]] r: ${keys(fileset(\".\", \"**.yaml\"))[*]}\n",
		},
		{
			"a choice", map[string]string{"a.tf": "variable \"env\" { type = string }\n" + role("r", `var.env == "prod" ? "prod" : "dev"`, `name = "r-${var.env != "prod" ? "dev" : "prod"}"`)},
			"aws_iam_role.r r-prod: prod if var.env == \"prod\" is true; dev if var.env == \"prod\" is false\n",
		},
		{
			"two choices that are one", map[string]string{"a.tf": "variable \"on\" { type = bool }\n" + role("r", `[var.on ? "a" : "b", !var.on ? "c" : "d"]`, `name = "r"`)},
			"aws_iam_role.r r: a d if var.on is true; b c if var.on is false\n",
		},
		{
			"a row by a key that is not known", map[string]string{"a.tf": "variable \"env\" { type = string }\nlocals { of = { dev = \"*\", prod = \"main\" } }\n" + role("r", `"${local.of[var.env]}"`, `name = "r"`)},
			"aws_iam_role.r r: * if var.env is dev; main if var.env is prod\n",
		},
		{
			"dynamic blocks of unknown number", map[string]string{"a.tf": `
variable "subjects" { type = list(string) }
data "aws_iam_policy_document" "d" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"]
    }
    dynamic "condition" {
      for_each = var.subjects
      content {
        test     = "StringLike"
        variable = "token.actions.githubusercontent.com:sub"
        values   = ["repo:acme/app:*"]
      }
    }
  }
}
resource "aws_iam_role" "r" {
  name               = "r"
  assume_role_policy = data.aws_iam_policy_document.d.json
}`},
			"aws_iam_role.r r: if length(var.subjects) == 0 is true; repo:acme/app:* if length(var.subjects) == 0 is false\n",
		},
		{
			"statements of unknown number", map[string]string{"a.tf": `
variable "subjects" { type = list(string) }
resource "aws_iam_role" "r" {
  name = "r"
  assume_role_policy = jsonencode({ Statement = [for s in var.subjects : {
    Effect    = "Deny"
    Action    = "sts:AssumeRoleWithWebIdentity"
    Principal = "*"
  }] })
}`},
			"aws_iam_role.r r:\n",
		},
		{
			"statements of unknown number beside a certain one", map[string]string{"a.tf": `
variable "subjects" { type = list(string) }
resource "aws_iam_role" "r" {
  name = "r"
  assume_role_policy = jsonencode({ Statement = [for s in concat(["repo:acme/app:*"], var.subjects) : {
    Effect    = "Allow"
    Action    = "sts:AssumeRoleWithWebIdentity"
    Principal = "*"
    Condition = { StringLike = { "token.actions.githubusercontent.com:sub" = s } }
  }] })
}`},
			"aws_iam_role.r r: repo:acme/app:* if length(var.subjects) == 0 is true; repo:acme/app:* ${var.subjects[*]} if length(var.subjects) == 0 is false\n",
		},
		{
			"conditions that may be overwritten", map[string]string{"a.tf": `
variable "conditions" {}
resource "aws_iam_role" "r" {
  name = "r"
  assume_role_policy = jsonencode({ Statement = [{
    Effect    = "Allow"
    Action    = "sts:AssumeRoleWithWebIdentity"
    Principal = "*"
    Condition = merge({ StringEquals = { "token.actions.githubusercontent.com:sub" = "a" } }, var.conditions)
  }] })
}`},
			"aws_iam_role.r r: condition unknown, depends on variable conditions\n",
		},
		{
			"a policy that is unknown", map[string]string{"a.tf": `variable "policy" {}` + "\nresource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n  assume_role_policy = var.policy\n}"},
			"aws_iam_role.r r: unknown, depends on variable policy\n",
		},
		{
			"a policy in a text that is unknown in part", map[string]string{"a.tf": "variable \"policy\" {}\nresource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n  assume_role_policy = \"{\\\"Statement\\\": ${var.policy}}\"\n}"},
			"aws_iam_role.r r: unknown, depends on variable policy\n",
		},
		{
			"a template in a file", map[string]string{
				"a.tf":           "variable \"owner\" {}\nresource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n  assume_role_policy = templatefile(\"${path.module}/trust.json.tpl\", { owner = var.owner, repos = [\"a\", \"b\"] })\n}",
				"trust.json.tpl": `{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": "*", "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": [%{ for i, r in repos }%{ if i > 0 },%{ endif }"repo:${owner}/${r}:*"%{ endfor }]}}}]}`,
			},
			"aws_iam_role.r r: repo:${var.owner}/a:* repo:${var.owner}/b:*\n",
		},
		{
			"a file beyond the folder", map[string]string{"a.tf": "resource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n  assume_role_policy = file(\"../trust.json\")\n}"},
			"aws_iam_role.r r: unknown, depends on function file\n",
		},
		{
			"no policy", map[string]string{"a.tf": "resource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n}"},
			"aws_iam_role.r r: unknown, depends on expression aws_iam_role.r.assume_role_policy, which cannot be evaluated\n",
		},
		{
			"a policy that is none", map[string]string{"a.tf": "resource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n  assume_role_policy = \"{]\"\n}"},
			"aws_iam_role.r r: error: line 3, column 24: unexpected ']'; expected the end of an object\n",
		},
		{
			"placeholders of another tool", map[string]string{"a.tf": role("r", `"repo:<OWNER>/app:*"`, `name = "r"`)},
			"aws_iam_role.r r: repo:<OWNER>/app:*\n",
		},
		{
			"override files", map[string]string{
				"a.tf":          "variable \"s\" { default = \"a\" }\nlocals { t = \"b\" }\n" + role("r", `"${var.s}${local.t}"`, `name = "r"`),
				"override.tf":   "variable \"s\" { default = \"c\" }\n",
				"b_override.tf": "locals { t = \"d\" }\nresource \"aws_iam_role\" \"r\" {\n  name = \"s\"\n}\nresource \"aws_iam_role\" \"new\" {}\n",
			},
			"aws_iam_role.r s: cd\n",
		},
		{
			"values of variables, the last of which counts", map[string]string{
				"a.tf":             "variable \"a\" {}\nvariable \"b\" {}\nvariable \"c\" {}\n" + role("r", `"${var.a}${var.b}${var.c}"`, `name = "r"`),
				"terraform.tfvars": "a = 1\nb = 1\nc = 1\n", "a.auto.tfvars": "b = 2\nc = 2\n", "b.auto.tfvars.json": `{"c": "${3}"}`, "other.tfvars": "a = 9\n",
			},
			"aws_iam_role.r r: 12${3}\n",
		},
		{
			"JSON", map[string]string{"a.tf.json": `{
  "//": "a comment",
  "variable": {"repos": {"type": "list(string)", "default": ["app"]}},
  "locals": {"owner": "acme"},
  "data": {"aws_iam_policy_document": {"d": {"statement": [{
    "actions": ["sts:AssumeRoleWithWebIdentity"],
    "principals": {"type": "*", "identifiers": ["*"]},
    "dynamic": {"condition": {"for_each": "${var.repos}", "content": {"test": "StringLike", "variable": "token.actions.githubusercontent.com:sub", "values": ["repo:${local.owner}/${condition.value}:*"]}}}
  }]}}},
  "resource": [{"aws_iam_role": {"r": {"name": "r", "assume_role_policy": "${data.aws_iam_policy_document.d.json}"}}}]
}`},
			"aws_iam_role.r r: repo:acme/app:*\n",
		},
		{
			"Cloud Control", map[string]string{"a.tf": "resource \"awscc_iam_role\" \"r\" {\n  role_name = \"r\"\n  assume_role_policy_document = " + trusts(`"a"`) + "\n}"},
			"awscc_iam_role.r r: a\n",
		},
		{
			"a broken file hides only itself", map[string]string{"a.tf": "locals {\n  x = [\n}\n", "b.tf": role("r", `"a${local.x}"`, `name = "r"`)},
			"aws_iam_role.r r: a${local.x}\nerror: a.tf: line 3, column 1: Terraform syntax: invalid expression\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := told(t, tt.files, ".", document.Options{}); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestModuleCalls(t *testing.T) {
	inner := "variable \"subject\" { default = \"\" }\nvariable \"on\" { default = true }\n" + role("r", `var.subject`, "name = \"r\"\n  count = var.on ? 1 : 0") +
		"output \"name\" { value = aws_iam_role.r[*].name }\n"
	for _, tt := range []struct {
		name, dir string
		files     map[string]string
		want      string
	}{
		{name: "arguments and outputs", dir: ".", files: map[string]string{
			"a.tf": "module \"m\" {\n  source = \"./m\"\n  subject = \"a\"\n}\n" + role("s", `module.m.name`, `name = "s"`), "m/a.tf": inner,
		}, want: "module.m.aws_iam_role.r[0] r: a\naws_iam_role.s s: r\n"},
		{name: "a default counts where the caller gives nothing", dir: ".",
			files: map[string]string{"a.tf": "module \"m\" {\n  source = \"./m\"\n}\n", "m/a.tf": inner},
			want:  "module.m.aws_iam_role.r[0] r: \n"},
		{name: "for_each, and files of the module", dir: ".", files: map[string]string{
			"a.tf":   "module \"m\" {\n  source   = \"./m\"\n  for_each = { x = \"1\" }\n  s        = each.value\n}\n",
			"m/a.tf": "variable \"s\" {}\n" + role("r", `"${file("${path.module}/f")}${var.s}"`, `name = "r"`), "m/f": "f",
		}, want: "module.m[\"x\"].aws_iam_role.r r: f1\n"},
		{name: "a module beside the root", dir: "live/prod", files: map[string]string{
			"live/prod/a.tf": "module \"m\" {\n  source = \"../../modules/m\"\n  subject = file(\"subject\")\n}\n", "live/prod/subject": "a", "modules/m/a.tf": inner,
		}, want: "module.m.aws_iam_role.r[0] r: a\n"},
		{name: "a module beyond the file system", dir: ".",
			files: map[string]string{"a.tf": "module \"m\" {\n  source = \"../github-role\"\n}\n"},
			want:  "module.m module.m: unknown, depends on module.m (source \"../github-role\", which is not in the folder)\n"},
		{name: "modules that are not followed", dir: ".", files: map[string]string{
			"a.tf": "module \"vpc\" {\n  source = \"git::https://github.com/acme/vpc\"\n}\nmodule \"ci\" {\n  source = \"acme/thing/aws\"\n  subjects = [\"repo:acme/app:*\"]\n}\n" +
				"module \"oidc\" {\n  count = 2\n  source = \"acme/github-oidc/aws\"\n}\n" + role("r", `module.vpc.id`, `name = "r"`),
		},
			want: "module.ci module.ci: unknown, depends on module.ci (source \"acme/thing/aws\", which is not in the folder)\n" +
				"module.oidc[0] module.oidc[0]: unknown, depends on module.oidc (source \"acme/github-oidc/aws\", which is not in the folder)\n" +
				"module.oidc[1] module.oidc[1]: unknown, depends on module.oidc (source \"acme/github-oidc/aws\", which is not in the folder)\n" +
				"aws_iam_role.r r: ${module.vpc.id}\n" +
				"note: modules not read, because they are not in the folder: module.vpc (a.tf:1)\n"},
		{name: "modules that Terraform has installed", dir: ".", files: map[string]string{
			"a.tf":                             "module \"m\" {\n  source  = \"acme/github/aws\"\n  version = \"1.0.0\"\n  subject = \"a\"\n}\n",
			".terraform/modules/modules.json":  `{"Modules": [{"Key": "", "Dir": "."}, {"Key": "m", "Source": "acme/github/aws", "Dir": ".terraform/modules/m"}, {"Key": "m.sub", "Dir": ".terraform/modules/m/sub"}]}`,
			".terraform/modules/m/a.tf":        "variable \"subject\" {}\nmodule \"sub\" {\n  source = \"acme/sub/aws\"\n  subject = var.subject\n}\n",
			".terraform/modules/m/sub/main.tf": inner,
		}, want: "module.m.module.sub.aws_iam_role.r[0] r: a\n"},
		{name: "a module that calls itself", dir: ".",
			files: map[string]string{"a.tf": "module \"m\" {\n  source = \"./m\"\n}\n", "m/a.tf": "module \"m\" {\n  source = \"../m\"\n}\n"},
			want:  "error: m/a.tf: line 1, column 1: more than 20 modules within modules\n"},
		{name: "a module that is switched off", dir: ".",
			files: map[string]string{"a.tf": "module \"m\" {\n  source = \"./m\"\n  on     = false\n}\n", "m/a.tf": inner}},
		{name: "a module that a default switches off", dir: ".", files: map[string]string{
			"a.tf": "variable \"on\" { default = false }\nmodule \"m\" {\n  source = \"./m\"\n  count  = var.on ? 1 : 0\n  subject = \"a\"\n}\n", "m/a.tf": inner,
		}, want: "module.m[0].aws_iam_role.r[0] r: a if var.on is true\n"},
		{name: "a variable that the root does not give", dir: ".", files: map[string]string{
			"a.tf": "variable \"subject\" {}\nmodule \"m\" {\n  source = \"./m\"\n  subject = \"a-${var.subject}\"\n}\n", "m/a.tf": inner,
		}, want: "module.m.aws_iam_role.r[0] r: a-${var.subject}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := told(t, tt.files, tt.dir, document.Options{}); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestParameters(t *testing.T) {
	files := map[string]string{"a.tf": "variable \"text\" {}\nvariable \"list\" { type = list(string) }\nvariable \"n\" { type = number }\n" +
		role("r", `concat(["${var.text} ${var.n + 1} ${data.aws_caller_identity.c.account_id}"], var.list)`, `name = "r"`) + "data \"aws_caller_identity\" \"c\" {}\n"}
	names := map[string]bool{}
	got := told(t, files, ".", document.Options{Names: names, Parameters: map[string]string{
		"text": "[1]", "list": `["a", "b"]`, "n": "2", "AWS::AccountId": "111111111111",
	}})
	if want := "aws_iam_role.r r: [1] 3 111111111111 a b\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, name := range []string{"text", "list", "n", "AWS::AccountId"} {
		if !names[name] {
			t.Errorf("%s is not declared", name)
		}
	}
}

func TestRoots(t *testing.T) {
	fsys := fstest.MapFS{}
	for name, content := range map[string]string{
		"live/a/main.tf": `module "m" { source = "../../modules/m" }`, "modules/m/main.tf": `module "n" { source = "./n" }`, "modules/m/n/main.tf": "", "modules/other/main.tf": "", "broken/main.tf": "{",
		"circle/a/main.tf": `module "b" { source = "../b" }`, "circle/b/main.tf": `module "a" { source = "../a" }`,
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	got := Roots(t.Context(), fsys, []string{"broken", "circle/a", "circle/b", "live/a", "modules/m", "modules/m/n", "modules/other"})
	if want := "[broken circle/a live/a modules/other]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
