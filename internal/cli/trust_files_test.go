package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// writeFiles makes files with their folders in a new working directory. A
// content "-> NAME" makes a link.
func writeFiles(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(content, "-> "); link {
			err = os.Symlink(target, name)
		} else {
			err = os.WriteFile(name, []byte(content), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// trusting returns a policy that admits the subject.
func trusting(subject string) string {
	like := strings.Replace(trustedMain, `"StringEquals"`, `"StringLike"`, 1)
	return strings.ReplaceAll(like, "repo:octo@1/app@2:ref:refs/heads/main", subject)
}

// stackOf returns a template with one role.
func stackOf(subject string) string {
	return `{"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ` + trusting(subject) + `}}}}`
}

// planOf returns a plan of Terraform that changes the subject of a role.
func planOf(before, after string) string {
	values := func(subject string) string {
		return `{"name": "deploy", "arn": "arn:aws:iam::111122223333:role/deploy", "assume_role_policy": ` + strconv.Quote(trusting(subject)) + `}`
	}
	return `{"format_version": "1.2", "resource_changes": [{"address": "aws_iam_role.deploy", "mode": "managed", "type": "aws_iam_role", "change": {"actions": ["update"], "before": ` +
		values(before) + `, "after": ` + values(after) + `}}]}`
}

func TestTrustFolders(t *testing.T) {
	writeFiles(t, map[string]string{
		"repo/README.md":                  "sts:AssumeRoleWithWebIdentity is what a policy allows.",
		"repo/package.json":               `{"name": "site", "version": "1.0.0"}`,
		"repo/tsconfig.json":              "// comments\n{}",
		"repo/.github/workflows/ci.yml":   "on: push\njobs: {}\n",
		"repo/chart/role.yaml":            "{{ if .Values.role }}\nkind: Role\n{{ end }}\n",
		"repo/iam/deploy.json":            trusting("repo:octo@1/app@2:ref:refs/heads/main"),
		"repo/iam/wide":                   trusting("repo:octo@1/*"),
		"repo/iam/role.policy.tpl":        trusting("repo:other@1/*"),
		"repo/.git/copy.json":             trusting("*"),
		"repo/node_modules/x/policy.json": trusting("*"),
		"repo/linked.json":                "-> /etc/hosts",
		"repo/stack/template.yaml":        stackOf("repo:octo@1/infra@3:environment:prod"),
		"bad/broken.json":                 `{"Roles": [{"RoleName": "r", "AssumeRolePolicyDocument": {`,
		"bad/open.json":                   trusting("repo:*"),
		"empty/notes.json":                "// nothing\n{}",
		"plan.json":                       planOf("repo:octo@1/app@2:environment:prod", "repo:octo@1/*"),
		"same.json":                       planOf("repo:octo@1/*", "repo:octo@1/*"),
		"cdk.out/manifest.json":           `{"version": "38.0.1", "artifacts": {"Stack": {"type": "aws:cloudformation:stack"}}}`,
		"cdk.out/tree.json":               `{"version": "tree-0.1", "tree": {"id": "App", "path": ""}}`,
		"cdk.out/cdk.out":                 `{"version": "38.0.1"}`,
		"cdk.out/asset.1/index.js":        "sts:AssumeRole(",
		"cdk.out/Stack.template.json":     stackOf("repo:octo@1/*"),
		"cdk.out/Stack.assets.json":       `{"version": "38.0.1", "files": {}}`,
		"old/a.json":                      stackOf("repo:octo@1/a@2:environment:prod"),
		"old/b.json":                      stackOf("repo:octo@1/b@2:environment:prod"),
		"new/a.json":                      stackOf("repo:octo@1/a@2:environment:prod"),
		"new/b.json":                      stackOf("repo:octo@1/*"),
	})
	const run = " --repository octo/app --owner-id 1 --repository-id 2"
	for _, tt := range []struct {
		name, args string
		code       int
		stdout     []string // parts of it; one after ! is none
		stderr     []string
	}{
		{name: "lint reads what holds policies", args: "lint repo", code: exitRefused,
			stdout: []string{"repo/iam/wide:11:", "repo/iam/role.policy.tpl:11:", "!critical"},
			stderr: []string{"4 files: roles read: 4\n", "!tsconfig", "!chart", "!README"}},
		{name: "lint of a file twice", args: "lint repo repo/iam/wide ./repo/iam", code: exitRefused,
			stderr: []string{"4 files: roles read: 4\n"}},
		{name: "what cannot be read hides nothing", args: "lint bad", code: exitFailure,
			stdout: []string{"bad/open.json:11:54: critical"},
			stderr: []string{"trust lint: bad/broken.json: line ", "bad/open.json: roles read: 1"}},
		{name: "in SARIF", args: "lint --format sarif bad", code: exitFailure,
			stdout: []string{`"toolExecutionNotifications"`, `"executionSuccessful": false`, `"any-subject"`}},
		{name: "in JSON", args: "lint --format json bad none.json", code: exitFailure,
			stdout: []string{`"unread": [`, `"file": "bad/broken.json"`, `"file": "none.json"`, `"any-subject"`}},
		{name: "in annotations", args: "lint --format github bad", code: exitFailure,
			stdout: []string{"::error col=1,file=bad/broken.json,line=1,", "::error col=54,file=bad/open.json,line=11,"}},
		{name: "a named file without a policy", args: "lint repo/package.json repo/iam/deploy.json", code: exitFailure,
			stderr: []string{`repo/package.json: line 1, column 1: unknown form: an object with "name", "version"`, "roles read: 1"}},
		{name: "a folder without a policy", args: "lint empty", stdout: []string{"!notes"},
			stderr: []string{"empty: no role found"}},
		{name: "inventory of several", args: "inventory repo/iam/deploy.json repo/stack",
			stdout: []string{"| File |", "| `repo/stack/template.yaml` |"}, stderr: []string{"2 files: roles read: 2"}},
		{name: "inventory of what cannot be read", args: "inventory bad", code: exitFailure,
			stdout: []string{"`the file cannot be read: line", "`bad/open.json` |"}},
		{name: "inventory as JSON", args: "inventory --format json bad", code: exitFailure,
			stdout: []string{`"unread": [`, `"file": "bad/open.json"`}},
		{name: "inventory as CSV", args: "inventory --format csv bad", code: exitFailure,
			stdout: []string{",File\n", ",bad/broken.json\n"}},
		{name: "explain in a folder", args: "explain --policy repo --role deploy" + run,
			stdout: []string{"Allow: the statement at repo/iam/deploy.json:4"}},
		{name: "explain in files", args: "explain --policy old/a.json --policy repo/iam/wide --role wide" + run,
			stdout: []string{"Allow: the statement at repo/iam/wide:4"}},
		{name: "explain wants a role", args: "explain --policy repo" + run, code: exitFailure,
			stdout: []string{"!Allow"}, stderr: []string{"repo has 4 roles; name one with --role"}},
		{name: "explain where roles have one name", args: "explain --policy old --role Role" + run, code: exitFailure,
			stderr: []string{`old has 2 roles "Role"`}},
		{name: "explain what may be unreadable", args: "explain --policy bad --role other" + run, code: exitFailure,
			stderr: []string{"the role may be in a file that could not be read; correct that file"}},
		{name: "diff of folders", args: "diff old new", code: exitRefused,
			stdout: []string{"new/b.json:11:54: role Role: StringLike", "!new/a.json"},
			stderr: []string{"4 files: roles read: 4"}},
		{name: "diff of the same folder", args: "diff old old", stdout: []string{"!Role"}},
		{name: "lint of CDK's output", args: "lint cdk.out", code: exitRefused,
			stdout: []string{"cdk.out/Stack.template.json:11:"},
			stderr: []string{"cdk.out/Stack.template.json: roles read: 1", "!asset"}},
		{name: "diff of a plan", args: "diff plan.json", code: exitRefused,
			stdout: []string{"plan.json:1:", "role deploy: StringLike"}, stderr: []string{"plan.json: roles read: 2"}},
		{name: "diff of a plan as JSON", args: "diff --format json plan.json", code: exitRefused,
			stdout: []string{`"widened": true`}},
		{name: "diff of a plan that changes nothing", args: "diff same.json", stdout: []string{"!deploy"}},
		{name: "diff of two plans", args: "diff same.json plan.json", stdout: []string{"!deploy"}},
		{name: "lint of a plan", args: "lint plan.json", code: exitRefused,
			stdout: []string{"plan.json:1:", "role deploy: sub \"repo:octo@1/*\""},
			stderr: []string{"plan.json: roles read: 1"}},
		{name: "diff of what is no plan", args: "diff old/a.json", code: exitUsage, stdout: []string{"!Role"},
			stderr: []string{"old/a.json: not the plan of a change; name two files"}},
		{name: "diff of a stream", args: "diff -", code: exitUsage, stdout: []string{"!Role"},
			stderr: []string{"write the stream to a file"}},
		{name: "diff of three", args: "diff old new same.json", code: exitUsage, stdout: []string{"!Role"},
			stderr: []string{"expected at most 2 files, got 3"}},
		{name: "diff with what cannot be read", args: "diff bad bad", code: exitFailure,
			stderr: []string{"bad/broken.json"}},
		{name: "diff with nothing", args: "diff none new", code: exitFailure, stdout: []string{"!Role"},
			stderr: []string{`no role of "none" could be read`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := runTrustHere("", strings.Fields(tt.args)...)
			if got.code != tt.code {
				t.Errorf("exit code %d, want %d", got.code, tt.code)
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
			if (strings.Contains(tt.args, "json ") || strings.Contains(tt.args, "sarif")) && strings.Contains(tt.args, "--format") && !json.Valid([]byte(got.stdout)) {
				t.Errorf("not JSON:\n%s", got.stdout)
			}
		})
	}
}

// A role of a template that trusts every workflow is found even if nothing in
// its policy but the provider's ARN, with an unknown account, says GitHub.
func TestTrustProviderOfUnknownAccount(t *testing.T) {
	writeFiles(t, map[string]string{"stack.yaml": `
Resources:
  Provider: { Type: AWS::IAM::OIDCProvider, Properties: { Url: "https://token.actions.githubusercontent.com" } }
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: { Effect: Allow, Principal: { Federated: !Ref Provider }, Action: sts:AssumeRoleWithWebIdentity }
`})
	if got := runTrustHere("", "lint", "stack.yaml"); got.code != exitRefused || !strings.Contains(got.stdout, "[no-subject]") {
		t.Errorf("lint: %+v", got)
	}
	if got := runTrustHere("", "inventory", "stack.yaml"); !strings.Contains(got.stdout, "| `Role` | `every repository` |") {
		t.Errorf("inventory: %+v", got)
	}
}

// Two faults within the text of one policy are two findings, though both are
// at the place of the text.
func TestTrustFaultsOfOneText(t *testing.T) {
	policy := strings.Replace(trusting("repo:acme/*"), `"repo:acme/*"`, `["repo:acme/*", "repo:other/*", "repo:other/*"]`, 1)
	writeFiles(t, map[string]string{"role.json": `{"Role": {"RoleName": "r", "AssumeRolePolicyDocument": ` + strconv.Quote(policy) + `}}`})
	got := runTrustHere("", "lint", "role.json")
	for _, subject := range []string{"repo:acme/*", "repo:other/*"} {
		if n := strings.Count(got.stdout, `high: role r: sub "`+subject+`"`); n != 1 {
			t.Errorf("%s: %d findings\n%s", subject, n, got.stdout)
		}
	}
}

// PowerShell writes UTF-16 where output is redirected.
func TestTrustFilesInUTF16(t *testing.T) {
	wide := func(text string) string {
		var b strings.Builder
		b.WriteString("\xff\xfe")
		for _, c := range []byte(text) {
			b.Write([]byte{c, 0})
		}
		return b.String()
	}
	writeFiles(t, map[string]string{
		"role.json":        wide(trusting("repo:${who}:*")),
		"claims.json":      wide(`{"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com", "sub": "repo:octo/app:environment:prod"}`),
		"parameters.json":  wide(`{"who": "octo/app"}`),
		"folder/cut.json":  wide(`{"Roles": [{"AssumeRolePolicyDocument": `),
		"folder/long.json": "{" + strings.Repeat(" ", 64<<10-3) + "sts:AssumeRole",
	})
	got := runTrustHere("", "explain", "--policy", "role.json", "--claims", "claims.json", "--parameters", "parameters.json")
	if got.code != exitFine || !strings.Contains(got.stdout, "Allow: ") {
		t.Errorf("%+v", got)
	}
	got = runTrustHere("", "lint", "folder")
	if got.code != exitFailure || !strings.Contains(got.stderr, "folder/cut.json: ") || !strings.Contains(got.stderr, "folder/long.json: ") {
		t.Errorf("%+v", got)
	}
}

// A listing that breaks off keeps the findings of its first roles.
func TestTrustPartOfAFile(t *testing.T) {
	writeFiles(t, map[string]string{"cut.json": `{"Roles": [{"RoleName": "a", "AssumeRolePolicyDocument": ` + trusting("*") + `}, {"RoleName"`})
	got := runTrustHere("", "lint", "cut.json")
	if got.code != exitFailure || !strings.Contains(got.stdout, "[any-subject]") || !strings.Contains(got.stderr, "cut.json: roles read: 1") {
		t.Errorf("%+v", got)
	}
}

func TestTrustFolderIsBounded(t *testing.T) {
	writeFiles(t, map[string]string{"a.json": trusting("*"), "b.json": trusting("*"), "c.json": trusting("*")})
	var stderr strings.Builder
	d := (Env{Stderr: &stderr}).documents("trust lint")
	d.maxFiles = 3 // the folder itself is one
	n := 0
	for range d.rolesOf(t.Context(), ".") {
		n++
	}
	if n != 2 || len(d.unread) != 1 || !strings.Contains(stderr.String(), "more than 3 files; name the folders that have policies") {
		t.Errorf("%d roles, %s", n, stderr.String())
	}
}

// A pass over a folder ends with its context.
func TestTrustFolderObeysContext(t *testing.T) {
	writeFiles(t, map[string]string{"a.json": trusting("*"), "b.json": trusting("*")})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d := (Env{Stderr: &strings.Builder{}}).documents("trust lint")
	n := 0
	var last error
	for _, err := range d.rolesOf(ctx, ".") {
		if last = err; err == nil {
			n++
			cancel()
		}
	}
	if n != 1 || last != context.Canceled || len(d.unread) > 0 {
		t.Errorf("%d roles, %v, unread %v", n, last, d.unread)
	}
}
