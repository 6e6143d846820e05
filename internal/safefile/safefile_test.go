//go:build unix

package safefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
)

func open(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

func TestWriteThenRead(t *testing.T) {
	base := t.TempDir()
	d := open(t, base)
	must(t, d.MkdirAll("state/cache"))
	for _, content := range []string{"first", "", "a longer second one"} {
		must(t, d.WriteFile("state/cache/a", []byte(content)))
		got, err := d.ReadFile("state/cache/a", 100)
		if err != nil || string(got) != content {
			t.Errorf("ReadFile = %q, %v; want %q", got, err, content)
		}
	}
	must(t, d.WriteFrom("state/tool", strings.NewReader("#!"), 0o700))
	for name, want := range map[string]fs.FileMode{
		"state": 0o700, "state/cache": 0o700, "state/cache/a": 0o600, "state/tool": 0o700,
	} {
		info, err := os.Stat(filepath.Join(base, name))
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), want)
		}
	}
	if got := names(t, filepath.Join(base, "state/cache")); got != "a" {
		t.Errorf("the directory holds %q, want only a", got)
	}
}

func TestReadFileLimit(t *testing.T) {
	d := open(t, t.TempDir())
	must(t, d.WriteFile("a", []byte("12345")))
	if got, err := d.ReadFile("a", 5); err != nil || string(got) != "12345" {
		t.Errorf("at the limit: %q, %v", got, err)
	}
	if got, err := d.ReadFile("a", 4); err == nil {
		t.Errorf("over the limit: %q, want an error", got)
	}
	if _, err := d.ReadFile("none", 5); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v, want fs.ErrNotExist", err)
	}
	if _, err := d.ReadFile("none/none", 5); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing directory: %v, want fs.ErrNotExist", err)
	}
}

// A naive version follows every one of these, as os.Root does for links that
// stay inside.
func TestLinksAndSpecialFilesAreRefused(t *testing.T) {
	base := t.TempDir()
	d := open(t, base)
	must(t, d.MkdirAll("real"))
	must(t, d.WriteFile("real/file", []byte("untouched")))
	must(t, os.Symlink("real", filepath.Join(base, "dirlink")))
	must(t, os.Symlink("real/file", filepath.Join(base, "filelink")))
	must(t, os.Symlink("nowhere", filepath.Join(base, "dangling")))
	must(t, os.Symlink(t.TempDir(), filepath.Join(base, "outside")))
	must(t, syscall.Mkfifo(filepath.Join(base, "pipe"), 0o600))

	for _, name := range []string{"dirlink/file", "filelink", "dangling", "outside/file", "pipe", "real", "real/file/below"} {
		if got, err := d.ReadFile(name, 100); err == nil {
			t.Errorf("ReadFile(%q) = %q, want an error", name, got)
		}
		if err := d.WriteFile(name, []byte("x")); err == nil {
			t.Errorf("WriteFile(%q) succeeded, want an error", name)
		}
	}
	for _, name := range []string{"dirlink", "dirlink/new", "filelink", "dangling", "outside", "outside/new", "pipe", "real/file"} {
		if err := d.MkdirAll(name); err == nil {
			t.Errorf("MkdirAll(%q) succeeded, want an error", name)
		}
	}
	for _, name := range []string{"dirlink/file", "outside/file"} {
		if err := d.Remove(name); err == nil {
			t.Errorf("Remove(%q) succeeded, want an error", name)
		}
	}
	if got, err := d.ReadFile("real/file", 100); err != nil || string(got) != "untouched" {
		t.Errorf("real/file = %q, %v", got, err)
	}
	if got := names(t, base); got != "dangling dirlink filelink outside pipe real" {
		t.Errorf("the directory now holds %q", got)
	}
}

