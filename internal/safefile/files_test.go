//go:build unix

package safefile

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// tree makes a workspace and a directory beside it, with everything in them
// that can be in a file's place.
func tree(t *testing.T) (workspace, outside string) {
	t.Helper()
	base := t.TempDir()
	workspace, outside = filepath.Join(base, "workspace"), filepath.Join(base, "outside")
	must(t, os.MkdirAll(filepath.Join(workspace, "dir"), 0o755))
	must(t, os.Mkdir(outside, 0o755))
	must(t, os.WriteFile(filepath.Join(workspace, "file"), []byte("12345"), 0o644))
	must(t, os.WriteFile(filepath.Join(outside, "file"), []byte("host's"), 0o644))
	for _, dir := range []string{workspace, outside} {
		must(t, os.Symlink("file", filepath.Join(dir, "link")))
		must(t, os.Symlink("../"+filepath.Base(dir)+"/file", filepath.Join(dir, "roundabout")))
		must(t, os.Symlink("nothing", filepath.Join(dir, "dangling")))
		must(t, os.Symlink("loop", filepath.Join(dir, "loop")))
		must(t, os.Symlink("/dev/zero", filepath.Join(dir, "zero")))
		must(t, os.Symlink("../outside/file", filepath.Join(dir, "out")))
		must(t, os.Symlink(outside, filepath.Join(dir, "outdir")))
		must(t, os.Symlink("pipe", filepath.Join(dir, "pipelink")))
		must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
		endless, err := os.Create(filepath.Join(dir, "endless"))
		must(t, err)
		must(t, endless.Truncate(1<<40))
		must(t, endless.Close())
	}
	must(t, os.Symlink(workspace, filepath.Join(base, "alias")))
	return workspace, outside
}

func TestFilesOfOthers(t *testing.T) {
	workspace, outside := tree(t)
	socket := filepath.Join(workspace, "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Skip("no socket here: ", err)
	}
	t.Cleanup(func() { listener.Close() })
	alias := filepath.Join(filepath.Dir(workspace), "alias")
	for _, tt := range []struct{ name, path, want, err string }{
		{name: "a relative path", path: "file", want: "12345"},
		{name: "an absolute path", path: workspace + "/file", want: "12345"},
		{name: "a path with dots", path: "dir/../file", want: "12345"},
		{name: "a path to outside", path: "../outside/file", want: "host's"},
		{name: "a link in the workspace", path: "link", want: "12345"},
		{name: "a link outside", path: outside + "/link", want: "host's"},
		{name: "a link outside that leaves its directory", path: outside + "/roundabout", want: "host's"},
		{name: "nothing", path: "nothing", err: `"nothing" does not exist`},
		{name: "nothing in nothing", path: "nothing/nothing", err: `"nothing/nothing" does not exist`},
		{name: "below a file", path: "file/nothing", err: `"file/nothing" does not exist`},
		{name: "no path", path: "", err: "the path is empty"},
		{name: "the workspace", path: ".", err: `"." is a directory; use a regular file`},
		{name: "a directory", path: "dir", err: `"dir" is a directory; use a regular file`},
		{name: "a link out of the workspace", path: "out", err: `"out" leads out of the workspace through a symbolic link`},
		{name: "a link out of the workspace, by an absolute path", path: workspace + "/out", err: "leads out of the workspace"},
		{name: "a link out of the workspace, by another name of it", path: alias + "/out", err: "leads out of the workspace"},
		{name: "a link out of the workspace and back", path: "roundabout", err: "leads out of the workspace"},
		{name: "a directory out of the workspace", path: "outdir/file", err: "leads out of the workspace"},
		{name: "a dangling link", path: "dangling", err: `"dangling" is a symbolic link to a missing file`},
		{name: "a dangling link outside", path: outside + "/dangling", err: "is a symbolic link to a missing file"},
		{name: "a loop", path: outside + "/loop", err: "is a symbolic link in a loop"},
		{name: "a pipe", path: "pipe", err: `"pipe" is a named pipe; use a regular file`},
		{name: "a pipe outside", path: outside + "/pipe", err: "is a named pipe"},
		{name: "a link to a pipe", path: "pipelink", err: "is a named pipe"},
		{name: "a socket", path: "socket", err: "is a socket"},
		{name: "a device", path: "/dev/zero", err: `"/dev/zero" is a device; use a regular file`},
		{name: "a link to a device", path: outside + "/zero", err: "is a device"},
		{name: "an endless file", path: "endless", err: `"endless" is larger than 5 bytes`},
		{name: "an endless file outside", path: outside + "/endless", err: "is larger than 5 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			limit := int64(5)
			if tt.want == "host's" {
				limit++
			}
			got, err := Files{Workspace: workspace}.ReadFile(t.Context(), tt.path, limit)
			if string(got) != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q, %v; want %q, %q", got, err, tt.want, tt.err)
			}
			if missing := strings.HasSuffix(tt.err, "does not exist"); missing != errors.Is(err, fs.ErrNotExist) {
				t.Errorf("errors.Is(%v, fs.ErrNotExist) = %v", err, !missing)
			}
			f, err := Files{Workspace: workspace}.OpenAppend(tt.path)
			if err == nil {
				f.Close()
			}
			if opened := tt.err == "" || strings.Contains(tt.err, "larger"); opened != (err == nil) {
				t.Errorf("OpenAppend: %v", err)
			}
		})
	}
	if got, err := os.ReadFile(workspace + "/file"); err != nil || string(got) != "12345" {
		t.Errorf("the file is now %q, %v", got, err)
	}
}

