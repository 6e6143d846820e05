package jobstate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/org/aws-oidc-action/internal/safefile"
)

const (
	// DirName is the state directory, below the directory that all steps share.
	DirName = "aws-oidc-action"

	// HelperName is the copy of this program in the state directory, which
	// SDKs start as credential_process.
	HelperName = "aws-oidc-action"

	refreshDir = DirName + "/refresh" // of the package refresh
	stateName  = DirName + "/state.json"
	helper     = DirName + "/" + HelperName

	lockPoll = 20 * time.Millisecond // between attempts to take the lock
)

// Options are what a Store depends on.
type Options struct {
	// Dir is an existing directory that all steps of the job see. The state is
	// in the directory DirName below it.
	Dir string

	// Announced reports whether a variable, AWS_CONFIG_FILE or
	// AWS_SHARED_CREDENTIALS_FILE, names the action's own file in later steps.
	// When the last record is removed, that file is emptied and kept, because a
	// variable cannot be unset.
	Announced func(variable string) bool
}

// Store is the state directory of a job. Its files are replaced as a whole, so
// that reading needs no lock; everything else does.
type Store struct {
	Options
	dir *safefile.Dir
}

// Open opens the state directory, which need not exist yet. It creates and
// changes nothing.
func Open(o Options) (*Store, error) {
	dir, err := safefile.Open(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the directory for the job's state: %w", err)
	}
	return &Store{o, dir}, nil
}

// Close releases the directory; it removes nothing.
func (s *Store) Close() error { return s.dir.Close() }

// ErrLocked means that another process kept the lock until the deadline.
var ErrLocked = errors.New("another step of the job holds the lock on the action's state")

// Lock keeps other steps of the job from changing the state until unlock is
// called. It waits until ctx ends, which should have a deadline; then it
// returns ErrLocked.
//
// The lock is on the shared directory itself and not on a file in it, so that no
// process can wait for the lock on a deleted file, and nothing is left behind. On
// file systems without locks it has no effect.
func (s *Store) Lock(ctx context.Context) (unlock func(), err error) {
	lock := flock.New(s.Dir, flock.SetFlag(safefile.LockFlag))
	_, err = lock.TryLockContext(ctx, lockPoll)
	switch {
	case err == nil:
		return func() { _ = lock.Unlock() }, nil
	case errors.Is(err, context.DeadlineExceeded):
		return nil, ErrLocked
	case unsupported(err):
		return func() {}, nil
	}
	return nil, fmt.Errorf("lock the job's state: %w", err)
}

// unsupported reports whether a file system has no locks on directories. To
// get one on NFS, flock tries to open the directory for writing.
func unsupported(err error) bool {
	return slices.ContainsFunc([]error{errors.ErrUnsupported, syscall.ENOLCK, syscall.EISDIR}, func(known error) bool {
		return errors.Is(err, known)
	})
}

// Read returns the state. A missing one is empty; so is the one that is
// returned with an error.
func (s *Store) Read() (State, error) {
	content, err := s.dir.ReadFile(stateName, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return State{Version: version}, nil
	}
	if err != nil {
		return State{Version: version}, fmt.Errorf("read the job's state: %w", err)
	}
	return decodeState(content)
}

// Deed is one part of what a step publishes.
type Deed struct {
	Name string // what it does, for errors: "install the helper"

	// Do returns the function that undoes it; with an error, what was done until
	// then. It may be nil.
	Do func(ctx context.Context) (undo func(context.Context) error, err error)
}

// Publish writes the record, durably, and then does the deeds in turn. If one
// fails, all of them are undone, the latest first, even if others cannot be
// undone or ctx ends. The record is kept if a part could not be undone, so that
// the post phase tries again. The caller
// holds the lock.
func (s *Store) Publish(ctx context.Context, r Record, deeds ...Deed) error {
	state, err := s.Read()
	if err != nil {
		return err
	}
	err = s.add(state, r)
	var undo []func(context.Context) error
	for _, d := range deeds {
		if err != nil {
			break
		}
		var back func(context.Context) error
		if back, err = d.Do(ctx); err != nil {
			err = fmt.Errorf("%s: %w", d.Name, err)
		}
		if back != nil {
			undo = append(undo, func(ctx context.Context) error {
				if err := back(ctx); err != nil {
					return fmt.Errorf("undo: %s: %w", d.Name, err)
				}
				return nil
			})
		}
	}
	if err == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	var failed error
	for _, back := range slices.Backward(undo) {
		failed = errors.Join(failed, back(ctx))
	}
	if failed == nil {
		failed = s.forget(r.ID)
	}
	return errors.Join(err, failed)
}

func (s *Store) add(state State, r Record) error {
	if err := s.dir.MkdirAll(DirName); err != nil {
		return fmt.Errorf("create the state directory: %w", err)
	}
	state.Records = append(state.Records, r)
	return s.write(state)
}

// forget removes the record of a step whose other parts are undone, and what is
// empty then. It leaves to the post phase whatever else is in the directory.
func (s *Store) forget(id string) error {
	state, err := s.Read()
	if err != nil {
		return err
	}
	state.Records = slices.DeleteFunc(state.Records, func(r Record) bool { return r.ID == id })
	if len(state.Records) > 0 {
		return s.write(state)
	}
	if err := s.dir.Remove(stateName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the job's state: %w", err)
	}
	s.dir.RemoveEmpty(refreshDir)
	s.dir.RemoveEmpty(DirName)
	return nil
}

// Replace makes these the records of the state. Without records it removes the
// whole state directory, except an empty profile file that the job's variables
// name.
// The caller holds the lock.
func (s *Store) Replace(records []Record) error {
	if len(records) > 0 {
		return errors.Join(s.write(State{version, records}), s.sweep())
	}
	if err := s.dir.RemoveAll(DirName); err != nil {
		return fmt.Errorf("remove the state directory: %w", err)
	}
	var errs []error
	for _, f := range profileFiles {
		if s.Announced(f.variable) {
			errs = append(errs, s.dir.MkdirAll(DirName), s.dir.WriteFile(f.own(), nil))
		}
	}
	return errors.Join(errs...)
}

// sweep removes what killed writers left in the state directory.
func (s *Store) sweep() error {
	var errs []error
	for _, name := range []string{stateName, helper, profileFiles[0].own(), profileFiles[1].own()} {
		errs = append(errs, s.dir.RemoveLeftovers(name))
	}
	return errors.Join(errs...)
}

func (s *Store) write(state State) error {
	content, err := encodeState(state)
	if err != nil {
		return err
	}
	if err := s.dir.WriteFile(stateName, content); err != nil {
		return fmt.Errorf("write the job's state: %w", err)
	}
	return nil
}

// StateDir is the path of the state directory, as this process sees it.
func (s *Store) StateDir() string { return filepath.Join(s.Dir, DirName) }

// WriteHelper installs program as the helper. It replaces any file of its name
// without comparing the content: anyone who can plant a file can change it later.
func (s *Store) WriteHelper(program io.Reader) error {
	if err := s.dir.Displace(helper); err != nil {
		return err
	}
	return s.dir.WriteFrom(helper, program, 0o700)
}

// RemoveHelper removes the helper unless one of the kept records needs it.
func (s *Store) RemoveHelper(kept []Record) error {
	if slices.ContainsFunc(kept, func(r Record) bool { return len(r.Refresh) > 0 }) {
		return nil
	}
	if err := s.dir.RemoveAll(helper); err != nil {
		return fmt.Errorf("remove the helper: %w", err)
	}
	return nil
}
