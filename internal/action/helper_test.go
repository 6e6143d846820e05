//go:build unix

package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/refresh"
)

// TestFailuresOfTheHelper covers every part that refresh: true leaves: one
// error that says what failed and what to do, and nothing left.
func TestFailuresOfTheHelper(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plant func(state string) error
		step  func(*Step)
		says  []string
		left  int // files that were planted
	}{
		{name: "no program", step: func(s *Step) { s.Program = "/nowhere/program" }, says: []string{"install the helper for refresh", "/nowhere/program", "set refresh: false"}},
		{name: "a program that is a directory", step: func(s *Step) { s.Program = "/" }, says: []string{"install the helper for refresh", "set refresh: false"}},
		{name: "refresh is a file", plant: func(state string) error { return os.WriteFile(filepath.Join(state, "refresh"), nil, 0o600) },
			says: []string{"store the login of profile default", "not a directory", "set refresh: false"}, left: 1},
		{name: "refresh is a link", plant: func(state string) error { return os.Symlink("/tmp", filepath.Join(state, "refresh")) },
			says: []string{"store the login of profile default", "symbolic link", "set refresh: false"}, left: 1},
		{name: "the config file is a directory", plant: func(state string) error { return os.Mkdir(filepath.Join(state, "config"), 0o700) }, says: []string{"AWS_CONFIG_FILE", "a directory"}},
		{name: "the credentials file is a pipe", plant: func(state string) error { return syscall.Mkfifo(filepath.Join(state, "credentials"), 0o600) },
			says: []string{"AWS_SHARED_CREDENTIALS_FILE", "named pipe"}, left: 1},
		{name: "no file for the environment", step: func(s *Step) { s.Environ = append(s.Environ, "GITHUB_ENV=/nowhere/env") }, says: []string{"write the runner's files", "GITHUB_ENV"}},
		{name: "no file for the runner's state", step: func(s *Step) { s.Environ = append(s.Environ, "GITHUB_STATE=/nowhere/state") }, says: []string{"GITHUB_STATE"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "")
			state := filepath.Join(w.Job.Temp(), jobstate.DirName)
			if tt.plant != nil {
				must(w, os.Mkdir(state, 0o700))
				must(w, tt.plant(state))
			}
			post := false
			r, err := w.Job.Run(t.Context(), func(ctx context.Context, environ []string, stdout, _ io.Writer) int {
				s := w.newStep(environ, stdout)
				if s.Post = post; !post && tt.step != nil {
					tt.step(&s)
				}
				post = true
				return s.Run(ctx)
			}, mergedInputs(w, inputs{"refresh": "true", "overwrite-aws-profile": "true"}))
			must(w, err)
			message := w.failed(r, "failed")
			for _, part := range tt.says {
				if !strings.Contains(message, part) {
					t.Errorf("the error lacks %q: %s", part, message)
				}
			}
			if files := w.temp(); len(files) != tt.left {
				t.Errorf("left behind: %v", files)
			}
			if tt.plant == nil {
				if _, err := os.Lstat(state); !errors.Is(err, fs.ErrNotExist) {
					t.Error("an empty state directory is left behind")
				}
			}
			w.finish()
			w.clean()
		})
	}
}

// A second login that fails leaves the first one's helper, login and profile.
func TestAFailedSecondLoginLeavesTheFirst(t *testing.T) {
	w := newWorld(t, "")
	if r := w.use(inputs{"refresh": "true"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	before := w.files(t)
	r, err := w.Job.Run(t.Context(), func(ctx context.Context, environ []string, stdout, _ io.Writer) int {
		s := w.newStep(environ, stdout)
		if s.Post = slices.Contains(environ, "STATE_isPost=true"); !s.Post {
			s.Environ = append(environ, "GITHUB_ENV=/nowhere/env")
		}
		return s.Run(ctx)
	}, mergedInputs(w, inputs{"refresh": "true", "aws-region": "eu-west-1"}))
	must(w, err)
	w.failed(r, "failed")
	if diff := cmp.Diff(before, w.files(t)); diff != "" {
		t.Errorf("files (-before +after):\n%.2000s", diff)
	}
	if session, d := w.ask("default").Get(t.Context(), "default"); d != nil || session.AccessKeyID == "" {
		t.Errorf("the first login's profile does not work: %v", d)
	}
	w.finish()
	w.clean()
}

func TestWhatToDoIfNothingCanBePublished(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	for _, tt := range []struct {
		err  error
		cure string
	}{
		{full, "free space in the runner's temporary directory"},
		{helperError{full}, "free space in the runner's temporary directory"},
		{jobstate.ErrLocked, "run the steps of this action in a job one after another"},
		{helperError{refresh.ErrLocked}, "end the process of an earlier step"},
		{fs.ErrPermission, "grant the action write access"},
		{&fs.PathError{Op: "open", Err: syscall.EROFS}, "grant the action write access"},
		{helperError{errors.New("x")}, "set refresh: false"},
		{errors.New("x"), ""},
	} {
		d := undelivered(fmt.Errorf("publish: %w", tt.err))
		if !strings.Contains(d.Cure, tt.cure) || (tt.cure == "") != (d.Cure == "") {
			t.Errorf("%v: %q", tt.err, d.Cure)
		}
	}
}
