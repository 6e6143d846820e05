package safefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Files opens files that others name: a workflow, the runner, a variable that SDKs
// read, an argument. It opens regular files only and never blocks: a pipe, a
// device or a socket in a file's place is an error. Errors quote the path and
// contain nothing of the content.
type Files struct {
	// Workspace is where relative paths begin. A symbolic link on the way to a
	// file below it must not lead out of it, by whichever of its paths the file
	// is named: a repository can contain links. If it is empty, relative paths begin
	// in the working directory, and links are followed, as they are outside of
	// the workspace.
	Workspace string

	// Path returns this process's path of a file that is named by another path,
	// or the same path. If it is nil, all paths are used as they are.
	Path func(path string) string
}

// readTimeout bounds a read whose context has no earlier deadline: a file
// system that hangs must not hang the job.
const readTimeout = 10 * time.Second

// ReadFile returns the content of a file of at most limit bytes. It returns
// when ctx ends, at the latest after ten seconds, even if the file system does
// not respond. A missing file is fs.ErrNotExist; a link to a missing file is
// not, because it is more often a mistake.
func (f Files) ReadFile(ctx context.Context, path string, limit int64) ([]byte, error) {
	return inTime(ctx, path, func() ([]byte, error) { return f.read(path, limit) })
}

// ReadProjected is ReadFile, but follows only the links by which Kubernetes
// projects a token into a pod (name → ..data/name, ..data → ..TIMESTAMP, all in
// one directory). Through any other link the caller could send a file of the host
// to a server.
func (f Files) ReadProjected(ctx context.Context, path string, limit int64) ([]byte, error) {
	return inTime(ctx, path, func() ([]byte, error) {
		target, err := f.absolute(path)
		if err == nil {
			target, err = projection(target)
		}
		if err != nil {
			return nil, inWords(path, err)
		}
		return f.read(target, limit)
	})
}

// Inside reports whether a file may belong to the workspace: its path leads into
// the workspace before any link in it is followed, or links outside lead there.
func (f Files) Inside(path string) bool {
	place, err := f.locate(path)
	if err != nil {
		return true
	}
	defer place.Close()
	if place.workspace != nil {
		return true
	}
	target, err := filepath.EvalSymlinks(place.name)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	behind, err := f.locate(target)
	if err != nil {
		return true
	}
	defer behind.Close()
	return behind.workspace != nil
}

// Open opens a file for reading.
func (f Files) Open(path string) (*os.File, error) { return f.open(path, os.O_RDONLY) }

// OpenAppend opens an existing file for writing at its end.
func (f Files) OpenAppend(path string) (*os.File, error) {
	return f.open(path, os.O_WRONLY|os.O_APPEND)
}

func (f Files) read(path string, limit int64) (_ []byte, err error) {
	file, err := f.Open(path)
	if err != nil {
		return nil, err
	}
	defer closeInto(file, &err)
	data, err := readAll(file, limit)
	if err != nil {
		return nil, inWords(path, err)
	}
	return data, nil
}

func (f Files) open(path string, flag int) (*os.File, error) {
	if path == "" {
		return nil, &pathError{"the path is empty", nil}
	}
	place, err := f.locate(path)
	if err != nil {
		return nil, inWords(path, err)
	}
	defer place.Close()
	info, err := place.stat()
	if err != nil {
		return nil, inWords(path, place.explain(err))
	}
	if !info.Mode().IsRegular() {
		return nil, inWords(path, notRegular(info.Mode()))
	}
	file, err := place.open(flag | openNonblock)
	if err != nil {
		return nil, inWords(path, place.explain(err))
	}
	// What replaced the file since is open now, without blocking.
	if info, err = file.Stat(); err == nil && !info.Mode().IsRegular() {
		err = notRegular(info.Mode())
	}
	if err != nil {
		return nil, errors.Join(inWords(path, err), file.Close())
	}
	return file, nil
}

func (f Files) absolute(path string) (string, error) {
	if f.Path != nil {
		path = f.Path(path)
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	return filepath.Abs(filepath.Join(f.Workspace, path))
}

// place is the target of a path: a name below the workspace, or a path of the file
// system.
type place struct {
	workspace *os.Root // nil outside
	name      string
}

// locate looks for the workspace among the directories above a file. It
// compares directories, not names: a container sees the workspace under several.
func (f Files) locate(path string) (place, error) {
	path, err := f.absolute(path)
	if err != nil || f.Workspace == "" {
		return place{name: path}, err
	}
	workspace, err := os.Stat(f.Workspace)
	if err != nil {
		return place{name: path}, nil // so nothing can be in it
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && os.SameFile(info, workspace) {
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return place{}, err
			}
			root, err := os.OpenRoot(dir)
			return place{root, name}, err
		}
		if dir == filepath.Dir(dir) {
			return place{name: path}, nil
		}
	}
}

