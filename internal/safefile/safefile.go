// Package safefile reads and writes small files that other processes can have
// changed. Dir is for our own files, with secrets, in a directory that processes
// of other users may reach: it follows no symbolic link below that directory,
// replaces files as a whole or not at all, and makes the directory's owner the
// owner of what it creates. Files reads files that others name.
package safefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// LockFlag opens an existing lock file without blocking on a pipe in its place.
const LockFlag = os.O_RDONLY | openNonblock

const (
	dirPerm  fs.FileMode = 0o700
	filePerm fs.FileMode = 0o600

	// openAttempts bounds the reads of a file that other processes keep replacing.
	openAttempts = 20
)

var errName = errors.New("the name is not a clean relative path")

// errReplaced means that the opened file is not the checked one: a writer
// replaced it, or another process put a link in its place.
var errReplaced = errors.New("it was replaced while it was being opened")

// Dir is an open directory in which files are read and written. Names given to
// its methods are slash-separated, relative and without "..", as fs.ValidPath
// defines; none of their elements may be a symbolic link. A Dir may be used by
// several goroutines.
type Dir struct {
	root  *os.Root
	owner owner
}

// Open opens an existing directory. The path itself may lead through symbolic
// links: it names the place that the caller trusts. When the process is root,
// everything created in the Dir is given to the directory's owner, as a
// container's root would otherwise leave files that its host can neither read
// nor remove.
func Open(name string) (*Dir, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	info, err := root.Stat(".")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open directory: %w", err), root.Close())
	}
	return &Dir{root: root, owner: ownerOf(info)}, nil
}

// Close releases the directory; it removes nothing.
func (d *Dir) Close() error { return d.root.Close() }

// MkdirAll creates the named directory and its missing parents with mode 0700. It
// sets the mode of existing ones to 0700 too, and rejects a directory that
// belongs neither to this process nor to the owner of the Dir.
func (d *Dir) MkdirAll(name string) error {
	dir, err := d.descend(name, d.makeChild)
	if err != nil {
		return fmt.Errorf("create directory %q: %w", name, err)
	}
	return dir.Close()
}

// ReadFile returns the content of a regular file of at most limit bytes. A
// missing file is fs.ErrNotExist; symbolic links, pipes and other special files
// are errors and are not waited for.
func (d *Dir) ReadFile(name string, limit int64) ([]byte, error) {
	data, err := d.readFile(name, limit)
	if err != nil {
		return nil, fmt.Errorf("read file %q: %w", name, err)
	}
	return data, nil
}

func (d *Dir) readFile(name string, limit int64) (_ []byte, err error) {
	dir, base, err := d.parent(name)
	if err != nil {
		return nil, err
	}
	defer closeInto(dir, &err)
	for range openAttempts {
		data, err := readRegular(dir, base, limit)
		if !errors.Is(err, errReplaced) {
			return data, err
		}
	}
	return nil, errReplaced
}

func readRegular(dir *os.Root, base string, limit int64) (_ []byte, err error) {
	f, err := openRegular(dir, base, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer closeInto(f, &err)
	return readAll(f, limit)
}

// openRegular opens an existing file without blocking on a pipe in its place.
func openRegular(dir *os.Root, base string, flag int) (*os.File, error) {
	before, err := lstatRegular(dir, base)
	if err != nil {
		return nil, err
	}
	f, err := dir.OpenFile(base, flag|openNonblock, 0)
	if err != nil {
		return nil, err
	}
	after, err := f.Stat()
	if err == nil && !os.SameFile(before, after) {
		err = errReplaced
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// WriteFile replaces the named file by data with mode 0600. A reader sees the
// former content or the new one, never a part, and the new one survives a crash
// once WriteFile has returned. An existing target must be a regular file.
func (d *Dir) WriteFile(name string, data []byte) error {
	return d.WriteFrom(name, bytes.NewReader(data), filePerm)
}

// OverwriteFile overwrites the content of an existing file in place. If the file
// has this size already, it succeeds on a full disk and in a directory that
// accepts no new files. Unlike WriteFile it requires a lock that readers respect
// too. During the write, and permanently if it is killed or fails, the file begins
// with a zero byte.
func (d *Dir) OverwriteFile(name string, data []byte) error {
	if err := d.overwriteFile(name, data); err != nil {
		return fmt.Errorf("write file %q: %w", name, err)
	}
	return nil
}

func (d *Dir) overwriteFile(name string, data []byte) (err error) {
	dir, base, err := d.parent(name)
	if err != nil {
		return err
	}
	defer closeInto(dir, &err)
	f, err := openRegular(dir, base, os.O_WRONLY)
	if err != nil {
		return err
	}
	defer closeInto(f, &err)
	if _, err := f.WriteAt([]byte{0}, 0); err != nil {
		return err
	}
	first := min(1, len(data))
	if _, err := f.WriteAt(data[first:], 1); err != nil {
		return err
	}
	if err := f.Truncate(int64(len(data))); err != nil {
		return err
	}
	_, err = f.WriteAt(data[:first], 0)
	return err
}

// WriteFrom is WriteFile for content that is read from r, such as an executable,
// with the permission bits perm.
func (d *Dir) WriteFrom(name string, r io.Reader, perm fs.FileMode) error {
	if err := d.writeFrom(name, r, perm); err != nil {
		return fmt.Errorf("write file %q: %w", name, err)
	}
	return nil
}

func (d *Dir) writeFrom(name string, r io.Reader, perm fs.FileMode) (err error) {
	dir, base, err := d.parent(name)
	if err != nil {
		return err
	}
	defer closeInto(dir, &err)
	if _, err := lstatRegular(dir, base); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	temp := tempName(base)
	if err := d.writeTemp(dir, temp, r, perm); err != nil {
		return err
	}
	if err := dir.Rename(temp, base); err != nil {
		return errors.Join(err, dir.Remove(temp))
	}
	return syncDir(dir)
}

// writeTemp creates the file temp, complete and on disk, or none.
func (d *Dir) writeTemp(dir *os.Root, temp string, r io.Reader, perm fs.FileMode) (err error) {
	f, err := dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, filePerm)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, dir.Remove(temp))
		}
	}()
	defer closeInto(f, &err)
	if _, err := io.Copy(f, r); err != nil {
		return err
	}
	// Explicitly, because the process's umask reduces the mode of OpenFile.
	if err := f.Chmod(perm); err != nil {
		return err
	}
	if err := d.owner.give(f); err != nil {
		return err
	}
	return f.Sync()
}

