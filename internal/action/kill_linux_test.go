package action

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/sandbox/sandboxtest"
	"github.com/org/aws-oidc-action/internal/transport"
)

// TestKilledStep kills the main phase after each change that it makes to the
// file system, and demands that the post phase leaves nothing behind. It does
// so by running the step once as a process that is traced, with a copy of the
// job's files taken after each change: that copy is what kill -9 leaves.
func TestKilledStep(t *testing.T) {
	mine := map[string]string{"config": ownConfig, "credentials": ownCredentials}
	for i, tt := range []struct {
		name  string
		first inputs // of a step before it, if any
		with  inputs
		files map[string]string // that the job has announced

		overwrites string // a profile in these
	}{
		{name: "environment", with: inputs{"job-summary": "always"}},
		{name: "profile", with: inputs{"aws-profile": "p", "output-env-credentials": "true"}},
		{name: "profile in the job's own files", with: inputs{"aws-profile": "p"}, files: mine},
		{name: "a profile that is overwritten", with: inputs{"aws-profile": "old", "overwrite-aws-profile": "true"}, files: mine, overwrites: "old"},
		{name: "profiles", with: inputs{"profiles": twoProfiles, "default-profile": "web"}},
		{name: "refresh", with: inputs{"refresh": "true"}},
		{name: "refresh in the job's own files", with: inputs{"refresh": "true", "overwrite-aws-profile": "true"}, files: mine, overwrites: "default"},
		{name: "a second login", first: inputs{}, with: inputs{"role-to-assume": otherRole, "aws-profile": "p", "output-env-credentials": "true"}},
		{name: "refresh after a profile", first: inputs{"aws-profile": "p"}, with: inputs{"refresh": "true"}},
	} {
		if propertytest.LeaveOut(i, 8) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			k := &killed{world: newWorld(t, tableWorld), files: tt.files, overwritten: tt.overwrites}
			k.dir = filepath.Dir(k.Job.Temp())
			k.begin()
			var before *tree
			if tt.first != nil {
				r, err := k.Job.Run(t.Context(), func(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
					code := k.step(ctx, environ, stdout, stderr)
					before = k.snapshot()
					return code
				}, mergedInputs(k.world, tt.first))
				if must(k.world, err); r.Failed {
					t.Fatal(k.Job.Log())
				}
			}
			var states []*tree
			result, err := k.Job.Run(t.Context(), func(_ context.Context, environ []string, _, _ io.Writer) int {
				return traced(t, environ, func() {
					if s := k.snapshot(); len(states) == 0 || s.sum != states[len(states)-1].sum {
						states = append(states, s)
					}
				})
			}, mergedInputs(k.world, tt.with))
			must(k.world, err)
			if result.Failed || len(states) < 10 {
				t.Fatalf("exit code %d after %d changes", result.ExitCode, len(states))
			}
			t.Logf("%d changes", len(states))
			for i, state := range states {
				if k.replay(fmt.Sprintf("killed after change %d of %d", i+1, len(states)), before, state); t.Failed() {
					break
				}
			}
		})
	}
}

// killed is a job whose step is killed.
type killed struct {
	*world
	dir   string
	files map[string]string

	overwritten string // a profile in the job's own files
}

// begin makes the job anew at the same place.
func (k *killed) begin() {
	k.Helper()
	must(k.world, os.RemoveAll(k.dir))
	must(k.world, os.Mkdir(k.dir, 0o755))
	var environ []string
	for name, variable := range map[string]string{"config": "AWS_CONFIG_FILE", "credentials": "AWS_SHARED_CREDENTIALS_FILE"} {
		if k.files != nil {
			environ = append(environ, variable+"="+filepath.Join(k.dir, "_temp", "mine", name))
		}
	}
	k.Job = sandboxtest.NewJob(k.world, k.Server, k.dir, environ...)
	for name, content := range k.files {
		path := filepath.Join(k.Job.Temp(), "mine", name)
		must(k.world, os.MkdirAll(filepath.Dir(path), 0o755))
		must(k.world, os.WriteFile(path, []byte(content), 0o600))
	}
}

// replay is the job up to the kill, and its post phases.
func (k *killed) replay(what string, before, state *tree) {
	k.Helper()
	k.begin()
	run := func(s *tree, code int) *fakerunner.Result {
		r, err := k.Job.Run(context.Background(), func(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
			if s != nil {
				s.restore(k.world)
				s = nil
				return code
			}
			return k.step(ctx, append(environ, "STATE_isPost=true"), stdout, stderr) // the runner starts /post
		}, mergedInputs(k.world, nil))
		must(k.world, err)
		return r
	}
	first := &fakerunner.Result{}
	if before != nil {
		first = run(before, 0)
	}
	second := run(state, 128+int(syscall.SIGKILL))
	posts, err := k.Job.Finish(context.Background())
	must(k.world, err)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		if k.Job.Getenv(name) != "" {
			k.Errorf("%s: %s is still set", what, name)
		}
		if given := posts[0].Env[name]; second.Env[name] != "" && given != first.Env[name] {
			k.Errorf("%s: after the second login's post phase %s is not the first login's", what, name)
		}
	}
	for _, post := range posts {
		if post.Failed {
			k.Errorf("%s: %s failed", what, post.Name)
		}
	}
	for _, a := range k.Job.Annotations() {
		k.Errorf("%s: %s %s: %s", what, a.Level, a.Title, a.Message)
	}
	wanted := map[string]string{}
	for name, content := range k.files {
		path := filepath.Join(k.Job.Temp(), "mine", name)
		wanted[path] = content
		if now, err := os.ReadFile(path); err == nil && k.overwritten != "" && string(now) == without(k.T, name, content, k.overwritten) {
			wanted[path] = string(now) // a profile that was overwritten does not come back
		}
	}
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		if path := k.Job.Getenv(name); path != "" && k.files == nil {
			wanted[path] = ""
		}
	}
	got := map[string]string{}
	for _, path := range k.temp() {
		content, err := os.ReadFile(path)
		must(k.world, err)
		got[path] = string(content)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		k.Errorf("%s: files (-want +got):\n%s", what, diff)
	}
}

