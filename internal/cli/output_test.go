package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/propertytest"
)

// hostileTexts are put into everything that a person other than the reader writes.
var hostileTexts = []string{
	"##[stop-commands]t", "x ##[error]y", "###[error]z", "::error::x", " \t::error::x", "x\n::set-env name=A::b", "x\r::error::y",
	"\u00a0::error::x", "\u2028::error::x", "\x1b[31m", "\u202ereversed", "=cmd|x", "`](javascript:x)",
}

// unsafe is what the runner takes for a command, and what a terminal acts on.
var unsafe = regexp.MustCompile(`(?m)^[\pZ\s]*::|##\[|[\x00-\x08\x0b-\x1f\x7f-\x{9f}\x{202e}\x{2028}]`)

// hostileFiles are the inputs of all commands with a text in every place.
func hostileFiles(t *testing.T, text string) {
	t.Helper()
	conditions := map[string]any{"StringLike": map[string]any{
		"token.actions.githubusercontent.com:sub":              []string{text, "repo:" + text + "/*:*"},
		"token.actions.githubusercontent.com:job_workflow_ref": text, text: text,
	}}
	policyOn := func(conditions map[string]any, actions ...string) map[string]any {
		return map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Sid": text, "Effect": "Allow",
			"Principal": map[string]any{"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "AWS": text},
			"Action":    append(actions, "sts:AssumeRoleWithWebIdentity"),
			"Condition": conditions,
		}}}
	}
	valid := policyOn(conditions)
	policy := policyOn(map[string]any{"StringLike": conditions["StringLike"], text: map[string]any{"a": text}})
	claims := map[string]any{"iss": "https://token.actions.githubusercontent.com", "aud": text, "sub": text, "ref": text, "actor": text, text: text}
	world := map[string]any{
		"description": text,
		"workflow": map[string]any{
			"repository": "o/r", "ref": "refs/heads/" + text, "actor": text, "job": text, "name": text, "environment": text,
			"claims": map[string]any{"actor": text}, "env": map[string]any{"AWS_NOTE": text},
		},
		"with": map[string]any{"aws-region": "eu-central-1", "role-to-assume": "arn:aws:iam::111122223333:role/x", "role-session-name": "s", "audience": text},
		"accounts": map[string]any{"111122223333": map[string]any{
			"providers": []any{map[string]any{"issuer": "https://token.actions.githubusercontent.com", "audiences": []string{text}}},
			"roles":     map[string]any{"x": map[string]any{"trust-policy": valid}},
		}},
	}
	for name, content := range map[string]any{
		"bare.json":   policy,
		"valid.json":  valid,
		"action.json": policyOn(conditions, text),
		"role.json":   map[string]any{"Role": map[string]any{"RoleName": text, "Arn": "arn:aws:iam::111122223333:role/" + text, "AssumeRolePolicyDocument": policy}},
		"cfn.json":    map[string]any{"Resources": map[string]any{text: map[string]any{"Type": "AWS::IAM::Role", "Properties": map[string]any{"RoleName": text, "AssumeRolePolicyDocument": policy}}}},
		"main.json":   json.RawMessage(trustedMain),
		"claims.json": claims,
		"world.yml":   world,
		"broken.json": json.RawMessage(`{"Role":` + mustJSON(t, text) + `}`),
	} {
		if err := os.WriteFile(name, []byte(mustJSON(t, content)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("cut.json", []byte("{"+mustJSON(t, text)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// hostileCommands are command lines over these files; a bar separates the
// arguments, TEXT is the text itself.
var hostileCommands = []string{
	"TEXT", "trust|TEXT", "trust|lint|--format|TEXT", "trust|lint|TEXT", "trust|lint|--TEXT", "exec|--profile|TEXT", "exec|--profile|p|--|TEXT", "rehearse|TEXT", "rehearse|--format|TEXT",
	"claims|TEXT", "credential-process|--profile|p|--state|TEXT", "sandbox|--listen|TEXT",
	"trust|lint|FILE", "trust|lint|--format|json|FILE", "trust|lint|--format|sarif|FILE", "trust|lint|--format|github|FILE",
	"trust|inventory|FILE", "trust|inventory|--format|json|FILE", "trust|inventory|--format|csv|FILE",
	"trust|diff|main.json|FILE", "trust|diff|FILE|main.json", "trust|diff|--format|json|main.json|FILE",
	"trust|explain|--policy|FILE|--claims|claims.json", "trust|explain|--format|json|--policy|FILE|--claims|claims.json",
	"trust|explain|--policy|FILE|--repository|o/r|--ref|TEXT|--context|TEXT=TEXT", "trust|explain|--policy|FILE|--role|TEXT|--repository|TEXT",
	"rehearse|world.yml", "rehearse|--format|json|world.yml",
	"trust|generate|--repository|o/r|--environment|TEXT|--format|json", "trust|generate|--repository|o/r|--environment|TEXT|--format|terraform", "trust|generate|--repository|o/r|--environment|TEXT|--format|cloudformation",
	"trust|generate|--repository|o/r|--branch|b|--region|eu-west-1|--account|111111111111|--workflow|none/TEXT", "trust|generate|--repository|o/r|--branch|b|--allow|s3-deploy:TEXT",
	"trust|generate|--repository|o/r|--branch|b|--account|111111111111|--spoke|TEXT=111111111111|--external-id|TEXT", "trust|generate|--repository|o/r|--branch|b|--subject-form|TEXT|--permissions-boundary|TEXT",
	"trust|generate|--repository|TEXT", "trust|generate|--repository|o/r|--branch|TEXT|--role-name|TEXT|--audience|TEXT|--account|TEXT",
}

// No text from outside becomes a workflow command, whichever command prints it
// in whichever format, and JSON stays JSON.
func TestOutputHoldsNoWorkflowCommands(t *testing.T) {
	t.Chdir(t.TempDir())
	ran := map[string]bool{}
	for i, text := range hostileTexts {
		hostileFiles(t, text)
		for j, line := range hostileCommands {
			if propertytest.LeaveOut(i+j, 6) {
				continue
			}
			files := []string{""}
			if strings.Contains(line, "FILE") {
				files = []string{"bare.json", "valid.json", "action.json", "role.json", "cfn.json", "broken.json", "cut.json"}
			}
			for _, file := range files {
				args := strings.Split(strings.ReplaceAll(line, "FILE", file), "|")
				for i := range args {
					args[i] = strings.ReplaceAll(args[i], "TEXT", text)
				}
				var stdout, stderr bytes.Buffer
				env := Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now}
				code := Run(t.Context(), env, args)
				out := stdout.String()
				if strings.Contains(line, "github") {
					out = regexp.MustCompile(`(?m)^::(error|warning|notice) `).ReplaceAllString(out, "")
				}
				for _, printed := range []string{out, stderr.String()} {
					if m := unsafe.FindString(printed); m != "" {
						t.Errorf("%q prints %q in:\n%s", args, m, printed)
					}
				}
				isJSON := strings.Contains(line, "format|json") || strings.Contains(line, "sarif")
				if isJSON && stdout.Len() > 0 && !json.Valid(stdout.Bytes()) {
					t.Errorf("%q prints no JSON:\n%s", args, stdout.String())
				}
				if stdout.Len() > 0 && code != exitUsage {
					ran[line] = true
				}
			}
		}
	}
	for _, line := range hostileCommands {
		if (strings.Contains(line, "FILE") || strings.Contains(line, "world") || strings.Contains(line, "environment")) && !strings.Contains(line, "--role|") && !ran[line] {
			t.Errorf("%s never printed a result", line)
		}
	}
}

// What a parser reads from JSON is the text itself.
func TestJSONIsReadAsItWasWritten(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, text := range hostileTexts {
		hostileFiles(t, text)
		var stdout, stderr bytes.Buffer
		env := Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now}
		code := Run(t.Context(), env, []string{"trust", "explain", "--format", "json", "--policy", "valid.json", "--claims", "claims.json"})
		var read explanation
		if err := json.Unmarshal(stdout.Bytes(), &read); err != nil || code == exitFailure {
			t.Fatalf("exit code %d, %v: %s%s", code, err, stdout.String(), stderr.String())
		}
		if read.Subject != text || read.Statements[0].Sid != text {
			t.Errorf("subject %q, sid %q, want %q", read.Subject, read.Statements[0].Sid, text)
		}
	}
}

// Claims come from GitHub, and parts of them from whoever pushes.
func TestClaimsHoldNoWorkflowCommands(t *testing.T) {
	for _, text := range hostileTexts {
		world := "workflow: " + mustJSON(t, map[string]any{"name": text, "claims": map[string]any{"actor": text, "sub": text, "x": text}})
		for _, format := range []string{"text", "json"} {
			stdout, stderr, code := runClaims(t, world, "--format", format, "--audience", text)
			if m := unsafe.FindString(stdout + stderr); code != exitFine || m != "" {
				t.Errorf("%q as %s: exit code %d, prints %q:\n%s%s", text, format, code, m, stdout, stderr)
			}
			var report explain.TokenReport
			if format == "json" && (json.Unmarshal([]byte(stdout), &report) != nil || report.Claims.Get("actor") != text) {
				t.Errorf("%q is read as %q", text, report.Claims.Get("actor"))
			}
		}
	}
}

// Where standard output takes nothing, no command succeeds.
func TestOutputThatCannotBeWrittenIsAFailure(t *testing.T) {
	t.Chdir(t.TempDir())
	hostileFiles(t, "x")
	for _, line := range []string{
		"help", "--help", "trust --help", "trust lint --help", "version", "rehearse", "rehearse --format json",
		"trust lint bare.json", "trust lint --format json bare.json", "trust lint --format sarif bare.json", "trust lint --format github bare.json",
		"trust inventory bare.json", "trust inventory --format json bare.json", "trust inventory --format csv bare.json",
		"trust diff main.json bare.json", "trust diff --format json main.json main.json",
		"trust explain --policy valid.json --claims claims.json", "trust explain --format json --policy valid.json --claims claims.json",
		"trust generate --repository o/r --environment e",
		"sandbox",
	} {
		env := Env{Stdin: strings.NewReader(""), Stdout: brokenPipe{}, Stderr: &bytes.Buffer{}, Now: time.Now}
		if code := Run(t.Context(), env, strings.Fields(line)); code != exitFailure {
			t.Errorf("%s: exit code %d, want %d", line, code, exitFailure)
		}
	}
}

// Only output.go writes to the standard streams. The others pass them on: to
// the step, to the command of exec, and to what masks its keys.
func TestOneFileWritesOutput(t *testing.T) {
	passing := map[string]int{"step.go": 1, "exec.go": 1, "exec_other.go": 2}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	stream := regexp.MustCompile(`\b(?:e|env|os)\.(?:Stdout|Stderr)\b`)
	for _, path := range paths {
		if path == "output.go" || strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(stream.FindAll(source, -1)); n != passing[path] {
			t.Errorf("%s names the standard streams %d times, want %d", path, n, passing[path])
		}
	}
}
