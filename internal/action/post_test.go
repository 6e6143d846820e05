//go:build unix

package action

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/scenario"
)

func TestPostRevertsWhatMainExported(t *testing.T) {
	w := newWorld(t, strings.Replace(scenario.BuiltinSource(), "workflow:\n", "workflow:\n  env: {AWS_REGION: us-west-2, AWS_PROFILE: mine}\n", 1))
	first := w.use(nil)
	if len(w.temp()) != 1 || first.Failed {
		t.Errorf("files: %v", w.temp())
	}
	second := w.use(inputs{"aws-region": "eu-west-1"})
	if second.Failed || w.Job.Getenv("AWS_REGION") != "eu-west-1" {
		t.Fatal(w.Job.Log())
	}
	w.finish()
	for name, want := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
		"AWS_REGION": "us-west-2", "AWS_PROFILE": "mine",
		"AWS_DEFAULT_REGION": "eu-central-1", // had no value before; empty would be worse than stale
	} {
		if got := w.Job.Getenv(name); got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
	if files := w.temp(); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestPostLeavesWhatAnotherStepMade(t *testing.T) {
	w := newWorld(t, "")
	w.use(nil)
	_, err := w.Job.Run(context.Background(), func(_ context.Context, environ []string, _, _ io.Writer) int {
		for _, pair := range environ {
			if path, ok := strings.CutPrefix(pair, "GITHUB_ENV="); ok {
				if err := os.WriteFile(path, []byte("AWS_ACCESS_KEY_ID=AKIAOTHER\nAWS_REGION=sa-east-1\n"), 0o600); err != nil {
					t.Error(err)
				}
			}
		}
		return 0
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.finish()
	if w.Job.Getenv("AWS_ACCESS_KEY_ID") != "AKIAOTHER" || w.Job.Getenv("AWS_REGION") != "sa-east-1" {
		t.Errorf("another step's variables were changed: %q %q", w.Job.Getenv("AWS_ACCESS_KEY_ID"), w.Job.Getenv("AWS_REGION"))
	}
	if w.Job.Getenv("AWS_SECRET_ACCESS_KEY") != "" {
		t.Error("our secret key is still there")
	}
}

// spoilt are things that take a file's place.
var spoilt = map[string]func(path string) error{
	"gone": func(path string) error { return os.RemoveAll(path) },
	"broken": func(path string) error {
		return errors.Join(os.RemoveAll(path), os.WriteFile(path, []byte("{\x00"), 0o600))
	},
	"huge": func(path string) error {
		return errors.Join(os.RemoveAll(path), os.WriteFile(path, make([]byte, 9<<20), 0o600))
	},
	"a pipe":          func(path string) error { return errors.Join(os.RemoveAll(path), syscall.Mkfifo(path, 0o600)) },
	"a directory":     func(path string) error { return errors.Join(os.RemoveAll(path), os.MkdirAll(path+"/x", 0o700)) },
	"a dangling link": func(path string) error { return errors.Join(os.RemoveAll(path), os.Symlink("nowhere", path)) },
	"a link to a copy": func(path string) error {
		return errors.Join(os.Rename(path, path+"2"), os.Symlink(path+"2", path))
	},
}

// TestPostOfASpoiltJob demands that the environment is reverted and no keys are
// left in the action's own files, whatever took the place of one of them.
func TestPostOfASpoiltJob(t *testing.T) {
	for i, name := range []string{"", "state.json", jobstate.ConfigName, jobstate.CredentialsName, "refresh", jobstate.HelperName} {
		for j, how := range slices.Sorted(maps.Keys(spoilt)) {
			if propertytest.LeaveOut(i+j, 4) {
				continue
			}
			t.Run(filepath.Join(jobstate.DirName, name)+" is "+how, func(t *testing.T) {
				w := newWorld(t, landingZone(2, ""))
				with := inputs{"profiles": spokes(2), "default-profile": "p1", "output-env-credentials": "true"}
				if name == "refresh" || name == jobstate.HelperName {
					with["refresh"], with["output-env-credentials"] = "true", "false"
				}
				if r := w.use(with); r.Failed {
					t.Fatal(w.Job.Log())
				}
				state := filepath.Join(w.Job.Temp(), jobstate.DirName)
				must(w, spoilt[how](filepath.Join(state, name)))
				w.finish()
				for _, variable := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
					if w.Job.Getenv(variable) != "" {
						t.Errorf("%s is still set:\n%s", variable, w.Job.Log())
					}
				}
				_ = os.RemoveAll(state + "2") // the copy is not the action's
				w.clean()
			})
		}
	}
}

func TestPostWithoutASharedDirectory(t *testing.T) {
	w := newWorld(t, "")
	w.useWith(nil, func(post bool, environ []string) []string {
		if post {
			environ = append(environ, "RUNNER_TEMP=/nowhere")
		}
		return environ
	})
	w.finish()
	if w.Job.Getenv("AWS_ACCESS_KEY_ID") != "" {
		t.Error("the keys are still exported")
	}
	if warnings := w.warnings(); len(warnings) != 1 || !strings.Contains(warnings[0], "no directory is visible to later steps") {
		t.Errorf("warnings %q", warnings)
	}
}

func (w *world) warnings() (all []string) {
	for _, a := range w.Job.Annotations() {
		if a.Level == "warning" {
			all = append(all, a.Title+": "+a.Message)
		}
	}
	return all
}

// A variable that this action never exports is not touched, whatever the state
// directory or the runner's copy of the record says.
func TestPostIgnoresUnknownVariables(t *testing.T) {
	for _, broken := range []bool{false, true} {
		w := newWorld(t, "")
		w.useWith(nil, func(post bool, environ []string) []string {
			if !post || !broken {
				return environ
			}
			return slices.DeleteFunc(environ, func(pair string) bool { return strings.HasPrefix(pair, "STATE_record=") })
		})
		path := filepath.Join(w.Job.Temp(), jobstate.DirName, "state.json")
		content, err := os.ReadFile(path)
		must(w, err)
		const digestOfNothing = "e3b0c44298fc1c149afbf4c8996fb924"
		must(w, os.WriteFile(path, bytes.Replace(content, []byte(`"exported":{`),
			[]byte(`"exported":{"LD_PRELOAD":{"digest":"`+digestOfNothing+`","former":"/evil.so"},"NODE_OPTIONS":{"digest":"`+digestOfNothing+`","former":"--require x"},`), 1), 0o600))
		w.finish()
		if w.Job.Getenv("LD_PRELOAD")+w.Job.Getenv("NODE_OPTIONS")+w.Job.Getenv("AWS_ACCESS_KEY_ID") != "" {
			t.Errorf("LD_PRELOAD=%q, keys %q", w.Job.Getenv("LD_PRELOAD"), w.Job.Getenv("AWS_ACCESS_KEY_ID"))
		}
		if strings.Contains(w.Job.Log(), "NODE_OPTIONS") || len(w.warnings()) > 0 {
			t.Errorf("log:\n%s", w.Job.Log())
		}
		w.clean()
	}
}

func TestASecondLoginsPostGivesBackTheFirst(t *testing.T) {
	for _, tt := range []struct {
		name    string
		between func(w *world)
		second  inputs
		back    bool
	}{
		{name: "while it lives", back: true},
		{name: "after profiles", second: inputs{"profiles": spokes(2)}, back: true},
		{name: "after refresh", second: inputs{"refresh": "true"}, back: true},
		{name: "when it has expired", between: func(w *world) { w.Time = w.Time.Add(61 * time.Minute) }},
		{name: "when another step replaced it", between: func(w *world) {
			_, err := w.Job.Run(context.Background(), func(_ context.Context, environ []string, _, _ io.Writer) int {
				for _, pair := range environ {
					if path, ok := strings.CutPrefix(pair, "GITHUB_ENV="); ok {
						must(w, os.WriteFile(path, []byte("AWS_SESSION_TOKEN=another\n"), 0o600))
					}
				}
				return 0
			}, nil)
			must(w, err)
		}},
		{name: "when it was cleaned up", between: func(w *world) { w.use(inputs{"logout": "true"}) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, landingZone(2, ""))
			first := w.use(nil)
			if r := w.use(tt.second); first.Failed || r.Failed {
				t.Fatal(w.Job.Log())
			}
			if tt.between != nil {
				tt.between(w)
			}
			posts, err := w.Job.Finish(t.Context())
			must(w, err)
			posts = posts[len(posts)-2:]
			for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
				if got := posts[0].Env[name]; (got == first.Env[name]) != tt.back || !tt.back && got != "" {
					t.Errorf("the second login's post phase sets %s to %.20q", name, got)
				}
				if got := w.Job.Getenv(name); got != "" && got != "another" {
					t.Errorf("after the first login's post phase %s is %.20q", name, got)
				}
			}
			w.clean()
		})
	}
}

