package assume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

// Login is how a process gets tokens and sessions: the step, a renewal and the
// command claims wire the same token source and the same walker. Fields without
// a note are needed.
type Login struct {
	Getenv       func(string) string // the job's variables
	HTTP         func(transport.Options) *http.Client
	Network      transport.Options // the way to STS
	TokenProxies transport.Proxies // to the token endpoint, in place of Network's
	Attempts     int               // how often a call is tried
	Parallel     int               // see Walker
	UserAgent    string            // see Walker
	Now          func() time.Time
	Sleep        func(context.Context, time.Duration) error // between tries

	Files safefile.Files // reads web identity token files, where a profile names one
	Mask  func(string)   // is called with each token before anything else is done with it; may be nil

	once   sync.Once
	client *http.Client
}

// Client is the one client for STS.
func (l *Login) Client() *http.Client {
	l.once.Do(func() { l.client = l.HTTP(l.Network) })
	return l.client
}

// Retry is the policy for calls of the token endpoint and of STS.
func (l *Login) Retry() retry.Policy {
	policy := retry.Default(l.Attempts)
	policy.Sleep = l.Sleep
	return policy
}

// Tokens returns a new store of the job's OIDC tokens.
func (l *Login) Tokens() *oidc.Tokens {
	network := l.Network
	network.Proxies = l.TokenProxies
	return oidc.NewTokens(&oidc.Source{
		URL:       l.Getenv(oidc.RequestURL),
		ServerURL: l.Getenv("GITHUB_SERVER_URL"),
		Bearer:    secret.New(l.Getenv(oidc.RequestToken)),
		Client:    l.HTTP(network),
		Retry:     l.Retry(),
		OnToken: func(token secret.Value) {
			if l.Mask != nil {
				l.Mask(token.Reveal())
			}
		},
	}, l.Now)
}

// Token returns the token that opens a profile's chain, but not the one that
// STS has refused as expired.
func (l *Login) Token(ctx context.Context, tokens *oidc.Tokens, p plan.Profile, refused oidc.Token) (oidc.Token, error) {
	if p.Source != plan.SourceTokenFile {
		return tokens.Get(ctx, p.Audience, refused)
	}
	token, err := oidc.ReadTokenFile(ctx, l.Files, p.TokenFile, l.Mask)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; put it into the workspace or the runner's temporary directory", err)
	}
	if err != nil {
		return oidc.Token{}, fmt.Errorf("input web-identity-token-file: %w", err)
	}
	return token, nil
}

// Walker returns a new walker, whose tokens are those of a store. The caller
// adds Origin, where a chain begins with credentials, and the hooks.
func (l *Login) Walker(tokens *oidc.Tokens) *Walker {
	return &Walker{
		HTTP:      l.Client(),
		Retry:     l.Retry(),
		Parallel:  l.Parallel,
		UserAgent: l.UserAgent,
		Now:       l.Now,
		Token: func(ctx context.Context, p plan.Profile, refused oidc.Token) (oidc.Token, error) {
			return l.Token(ctx, tokens, p, refused)
		},
	}
}
