//go:build container

package containerstep

import (
	"bytes"
	"context"
	"flag"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/sandbox/sandboxtest"
)

var (
	image    = flag.String("image", "aws-oidc-action:ci", "image of the action")
	jobImage = flag.String("job-image", "aws-oidc-action-job:ci", "image of the job's container, with the AWS CLI")
)

// The owner of a runner's directories is not root, whom the container runs as.
const runnerUser = 1001

// anyJWT is how every JWT begins: {" in base64.
const anyJWT = "eyJ"

func TestLogin(t *testing.T) {
	const session = "arn:aws:sts::222222222222:assumed-role/deploy/GitHubActions-9318273645-1-deploy"
	for _, tt := range []struct {
		name         string
		runnerTemp   bool
		jobContainer bool
		state        string // the state directory, below RUNNER_TEMP
	}{
		{"runner since 2.331", true, false, "aws-oidc-action"},
		{"older runner", false, false, "_github_home/aws-oidc-action"},
		{"job in a container", true, true, "aws-oidc-action"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			job, work := newJob(t)
			action := newAction(t, tt.runnerTemp)
			expressions := map[string]string{"runner.temp": job.Temp(), "strategy.job-total": "1", "strategy.job-index": "0"}
			awsCLI := onHost
			if tt.jobContainer {
				expressions["job.container.id"] = "f00d"
				awsCLI = func(command ...string) fakerunner.Step {
					return JobContainer{Image: *jobImage, Work: work, Command: command}.Step
				}
			}

			with := action.Defaults(expressions)
			with["aws-region"] = "eu-central-1"
			with["role-to-assume"] = "arn:aws:iam::111111111111:role/hub"
			with["role-chain"] = "arn:aws:iam::222222222222:role/deploy"
			result, err := job.Run(t.Context(), action.Step, with)
			if err != nil || result.Failed {
				t.Fatalf("exit code %d, %v\n%s", result.ExitCode, err, job.Log())
			}
			if got := result.Outputs["authenticated-arn"]; got != session {
				t.Errorf("output authenticated-arn = %q, want %q", got, session)
			}
			checkMasks(t, job, anyJWT, job.Getenv("AWS_ACCESS_KEY_ID"), job.Getenv("AWS_SECRET_ACCESS_KEY"), job.Getenv("AWS_SESSION_TOKEN"))
			checkFiles(t, job, tt.state)

			var stdout, stderr bytes.Buffer
			code := awsCLI("aws", "sts", "get-caller-identity", "--endpoint-url", job.Getenv("AWS_ENDPOINT_URL_STS"), "--query", "Arn", "--output", "text")(
				t.Context(), job.Environ(), &stdout, &stderr)
			if got := strings.TrimSpace(stdout.String()); code != 0 || got != session {
				t.Errorf("the AWS CLI ended with %d as %q, want %q\n%s", code, got, session, stderr.String())
			}

			post, err := job.Finish(t.Context())
			if err != nil || len(post) != 1 || post[0].Failed {
				t.Fatalf("post phase: %v\n%s", err, job.Log())
			}
			for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
				if got, ok := post[0].Env[name]; !ok || got != "" {
					t.Errorf("the post phase left %s, or did not blank it", name)
				}
			}
			if got := job.Getenv("AWS_REGION"); got != "eu-central-1" {
				t.Errorf("AWS_REGION = %q after the post phase", got)
			}
			if _, err := os.Stat(filepath.Join(job.Temp(), tt.state)); !os.IsNotExist(err) {
				t.Errorf("the state directory is still there after the post phase: %v", err)
			}
		})
	}
}

