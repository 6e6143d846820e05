// Package fakerunner simulates GitHub's runner for the steps of one job, in one
// process, for tests and rehearsals: directories, variables, inputs with their
// defaults, file commands, workflow commands, masks, post steps.
package fakerunner

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Step is one phase of an action, run with the whole environment of its
// process. It returns the exit code.
type Step func(ctx context.Context, environ []string, stdout, stderr io.Writer) int

// JobOptions describe the machine and the job.
type JobOptions struct {
	Dir     string   // an existing, empty directory for the directories of the job
	Environ []string // NAME=VALUE of the workflow and the runner, such as those of a sandbox
	Event   []byte   // the webhook payload, such as that of a scenario
	Secrets []string // masked from the beginning, as secrets of a repository are

	Defaults map[string]string // of every input of the steps' action, as in its action.yml; empty for inputs without one
	Contexts map[string]string // values of the expressions in them
}

// Job simulates the runner for the steps of one job: it creates the directories
// and files, runs each step with its environment, processes its commands, masks
// the log, and runs the post steps at the end. All paths are the host's. A Job is for one goroutine; a step may
// write its output from several.
type Job struct {
	dir     string
	environ map[string]string // what every step gets: the workflow's, the runner's, and GITHUB_ENV of earlier steps
	paths   []string          // GITHUB_PATH, the last one first
	inputs  map[string]string // INPUT_<NAME> → default
	log     jobLog
	posts   []post
	steps   int
}

// post is the post phase of a step that has run.
type post struct {
	step   Step
	name   string
	inputs map[string]string
	state  map[string]string
}

// Result is what the runner knows about a phase at its end.
type Result struct {
	Name     string
	ExitCode int
	Failed   bool // by its exit code, or by a file command that cannot be read
	Env      map[string]string
	Outputs  map[string]string
	State    map[string]string
	Paths    []string
	Summary  string // masked, as it is uploaded
}

// fileCommands are the files for commands of a step: the variable of each, and the
// runner's name for it.
var fileCommands = []struct{ variable, prefix string }{
	{"GITHUB_ENV", "set_env_"},
	{"GITHUB_OUTPUT", "set_output_"},
	{"GITHUB_STATE", "save_state_"},
	{"GITHUB_PATH", "add_path_"},
	{"GITHUB_STEP_SUMMARY", "step_summary_"},
}

// NewJob prepares the directories of a job, named as on a runner: workspace,
// _temp, and below _temp the home of container actions and the file commands.
func NewJob(o JobOptions) (*Job, error) {
	j := &Job{dir: o.Dir, environ: map[string]string{}}
	for _, line := range o.Environ {
		name, text, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("environment entry %q has no =", name)
		}
		j.environ[name] = text
	}
	for _, dir := range []string{j.Workspace(), j.Temp(), j.home(), j.workflowDir(), j.commandDir()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("create the job's directories: %w", err)
		}
	}
	event := filepath.Join(j.workflowDir(), "event.json")
	if err := os.WriteFile(event, o.Event, 0o644); err != nil {
		return nil, fmt.Errorf("write the event: %w", err)
	}
	maps.Copy(j.environ, map[string]string{
		"GITHUB_EVENT_PATH": event,
		"GITHUB_WORKSPACE":  j.Workspace(),
		"HOME":              j.home(),
		"RUNNER_TEMP":       j.Temp(),
		"RUNNER_WORKSPACE":  filepath.Dir(j.Workspace()),
	})
	if err := j.evaluateDefaults(o); err != nil {
		return nil, err
	}
	for _, secret := range append(slices.Clone(o.Secrets), j.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]) {
		j.log.hide(secret)
	}
	return j, nil
}

// Workspace is the directory for a checkout.
func (j *Job) Workspace() string { return filepath.Join(j.dir, "work", "repo", "repo") }

// Temp is the directory of RUNNER_TEMP.
func (j *Job) Temp() string { return filepath.Join(j.dir, "_temp") }

func (j *Job) home() string        { return filepath.Join(j.Temp(), "_github_home") }
func (j *Job) workflowDir() string { return filepath.Join(j.Temp(), "_github_workflow") }
func (j *Job) commandDir() string  { return filepath.Join(j.Temp(), "_runner_file_commands") }

// Environ returns the environment of a run: step at this time, sorted.
func (j *Job) Environ() []string { return lines(j.environ) }

// Getenv returns a variable of a run: step at this time.
func (j *Job) Getenv(name string) string { return j.environ[name] }

// Log returns the log so far, as it is shown.
func (j *Job) Log() string {
	j.log.mu.Lock()
	defer j.log.mu.Unlock()
	return j.log.shown.String()
}