func TestNames(t *testing.T) {
	d := open(t, t.TempDir())
	for _, name := range []string{"", ".", "..", "../a", "/a", "a/../b", "a//b", "./a", "a/"} {
		if err := d.WriteFile(name, nil); err == nil {
			t.Errorf("WriteFile(%q) succeeded, want an error", name)
		}
		if _, err := d.ReadFile(name, 1); err == nil {
			t.Errorf("ReadFile(%q) succeeded, want an error", name)
		}
		if err := d.RemoveAll(name); err == nil {
			t.Errorf("RemoveAll(%q) succeeded, want an error", name)
		}
	}
}

func TestOpenFollowsLinksToTheTrustedPlace(t *testing.T) {
	base := t.TempDir()
	must(t, os.Mkdir(filepath.Join(base, "real"), 0o755))
	must(t, os.Symlink("real", filepath.Join(base, "link")))
	must(t, open(t, filepath.Join(base, "link")).WriteFile("a", nil))
	if got := names(t, filepath.Join(base, "real")); got != "a" {
		t.Errorf("the directory holds %q, want a", got)
	}
	if _, err := Open(filepath.Join(base, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing directory: %v, want fs.ErrNotExist", err)
	}
}

func TestFailedWriteLeavesTheFormerContent(t *testing.T) {
	base := t.TempDir()
	d := open(t, base)
	must(t, d.WriteFile("a", []byte("former")))
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken))
	if err := d.WriteFrom("a", r, 0o600); !errors.Is(err, broken) {
		t.Errorf("WriteFrom = %v, want the reader's error", err)
	}
	if got, err := d.ReadFile("a", 100); err != nil || string(got) != "former" {
		t.Errorf("a = %q, %v; want the former content", got, err)
	}
	if got := names(t, base); got != "a" {
		t.Errorf("the directory holds %q, want only a", got)
	}
}

func TestReadersSeeWholeFiles(t *testing.T) {
	d := open(t, t.TempDir())
	content := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i)}, 64<<10) }
	must(t, d.WriteFile("a", content(0)))
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for range 20 {
				if err := d.WriteFile("a", content(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	reads := 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		data, err := d.ReadFile("a", 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		reads++
		if len(data) != 64<<10 || bytes.Count(data, data[:1]) != len(data) {
			t.Fatalf("read %d bytes that no one wrote", len(data))
		}
	}
	t.Logf("%d reads beside 80 writes", reads)
}

func TestMkdirAllNarrowsAndRefuses(t *testing.T) {
	base := t.TempDir()
	d := open(t, base)
	must(t, os.Mkdir(filepath.Join(base, "wide"), 0o700))
	must(t, os.Chmod(filepath.Join(base, "wide"), 0o777))
	must(t, d.MkdirAll("wide"))
	info, err := os.Stat(filepath.Join(base, "wide"))
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("wide has mode %o, want 700", info.Mode().Perm())
	}

	needRoot(t)
	must(t, os.Mkdir(filepath.Join(base, "foreign"), 0o700))
	must(t, os.Chown(filepath.Join(base, "foreign"), 4321, 4321))
	if err := d.MkdirAll("foreign/below"); err == nil || !strings.Contains(err.Error(), "another user (uid 4321)") {
		t.Errorf("MkdirAll in another user's directory: %v", err)
	}
}

func TestRootGivesToTheOwnerOfTheDirectory(t *testing.T) {
	needRoot(t)
	base := t.TempDir()
	must(t, os.Chown(base, 1234, 1235))
	d := open(t, base)
	must(t, d.MkdirAll("state/cache"))
	must(t, d.WriteFile("state/cache/a", nil))
	must(t, d.WriteFile("b", nil))
	for _, name := range []string{"state", "state/cache", "state/cache/a", "b"} {
		info, err := os.Lstat(filepath.Join(base, name))
		must(t, err)
		stat := info.Sys().(*syscall.Stat_t)
		if got := fmt.Sprint(stat.Uid, ":", stat.Gid); got != "1234:1235" {
			t.Errorf("%s belongs to %s, want 1234:1235", name, got)
		}
	}
}

func TestRemoveAll(t *testing.T) {
	base, outside := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(filepath.Join(outside, "keep"), nil, 0o600))
	d := open(t, base)
	must(t, d.MkdirAll("state/cache"))
	must(t, d.WriteFile("state/cache/a", nil))
	must(t, os.Symlink(outside, filepath.Join(base, "state/link")))
	must(t, d.Remove("state/cache/a"))
	if err := d.Remove("state/cache/a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Remove of a missing file: %v, want fs.ErrNotExist", err)
	}
	for range 2 {
		must(t, d.RemoveAll("state"))
	}
	must(t, d.RemoveAll("state/cache"))
	if got := names(t, base); got != "" {
		t.Errorf("left behind: %q", got)
	}
	if got := names(t, outside); got != "keep" {
		t.Errorf("a link was followed: %q", got)
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
}

