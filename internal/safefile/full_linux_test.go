package safefile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A missing file is no error on a read-only file system either.
func TestRemoveAllOnAReadOnlyFileSystem(t *testing.T) {
	needRoot(t)
	base := t.TempDir()
	if err := syscall.Mount("tmpfs", base, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("cannot mount: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(base, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	d := open(t, base)
	t.Cleanup(func() { d.Close() }) // before the unmount
	must(t, d.WriteFile("a", nil))
	if err := syscall.Mount("", base, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if err := d.RemoveAll("missing"); err != nil {
		t.Error(err)
	}
	if err := d.RemoveAll("a"); !errors.Is(err, syscall.EROFS) {
		t.Errorf("RemoveAll of a file = %v, want EROFS", err)
	}
}

// A file keeps the room that it has on a full file system: it can be written
// over, but no further, and nothing new can be written at all.
func TestOverwriteFileOnAFullFileSystem(t *testing.T) {
	needRoot(t)
	base := t.TempDir()
	if err := syscall.Mount("tmpfs", base, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("cannot mount: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(base, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	d := open(t, base)
	t.Cleanup(func() { d.Close() }) // before the unmount
	content := func(c byte, pages int) []byte { return bytes.Repeat([]byte{c}, pages*os.Getpagesize()) }
	must(t, d.WriteFile("a", content('a', 4)))
	must(t, os.WriteFile(filepath.Join(base, "fill"), nil, 0o600))
	for i := int64(0); ; i += 4096 {
		f, err := os.OpenFile(filepath.Join(base, "fill"), os.O_WRONLY, 0)
		must(t, err)
		_, err = f.WriteAt(make([]byte, 4096), i)
		must(t, f.Close())
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		must(t, err)
	}

	if err := d.WriteFile("a", content('b', 4)); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("WriteFile = %v, want ENOSPC", err)
	}
	must(t, d.OverwriteFile("a", content('c', 4)))
	if got, err := d.ReadFile("a", 1<<20); err != nil || !bytes.Equal(got, content('c', 4)) {
		t.Errorf("it holds %d bytes, %v", len(got), err)
	}

	// What fails half-way is not taken for a whole.
	if err := d.OverwriteFile("a", content('d', 6)); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("OverwriteFile = %v, want ENOSPC", err)
	}
	if got, err := d.ReadFile("a", 1<<20); err != nil || got[0] != 0 {
		t.Errorf("it begins with %q, %v", got[:1], err)
	}
}
