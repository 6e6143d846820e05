//go:build clients

package moto

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

var server = flag.String("server", "", "the program moto_server")

// defaultAccount is the one of roles and keys that name none (moto's
// DEFAULT_ACCOUNT_ID).
const defaultAccount = "123456789012"

type inputs = map[string]string

func TestLogins(t *testing.T) {
	moto := serve(t)
	program := build(t)
	for name, tt := range map[string]struct {
		with          inputs
		account, role string // of the session, the role without its path; no role for keys of a user
		code          string // of a refusal
	}{
		"token":                    {with: inputs{"role-to-assume": "arn:aws:iam::111111111111:role/hub"}, account: "111111111111", role: "hub"},
		"chain":                    {with: inputs{"role-to-assume": "arn:aws:iam::111111111111:role/hub", "role-chain": "arn:aws:iam::222222222222:role/path/deploy"}, account: "222222222222", role: "deploy"},
		"role without an account":  {with: inputs{"role-to-assume": "arn:aws:iam:::role/hub"}, account: defaultAccount, role: "hub"},
		"role of MinIO's form":     {with: inputs{"role-to-assume": "arn:minio:iam:::role/hub"}, account: defaultAccount, role: "hub"},
		"short keys":               {with: inputs{"aws-access-key-id": "test", "aws-secret-access-key": "test"}, account: defaultAccount},
		"short keys with a role":   {with: inputs{"aws-access-key-id": "test", "aws-secret-access-key": "test", "role-to-assume": "arn:aws:iam::222222222222:role/deploy"}, account: "222222222222", role: "deploy"},
		"the global region":        {with: inputs{"aws-region": "aws-global", "role-to-assume": "arn:aws:iam::111111111111:role/hub", "role-chain": "arn:aws:iam::222222222222:role/deploy"}, account: "222222222222", role: "deploy"},
		"allowed by its answer":    {with: inputs{"role-to-assume": "arn:aws:iam:::role/hub", "allowed-account-ids": defaultAccount}, account: defaultAccount, role: "hub"},
		"not allowed, as answered": {with: inputs{"role-to-assume": "arn:aws:iam:::role/hub", "allowed-account-ids": "111111111111"}, code: "account-not-allowed"},
		"not allowed, as asked":    {with: inputs{"role-to-assume": "arn:aws:iam::222222222222:role/hub", "allowed-account-ids": "111111111111"}, code: "account-not-allowed"},
		"session policies":         {with: inputs{"role-to-assume": "arn:aws:iam::111111111111:role/hub", "managed-session-policies": "arn:aws:iam::aws:policy/ReadOnlyAccess, arn:aws:iam::111111111111:policy/a,b"}, account: "111111111111", role: "hub"},
	} {
		t.Run(name, func(t *testing.T) {
			job := newJob(t, moto)
			with := inputs{"aws-region": "eu-central-1", "retry-max-attempts": "1"}
			for input, value := range tt.with {
				with[input] = value
			}
			r, err := job.Run(t.Context(), program, with)
			if err != nil {
				t.Fatal(err)
			}
			if tt.code != "" {
				if !r.Failed || !strings.Contains(job.Log(), "##[error]") || len(r.Env) > 0 || !hasError(job, tt.code) {
					t.Errorf("env %v\n%s", r.Env, job.Log())
				}
				return
			}
			if r.Failed {
				t.Fatal(job.Log())
			}
			if !strings.Contains(job.Log(), "STS endpoint: "+moto+" (variable AWS_ENDPOINT_URL_STS), not AWS's\n") {
				t.Errorf("the endpoint is not named:\n%s", job.Log())
			}
			if tt.role != "" {
				want := "arn:aws:sts::" + tt.account + ":assumed-role/" + tt.role + "/" + r.Outputs["role-session-name"]
				if r.Outputs["authenticated-arn"] != want {
					t.Errorf("ARN %s, want %s", r.Outputs["authenticated-arn"], want)
				}
			}
			if r.Outputs["aws-account-id"] != tt.account {
				t.Errorf("account %s, want %s", r.Outputs["aws-account-id"], tt.account)
			}
			if got := identity(t, moto, r.Env["AWS_ACCESS_KEY_ID"], r.Env["AWS_SECRET_ACCESS_KEY"], r.Env["AWS_SESSION_TOKEN"]); got != r.Outputs["authenticated-arn"] {
				t.Errorf("the exported keys are those of %s, the output says %s", got, r.Outputs["authenticated-arn"])
			}
			if _, err := job.Finish(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestManyProfilesThatRefresh logs in once and gets the credentials of each
// profile from the program that the step left.
func TestManyProfilesThatRefresh(t *testing.T) {
	moto := serve(t)
	job := newJob(t, moto)
	r, err := job.Run(t.Context(), build(t), inputs{
		"aws-region": "eu-central-1", "role-to-assume": "arn:aws:iam::111111111111:role/hub", "refresh": "true",
		"profiles": "dev: arn:aws:iam::222222222222:role/deploy\nprod: {role: arn:aws:iam::333333333333:role/deploy, region: us-east-1}",
	})
	if err != nil || r.Failed {
		t.Fatalf("%v\n%s", err, job.Log())
	}
	for profile, account := range map[string]string{"dev": "222222222222", "prod": "333333333333"} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(job.Temp(), "aws-oidc-action", "aws-oidc-action"), "credential-process", "--profile", profile)
		cmd.Env = job.Environ()
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ AccessKeyId, SecretAccessKey, SessionToken string }
		if err := json.Unmarshal(out, &answer); err != nil {
			t.Fatal("the program's answer is not JSON")
		}
		if got := identity(t, moto, answer.AccessKeyId, answer.SecretAccessKey, answer.SessionToken); !strings.HasPrefix(got, "arn:aws:sts::"+account+":assumed-role/deploy/") {
			t.Errorf("profile %s has the credentials of %s", profile, got)
		}
	}
}

// serve starts moto's server on a free port and returns its URL, when it
// listens.
func serve(t *testing.T) string {
	t.Helper()
	if *server == "" {
		t.Fatal("-server is not set; run .ci/moto.sh")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, *server, "--host", "127.0.0.1", "--port", "0")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	listens := regexp.MustCompile(`Running on (http://127\.0\.0\.1:[0-9]+)`)
	lines := bufio.NewScanner(log)
	var all strings.Builder
	for lines.Scan() {
		all.WriteString(lines.Text() + "\n")
		if found := listens.FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, log) }() // or it would wait
			return found[1]
		}
	}
	t.Fatalf("moto's server does not listen:\n%s", all.String())
	return ""
}

