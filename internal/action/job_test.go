package action

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/sandbox/sandboxtest"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/transport"
)

// notGiven takes an input away that a use of the action otherwise has: it is the
// default that the runner passes for it.
const notGiven = plan.NotGiven

// world is a sandbox with one job in it, whose steps are this action.
type world struct {
	*testing.T
	server *sandbox.Server
	job    *fakerunner.Job
	now    time.Time
	sleeps []time.Duration

	mu      sync.Mutex
	secrets []string // that came over the wire
}

// newWorld serves a scenario, the built-in one if text is empty.
func newWorld(t *testing.T, text string) *world {
	t.Helper()
	w := &world{T: t, now: time.Now()}
	if text == "" {
		text = scenario.BuiltinSource()
	}
	w.server = sandboxtest.Serve(t, text, sandbox.Options{Now: func() time.Time { return w.now }})
	w.job = sandboxtest.NewJob(t, w.server, t.TempDir())
	return w
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
	if w.server.Scenario().Dialect == scenario.AWS {
		rehearsed = w.server.URL()
	}
	return Step{
		Program: program,
		Environ: environ,
		Stdout:  stdout,
		HTTP: func(o transport.Options) *http.Client {
			client := transport.New(o)
			client.Transport = recorder{w, client.Transport}
			return client
		},
		Now: func() time.Time { return w.now },
		Sleep: func(_ context.Context, d time.Duration) error {
			w.sleeps = append(w.sleeps, d)
			return nil
		},
		Version:   "test",
		Rehearsed: rehearsed,
	}
}

// recorder notes the secrets in every answer.
type recorder struct {
	world *world
	http.RoundTripper
}

var secretInAnswer = regexp.MustCompile(`<(?:AccessKeyId|SecretAccessKey|SessionToken)>([^<]+)<|"value":"([^"]+)"`)

func (r recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, readErr := io.ReadAll(response.Body)
	_ = response.Body.Close()
	r.world.mu.Lock()
	defer r.world.mu.Unlock()
	for _, m := range secretInAnswer.FindAllStringSubmatch(string(body), -1) {
		r.world.secrets = append(r.world.secrets, m[1]+m[2])
	}
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), errorReader{readErr}))
	return response, nil
}

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) {
	if e.err == nil {
		return 0, io.EOF
	}
	return 0, e.err
}

// use runs the main phase with the scenario's inputs, changed by with.
func (w *world) use(with inputs) *fakerunner.Result {
	w.Helper()
	result, err := w.job.Run(context.Background(), w.step, mergedInputs(w, with))
	if err != nil {
		w.Fatal(err)
	}
	return result
}

// finish runs the post phases.
func (w *world) finish() {
	w.Helper()
	results, err := w.job.Finish(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range results {
		if r.Failed {
			w.Errorf("%s failed", r.Name)
		}
	}
}

// calls lists what was asked of the servers, in order.
func (w *world) calls() string {
	var all []string
	for _, c := range w.server.Calls() {
		all = append(all, c.Kind)
	}
	return strings.Join(all, " ")
}

// temp lists the files below the runner's temporary directory that are not the
// runner's own.
func (w *world) temp() (paths []string) {
	w.Helper()
	err := filepath.WalkDir(w.job.Temp(), func(path string, entry os.DirEntry, err error) error {
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
		path := w.job.Getenv(name)
		if filepath.Dir(path) != filepath.Join(w.job.Temp(), jobstate.DirName) {
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
		w.Fatalf("the step succeeded:\n%s", w.job.Log())
	}
	var errors []fakerunner.Annotation
	for _, a := range w.job.Annotations() {
		if a.Level == "error" && a.Step == r.Name {
			errors = append(errors, a)
		}
	}
	if len(errors) != 1 || errors[0].Title != code {
		w.Fatalf("want one error titled %s, got %+v\n%s", code, errors, w.job.Log())
	}
	if len(r.Env) != 0 || len(r.Outputs) != 0 {
		w.Errorf("the failed step exported %v and put out %v", r.Env, r.Outputs)
	}
	return errors[0].Message
}
