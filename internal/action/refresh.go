package action

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/secret"
)

// programName is the copy of this executable in the state directory, which
// later steps' SDKs start as credential_process.
const programName = "aws-oidc-action"

// leaveProgram puts into the state directory all that credential-process
// needs: the program, and for each profile how to renew it and the session
// that it begins with, so that the first SDK call costs no call to STS.
func (p *phase) leaveProgram(ctx context.Context, s *store, results []result) (undo func() error, err error) {
	if err := s.dir.MkdirAll(stateDir); err != nil {
		return nil, fmt.Errorf("make the state directory: %w", err)
	}
	var done []func() error
	undo = func() error {
		var errs []error
		for _, back := range slices.Backward(done) {
			errs = append(errs, back())
		}
		return errors.Join(errs...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, undo())
		}
	}()
	if !s.hasProgram() {
		done = append(done, func() error { return s.dir.Remove(stateDir + "/" + programName) })
		if err := p.copyProgram(s); err != nil {
			return nil, err
		}
	}
	stored, err := s.stored()
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		if r.failure != nil {
			continue
		}
		name := storedName(r.profile)
		back, err := stored.Put(ctx, name, refresh.Login{
			Profile:   r.profile,
			Network:   p.network(ctx),
			Attempts:  p.plan.Attempts,
			Timeout:   p.plan.Timeout,
			UserAgent: p.userAgent(),

			MaskAccounts: p.runner.HidesAccounts(),
		}, r.session, p.Now())
		if err != nil {
			return nil, fmt.Errorf("store how profile %s is renewed: %w", name, err)
		}
		done = append(done, back)
		p.record.Refresh = append(p.record.Refresh, name)
	}
	return undo, nil
}

func (s *store) hasProgram() bool {
	_, err := os.Lstat(s.shared.Join(programName).Here)
	return err == nil
}

func (p *phase) copyProgram(s *store) error {
	program, err := os.Open(p.Program)
	if err != nil {
		return fmt.Errorf("copy the program for later steps: %w", err)
	}
	defer program.Close()
	if err := s.dir.WriteFrom(stateDir+"/"+programName, program, 0o700); err != nil {
		return fmt.Errorf("copy the program for later steps: %w", err)
	}
	return nil
}

// tellHowLong says until when sessions can be renewed: as long as GitHub's
// request token lives.
func (p *phase) tellHowLong() {
	p.runner.Info("Note: later steps that are container actions cannot run the host's program; use refresh: false for those")
	ends := refresh.RequestTokenEnds(secret.New(p.runner.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")))
	if ends.IsZero() {
		return
	}
	p.runner.Info("Note: the credentials renew themselves until %s, when GitHub's request token ends, and then last as long as their session; where that is too short, log in to a first hop with a longer one (role-duration-seconds, at most 12 hours)",
		ends.UTC().Format(time.RFC3339))
}

// refreshed returns the session that a profile's program came to last, if that
// still lives.
func (p *phase) refreshed(s *store, name string) (assume.Session, bool) {
	state, err := s.read()
	if err != nil {
		return assume.Session{}, false
	}
	stored, err := s.stored()
	if err != nil {
		return assume.Session{}, false
	}
	for _, known := range []string{name, state.defaultProfile()} {
		session, err := stored.Session(known)
		if err == nil && session.Expires.After(p.Now()) {
			return session, true
		}
	}
	return assume.Session{}, false
}

// removeStored deletes what a record left for credential-process, and says
// what became of it: SDKs swallow what the program printed. A profile that an
// earlier step stored under the same name goes with it.
func (p *phase) removeStored(ctx context.Context, s *store, r record, earlier []record) error {
	if len(r.Refresh) == 0 {
		return nil
	}
	stored, err := s.stored()
	if err != nil {
		return err
	}
	for _, name := range r.Refresh {
		p.tellNotes(stored, name)
		if err := stored.Remove(ctx, name); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(earlier, func(r record) bool { return len(r.Refresh) > 0 }) {
		return nil
	}
	return s.dir.RemoveAll(stateDir + "/" + programName)
}

func (p *phase) tellNotes(stored *refresh.Store, name string) {
	notes, err := stored.Notes(name)
	switch {
	case err != nil:
		p.runner.Warning("refresh", fmt.Sprintf("what became of profile %s cannot be read: %v", name, err))
	case notes.Failures > 0:
		d := notes.Failure
		d.What = fmt.Sprintf("profile %s was renewed %d times, and %d renewals failed, the last one at %s: %s",
			name, notes.Renewals, notes.Failures, notes.Failed.UTC().Format(time.RFC3339), d.What)
		p.annotate(runner.LevelWarning, d)
	case notes.Renewals > 0:
		p.runner.Info("Profile %s was renewed %d times, last at %s", name, notes.Renewals, notes.Renewed.UTC().Format(time.RFC3339))
	}
}
