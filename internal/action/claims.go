package action

import (
	"context"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/runner"
)

// showClaims prints the claims of the token that a login would present.
func (p mainPhase) showClaims(ctx context.Context, login *assume.Login) *diagnosis.Diagnosis {
	token, err := login.Token(ctx, login.Tokens(), p.plan.Profiles[0], oidc.Token{})
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
