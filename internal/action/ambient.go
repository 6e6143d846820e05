package action

import (
	"context"
	"errors"
	"slices"

	"github.com/org/aws-oidc-action/internal/ambient"
	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/transport"
)

// ambient returns the credentials that the job has without logging in. fallback
// is the profile to use where neither variables nor AWS_PROFILE nor the profile
// default has any.
func (f *source) ambient(ctx context.Context, of plan.Profile, fallback string) (ambient.Credentials, error) {
	chain := f.chain(of)
	if f.plan.UnsetCurrent {
		return chain.Machine(ctx)
	}
	chain.Fallback = fallback
	return chain.Resolve(ctx)
}

// chain is the default credential chain of AWS SDKs, as a step of this job sees
// it.
func (f *source) chain(of plan.Profile) *ambient.Chain {
	sts := ownSTS(of)
	sts.SessionName = plan.DefaultSessionName(f.runner.Input, f.runner.Getenv)
	files := f.runner.Files()
	own := []runner.Shared{f.store.own("AWS_CONFIG_FILE"), f.store.own("AWS_SHARED_CREDENTIALS_FILE")}
	return &ambient.Chain{
		Environ: f.Environ,
		Files:   files,
		Path: func(path string) string {
			for _, file := range own {
				if path == file.Value { // the path as later steps see it
					return file.Here
				}
			}
			return f.runner.Path(path)
		},
		Foreign: func(path string) bool {
			// The action's own files can be copies of files in the workspace.
			return files.Inside(path) || slices.ContainsFunc(own, func(file runner.Shared) bool { return path == file.Here })
		},
		Stored: f.storedSession,
		STS:    sts,
		Walker: func() *assume.Walker {
			walker := f.walker(nil)
			walker.OnHop = nil // its hops are not the plan's
			return walker
		},
		Mask:   f.runner.Mask,
		HTTP:   f.login.Client(),
		Direct: f.HTTP(transport.Options{}),
		Retry:  f.login.Retry(),
	}
}

// storedSession returns the session of a profile with refresh: true, whose
// credential_process is the command, and reports whether the command is our
// helper. A session that is due is renewed, as the helper would do.
func (f *source) storedSession(ctx context.Context, command string) (session assume.Session, ours bool, err error) {
	name, ours := profile.Process{Executable: f.store.shared.Join(jobstate.HelperName).InFile}.ProfileOf(command)
	if !ours {
		return assume.Session{}, false, nil
	}
	stored, err := f.store.stored()
	if err != nil {
		return assume.Session{}, true, err
	}
	renewed, d := refresh.Refresher{Store: stored, Getenv: f.runner.Getenv, HTTP: f.HTTP, Now: f.Now, Sleep: f.Sleep}.Get(ctx, name)
	if renewed == nil {
		return assume.Session{}, true, errors.New("profile " + name + ": " + d.Text())
	}
	return *renewed, true, nil
}