func (p place) Close() {
	if p.workspace != nil {
		_ = p.workspace.Close()
	}
}

func (p place) stat() (fs.FileInfo, error) {
	if p.workspace != nil {
		return p.workspace.Stat(p.name)
	}
	return os.Stat(p.name)
}

func (p place) open(flag int) (*os.File, error) {
	if p.workspace != nil {
		return p.workspace.OpenFile(p.name, flag, 0)
	}
	return os.OpenFile(p.name, flag, 0)
}

// defect is what is wrong with a file, in our own words: the predicate of a
// sentence whose subject is the path.
type defect string

func (d defect) Error() string { return string(d) }

const (
	dangling    defect = "is a symbolic link to a missing file"
	escaping    defect = "leads out of the workspace through a symbolic link; use a file in the workspace"
	looping     defect = "is a symbolic link in a loop"
	unprojected defect = "is a symbolic link, but not one of a Kubernetes projected volume; use the path of the file itself"
)

func tooLarge(limit int64) defect {
	if mebibytes := limit >> 20; mebibytes > 0 && mebibytes<<20 == limit {
		return defect(fmt.Sprintf("is larger than %d MiB", mebibytes))
	}
	return defect(fmt.Sprintf("is larger than %d bytes", limit))
}

func notRegular(mode fs.FileMode) defect {
	return defect(fmt.Sprintf("is %s; use a regular file", kind(mode)))
}

// explain distinguishes a link to a missing file from a missing file, and detects
// a path that leaves an os.Root, for which there is no error to compare with.
func (p place) explain(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		lstat := os.Lstat
		if p.workspace != nil {
			lstat = p.workspace.Lstat
		}
		if info, lstatErr := lstat(p.name); lstatErr == nil && info.Mode()&fs.ModeSymlink != 0 {
			return dangling
		}
		return err
	}
	if _, fromSystem := errors.AsType[syscall.Errno](err); p.workspace != nil && !fromSystem {
		return escaping
	}
	return err
}

// projection returns the file behind a link of Kubernetes' form, or the path
// itself if it is no link.
func projection(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path, err
	}
	dir, name := filepath.Split(path)
	target, err := os.Readlink(path)
	data, dataErr := os.Readlink(filepath.Join(dir, "..data"))
	projected := err == nil && dataErr == nil && target == filepath.Join("..data", name) &&
		strings.HasPrefix(data, "..") && data != ".." && !strings.ContainsRune(data, filepath.Separator)
	if !projected {
		return "", unprojected
	}
	return filepath.Join(dir, data, name), nil
}

// inTime returns what read returns, or an error when the time is up. A read that
// does not return by then runs until the end of the process.
func inTime(ctx context.Context, path string, read func() ([]byte, error)) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := read()
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		return nil, &pathError{fmt.Sprintf("reading %q timed out", path), ctx.Err()}
	}
}

// pathError says in our own words what is wrong with a path. The cause is for
// errors.Is.
type pathError struct {
	text  string
	cause error
}

func (e *pathError) Error() string { return e.text }
func (e *pathError) Unwrap() error { return e.cause }

// inWords adds the path to an error. Of the operating system's error it keeps the
// error number only.
func inWords(path string, err error) error {
	what := "cannot be read"
	if known, ok := errors.AsType[defect](err); ok {
		what = string(known)
	} else if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		what, err = "does not exist", fs.ErrNotExist
	} else if errors.Is(err, syscall.ELOOP) {
		what = string(looping)
	} else if errno, ok := errors.AsType[syscall.Errno](err); ok {
		what += ": " + errno.Error()
	}
	return &pathError{fmt.Sprintf("%q %s", path, what), err}
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(Limit(r, limit))
	if err != nil {
		return nil, err
	}
	return data, nil
}

// Limit returns a reader that fails after more than limit bytes of r.
// io.LimitReader would treat them as the whole content.
func Limit(r io.Reader, limit int64) io.Reader {
	return &limitedReader{io.LimitedReader{R: r, N: limit + 1}, limit}
}

type limitedReader struct {
	in    io.LimitedReader
	limit int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	if l.in.N <= 0 {
		return 0, tooLarge(l.limit)
	}
	return n, err
}
