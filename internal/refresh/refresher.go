package refresh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/explain"
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

// How long a caller waits for a renewal, its own or that of another process.
// AWS's SDK for Go gives the whole program one minute.
const (
	longestWait = 50 * time.Second
	patience    = 15 * time.Second // of a caller who has a session that lives longer than that
)

// Get returns a session of a profile that lives. Of many processes that find
// it due, one renews it and the others wait for that one.
//
// The diagnosis is nil if all went well. With a session it says what went
// wrong on the way: the session is an older one that still lives, or cannot be
// kept. Without a session it says why there is none.
func (r Refresher) Get(ctx context.Context, name string) (*assume.Session, *explain.Diagnosis) {
	session, d, settled := r.look(name)
	if settled {
		return session, d
	}
	login, err := r.Store.login(name)
	if err != nil {
		return session, failed(err)
	}
	if d := r.impossible(login.Profile); d != nil {
		if session != nil {
			return session, nil // which is all that can be had here
		}
		return nil, d
	}
	ctx, cancel := context.WithTimeout(ctx, min(login.Timeout, r.wait(session)))
	defer cancel()
	return r.renewOnce(ctx, name)
}

// look reads what the state says of a profile now. It is settled if there is
// nothing to do: the session is young, or it is too early to try again what
// failed. Otherwise the session is one that still lives, or nil.
func (r Refresher) look(name string) (session *assume.Session, d *explain.Diagnosis, settled bool) {
	c, err := r.Store.cached(name)
	now := r.Now()
	living := err == nil && c.left(now) > 0
	if living {
		session = &c.Session
	}
	if living && !c.due(now) {
		return session, nil, true
	}
	f, err := load[failure](r.Store, name, failureFile)
	if err != nil || !f.holds(now, c.left(now)) {
		return session, nil, false
	}
	if !living {
		d = &f.Diagnosis
	}
	return session, d, true
}

func (r Refresher) wait(session *assume.Session) time.Duration {
	if session != nil && session.Expires.Sub(r.Now()) > patience {
		return patience
	}
	return longestWait
}

// renewOnce renews the session, unless another process does.
func (r Refresher) renewOnce(ctx context.Context, name string) (*assume.Session, *explain.Diagnosis) {
	lock := r.Store.lock(name)
	defer func() { _ = lock.Unlock() }()
	for {
		locked, err := lock.TryLock()
		session, d, settled := r.look(name) // again: somebody may just have renewed it
		switch {
		case settled:
			return session, d
		case err != nil:
			return session, failed(fmt.Errorf("lock profile %q: %w", name, err))
		case locked:
			return r.renew(ctx, name, session)
		}
		if err := r.Sleep(ctx, lockPoll); err != nil {
			return session, waited(name, err, session != nil)
		}
	}
}

// renew walks the chain and keeps the session at its end. The caller holds the
// lock, under which nobody replaces the login; former is what it can fall back
// on.
func (r Refresher) renew(ctx context.Context, name string, former *assume.Session) (*assume.Session, *explain.Diagnosis) {
	login, err := r.Store.login(name)
	if err != nil {
		return former, failed(err)
	}
	session, d := r.walk(ctx, login)
	if d != nil {
		if !errors.Is(ctx.Err(), context.Canceled) {
			// A note that cannot be written must not hide the diagnosis.
			_ = r.Store.failed(name, failure{At: r.Now(), Diagnosis: *d})
		}
		return former, d
	}
	if err := r.Store.keep(name, session, r.Now()); err != nil {
		return &session, failed(fmt.Errorf("the session is renewed, but cannot be kept for the next call: %w", err))
	}
	return &session, nil
}

// waited diagnoses a lock that was not to be had in time.
func waited(name string, err error, living bool) *explain.Diagnosis {
	switch {
	case living:
		return nil // whoever renews it says what goes wrong
	case errors.Is(err, context.DeadlineExceeded):
		return &explain.Diagnosis{
			Code: explain.Deadline,
			What: fmt.Sprintf("another process renews profile %q and did not end in time", name),
			Cure: "try again; if it stays so, end the process that holds the lock",
		}
	}
	return failed(err)
}

func failed(err error) *explain.Diagnosis {
	d := &explain.Diagnosis{Code: explain.Failed, What: err.Error()}
	if errors.Is(err, os.ErrPermission) {
		d.Cure = "ask as the user whom the job's steps run as, to whom the state belongs"
	}
	return d
}
