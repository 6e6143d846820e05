//go:build unix

package safefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOverwriteFile(t *testing.T) {
	base := t.TempDir()
	d := open(t, base)
	must(t, d.WriteFrom("a", strings.NewReader("former"), 0o640))
	before, err := os.Stat(filepath.Join(base, "a"))
	must(t, err)
	for _, content := range []string{"newer", "much longer than it was", "x", "", "again"} {
		must(t, d.OverwriteFile("a", []byte(content)))
		if got, err := d.ReadFile("a", 100); err != nil || string(got) != content {
			t.Errorf("a = %q, %v; want %q", got, err, content)
		}
	}
	after, err := os.Stat(filepath.Join(base, "a"))
	must(t, err)
	if !os.SameFile(before, after) || after.Mode() != before.Mode() {
		t.Errorf("another file took its place: %v, was %v", after.Mode(), before.Mode())
	}
	if got := names(t, base); got != "a" {
		t.Errorf("the directory holds %q, want only a", got)
	}
}

func TestOverwriteFileRefusesWhatIsNoFile(t *testing.T) {
	base := t.TempDir()
	d := open(t, base)
	must(t, os.WriteFile(filepath.Join(base, "target"), []byte("kept"), 0o600))
	must(t, os.Symlink("target", filepath.Join(base, "link")))
	must(t, os.Mkdir(filepath.Join(base, "dir"), 0o700))
	if err := d.OverwriteFile("missing", []byte("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v, want fs.ErrNotExist", err)
	}
	for _, name := range []string{"link", "dir"} {
		if err := d.OverwriteFile(name, []byte("x")); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(base, "target")); err != nil || string(got) != "kept" {
		t.Errorf("the target of a link holds %q, %v", got, err)
	}
}
