package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/secret"
)

// checkHelper rejects, before any network call, a directory from which later
// steps cannot start the helper.
func checkHelper(p plan.Plan, s *store) *diagnosis.Diagnosis {
	if !p.Delivery.Process || !s.noExec {
		return nil
	}
	return &diagnosis.Diagnosis{
		Code: diagnosis.Failed,
		What: fmt.Sprintf("refresh: true requires a directory from which later steps can start a program, but %q is mounted noexec", path.Dir(s.shared.Value)),
		Cure: "set refresh: false, or move the runner's work folder to a file system mounted without noexec",
	}
}

// installHelper returns the deeds that install the program that SDKs of later
// steps start as credential_process, and store for each profile its login and
// its first session, so that the first SDK call needs no call to STS. others are
// the records of earlier steps, which may need the program too.
func (p *publisher) installHelper(ctx context.Context, others []jobstate.Record, results []result) []jobstate.Deed {
	deeds := []jobstate.Deed{{Name: "install the helper for refresh", Do: func(context.Context) (func(context.Context) error, error) {
		program, err := os.Open(p.Program)
		if err != nil {
			return nil, helperError{err}
		}
		defer program.Close()
		if err := p.store.WriteHelper(program); err != nil {
			return nil, helperError{err}
		}
		return func(context.Context) error { return p.store.RemoveHelper(others) }, nil
	}}}
	evidence := p.evidence(ctx)
	for _, r := range results {
		if r.failure != nil {
			continue
		}
		name := storedName(r.profile)
		p.record.Refresh = append(p.record.Refresh, name)
		login := refresh.Login{
			Profile:      r.profile,
			Network:      p.login.Network,
			TokenProxies: p.login.TokenProxies,
			Attempts:     p.plan.Attempts,
			Timeout:      p.plan.Timeout,
			UserAgent:    p.login.UserAgent,

			MaskAccounts: p.runner.HidesAccounts(),
			Policies:     evidence.Policies,
			NoPolicies:   evidence.NoPolicies,
		}
		deeds = append(deeds, jobstate.Deed{Name: "store the login of profile " + name, Do: func(ctx context.Context) (func(context.Context) error, error) {
			stored, err := p.store.stored()
			if err != nil {
				return nil, helperError{err}
			}
			undo, err := stored.Put(ctx, name, login, r.session, p.Now())
			if err != nil {
				return nil, helperError{err}
			}
			return func(context.Context) error { return undo() }, nil
		}})
	}
	return deeds
}

// helperError means that the helper for refresh: true could not be installed.
type helperError struct{ error }

func (e helperError) Unwrap() error { return e.error }

// logRenewalEnd logs until when sessions can be renewed: until GitHub's request
// token expires.
func (p *publisher) logRenewalEnd() {
	p.runner.Info("Note: later steps that are container actions cannot run the helper program; use refresh: false for them")
	ends := refresh.RequestTokenEnds(secret.New(p.runner.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")))
	if ends.IsZero() {
		return
	}
	p.runner.Info("Note: the credentials are renewed until %s, when GitHub's request token expires, and then last until their session ends; if that is too short, use a longer session for the first hop (role-duration-seconds, at most 12 hours)",
		ends.UTC().Format(time.RFC3339))
}

// removeLogins deletes what a record stored for the helper, and logs how its
// renewals went, because SDKs do not show what the helper prints. A login that an
// earlier step stored under the same name is deleted too.
func (c *cleanUp) removeLogins(ctx context.Context, r jobstate.Record) error {
	if len(r.Refresh) == 0 {
		return nil
	}
	stored, err := c.store.stored()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range r.Refresh {
		c.logRenewals(stored, name)
		errs = append(errs, stored.Remove(ctx, name))
	}
	return errors.Join(errs...)
}

func (c *cleanUp) logRenewals(stored *refresh.Store, name string) {
	notes, err := stored.Notes(name)
	switch {
	case err != nil:
		c.runner.Warning("refresh", fmt.Sprintf("the record of renewals of profile %s cannot be read: %v", name, err))
	case notes.Failures > 0:
		d := notes.Failure
		d.What = fmt.Sprintf("profile %s: %s succeeded and %d failed, the last one at %s: %s",
			name, renewals(notes.Renewals), notes.Failures, notes.Failed.UTC().Format(time.RFC3339), d.What)
		c.annotate(runner.LevelWarning, d)
	case notes.Renewals > 0:
		c.runner.Info("Profile %s: %s, the last one at %s", name, renewals(notes.Renewals), notes.Renewed.UTC().Format(time.RFC3339))
	}
}

// renewals counts renewals in words.
func renewals(n int) string {
	if n == 1 {
		return "1 renewal"
	}
	return strconv.Itoa(n) + " renewals"
}
