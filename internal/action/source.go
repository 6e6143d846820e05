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

// origin returns the credentials that a chain begins with, and says in the log
// which they are.
func (p *phase) origin(ctx context.Context, s *store, profile plan.Profile) (assume.Session, error) {
	if profile.Source == plan.SourceKeys {
		p.runner.Info("Using the credentials of input aws-access-key-id")
		return p.inputKeys(), nil
	}
	fallback := ""
	if profile.Source == plan.SourceExisting {
		fallback = s.onlyProfile()
	}
	found, err := p.ambient(ctx, s, profile, fallback)
	if err != nil {
		return assume.Session{}, err
	}
	p.runner.Info("Using the credentials of the default chain (%s)", found.From)
	if found.Renewing && profile.Name == "" && !p.plan.ExportEnv && !p.plan.OutputCredentials {
		found.Expires = time.Time{} // it matters to nobody: later steps get new ones in time
	}
	return found.Session, nil
}

func (p *phase) inputKeys() assume.Session {
	return assume.Session{
		AccessKeyID:     p.runner.Input("aws-access-key-id"),
		SecretAccessKey: secret.New(p.runner.Input("aws-secret-access-key")),
		SessionToken:    secret.New(p.runner.Input("aws-session-token")),
	}
}

// maxTokenFile bounds a file with a token, in bytes; STS takes 20000.
const maxTokenFile = 64 << 10

// readTokenFile reads a web identity token, anew each time: who projects one
// also replaces it. An error begins with what named the file.
func (p *phase) readTokenFile(ctx context.Context, what, path string) (oidc.Token, error) {
	raw, err := p.readSecretFile(ctx, path)
	if err != nil {
		return oidc.Token{}, fmt.Errorf("%s: %w", what, err)
	}
	token := oidc.FileToken(raw.Reveal())
	p.runner.Mask(token.Reveal())
	claims, err := oidc.ParseClaims(token.Reveal())
	if err != nil {
		return oidc.Token{}, fmt.Errorf("%s: %s does not hold a token: %w", what, p.runner.Path(path), err)
	}
	return oidc.Token{Raw: token, Claims: claims}, nil
}

// readSecretFile returns what a file holds but for blanks around it, and masks
// it.
func (p *phase) readSecretFile(ctx context.Context, path string) (secret.Value, error) {
	path = p.runner.Path(path)
	content, err := p.runner.Files().ReadProjected(ctx, path, maxTokenFile)
	if errors.Is(err, fs.ErrNotExist) {
		return secret.Value{}, fmt.Errorf("the container does not see %s: put it into the workspace or the runner's temporary directory", path)
	}
	if err != nil {
		return secret.Value{}, err
	}
	text := strings.TrimSpace(string(content))
	p.runner.Mask(text)
	return secret.New(text), nil
}
