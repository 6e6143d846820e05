//go:build container

package containerstep

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The step runs as root in its container; what it leaves for later steps is
// used by the runner's user on the host, and by no one else.
func TestRefreshServesTheRunnersUserOnly(t *testing.T) {
	job, work := newJob(t)
	for dir := work; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	action := newAction(t, true)
	with := action.Defaults(map[string]string{"runner.temp": job.Temp(), "strategy.job-total": "1", "strategy.job-index": "0"})
	with["aws-region"] = "eu-central-1"
	with["role-to-assume"] = "arn:aws:iam::111111111111:role/hub"
	with["role-chain"] = "arn:aws:iam::222222222222:role/deploy"
	with["refresh"] = "true"
	result, err := job.Run(t.Context(), action.Step, with)
	if err != nil || result.Failed {
		t.Fatalf("exit code %d, %v\n%s", result.ExitCode, err, job.Log())
	}
	if job.Getenv("AWS_ACCESS_KEY_ID") != "" || job.Getenv("AWS_CONFIG_FILE") == "" {
		t.Fatalf("environment: %v", result.Env)
	}
	ask := func(uid uint32) (string, error) {
		cmd := exec.CommandContext(t.Context(), "aws", "sts", "get-caller-identity",
			"--endpoint-url", job.Getenv("AWS_ENDPOINT_URL_STS"), "--query", "Arn", "--output", "text")
		cmd.Env = append(job.Environ(), "PATH="+os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		if err != nil {
			t.Logf("user %d: %s", uid, strings.TrimSpace(stderr.String()))
		}
		return strings.TrimSpace(stdout.String()), err
	}
	if got, err := ask(runnerUser); err != nil || got != result.Outputs["authenticated-arn"] {
		t.Errorf("the runner's user is %q, %v", got, err)
	}
	if got, err := ask(runnerUser + 1); err == nil {
		t.Errorf("another user of the machine is %q", got)
	}
	if post, err := job.Finish(t.Context()); err != nil || len(post) != 1 || post[0].Failed {
		t.Fatalf("post phase: %v\n%s", err, job.Log())
	}
	// A variable cannot be unset, so that these go on naming a file: an empty one.
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		if info, err := os.Stat(job.Getenv(name)); err != nil || info.Size() != 0 || info.Sys().(*syscall.Stat_t).Uid != runnerUser {
			t.Errorf("after the post phase %s names a file that is not there, not empty or not the runner's: %v", name, err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(job.Temp(), "aws-oidc-action")); err != nil || len(left) != 2 {
		t.Errorf("after the post phase the state directory holds %v, %v", left, err)
	}
}
