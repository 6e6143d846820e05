package cli

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/secret"
)

var storedSession = assume.Session{
	AccessKeyID: "ASIASTORED", SecretAccessKey: secret.New("secret-of-stored"), SessionToken: secret.New("token-of-stored"),
	Expires: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), ARN: "arn:aws:sts::111122223333:assumed-role/a/b", Account: "111122223333",
}

// storedState is a state directory with the profile "stored", whose session
// lasts from nine to ten.
func storedState(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	store, err := refresh.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	_, err = store.Put(t.Context(), "stored", refresh.Login{
		Profile:  plan.Profile{Source: plan.SourceOIDC, Region: "eu-central-1", Chain: []plan.Hop{{Role: "arn:aws:iam::111122223333:role/a"}}},
		Attempts: 1, Timeout: time.Minute,
	}, storedSession, storedSession.Expires.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// writes counts how often it is written to.
type writes struct {
	bytes.Buffer
	n int
}

func (w *writes) Write(p []byte) (int, error) {
	w.n++
	return w.Buffer.Write(p)
}

// runAt runs a command line at a time of the day and returns what came of it.
func runAt(at time.Duration, environ []string, args ...string) (code int, stdout, stderr writes) {
	env := Env{
		Environ: environ, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Now: func() time.Time { return storedSession.Expires.Truncate(24 * time.Hour).Add(at) },
	}
	return Run(context.Background(), env, args), stdout, stderr
}

func TestCredentialProcessAnswersInOneWrite(t *testing.T) {
	code, stdout, stderr := runAt(9*time.Hour, nil, "credential-process", "--profile", "stored", "--state", storedState(t))
	want := `{"Version":1,"AccessKeyId":"ASIASTORED","SecretAccessKey":"secret-of-stored","SessionToken":"token-of-stored","Expiration":"2026-11-23T10:00:00Z","AccountId":"111122223333"}` + "\n"
	if code != exitFine || stdout.String() != want || stdout.n != 1 || stderr.n != 0 {
		t.Errorf("code %d, %d writes: %s%s", code, stdout.n, stdout.String(), stderr.String())
	}
}

// unreachable offers tokens at an address that does not answer.
var unreachable = []string{"ACTIONS_ID_TOKEN_REQUEST_URL=http://127.0.0.1:0/?x=::error::y", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t"}

func TestCredentialProcessSaysWhyThereAreNone(t *testing.T) {
	for name, tt := range map[string]struct {
		at      time.Duration
		environ []string
		args    []string
		code    int
		stderr  string
	}{
		"ended": {at: 10 * time.Hour, args: []string{"--profile", "stored", "--state", "."}, code: exitFailure,
			stderr: "aws-oidc-action: failed: the session has expired and cannot be renewed here: this process has no ACTIONS_"},
		"no answer": {at: 10 * time.Hour, environ: unreachable, args: []string{"--profile", "stored", "--state", "."},
			code: exitFailure, stderr: "aws-oidc-action: id-token-endpoint: GitHub returned no OIDC token"},
		"other profile": {at: 9 * time.Hour, args: []string{"--profile", "other", "--state", "."}, code: exitFailure,
			stderr: `aws-oidc-action: failed: the state in . has no profile "other"`},
		"no state": {at: 9 * time.Hour, args: []string{"--profile", "stored", "--state", "none"}, code: exitFailure,
			stderr: "aws-oidc-action: failed: open the state"},
		"beside itself": {at: 9 * time.Hour, args: []string{"--profile", "stored"}, code: exitFailure,
			stderr: `has no profile "stored"`},
		"no profile": {at: 9 * time.Hour, args: []string{"--state", "."}, code: exitUsage,
			stderr: "aws-oidc-action: credential-process: --profile is required; set it to a profile that the step wrote"},
		"bad profile": {at: 9 * time.Hour, args: []string{"--profile", "::error::a b"}, code: exitUsage,
			stderr: `aws-oidc-action: credential-process: profile name "::error::a b"`},
		"an argument": {at: 9 * time.Hour, args: []string{"--profile", "stored", "more"}, code: exitUsage,
			stderr: `aws-oidc-action: credential-process: argument "more" is unexpected`},
		"unknown flag": {at: 9 * time.Hour, args: []string{"--name", "stored"}, code: exitUsage,
			stderr: "aws-oidc-action: credential-process: unknown flag --name\nusage:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(storedState(t))
			code, stdout, stderr := runAt(tt.at, tt.environ, append([]string{"credential-process"}, tt.args...)...)
			if code != tt.code || stdout.n != 0 || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("code %d, %q\n%s\nwant %d and %s", code, stdout.String(), stderr.String(), tt.code, tt.stderr)
			}
		})
	}
}

func TestAFailedRenewalIsAWarningWhileTheSessionLives(t *testing.T) {
	code, stdout, stderr := runAt(9*time.Hour+50*time.Minute, unreachable, "credential-process", "--profile", "stored", "--state", storedState(t))
	if code != exitFine || !strings.Contains(stdout.String(), "ASIASTORED") || !strings.HasPrefix(stderr.String(), "aws-oidc-action: id-token-endpoint: ") {
		t.Errorf("code %d: %s%s", code, stdout.String(), stderr.String())
	}
}

// What later steps print keeps to the step's mask-aws-account-id.
func TestRenewalsAreToldWithoutAccounts(t *testing.T) {
	store, err := refresh.Open(storedState(t))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	masking := refresh.Login{
		Profile:  plan.Profile{Source: plan.SourceOIDC, Region: "eu-central-1", Chain: []plan.Hop{{Role: "arn:aws:iam::111122223333:role/a"}}},
		Attempts: 1, Timeout: time.Minute, MaskAccounts: true,
	}
	if _, err := store.Put(t.Context(), "masking", masking, storedSession, storedSession.Expires.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	d := diagnosis.Diagnosis{Code: diagnosis.Throttled, What: "AWS refused arn:aws:iam::999988887777:role/x"}
	for name, want := range map[string]string{"stored": "::999988887777:", "masking": "::***:", "no such profile": "::***:"} {
		var stderr bytes.Buffer
		Env{Stderr: &stderr}.diagnoseRenewal(d, store, name)
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: %s", name, stderr.String())
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAnAnswerThatNobodyReadsIsAFailure(t *testing.T) {
	var stderr writes
	env := Env{Stdout: brokenPipe{}, Stderr: &stderr, Now: func() time.Time { return storedSession.Expires.Add(-time.Hour) }}
	code := Run(t.Context(), env, []string{"credential-process", "--profile", "stored", "--state", storedState(t)})
	if code != exitFailure || !strings.Contains(stderr.String(), "broken pipe") || strings.Contains(stderr.String(), "secret") {
		t.Errorf("code %d: %s", code, stderr.String())
	}
}

// What exec does once it has keys is tested with the program itself, whose
// place the command takes (internal/refresh).
func TestExecRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		at      time.Duration
		environ []string
		args    []string
		code    int
		stderr  string
	}{
		"no command": {at: 9 * time.Hour, args: []string{"--profile", "stored", "--"}, code: exitUsage,
			stderr: "aws-oidc-action: exec: a command is required; add it after --"},
		"no profile": {at: 9 * time.Hour, args: []string{"--", "true"}, code: exitUsage,
			stderr: "--profile is required"},
		"no such command": {at: 10 * time.Hour, environ: unreachable,
			args: []string{"--profile", "stored", "--state", ".", "no-such-command"}, code: exitUsage,
			stderr: `aws-oidc-action: exec: cannot run "no-such-command": executable file not found`},
		"no state": {at: 9 * time.Hour, args: []string{"--profile", "stored", "--state", "none", "true"},
			code: exitFailure, stderr: "failed: open the state"},
		"other profile": {at: 9 * time.Hour, args: []string{"--profile", "other", "--state", ".", "true"},
			code: exitFailure, stderr: `no profile "other"`},
		"ended": {at: 10 * time.Hour, args: []string{"--profile", "stored", "--state", ".", "true"}, code: exitFailure,
			stderr: "aws-oidc-action: failed: the session has expired"},
		"unreachable": {at: 10 * time.Hour, environ: unreachable,
			args: []string{"--profile", "stored", "--state", ".", "true"}, code: exitFailure,
			stderr: "aws-oidc-action: id-token-endpoint: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(storedState(t))
			code, stdout, stderr := runAt(tt.at, tt.environ, append([]string{"exec"}, tt.args...)...)
			if code != tt.code || stdout.n != 0 || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("code %d, %q\n%s\nwant %d and %s", code, stdout.String(), stderr.String(), tt.code, tt.stderr)
			}
		})
	}
	t.Run("masks that cannot be written", func(t *testing.T) {
		t.Chdir(storedState(t))
		env := Env{
			Environ: []string{"GITHUB_ACTIONS=true"}, Stderr: brokenPipe{},
			Now: func() time.Time { return storedSession.Expires.Add(-time.Hour) },
		}
		if code := Run(t.Context(), env, []string{"exec", "--profile", "stored", "--state", ".", "true"}); code != exitFailure {
			t.Errorf("code %d", code)
		}
	})
}

func TestTheEnvironmentOfExecHasOneSession(t *testing.T) {
	got := withKeys([]string{
		"PATH=/bin", "AWS_ACCESS_KEY_ID=old", "AWS_PROFILE=p", "AWS_DEFAULT_PROFILE=p", "AWS_REGION=us-east-1",
		"AWS_WEB_IDENTITY_TOKEN_FILE=/t", "AWS_ROLE_ARN=r", "AWS_ROLE_SESSION_NAME=s", "AWS_CREDENTIAL_EXPIRATION=2020",
		"AWS_SECURITY_TOKEN=old", "AWS_CONFIG_FILE=/c", "AWS_ACCESS_KEY_ID=older", "AWS_REGIONAL=x",
	}, storedSession, "eu-central-1")
	want := []string{
		"PATH=/bin", "AWS_CONFIG_FILE=/c", "AWS_REGIONAL=x",
		"AWS_ACCESS_KEY_ID=ASIASTORED", "AWS_SECRET_ACCESS_KEY=secret-of-stored", "AWS_SESSION_TOKEN=token-of-stored",
		"AWS_REGION=eu-central-1", "AWS_DEFAULT_REGION=eu-central-1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
