package action

import (
	"context"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/secret"
)

// source gets the credentials that the chains of a plan begin with, and creates
// the walker for them.
type source struct {
	*phase
	store *store
	login *assume.Login
}

// origin returns the credentials that a chain begins with, and logs which ones
// these are.
func (f *source) origin(ctx context.Context, profile plan.Profile) (assume.Session, error) {
	if profile.Source == plan.SourceKeys {
		f.runner.Info("Using the credentials of input aws-access-key-id")
		return f.inputKeys(), nil
	}
	fallback := ""
	if profile.Source == plan.SourceExisting {
		fallback = f.store.onlyProfile()
	}
	found, err := f.ambient(ctx, profile, fallback)
	if err != nil {
		return assume.Session{}, err
	}
	f.runner.Info("Using the credentials of the default chain (%s)", found.From)
	if found.Renewing && !f.plan.Delivery.HandsOutKeys() {
		found.Expires = time.Time{} // of no interest: later steps get new ones in time
	}
	return found.Session, nil
}

func (f *source) inputKeys() assume.Session {
	return assume.Session{
		AccessKeyID:     f.runner.Input("aws-access-key-id"),
		SecretAccessKey: secret.New(f.runner.Input("aws-secret-access-key")),
		SessionToken:    secret.New(f.runner.Input("aws-session-token")),
	}
}
