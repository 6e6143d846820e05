package refresh

import (
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/refresh/early"
	"github.com/org/aws-oidc-action/internal/secret"
)

// cached is a session with its history.
type cached struct {
	Session  assume.Session
	Fetched  time.Time
	Renewals int // since the profile was put
}

// savedSession is the form of a cached session in its file. The outer fields
// replace the session's own, which are encoded as ***.
type savedSession struct {
	assume.Session
	SecretAccessKey string
	SessionToken    string
	Fetched         time.Time
	Renewals        int
}

func newCached(s assume.Session, fetched time.Time, renewals int) savedSession {
	return savedSession{s, s.SecretAccessKey.Reveal(), s.SessionToken.Reveal(), fetched, renewals}
}

func (s savedSession) cached() cached {
	c := cached{s.Session, s.Fetched, s.Renewals}
	c.Session.SecretAccessKey = secret.New(s.SecretAccessKey)
	c.Session.SessionToken = secret.New(s.SessionToken)
	return c
}

// left is how long the session is still valid; negative if it has expired.
func (c cached) left(now time.Time) time.Duration { return c.Session.Expires.Sub(now) }

// due reports whether it is time to renew the session.
func (c cached) due(now time.Time) bool {
	return !early.Young(c.Fetched, c.Session.Expires, now)
}

// failure is the last renewal that failed.
type failure struct {
	At        time.Time
	Count     int // of all that failed
	Diagnosis diagnosis.Diagnosis
}

// holds reports whether it is too early for another attempt, by a process whose
// session is valid for the time left: one that waited for the lock, or one that
// an SDK starts for its next call.
func (f failure) holds(now time.Time, left time.Duration) bool {
	age := now.Sub(f.At)
	return 0 <= age && age < pause(left)
}

// pause is the time between a failed renewal and the next attempt: long while the
// session is valid for long, short when all callers wait.
func pause(left time.Duration) time.Duration {
	return max(5*time.Second, min(time.Minute, left/8))
}

// Notes is what happened to a profile since Store.Put.
type Notes struct {
	Renewals int       // that succeeded
	Renewed  time.Time // the last one; zero if there was none

	Failures int
	Failed   time.Time // the last one; zero if there was none
	Failure  diagnosis.Diagnosis
}