func TestWithoutAWorkspace(t *testing.T) {
	workspace, _ := tree(t)
	for _, nowhere := range []string{"", workspace + "/nothing"} {
		if got, err := (Files{Workspace: nowhere}).ReadFile(t.Context(), workspace+"/out", 100); err != nil || string(got) != "host's" {
			t.Errorf("workspace %q: %q, %v", nowhere, got, err)
		}
		if _, err := (Files{Workspace: nowhere}).ReadFile(t.Context(), workspace+"/pipe", 100); err == nil {
			t.Errorf("workspace %q: a pipe was read", nowhere)
		}
	}
}

func TestFromTheWorkingDirectory(t *testing.T) {
	workspace, outside := tree(t)
	t.Chdir(workspace)
	for _, tt := range []struct{ workspace, path, want string }{
		{"", "file", "12345"},
		{"", "out", "host's"},
		{".", "file", "12345"},
		{".", "out", ""},
		{".", "../outside/out", "host's"},
		{"dir/..", "../workspace/out", ""},
		{"../outside", "file", "host's"},
		{"../outside", "outdir/file", "host's"}, // outdir is another name of that workspace
		{"../outside", outside + "/roundabout", ""},
	} {
		if got, err := (Files{Workspace: tt.workspace}).ReadFile(t.Context(), tt.path, 100); string(got) != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("workspace %q, path %q: %q, %v", tt.workspace, tt.path, got, err)
		}
	}
}

// A file that is named as another process sees it is read where this one does;
// the rules for the workspace hold there, and errors have the name that the
// caller passed.
func TestPathOfOthers(t *testing.T) {
	workspace := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	for path, content := range map[string]string{filepath.Join(workspace, "in"): "in", outside: "out"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(workspace, "link")); err != nil {
		t.Fatal(err)
	}
	files := Files{Workspace: workspace, Path: func(path string) string { return strings.Replace(path, "/__w/r/r", workspace, 1) }}
	content, err := files.ReadFile(t.Context(), "/__w/r/r/in", 10)
	if err != nil || string(content) != "in" {
		t.Errorf("%q, %v", content, err)
	}
	if content, err = files.ReadFile(t.Context(), "/__w/r/r/link", 10); err == nil || !strings.Contains(err.Error(), `"/__w/r/r/link" leads out of the workspace`) {
		t.Errorf("%q, %v", content, err)
	}
	if content, err = files.ReadProjected(t.Context(), "/__w/r/r/link", 10); err == nil {
		t.Errorf("%q", content)
	}
}

func TestAppend(t *testing.T) {
	workspace, _ := tree(t)
	f, err := Files{Workspace: workspace}.OpenAppend("link")
	must(t, err)
	_, err = f.WriteString("67")
	must(t, errors.Join(err, f.Close()))
	if got, err := (Files{Workspace: workspace}).ReadFile(t.Context(), "file", 100); err != nil || string(got) != "1234567" {
		t.Errorf("%q, %v", got, err)
	}
}

// Kubernetes replaces ..data when it projects a new token.
func TestProjectedFile(t *testing.T) {
	workspace, outside := tree(t)
	pod := filepath.Join(outside, "pod")
	must(t, os.MkdirAll(filepath.Join(pod, "..2026_11_26"), 0o755))
	must(t, os.WriteFile(filepath.Join(pod, "..2026_11_26", "token"), []byte("first"), 0o600))
	must(t, os.Symlink("..2026_11_26", filepath.Join(pod, "..data")))
	must(t, os.Symlink("..data/token", filepath.Join(pod, "token")))
	must(t, os.Symlink("..data/other", filepath.Join(pod, "other")))
	must(t, os.Symlink("..2026_11_26/token", filepath.Join(pod, "direct")))
	must(t, os.Symlink("..", filepath.Join(outside, "..data")))
	must(t, os.Symlink("..data/token", filepath.Join(outside, "token")))
	for _, tt := range []struct{ path, want, err string }{
		{path: pod + "/token", want: "first"},
		{path: "file", want: "12345"},
		{path: outside + "/file", want: "host's"},
		{path: pod + "/direct", err: "not one of a Kubernetes projected volume"},
		{path: pod + "/other", err: "does not exist"},
		{path: outside + "/token", err: "not one of a Kubernetes projected volume"},
		{path: outside + "/link", err: "not one of a Kubernetes projected volume"},
		{path: "link", err: "not one of a Kubernetes projected volume"},
		{path: "out", err: "not one of a Kubernetes projected volume"},
		{path: "pipe", err: "is a named pipe"},
		{path: "dir", err: "is a directory"},
		{path: "nothing", err: `"nothing" does not exist`},
		{path: "endless", err: "is larger than 10 bytes"},
	} {
		got, err := Files{Workspace: workspace}.ReadProjected(t.Context(), tt.path, 10)
		if string(got) != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v; want %q, %q", tt.path, got, err, tt.want, tt.err)
		}
	}
}

func TestAReadEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		hanging := func() ([]byte, error) {
			<-release
			return nil, nil
		}
		for _, tt := range []struct {
			limit, want time.Duration
			text        string
		}{
			{time.Second, time.Second, `reading "x" timed out`},
			{time.Hour, readTimeout, `reading "x" timed out`},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
			begin := time.Now()
			_, err := inTime(ctx, "x", hanging)
			if took := time.Since(begin); took != tt.want || err == nil || err.Error() != tt.text || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after %v: %v", took, err)
			}
			cancel()
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := inTime(ctx, "x", hanging); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}
