package action

import (
	"context"
	"fmt"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/profile"
)

// profileEntry is a profile to write.
type profileEntry struct {
	name   string
	of     result
	stored string // its name for credential-process; empty for keys
}

// profileWriter writes the profiles of a delivery.
type profileWriter struct {
	*phase
	store  *store
	warned map[string]bool // variables that a warning names already
}

// entries are the profiles to write: those of the delivery that have a session,
// and the [default] of an earlier step, which a plain login takes over, so that
// all SDKs see the same account.
func (w *profileWriter) entries(state jobstate.State, results []result) []profileEntry {
	var entries []profileEntry
	add := func(e plan.Entry) {
		r := results[e.Of]
		if r.failure != nil {
			return
		}
		entry := profileEntry{name: e.Name, of: r}
		if w.plan.Delivery.Process {
			entry.stored = storedName(r.profile)
		}
		entries = append(entries, entry)
	}
	for _, e := range w.plan.Delivery.Entries {
		add(e)
	}
	if w.plan.Delivery.TakeOver && state.HasProfile(plan.DefaultProfile) {
		add(plan.Entry{Name: plan.DefaultProfile, Of: w.plan.Delivery.Primary})
	}
	return entries
}

// storedName is the name of a profile for credential-process.
func storedName(p plan.Profile) string {
	if p.Name == "" {
		return plan.DefaultProfile
	}
	return p.Name
}

// check refuses, before any network call, to replace a profile that the job
// has. It accepts a [default] that the action wrote, and with
// use-existing-credentials every profile that the action wrote.
func (w *profileWriter) check(ctx context.Context) *diagnosis.Diagnosis {
	if w.plan.Profiles[0].Name == "" || w.plan.OverwriteProfile {
		return nil
	}
	files, err := w.open(ctx)
	if err != nil {
		return failure(err)
	}
	defer files.Close()
	config, credentials, err := files.load()
	if err != nil {
		return failure(err)
	}
	state, err := w.store.Read()
	if err != nil {
		return failure(err)
	}
	input := "aws-profile"
	if w.plan.Delivery.ProfileOutputs {
		input = "profiles"
	}
	var problems []plan.Problem
	names := []string{w.plan.Default}
	for _, profile := range w.plan.Profiles {
		names = append(names, profile.Name)
	}
	if w.plan.Default != "" {
		names[0] = plan.DefaultProfile
	}
	for i, name := range names {
		renewed := state.HasProfile(name) && (w.plan.UseExisting || i == 0)
		if name != "" && !renewed && (config.Has(name) || credentials.Has(name)) {
			problems = append(problems, plan.Problem{
				Input:   input,
				Message: fmt.Sprintf("profile %q already exists; choose another name or set overwrite-aws-profile: true", name),
				Code:    diagnosis.InvalidInput,
			})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return badInput(problems)
}

// write adds profiles to the files and to the record. Nothing is written before
// the deeds.
func (w *profileWriter) write(record *jobstate.Record, files *profileFiles, entries []profileEntry) ([]jobstate.Deed, error) {
	config, credentials, err := files.load()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := profile.Write(config, credentials, w.asWritten(e)); err != nil {
			return nil, err
		}
	}
	record.Profiles = map[string]jobstate.Profile{}
	for _, e := range entries {
		record.Profiles[e.name] = jobstate.Mark(config, credentials, e.name)
	}
	record.ConfigFile, record.CredentialsFile = files.config.path, files.credentials.path
	return files.save(config, credentials), nil
}

// asWritten is the form of an entry in the files: keys, or the program that
// prints them.
func (w *profileWriter) asWritten(e profileEntry) profile.Profile {
	written := profile.Profile{Name: e.name, Region: e.of.profile.Region}
	if e.stored != "" {
		written.Process = &profile.Process{Executable: w.store.shared.Join(jobstate.HelperName).InFile, Profile: e.stored}
	} else {
		written.Keys = &profile.Keys{
			AccessKeyID:     e.of.session.AccessKeyID,
			SecretAccessKey: e.of.session.SecretAccessKey,
			SessionToken:    e.of.session.SessionToken,
		}
	}
	return written
}
