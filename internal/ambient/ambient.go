// Package ambient finds the credentials that a job has without logging in:
// those of its environment, of a profile, of its container or pod, of its
// instance. It reads profiles with the AWS SDK's config package and calls the
// SDK's providers, in the order of the SDK for Go. It does not read the process's
// environment, starts no program that a file of the workspace names, and assumes
// every role with the caller's walker.
package ambient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/secret"
)

// Chain is the default credential chain of AWS SDKs. All fields except Fallback
// and Stored are required.
type Chain struct {
	Environ []string // as os.Environ returns it; programs that profiles start inherit it, without ACTIONS_*, INPUT_* and STATE_*

	// Files reads the files that variables and profiles name, and Path maps a
	// path of theirs to the one by which this process sees the file.
	Files safefile.Files
	Path  func(string) string

	// Foreign reports whether a profile file may belong to a repository. No
	// program that such a file names is started.
	Foreign func(path string) bool

	// Stored returns the session of a credential_process of our own without
	// starting it, and reports whether the command is one.
	Stored func(ctx context.Context, command string) (session assume.Session, ours bool, err error)

	// Fallback is the profile to use if AWS_PROFILE names none and the profile
	// default has no credentials; or empty.
	Fallback string

	STS    plan.Hop              // region, endpoint, FIPS and session name of the roles that profiles assume
	Walker func() *assume.Walker // assumes them
	Mask   func(string)          // is called with each secret as soon as it is read
	HTTP   *http.Client          // to AWS
	Direct *http.Client          // to the machine's own services, without a proxy
	Retry  retry.Policy          // of each provider, up to three attempts
}

// attempts bounds the calls of a provider, as in the SDK.
const attempts = 3

// Credentials are what a source yields.
type Credentials struct {
	assume.Session
	From string // "environment", "token file", "profile NAME", "container" or "instance"

	// Renewing reports whether the SDKs of later steps get new ones from the
	// same source in time, unless these are exported.
	Renewing bool
}

// Resolve returns the credentials of the first source that is configured. One
// that is configured but does not work is an error, so that no job continues
// with other credentials than the configured ones.
func (c *Chain) Resolve(ctx context.Context) (Credentials, error) {
	if found, ok := c.Environment(); ok {
		return found, nil
	}
	if err := c.halfKeys(); err != nil {
		return Credentials{}, err
	}
	if path := c.getenv(tokenFile); path != "" {
		session, err := c.webIdentity(ctx, webIdentity{
			source: "variable " + tokenFile, path: path,
			roleFrom: "variable AWS_ROLE_ARN", role: c.getenv("AWS_ROLE_ARN"), name: c.getenv("AWS_ROLE_SESSION_NAME"),
		})
		return Credentials{session, "token file", true}, err
	}
	if found, ok, err := c.announced(ctx); ok || err != nil {
		return found, err
	}
	return c.Machine(ctx)
}

// The variables of the keys and of the profile, as the SDK for Go reads them:
// the first one that is not empty is used.
var (
	keyIDNames     = []string{"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"}
	secretKeyNames = []string{"AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"}
	profileNames   = []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}
)

// halfKeys returns the error for an environment with one key but not the other,
// for example because a secret is empty. SDKs disagree on whether to ignore it.
func (c *Chain) halfKeys() error {
	id, key := c.getenv(keyIDNames...), c.getenv(secretKeyNames...)
	if (id == "") == (key == "") {
		return nil
	}
	missing := keyIDNames[0]
	if key == "" {
		missing = secretKeyNames[0]
	}
	return &Error{Source: "environment", Reason: "it has only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", Remedy: "set " + missing + ", or unset the other one"}
}

// Environment returns the keys of the environment, if it has both.
func (c *Chain) Environment() (found Credentials, ok bool) {
	session := assume.Session{
		AccessKeyID:     c.getenv(keyIDNames...),
		SecretAccessKey: secret.New(c.getenv(secretKeyNames...)),
		SessionToken:    secret.New(c.getenv("AWS_SESSION_TOKEN")),
	}
	return Credentials{session, "environment", false}, session.AccessKeyID != "" && !session.SecretAccessKey.IsZero()
}

// Machine returns the credentials of the container or of the instance, without
// regard to keys in variables and to profiles.
func (c *Chain) Machine(ctx context.Context) (Credentials, error) {
	if c.getenv(relativeURI) != "" || c.getenv(fullURI) != "" {
		session, err := c.container(ctx)
		return Credentials{session, "container", true}, err
	}
	session, err := c.instance(ctx, instanceOptions{})
	if e, ok := errors.AsType[*Error](err); ok { // it may not be configured at all
		e.Source, e.Reason = "environment, profiles, container or instance", e.Source+": "+e.Reason
	}
	return Credentials{session, "instance", true}, err
}

