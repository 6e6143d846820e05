// Package refresh renews the sessions of a job after the step has ended. It
// stores the login that a renewal repeats and the latest session, and decides
// when to renew. It implements credential-process, which SDKs start whenever they
// need credentials, many at once and each in its own process, so the processes
// share their state in files.
package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/refresh/early"
	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/transport"
)

// The files of a profile. Only the session contains secrets, and the lock's spare
// space if the session cannot be written.
const (
	loginFile   = "login.json"
	sessionFile = early.SessionFile
	failureFile = "failure.json"
	lockFile    = "lock" // see spare
)

const (
	lockPoll = 20 * time.Millisecond // between attempts to take the lock
	lockWait = 5 * time.Second       // of processes that put or remove profiles
)

// Store is what a job's state directory holds for refreshing, below refresh/.
// Readers need no lock: every file except the lock's own is complete, even if a
// writer is killed. Writers hold the profile's lock.
type Store struct {
	path string
	dir  *safefile.Dir
}

// Open opens the store in the state directory, which must be there.
func Open(stateDir string) (*Store, error) {
	dir, err := safefile.Open(stateDir)
	if err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	return &Store{stateDir, dir}, nil
}

// Close releases the directory; it removes nothing.
func (s *Store) Close() error { return s.dir.Close() }

// Login is what a renewal repeats. It contains no secret, except for a password
// in the URL of a proxy.
type Login struct {
	Profile      plan.Profile
	Network      transport.Options // how the step reached STS
	TokenProxies transport.Proxies // in place of those, to the token endpoint
	Attempts     int               // how often a call is tried
	Timeout      time.Duration     // of the whole walk, more than 0
	UserAgent    string

	MaskAccounts bool `json:",omitempty"` // messages about it mask account IDs

	// The trust policies that explain a refusal, because later steps may change
	// the workspace, or the reason why there are none.
	Policies   []explain.PolicyFile `json:",omitempty"`
	NoPolicies string               `json:",omitempty"`
}

// maxPolicies bounds, in bytes, the trust policies that a login keeps. IAM
// accepts at most 8,192 for a role (IAM and STS quotas).
const maxPolicies = 64 << 10

// bounded returns the login with no more than what may explain a refusal.
func (l Login) bounded() Login {
	var roles []string
	for _, hop := range l.Profile.Chain {
		roles = append(roles, string(hop.Role))
	}
	kept, reason := explain.KeepPolicies(l.Policies, roles, maxPolicies)
	l.Policies = kept
	if reason != "" {
		l.NoPolicies = reason
	}
	return l
}

// storedLogin is a login with the ARN of its session, which is the same for each
// renewal.
type storedLogin struct {
	Login
	ARN string
}

// check refuses a login that no other process can repeat.
func (l Login) check() error {
	p := l.Profile
	switch {
	case !p.Source.WebIdentity():
		return fmt.Errorf("credentials of the source %q cannot be renewed after the step; use a login with a token", p.Source)
	case len(p.Chain) == 0:
		return errors.New("a role is required to renew the login; set role-to-assume")
	case p.Source == plan.SourceTokenFile && !filepath.IsAbs(p.TokenFile):
		return fmt.Errorf("the path of the token file, %q, is relative; use an absolute path, which later steps can resolve", p.TokenFile)
	}
	return nil
}

// ErrLocked means that another process kept the profile's lock for a renewal.
var ErrLocked = errors.New("another process holds the lock for renewals")

// Put stores a profile: the login that renews it, and its first session, fetched
// at now. It replaces a profile of the same name; undo restores that one. Only
// steps put profiles, one after another. It waits up to lockWait for a renewal in
// progress, and then returns ErrLocked.
func (s *Store) Put(ctx context.Context, name string, l Login, session assume.Session, now time.Time) (undo func() error, err error) {
	if err := l.check(); err != nil {
		return nil, fmt.Errorf("store profile %q: %w", name, err)
	}
	if !session.Temporary() || session.Expires.IsZero() {
		return nil, fmt.Errorf("store profile %q: its credentials do not expire; set refresh: false", name)
	}
	former, err := s.files(name)
	if err != nil {
		return nil, fmt.Errorf("read profile %q: %w", name, err)
	}
	next := map[string][]byte{}
	if next[loginFile], err = encode(name, storedLogin{l.bounded(), session.ARN}); err != nil {
		return nil, err
	}
	if next[sessionFile], err = encode(name, newCached(session, now, 0)); err != nil {
		return nil, err
	}
	undo = func() error {
		ctx := context.WithoutCancel(ctx)
		if former == nil {
			return s.Remove(ctx, name)
		}
		return s.replace(ctx, name, former)
	}
	err = s.replace(ctx, name, next)
	switch {
	case err == nil:
		return undo, nil
	case former != nil && errors.Is(err, ErrLocked):
		return nil, err // nothing was changed
	}
	return nil, errors.Join(err, undo())
}

