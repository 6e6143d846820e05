package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/secret"
)

// checkHelper refuses, before any network call, a directory from which later
// steps cannot start the helper.
func checkHelper(p plan.Plan, s *store) *diagnosis.Diagnosis {
	if !p.Delivery.Process || !s.noExec {
		return nil
	}
	return &diagnosis.Diagnosis{
		Code: diagnosis.Failed,
		What: fmt.Sprintf("refresh: true needs a directory from which later steps can start a program, and %q is mounted noexec", path.Dir(s.shared.Value)),
		Cure: "set refresh: false, or move the runner's work folder to a file system that is mounted without noexec",
	}
}

// installHelper leaves later steps the program that their SDKs start as
// credential_process, and for each profile how to renew it and the session that
// it begins with, so that the first SDK call costs no call to STS. Each is a
// part of its own. The others are the records of earlier steps, which may need
// the program too.
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

// helperError says that refresh: true could not be prepared.
type helperError struct{ error }

func (e helperError) Unwrap() error { return e.error }

// tellHowLong says until when sessions can be renewed: as long as GitHub's
// request token lives.
func (p *publisher) tellHowLong() {
	p.runner.Info("Note: later steps that are container actions cannot run the host's program; use refresh: false for those")
	ends := refresh.RequestTokenEnds(secret.New(p.runner.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")))
	if ends.IsZero() {
		return
	}
	p.runner.Info("Note: the credentials renew themselves until %s, when GitHub's request token ends, and then last as long as their session; where that is too short, log in to a first hop with a longer one (role-duration-seconds, at most 12 hours)",
		ends.UTC().Format(time.RFC3339))
}

// removeLogins deletes what a record left for the helper, and says what came of
// it: SDKs swallow what the helper printed. A login that an earlier step stored
// under the same name goes with it.
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
		c.tellNotes(stored, name)
		errs = append(errs, stored.Remove(ctx, name))
	}
	return errors.Join(errs...)
}

func (c *cleanUp) tellNotes(stored *refresh.Store, name string) {
	notes, err := stored.Notes(name)
	switch {
	case err != nil:
		c.runner.Warning("refresh", fmt.Sprintf("the renewals of profile %s cannot be read: %v", name, err))
	case notes.Failures > 0:
		d := notes.Failure
		d.What = fmt.Sprintf("profile %s was renewed %d times, and %d renewals failed, the last one at %s: %s",
			name, notes.Renewals, notes.Failures, notes.Failed.UTC().Format(time.RFC3339), d.What)
		c.annotate(runner.LevelWarning, d)
	case notes.Renewals > 0:
		c.runner.Info("Profile %s was renewed %d times, last at %s", name, notes.Renewals, notes.Renewed.UTC().Format(time.RFC3339))
	}
}
