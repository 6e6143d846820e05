//go:build unix

package jobstate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/secret"
)

// open opens a store in a new directory; announced are the variables that name
// its profile files.
func open(t *testing.T, announced ...string) *Store {
	t.Helper()
	s, err := Open(Options{
		Dir:       t.TempDir(),
		Announced: func(variable string) bool { return slices.Contains(announced, variable) },
	})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// files lists what is below the directory of a store, with its content.
func files(t *testing.T, s *Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(s.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(s.StateDir(), path)
		all[name] = string(content)
		return err
	}))
	return all
}

func ids(state State) string {
	var all []string
	for _, r := range state.Records {
		all = append(all, r.ID)
	}
	return strings.Join(all, " ")
}

// wants asserts that an error says all parts, or that there is none.
func wants(t *testing.T, err error, parts ...string) {
	t.Helper()
	if len(parts) == 0 && err != nil || len(parts) > 0 && err == nil {
		t.Fatalf("error %v, want one with %q", err, parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

// fakeDeed notes in log what it does, and returns fails, and undoFails from its undo.
func fakeDeed(log *[]string, name string, fails, undoFails error) Deed {
	return Deed{Name: name, Do: func(context.Context) (func(context.Context) error, error) {
		*log = append(*log, name)
		return func(ctx context.Context) error {
			*log = append(*log, "undo "+name)
			return errors.Join(undoFails, ctx.Err())
		}, fails
	}}
}

func TestPublishRecordsFirst(t *testing.T) {
	s := open(t)
	var seen State
	must(t, s.Publish(t.Context(), Record{ID: "a"}, Deed{Name: "look", Do: func(context.Context) (func(context.Context) error, error) {
		var err error
		seen, err = s.Read()
		return nil, err
	}}))
	if ids(seen) != "a" {
		t.Errorf("at the first deed the state has the records %q", ids(seen))
	}
}

func TestPublishUndoesEachPart(t *testing.T) {
	full, stuck := errors.New("disk full"), errors.New("stuck")
	for _, tt := range []struct {
		name      string
		undoFails error
		log       []string
		says      []string
		records   string
	}{
		{name: "every undo works", log: []string{"one", "two", "three", "undo three", "undo two", "undo one"},
			says: []string{"three: disk full"}, records: "earlier"},
		// The record stays, so that the post phase tries again.
		{name: "an undo fails", undoFails: stuck,
			log:  []string{"one", "two", "three", "undo three", "undo two", "undo one"},
			says: []string{"three: disk full", "undo: two: stuck"}, records: "earlier a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			must(t, s.Publish(t.Context(), Record{ID: "earlier"}))
			ctx, cancel := context.WithCancel(t.Context())
			var log []string
			third := fakeDeed(&log, "three", full, nil)
			err := s.Publish(ctx, Record{ID: "a"},
				fakeDeed(&log, "one", nil, nil), fakeDeed(&log, "two", nil, tt.undoFails),
				Deed{Name: "three", Do: func(ctx context.Context) (func(context.Context) error, error) {
					cancel() // the job is cancelled, but undoing goes on
					return third.Do(ctx)
				}},
				fakeDeed(&log, "four", nil, nil))
			wants(t, err, tt.says...)
			if diff := cmp.Diff(tt.log, log); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
			state, err := s.Read()
			must(t, err)
			if ids(state) != tt.records {
				t.Errorf("records %q, want %q", ids(state), tt.records)
			}
		})
	}
}

func TestPublishLeavesNothingBehind(t *testing.T) {
	s := open(t)
	wants(t, s.Publish(t.Context(), Record{ID: "a"}, Deed{Name: "fail", Do: func(context.Context) (func(context.Context) error, error) {
		return nil, errors.New("no")
	}}), "fail: no")
	if _, err := os.Lstat(s.StateDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left %v", files(t, s))
	}
	must(t, os.WriteFile(s.StateDir(), nil, 0o600)) // where the directory goes
	called := false
	err := s.Publish(t.Context(), Record{ID: "a"}, Deed{Name: "never", Do: func(context.Context) (func(context.Context) error, error) {
		called = true
		return nil, nil
	}})
	if wants(t, err, "not a directory"); called {
		t.Error("something was done without a record")
	}
}

// What somebody else put there is not a failing step's to remove.
func TestPublishLeavesWhatItDidNotMake(t *testing.T) {
	s := open(t)
	must(t, os.MkdirAll(filepath.Join(s.StateDir(), "refresh"), 0o700))
	must(t, os.WriteFile(filepath.Join(s.StateDir(), "planted"), nil, 0o600))
	wants(t, s.Publish(t.Context(), Record{ID: "a"}, Deed{Name: "fail", Do: func(context.Context) (func(context.Context) error, error) {
		return nil, errors.New("no")
	}}), "fail: no")
	if diff := cmp.Diff(map[string]string{"planted": ""}, files(t, s)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if _, err := os.Lstat(filepath.Join(s.StateDir(), "refresh")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("an empty directory is left")
	}
}

// TestForgetFails covers the undo of the record itself.
func TestForgetFails(t *testing.T) {
	s := open(t)
	err := s.Publish(t.Context(), Record{ID: "a"}, Deed{Name: "break", Do: func(context.Context) (func(context.Context) error, error) {
		return nil, errors.Join(errors.New("no"), os.WriteFile(filepath.Join(s.StateDir(), "state.json"), []byte("{"), 0o600))
	}})
	wants(t, err, "break: no", "state of an earlier step is not readable")

	s = open(t)
	err = s.Publish(t.Context(), Record{ID: "a"}, Deed{Name: "break", Do: func(context.Context) (func(context.Context) error, error) {
		path := filepath.Join(s.StateDir(), "state.json")
		return nil, errors.Join(errors.New("no"), os.Remove(path), os.Symlink("nowhere", path))
	}})
	wants(t, err, "break: no", "symbolic link")
}

func TestLimitsAreTheSameForWritingAndReading(t *testing.T) {
	s := open(t)
	r := NewRecord("step")
	r.Profiles = map[string]Profile{}
	for i := range 500 {
		name := fmt.Sprintf("%0128d", i)
		r.Profiles[name] = Profile{digest("a"), digest("b")}
		r.Refresh = append(r.Refresh, name)
		r.Sessions = append(r.Sessions, Session{"ASIA" + strings.Repeat("A", 16), strings.Repeat("r", 500), strings.Repeat("s", 500), time.Now()})
	}
	must(t, s.Publish(t.Context(), r))
	state, err := s.Read()
	must(t, err)
	if len(state.Records) != 1 || len(state.Records[0].Profiles) != 500 {
		t.Error("500 profiles are not read again")
	}
	memo, err := state.Records[0].Memo()
	must(t, err)
	if len(memo) > maxMemo {
		t.Errorf("the memo has %d bytes", len(memo))
	}
	parsed, err := ParseMemo(memo)
	must(t, err)
	if diff := cmp.Diff(r.Profiles, parsed.Complete(r).Profiles); diff != "" {
		t.Errorf("profiles differ: %s", diff)
	}

	r.ID, r.Default = "large", strings.Repeat("x", maxState)
	before := files(t, s)
	wants(t, s.Publish(t.Context(), r), "maximum of 4194304", "use fewer profiles")
	if diff := cmp.Diff(before, files(t, s)); diff != "" {
		t.Errorf("the state changed:\n%s", diff)
	}
}

func TestUnreadableState(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"broken":          func(path string) error { return os.WriteFile(path, []byte(`{"version":2,"records":[`), 0o600) },
		"another version": func(path string) error { return os.WriteFile(path, []byte(`{"version":1}`), 0o600) },
		"huge":            func(path string) error { return os.WriteFile(path, make([]byte, maxState+1), 0o600) },
		"a pipe":          func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a directory":     func(path string) error { return os.MkdirAll(filepath.Join(path, "x"), 0o700) },
		"a dangling link": func(path string) error { return os.Symlink("nowhere", path) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			must(t, os.Mkdir(s.StateDir(), 0o700))
			must(t, spoil(filepath.Join(s.StateDir(), "state.json")))
			state, err := s.Read()
			if err == nil || len(state.Records) > 0 {
				t.Errorf("read %v, %v", state, err)
			}
			if err := s.Publish(t.Context(), Record{ID: "a"}); err == nil {
				t.Error("it was replaced by a step that does not know what it held")
			}
			must(t, s.Replace(nil))
			if got := files(t, s); len(got) > 0 {
				t.Errorf("left %v", got)
			}
		})
	}
}

func TestReplaceKeepsEmptyFilesThatVariablesName(t *testing.T) {
	s := open(t, "AWS_SHARED_CREDENTIALS_FILE")
	must(t, s.Publish(t.Context(), Record{ID: "a"}))
	for _, name := range []string{ConfigName, CredentialsName, "planted"} {
		must(t, os.WriteFile(filepath.Join(s.StateDir(), name), []byte("[p]\nsecret\n"), 0o600))
	}
	must(t, s.Replace(nil))
	if diff := cmp.Diff(map[string]string{CredentialsName: ""}, files(t, s)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	info, err := os.Stat(filepath.Join(s.StateDir(), CredentialsName))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
}

func TestReplaceSweepsWhatKilledWritersLeft(t *testing.T) {
	s := open(t)
	must(t, s.Publish(t.Context(), Record{ID: "a"}))
	must(t, s.Publish(t.Context(), Record{ID: "b"}))
	for _, name := range []string{"state.json", ConfigName, CredentialsName, HelperName} {
		must(t, os.WriteFile(filepath.Join(s.StateDir(), "."+name+"."+strings.Repeat("A", 26)+".tmp"), []byte("secret"), 0o600))
	}
	must(t, s.Replace([]Record{{ID: "a"}}))
	if got := files(t, s); len(got) != 1 || !strings.Contains(got["state.json"], `"a"`) {
		t.Errorf("files %v", got)
	}
}

func TestTwoStepsAtOnceLoseNoRecord(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	var want []string
	for i := range 12 {
		id := fmt.Sprintf("%02d", i)
		want = append(want, id)
		group.Go(func() {
			s, err := Open(Options{Dir: dir, Announced: func(string) bool { return false }})
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			unlock, err := s.Lock(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			if err := s.Publish(ctx, Record{ID: id}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	s, err := Open(Options{Dir: dir})
	must(t, err)
	defer s.Close()
	state, err := s.Read()
	must(t, err)
	got := strings.Fields(ids(state))
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestLock(t *testing.T) {
	s := open(t)
	unlock, err := s.Lock(t.Context())
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 3*lockPoll)
	defer cancel()
	if _, err := s.Lock(ctx); !errors.Is(err, ErrLocked) {
		t.Errorf("a lock that is held: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Lock(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("a job that is cancelled: %v", err)
	}
	unlock()
	again, err := s.Lock(t.Context())
	must(t, err)
	again()
	if got := files(t, s); len(got) > 0 {
		t.Errorf("the lock left %v", got)
	}
	must(t, os.Remove(s.Dir))
	if _, err := s.Lock(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that is gone: %v", err)
	}
	for _, err := range []error{syscall.ENOLCK, syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.EISDIR} {
		if !unsupported(&fs.PathError{Op: "flock", Err: err}) {
			t.Errorf("%v: a file system without locks is an error", err)
		}
	}
	if unsupported(syscall.EACCES) {
		t.Error("a directory that must not be opened counts as unlocked")
	}
}

func TestHelper(t *testing.T) {
	for name, plant := range map[string]func(path string) error{
		"nothing":     func(string) error { return nil },
		"a program":   func(path string) error { return os.WriteFile(path, []byte("evil"), 0o777) },
		"ours":        func(path string) error { return os.WriteFile(path, []byte("program"), 0o777) },
		"a link":      func(path string) error { return os.Symlink("/bin/true", path) },
		"a directory": func(path string) error { return os.MkdirAll(filepath.Join(path, "x"), 0o700) },
		"a pipe":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			must(t, os.Mkdir(s.StateDir(), 0o700))
			path := filepath.Join(s.StateDir(), HelperName)
			must(t, plant(path))
			before, _ := os.Lstat(path)
			must(t, s.WriteHelper(strings.NewReader("program")))
			content, err := os.ReadFile(path)
			must(t, err)
			info, err := os.Lstat(path)
			must(t, err)
			if string(content) != "program" || info.Mode() != 0o700 || before != nil && before.Mode().IsRegular() && os.SameFile(before, info) {
				t.Errorf("what was planted is kept: %q, mode %o", content, info.Mode())
			}
			must(t, s.RemoveHelper([]Record{{ID: "a"}, {ID: "b", Refresh: []string{"p"}}}))
			if _, err := os.Lstat(path); err != nil {
				t.Errorf("a helper that another step needs: %v", err)
			}
			must(t, s.RemoveHelper([]Record{{ID: "a"}}))
			if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the helper is there: %v", err)
			}
			must(t, s.RemoveHelper(nil)) // a second time
		})
	}
	s := open(t)
	if err := s.WriteHelper(strings.NewReader("program")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the state directory: %v", err)
	}
	must(t, os.Symlink(t.TempDir(), s.StateDir()))
	wants(t, s.RemoveHelper(nil), "remove the helper", "symbolic link")
}

func TestOpenFails(t *testing.T) {
	if _, err := Open(Options{Dir: filepath.Join(t.TempDir(), "gone")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func FuzzState(f *testing.F) {
	r := Record{ID: "a", Profiles: map[string]Profile{"p": {"1", "2"}}, Refresh: []string{"p"}}
	r.Export("AWS_REGION", secret.New("eu-central-1"), "us-east-1")
	seed, err := json.Marshal(State{version, []Record{r}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"version":2,"records":[{"exported":{"LD_PRELOAD":{"former":"/x"},"AWS_SECRET_ACCESS_KEY":{"former":"x"}}}]}`))
	f.Add([]byte(`{"version":2,"records":[{"exported":{"AWS_PROFILE":{"former":"a\u0000b"}}}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		state, err := decodeState(content)
		if err != nil {
			return
		}
		for _, r := range state.Records {
			for name, e := range r.Exported {
				if !slices.Contains(variables[:], name) || isKey(name) && e.Former != "" || strings.ContainsRune(e.Former, 0) {
					t.Errorf("exports %s=%q", name, e.Former)
				}
			}
		}
		again, err := encodeState(state)
		if err != nil {
			return // longer once it is written anew
		}
		got, err := decodeState(again)
		if err != nil {
			t.Fatalf("not read as it is written: %v", err)
		}
		if third, err := encodeState(got); err != nil || !bytes.Equal(again, third) {
			t.Errorf("written differently once it was read: %v", err)
		}
	})
}
