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

// Refresher hands out sessions and renews them in time. All fields are needed.
type Refresher struct {
	Store  *Store
	Getenv func(string) string
	HTTP   func(transport.Options) *http.Client
	Now    func() time.Time
	Sleep  func(context.Context, time.Duration) error // between tries, and while others renew
}

// How long a caller waits. AWS's SDK for Go gives the whole program one minute.
const (
	longestWait    = 50 * time.Second
	longestRenewal = 15 * time.Second // by a caller whose session lives longer than that
	longestQueue   = 5 * time.Second  // of a renewal by another process, before a living session is handed out all the same
)

// lastMinute is when a session is so near its end that it is renewed even
// where the new one cannot be kept, so that each caller renews it.
const lastMinute = time.Minute

// Get returns a session of a profile that lives. Of many processes that find
// it due, one renews it and the others wait for that one: until it succeeds or
// fails, or, while the session lives, for at most 5 seconds of its work.
//
// The diagnosis is nil if all went well. With a session it says what went
// wrong on the way: the session is an older one that still lives, or cannot be
// kept. Without a session it says why there is none.
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
			return session, nil // no other can be had here
		}
		return nil, d
	}
	ctx, cancel := context.WithTimeout(ctx, min(login.Timeout, r.wait(session)))
	defer cancel()
	return r.renewOnce(ctx, name)
}

// look reads what the state says of a profile now. It is settled if there is
// nothing to do: the session is young, or it is too early to try again what
// failed. Otherwise the session is one that still lives, or nil. The lock's
// spare room is for its holder.
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
		session, d, settled := r.look(name, sp) // again: somebody may just have renewed it
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
			return session, nil // the lock's holder says what goes wrong, if it ever does
		}
		if err := r.Sleep(ctx, lockPoll); err != nil {
			return session, waited(name, err, session != nil)
		}
	}
}

// queueEnds returns until when a caller whose session lives waits for the
// lock's holder. One that was stopped, or that hangs, so delays only those who
// come in its first seconds, and each of them once.
func (r Refresher) queueEnds(name string) time.Time {
	now := r.Now()
	began := r.Store.spare(name).Began
	if began.IsZero() || began.After(now) {
		began = now
	}
	return began.Add(longestQueue)
}

// renew walks the chain and keeps the session at its end. The caller holds the
// lock, under which nobody replaces the login; former is what it can fall back
// on.
func (r Refresher) renew(ctx context.Context, name string, former *assume.Session) (*assume.Session, *diagnosis.Diagnosis) {
	login, err := r.Store.login(name)
	if err != nil {
		return former, failed(err)
	}
	if err := r.Store.begin(name, r.Now()); err != nil && former != nil && former.Expires.Sub(r.Now()) > lastMinute {
		return former, failed(fmt.Errorf("the session is due for renewal, but the state cannot be written and every process would renew it; it is used until %s: %w",
			former.Expires.Add(-lastMinute).UTC().Format(time.RFC3339), err))
	}
	session, d := r.walk(ctx, login)
	if d == nil {
		if err := r.Store.keep(name, session, r.Now()); err != nil {
			d = failed(fmt.Errorf("the session was renewed, but cannot be kept for the next call: %w", err))
		}
		return &session, d
	}
	if !errors.Is(ctx.Err(), context.Canceled) {
		// A note that cannot be written must not hide the diagnosis.
		_ = r.Store.failed(name, failure{At: r.Now(), Diagnosis: *d})
	}
	if former != nil && !former.Expires.After(r.Now()) {
		former = nil // it ended meanwhile
	}
	return former, d
}

// waited diagnoses a lock that was not to be had in time.
func waited(name string, err error, living bool) *diagnosis.Diagnosis {
	switch {
	case living:
		return nil // whoever renews it says what goes wrong
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
		d.Cure = "run the command as the user that runs the job's steps, who owns the state"
	}
	return d
}