// Keys that no step of this action exported are not kept, and no keys where
// nothing replaces them.
func TestOnlyOurOwnKeysAreRemembered(t *testing.T) {
	w := newWorld(t, strings.Replace(landingZone(1, ""), "ref: refs/heads/main}", "ref: refs/heads/main, env: {AWS_ACCESS_KEY_ID: AKIAOLD, AWS_SECRET_ACCESS_KEY: old}}", 1))
	for _, with := range []inputs{nil, {"aws-profile": "p"}} {
		r := w.use(with)
		for name := range r.State {
			if strings.HasPrefix(name, stateFormer) {
				t.Errorf("%v: the runner keeps %s", with, name)
			}
		}
		for _, value := range r.State {
			if key := w.Job.Getenv("AWS_SECRET_ACCESS_KEY"); r.Failed || key == "" || strings.Contains(value, key) {
				t.Errorf("%v: a secret is in the runner's state", with)
			}
		}
	}
	r := w.use(nil)
	if len(r.State) != 6 || !w.maskedBefore(r.State[stateFormer+"AWS_SECRET_ACCESS_KEY"]) {
		t.Errorf("the first login's keys are not remembered, or not masked: %d", len(r.State))
	}
}

func (w *world) maskedBefore(value string) bool {
	return value != "" && w.Job.Mask(value) == "***"
}

