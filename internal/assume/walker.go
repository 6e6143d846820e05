package assume

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
)

// Walker walks chains of roles. A prefix that several chains share is walked
// once. It is safe for concurrent use.
type Walker struct {
	HTTP   *http.Client
	Tokens *oidc.Tokens
	Retry  retry.Policy

	// Seen is called with every session before anything else is done with it,
	// so that its secrets can be masked.
	Seen func(Session)

	// Done is called after each hop, for the log. It may be called from
	// several goroutines.
	Done func(hop, hops int, h plan.Hop, s Session)

	mu   sync.Mutex
	hops map[string]*walk
}

// walk is one hop under way, or its result.
type walk struct {
	done    chan struct{}
	session Session
	err     error
}

// Walk returns the session at the end of a profile's chain. The error is an
// *explain.Denial if STS was asked, or that of the token's source.
func (w *Walker) Walk(ctx context.Context, p plan.Profile) (Session, error) {
	return w.upTo(ctx, p, len(p.Chain))
}

func (w *Walker) upTo(ctx context.Context, p plan.Profile, n int) (Session, error) {
	key, err := json.Marshal(struct {
		Audience string
		Chain    []plan.Hop
	}{p.Audience, p.Chain[:n]})
	if err != nil {
		return Session{}, err
	}
	w.mu.Lock()
	under, ok := w.hops[string(key)]
	if !ok {
		under = &walk{done: make(chan struct{})}
		if w.hops == nil {
			w.hops = map[string]*walk{}
		}
		w.hops[string(key)] = under
	}
	w.mu.Unlock()
	if ok {
		select {
		case <-under.done:
			return under.session, under.err
		case <-ctx.Done():
			return Session{}, ctx.Err()
		}
	}
	defer close(under.done)
	under.session, under.err = w.hop(ctx, p, n)
	return under.session, under.err
}

// hop assumes the n-th role, after the ones before it.
func (w *Walker) hop(ctx context.Context, p plan.Profile, n int) (Session, error) {
	h := p.Chain[n-1]
	c := call{walker: w, hop: h, denial: &explain.Denial{Role: string(h.Role), Hop: n, Hops: len(p.Chain)}}
	var session Session
	var err error
	if n == 1 {
		session, err = c.webIdentity(ctx, p.Audience)
	} else {
		var by Session
		if by, err = w.upTo(ctx, p, n-1); err != nil {
			return Session{}, err
		}
		session, err = c.assumeRole(ctx, by)
	}
	if err != nil {
		return Session{}, err
	}
	if w.Seen != nil {
		w.Seen(session)
	}
	if w.Done != nil {
		w.Done(n, len(p.Chain), h, session)
	}
	return session, nil
}
