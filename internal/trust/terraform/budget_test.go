package terraform

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// doubling returns locals of which each has what expression makes of the one
// before, in place of X.
func doubling(n int, first, expression string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "locals {\n  l0 = %s\n", first)
	for i := range n {
		fmt.Fprintf(&b, "  l%d = %s\n", i+1, strings.ReplaceAll(expression, "X", fmt.Sprintf("local.l%d", i)))
	}
	b.WriteString("}\n" + role("r", fmt.Sprintf("jsonencode(local.l%d)", n), `name = "r"`))
	return b.String()
}

// TestHostile holds that sources which are small and would yield much, or go
// deep, end soon, with an error that says why.
func TestHostile(t *testing.T) {
	loops := `[for a in range(1024) : [for b in range(1024) : [for c in range(1024) : "${a}${b}${c}"]]]`
	many := func(n int, line string) string { return strings.Repeat(line, n) }
	for i, tt := range []struct{ name, source, want string }{
		{"nested brackets", "locals { a = " + many(20_000, "[") + "}", "more than 1000 nested expressions"},
		{"nested templates", "locals { a = " + many(20_000, `"${`) + "}", "more than 1000 nested expressions"},
		{"nested blocks", many(20_000, "a {\n"), "more than 1000 nested expressions"},
		{"operators", "locals { a = " + many(20_000, "!") + "true }", "more than 1000 nested expressions"},
		{"signs in brackets", "locals { a = (" + many(20_000, "-\n") + "1) }", "more than 1000 nested expressions"},
		{"conditionals", "locals { a = " + many(20_000, "1?2:") + "3 }", "more than 1000 nested expressions"},
		{"directives", "locals { a = \"" + many(20_000, "%{if true}") + "\" }", "more than 1000 nested expressions"},
		{"texts that double", doubling(60, `"0123456789"`, `"${X}${X}"`), "exceeds"},
		{"unknown texts that double", "variable \"v\" {}\n" + doubling(60, `"${var.v}"`, `lower("${X}${X}")`), "exceeds"},
		{"lists that double", doubling(60, `["a"]`, `concat(X, X)`), "exceeds"},
		{"nested lists that double", doubling(60, `["a"]`, `[X, X]`), "exceeds"},
		{"objects that double", doubling(60, `{}`, `{a = X, b = X}`), "exceeds"},
		{"JSON that doubles", doubling(60, `"a"`, `jsonencode([X, X])`), "exceeds"},
		{"loops in loops", "locals { l = " + loops + " }\n" + role("r", "local.l", `name = "r"`), "exceeds"},
		{"products", "locals { l = setproduct(" + many(20, "range(1000), ") + "[1]) }\n" + role("r", "local.l", `name = "r"`), "exceeds"},
		{"replacement", "locals {\n  a = join(\"\", [for i in range(1000) : \"xxxxxxxxxx\"])\n  b = replace(replace(local.a, \"x\", local.a), \"x\", local.a)\n}\n" + role("r", "local.b", `name = "r"`), "exceeds"},
		{"joining", "locals {\n  a = join(\"\", [for i in range(1000) : \"xxxxxxxxxx\"])\n  b = join(local.a, flatten([for i in range(100) : range(100)]))\n}\n" + role("r", "local.b", `name = "r"`), "exceeds"},
		{"comparisons", "locals {\n  a = [for i in range(1000) : range(100)]\n  b = [for i in range(1000) : local.a == local.a]\n}\n" + role("r", "jsonencode(local.b)", `name = "r"`), "exceeds"},
		{"instances", role("r", `"a"`, `count = 1000000000`), "more than 10000 instances"},
		{"instances of instances", role("a", "local.all", `name = "s"`) + "locals { all = [for a in aws_iam_role.r : [for b in aws_iam_role.r : b.name]] }\n" + role("r", `"a"`, `count = 9999`), "exceeds"},
		{"numbers", "locals { a = " + many(900, "1e9999*") + "1 }\n" + role("r", `"${local.a}"`, `name = "r"`), ""},
		{"aliases in YAML", role("r", `jsonencode(yamldecode("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g,*g]\n"))`, `name = "r"`), "exceeds"},
		{"references", doubling(300, `"a"`, `"${X}"`), "more than 400 nested expressions and references"},
		{"a large file", strings.Repeat("# comment\n", 200_000), "file is larger than"},
	} {
		if propertytest.LeaveOut(i, 5) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			begin := time.Now()
			got := told(t, map[string]string{"a.tf": tt.source}, ".", document.Options{})
			if len(got) > 5000 {
				got = got[:5000]
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("want %q in %s", tt.want, got)
			}
			t.Log(time.Since(begin))
		})
	}
}

// What is large but not hostile is read.
func TestLarge(t *testing.T) {
	var b strings.Builder
	b.WriteString("locals {\n  repositories = {\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "    repository-%d = { owner = \"acme\", branches = [\"main\", \"release\"] }\n", i)
	}
	b.WriteString("  }\n}\n" + role("r", `[for branch in each.value.branches : "repo:${each.value.owner}/${each.key}:ref:refs/heads/${branch}"]`, "for_each = local.repositories\n  name = each.key"))
	begin := time.Now()
	got := told(t, map[string]string{"a.tf": b.String()}, ".", document.Options{})
	if n := strings.Count(got, "\n"); n != 2000 || strings.Contains(got, "error") {
		t.Errorf("%d lines: %.300s", n, got)
	}
	t.Log(time.Since(begin))
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fsys := fstest.MapFS{"a.tf": {Data: []byte(role("r", `[for i in range(1000) : [for j in range(10) : "${i}"]]`, `count = 100`))}}
	n := 0
	var last error
	for _, err := range Roles(ctx, fsys, document.Options{}) {
		n++
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) || n > 3 {
		t.Errorf("%d roles, %v", n, last)
	}
	for _, err := range Roles(ctx, fsys, document.Options{}) {
		last = err
	}
	if !strings.Contains(last.Error(), context.Canceled.Error()) {
		t.Error(last)
	}
}