// In a job's container, its steps have the home directory that this action has.
func TestPostInAJobContainer(t *testing.T) {
	w := newWorld(t, "")
	container := func(_ bool, environ []string) []string {
		return append(environ, "HOME=/github/home", "INPUT_JOB-CONTAINER-ID=abc")
	}
	for range 2 {
		r := w.useWith(inputs{"aws-profile": "p", "overwrite-aws-profile": "true"}, container)
		if r.Failed || r.Env["AWS_CONFIG_FILE"] != filepath.Join(w.Job.Temp(), jobstate.DirName, jobstate.ConfigName) {
			t.Fatalf("AWS_CONFIG_FILE=%q\n%s", r.Env["AWS_CONFIG_FILE"], w.Job.Log())
		}
		w.useWith(inputs{"logout": "true"}, container)
		for variable, want := range map[string]string{"AWS_CONFIG_FILE": "/github/home/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "/github/home/.aws/credentials"} {
			if got := w.Job.Getenv(variable); got != want {
				t.Errorf("%s=%q, want %q", variable, got, want)
			}
		}
		w.clean()
	}
	if warnings := w.warnings(); len(warnings) > 0 {
		t.Errorf("warnings %q", warnings)
	}
}

// TestPostOfManyProfiles has the most profiles that a step takes, in the job's
// own files; with -short a tenth.
func TestPostOfManyProfiles(t *testing.T) {
	own := t.TempDir()
	w := newWorld(t, strings.Replace(landingZone(1, ""), "ref: refs/heads/main}", "ref: refs/heads/main, env: {AWS_CONFIG_FILE: "+own+"/config, AWS_SHARED_CREDENTIALS_FILE: "+own+"/credentials}}", 1))
	var profiles strings.Builder
	for i := range 500 {
		if propertytest.LeaveOut(i, 10) {
			continue
		}
		profiles.WriteString(strings.Repeat("n", 40) + time.Duration(i).String() + ": arn:aws:iam::100000000001:role/deploy\n")
	}
	if r := w.use(inputs{"profiles": profiles.String(), "max-parallel": "64"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	w.finish()
	if warnings := w.warnings(); len(warnings) > 0 {
		t.Errorf("warnings %q", warnings)
	}
	for _, name := range []string{jobstate.ConfigName, jobstate.CredentialsName} {
		if content, err := os.ReadFile(filepath.Join(own, name)); err != nil || len(content) > 0 {
			t.Errorf("%s is left with %d bytes, %v", name, len(content), err)
		}
	}
	w.clean()
}

// newCleanUp is a clean-up of everything, for what cannot be seen from outside.
func newCleanUp(w *world) (*cleanUp, *bytes.Buffer) {
	w.Helper()
	var out bytes.Buffer
	env := filepath.Join(w.TempDir(), "env")
	must(w, os.WriteFile(env, nil, 0o600))
	p := &phase{Step: Step{Now: time.Now}, runner: runner.New(append(w.Job.Environ(), "GITHUB_ENV="+env), &out)}
	s, err := p.openStore()
	must(w, err)
	w.Cleanup(s.Close)
	return &cleanUp{
		phase: p, store: s, published: true,
		chosen: func(jobstate.Record) bool { return true },
		wait:   50 * time.Millisecond, limit: time.Minute,
	}, &out
}

func TestCleanUpDoesNotWaitForLongForLocks(t *testing.T) {
	w := newWorld(t, landingZone(2, ""))
	if r := w.use(inputs{"profiles": spokes(2), "refresh": "true"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	locks, err := filepath.Glob(filepath.Join(w.Job.Temp(), jobstate.DirName, "refresh", "*", "lock"))
	must(w, err)
	if len(locks) != 2 {
		t.Fatalf("locks %v", locks)
	}
	for _, path := range append(locks, w.Job.Temp()) {
		lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
		must(w, lock.Lock())
		defer func() { _ = lock.Unlock() }()
	}
	c, out := newCleanUp(w)
	if err := c.run(t.Context()); !errors.Is(err, jobstate.ErrLocked) || !strings.Contains(out.String(), "Removed exported credentials as far as possible\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
	w.clean()
}

func TestCleanUpEndsInTime(t *testing.T) {
	w := newWorld(t, "")
	w.use(nil)
	c, _ := newCleanUp(w)
	hangs := make(chan struct{})
	defer close(hangs)
	c.chosen = func(jobstate.Record) bool { <-hangs; return false }
	c.limit = time.Millisecond
	if err := c.run(t.Context()); err == nil || !strings.Contains(err.Error(), "did not end within 1ms") {
		t.Errorf("%v", err)
	}
}

// A job that is cancelled is cleaned up all the same.
func TestCleanUpOfACancelledJob(t *testing.T) {
	w := newWorld(t, "")
	w.use(inputs{"refresh": "true"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, out := newCleanUp(w)
	if err := c.run(ctx); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	w.clean()
}

// Each part that cannot be undone is reported, and the others are undone all the
// same.
func TestCleanUpTellsWhatIsLeft(t *testing.T) {
	w := newWorld(t, strings.Replace(landingZone(1, ""), "ref: refs/heads/main}", "ref: refs/heads/main, env: {AWS_CONFIG_FILE: "+t.TempDir()+"/config}}", 1))
	if r := w.use(inputs{"profiles": spokes(1), "refresh": "true"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	config := w.Job.Getenv("AWS_CONFIG_FILE")
	must(w, os.WriteFile(config, []byte("[profile p1]\x00\n"), 0o600))
	c, _ := newCleanUp(w)
	must(w, os.RemoveAll(filepath.Join(w.Job.Temp(), jobstate.DirName, "refresh")))
	must(w, os.Symlink("nowhere", filepath.Join(w.Job.Temp(), jobstate.DirName, "refresh")))
	err := c.run(t.Context())
	for _, part := range []string{"remove profile", "AWS_CONFIG_FILE", "zero byte"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q: %v", part, err)
		}
	}
	if _, err := os.Stat(filepath.Join(w.Job.Temp(), jobstate.DirName, "state.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the state is left: %v", err)
	}
}

func TestCleanUpWithoutGitHubEnv(t *testing.T) {
	w := newWorld(t, "")
	w.use(nil)
	c, out := newCleanUp(w)
	c.runner = runner.New(append(w.Job.Environ(), "GITHUB_ENV=/nowhere/env"), out)
	if err := c.run(t.Context()); err == nil || !strings.Contains(err.Error(), "revert the environment") || !strings.Contains(err.Error(), "GITHUB_ENV") {
		t.Errorf("%v", err)
	}
	w.clean()
}
