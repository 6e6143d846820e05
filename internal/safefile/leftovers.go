package safefile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// tempName is a new name for a file that becomes base once it is complete.
func tempName(base string) string { return "." + base + "." + rand.Text() + ".tmp" }

// isTempOf reports whether tempName could have returned name for base.
func isTempOf(name, base string) bool {
	random, ok := strings.CutPrefix(name, "."+base+".")
	if !ok {
		return false
	}
	random, ok = strings.CutSuffix(random, ".tmp")
	return ok && len(random) == len(rand.Text()) && strings.Trim(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// RemoveLeftovers removes what killed writers of the named file left beside it,
// and what active writers have written so far. A missing directory is no error.
func (d *Dir) RemoveLeftovers(name string) error {
	if err := d.removeLeftovers(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove incomplete copies of %q: %w", name, err)
	}
	return nil
}

func (d *Dir) removeLeftovers(name string) (err error) {
	dir, base, err := d.parent(name)
	if err != nil {
		return err
	}
	defer closeInto(dir, &err)
	list, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer closeInto(list, &err)
	names, err := list.Readdirnames(-1)
	for _, leftover := range names {
		if isTempOf(leftover, base) {
			err = errors.Join(err, dir.Remove(leftover))
		}
	}
	return err
}

// Displace removes what has the name of a file but is not one: a link, a pipe, a
// whole directory.
func (d *Dir) Displace(name string) error {
	return d.remove(name, func(dir *os.Root, base string) error {
		info, err := dir.Lstat(base)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() {
			return nil
		}
		return errors.Join(err, dir.RemoveAll(base))
	})
}

// RemoveEmpty removes the named directory if it is empty. Anything else is kept.
func (d *Dir) RemoveEmpty(name string) {
	_ = d.remove(name, func(dir *os.Root, base string) error {
		info, err := dir.Lstat(base)
		if err != nil || !info.IsDir() {
			return err
		}
		return dir.Remove(base)
	})
}
