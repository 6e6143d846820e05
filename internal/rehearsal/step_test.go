package rehearsal_test

import (
	"context"
	"time"

	"github.com/org/aws-oidc-action/internal/action"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/rehearsal"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/transport"
)

// theTime is that of every rehearsal in these tests.
func theTime() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

// realStep is the action's own step.
func realStep(ctx context.Context, p rehearsal.Process) (code int, failure *diagnosis.Diagnosis) {
	s := action.Step{
		Environ:   p.Environ,
		Stdout:    p.Stdout,
		HTTP:      transport.New,
		Now:       theTime,
		Sleep:     retry.Sleep,
		Rehearsed: p.Sandbox,
		OnFailure: func(d diagnosis.Diagnosis) { failure = &d },
	}
	code = s.Run(ctx)
	return code, failure
}
