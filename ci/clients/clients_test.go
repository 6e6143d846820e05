//go:build clients

package clients

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/ci/containerstep"
	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/sandbox/sandboxtest"
	"github.com/org/aws-oidc-action/internal/scenario"
)

var (
	image = flag.String("image", "aws-oidc-action:ci", "image of the action")
	dir   = flag.String("clients", "", "directory that .ci/clients/build.sh has filled, and more/build.sh its folder more")
)

const (
	// runnerUser owns the runner's directories and runs the later steps; the
	// action runs as root.
	runnerUser = 1001

	lifetime = 6 * time.Second  // of a session; half of it must be left, so every 3 s one is due
	howLong  = 20 * time.Second // that each client goes on asking
	renewals = 3                // that each of them must live through
)

// TestNoClientSeesAnExpiredSession logs in once with refresh and lets the
// clients call STS, all at once, across several renewals.
func TestNoClientSeesAnExpiredSession(t *testing.T) {
	server, job := login(t)

	programs := map[string]string{ // and how each names itself
		"whoami.sh":        "aws-cli/",
		"whoami.py":        "Boto3/",
		"whoami-go":        "aws-sdk-go-v2/",
		"whoami.mjs":       "aws-sdk-js/",
		"more/whoami-gov1": "aws-sdk-go/",
		"more/whoami-js2":  "aws-sdk-nodejs/",
		"more/whoami-ruby": "aws-sdk-ruby3/",
	}
	var running sync.WaitGroup
	for program := range programs {
		running.Go(func() {
			if err := ask(t, job, program); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()

	// The post phase logs how often the session was renewed.
	if _, err := job.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := regexp.MustCompile(`Profile default: (\d+) renewals?, the last one at `).FindStringSubmatch(job.Log())
	if told == nil {
		t.Fatalf("the post phase logs no renewal\n%s", job.Log())
	}
	renewed, err := strconv.Atoi(told[1])
	if err != nil {
		t.Fatal(err)
	}

	made := map[string]int{}
	asked := map[string][]sandbox.Call{}
	var sessions []time.Time // when each was made
	for _, call := range server.Calls() {
		if !call.OK() {
			t.Errorf("%s by %s at %s failed: %s %s", call.Kind, call.UserAgent, call.Started, call.Code, call.Message)
		}
		switch call.Kind {
		case scenario.CallIdentity:
			agent, _, _ := strings.Cut(call.UserAgent, "/")
			asked[agent+"/"] = append(asked[agent+"/"], call)
			continue
		case scenario.CallAssumeRole: // the last hop
			sessions = append(sessions, call.Started)
		}
		made[call.Kind]++
	}
	for _, kind := range []string{scenario.CallToken, scenario.CallWebIdentity, scenario.CallAssumeRole} {
		if made[kind] != 1+renewed {
			t.Errorf("%d calls of %s for the login and %d renewals", made[kind], kind, renewed)
		}
	}
	for program, agent := range programs {
		calls := asked[agent]
		if len(calls) == 0 {
			t.Errorf("no call of %s", program)
			continue
		}
		first, last := calls[0].Started, calls[len(calls)-1].Started
		lived := 0
		for _, at := range sessions {
			if at.After(first) && at.Before(last) {
				lived++
			}
		}
		t.Logf("%s: %d calls in %s across %d renewals", program, len(calls), last.Sub(first).Round(time.Millisecond), lived)
		if lived < renewals {
			t.Errorf("%s lived through %d renewals, want %d or more", program, lived, renewals)
		}
	}
}

// login runs the step in its container, as a runner does, in directories of
// the runner's user.
func login(t *testing.T) (*sandbox.Server, *fakerunner.Job) {
	t.Helper()
	server := sandboxtest.ServeFile(t, "../testdata/scenario.yml", sandbox.Options{SessionLifetime: lifetime})
	work := t.TempDir()
	job := sandboxtest.NewJob(t, server, work)
	if out, err := exec.Command("chown", "-R", fmt.Sprint(runnerUser, ":", runnerUser), work).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// What t.TempDir makes above it is for its owner only.
	if err := os.Chmod(filepath.Dir(work), 0o755); err != nil {
		t.Fatal(err)
	}

	metadata, err := containerstep.ReadMetadata("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	action := containerstep.Action{Metadata: metadata, Image: *image, RunnerTemp: true}
	with := action.Defaults(map[string]string{"runner.temp": job.Temp()})
	with["aws-region"] = "eu-central-1"
	with["role-to-assume"] = "arn:aws:iam::111111111111:role/hub"
	with["role-chain"] = "arn:aws:iam::222222222222:role/deploy"
	with["refresh"] = "true"
	result, err := job.Run(t.Context(), action.Step, with)
	if err != nil || result.Failed {
		t.Fatalf("exit code %d, %v\n%s", result.ExitCode, err, job.Log())
	}
	return server, job
}

// ask runs a client as a later step of the job would, until it ends.
func ask(t *testing.T, job *fakerunner.Job, program string) error {
	var output bytes.Buffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(*dir, program), "--for", fmt.Sprint(howLong.Seconds()))
	cmd.Env = append(job.Environ(), "PATH="+*dir+":"+os.Getenv("PATH"))
	cmd.Dir = job.Workspace()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: runnerUser, Gid: runnerUser}}
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, output.String())
	}
	return nil
}
