package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

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
		if session, from, found = p.existing(s, ""); !found {
			session, from, err = p.ambient(ctx, profile.Region)
		}
	default:
		session, from, err = p.ambient(ctx, profile.Region)
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
func (p *phase) existing(s *store, profileName string) (session assume.Session, from string, found bool) {
	if p.plan.UnsetCurrent {
		return assume.Session{}, "", false
	}
	if profileName != "" {
		if session, from, found = p.fromProfile(s, profileName); found {
			return session, from, true
		}
	}
	if id, key := p.runner.Getenv("AWS_ACCESS_KEY_ID"), p.runner.Getenv("AWS_SECRET_ACCESS_KEY"); id != "" && key != "" {
		return assume.Session{
			AccessKeyID:     id,
			SecretAccessKey: secret.New(key),
			SessionToken:    secret.New(p.runner.Getenv("AWS_SESSION_TOKEN")),
		}, "the environment (AWS_ACCESS_KEY_ID)", true
	}
	if profileName != "" {
		return assume.Session{}, "", false
	}
	names := []string{p.runner.Getenv("AWS_PROFILE"), plan.DefaultProfile}
	if state, err := s.read(); err == nil {
		names = append(names, state.onlyProfile())
	}
	for _, name := range names {
		if session, from, found = p.fromProfile(s, name); found {
			break
		}
	}
	return session, from, found
}

// metadataTimeout is how long the instance metadata service may take. Where it
// is not reachable at all, nothing answers.
const metadataTimeout = 2 * time.Second

// ambient asks the default chain of AWS's SDK, for self-hosted runners.
func (p *phase) ambient(ctx context.Context, region string) (assume.Session, string, error) {
	metadata := imds.New(imds.Options{
		HTTPClient:     &http.Client{Timeout: metadataTimeout},
		Retryer:        aws.NopRetryer{},
		EnableFallback: aws.FalseTernary,
	})
	var provider aws.CredentialsProvider
	if p.plan.UnsetCurrent {
		// The chain would begin with the environment's keys.
		provider = ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = metadata })
	} else {
		cfg, err := config.LoadDefaultConfig(ctx,
			config.WithRegion(region),
			config.WithHTTPClient(p.client),
			config.WithEC2RoleCredentialOptions(func(o *ec2rolecreds.Options) { o.Client = metadata }))
		if err != nil {
			return assume.Session{}, "", fmt.Errorf("load the SDK's configuration: %w", err)
		}
		provider = cfg.Credentials
	}
	c, err := provider.Retrieve(ctx)
	if err != nil {
		return assume.Session{}, "", errors.New("found no credentials: give role-to-assume (and permissions: id-token: write) or aws-access-key-id; " +
			"for an instance's role, its metadata service did not answer this container within two seconds, which takes a hop limit of 2: " +
			"aws ec2 modify-instance-metadata-options --instance-id <id> --http-put-response-hop-limit 2")
	}
	session := assume.Session{
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: secret.New(c.SecretAccessKey),
		SessionToken:    secret.New(c.SessionToken),
	}
	if c.CanExpire {
		session.Expires = c.Expires.UTC()
	}
	return session, "the SDK's default chain (" + c.Source + ")", nil
}

// maxTokenFile bounds a web identity token file, in bytes; STS takes 20000.
const maxTokenFile = 64 << 10

// readTokenFile reads a web identity token, anew each time: who projects one
// also replaces it.
func (p *phase) readTokenFile(path string) (oidc.Token, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.runner.Getenv("GITHUB_WORKSPACE"), path)
	}
	f, err := openTokenFile(path)
	if err != nil {
		return oidc.Token{}, fmt.Errorf("input web-identity-token-file: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxTokenFile))
	if err != nil {
		return oidc.Token{}, fmt.Errorf("input web-identity-token-file: read %s: %w", path, err)
	}
	raw := secret.New(strings.TrimSpace(string(content)))
	p.runner.Mask(raw.Reveal())
	claims, err := oidc.ParseClaims(raw.Reveal())
	if err != nil {
		return oidc.Token{}, fmt.Errorf("input web-identity-token-file: %s does not hold a token: %w", path, err)
	}
	return oidc.Token{Raw: raw, Claims: claims}, nil
}

// openTokenFile follows a symbolic link only in the form in which Kubernetes
// projects a token: name → ..data/name, ..data → ..<timestamp>, all in one
// directory. Any other could make the step send a file of the host's to AWS.
func openTokenFile(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("the container does not see %s: put it into the workspace or the runner's temporary directory", path)
	}
	if info.Mode()&os.ModeSymlink != 0 {
		dir, name := filepath.Split(path)
		target, err := os.Readlink(path)
		data, dataErr := os.Readlink(filepath.Join(dir, "..data"))
		projected := err == nil && dataErr == nil && target == filepath.Join("..data", name) &&
			strings.HasPrefix(data, "..") && data != ".." && !strings.ContainsRune(data, filepath.Separator)
		if !projected {
			return nil, fmt.Errorf("%s is a symbolic link, and not one by which Kubernetes projects tokens: name the file itself", path)
		}
		path = filepath.Join(dir, data, name)
		if info, err = os.Lstat(path); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.Open(path)
}
