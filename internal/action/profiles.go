package action

import (
	"context"
	"fmt"

	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/profile"
)

// profileEntry is a profile to be written.
type profileEntry struct {
	name   string
	of     result
	stored string // the name by which credential-process knows it; empty for keys
}

// profileEntries are the profiles that a step writes: those of its results,
// and [default] for the default profile. A plain login takes over a [default]
// of an earlier step, so that no two SDKs see two accounts.
func (p *phase) profileEntries(state jobstate.State, results []result) []profileEntry {
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
	takesOver := !p.many() && p.plan.ExportEnv && state.HasProfile(plan.DefaultProfile)
	if takesOver && results[0].profile.Name != plan.DefaultProfile {
		add(results[0], plan.DefaultProfile)
	}
	return entries
}

// storedName is the name by which credential-process knows a profile.
func storedName(p plan.Profile) string {
	if p.Name == "" {
		return plan.DefaultProfile
	}
	return p.Name
}

// checkProfiles refuses, before any network call, to replace a
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
	defer files.Close()
	config, credentials, err := files.load()
	if err != nil {
		return failure(err)
	}
	state, err := s.Read()
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
		renewed := state.HasProfile(name) && (p.plan.UseExisting || i == 0)
		if name != "" && !renewed && (config.Has(name) || credentials.Has(name)) {
			problems = append(problems, plan.Problem{
				Input:   input,
				Message: fmt.Sprintf("profile %q already exists; choose another name or set overwrite-aws-profile: true", name),
				Code:    explain.InvalidInput,
			})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return badInput(problems)
}

// writeProfiles adds profiles to the files and to the record. Nothing is
// written before the deeds.
func (p *phase) writeProfiles(s *store, files *profileFiles, entries []profileEntry) ([]jobstate.Deed, error) {
	config, credentials, err := files.load()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := profile.Write(config, credentials, p.asWritten(s, e)); err != nil {
			return nil, err
		}
	}
	p.record.Profiles = map[string]jobstate.Profile{}
	for _, e := range entries {
		p.record.Profiles[e.name] = jobstate.Mark(config, credentials, e.name)
	}
	p.record.ConfigFile, p.record.CredentialsFile = files.config.path, files.credentials.path
	return files.save(config, credentials), nil
}

// asWritten is an entry as the files say it: keys, or the program that is asked
// for them.
func (p *phase) asWritten(s *store, e profileEntry) profile.Profile {
	written := profile.Profile{Name: e.name, Region: e.of.profile.Region}
	if e.stored != "" {
		written.Process = &profile.Process{Executable: s.shared.Join(jobstate.HelperName).InFile, Profile: e.stored}
	} else {
		written.Keys = &profile.Keys{
			AccessKeyID:     e.of.session.AccessKeyID,
			SecretAccessKey: e.of.session.SecretAccessKey,
			SessionToken:    e.of.session.SessionToken,
		}
	}
	return written
}
