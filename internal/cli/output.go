package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/org/aws-oidc-action/internal/runner"
)

// form makes output safe to print in a job, whose log the runner searches for
// workflow commands: no text of a policy, a scenario, a claim or a response
// becomes one.
type form func(string) string

var (
	asText form = runner.Sanitize

	// asJSON is for JSON and other formats in which text from outside is inside
	// of JSON strings only. A parser reads the same values.
	asJSON form = runner.SanitizeJSON

	// asAnnotations keeps workflow commands at the beginning of a line. The
	// writer keeps text from outside within its line.
	asAnnotations form = func(text string) string {
		var b strings.Builder
		for line := range strings.Lines(text) {
			rest, ok := strings.CutPrefix(line, "::")
			if ok {
				b.WriteString("::")
			}
			b.WriteString(runner.Sanitize(rest))
		}
		return b.String()
	}
)

// print prints what write writes to standard output, whole or not at all.
func (e Env) print(as form, write func(io.Writer) error) error { return emit(e.Stdout, as, write) }

// printJSON prints a value as indented JSON.
func (e Env) printJSON(v any) error {
	return e.print(asJSON, func(w io.Writer) error { return encodeJSON(w, v) })
}

// printText prints text such as help to standard output, and returns the exit
// code.
func (e Env) printText(write func(io.Writer)) int {
	if e.print(asText, unfailing(write)) != nil {
		return exitFailure
	}
	return exitFine
}

// errorf prints one message to standard error.
func (e Env) errorf(format string, args ...any) {
	e.complain(func(w io.Writer) { fmt.Fprintf(w, "aws-oidc-action: "+format+"\n", args...) })
}

// complain prints text to standard error. An error of that has nowhere to go.
func (e Env) complain(write func(io.Writer)) { _ = emit(e.Stderr, asText, unfailing(write)) }

// emit writes all output of the commands, each in one write.
func emit(to io.Writer, as form, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	if b.Len() == 0 {
		return nil
	}
	_, err := to.Write([]byte(as(b.String())))
	return err
}

// unfailing is for what writes into a buffer only.
func unfailing(write func(io.Writer)) func(io.Writer) error {
	return func(w io.Writer) error {
		write(w)
		return nil
	}
}

func encodeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
