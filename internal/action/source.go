package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/secret"
)

// origin returns the credentials that a chain begins with, and says in the log
// which they are.
func (p *phase) origin(ctx context.Context, s *store, profile plan.Profile) (assume.Session, error) {
	var session assume.Session
	var from string
	var err error
	switch profile.Source {
	case plan.SourceKeys:
		session, from = p.inputKeys(), "the input aws-access-key-id"
	case plan.SourceExisting:
		var found bool
		if session, from, found = p.existing(ctx, s, ""); !found {
			session, from, err = p.ambient(ctx, s, profile)
		}
	default:
		session, from, err = p.ambient(ctx, s, profile)
	}
	if err != nil {
		return assume.Session{}, err
	}
	p.runner.Info("Credentials come from %s", from)
	return session, nil
}

func (p *phase) inputKeys() assume.Session {
	return assume.Session{
		AccessKeyID:     p.runner.Input("aws-access-key-id"),
		SecretAccessKey: secret.New(p.runner.Input("aws-secret-access-key")),
		SessionToken:    secret.New(p.runner.Input("aws-session-token")),
	}
}

// existing returns the job's credentials: for a profile those that stand under
// its name, else the environment's keys, else those of a profile that an
// earlier step wrote.
func (p *phase) existing(ctx context.Context, s *store, profileName string) (session assume.Session, from string, found bool) {
	if p.plan.UnsetCurrent {
		return assume.Session{}, "", false
	}
	if profileName != "" {
		if session, from, found = p.fromProfile(ctx, s, profileName); found {
			return session, from, true
		}
	}
	if session, found = p.environmentKeys(); found {
		return session, "the environment (AWS_ACCESS_KEY_ID)", true
	}
	if profileName != "" {
		return assume.Session{}, "", false
	}
	names := []string{p.runner.Getenv("AWS_PROFILE"), plan.DefaultProfile}
	if state, err := s.Read(); err == nil {
		names = append(names, state.OnlyProfile())
	}
	for _, name := range names {
		if session, from, found = p.fromProfile(ctx, s, name); found {
			break
		}
	}
	return session, from, found
}

func (p *phase) environmentKeys() (session assume.Session, found bool) {
	session = assume.Session{
		AccessKeyID:     p.runner.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: secret.New(p.runner.Getenv("AWS_SECRET_ACCESS_KEY")),
		SessionToken:    secret.New(p.runner.Getenv("AWS_SESSION_TOKEN")),
	}
	return session, session.AccessKeyID != "" && !session.SecretAccessKey.IsZero()
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
	claims, err := oidc.ParseClaims(raw.Reveal())
	if err != nil {
		return oidc.Token{}, fmt.Errorf("%s: %s does not hold a token: %w", what, p.inJob(path), err)
	}
	return oidc.Token{Raw: raw, Claims: claims}, nil
}

// readSecretFile returns what a file holds but for blanks around it, and masks
// it.
func (p *phase) readSecretFile(ctx context.Context, path string) (secret.Value, error) {
	path = p.inJob(path)
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

// inJob is a path as a step means it: steps begin in the workspace.
func (p *phase) inJob(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.runner.Getenv("GITHUB_WORKSPACE"), path)
}
