package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

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

func (p *phase) openProfileFiles(ctx context.Context, s *store) (*profileFiles, error) {
	config, err := p.profileFile(ctx, s, "AWS_CONFIG_FILE", "config")
	if err != nil {
		return nil, err
	}
	credentials, err := p.profileFile(ctx, s, "AWS_SHARED_CREDENTIALS_FILE", "credentials")
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
func (p *phase) profileFile(ctx context.Context, s *store, variable, name string) (profileFile, error) {
	own := profileFile{variable: variable, dir: s.dir, name: stateDir + "/" + name, announce: s.shared.Join(name).Value}
	announced := p.runner.Getenv(variable)
	if announced == "" || announced == own.announce || announced == s.shared.Join(name).Here {
		return own, nil
	}
	announced = p.inJob(announced)
	if p.inWorkspace(announced) {
		content, err := p.runner.Files().ReadFile(ctx, announced, profile.MaxSize)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return own, fmt.Errorf("variable %s: %w", variable, err)
		}
		p.runner.Info("Note: %s lies in the workspace; a copy of it outside takes its place until the job ends, because credentials in the workspace end up in images and commits", variable)
		own.start = content
		return own, nil
	}
	dir, err := safefile.Open(filepath.Dir(announced))
	if err != nil {
		p.warnOnce(variable, "the container does not see "+announced+"; a file of the action's own takes its place until the job ends")
		return own, nil
	}
	return profileFile{variable: variable, dir: dir, name: filepath.Base(announced)}, nil
}

// warnOnce warns of a variable, which several parts of the step come across.
func (p *phase) warnOnce(variable, text string) {
	if !p.warned[variable] {
		p.warned[variable] = true
		p.runner.Warning(variable, text)
	}
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
			env = append(env, runner.NewPair(file.variable, file.announce))
		}
	}
	return env
}