// Mask returns text with all values replaced that are masked so far.
func (j *Job) Mask(text string) string { return j.log.maskText(text) }

// Raw returns every piece of output so far as it was written.
func (j *Job) Raw() []Write {
	j.log.mu.Lock()
	defer j.log.mu.Unlock()
	return slices.Clone(j.log.raw)
}

// Annotations returns the errors, warnings and notices so far.
func (j *Job) Annotations() []Annotation {
	j.log.mu.Lock()
	defer j.log.mu.Unlock()
	return slices.Clone(j.log.annotations)
}

// Run runs the main phase of a step and processes its commands, even if it failed.
// Its post phase runs at the end of the job. Inputs that are not in with get the
// default of the action, as from the runner. If with is nil, the step is a run:
// step and has no inputs. Errors are the runner's, not the step's.
func (j *Job) Run(ctx context.Context, step Step, with map[string]string) (*Result, error) {
	j.steps++
	name := "step"
	if j.steps > 1 {
		name = fmt.Sprint("step_", j.steps)
	}
	inputs := map[string]string{}
	if with != nil {
		maps.Copy(inputs, j.inputs)
	}
	for input, text := range with {
		inputs[inputVariable(input)] = text
	}
	result, err := j.phase(ctx, step, name, inputs)
	if err != nil {
		return nil, err
	}
	j.posts = append(j.posts, post{step, name, inputs, result.State})
	return result, nil
}

// inputVariable is the variable of an input, as the runner's
// Handler.AddInputsToEnvironment names it.
func inputVariable(input string) string {
	return "INPUT_" + strings.ToUpper(strings.ReplaceAll(input, " ", "_"))
}

var expression = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{\{ *([^ }]*) *\}\}`) })

// evaluateDefaults replaces the expressions in the defaults of inputs, each of
// which is the name of one value.
func (j *Job) evaluateDefaults(o JobOptions) error {
	contexts := map[string]string{"runner.temp": j.Temp()}
	maps.Copy(contexts, o.Contexts)
	j.inputs = map[string]string{}
	for input, text := range o.Defaults {
		var unknown string
		j.inputs[inputVariable(input)] = expression().ReplaceAllStringFunc(text, func(e string) string {
			name := expression().FindStringSubmatch(e)[1]
			value, ok := contexts[name]
			if !ok {
				unknown = e
			}
			return value
		})
		if unknown != "" {
			return fmt.Errorf("default of input %s: unknown expression %s; add it to the contexts", input, unknown)
		}
	}
	return nil
}

// Finish runs the post phases in reverse order, unless AWS_SKIP_CLEANUP_STEP is
// true at that time: this is the post-if of our action.yml. Expressions ignore
// case.
func (j *Job) Finish(ctx context.Context) ([]*Result, error) {
	var results []*Result
	for ; len(j.posts) > 0; j.posts = j.posts[:len(j.posts)-1] {
		p := j.posts[len(j.posts)-1]
		if strings.EqualFold(j.environ["AWS_SKIP_CLEANUP_STEP"], "true") {
			continue
		}
		variables := maps.Clone(p.inputs)
		for name, text := range p.state {
			variables["STATE_"+name] = text
		}
		result, err := j.phase(ctx, p.step, "post_"+p.name, variables)
		if err != nil {
			return results, err
		}
		results = append(results, result)
	}
	return results, nil
}

// phase runs one process and processes its file commands.
func (j *Job) phase(ctx context.Context, step Step, name string, variables map[string]string) (*Result, error) {
	environ := maps.Clone(j.environ)
	maps.Copy(environ, variables)
	environ["GITHUB_ACTION"] = strings.TrimPrefix(name, "post_")
	if len(j.paths) > 0 {
		environ["PATH"] = strings.Join(append(slices.Clone(j.paths), environ["PATH"]), string(os.PathListSeparator))
	}
	for _, f := range fileCommands {
		path := filepath.Join(j.commandDir(), f.prefix+name)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			return nil, fmt.Errorf("create the file of %s: %w", f.variable, err)
		}
		environ[f.variable] = path
	}
	stdout, flushOut := j.log.stream(name, "stdout")
	stderr, flushErr := j.log.stream(name, "stderr")
	code := step(ctx, lines(environ), stdout, stderr)
	flushOut()
	flushErr()

	result := &Result{Name: name, ExitCode: code, Failed: code != 0}
	err := j.carryOut(environ, result)
	return result, err
}

func lines(environ map[string]string) []string {
	all := make([]string, 0, len(environ))
	for name, text := range environ {
		all = append(all, name+"="+text)
	}
	slices.Sort(all)
	return all
}