// tokenFile is the variable in which Kubernetes passes the path of a service
// account's token.
const tokenFile = "AWS_WEB_IDENTITY_TOKEN_FILE"

// webIdentity is a role to assume with a token in a file.
type webIdentity struct {
	source, path   string // what names the file
	roleFrom, role string // what names the role
	name           string // of the session; empty for the default
}

func (c *Chain) webIdentity(ctx context.Context, w webIdentity) (assume.Session, error) {
	hop, err := c.hop(w.roleFrom, w.role, w.name)
	if err != nil {
		return assume.Session{}, err
	}
	walker := c.Walker()
	walker.Token = func(ctx context.Context, _ plan.Profile, _ oidc.Token) (oidc.Token, error) {
		token, err := oidc.ReadTokenFile(ctx, c.Files, c.Path(w.path), c.Mask)
		if _, ok := errors.AsType[*oidc.TokenFileError](err); ok {
			return oidc.Token{}, &Error{Source: w.source, Reason: "the file does not contain a token", Remedy: "check " + w.path}
		}
		if err != nil {
			return oidc.Token{}, unread(w.source, err)
		}
		return token, nil
	}
	return walker.Walk(ctx, plan.Profile{Region: hop.Region, Source: plan.SourceTokenFile, TokenFile: w.path, Chain: []plan.Hop{hop}})
}

// hop is the assumption of a role that a variable or a profile names.
func (c *Chain) hop(from, role, sessionName string) (plan.Hop, error) {
	hop := c.STS
	hop.Role = arn.Role(role)
	if hop.Role.Account() == "" {
		return plan.Hop{}, &Error{Source: from, Reason: "\"" + role + "\" is not the ARN of a role", Remedy: "set one such as arn:aws:iam::111111111111:role/NAME"}
	}
	if sessionName != "" {
		hop.SessionName = sessionName
	}
	hop.Duration = plan.DefaultDuration
	return hop, nil
}

// readSecret returns the content of a file without the white space around it,
// masked.
func (c *Chain) readSecret(ctx context.Context, path string) (secret.Value, error) {
	content, err := c.Files.ReadProjected(ctx, c.Path(path), oidc.MaxTokenFile)
	if err != nil {
		return secret.Value{}, err
	}
	text := strings.TrimSpace(string(content))
	c.Mask(text)
	return secret.New(text), nil
}

// getenv returns the value of the first variable that is not empty.
func (c *Chain) getenv(names ...string) string {
	for _, name := range names {
		// The last one counts, as for a process.
		for i := len(c.Environ) - 1; i >= 0; i-- {
			value, ok := strings.CutPrefix(c.Environ[i], name+"=")
			if ok && value != "" {
				return value
			}
			if ok {
				break
			}
		}
	}
	return ""
}

// homeFile returns the path of a file in the home directory. Without one, a
// path of it would begin in the workspace.
func (c *Chain) homeFile(source string, names ...string) (string, error) {
	home := c.getenv("HOME")
	if !filepath.IsAbs(home) {
		return "", &Error{Source: source, Reason: fmt.Sprintf("HOME is %q, expected an absolute path", home), Remedy: "set HOME"}
	}
	return filepath.Join(append([]string{home}, names...)...), nil
}

// retrieve calls a provider of the SDK. Each attempt ends after limit; one
// that times out is the last.
func (c *Chain) retrieve(ctx context.Context, limit time.Duration, provider aws.CredentialsProvider) (assume.Session, error) {
	policy := c.Retry
	policy.Attempts = min(policy.Attempts, attempts)
	var got aws.Credentials
	err := policy.Do(ctx, func() (again bool, err error) {
		attempt, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		got, err = retrieve(attempt, provider)
		switch {
		case err == nil && got.HasKeys():
			return false, nil
		case err == nil:
			return false, errNoKeys
		case ctx.Err() != nil: // which some providers do not pass on
			return false, ctx.Err()
		case attempt.Err() != nil:
			return false, timedOut(limit)
		}
		return transient(err), err
	})
	if err != nil {
		return assume.Session{}, err
	}
	session := assume.Session{
		AccessKeyID:     got.AccessKeyID,
		SecretAccessKey: secret.New(got.SecretAccessKey),
		SessionToken:    secret.New(got.SessionToken),
	}
	if got.CanExpire {
		session.Expires = got.Expires.UTC()
	}
	return session, nil
}

// retrieve makes an error of a panic: damaged files of logins cause some in the
// SDK.
func retrieve(ctx context.Context, provider aws.CredentialsProvider) (got aws.Credentials, err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return provider.Retrieve(ctx)
}
