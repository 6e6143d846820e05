package assume

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
)

// Walker walks chains of roles. A prefix that several chains share is walked
// once. It is safe for concurrent use.
type Walker struct {
	HTTP      *http.Client // one of transport.New's, which bounds responses and keeps their texts out of errors
	Retry     retry.Policy
	UserAgent string           // products (name/version, blanks between them), added to the SDK's own
	Now       func() time.Time // by which calls are signed; nil for time.Now

	// Token returns the token that opens a profile's chain, but not the one
	// that STS has refused as expired. Required if the source is a token.
	Token func(ctx context.Context, p plan.Profile, refused oidc.Token) (oidc.Token, error)

	// Origin returns the credentials that a profile's chain begins with.
	// Required if the source is not a token.
	Origin func(ctx context.Context, p plan.Profile) (Session, error)

	// OnSession is called with every session before it is used, so that its secrets
	// can be masked.
	OnSession func(Session)

	// OnHop is called after each hop, for the log. It may be called from
	// several goroutines.
	OnHop func(hop, hops int, h plan.Hop, s Session)

	// Parallel bounds the number of concurrent calls; 0 means 1.
	Parallel int

	mu    sync.Mutex
	walks map[string]*walk

	once    sync.Once
	limiter *limiter

	skew  atomic.Int64 // nanoseconds by which STS's clock is ahead of ours, from refused signatures
	ahead atomic.Int64 // the same, from the last session
}

// walk is a part of a chain that is being walked, or its result.
type walk struct {
	done    chan struct{}
	session Session
	err     error
}

// maxPlainTries bounds the search for keys without special characters; about one
// in four has none.
const maxPlainTries = 12

// ErrSpecialCharacters means that maxPlainTries sessions had keys with special
// characters.
var ErrSpecialCharacters = errors.New("each of 12 sessions had special characters in its keys: run the job again, or set special-characters-workaround: false and quote the keys")

// Walk returns the session at the end of a profile's chain. The error is an
// *diagnosis.Denial if STS was called, or that of Token or Origin.
func (w *Walker) Walk(ctx context.Context, p plan.Profile) (Session, error) {
	return w.upTo(ctx, p, len(p.Chain))
}

// upTo walks the first n hops of the chain, or waits for the goroutine that does.
func (w *Walker) upTo(ctx context.Context, p plan.Profile, n int) (Session, error) {
	key, err := json.Marshal(plan.Profile{
		Source: p.Source, Audience: p.Audience, TokenFile: p.TokenFile, Chain: p.Chain[:n],
		PlainKeys: p.PlainKeys && n == len(p.Chain),
	})
	if err != nil {
		return Session{}, err
	}
	mine, other := w.claim(string(key))
	if other != nil {
		select {
		case <-other.done:
			return other.session, other.err
		case <-ctx.Done():
			return Session{}, ctx.Err()
		}
	}
	defer close(mine.done)
	mine.session, mine.err = w.step(ctx, p, n)
	return mine.session, mine.err
}

// claim returns a walk to do, or the one that another goroutine does.
func (w *Walker) claim(key string) (mine, other *walk) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if under := w.walks[key]; under != nil {
		return nil, under
	}
	if w.walks == nil {
		w.walks = map[string]*walk{}
	}
	mine = &walk{done: make(chan struct{})}
	w.walks[key] = mine
	return mine, nil
}

func (w *Walker) step(ctx context.Context, p plan.Profile, n int) (Session, error) {
	if n == 0 {
		return w.origin(ctx, p)
	}
	if n == len(p.Chain) && p.PlainKeys {
		for range maxPlainTries {
			session, err := w.hop(ctx, p, n)
			if err != nil || !session.hasSpecialCharacters() {
				return session, err
			}
		}
		return Session{}, ErrSpecialCharacters
	}
	return w.hop(ctx, p, n)
}

// origin returns the source's own credentials.
func (w *Walker) origin(ctx context.Context, p plan.Profile) (Session, error) {
	session, err := w.Origin(ctx, p)
	if err != nil {
		return Session{}, err
	}
	if w.OnSession != nil {
		w.OnSession(session)
	}
	return session, nil
}

// Identify asks STS whose credentials these are and completes the session.
func (w *Walker) Identify(ctx context.Context, at plan.Hop, s Session) (Session, error) {
	c := call{walker: w, hop: at, denial: &diagnosis.Denial{Foreign: at.Foreign}}
	s, err := c.identify(ctx, s)
	if err == nil && w.OnSession != nil {
		w.OnSession(s) // again, now that its account is known
	}
	return s, err
}

// hop assumes the n-th role, after the ones before it.
func (w *Walker) hop(ctx context.Context, p plan.Profile, n int) (session Session, err error) {
	h := p.Chain[n-1]
	denial := &diagnosis.Denial{Role: string(h.Role), Hop: n, Hops: len(p.Chain), Duration: h.Duration, Foreign: h.Foreign}
	if n == 1 && p.Source.WebIdentity() {
		session, err = call{w, h, denial}.webIdentity(ctx, p)
	} else {
		var by Session
		if by, err = w.upTo(ctx, p, n-1); err != nil {
			return Session{}, err
		}
		if h.Role.IsName() {
			if by, err = w.Identify(ctx, h, by); err != nil {
				return Session{}, err
			}
			h.Role = h.Role.In(arn.PartitionOf(h.Region), by.Account)
			denial.Role = string(h.Role)
		}
		session, err = call{w, h, denial}.assumeRole(ctx, by)
	}
	if err != nil {
		return Session{}, err
	}
	session.Role = h.Role
	if w.OnSession != nil {
		w.OnSession(session)
	}
	if w.OnHop != nil {
		w.OnHop(n, len(p.Chain), h, session)
	}
	return session, nil
}
