package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Where temporary files cannot be made, sandbox and rehearse fail and say so.
func TestNoPlaceForTemporaryFiles(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	for _, name := range []string{"sandbox", "rehearse"} {
		var stdout, stderr bytes.Buffer
		code := Run(t.Context(), Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now}, []string{name})
		if code != exitFailure || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "aws-oidc-action: "+name+": ") {
			t.Errorf("%s: exit code %d, %q, %q", name, code, stdout.String(), stderr.String())
		}
	}
}

func TestSandboxEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	code := Run(ctx, Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now}, []string{"sandbox"})
	if code != exitFine || !strings.Contains(stdout.String(), "ACTIONS_ID_TOKEN_REQUEST_URL=") || !strings.HasSuffix(stdout.String(), "\n\n") {
		t.Errorf("exit code %d, %s%s", code, stdout.String(), stderr.String())
	}
}

func TestVersionOfARelease(t *testing.T) {
	release, commit = "v9.8.7", "0123456"
	t.Cleanup(func() { release, commit = "", "" })
	var stdout bytes.Buffer
	if code := Run(t.Context(), Env{Stdout: &stdout, Stderr: &stdout}, []string{"version"}); code != exitFine || !strings.HasPrefix(stdout.String(), "aws-oidc-action v9.8.7 (0123456) go") {
		t.Errorf("exit code %d, %s", code, stdout.String())
	}
}

func TestTrustUsage(t *testing.T) {
	for _, tt := range []struct {
		args   string
		code   int
		stderr string
	}{
		{args: "diff --format xml main.json main.json", code: exitUsage, stderr: `--format "xml"`},
		{args: "explain --policy - --claims -", code: exitUsage, stderr: "--claims -"},
		{args: "explain --policy empty.yaml --claims claims.json", code: exitFailure, stderr: "no role"},
		{args: "generate main.json", code: exitUsage, stderr: "main.json"},
		{args: "generate --repository octo@1/app@2 --owner-id 1 --repository-id 2 --branch main", code: exitUsage, stderr: "--owner-id and --repository-id are for one --repository without ids"},
		{args: "inventory", code: exitUsage, stderr: "got 0"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			got := runTrust(t, "", strings.Fields(tt.args)...)
			if got.code != tt.code || got.stdout != "" || !strings.Contains(got.stderr, tt.stderr) {
				t.Errorf("exit code %d, want %d: %s%s", got.code, tt.code, got.stdout, got.stderr)
			}
		})
	}
	got := runTrust(t, "", strings.Fields("generate --repository octo@1/app@2 --branch main --account 111122223333 --issuer https://token.actions.githubusercontent.com/octo")...)
	if got.code != exitFine || !strings.Contains(got.stdout, "oidc-provider/token.actions.githubusercontent.com/octo") {
		t.Errorf("another issuer: exit code %d, %s%s", got.code, got.stdout, got.stderr)
	}
}
