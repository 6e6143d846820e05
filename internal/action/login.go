package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/secret"
)

// result is a profile with the session that its chain ended in.
type result struct {
	profile plan.Profile
	session assume.Session
}

// login walks the chain of every profile. Nothing is published here.
func (p *phase) login(ctx context.Context, s *store, job explain.Job) ([]result, *explain.Diagnosis) {
	ctx, cancel := context.WithTimeout(ctx, p.plan.Timeout)
	defer cancel()
	tokens := p.tokens()
	walker := p.walker(s, tokens)
	var results []result
	for _, profile := range p.plan.Profiles {
		session, err := p.walk(ctx, walker, profile)
		if errors.Is(err, context.Canceled) {
			return nil, failure(err)
		}
		if err != nil {
			d := explain.Failure(err, explain.Evidence{
				Job:    job,
				Claims: tokens.Last(profile.Audience).Claims,
				Now:    p.Now(),
			})
			return nil, &d
		}
		if d := p.guard(profile, session); d != nil {
			return nil, d
		}
		results = append(results, result{profile, session})
	}
	return results, nil
}

// walk walks one chain. Credentials that no answer of STS's has named yet are
// asked for their identity.
func (p *phase) walk(ctx context.Context, w *assume.Walker, profile plan.Profile) (assume.Session, error) {
	session, err := w.Walk(ctx, profile)
	if err != nil || session.ARN != "" {
		return session, err
	}
	return w.Identify(ctx, p.ownSTS(profile), session)
}

func (p *phase) tokens() *oidc.Tokens {
	return oidc.NewTokens(&oidc.Source{
		URL:    p.runner.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"),
		Bearer: secret.New(p.runner.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")),
		Client: p.client,
		Retry:  p.retry(),
		Seen:   func(token secret.Value) { p.runner.Mask(token.Reveal()) },
	}, p.Now)
}

func (p *phase) retry() retry.Policy {
	policy := retry.Default(p.plan.Attempts)
	policy.Sleep = p.Sleep
	return policy
}

func (p *phase) walker(s *store, tokens *oidc.Tokens) *assume.Walker {
	return &assume.Walker{
		HTTP:  p.client,
		Retry: p.retry(),
		UserAgent: fmt.Sprintf("aws-oidc-action/%s run/%s-%s", p.Version,
			p.runner.Getenv("GITHUB_RUN_ID"), p.runner.Getenv("GITHUB_RUN_ATTEMPT")),
		Token: func(ctx context.Context, profile plan.Profile, refused oidc.Token) (oidc.Token, error) {
			if profile.Source == plan.SourceTokenFile {
				return p.readTokenFile(profile.TokenFile)
			}
			return tokens.Get(ctx, profile.Audience, refused)
		},
		Origin: func(ctx context.Context, profile plan.Profile) (assume.Session, error) {
			return p.origin(ctx, s, profile)
		},
		Seen: p.maskSession,
		Done: p.logHop,
	}
}

func (p *phase) maskSession(s assume.Session) {
	p.runner.Mask(s.AccessKeyID)
	p.runner.Mask(s.SecretAccessKey.Reveal())
	p.runner.Mask(s.SessionToken.Reveal())
	if p.plan.MaskAccountID && s.Account != "" {
		p.maskAccount(s.Account)
	}
}

func (p *phase) logHop(hop, hops int, h plan.Hop, s assume.Session) {
	how := "with the credentials before it"
	if hop == 1 {
		switch p.plan.Profiles[0].Source {
		case plan.SourceOIDC:
			how = "with the job's OIDC token"
		case plan.SourceTokenFile:
			how = "with the token of web-identity-token-file"
		}
	}
	p.runner.Info("Assumed hop %d of %d, %s, %s until %s", hop, hops, h.Role, how, s.Expires.Format(time.RFC3339))
}
