package action

import (
	"context"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/runner"
)

// showClaims prints what the token claims that a login would present.
func (p mainPhase) showClaims(ctx context.Context, from *source) *diagnosis.Diagnosis {
	token, err := from.token(ctx, from.tokens(), p.plan.Profiles[0], oidc.Token{})
	if err != nil {
		d := explain.Failure(err, explain.Evidence{Now: p.Now()})
		return &d
	}
	p.runner.Info("%s", explain.NewTokenReport(token.Claims).Text())
	if err := p.runner.Publish(runner.Publication{Outputs: []runner.Pair{runner.NewPair("authenticated", "false")}}); err != nil {
		return failure(err)
	}
	return nil
}

// token returns the token that opens a profile's chain. One that STS refused as
// expired is given as refused.
func (f *source) token(ctx context.Context, tokens *oidc.Tokens, profile plan.Profile, refused oidc.Token) (oidc.Token, error) {
	if profile.Source == plan.SourceTokenFile {
		return f.readTokenFile(ctx, "input web-identity-token-file", profile.TokenFile)
	}
	return tokens.Get(ctx, profile.Audience, refused)
}
