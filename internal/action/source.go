package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/secret"
)

// source gets the credentials that the chains of a plan begin with, and makes
// the walker for them.
type source struct {
	*phase
	store *store
	way   *connection
}

// origin returns the credentials that a chain begins with, and says in the log
// which they are.
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
		found.Expires = time.Time{} // it matters to nobody: later steps get new ones in time
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

// maxTokenFile bounds a file with a token, in bytes; STS takes 20000.
const maxTokenFile = 64 << 10

// readTokenFile reads a web identity token, anew each time: who projects one
// also replaces it. An error begins with what named the file.
func (f *source) readTokenFile(ctx context.Context, what, path string) (oidc.Token, error) {
	raw, err := f.readSecretFile(ctx, path)
	if err != nil {
		return oidc.Token{}, fmt.Errorf("%s: %w", what, err)
	}
	token := oidc.FileToken(raw.Reveal())
	f.runner.Mask(token.Reveal())
	claims, err := oidc.ParseClaims(token.Reveal())
	if err != nil {
		return oidc.Token{}, fmt.Errorf("%s: %s does not hold a token: %w", what, f.runner.Path(path), err)
	}
	return oidc.Token{Raw: token, Claims: claims}, nil
}

// readSecretFile returns what a file holds but for blanks around it, and masks
// it.
func (f *source) readSecretFile(ctx context.Context, path string) (secret.Value, error) {
	path = f.runner.Path(path)
	content, err := f.runner.Files().ReadProjected(ctx, path, maxTokenFile)
	if errors.Is(err, fs.ErrNotExist) {
		return secret.Value{}, fmt.Errorf("the container does not see %s: put it into the workspace or the runner's temporary directory", path)
	}
	if err != nil {
		return secret.Value{}, err
	}
	text := strings.TrimSpace(string(content))
	f.runner.Mask(text)
	return secret.New(text), nil
}
