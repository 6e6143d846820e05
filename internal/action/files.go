package action

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/safefile"
)

// profileFiles are the two files in which SDKs look for profiles: those that
// the job has announced already, if the container can reach them, else files
// of our own.
type profileFiles struct {
	config, credentials profileFile
}

// profileFile is one of them.
type profileFile struct {
	variable string // that announces it
	dir      *safefile.Dir
	name     string // in dir
	announce string // the variable's value for later steps; empty if it stays as it is
	start    []byte // content to begin with where the file is not there yet
}

func (p *phase) openProfileFiles(s *store) (*profileFiles, error) {
	config, err := p.profileFile(s, "AWS_CONFIG_FILE", "config")
	if err != nil {
		return nil, err
	}
	credentials, err := p.profileFile(s, "AWS_SHARED_CREDENTIALS_FILE", "credentials")
	if err != nil {
		config.close(s)
		return nil, err
	}
	return &profileFiles{config, credentials}, nil
}

func (f *profileFiles) Close(s *store) {
	f.config.close(s)
	f.credentials.close(s)
}

func (f profileFile) close(s *store) {
	if f.dir != s.dir {
		_ = f.dir.Close()
	}
}

// profileFile finds the file for a variable. One that the job has announced is
// extended where it is, but for one in the workspace: credentials there would
// end up in images and commits, so a copy of ours takes its place.
func (p *phase) profileFile(s *store, variable, name string) (profileFile, error) {
	own := profileFile{variable: variable, dir: s.dir, name: stateDir + "/" + name, announce: s.shared.Join(name).Value}
	announced := p.runner.Getenv(variable)
	if announced == "" || announced == own.announce || announced == s.shared.Join(name).Here {
		return own, nil
	}
	if p.inWorkspace(announced) {
		content, err := os.ReadFile(announced)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return own, fmt.Errorf("read the file of %s: %w", variable, err)
		}
		p.runner.Info("Note: %s lies in the workspace; a copy of it outside takes its place until the job ends, because credentials in the workspace end up in images and commits", variable)
		own.start = content
		return own, nil
	}
	dir, err := safefile.Open(filepath.Dir(announced))
	if err != nil {
		p.runner.Warning(variable, "the container does not see "+announced+"; a file of the action's own takes its place until the job ends")
		return own, nil
	}
	return profileFile{variable: variable, dir: dir, name: filepath.Base(announced)}, nil
}

func (p *phase) inWorkspace(path string) bool {
	workspace := p.runner.Getenv("GITHUB_WORKSPACE")
	inside, err := filepath.Rel(workspace, path)
	return workspace != "" && err == nil && filepath.IsLocal(inside)
}

// read returns the content, and whether the file is there.
func (f profileFile) read() (content []byte, there bool, err error) {
	content, err = f.dir.ReadFile(f.name, profile.MaxSize)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.start, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("read the file of %s: %w", f.variable, err)
	}
	return content, true, nil
}

// load parses both files.
func (f *profileFiles) load() (config, credentials *profile.File, err error) {
	content, _, err := f.config.read()
	if err != nil {
		return nil, nil, err
	}
	if config, err = profile.ParseConfig(content); err != nil {
		return nil, nil, err
	}
	if content, _, err = f.credentials.read(); err != nil {
		return nil, nil, err
	}
	credentials, err = profile.ParseCredentials(content)
	return config, credentials, err
}

// save writes both files and returns what takes that back.
func (f *profileFiles) save(config, credentials *profile.File) (undo func() error, err error) {
	undoConfig, err := f.config.write(config.Bytes())
	if err != nil {
		return nil, err
	}
	undoCredentials, err := f.credentials.write(credentials.Bytes())
	if err != nil {
		return nil, errors.Join(err, undoConfig())
	}
	return func() error { return errors.Join(undoCredentials(), undoConfig()) }, nil
}

func (f profileFile) write(content []byte) (undo func() error, err error) {
	former, there, err := f.read()
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(f.name, stateDir+"/") {
		if err := f.dir.MkdirAll(stateDir); err != nil {
			return nil, fmt.Errorf("make the state directory: %w", err)
		}
	}
	if err := f.dir.WriteFile(f.name, content); err != nil {
		return nil, fmt.Errorf("write the file of %s: %w", f.variable, err)
	}
	if !there {
		return func() error { return f.dir.Remove(f.name) }, nil
	}
	return func() error { return f.dir.WriteFile(f.name, former) }, nil
}

// announcements are the variables that later steps need to find the files.
func (f *profileFiles) announcements() []runner.Pair {
	var env []runner.Pair
	for _, file := range []profileFile{f.config, f.credentials} {
		if file.announce != "" {
			env = append(env, runner.Pair{Name: file.variable, Value: file.announce})
		}
	}
	return env
}

// fromProfile returns the credentials of a profile: its keys, or the session
// that its program came to last, if that still lives.
func (p *phase) fromProfile(s *store, name string) (session assume.Session, from string, found bool) {
	if name == "" {
		return assume.Session{}, "", false
	}
	files, err := p.openProfileFiles(s)
	if err != nil {
		return assume.Session{}, "", false
	}
	defer files.Close(s)
	config, credentials, err := files.load()
	if err != nil {
		return assume.Session{}, "", false
	}
	id, _ := credentials.Get(name, "aws_access_key_id")
	key, _ := credentials.Get(name, "aws_secret_access_key")
	token, _ := credentials.Get(name, "aws_session_token")
	switch {
	case !id.IsZero() && !key.IsZero():
		session = assume.Session{AccessKeyID: id.Reveal(), SecretAccessKey: key, SessionToken: token}
	default:
		if _, process := config.Get(name, "credential_process"); !process {
			return assume.Session{}, "", false
		}
		if session, found = p.refreshed(s, name); !found {
			return assume.Session{}, "", false
		}
	}
	return session, "profile " + name, true
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
func (p *phase) checkProfiles(s *store) *explain.Diagnosis {
	if p.plan.Profiles[0].Name == "" || p.plan.OverwriteProfile {
		return nil
	}
	files, err := p.openProfileFiles(s)
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
func (p *phase) writeProfiles(s *store, entries []profileEntry) (env []runner.Pair, undo func() error, err error) {
	files, err := p.openProfileFiles(s)
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
func (p *phase) removeProfiles(s *store, r record, earlier []record) error {
	if len(r.Profiles) == 0 {
		return nil
	}
	files, err := p.openProfileFiles(s)
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