func TestRemoveLeftovers(t *testing.T) {
	base := t.TempDir()
	d := open(t, base)
	must(t, d.MkdirAll("state"))
	write := func(name string) { must(t, os.WriteFile(filepath.Join(base, "state", name), []byte("secret"), 0o600)) }
	mine := tempName("a")
	for _, name := range []string{mine, tempName("a"), tempName("b"), "a", ".a.tmp", ".a.short.tmp", ".a." + strings.ToLower(mine[3:29]) + ".tmp", mine + "x"} {
		write(name)
	}
	must(t, d.RemoveLeftovers("state/a"))
	got := names(t, filepath.Join(base, "state"))
	if strings.Contains(got, mine+" ") || len(strings.Fields(got)) != 6 {
		t.Errorf("left %s", got)
	}
	must(t, d.RemoveLeftovers("missing/a"))
	must(t, os.Symlink(filepath.Join(base, "state"), filepath.Join(base, "link")))
	if err := d.RemoveLeftovers("link/b"); err == nil {
		t.Error("a link was followed")
	}
	must(t, os.Mkdir(filepath.Join(base, "state", mine), 0o700))
	must(t, os.WriteFile(filepath.Join(base, "state", mine, "x"), nil, 0o600))
	if err := d.RemoveLeftovers("state/a"); err == nil || !strings.Contains(err.Error(), "state/a") {
		t.Errorf("a leftover that is a directory with files: %v", err)
	}
}

func TestDisplace(t *testing.T) {
	base := t.TempDir()
	d := open(t, base)
	victim := filepath.Join(base, "victim")
	must(t, os.WriteFile(victim, []byte("kept"), 0o600))
	at := filepath.Join(base, "a")
	for name, plant := range map[string]func() error{
		"nothing":   func() error { return nil },
		"link":      func() error { return os.Symlink(victim, at) },
		"directory": func() error { return os.MkdirAll(filepath.Join(at, "b"), 0o700) },
		"pipe":      func() error { return syscall.Mkfifo(at, 0o600) },
	} {
		must(t, plant())
		must(t, d.Displace("a"))
		if _, err := os.Lstat(at); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: it is there: %v", name, err)
		}
	}
	must(t, d.WriteFile("a", []byte("kept")))
	must(t, d.Displace("a"))
	for _, name := range []string{"a", "victim"} {
		if content, err := d.ReadFile(name, 10); err != nil || string(content) != "kept" {
			t.Errorf("%s: %q, %v", name, content, err)
		}
	}
	if err := d.Displace("missing/a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("below a missing directory: %v", err)
	}
}

func TestRemoveEmpty(t *testing.T) {
	base := t.TempDir()
	d := open(t, base)
	must(t, d.MkdirAll("empty"))
	must(t, d.MkdirAll("full/x"))
	must(t, d.WriteFile("file", nil))
	must(t, os.Symlink("empty", filepath.Join(base, "link")))
	for _, name := range []string{"link", "file", "full", "missing", "missing/x", "empty"} {
		d.RemoveEmpty(name)
	}
	if got := names(t, base); got != "file full link" {
		t.Errorf("left %s", got)
	}
}
