package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
func (p *phase) login(ctx context.Context, job explain.Job) ([]result, *explain.Diagnosis) {
	ctx, cancel := context.WithTimeout(ctx, p.plan.Timeout)
	defer cancel()
	tokens := oidc.NewTokens(&oidc.Source{
		URL:    p.runner.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"),
		Bearer: secret.New(p.runner.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")),
		Client: p.HTTP,
		Retry:  retry.Default(p.plan.Attempts),
		Seen:   func(token secret.Value) { p.runner.Mask(token.Reveal()) },
	}, p.Now)
	walker := &assume.Walker{
		HTTP:   p.HTTP,
		Tokens: tokens,
		Retry:  retry.Default(p.plan.Attempts),
		Seen:   p.maskSession,
		Done:   p.logHop,
	}
	var results []result
	for _, profile := range p.plan.Profiles {
		session, err := walker.Walk(ctx, profile)
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

func (p *phase) maskSession(s assume.Session) {
	p.runner.Mask(s.AccessKeyID)
	p.runner.Mask(s.SecretAccessKey.Reveal())
	p.runner.Mask(s.SessionToken.Reveal())
	if p.plan.MaskAccountID {
		p.maskAccount(s.Account)
	}
}

func (p *phase) logHop(hop, hops int, h plan.Hop, s assume.Session) {
	how := "with the session before it"
	if hop == 1 {
		how = "with the job's OIDC token"
	}
	p.runner.Info("Assumed hop %d of %d, %s, %s until %s", hop, hops, h.Role, how, s.Expires.Format(time.RFC3339))
}

// guard holds STS's answer against what was asked: plan has seen to the ARN,
// but only the answer says whose credentials these are.
func (p *phase) guard(profile plan.Profile, s assume.Session) *explain.Diagnosis {
	if allowed := p.plan.AllowedAccounts; len(allowed) > 0 && !slices.Contains(allowed, s.Account) {
		return &explain.Diagnosis{
			Code: explain.AccountNotAllowed,
			What: fmt.Sprintf("the credentials belong to account %s, which is not among allowed-account-ids (%s)", s.Account, strings.Join(allowed, ", ")),
			Cure: "correct the role, or allow the account; nothing was exported",
		}
	}
	if want := profile.Last().Role.Account(); s.Account != want {
		return &explain.Diagnosis{
			Code: explain.Failed,
			What: fmt.Sprintf("the endpoint answered with a session in account %s where the role is in %s", s.Account, want),
			Cure: "check sts-endpoint and the AWS_ENDPOINT_URL variables; nothing was exported",
		}
	}
	return nil
}