// files returns the content of a profile's files; nil if there is no such
// profile.
func (s *Store) files(name string) (map[string][]byte, error) {
	var all map[string][]byte
	for _, file := range []string{loginFile, sessionFile, failureFile, lockFile} {
		content, err := s.dir.ReadFile(folder(name)+"/"+file, early.MaxFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = map[string][]byte{}
		}
		all[file] = content
	}
	return all, nil
}

// replace makes these all the files of a profile. Sessions are removed first and
// written last, so that no session is ever beside a login of another one, even if
// this ends early.
func (s *Store) replace(ctx context.Context, name string, files map[string][]byte) error {
	unlock, err := s.lockNew(ctx, name)
	if err != nil {
		return fmt.Errorf("store profile %q: %w", name, err)
	}
	defer unlock()
	for _, file := range []string{sessionFile, failureFile} {
		if err := s.dir.Remove(folder(name) + "/" + file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("store profile %q: %w", name, err)
		}
	}
	if err := s.writeSpare(name, spare{}); err != nil {
		return fmt.Errorf("store profile %q: %w", name, err)
	}
	for _, file := range []string{loginFile, failureFile, sessionFile, lockFile} {
		content, given := files[file]
		if !given {
			continue
		}
		write := s.dir.WriteFile
		if file == lockFile {
			write = s.dir.OverwriteFile // the lock is on this file, not on its name
		}
		if err := write(folder(name)+"/"+file, content); err != nil {
			return fmt.Errorf("store profile %q: %w", name, err)
		}
	}
	return nil
}

// Remove deletes all that is stored of a profile. It waits for a renewal that
// is under way, but not for long.
func (s *Store) Remove(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock := s.lock(name)
	// If the lock is deleted or held too long, the profile is removed without it;
	// a late renewal then fails to write.
	_, _ = lock.TryLockContext(ctx, lockPoll)
	defer func() { _ = lock.Unlock() }()
	if err := s.dir.RemoveAll(folder(name)); err != nil {
		return fmt.Errorf("remove profile %q: %w", name, err)
	}
	return nil
}

// Login returns what renews a profile. A profile that is not stored is
// fs.ErrNotExist.
func (s *Store) Login(name string) (Login, error) {
	l, err := s.login(name)
	return l.Login, err
}

func (s *Store) login(name string) (storedLogin, error) {
	l, err := load[storedLogin](s, name, loginFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("the state in %s has no profile %q; check the name, and that the login step of this job ran with refresh: true: %w", s.path, name, fs.ErrNotExist)
	}
	if err == nil {
		err = l.check() // the file may have been changed
	}
	return l, err
}

// Session returns the latest session of a profile, which may have expired. None
// is fs.ErrNotExist.
func (s *Store) Session(name string) (assume.Session, error) {
	c, err := s.cached(name)
	return c.Session, err
}

func (s *Store) cached(name string) (cached, error) {
	c, err := load[savedSession](s, name, sessionFile)
	return c.cached(), err
}

// latest returns the later of the session in its file and the one in the lock's
// spare space, which only the holder of the lock may pass.
func (s *Store) latest(name string, sp spare) (cached, error) {
	c, err := s.cached(name)
	if sp.Session == nil {
		return c, err
	}
	if other := sp.Session.cached(); err != nil || other.Fetched.After(c.Fetched) {
		return other, nil
	}
	return c, nil
}

