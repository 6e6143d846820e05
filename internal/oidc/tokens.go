package oidc

import (
	"context"
	"sync"
	"time"
)

// margin is how long a token must still be valid to be sent: one attempt at STS may
// take ten seconds, and the clocks may differ a little.
const margin = 30 * time.Second

// Tokens returns one token for each audience, and mints another when that one is
// about to expire or was refused. It is safe for concurrent use.
type Tokens struct {
	source *Source
	now    func() time.Time

	mu         sync.Mutex
	byAudience map[string]*slot
}

type slot struct {
	mu    sync.Mutex
	token Token
}

// NewTokens returns an empty store.
func NewTokens(source *Source, now func() time.Time) *Tokens {
	return &Tokens{source: source, now: now, byAudience: map[string]*slot{}}
}

// Get returns the token for an audience. stale is a token that STS refused as
// expired, which is not returned again, or the zero Token.
func (t *Tokens) Get(ctx context.Context, audience string, stale Token) (Token, error) {
	s := t.slot(audience)
	s.mu.Lock()
	defer s.mu.Unlock()
	usable := !s.token.Raw.IsZero() && s.token.Raw != stale.Raw && !s.token.ExpiresWithin(margin, t.now())
	if usable {
		return s.token, nil
	}
	token, err := t.source.Token(ctx, audience)
	if err != nil {
		return Token{}, err
	}
	s.token = token
	return token, nil
}

// Last returns the last token for an audience, for its claims; or the zero
// Token if none was minted.
func (t *Tokens) Last(audience string) Token {
	s := t.slot(audience)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

func (t *Tokens) slot(audience string) *slot {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.byAudience[audience]
	if s == nil {
		s = &slot{}
		t.byAudience[audience] = s
	}
	return s
}
