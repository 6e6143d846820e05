package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/runner"
)

// profileFiles are the two files in which SDKs look for profiles: those that
// variables of the job name, if the container can reach them, or else the
// action's own.
type profileFiles struct {
	config, credentials profileFile
}

// profileFile is one of them.
type profileFile struct {
	*jobstate.ProfileFile
	path     string       // absolute; empty for the action's own
	announce *runner.Pair // the variable that later steps need to find it; nil if the job has it
	missing  []byte       // initial content if the file does not exist
}

func (w *profileWriter) open(ctx context.Context) (*profileFiles, error) {
	config, err := w.file(ctx, "AWS_CONFIG_FILE", w.store.ConfigFile)
	if err != nil {
		return nil, err
	}
	credentials, err := w.file(ctx, "AWS_SHARED_CREDENTIALS_FILE", w.store.CredentialsFile)
	if err != nil {
		return nil, errors.Join(err, config.Close())
	}
	return &profileFiles{config, credentials}, nil
}

func (f *profileFiles) Close() {
	_ = f.config.Close()
	_ = f.credentials.Close()
}

// file finds the file for a variable. If the variable names a file, that file is
// extended, except in the workspace: credentials there would end up in images
// and commits, so the action's own copy replaces it.
func (w *profileWriter) file(ctx context.Context, variable string, open func(path string) (*jobstate.ProfileFile, error)) (f profileFile, err error) {
	announced := w.runner.Getenv(variable)
	if announced != "" && !w.store.isOwn(variable, announced) && announced != w.homeFile(variable) {
		f.path = w.runner.Path(announced)
	}
	if f.path != "" && w.inWorkspace(f.path) {
		f.missing, err = w.runner.Files().ReadFile(ctx, f.path, profile.MaxSize)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f, fmt.Errorf("variable %s: %w", variable, err)
		}
		w.runner.Info("Note: %s names a file in the workspace; a copy outside of the workspace replaces it until the job ends, because credentials in the workspace end up in images and commits", variable)
		f.path = ""
	}
	if f.path != "" {
		if f.ProfileFile, err = open(f.path); err == nil {
			return f, nil
		}
		w.warnOnce(variable, "the container cannot open the directory of "+f.path+"; the action's own file replaces it until the job ends")
		f.path = ""
	}
	pair := runner.NewPair(variable, w.store.own(variable).Value)
	f.announce = &pair
	f.ProfileFile, err = open("")
	return f, err
}

// warnOnce warns about a variable once, however many parts of the step read it.
func (w *profileWriter) warnOnce(variable, text string) {
	if !w.warned[variable] {
		w.warned[variable] = true
		w.runner.Warning(variable, text)
	}
}

func (w *profileWriter) inWorkspace(path string) bool {
	workspace := w.runner.Getenv("GITHUB_WORKSPACE")
	inside, err := filepath.Rel(workspace, path)
	return workspace != "" && err == nil && filepath.IsLocal(inside)
}

// load parses both files.
func (f *profileFiles) load() (config, credentials *profile.File, err error) {
	if config, err = f.config.Load(f.config.missing); err != nil {
		return nil, nil, err
	}
	credentials, err = f.credentials.Load(f.credentials.missing)
	return config, credentials, err
}

// save writes both files, each as a part of its own.
func (f *profileFiles) save(config, credentials *profile.File) []jobstate.Deed {
	return []jobstate.Deed{
		{Name: "write the config file", Do: func(context.Context) (func(context.Context) error, error) { return f.config.Save(config) }},
		{Name: "write the credentials file", Do: func(context.Context) (func(context.Context) error, error) { return f.credentials.Save(credentials) }},
	}
}

// announcements are the variables that later steps need to find and to read both
// files: the SDKs for Go v1 and JavaScript v2 ignore the config file unless
// AWS_SDK_LOAD_CONFIG is set.
func (f *profileFiles) announcements() []runner.Pair {
	var env []runner.Pair
	for _, file := range []profileFile{f.config, f.credentials} {
		if file.announce != nil {
			env = append(env, *file.announce)
		}
	}
	return append(env, runner.NewPair("AWS_SDK_LOAD_CONFIG", "1"))
}
