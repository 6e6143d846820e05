package action

import (
	"context"
	"fmt"
	"slices"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/runner"
)

// fromProfile returns the credentials of a profile: its keys, or the session
// that its program came to last, if that still lives.
func (p *phase) fromProfile(ctx context.Context, s *store, name string) (session assume.Session, from string, found bool) {
	if name == "" {
		return assume.Session{}, "", false
	}
	files, err := p.openProfileFiles(ctx, s)
	if err != nil {
		return assume.Session{}, "", false
	}
	defer files.Close(s)
	config, credentials, err := files.load()
	if err != nil {
		return assume.Session{}, "", false
	}
	if session, found = keysIn(credentials, name); !found {
		if _, process := config.Get(name, "credential_process"); !process {
			return assume.Session{}, "", false
		}
		if session, found = p.refreshed(s, name); !found {
			return assume.Session{}, "", false
		}
	}
	return session, "profile " + name, true
}

// keysIn returns the keys that a profile has in one of the files.
func keysIn(file *profile.File, name string) (session assume.Session, found bool) {
	id, _ := file.Get(name, "aws_access_key_id")
	key, _ := file.Get(name, "aws_secret_access_key")
	token, _ := file.Get(name, "aws_session_token")
	return assume.Session{AccessKeyID: id.Reveal(), SecretAccessKey: key, SessionToken: token}, !id.IsZero() && !key.IsZero()
}

// profileEntry is a profile to be written.
type profileEntry struct {
	name   string
	of     result
	stored string // the name by which credential-process knows it; empty for keys
}

// profileEntries are the profiles that a step writes: those of its results,
// and [default] for the default profile. A plain login takes over a [default]
// of an earlier step, so that no two SDKs see two accounts.
func (p *phase) profileEntries(s *store, results []result) ([]profileEntry, error) {
	var entries []profileEntry
	add := func(r result, name string) {
		e := profileEntry{name: name, of: r}
		if p.plan.Refresh {
			e.stored = storedName(r.profile)
		}
		entries = append(entries, e)
	}
	for _, r := range results {
		if r.failure != nil {
			continue
		}
		if r.profile.Name != "" {
			add(r, r.profile.Name)
		}
		isDefault := r.profile.Name == p.plan.Default || p.plan.Refresh && !p.many()
		if isDefault && r.profile.Name != plan.DefaultProfile && (p.many() || p.plan.Refresh) {
			add(r, plan.DefaultProfile)
		}
	}
	if p.many() || !p.plan.ExportEnv {
		return entries, nil
	}
	state, err := s.read()
	if err == nil && state.wrote(plan.DefaultProfile) && results[0].profile.Name != plan.DefaultProfile {
		add(results[0], plan.DefaultProfile)
	}
	return entries, err
}

// storedName is the name by which credential-process knows a profile.
func storedName(p plan.Profile) string {
	if p.Name == "" {
		return plan.DefaultProfile
	}
	return p.Name
}

// checkProfiles refuses, before anything is asked of anybody, to replace a
// profile that the job has. A [default] of our own, and with
// use-existing-credentials any profile of our own, is renewed.
func (p *phase) checkProfiles(ctx context.Context, s *store) *explain.Diagnosis {
	if p.plan.Profiles[0].Name == "" || p.plan.OverwriteProfile {
		return nil
	}
	files, err := p.openProfileFiles(ctx, s)
	if err != nil {
		return failure(err)
	}
	defer files.Close(s)
	config, credentials, err := files.load()
	if err != nil {
		return failure(err)
	}
	state, err := s.read()
	if err != nil {
		return failure(err)
	}
	input := "aws-profile"
	if p.many() {
		input = "profiles"
	}
	var problems []plan.Problem
	names := []string{p.plan.Default}
	for _, profile := range p.plan.Profiles {
		names = append(names, profile.Name)
	}
	if p.plan.Default != "" {
		names[0] = plan.DefaultProfile
	}
	for i, name := range names {
		renewed := state.wrote(name) && (p.plan.UseExisting || i == 0)
		if name != "" && !renewed && (config.Has(name) || credentials.Has(name)) {
			problems = append(problems, plan.Problem{
				Input:   input,
				Message: fmt.Sprintf("profile %q is there already, choose another name or set overwrite-aws-profile: true", name),
				Code:    explain.InvalidInput,
			})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return badInput(problems)
}

// writeProfiles adds profiles to the files.
func (p *phase) writeProfiles(ctx context.Context, s *store, entries []profileEntry) (env []runner.Pair, undo func() error, err error) {
	files, err := p.openProfileFiles(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	defer files.Close(s)
	config, credentials, err := files.load()
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if err := profile.Write(config, credentials, p.asWritten(s, e)); err != nil {
			return nil, nil, err
		}
	}
	p.record.Profiles = map[string]string{}
	for _, e := range entries {
		p.record.Profiles[e.name] = fingerprint(config, credentials, e.name)
	}
	undo, err = files.save(config, credentials)
	if err != nil {
		return nil, nil, err
	}
	return files.announcements(), undo, nil
}

// asWritten is an entry as the files say it: keys, or the program that is asked
// for them.
func (p *phase) asWritten(s *store, e profileEntry) profile.Profile {
	written := profile.Profile{Name: e.name, Region: e.of.profile.Region}
	if e.stored != "" {
		written.Process = &profile.Process{Executable: s.shared.Join(programName).InFile, Profile: e.stored}
	} else {
		written.Keys = &profile.Keys{
			AccessKeyID:     e.of.session.AccessKeyID,
			SecretAccessKey: e.of.session.SecretAccessKey,
			SessionToken:    e.of.session.SessionToken,
		}
	}
	return written
}

// fingerprint tells whether a profile is still the one that a step wrote; it is
// empty if there is none of that name.
func fingerprint(config, credentials *profile.File, name string) string {
	id, hasKeys := credentials.Get(name, "aws_access_key_id")
	process, hasProcess := config.Get(name, "credential_process")
	if !hasKeys && !hasProcess {
		return ""
	}
	return digest(id.Reveal() + "\n" + process.Reveal())
}

// removeProfiles takes a record's profiles out of the files again, if they
// are still as they were written. If [default] is among them, it
// repeats again the profile that it repeated for an earlier step.
func (p *phase) removeProfiles(ctx context.Context, s *store, r record, earlier []record) error {
	if len(r.Profiles) == 0 {
		return nil
	}
	files, err := p.openProfileFiles(ctx, s)
	if err != nil {
		return err
	}
	defer files.Close(s)
	config, credentials, err := files.load()
	if err != nil {
		return err
	}
	changed := false
	for name, written := range r.Profiles {
		if fingerprint(config, credentials, name) != written {
			continue
		}
		if err := profile.Delete(config, credentials, name); err != nil {
			return err
		}
		changed = true
		if name != plan.DefaultProfile {
			continue
		}
		for _, e := range slices.Backward(earlier) {
			if e.Default != "" {
				if err := profile.Copy(config, credentials, e.Default, plan.DefaultProfile); err != nil {
					return err
				}
				break
			}
		}
	}
	if !changed {
		return nil
	}
	_, err = files.save(config, credentials)
	return err
}