// Remove removes the named file, link or empty directory; a missing one is
// fs.ErrNotExist.
func (d *Dir) Remove(name string) error {
	return d.remove(name, (*os.Root).Remove)
}

// RemoveAll removes the named file, link or whole directory, without following
// links in it; a missing one is no error.
func (d *Dir) RemoveAll(name string) error {
	err := d.remove(name, func(dir *os.Root, base string) error {
		if _, err := dir.Lstat(base); err != nil {
			return err // a read-only file system returns an error even for a missing file
		}
		return dir.RemoveAll(base)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (d *Dir) remove(name string, remove func(*os.Root, string) error) (err error) {
	dir, base, err := d.parent(name)
	if err != nil {
		return fmt.Errorf("remove %q: %w", name, err)
	}
	defer closeInto(dir, &err)
	return remove(dir, base)
}

// parent opens the directory that holds the named file. The caller closes it.
func (d *Dir) parent(name string) (dir *os.Root, base string, err error) {
	if !fs.ValidPath(name) || name == "." {
		return nil, "", errName
	}
	dir, err = d.descend(path.Dir(name), openChild)
	return dir, path.Base(name), err
}

// descend opens the named directory, one element at a time. The caller closes it.
func (d *Dir) descend(name string, step func(*os.Root, string) (*os.Root, error)) (*os.Root, error) {
	if !fs.ValidPath(name) {
		return nil, errName
	}
	dir, err := d.root.OpenRoot(".")
	if err != nil || name == "." {
		return dir, err
	}
	for element := range strings.SplitSeq(name, "/") {
		child, err := step(dir, element)
		if err := errors.Join(err, dir.Close()); err != nil {
			if child != nil {
				err = errors.Join(err, child.Close())
			}
			return nil, err
		}
		dir = child
	}
	return dir, nil
}

// openChild opens a directory in dir, but not through a link: os.Root by itself
// follows links that stay within it.
func openChild(dir *os.Root, name string) (*os.Root, error) {
	before, err := dir.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.IsDir() {
		return nil, fmt.Errorf("%q is %s, not a directory", name, kind(before.Mode()))
	}
	child, err := dir.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	after, err := child.Stat(".")
	if err == nil && !os.SameFile(before, after) {
		err = fmt.Errorf("%q: %w", name, errReplaced)
	}
	if err != nil {
		return nil, errors.Join(err, child.Close())
	}
	return child, nil
}

// makeChild is openChild for a directory that need not exist yet and that only
// its owner may use.
func (d *Dir) makeChild(dir *os.Root, name string) (_ *os.Root, err error) {
	made := true
	if err := dir.Mkdir(name, dirPerm); errors.Is(err, fs.ErrExist) {
		made = false
	} else if err != nil {
		return nil, err
	}
	child, err := openChild(dir, name)
	if err != nil {
		return nil, err
	}
	if err := d.claim(child, made); err != nil {
		return nil, errors.Join(fmt.Errorf("%q: %w", name, err), child.Close())
	}
	return child, nil
}

// claim restricts a directory to its owner, which becomes the owner of the Dir.
func (d *Dir) claim(dir *os.Root, made bool) (err error) {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer closeInto(f, &err)
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if has := ownerOf(info); !made && !has.trusted(d.owner) {
		return fmt.Errorf("it belongs to another user (%v)", has)
	}
	if info.Mode().Perm() != dirPerm {
		if err := f.Chmod(dirPerm); err != nil {
			return err
		}
	}
	return d.owner.give(f)
}

// lstatRegular is Lstat for a file that must be regular.
func lstatRegular(dir *os.Root, name string) (fs.FileInfo, error) {
	info, err := dir.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("it is %s, not a regular file", kind(info.Mode()))
	}
	return info, err
}

func kind(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode.IsDir():
		return "a directory"
	case mode.IsRegular():
		return "a file"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}

func closeInto(c io.Closer, err *error) {
	*err = errors.Join(*err, c.Close())
}
