package refresh

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/secret"
)

// The variables by which the runner offers tokens to every step of a job.
const (
	requestURL   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	requestToken = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
)

// RequestTokenEnds returns until when the job's request token, the value of
// ACTIONS_ID_TOKEN_REQUEST_TOKEN, mints tokens: so long can sessions be
// renewed. It is the zero time if the token does not say.
func RequestTokenEnds(bearer secret.Value) time.Time {
	claims, err := oidc.ParseClaims(bearer.Reveal())
	if err != nil {
		return time.Time{}
	}
	return claims.Expires()
}

// impossible says why this process cannot even try to renew a profile, or nil.
func (r Refresher) impossible(p plan.Profile) *diagnosis.Diagnosis {
	if p.Source != plan.SourceOIDC {
		return nil
	}
	var missing []string
	for _, name := range []string{requestURL, requestToken} {
		if r.Getenv(name) == "" {
			missing = append(missing, name)
		}
	}
	if missing == nil {
		return nil
	}
	return &diagnosis.Diagnosis{
		Code:   diagnosis.Failed,
		What:   "the session has ended and cannot be renewed here: this process has no " + strings.Join(missing, " and no "),
		Causes: []string{"the runner gives both to every step, but a container that the step starts, sudo and env -i take them away"},
		Cure: "pass both on, for example: docker run -e " + requestURL + " -e " + requestToken +
			", or: sudo --preserve-env=" + requestURL + "," + requestToken,
	}
}

// walk repeats a login: a new token, then every hop of the chain.
func (r Refresher) walk(ctx context.Context, l storedLogin) (assume.Session, *diagnosis.Diagnosis) {
	toTokens := l.Network
	toTokens.Proxies = l.TokenProxies
	policy := retry.Default(l.Attempts)
	policy.Sleep = r.Sleep
	bearer := secret.New(r.Getenv(requestToken))
	tokens := oidc.NewTokens(&oidc.Source{URL: r.Getenv(requestURL), ServerURL: r.Getenv("GITHUB_SERVER_URL"), Bearer: bearer, Client: r.HTTP(toTokens), Retry: policy}, r.Now)
	walker := &assume.Walker{
		HTTP:      r.HTTP(l.Network),
		Retry:     policy,
		UserAgent: l.UserAgent,
		Now:       r.Now,
		Token: func(ctx context.Context, p plan.Profile, refused oidc.Token) (oidc.Token, error) {
			if p.Source == plan.SourceTokenFile {
				return r.readTokenFile(ctx, p.TokenFile)
			}
			return tokens.Get(ctx, p.Audience, refused)
		},
	}
	session, err := walker.Walk(ctx, l.Profile)
	if err == nil && session.ARN != l.ARN {
		err = fmt.Errorf("the endpoint answered with a session of %s where the step got one of %s", session.ARN, l.ARN)
	}
	if err != nil {
		return assume.Session{}, r.diagnose(err, bearer, explain.Evidence{
			Claims:     tokens.Last(l.Profile.Audience).Claims,
			Now:        r.Now(),
			Policies:   l.Policies,
			NoPolicies: l.NoPolicies,
		})
	}
	return session, nil
}

func (r Refresher) diagnose(err error, bearer secret.Value, e explain.Evidence) *diagnosis.Diagnosis {
	end := RequestTokenEnds(bearer)
	if _, ok := errors.AsType[*oidc.EndpointError](err); ok && !end.IsZero() && r.Now().After(end) {
		return &diagnosis.Diagnosis{
			Code:   diagnosis.IDTokenEndpoint,
			Origin: diagnosis.OriginRefusal,
			What:   "GitHub gives this job no more OIDC tokens: " + err.Error(),
			Causes: []string{"the job's request token ended at " + end.Format(time.RFC3339) + "; GitHub does not renew it"},
			Cure:   "split the job, or give a session that is not chained more time with role-duration-seconds",
		}
	}
	d := explain.Failure(err, e)
	return &d
}

// maxTokenFile bounds a web identity token file, in bytes; STS takes 20000.
const maxTokenFile = 64 << 10

// readTokenFile reads a web identity token, anew each time: who projects one
// also replaces it.
func (r Refresher) readTokenFile(ctx context.Context, path string) (oidc.Token, error) {
	content, err := safefile.Files{Workspace: r.Getenv("GITHUB_WORKSPACE")}.ReadProjected(ctx, path, maxTokenFile)
	if err != nil {
		return oidc.Token{}, fmt.Errorf("read the web identity token: %w", err)
	}
	raw := oidc.FileToken(string(content))
	claims, err := oidc.ParseClaims(raw.Reveal())
	if err != nil {
		return oidc.Token{}, fmt.Errorf("file %s does not hold a token: %w", path, err)
	}
	return oidc.Token{Raw: raw, Claims: claims}, nil
}
