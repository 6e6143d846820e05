package generate

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/trust"
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

func permission(t testing.TB, s string) Permission {
	t.Helper()
	p, err := ParsePermission(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func examples(t testing.TB) map[string]Spec {
	app := []Repository{repository(t, "octo@1/app@2")}
	return map[string]Spec{
		"branch": {Account: "111122223333", Repositories: app, Branches: []string{"main"}},
		"environment": {Repositories: app, Environments: []string{"prod: eu", "st*ge"}, Boundary: "arn:aws:iam::111122223333:policy/boundary",
			Tags: []string{"v*"}},
		"two-repositories": {Account: "111122223333", Repositories: append(app, repository(t, "octo@1/site@3")),
			Branches: []string{"main", "release/${x}"}, Provider: "token.actions.githubusercontent.com/octo"},
		"workflow": {Repositories: app, Workflow: "octo/deploy/.github/workflows/deploy.yml@refs/heads/main", PullRequests: true},
		"only-workflow": {Repositories: app, Workflow: "octo/deploy/.github/workflows/deploy.yml@refs/heads/main", Partition: "aws-cn",
			Audience: "sts.amazonaws.com.cn"},
		"permissions": {Account: "111122223333", Region: "eu-west-1", Repositories: app, Environments: []string{"prod"}, ResourceTag: "team=a b",
			Allow: []Permission{permission(t, "s3-deploy:my-bucket"), permission(t, "ecr-push:team/app"),
				permission(t, "lambda-deploy:orders"), permission(t, "cloudformation-stack:orders")}},
		"one-permission": {Repositories: app, Branches: []string{"main"}, Allow: []Permission{permission(t, "lambda-deploy:orders")}},
		"names-only":     {Repositories: []Repository{repository(t, "octo/app")}, Branches: []string{"main"}},
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

// policyOf reads a generated file back.
func policyOf(t testing.TB, src string) document.Role {
	t.Helper()
	for role, err := range document.Roles(t.Context(), strings.NewReader(src), document.Options{}) {
		if err != nil || role.Err != nil {
			t.Fatalf("%v %v\n%s", err, role.Err, src)
		}
		return role
	}
	t.Fatalf("no role in\n%s", src)
	return document.Role{}
}

// The linter finds nothing in what is generated: no more than notes, which
// tell what no policy can show, and, of names without ids, just that.
func TestLinterFindsNothing(t *testing.T) {
	for name, spec := range examples(t) {
		for _, format := range []string{"json", "yaml"} {
			for _, f := range lint.Check(policyOf(t, render(t, spec, format)), lint.Options{}) {
				if f.Severity > lint.Note && (name != "names-only" || f.Rule != "names-only") {
					t.Errorf("%s.%s: %s: %s", name, format, f.Rule, f.Message)
				}
			}
		}
	}
}

// run is a job as GitHub would describe it in the token.
type run struct {
	Repository
	context  string // as in the subject
	workflow string
	audience string
}

func (r run) request(s Spec) trust.Request {
	claims := oidc.Claims{
		"iss": "https://" + s.complete().Provider, "aud": r.audience, "sub": r.subject() + ":" + r.context,
		"repository": r.Owner + "/" + r.Name,
	}
	if r.workflow != "" {
		claims["job_workflow_ref"] = r.workflow
	}
	account := s.Account
	if account == "" {
		account = "ACCOUNT_ID"
	}
	return trust.Request{
		Action: trust.WebIdentityAction,
		Principal: trust.Principal{Type: "Federated",
			ID: "arn:aws:iam::" + account + ":oidc-provider/" + s.complete().Provider},
		Context: trust.WebIdentityContext(claims),
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func some[T any](r *rand.Rand, from []T, most int) []T {
	var chosen []T
	for range r.IntN(most + 1) {
		if v := pick(r, from); !slices.ContainsFunc(chosen, func(c T) bool { return fmt.Sprint(c) == fmt.Sprint(v) }) {
			chosen = append(chosen, v)
		}
	}
	return chosen
}

// What is generated admits the runs that it was made for, and refuses each
// run that differs in one thing.
func TestAdmitsItsRunsAndNoNeighbours(t *testing.T) {
	repositories := []Repository{{"octo", "1", "app", "2"}, {"octo", "1", "app2", "3"}, {"Octo-x", "", "app", ""}}
	branches, tags := []string{"main", "release/1", "a${b}"}, []string{"v1", "stable"}
	environments := []string{"prod", "pr*d", "eu:prod", "a?c", "${x}"}
	const workflow = "octo/deploy/.github/workflows/deploy.yml@refs/heads/main"
	for seed := range propertytest.Cases(3000) {
		r := rand.New(rand.NewPCG(seed, 7))
		s := Spec{
			Repositories: append([]Repository{pick(r, repositories)}, some(r, repositories, 1)...),
			Branches:     some(r, branches, 2), Tags: some(r, tags, 1), Environments: some(r, environments, 2),
			PullRequests: r.IntN(4) == 0, Workflow: pick(r, []string{"", workflow}),
		}
		if r.IntN(4) == 0 {
			s.Branches = append(s.Branches, "hotfix-*")
		}
		var contexts []string
		for _, b := range s.Branches {
			contexts = append(contexts, "ref:refs/heads/"+strings.ReplaceAll(b, "*", "7"))
		}
		for _, tag := range s.Tags {
			contexts = append(contexts, "ref:refs/tags/"+tag)
		}
		for _, e := range s.Environments {
			contexts = append(contexts, "environment:"+strings.ReplaceAll(e, ":", "%3A"))
		}
		if s.PullRequests {
			contexts = append(contexts, "pull_request")
		}
		if len(contexts) == 0 {
			continue
		}
		p := policyOf(t, render(t, s, "json")).Policies[0]
		own := run{pick(r, s.Repositories), pick(r, contexts), s.Workflow, "sts.amazonaws.com"}
		if got := p.Evaluate(own.request(s)).Decision; got != trust.Allowed {
			t.Fatalf("seed %d: %+v: %s\n%s", seed, own, got, render(t, s, "json"))
		}
		for what, neighbour := range neighbours(own) {
			if slices.Contains(contexts, neighbour.context) && slices.Contains(s.Repositories, neighbour.Repository) &&
				neighbour.audience == own.audience && (s.Workflow == "" || neighbour.workflow == s.Workflow) {
				continue // meant as well
			}
			if got := p.Evaluate(neighbour.request(s)).Decision; got != trust.ImplicitDeny {
				t.Fatalf("seed %d: other %s: %+v: %s\n%s", seed, what, neighbour, got, render(t, s, "json"))
			}
		}
	}
}

func neighbours(own run) map[string]run {
	change := func(f func(*run)) run {
		r := own
		f(&r)
		return r
	}
	all := map[string]run{
		"owner":       change(func(r *run) { r.Owner += "-evil" }),
		"repository":  change(func(r *run) { r.Name += "-fork" }),
		"case":        change(func(r *run) { r.Owner = strings.ToUpper(r.Owner) }),
		"branch":      change(func(r *run) { r.context = "ref:refs/heads/other" }),
		"suffix":      change(func(r *run) { r.context += "x" }),
		"tag":         change(func(r *run) { r.context = "ref:refs/tags/main" }),
		"environment": change(func(r *run) { r.context = "environment:prxd" }),
		"event":       change(func(r *run) { r.context = "pull_request" }),
		"audience":    change(func(r *run) { r.audience = "https://github.com/octo" }),
		"workflow":    change(func(r *run) { r.workflow = "octo/deploy/.github/workflows/deploy.yml@refs/heads/next" }),
		"form": change(func(r *run) {
			if r.OwnerID == "" {
				r.OwnerID, r.ID = "1", "2"
			} else {
				r.OwnerID, r.ID = "", ""
			}
		}),
	}
	if own.OwnerID != "" {
		all["owner id"] = change(func(r *run) { r.OwnerID += "0" })
		all["repository id"] = change(func(r *run) { r.ID += "0" })
	}
	if strings.HasPrefix(own.context, "ref:refs/heads/hotfix-") {
		delete(all, "suffix")
	}
	if own.workflow == "" {
		delete(all, "workflow")
	}
	return all
}

// Both formats that can be read back say the same.
func TestFormatsAgree(t *testing.T) {
	for name, spec := range examples(t) {
		fromJSON := policyOf(t, render(t, spec, "json")).Policies[0].Statements[0]
		fromYAML := policyOf(t, render(t, spec, "yaml")).Policies[0].Statements[0]
		outline := func(s trust.Statement) []string {
			lines := []string{string(s.Effect), s.Action.Values[0].Text}
			for _, c := range s.Conditions {
				for _, v := range c.Values {
					lines = append(lines, c.Operator.String()+" "+c.Key+" "+v.Text)
				}
			}
			return lines
		}
		if diff := cmp.Diff(outline(fromJSON), outline(fromYAML)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestProblemsAreToldAllAtOnce(t *testing.T) {
	s := Spec{Branches: []string{"refs/heads/main", "a b"}, Environments: []string{"a\nb"}, Workflow: "x", Account: "1", Region: "x", RoleName: "a b",
		Boundary: "x", ResourceTag: "x", Partition: "aws-x"}
	err := JSON(io.Discard, s)
	want := `no repository: say which by --repository OWNER/REPOSITORY
branch "a b": write a branch's name without refs/heads/
"refs/heads/main": write the name without refs/heads/
environment "a\nb": write an environment's name
reusable workflow "x": write OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/BRANCH
partition "aws-x": write aws, aws-cn or aws-us-gov
account "1": write 12 digits
region "x": write a region such as eu-west-1
role name "a b": write up to 64 letters, digits and _+=,.@-
permissions boundary "x": write the ARN of a policy
resource tag "x": write KEY=VALUE`
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	for format, write := range formats {
		if err := write(io.Discard, Spec{}); err == nil || !strings.Contains(err.Error(), "no run") {
			t.Errorf("%s: %v", format, err)
		}
	}
	for _, s := range []string{"octo", "octo/app/x", "octo@1/app", "octo/app@2", "oct*/app", "octo/app:x", ""} {
		if _, err := ParseRepository(s); err == nil {
			t.Errorf("repository %q is taken", s)
		}
	}
	for _, s := range []string{"s3", "s3-deploy", "s3-deploy:A", "s3-deploy:a/*", "ecr-push:a//b", "lambda-deploy:*", "cloudformation-stack:1", "x:y"} {
		if _, err := ParsePermission(s); err == nil {
			t.Errorf("permission %q is taken", s)
		}
	}
}

func TestWarnings(t *testing.T) {
	app := repository(t, "octo@1/app@2")
	many := Spec{Account: "111122223333", Repositories: []Repository{app}}
	for i := range 50 {
		many.Branches = append(many.Branches, fmt.Sprintf("release/%d", i))
	}
	tests := []struct {
		spec Spec
		want []string // beginnings
	}{
		{Spec{Account: "111122223333", Repositories: []Repository{app}, Branches: []string{"main"}}, nil},
		{Spec{Repositories: []Repository{{Owner: "octo", Name: "app"}}, PullRequests: true}, []string{"names without ids", "pull requests run"}},
		{Spec{Account: "111122223333", Repositories: []Repository{app}, Workflow: "o/r/.github/workflows/x.yml@refs/heads/main"}, []string{"any branch"}},
		{many, []string{"the trust policy has 2"}},
	}
	for _, tt := range tests {
		got := tt.spec.Warnings()
		if len(got) != len(tt.want) {
			t.Errorf("%q, want %q", got, tt.want)
			continue
		}
		for i, w := range got {
			if !strings.HasPrefix(w, tt.want[i]) {
				t.Errorf("%q, want %q", w, tt.want[i])
			}
		}
	}
}

// Whatever subject a token has, the role made for it admits it.
func TestForClaims(t *testing.T) {
	for _, sub := range []string{
		"repo:octo/app:ref:refs/heads/main", "repo:octo@1/app@2:ref:refs/tags/v1", "repo:octo@1/app@2:environment:eu%3Aprod",
		"repo:octo/app:environment:pr*d?", "repo:octo/app:pull_request", "repo:octo/app:environment:a:job_workflow_ref:o/r/.github/workflows/x.yml@y",
		"repository_id:2:environment:${x}*", "repo:octo/app:ref:refs/pull/1/merge", "repo:octo/app:ref:refs/heads/a%3Ab", "repo:octo@1/app:ref:refs/heads/main",
	} {
		claims := oidc.Claims{"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com", "sub": sub}
		s := ForClaims(claims)
		s.Account = "111122223333"
		p := policyOf(t, render(t, s, "json")).Policies[0]
		request := trust.Request{
			Action:    trust.WebIdentityAction,
			Principal: trust.Principal{Type: "Federated", ID: "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
			Context:   trust.WebIdentityContext(claims),
		}
		if got := p.Evaluate(request).Decision; got != trust.Allowed {
			t.Errorf("%s: %s\n%s", sub, got, render(t, s, "json"))
		}
		claims["sub"] = sub + "x"
		request.Context = trust.WebIdentityContext(claims)
		if got := p.Evaluate(request).Decision; got != trust.ImplicitDeny {
			t.Errorf("%sx: %s", sub, got)
		}
	}
}
