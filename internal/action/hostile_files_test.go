//go:build unix

package action

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/propertytest"
)

// No file that a workflow, the runner or an SDK's variable names makes the step
// wait, read without end, or read what a link outside of the workspace leads to.
func TestHostileFiles(t *testing.T) {
	const secret = "AKIAHOSTSOWNSECRETKEY"
	kinds := []struct {
		name string
		make func(w *world, path string)
		says string
	}{
		{"a pipe", func(w *world, path string) { must(w, syscall.Mkfifo(path, 0o600)) }, "is a named pipe"},
		{"a device", func(w *world, path string) { must(w, os.Symlink("/dev/zero", path)) }, "leads out of the workspace"},
		{"a directory", func(w *world, path string) { must(w, os.Mkdir(path, 0o755)) }, "is a directory"},
		{"a dangling link", func(w *world, path string) { must(w, os.Symlink("nothing", path)) }, "is a symbolic link"},
		{"a link out of the workspace", func(w *world, path string) {
			hosts := filepath.Join(w.TempDir(), "file")
			must(w, os.WriteFile(hosts, []byte("[default]\naws_access_key_id = "+secret+"\naws_secret_access_key = x\n"), 0o600))
			must(w, os.Symlink(hosts, path))
		}, "leads out of the workspace"},
		{"an endless file", func(w *world, path string) {
			must(w, os.WriteFile(path, nil, 0o600))
			must(w, os.Truncate(path, 1<<40))
		}, "is larger than"},
	}
	const projected = "is a symbolic link, but not one of a Kubernetes projected volume"
	for i, named := range []struct {
		what     string
		with     inputs
		variable string
		code     string // "" for a login that goes on without the file
		links    string // how a link is refused, if not by where it leads
	}{
		{what: "profiles-file", with: inputs{"profiles-file": "named", "role-to-assume": notGiven, "role-chain": notGiven}, code: "invalid-input"},
		{what: "web-identity-token-file", with: inputs{"web-identity-token-file": "named"}, code: "failed", links: projected},
		{what: "AWS_CONFIG_FILE for profiles", with: inputs{"aws-profile": "p"}, variable: "AWS_CONFIG_FILE", code: "failed"},
		{what: "AWS_SHARED_CREDENTIALS_FILE for profiles", with: inputs{"aws-profile": "p"}, variable: "AWS_SHARED_CREDENTIALS_FILE", code: "failed"},
		{what: "AWS_CONFIG_FILE for its credentials", with: inputs{"role-to-assume": notGiven, "role-chain": notGiven}, variable: "AWS_CONFIG_FILE", code: "failed"},
		{what: "AWS_SHARED_CREDENTIALS_FILE for its credentials", with: inputs{"role-to-assume": notGiven, "role-chain": notGiven}, variable: "AWS_SHARED_CREDENTIALS_FILE", code: "failed"},
		{what: "AWS_CA_BUNDLE", variable: "AWS_CA_BUNDLE"},
		{what: "GITHUB_EVENT_PATH", variable: "GITHUB_EVENT_PATH"},
		{what: "GITHUB_ENV", variable: "GITHUB_ENV", code: "failed"},
		{what: "GITHUB_OUTPUT", variable: "GITHUB_OUTPUT", code: "failed"},
	} {
		for j, kind := range kinds {
			if propertytest.LeaveOut(i+j, 5) {
				continue
			}
			t.Run(named.what+" is "+kind.name, func(t *testing.T) {
				w := newWorld(t, "")
				path := filepath.Join(w.Job.Workspace(), "named")
				kind.make(w, path)
				begin := time.Now()
				r, err := w.Job.Run(context.Background(), func(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
					if named.variable != "" {
						environ = append(environ, named.variable+"="+path)
					}
					return w.step(ctx, environ, stdout, stderr)
				}, mergedInputs(w, named.with))
				must(w, err)
				if took := time.Since(begin); took > time.Minute {
					t.Errorf("it took %v", took)
				}
				log := w.Job.Log() + r.Summary
				if strings.Contains(log, secret) {
					t.Errorf("the host's file is shown:\n%s", log)
				}
				says := kind.says
				if named.links != "" && (strings.Contains(kind.name, "link") || strings.Contains(says, "leads")) {
					says = named.links
				}
				appends := named.variable == "GITHUB_ENV" || named.variable == "GITHUB_OUTPUT"
				switch {
				case kind.name == "an endless file" && appends:
					return // whose end is found
				case named.code == "" && r.Failed:
					t.Errorf("the login failed:\n%s", log)
				case named.code != "" && !r.Failed:
					t.Errorf("the step succeeded:\n%s", log)
				case named.variable == "GITHUB_EVENT_PATH":
				case !strings.Contains(log, says):
					t.Errorf("the log lacks %q:\n%s", says, log)
				}
				if named.code != "" {
					w.failed(r, named.code)
				}
			})
		}
	}
}
