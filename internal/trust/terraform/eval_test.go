package terraform

import (
	"slices"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

// TestExpressions holds what expressions yield, written as an expression, and
// what that depends on. The results of functions are those of Terraform's
// documentation.
func TestExpressions(t *testing.T) {
	const source = `
variable "text" { type = string }
variable "names" { type = list(string) }
variable "any" {}
variable "secrets" { type = map(object({ arn = string })) }
variable "settings" {
  type = object({ name = string, branches = optional(list(string), ["main"]), count = number })
  default = { name = "app", count = "3", left = "out" }
}
variable "teams" {
  type    = map(object({ repository = string }))
  default = { b = { repository = "acme/b" }, a = { repository = "acme/a" } }
}
variable "empty" { default = "" }
locals {
  list   = ["b", "a", "b", ""]
  map    = { z = 1, a = 2 }
  cycle  = local.cycle2
  cycle2 = local.cycle
  flag   = var.any == "yes"
}
resource "aws_iam_openid_connect_provider" "github" {
  count = 2
  url   = "https://token.actions.githubusercontent.com"
}
resource "aws_iam_role" "by" {
  for_each           = var.teams
  name               = "by-${each.key}"
  path               = "/ci/"
  assume_role_policy = ""
}
resource "aws_iam_role" "maybe" {
  for_each           = toset(var.names)
  name               = "maybe-${each.value}"
  assume_role_policy = ""
}
resource "aws_ssm_parameter" "repository" {
  name  = "repository"
  value = "acme/app"
}
data "aws_ssm_parameter" "repository" { name = "repository" }
data "aws_caller_identity" "here" {}
data "aws_caller_identity" "there" { provider = aws.there }
data "aws_iam_openid_connect_provider" "by_arn" { arn = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com/acme" }
data "template_file" "old" {
  template = "repo:$${owner}/app"
  vars     = { owner = "acme" }
}
`
	for _, tt := range []struct{ expression, want, dependsOn string }{
		// Literals, templates and operators.
		{`"a${1 + 1}b"`, `"a2b"`, ""},
		{`"$${literal} %%{if}"`, `"${literal} %{if}"`, ""},
		{"<<-EOT\n    a\n      b\n  EOT\n", `"a\n  b\n"`, ""},
		{`"%{if 1 < 2}yes%{else}no%{endif}"`, `"yes"`, ""},
		{`"%{for n in [1, 2]}<${n}>%{endfor}"`, `"<1><2>"`, ""},
		{`1 + 2 * 3 - 10 / 4`, `4.5`, ""},
		{`7 % 4`, `3`, ""},
		{`-2`, `-2`, ""},
		{`!(true && false || false)`, `true`, ""},
		{`"1" == 1`, `"1" == 1`, `expression "1" == 1`}, // false, unless YAML has one of them
		{`[1, 2] == [1, 2]`, `true`, ""},
		{`{a = 1} != {a = 2}`, `true`, ""},
		{`null == null`, `true`, ""},
		{`1 / 0`, `1 / 0`, "expression 1 / 0"},
		{`{a = 1, "b-${1}" = 2, (local.list[1]) = 3}`, `{"a" = 1, "b-1" = 2, "a" = 3}`, ""},
		{`true ? 1 : local.nothing`, `1`, ""},
		// Unknown parts.
		{`"repo:${var.text}:*"`, `"repo:${var.text}:*"`, "variable text"},
		{`lower("Repo:${var.text}")`, `"repo:${lower(var.text)}"`, "variable text"},
		{`replace(var.text, "a", "b")`, `replace(var.text, "a", "b")`, "variable text"},
		{`trimprefix("repo:${var.text}", "repo:")`, `var.text`, "variable text"},
		{`trimsuffix("${var.text}:*", ":*")`, `var.text`, "variable text"},
		{`trimprefix(var.text, "x")`, `trimprefix(var.text, "x")`, "variable text"},
		{`startswith("repo:${var.text}", "org:")`, `false`, ""},
		{`startswith("repo:${var.text}", "repo:a")`, `startswith("repo:${var.text}", "repo:a")`, "variable text"},
		{`"a-${var.text}" == "b-x"`, `false`, ""},
		{`var.text == var.text`, `true`, ""},
		{`(var.text == "a") == (var.any == "b")`, `(var.text == "a") == (var.any == "b")`, "variable any, variable text"},
		{`false && var.any`, `false`, ""},
		{`var.any || true`, `true`, ""},
		{`format("repo:%s/%s:*", "acme", var.text)`, `"repo:acme/${var.text}:*"`, "variable text"},
		{`join(",", ["a", var.text])`, `"a,${var.text}"`, "variable text"},
		{`join(",", var.names)`, `join(",", var.names)`, "variable names"},
		{`[for n in var.names : "repo:acme/${n}:*"]`, `[for each of var.names: "repo:acme/${var.names[*]}:*"]`, "variable names"},
		{`formatlist("repo:%s:*", var.names)`, `[for each of var.names: "repo:${var.names[*]}:*"]`, "variable names"},
		{`var.names[0]`, `var.names[0]`, "variable names"},
		{`concat(["a"], var.names)`, `["a", for each of var.names: var.names[*]]`, "variable names"},
		{`concat(var.names, var.any)`, `[for each of var.names, var.any: var.names[*], for each of var.names, var.any: var.any[*]]`, "variable any, variable names"},
		{`concat(["a"], var.names)[0]`, `["a", for each of var.names: var.names[*]][0]`, "variable names"},
		{`length(var.names) > 0`, `length(var.names) > 0`, "variable names"},
		{`contains(concat(["a"], var.names), "a")`, `true`, ""},
		{`contains(var.names, "a")`, `contains(var.names, "a")`, "variable names"},
		{`{for n in var.names : n => upper(n)}`, `{var.names[*] = upper(var.names[*])}`, "variable names"},
		{`var.any.a.b`, `var.any.a.b`, "variable any"},
		{`var.any[*].name`, `[for each of var.any: var.any[*].name]`, "variable any"},
		{`var.secrets == null`, `var.secrets == null`, "variable secrets"},
		{`merge({a = 1}, var.any)`, `{"a" = 1}`, "variable any"},
		{`merge({a = 1}, var.any).a`, `{…325f658c6673}.a`, "variable any"},
		{`jsonencode({a = var.text})`, `"{\"a\":${jsonencode(var.text)}}"`, "variable text"},
		{`jsondecode(jsonencode({a = var.text})).a`, `var.text`, "variable text"},
		{`unheard_of("a")`, `unheard_of("a")`, "function unheard_of"},
		{`provider::aws::arn_parse("a")`, `provider::aws::arn_parse("a")`, "function provider::aws::arn_parse"},
		{`local.cycle`, `local.cycle`, "local.cycle, which refers to itself"},
		{`local.nothing`, `local.nothing`, "local.nothing, which is not declared"},
		{`var.nothing`, `var.nothing`, "variable nothing, which is not declared"},
		{`var.empty`, `var.empty`, "variable empty"},
		{`terraform.workspace`, `terraform.workspace`, "terraform.workspace"},
		// Types of variables.
		{`var.settings`, `{"name" = "app", "branches" = ["main"], "count" = 3}`, ""},
		{`keys(var.teams)`, `["a", "b"]`, ""},
		// References.
		{`aws_iam_openid_connect_provider.github[1].arn`, `"arn:aws:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com"`, "AWS::AccountId"},
		{`aws_iam_openid_connect_provider.github[*].url`, `["token.actions.githubusercontent.com", "token.actions.githubusercontent.com"]`, ""},
		{`length(aws_iam_openid_connect_provider.github)`, `2`, ""},
		{`aws_iam_openid_connect_provider.github[2].arn`, `aws_iam_openid_connect_provider.github[2].arn`, "aws_iam_openid_connect_provider.github[2], which is missing"},
		{`data.aws_iam_openid_connect_provider.by_arn.url`, `"token.actions.githubusercontent.com/acme"`, ""},
		{`aws_iam_role.by["a"].arn`, `"arn:aws:iam::${AWS::AccountId}:role/ci/by-a"`, "AWS::AccountId"},
		{`{for k, r in aws_iam_role.by : k => r.name}`, `{"a" = "by-a", "b" = "by-b"}`, ""},
		{`values(aws_iam_role.by)[*].name`, `["by-a", "by-b"]`, ""},
		{`[for r in aws_iam_role.maybe : r.name]`, `[for each of var.names: "maybe-${var.names[*]}"]`, "variable names"},
		{`aws_ssm_parameter.repository.value`, `"acme/app"`, ""},
		{`aws_ssm_parameter.repository.version`, `aws_ssm_parameter.repository.version`, "aws_ssm_parameter.repository.version"},
		{`data.aws_ssm_parameter.repository.value`, `data.aws_ssm_parameter.repository.value`, "data.aws_ssm_parameter.repository.value"},
		{`data.aws_caller_identity.here.account_id`, `AWS::AccountId`, "AWS::AccountId"},
		{`data.aws_caller_identity.there.account_id`, `data.aws_caller_identity.there`, "data.aws_caller_identity.there"},
		{`data.template_file.old.rendered`, `"repo:acme/app"`, ""},
		{`path.module`, `"."`, ""},
		// Functions.
		{`split("/", "a/b")`, `["a", "b"]`, ""},
		{`element(["a", "b"], 3)`, `"b"`, ""},
		{`replace("hello", "/l+/", "L")`, `"heLo"`, ""},
		{`replace("a.b", ".", "-")`, `"a-b"`, ""},
		{`format("%%-%s-%d-%q", "a", 3, "b")`, `"%-a-3-\"b\""`, ""},
		{`format("%03d", 3)`, `format("%03d", 3)`, "function format"},
		{`title("hello world")`, `"Hello World"`, ""},
		{`substr("hello world", 1, 4)`, `"ello"`, ""},
		{`substr("hello world", -5, -1)`, `"world"`, ""},
		{`trim("?!hello?!", "!?")`, `"hello"`, ""},
		{`chomp("hello\n")`, `"hello"`, ""},
		{`trimspace("  hello\n\n")`, `"hello"`, ""},
		{`strrev("hello")`, `"olleh"`, ""},
		{`endswith("hello world", "world")`, `true`, ""},
		{`strcontains("hello world", "wor")`, `true`, ""},
		{`toset(["b", "a", "b"])`, `["a", "b"]`, ""},
		{`distinct(local.list)`, `["b", "a", ""]`, ""},
		{`compact(local.list)`, `["b", "a", "b"]`, ""},
		{`sort(["e", "d", "a", "x"])`, `["a", "d", "e", "x"]`, ""},
		{`reverse([1, 2, 3])`, `[3, 2, 1]`, ""},
		{`flatten([["a", "b"], [], [["c"]]])`, `["a", "b", "c"]`, ""},
		{`concat(["a"], ["b"])`, `["a", "b"]`, ""},
		{`merge({a = "b", c = "d"}, {e = "f", c = "z"})`, `{"a" = "b", "c" = "z", "e" = "f"}`, ""},
		{`lookup({a = "ay"}, "c", "what?")`, `"what?"`, ""},
		{`lookup({a = "ay"}, "a")`, `"ay"`, ""},
		{`coalesce("", null, "b")`, `"b"`, ""},
		{`coalescelist([], ["c"])`, `["c"]`, ""},
		{`try(local.map.missing, "fallback")`, `"fallback"`, ""},
		{`try(local.map.a, "fallback")`, `2`, ""},
		{`try(tonumber("x"), "fallback")`, `"fallback"`, ""},
		{`try(var.any.a, "fallback")`, `try(var.any.a, "fallback")`, "variable any"},
		{`can(var.any.a)`, `can(var.any.a)`, "variable any"},
		{`[for a in var.names : [for b in var.names : a == b]][0][0]`, `[for each of var.names: [for each of var.names: var.names[*] == var.names[*]]][0][0]`, "variable names"},
		{`yamldecode("on: true").on == true`, `true`, ""},
		{`lower({ password = "hunter2" })`, `lower({…52b714c0b2c9})`, "function lower"},
		{`can(local.map.missing)`, `false`, ""},
		{`keys(local.map)`, `["a", "z"]`, ""},
		{`values(local.map)`, `[2, 1]`, ""},
		{`zipmap(["a", "b"], [1, 2])`, `{"a" = 1, "b" = 2}`, ""},
		{`one([])`, `null`, ""},
		{`one(["a"])`, `"a"`, ""},
		{`slice(["a", "b", "c", "d"], 1, 3)`, `["b", "c"]`, ""},
		{`range(3)`, `[0, 1, 2]`, ""},
		{`range(1, 8, 3)`, `[1, 4, 7]`, ""},
		{`range(4, 1)`, `[4, 3, 2]`, ""},
		{`index(["a", "b", "c"], "b")`, `1`, ""},
		{`setunion(["a", "b"], ["b", "c"])`, `["a", "b", "c"]`, ""},
		{`setsubtract(["a", "b", "c"], ["a", "c"])`, `["b"]`, ""},
		{`setintersection(["a", "b"], ["b", "c"])`, `["b"]`, ""},
		{`setproduct(["a", "b"], [1, 2])`, `[["a", 1], ["a", 2], ["b", 1], ["b", 2]]`, ""},
		{`tostring(5)`, `"5"`, ""},
		{`tonumber("5")`, `5`, ""},
		{`tobool("true")`, `true`, ""},
		{`tolist(["a"])`, `["a"]`, ""},
		{`tomap({a = 1})`, `{"a" = 1}`, ""},
		{`sensitive("a")`, `"a"`, ""},
		{`alltrue([true, "true"])`, `true`, ""},
		{`anytrue([])`, `false`, ""},
		{`jsonencode({b = [1, true, null], a = "<>&"})`, `"{\"a\":\"\\u003c\\u003e\\u0026\",\"b\":[1,true,null]}"`, ""},
		{`yamldecode("a: [1, 2]").a[1]`, `2`, ""},
		{`max(concat([1], [3, 2])...)`, `3`, ""},
		{`min(2, 1, 3)`, `1`, ""},
		{`regex("[a-z]+", "53453453.345345aaabbbccc23454")`, `"aaabbbccc"`, ""},
		{`regex("(\\d\\d\\d\\d)-(\\d\\d)", "2019-02-01")`, `["2019", "02"]`, ""},
		{`regex("^(?P<scheme>[^:/?#]+)://(?P<host>[^/]*)", "https://terraform.io/docs")`, `{"scheme" = "https", "host" = "terraform.io"}`, ""},
		{`regexall("[a-z]+", "1234abcd5678efgh9")`, `["abcd", "efgh"]`, ""},
		{`can(regex("x", "y"))`, `false`, ""},
		{`basename("foo/bar/baz.txt")`, `"baz.txt"`, ""},
		{`dirname("foo/bar/baz.txt")`, `"foo/bar"`, ""},
		{`ceil(1.5)`, `ceil(1.5)`, "function ceil"},
		{`[for s in local.list : upper(s) if s != ""]`, `["B", "A", "B"]`, ""},
		{`{for k, v in local.map : v => k...}`, `{"2" = ["a"], "1" = ["z"]}`, ""},
		{`[for i, s in ["a"] : "${i}${s}"]`, `["0a"]`, ""},
		{`[{a = 1}, {a = 2}][*].a`, `[1, 2]`, ""},
		{`null[*]`, `[]`, ""},
		{`"one"[*]`, `["one"]`, ""},
		{`templatestring("a ${"$"}{b}", {b = "c"})`, `"a c"`, ""},
	} {
		t.Run(tt.expression, func(t *testing.T) {
			v := evaluate(t, document.Options{}, source, tt.expression)
			if got := v.render(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			var all []string
			for _, d := range slices.Sorted(slices.Values(dependsOn(v))) {
				if len(all) == 0 || all[len(all)-1] != d {
					all = append(all, d)
				}
			}
			if got := strings.Join(all, ", "); got != tt.dependsOn {
				t.Errorf("depends on %q, want %q", got, tt.dependsOn)
			}
		})
	}
}
