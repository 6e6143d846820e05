package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/org/aws-oidc-action/internal/action"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/rehearsal"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/transport"
)

// step runs the action's step, which is the program without a subcommand.
func step(ctx context.Context, env Env) int {
	s := newStep(env.Environ, env.Stdout, env.Now)
	s.Post = filepath.Base(env.Name) == postName
	if !s.Post && env.Getenv("GITHUB_ACTIONS") != "true" && env.Getenv("GITHUB_STATE") == "" {
		env.errorf("a command is required outside of a workflow (GITHUB_ACTIONS and GITHUB_STATE are not set); run 'aws-oidc-action --help' for the commands")
		return exitUsage
	}
	return s.Run(ctx)
}

// postName is the second name of the program in the image. action.yml starts
// the post phase under it, because act and the runners built on it pass no
// state to the post phase of a container action.
const postName = "post"

// newStep is the step of a process with this environment.
func newStep(environ []string, stdout io.Writer, now func() time.Time) action.Step {
	program, _ := os.Executable() // if it fails, the step reports it where it needs the path
	return action.Step{
		Environ: environ,
		Stdout:  stdout,
		HTTP:    transport.New,
		Now:     now,
		Sleep:   retry.Sleep,
		Version: releaseName(),
		Program: program,
	}
}

// rehearsedStep is the same step, as a rehearsal runs it.
func rehearsedStep(now func() time.Time) rehearsal.Step {
	return func(ctx context.Context, p rehearsal.Process) (code int, failure *diagnosis.Diagnosis) {
		s := newStep(p.Environ, p.Stdout, now)
		s.Rehearsed = p.Sandbox
		s.OnFailure = func(d diagnosis.Diagnosis) { failure = &d }
		code = s.Run(ctx)
		return code, failure
	}
}
