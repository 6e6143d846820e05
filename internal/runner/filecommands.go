package runner

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/org/aws-oidc-action/internal/secret"
)

// Pair is a name and its value, for a file command. The value may be secret, so
// it prints as *** when a Pair is printed or encoded.
type Pair struct {
	Name  string
	Value secret.Value
}

// NewPair returns a Pair of a value in plain text.
func NewPair(name, value string) Pair { return Pair{name, secret.New(value)} }

// Publication is what a step writes to the runner's files: all of it or nothing.
type Publication struct {
	Summary string // Markdown, appended to the step summary; left out, with a note in the log, if it exceeds the runner's limit
	Outputs []Pair
	Env     []Pair
}

// maxSummary is the runner's limit for a step summary, in bytes.
const maxSummary = 1 << 20

var commandName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\A[A-Za-z_][A-Za-z0-9_-]*\z`) })

// Publish appends to the runner's files: summary, outputs, and the environment
// last, each in one write. If a write fails, every file is truncated to its
// former length, because the runner processes the file commands of failed steps
// too.
func (r *Runner) Publish(p Publication) (err error) {
	outputs, err := encode(p.Outputs)
	if err != nil {
		return err
	}
	env, err := encode(p.Env)
	if err != nil {
		return err
	}
	var undo []func() error
	defer func() {
		if err == nil {
			return
		}
		for _, back := range undo {
			err = errors.Join(err, back())
		}
	}()
	for _, part := range []struct {
		variable string
		content  []byte
	}{
		{"GITHUB_STEP_SUMMARY", r.fitSummary(p.Summary)},
		{"GITHUB_OUTPUT", outputs},
		{"GITHUB_ENV", env},
	} {
		if len(part.content) == 0 {
			continue
		}
		back, err := r.appendTo(part.variable, part.content)
		undo = append(undo, back)
		if err != nil {
			return err
		}
	}
	return nil
}

// WriteState saves pairs for the later phases of this step.
func (r *Runner) WriteState(pairs ...Pair) error {
	content, err := encode(pairs)
	if err != nil {
		return err
	}
	back, err := r.appendTo("GITHUB_STATE", content)
	if err != nil {
		return errors.Join(err, back())
	}
	return nil
}

// fitSummary returns the summary to write, or nil if it exceeds what is left of
// the runner's limit: the runner would drop the whole summary of the step.
func (r *Runner) fitSummary(text string) []byte {
	text = r.withoutAccounts(text)
	path := r.env["GITHUB_STEP_SUMMARY"]
	if text == "" || path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	if info.Size()+int64(len(text)) > maxSummary {
		r.Info("Note: the step summary is not written, because it would exceed GitHub's limit of 1 MiB")
		return nil
	}
	return []byte(text)
}

// appendTo appends to the file that a variable names, and returns the function
// that undoes it.
func (r *Runner) appendTo(variable string, content []byte) (back func() error, err error) {
	back = func() error { return nil }
	path := r.env[variable]
	if path == "" {
		return back, fmt.Errorf("variable %s is not set; run the action as a step of a workflow", variable)
	}
	f, err := r.Files().OpenAppend(path)
	if err != nil {
		return back, fmt.Errorf("variable %s: %w", variable, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return back, fmt.Errorf("read the size of the file of %s: %w", variable, err)
	}
	back = func() error { return os.Truncate(path, info.Size()) }
	if _, err := f.Write(content); err != nil {
		return back, fmt.Errorf("write the file of %s: %w", variable, err)
	}
	return back, nil
}

// encode writes pairs, each with its own random delimiter, so that no value can
// end early and begin another variable.
func encode(pairs []Pair) ([]byte, error) {
	var b bytes.Buffer
	for _, p := range pairs {
		if !commandName().MatchString(p.Name) || p.Name == "NODE_OPTIONS" {
			return nil, fmt.Errorf("%q is not a valid name of a variable or output", p.Name)
		}
		random := make([]byte, 16)
		_, _ = rand.Read(random) // never fails: crypto/rand crashes instead
		delimiter := "ghadelimiter_" + hex.EncodeToString(random)
		value := p.Value.Reveal()
		if strings.Contains(value, delimiter) || strings.ContainsAny(value, "\x00") {
			return nil, fmt.Errorf("the value of %s contains a zero byte, which the runner's files cannot hold", p.Name)
		}
		fmt.Fprintf(&b, "%s<<%s\n%s\n%s\n", p.Name, delimiter, value, delimiter)
	}
	return b.Bytes(), nil
}
