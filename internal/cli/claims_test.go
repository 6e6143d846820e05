package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/sandbox/sandboxtest"
)

// runClaims runs `claims ARGS` in a job of a sandbox, and returns what it
// printed and its exit code. No part of a token may be in that.
func runClaims(t *testing.T, world string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	server := sandboxtest.Serve(t, world, sandbox.Options{})
	var out, errs bytes.Buffer
	env := Env{Environ: server.Environ(), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now}
	code = Run(context.Background(), env, append([]string{"claims"}, args...))
	if all := out.String() + errs.String(); strings.Contains(all, "eyJ") {
		t.Errorf("a token is shown:\n%s", all)
	}
	return out.String(), errs.String(), code
}

func TestClaimsExplainsTheSubject(t *testing.T) {
	stdout, stderr, code := runClaims(t, "workflow: {environment: production, subject: immutable}", "--audience", "octo")
	if code != exitFine || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	for _, want := range []string{
		"  aud                    octo\n",
		"its form is immutable: ",
		`it admits jobs of octo-org/octo-repo with the environment "production" on refs/heads/main and no others`,
		"  :environment:production  environment          the environment that the job names",
		"  @74123456                repository_id ",
		`"token.actions.githubusercontent.com:sub": "repo:octo-org@6154722/octo-repo@74123456:environment:production"`,
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the report lacks %q:\n%s", want, stdout)
		}
	}
}

func TestClaimsAsJSON(t *testing.T) {
	stdout, _, code := runClaims(t, "workflow: {ref: refs/heads/main}", "--format", "json")
	var report struct {
		Claims    map[string]any
		Subject   explain.SubjectReport
		Statement struct{ Effect string }
		Admits    string
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != exitFine {
		t.Fatalf("exit code %d, %v:\n%s", code, err, stdout)
	}
	var whole strings.Builder
	for _, p := range report.Subject.Parts {
		whole.WriteString(p.Text)
	}
	if sub := report.Claims["sub"]; sub != "repo:octo-org/octo-repo:ref:refs/heads/main" || whole.String() != sub {
		t.Errorf("sub is %v, its parts are %s", sub, whole.String())
	}
	if report.Claims["aud"] != "sts.amazonaws.com" || report.Subject.Form != explain.ClassicSubject || report.Statement.Effect != "Allow" || report.Admits == "" {
		t.Errorf("%+v", report)
	}
}

// Of a pull request nothing is proposed that the linter would object to.
func TestClaimsSaysWhyThereIsNoStatement(t *testing.T) {
	const world = "workflow: {event: pull_request}"
	text, _, _ := runClaims(t, world)
	stdout, _, _ := runClaims(t, world, "--format", "json")
	var report map[string]any
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	reason, _ := report["no-statement"].(string)
	if report["statement"] != nil || !strings.Contains(reason, "pull-request (high)") || !strings.Contains(text, "No statement is proposed for a trust policy: "+reason) {
		t.Errorf("reason %q in JSON, in text:\n%s", reason, text)
	}
}

func TestClaimsSaysWhyThereIsNoToken(t *testing.T) {
	tests := []struct {
		name, world string
		args        []string
		stderr      string
		code        int
	}{
		{"permission", "workflow: {id-token: false}", nil, "id-token-permission-missing: ", exitRefused},
		{"fork", "workflow: {id-token: false, event: pull_request, fork: true}", nil, "id-token", exitRefused}, // without the event's file
		{"endpoint", "faults: [{call: token, fault: http-403, times: always}]", nil, "id-token-endpoint: ", exitRefused},
		{"format", "workflow: {}", []string{"--format", "yaml"}, `--format "yaml" is invalid; use text or json`, exitUsage},
		{"argument", "workflow: {}", []string{"octo"}, `argument "octo" is unexpected`, exitUsage},
		{"flag", "workflow: {}", []string{"--nope"}, "usage: aws-oidc-action claims", exitUsage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := runClaims(t, tt.world, tt.args...)
			if stdout != "" || !strings.Contains(stderr, tt.stderr) || code != tt.code {
				t.Errorf("exit code %d, stdout %q, stderr:\n%s", code, stdout, stderr)
			}
		})
	}
}

// On a laptop there is no job whose permissions or inputs could be changed.
func TestClaimsOutsideOfAWorkflow(t *testing.T) {
	var out, errs bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now}
	code := Run(context.Background(), env, []string{"claims"})
	text := errs.String()
	if code != exitRefused || out.Len() > 0 || !strings.Contains(text, "no OIDC token outside of a workflow") || !strings.Contains(text, "aws-oidc-action sandbox") {
		t.Errorf("exit code %d\n%s%s", code, &out, text)
	}
	if strings.Contains(text, "role-chaining") {
		t.Errorf("a remedy of the step is proposed:\n%s", text)
	}
}

func TestClaimsAreHarmless(t *testing.T) {
	world := `workflow: {name: "::add-mask::x", ref: "refs/heads/##[error]oops", claims: {actor: "a\n::error::b"}}`
	for _, format := range []string{"text", "json"} {
		stdout, _, code := runClaims(t, world, "--format", format)
		if code != exitFine || strings.Contains(stdout, "##[") || strings.Contains(stdout, "\n::") {
			t.Errorf("exit code %d:\n%s", code, stdout)
		}
	}
}

// Proxies of the environment count for claims too, and it has no plan that
// would have refused their URLs.
func TestClaimsThroughAProxyThatIsNone(t *testing.T) {
	var out, errs bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now, Environ: []string{
		"HTTPS_PROXY=http://ci:p@hunter2#word@127.0.0.1:9",
		"ACTIONS_ID_TOKEN_REQUEST_URL=https://token.example.com/x?y=z", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=bearer",
	}}
	code := Run(context.Background(), env, []string{"claims"})
	text := errs.String()
	for _, want := range []string{"id-token-endpoint: ", "proxy of variable HTTPS_PROXY: invalid URL\n", "correct the URL in variable HTTPS_PROXY; in user name and password encode @ as %40"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	if code == exitFine || out.Len() > 0 || strings.Contains(text, "hunter2") {
		t.Errorf("exit code %d\n%s%s", code, &out, text)
	}
}
