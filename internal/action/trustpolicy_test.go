package action

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/scenario"
)

// refusing is the built-in world with a job on a branch that the hub does not
// trust.
func refusing() string {
	return strings.Replace(scenario.BuiltinSource(), "ref: refs/heads/main", "ref: refs/heads/feature/x", 1)
}

// lay writes files into the job's workspace.
func (w *world) lay(files map[string]string) {
	w.Helper()
	for path, content := range files {
		path = filepath.Join(w.Job.Workspace(), path)
		must(w, os.MkdirAll(filepath.Dir(path), 0o755))
		must(w, os.WriteFile(path, []byte(content), 0o644))
	}
}

const trustsMain = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
"Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
"Condition": {"StringEquals": {
"token.actions.githubusercontent.com:sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}}}}`

func TestTrustPolicyFileExplainsTheRefusal(t *testing.T) {
	for pattern, path := range map[string]string{
		"trust/github-hub.json": "trust/github-hub.json",
		"./trust/*.json":        "trust/github-hub.json",
		"*/github-hu?.json":     "trust/github-hub.json",
		"tru*":                  "trust-of-github-hub.json",
	} {
		w := newWorld(t, refusing())
		w.lay(map[string]string{path: trustsMain, "trust/deploy.json": "{", "README.md": "x"})
		r := w.use(inputs{"trust-policy-file": pattern})
		message := w.failed(r, "subject-branch-or-tag")
		evidence := path + ", line 4: StringEquals token.actions.githubusercontent.com:sub"
		if !strings.Contains(message, evidence) || !strings.Contains(r.Summary, evidence) || !strings.Contains(r.Summary, "### AWS credentials: [subject-branch-or-tag](https:") {
			t.Errorf("%s:\n%s\n%s", pattern, message, r.Summary)
		}
	}
}

func TestTrustPolicyFileIsNoCondition(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "github-hub.json")
	if err := os.WriteFile(outside, []byte(trustsMain), 0o600); err != nil {
		t.Fatal(err)
	}
	many := map[string]string{}
	for i := range maxPolicyFiles + 1 {
		many[fmt.Sprintf("many/%d.json", i)] = "{}"
	}
	for pattern, reason := range map[string]string{
		"nothing/*.json":  `"nothing/*.json" matches no file in the workspace`,
		"many":            `"many" matches no file`, // a directory
		"many/*":          "matches 101 files, more than 100",
		"github-hub.json": "matches no file in the workspace", // a link that leads out of it
		"large.json":      "larger than 1 MiB",
	} {
		w := newWorld(t, refusing())
		w.lay(many)
		w.lay(map[string]string{"large.json": strings.Repeat(" ", maxWorkspaceFile+1)})
		must(w, os.Symlink(outside, filepath.Join(w.Job.Workspace(), "github-hub.json")))
		if message := w.failed(w.use(inputs{"trust-policy-file": pattern}), "web-identity-not-authorized"); !strings.Contains(message, reason) {
			t.Errorf("%s: the message lacks %q:\n%s", pattern, reason, message)
		}
	}
	w := newWorld(t, "")
	if r := w.use(inputs{"trust-policy-file": "nothing/*.json"}); r.Failed {
		t.Error("a login failed for want of a policy to explain it")
	}
}

func TestTrustPolicyFileIsInTheWorkspace(t *testing.T) {
	for pattern, want := range map[string]string{"../x.json": "inside the workspace", "/etc/*.json": "inside the workspace", "a[": "is not a pattern", `a\`: "is not a pattern"} {
		w := newWorld(t, "")
		if message := w.failed(w.use(inputs{"trust-policy-file": pattern}), "invalid-input"); !strings.Contains(message, "trust-policy-file: ") || !strings.Contains(message, want) {
			t.Errorf("%s: %s", pattern, message)
		}
	}
}

func TestAccountsOfAPolicyAreMasked(t *testing.T) {
	w := newWorld(t, refusing())
	w.lay(map[string]string{"github-hub.json": strings.ReplaceAll(trustsMain, "111111111111", "999999999999")})
	r := w.use(inputs{"trust-policy-file": "github-hub.json", "mask-aws-account-id": "true"})
	w.failed(r, "provider-other-issuer")
	if text := w.Job.Log() + r.Summary; strings.Contains(text, "999999999999") || strings.Contains(text, "111111111111") {
		t.Errorf("an account id is shown:\n%s", text)
	}
}
