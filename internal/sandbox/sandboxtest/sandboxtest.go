// Package sandboxtest is the harness of tests that need a sandbox, or a job
// whose steps are this action.
package sandboxtest

import (
	"testing"

	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/scenario"
)

// Serve serves a scenario's text until the test ends.
func Serve(t testing.TB, text string, o sandbox.Options) *sandbox.Server {
	t.Helper()
	s, err := scenario.Parse("test.yml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, s, o)
}

// ServeFile serves a scenario file until the test ends.
func ServeFile(t testing.TB, path string, o sandbox.Options) *sandbox.Server {
	t.Helper()
	s, err := scenario.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, s, o)
}

func start(t testing.TB, s *scenario.Scenario, o sandbox.Options) *sandbox.Server {
	t.Helper()
	server, err := sandbox.Start(s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

// NewJob makes the job of a server's scenario in an empty directory. Its steps
// get the defaults of this action's inputs, and further NAME=VALUE variables;
// they do not ask the machine that the test runs on for credentials.
func NewJob(t testing.TB, server *sandbox.Server, dir string, more ...string) *fakerunner.Job {
	t.Helper()
	w := &server.Scenario().Workflow
	environ := append(server.Environ(), "AWS_EC2_METADATA_DISABLED=true")
	job, err := fakerunner.NewJob(fakerunner.JobOptions{
		Dir:      dir,
		Environ:  append(environ, more...),
		Event:    w.Payload(),
		Defaults: plan.Defaults(),
		Contexts: w.Contexts(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return job
}
