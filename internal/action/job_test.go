package action

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/sandbox/sandboxtest"
	"github.com/org/aws-oidc-action/internal/scenario"
)

// notGiven takes an input away that a use of the action otherwise has: it is the
// default that the runner passes for it.
const notGiven = plan.NotGiven

// world is a sandbox with one job in it, whose steps are this action.
type world struct{ *sandboxtest.World }

func newWorld(t *testing.T, text string) *world {
	t.Helper()
	return &world{sandboxtest.NewWorld(t, text)}
}

func (w *world) step(ctx context.Context, environ []string, stdout, _ io.Writer) int {
	return w.newStep(environ, stdout).Run(ctx)
}

func (w *world) newStep(environ []string, stdout io.Writer) Step {
	program, err := os.Executable()
	if err != nil {
		w.Error(err)
	}
	rehearsed := ""
	if w.Server.Scenario().Dialect == scenario.AWS {
		rehearsed = w.Server.URL()
	}
	return Step{
		Program:   program,
		Environ:   environ,
		Stdout:    stdout,
		HTTP:      w.Client,
		Now:       w.Clock,
		Sleep:     w.Wait,
		Version:   "test",
		Rehearsed: rehearsed,
	}
}

// use runs the main phase with the scenario's inputs, changed by with.
func (w *world) use(with inputs) *fakerunner.Result {
	w.Helper()
	result, err := w.Job.Run(context.Background(), w.step, mergedInputs(w, with))
	if err != nil {
		w.Fatal(err)
	}
	return result
}

// useWith is use, but changes what the phases find in their environment.
func (w *world) useWith(with inputs, change func(post bool, environ []string) []string) *fakerunner.Result {
	w.Helper()
	result, err := w.Job.Run(context.Background(), func(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
		post := slices.Contains(environ, "STATE_isPost=true")
		return w.step(ctx, change(post, environ), stdout, stderr)
	}, mergedInputs(w, with))
	must(w, err)
	return result
}

// finish runs the post phases.
func (w *world) finish() {
	w.Helper()
	results, err := w.Job.Finish(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range results {
		if r.Failed {
			w.Errorf("%s failed", r.Name)
		}
	}
}

// temp lists the files below the runner's temporary directory that are not the
// runner's own.
func (w *world) temp() (paths []string) {
	w.Helper()
	err := filepath.WalkDir(w.Job.Temp(), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.Contains(path, "/_runner_") && !strings.Contains(path, "/_github_") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return paths
}

// clean asserts that a job's post phases left no file but the action's own
// profile files, empty, where a variable names them.
func (w *world) clean() {
	w.Helper()
	announced := 0
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		path := w.Job.Getenv(name)
		if filepath.Dir(path) != filepath.Join(w.Job.Temp(), jobstate.DirName) {
			continue
		}
		announced++
		if content, err := os.ReadFile(path); err != nil || len(content) != 0 {
			w.Errorf("%s names a file that is gone or not empty: %v", name, err)
		}
	}
	if files := w.temp(); len(files) != announced {
		w.Errorf("left behind: %v", files)
	}
}

// failed asserts that a step failed with one error of a code and left nothing.
func (w *world) failed(r *fakerunner.Result, code string) string {
	w.Helper()
	if !r.Failed {
		w.Fatalf("the step succeeded:\n%s", w.Job.Log())
	}
	var errors []fakerunner.Annotation
	for _, a := range w.Job.Annotations() {
		if a.Level == "error" && a.Step == r.Name {
			errors = append(errors, a)
		}
	}
	if len(errors) != 1 || errors[0].Title != code {
		w.Fatalf("want one error titled %s, got %+v\n%s", code, errors, w.Job.Log())
	}
	if len(r.Env) != 0 || len(r.Outputs) != 0 {
		w.Errorf("the failed step exported %v and put out %v", r.Env, r.Outputs)
	}
	return errors[0].Message
}