func TestRefusal(t *testing.T) {
	for _, tt := range []struct {
		name string
		role string
		exit int
		code string
	}{
		{"by AWS", "arn:aws:iam::111111111111:role/closed", 1, "web-identity-not-authorized"},
		{"of the inputs", "closed", 2, "invalid-input"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			job, _ := newJob(t)
			action := newAction(t, true)
			with := action.Defaults(map[string]string{"runner.temp": job.Temp()})
			with["aws-region"] = "eu-central-1"
			with["role-to-assume"] = tt.role
			result, err := job.Run(t.Context(), action.Step, with)
			if err != nil || result.ExitCode != tt.exit {
				t.Fatalf("exit code %d, want %d, %v\n%s", result.ExitCode, tt.exit, err, job.Log())
			}
			if len(result.Env) != 0 || len(result.Outputs) != 0 {
				t.Errorf("a refused step gave variables %v and outputs %v", result.Env, result.Outputs)
			}
			checkMasks(t, job)
			var titles []string
			for _, a := range job.Annotations() {
				if a.Level == "error" {
					titles = append(titles, a.Title)
				}
			}
			if len(titles) != 1 || titles[0] != tt.code {
				t.Errorf("errors %q, want one with the title %s\n%s", titles, tt.code, job.Log())
			}
			if post, err := job.Finish(t.Context()); err != nil || len(post) != 1 || post[0].Failed || len(post[0].Env) != 0 {
				t.Errorf("the post phase of a refused step failed or did something: %v\n%s", err, job.Log())
			}
		})
	}
}

// newJob makes a job with a sandbox of its own, in directories of the runner's
// user.
func newJob(t *testing.T) (job *fakerunner.Job, work string) {
	t.Helper()
	server := sandboxtest.ServeFile(t, "../testdata/scenario.yml", sandbox.Options{})
	work = t.TempDir()
	job = sandboxtest.NewJob(t, server, work)
	err := filepath.WalkDir(work, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, runnerUser, runnerUser)
	})
	if err != nil {
		t.Fatal(err)
	}
	return job, work
}

func newAction(t *testing.T, runnerTemp bool) Action {
	t.Helper()
	metadata, err := ReadMetadata("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	return Action{metadata, *image, runnerTemp}
}

// onHost is a run: step of a job without a container.
func onHost(command ...string) fakerunner.Step {
	return func(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Env = append(environ, "PATH="+os.Getenv("PATH"))
		cmd.Stdout, cmd.Stderr = stdout, stderr
		if err := cmd.Run(); err != nil {
			return 1
		}
		return 0
	}
}

// checkMasks holds the log as it was written against the secrets: tokens and
// keys occur in masks and nowhere else.
func checkMasks(t *testing.T, job *fakerunner.Job, wantMasked ...string) {
	t.Helper()
	var raw strings.Builder
	for _, w := range job.Raw() {
		raw.Write(w.Data)
	}
	for _, secret := range append(wantMasked, anyJWT) {
		for line := range strings.Lines(raw.String()) {
			if strings.Contains(line, secret) && !strings.HasPrefix(line, "::add-mask::") {
				t.Errorf("a secret stands in the log: %s", line)
			}
		}
	}
	for _, secret := range wantMasked {
		if !strings.Contains(raw.String(), "::add-mask::"+secret) {
			t.Errorf("no mask for %q", secret)
		}
	}
}

// checkFiles looks at everything that the step left on disk: nothing in the
// workspace, no secret anywhere, and a state that only the runner's user reads.
func checkFiles(t *testing.T, job *fakerunner.Job, state string) {
	t.Helper()
	if left, err := os.ReadDir(job.Workspace()); err != nil || len(left) > 0 {
		t.Errorf("the workspace holds %v, %v", left, err)
	}
	state = filepath.Join(job.Temp(), state)
	if _, err := os.Stat(state); err != nil {
		t.Errorf("no state directory: %v", err)
	}
	err := filepath.WalkDir(job.Temp(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if strings.HasPrefix(path, state) {
			want := fs.FileMode(0o600)
			if entry.IsDir() {
				want = 0o700
			}
			if owner := info.Sys().(*syscall.Stat_t); owner.Uid != runnerUser || owner.Gid != runnerUser || info.Mode().Perm() != want {
				t.Errorf("%s belongs to %d:%d with mode %o", path, owner.Uid, owner.Gid, info.Mode().Perm())
			}
		}
		if entry.IsDir() {
			return nil
		}
		content, err := os.ReadFile(path)
		// The access key id is no secret: by it the state says which session the keys belong to.
		for _, name := range []string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
			if bytes.Contains(content, []byte(job.Getenv(name))) {
				t.Errorf("%s holds the value of %s", path, name)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
