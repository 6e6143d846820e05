//go:build unix

package runner

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A file system that is full takes part of a write; what was in the files
// before must come back. A limit on the size of files simulates it, in a
// process of its own.
func TestPublishOnAFullFileSystem(t *testing.T) {
	const inside = "AWS_OIDC_ACTION_TEST_FULL"
	if os.Getenv(inside) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestPublishOnAFullFileSystem$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	environ, path := files(t)
	signal.Ignore(syscall.SIGXFSZ)
	room := len("before\n") + 100
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Skip("no limit here: ", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(room), Max: before.Max}); err != nil {
		t.Skip("no limit here: ", err)
	}
	defer func() { // a process that counts coverage writes a larger file when it ends
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
	}()
	err := New(environ, nil).Publish(Publication{
		Outputs: []Pair{NewPair("o", "1")},
		Env:     []Pair{NewPair("A", strings.Repeat("x", room))},
	})
	if !errors.Is(err, syscall.EFBIG) {
		t.Fatalf("error %v", err)
	}
	for _, name := range []string{"OUTPUT", "ENV"} {
		if got := read(t, path(name)); got != "before\n" {
			t.Errorf("%s holds %q", name, got)
		}
	}
}

func TestFilesOfTheRunnerAreRegular(t *testing.T) {
	environ, path := files(t)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for target, says := range map[string]string{
		pipe:        "is a named pipe",
		"/dev/zero": "is a device",
		t.TempDir(): "is a directory",
	} {
		begin := time.Now()
		r := New(append(environ, "GITHUB_ENV="+target, "GITHUB_EVENT_PATH="+target), nil)
		err := r.Publish(Publication{Outputs: []Pair{NewPair("o", "1")}, Env: []Pair{NewPair("A", "x")}})
		if err == nil || !strings.Contains(err.Error(), "variable GITHUB_ENV: ") || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want %q", target, err, says)
		}
		if got := read(t, path("OUTPUT")); got != "before\n" {
			t.Errorf("%s: OUTPUT holds %q", target, got)
		}
		if job := r.Job(t.Context()); job.PullRequest {
			t.Errorf("%s: %+v", target, job)
		}
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("%s took %v", target, took)
		}
	}
}