// begin records that a renewal is in progress. An error means that its result
// cannot be stored. The caller holds the lock.
func (s *Store) begin(name string, now time.Time) error {
	sp := s.spare(name)
	sp.Began = now
	return s.writeSpare(name, sp)
}

// keep ends a renewal with its session. The caller holds the lock.
func (s *Store) keep(name string, session assume.Session, now time.Time) error {
	sp := s.spare(name)
	before, _ := s.latest(name, sp) // an unreadable one is replaced
	next := newCached(session, now, before.Renewals+1)
	sp.Began = time.Time{}
	err := save(s, name, sessionFile, next)
	if err == nil {
		_ = s.writeSpare(name, spare{}) // what it may contain is older
		return nil
	}
	if s.writeSpare(name, spare{Session: &next}) == nil {
		return nil
	}
	return err
}

// failed ends a renewal with its diagnosis. The caller holds the lock.
func (s *Store) failed(name string, f failure) error {
	sp := s.spare(name)
	before, _ := s.lastFailure(name, sp)
	f.Count = before.Count + 1
	sp.Began, sp.Failure = time.Time{}, nil
	if err := save(s, name, failureFile, f); err != nil {
		sp.Failure = &f
	}
	return s.writeSpare(name, sp)
}

// lastFailure is latest for failures.
func (s *Store) lastFailure(name string, sp spare) (failure, error) {
	f, err := load[failure](s, name, failureFile)
	if sp.Failure != nil && (err != nil || sp.Failure.At.After(f.At)) {
		return *sp.Failure, nil
	}
	return f, err
}

// Notes returns what happened to a profile since Put.
func (s *Store) Notes(name string) (Notes, error) {
	sp := s.spare(name)
	c, err := s.latest(name, sp)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Notes{}, err
	}
	f, err := s.lastFailure(name, sp)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Notes{}, err
	}
	n := Notes{Renewals: c.Renewals, Failures: f.Count, Failed: f.At, Failure: f.Diagnosis}
	if n.Renewals > 0 {
		n.Renewed = c.Fetched
	}
	return n, nil
}

// lock is the lock of a profile that is stored. It has a file of its own,
// because the others are replaced, and it is opened without being created, so
// that it belongs to the owner of the state.
func (s *Store) lock(name string) *flock.Flock {
	return flock.New(filepath.Join(s.path, filepath.FromSlash(folder(name)), lockFile), flock.SetFlag(safefile.LockFlag))
}

// lockNew takes the lock of a profile that may be new.
func (s *Store) lockNew(ctx context.Context, name string) (unlock func(), err error) {
	if err := s.dir.MkdirAll(folder(name)); err != nil {
		return nil, err
	}
	file := folder(name) + "/" + lockFile
	if _, err := s.dir.ReadFile(file, 0); errors.Is(err, fs.ErrNotExist) {
		room, err := encodeSpare(name, spare{})
		if err != nil {
			return nil, err
		}
		if err := s.dir.WriteFile(file, room); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock := s.lock(name)
	_, err = lock.TryLockContext(ctx, lockPoll)
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded):
		return nil, ErrLocked
	default:
		return nil, fmt.Errorf("lock it: %w", err)
	}
	return func() { _ = lock.Unlock() }, nil
}

func folder(name string) string { return early.Folder(name) }

func encode[T any](name string, content T) ([]byte, error) {
	b, err := json.Marshal(early.NewDocument(name, content))
	if err != nil {
		return nil, fmt.Errorf("encode profile %q: %w", name, err)
	}
	return append(b, '\n'), nil
}

func save[T any](s *Store, name, file string, content T) error {
	b, err := encode(name, content)
	if err != nil {
		return err
	}
	return s.dir.WriteFile(folder(name)+"/"+file, b)
}

// load reads a file. An error holds nothing of its content.
func load[T any](s *Store, name, file string) (T, error) {
	var none T
	b, err := s.dir.ReadFile(folder(name)+"/"+file, early.MaxFile)
	if err != nil {
		return none, fmt.Errorf("profile %q: %w", name, err)
	}
	var d early.Document[T]
	if err := json.Unmarshal(b, &d); err != nil || !d.Of(name) {
		return none, fmt.Errorf("profile %q: %s is damaged or was written by another version of the action; run the login step again", name, file)
	}
	return d.Content, nil
}
