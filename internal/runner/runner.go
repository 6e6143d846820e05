// Package runner is the interface between a step and the GitHub Actions runner: inputs, the facts of the job, log lines and masks, the files for
// environment, outputs, state and summary, and the directory that a container
// action shares with later steps.
package runner

import (
	"io"
	"strings"
	"sync"

	"github.com/sethvargo/go-githubactions"

	"github.com/org/aws-oidc-action/internal/safefile"
)

// Runner talks to the runner for one step. It is safe for concurrent
// use.
type Runner struct {
	env map[string]string
	out *stickyWriter
	gha *githubactions.Action

	root string // in tests, the directory in place of / in which mounts are looked up

	hideAccounts bool

	mu     sync.Mutex
	masked map[string]bool
}

// New takes the environment as os.Environ returns it, and the stream that the
// runner reads, standard output.
func New(environ []string, out io.Writer) *Runner {
	env := make(map[string]string, len(environ))
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	sticky := &stickyWriter{w: out}
	return &Runner{
		env:    env,
		out:    sticky,
		masked: map[string]bool{},
		gha: githubactions.New(githubactions.WithWriter(sticky), githubactions.WithGetenv(func(name string) string {
			return env[name]
		})),
	}
}

// Getenv returns a variable of the step's environment, or "".
func (r *Runner) Getenv(name string) string { return r.env[name] }

// LookupEnv returns a variable of the step's environment and whether it is set.
func (r *Runner) LookupEnv(name string) (string, bool) {
	v, ok := r.env[name]
	return v, ok
}

// Files reads files by the paths of the job, see Path.
func (r *Runner) Files() safefile.Files {
	return safefile.Files{Workspace: r.env["GITHUB_WORKSPACE"], Path: r.Path}
}

// inputPrefix begins the variables in which the runner passes inputs:
// INPUT_<NAME>, upper case, blanks as underscores and hyphens kept.
const inputPrefix = "INPUT_"

// Input returns an input without the blanks around it, or "" if there is none.
func (r *Runner) Input(name string) string {
	value, _ := r.LookupInput(name)
	return strings.TrimSpace(value)
}

// LookupInput returns an input as the runner passes it, and reports whether the
// step has a variable for it. An input that the workflow does not set has one
// too, with its default or empty.
func (r *Runner) LookupInput(name string) (value string, found bool) {
	value, found = r.env[inputPrefix+strings.ToUpper(strings.ReplaceAll(name, " ", "_"))]
	return value, found
}

// InputNames returns the names of all inputs that the step has a variable for,
// as the variables spell them, in no order.
func (r *Runner) InputNames() []string {
	var names []string
	for variable := range r.env {
		if name, ok := strings.CutPrefix(variable, inputPrefix); ok && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// State returns what an earlier phase of this step saved with WriteState.
func (r *Runner) State(name string) string { return r.env["STATE_"+name] }

// Mask makes the runner replace the value in all output that follows, and each
// line of a multi-line value too. It ignores an empty value, which cannot be
// masked.
func (r *Runner) Mask(value string) {
	for _, v := range append([]string{value}, strings.Split(value, "\n")...) {
		if v = strings.TrimRight(v, "\r"); strings.TrimSpace(v) != "" && r.firstTime(v) {
			r.gha.AddMask(v)
		}
	}
}

// MaskAccountsIn masks every account id in a text where HideAccounts was
// called, so that later steps cannot print it either.
func (r *Runner) MaskAccountsIn(text string) {
	if !r.hideAccounts {
		return
	}
	for _, id := range accountID().FindAllString(text, -1) {
		if id = strings.ReplaceAll(id, "-", ""); len(id) == 12 {
			r.Mask(id)
		}
	}
}

func (r *Runner) firstTime(v string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.masked[v] {
		return false
	}
	r.masked[v] = true
	return true
}

// HideAccounts masks all account IDs in the log and in the summary from now on,
// also IDs that are unknown in advance. Call it at the beginning of a phase,
// before several goroutines print.
func (r *Runner) HideAccounts() { r.hideAccounts = true }

// HidesAccounts reports whether HideAccounts was called.
func (r *Runner) HidesAccounts() bool { return r.hideAccounts }

// Err returns the first error of writing to the log, if there was one.
func (r *Runner) Err() error {
	r.out.mu.Lock()
	defer r.out.mu.Unlock()
	return r.out.err
}

// stickyWriter keeps the first error and returns none, because go-githubactions
// panics if a command cannot be written. Lines of concurrent writes do not mix.
type stickyWriter struct {
	mu  sync.Mutex
	w   io.Writer
	err error
}

func (s *stickyWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		_, s.err = s.w.Write(p)
	}
	return len(p), nil
}
