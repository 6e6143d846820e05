package runner

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// The kernel's own answer is what NoExec has to agree with, for a mount and,
// as in a container, for a bind mount of a directory in it.
func TestNoExec(t *testing.T) {
	mount := func(source, target, kind string, flags uintptr) {
		t.Helper()
		if err := os.MkdirAll(target, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount(source, target, kind, flags, ""); err != nil {
			t.Skip("cannot mount: ", err)
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(target, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	}
	base := t.TempDir()
	noexec, bound := filepath.Join(base, "noexec"), filepath.Join(base, "bound")
	mount("tmpfs", noexec, "tmpfs", syscall.MS_NOEXEC)
	if err := os.Mkdir(filepath.Join(noexec, "_temp"), 0o700); err != nil {
		t.Fatal(err)
	}
	mount(filepath.Join(noexec, "_temp"), bound, "", syscall.MS_BIND|syscall.MS_REC)

	for dir, want := range map[string]bool{base: false, noexec: true, filepath.Join(noexec, "_temp"): true, bound: true} {
		program := filepath.Join(dir, "program")
		if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		if refused := errors.Is(exec.Command(program).Run(), syscall.EACCES); refused != want {
			t.Errorf("%s: the kernel refuses: %t, want %t", dir, refused, want)
		}
		if got := (Shared{Here: dir}).NoExec(); got != want {
			t.Errorf("%s: %t, want %t", dir, got, want)
		}
	}
	if (Shared{Here: filepath.Join(base, "none")}).NoExec() {
		t.Error("a missing directory is noexec")
	}
}