// build builds the program as it is shipped, and returns the step that runs it.
func build(t *testing.T) fakerunner.Step {
	t.Helper()
	program := filepath.Join(t.TempDir(), "aws-oidc-action")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return func(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
		cmd := exec.CommandContext(ctx, program)
		cmd.Env, cmd.Stdout, cmd.Stderr = environ, stdout, stderr
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Error(err)
		}
		return cmd.ProcessState.ExitCode()
	}
}

// newJob is a job with a token of the sandbox's issuer and moto's STS.
func newJob(t *testing.T, moto string) *fakerunner.Job {
	t.Helper()
	s, err := scenario.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := sandbox.Start(s, sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = issuer.Close() })
	environ := append(issuer.Environ(), "AWS_ENDPOINT_URL_STS="+moto, "AWS_EC2_METADATA_DISABLED=true")
	job, err := fakerunner.NewJob(fakerunner.JobOptions{Dir: t.TempDir(), Environ: environ, Event: s.Workflow.Payload(), Defaults: plan.Defaults(), Contexts: s.Workflow.Contexts()})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func hasError(job *fakerunner.Job, code string) bool {
	for _, a := range job.Annotations() {
		if a.Level == "error" && a.Title == code {
			return true
		}
	}
	return false
}

// identity is what moto says of keys.
func identity(t *testing.T, moto, id, key, token string) string {
	t.Helper()
	walker := &assume.Walker{HTTP: transport.New(transport.Options{}), Retry: retry.Default(1)}
	session, err := walker.Identify(t.Context(), plan.Hop{Region: "eu-central-1", Endpoint: moto, Foreign: true}, assume.Session{
		AccessKeyID: id, SecretAccessKey: secret.New(key), SessionToken: secret.New(token),
	})
	if err != nil {
		t.Fatal(err)
	}
	return session.ARN
}
