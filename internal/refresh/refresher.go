package refresh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/transport"
)

// Refresher returns sessions and renews them in time. All fields are required.
type Refresher struct {
	Store  *Store
	Getenv func(string) string
	HTTP   func(transport.Options) *http.Client
	Now    func() time.Time
	Sleep  func(context.Context, time.Duration) error // between attempts, and while another process renews
}

// How long a caller waits. The AWS SDK for Go ends the program after one minute.
const (
	longestWait    = 50 * time.Second
	longestRenewal = 15 * time.Second // by a caller whose session is valid for longer than that
	longestQueue   = 5 * time.Second  // for a renewal by another process, before a valid session is returned instead
)

// lastMinute is the time before the end of a session in which it is renewed even
// if the new one cannot be stored, so that each caller renews it.
const lastMinute = time.Minute

// Get returns a valid session of a profile. If it is due for renewal, one of many
// processes renews it and the others wait until that succeeds or fails or, while
// the session is valid, until it has taken 5 seconds.
//
// The diagnosis is nil on success. With a session it says what failed: the
// session is an older one that is still valid, or cannot be stored. Without a
// session it says why there is none.
func (r Refresher) Get(ctx context.Context, name string) (*assume.Session, *diagnosis.Diagnosis) {
	session, d, settled := r.look(name, spare{})
	if settled {
		return session, d
	}
	login, err := r.Store.login(name)
	if err != nil {
		return session, failed(err)
	}
	if d := r.impossible(login.Profile); d != nil {
		if session != nil {
			return session, nil // this process cannot renew it
		}
		return nil, d
	}
	ctx, cancel := context.WithTimeout(ctx, min(login.Timeout, r.wait(session)))
	defer cancel()
	return r.renewOnce(ctx, name)
}

// look reads the state of a profile. It is settled if there is nothing to do: the
// session is not due, or it is too early to repeat a renewal that failed.
// Otherwise the session is one that is still valid, or nil. Only the holder of
// the lock passes its spare space.
func (r Refresher) look(name string, sp spare) (session *assume.Session, d *diagnosis.Diagnosis, settled bool) {
	c, err := r.Store.latest(name, sp)
	now := r.Now()
	living := err == nil && c.left(now) > 0
	if living {
		session = &c.Session
	}
	if living && !c.due(now) {
		return session, nil, true
	}
	f, err := r.Store.lastFailure(name, sp)
	if err != nil || !f.holds(now, c.left(now)) {
		return session, nil, false
	}
	if !living {
		d = &f.Diagnosis
	}
	return session, d, true
}

func (r Refresher) wait(session *assume.Session) time.Duration {
	if session != nil && session.Expires.Sub(r.Now()) > longestRenewal {
		return longestRenewal
	}
	return longestWait
}

// renewOnce renews the session, unless another process does.
func (r Refresher) renewOnce(ctx context.Context, name string) (*assume.Session, *diagnosis.Diagnosis) {
	lock := r.Store.lock(name)
	defer func() { _ = lock.Unlock() }()
	var queueEnds time.Time
	for {
		locked, err := lock.TryLock()
		var sp spare
		if locked {
			sp = r.Store.spare(name)
		}
		session, d, settled := r.look(name, sp) // again: another process may have renewed it
		switch {
		case settled:
			return session, d
		case err != nil:
			return session, failed(fmt.Errorf("lock profile %q: %w", name, err))
		case locked:
			return r.renew(ctx, name, session)
		}
		if queueEnds.IsZero() {
			queueEnds = r.queueEnds(name)
		}
		if session != nil && !r.Now().Before(queueEnds) {
			return session, nil // the holder of the lock reports an error, if there is one
		}
		if err := r.Sleep(ctx, lockPoll); err != nil {
			return session, waited(name, err, session != nil)
		}
	}
}

// queueEnds returns until when a caller with a valid session waits for the holder
// of the lock. A holder that was stopped or hangs therefore delays only callers
// in its first seconds, and each of them once.
func (r Refresher) queueEnds(name string) time.Time {
	now := r.Now()
	began := r.Store.spare(name).Began
	if began.IsZero() || began.After(now) {
		began = now
	}
	return began.Add(longestQueue)
}

// renew walks the chain and stores the session at its end. The caller holds the
// lock, so that no other process replaces the login. former is the session to
// fall back on, or nil.
func (r Refresher) renew(ctx context.Context, name string, former *assume.Session) (*assume.Session, *diagnosis.Diagnosis) {
	login, err := r.Store.login(name)
	if err != nil {
		return former, failed(err)
	}
	if err := r.Store.begin(name, r.Now()); err != nil && former != nil && former.Expires.Sub(r.Now()) > lastMinute {
		return former, failed(fmt.Errorf("the session is due for renewal, but the state cannot be written, so that every process would renew it; the session is used until %s: %w",
			former.Expires.Add(-lastMinute).UTC().Format(time.RFC3339), err))
	}
	session, d := r.walk(ctx, login)
	if d == nil {
		if err := r.Store.keep(name, session, r.Now()); err != nil {
			d = failed(fmt.Errorf("the session was renewed, but cannot be stored for the next call: %w", err))
		}
		return &session, d
	}
	if !errors.Is(ctx.Err(), context.Canceled) {
		// A note that cannot be written must not hide the diagnosis.
		_ = r.Store.failed(name, failure{At: r.Now(), Diagnosis: *d})
	}
	if former != nil && !former.Expires.After(r.Now()) {
		former = nil // it expired in the meantime
	}
	return former, d
}

// waited diagnoses a lock that was not free in time.
func waited(name string, err error, living bool) *diagnosis.Diagnosis {
	switch {
	case living:
		return nil // the process that renews it reports errors
	case errors.Is(err, context.DeadlineExceeded):
		return &diagnosis.Diagnosis{
			Code: diagnosis.Deadline,
			What: fmt.Sprintf("another process is renewing profile %q and did not finish in time", name),
			Cure: "run the command again; if it times out again, end the process that holds the lock",
		}
	}
	return failed(err)
}

func failed(err error) *diagnosis.Diagnosis {
	d := &diagnosis.Diagnosis{Code: diagnosis.Failed, What: err.Error()}
	if errors.Is(err, os.ErrPermission) {
		d.Cure = "run the command as the user of the job's steps, who owns the state"
	}
	return d
}
