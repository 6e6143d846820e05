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
	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/secret"
)

// RequestTokenEnds returns when the job's request token, the value of
// ACTIONS_ID_TOKEN_REQUEST_TOKEN, expires: until then sessions can be renewed. It
// is the zero time if the token has no expiry.
func RequestTokenEnds(bearer secret.Value) time.Time {
	claims, err := oidc.ParseClaims(bearer.Reveal())
	if err != nil {
		return time.Time{}
	}
	return claims.Expires()
}

// impossible says why this process cannot try to renew a profile, or nil.
func (r Refresher) impossible(p plan.Profile) *diagnosis.Diagnosis {
	if p.Source != plan.SourceOIDC {
		return nil
	}
	var missing []string
	for _, name := range []string{oidc.RequestURL, oidc.RequestToken} {
		if r.Getenv(name) == "" {
			missing = append(missing, name)
		}
	}
	if missing == nil {
		return nil
	}
	return &diagnosis.Diagnosis{
		Code:   diagnosis.Failed,
		What:   "the session has expired and cannot be renewed here: this process has no " + strings.Join(missing, " and no "),
		Causes: []string{"the runner sets both for every step, but containers that a step starts, sudo and env -i do not pass them on"},
		Cure: "pass both on, for example: docker run -e " + oidc.RequestURL + " -e " + oidc.RequestToken +
			", or: sudo --preserve-env=" + oidc.RequestURL + "," + oidc.RequestToken,
	}
}

// walk repeats a login: a new token, then every hop of the chain.
func (r Refresher) walk(ctx context.Context, l storedLogin) (assume.Session, *diagnosis.Diagnosis) {
	login := &assume.Login{
		Getenv: r.Getenv, HTTP: r.HTTP, Now: r.Now, Sleep: r.Sleep,
		Network: l.Network, TokenProxies: l.TokenProxies, Attempts: l.Attempts, UserAgent: l.UserAgent,
		Files: safefile.Files{Workspace: r.Getenv("GITHUB_WORKSPACE")},
	}
	tokens := login.Tokens()
	session, err := login.Walker(tokens).Walk(ctx, l.Profile)
	if err == nil && session.ARN != l.ARN {
		err = fmt.Errorf("the endpoint returned a session of %s; expected one of %s, as in the step", session.ARN, l.ARN)
	}
	if err != nil {
		return assume.Session{}, r.diagnose(err, explain.Evidence{
			Context:    ctx,
			Claims:     tokens.Last(l.Profile.Audience).Claims,
			Now:        r.Now(),
			Policies:   l.Policies,
			NoPolicies: l.NoPolicies,
		})
	}
	return session, nil
}

func (r Refresher) diagnose(err error, e explain.Evidence) *diagnosis.Diagnosis {
	end := RequestTokenEnds(secret.New(r.Getenv(oidc.RequestToken)))
	if _, ok := errors.AsType[*oidc.EndpointError](err); ok && !end.IsZero() && r.Now().After(end) {
		return &diagnosis.Diagnosis{
			Code:   diagnosis.IDTokenEndpoint,
			Origin: diagnosis.OriginRefusal,
			What:   "GitHub issues no more OIDC tokens to this job: " + err.Error(),
			Causes: []string{"the job's request token expired at " + end.Format(time.RFC3339) + "; GitHub does not renew it"},
			Cure:   "split the job, or use a longer session that is not chained (role-duration-seconds)",
		}
	}
	d := explain.Failure(err, e)
	return &d
}