// without is a profile file without one of its profiles.
func without(t *testing.T, name, content, profileName string) string {
	t.Helper()
	parse := profile.ParseConfig
	if name == "credentials" {
		parse = profile.ParseCredentials
	}
	file, err := parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Remove(profileName); err != nil {
		t.Fatal(err)
	}
	return string(file.Bytes())
}

// tree is a copy of the runner's temporary directory, with the files of the
// runner's own in it.
type tree struct {
	files map[string]string // content by path
	dirs  []string
	sum   [sha256.Size]byte
}

func (k *killed) snapshot() *tree {
	k.Helper()
	s := &tree{files: map[string]string{}}
	hash := sha256.New()
	must(k.world, filepath.WalkDir(k.Job.Temp(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fmt.Fprintf(hash, "%q %s\n", path, entry.Type())
		if entry.IsDir() {
			s.dirs = append(s.dirs, path)
			return nil
		}
		content, err := os.ReadFile(path)
		fmt.Fprintf(hash, "%x\n", sha256.Sum256(content))
		s.files[path] = string(content)
		return err
	}))
	hash.Sum(s.sum[:0])
	return s
}

func (s *tree) restore(w *world) {
	w.Helper()
	must(w, os.RemoveAll(w.Job.Temp()))
	for _, dir := range s.dirs {
		must(w, os.Mkdir(dir, 0o755))
	}
	for path, content := range s.files {
		must(w, os.WriteFile(path, []byte(content), 0o600))
	}
}

// The process that is traced is this test's own program.
const inTracedProcess = "AWS_OIDC_ACTION_TEST_TRACED"

func TestTracedProcess(t *testing.T) {
	if os.Getenv(inTracedProcess) == "" {
		t.Skip("a part of TestKilledStep")
	}
	os.Exit(Step{
		Program: os.Getenv(inTracedProcess),
		Environ: os.Environ(),
		Stdout:  io.Discard,
		HTTP:    transport.New,
		Now:     time.Now,
		Sleep:   retry.Sleep,
		Version: "test",
	}.Run(t.Context()))
}

// changes are the system calls by which the program changes files.
var changes = map[uint64]bool{
	syscall.SYS_OPENAT: true, syscall.SYS_WRITE: true, syscall.SYS_PWRITE64: true, syscall.SYS_SENDFILE: true, syscall.SYS_SPLICE: true,
	syscall.SYS_MKDIRAT: true, syscall.SYS_RENAMEAT: true, syscall.SYS_UNLINKAT: true,
	syscall.SYS_FTRUNCATE: true, syscall.SYS_TRUNCATE: true, syscall.SYS_FCHMOD: true, syscall.SYS_FCHOWN: true,
}

// The package syscall lacks these (include/uapi/linux/ptrace.h, wait.h).
const (
	ptraceGetSyscallInfo = 0x420e
	syscallInfoEntry     = 1
	ptraceExitKill       = 1 << 20
	waitAll              = 0x40000000 // __WALL
	waitNoThread         = 0x20000000 // __WNOTHREAD
	syscallStop          = syscall.SIGTRAP | 0x80
)

// syscallInfo is struct ptrace_syscall_info, as far as it is needed.
type syscallInfo struct {
	op     uint8
	_      [23]byte
	number uint64
	_      [64]byte
}

// traced runs the step as a process and calls changed after each system call
// of it that may have changed a file. It returns the exit code.
func traced(t *testing.T, environ []string, changed func()) int {
	t.Helper()
	helper := filepath.Join(t.TempDir(), "program") // a small one, for each copy holds it
	if err := os.WriteFile(helper, []byte("the program"), 0o700); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // only the thread that began to trace may go on
	defer runtime.UnlockOSThread()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process, err := os.StartProcess(program, []string{program, "-test.run=^TestTracedProcess$"}, &os.ProcAttr{
		Env:   append(environ, inTracedProcess+"="+helper),
		Files: []*os.File{null, null, null},
		Sys:   &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		t.Skipf("this machine does not let a process trace another one: %v", err)
	}
	defer process.Release()    //nolint:errcheck // it has been waited for
	number := map[int]uint64{} // of the system call that a thread is in
	for options := false; ; {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, waitAll|waitNoThread, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			t.Fatalf("wait for the traced process: %v", err)
		}
		if !status.Stopped() {
			if pid == process.Pid {
				return status.ExitStatus()
			}
			continue
		}
		if !options {
			if err := syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACESYSGOOD|syscall.PTRACE_O_TRACECLONE|ptraceExitKill); err != nil {
				t.Fatal(err)
			}
			options = true
		}
		signal := 0
		switch stop := status.StopSignal(); stop {
		case syscallStop:
			var info syscallInfo
			_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, ptraceGetSyscallInfo, uintptr(pid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
			if errno != 0 {
				t.Fatalf("ask for a system call: %v", errno)
			}
			if info.op == syscallInfoEntry {
				number[pid] = info.number
			} else if changes[number[pid]] {
				changed()
			}
		case syscall.SIGTRAP, syscall.SIGSTOP: // of the tracing itself
		default:
			signal = int(stop)
		}
		if err := syscall.PtraceSyscall(pid, signal); err != nil && err != syscall.ESRCH {
			t.Fatal(err)
		}
	}
}
