package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/org/aws-oidc-action/internal/diagnosis"
)

// report gathers problems while the plan is built.
type report struct {
	problems []Problem
	refused  map[string]bool   // inputs that are reported as a whole
	standIn  map[string]string // input → the variable that its value comes from
}

// refuse reports an input as a whole: nothing more is said about it.
func (r *report) refuse(input, format string, args ...any) {
	r.add(input, 0, format, args...)
	if r.refused == nil {
		r.refused = map[string]bool{}
	}
	r.refused[input] = true
}

func (r *report) add(input string, line int, format string, args ...any) {
	r.addCode(diagnosis.InvalidInput, input, line, format, args...)
}

// addEmpty reports an input, entry or field that came out empty.
func (r *report) addEmpty(input string, line int, format string, args ...any) {
	r.put(Problem{Input: input, Line: line, Message: fmt.Sprintf(format, args...), Code: diagnosis.InvalidInput, Empty: true})
}

// emptyEntry reports an empty entry or field.
func (r *report) emptyEntry(input string, line int, what string) {
	r.addEmpty(input, line, "%s is empty; set a value or remove it (it may come from a secret or variable that this job does not have)", what)
}

func (r *report) addCode(code diagnosis.Code, input string, line int, format string, args ...any) {
	r.put(Problem{Input: input, Line: line, Message: fmt.Sprintf(format, args...), Code: code})
}

func (r *report) put(p Problem) {
	if r.refused[p.Input] {
		return
	}
	p.Input = r.named(p.Input)
	if !slices.Contains(r.problems, p) {
		r.problems = append(r.problems, p)
	}
}

// named returns where an input's value comes from: its own name, or that of the
// variable used for it.
func (r *report) named(input string) string {
	if variable := r.standIn[input]; variable != "" {
		return variable
	}
	return input
}

// about reports whether an input has a problem.
func (r *report) about(input string) bool {
	return slices.ContainsFunc(r.problems, func(p Problem) bool { return p.Input == r.named(input) })
}

// quote shows a value in a message: escaped, and cut where it is long.
func quote(s string) string {
	const longest = 80
	if utf8.RuneCountInString(s) > longest {
		return strconv.Quote(string([]rune(s)[:longest])) + "…"
	}
	return strconv.Quote(s)
}

func itoa(n int) string { return strconv.Itoa(n) }

// lines returns the lines of a value without blanks around them, comments and
// empty ones left out.
func lines(s string) []string {
	var all []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// control returns the first control character of s that an input cannot have: any
// but a tab and, in an input of several lines, line ends.
func control(s string, multiline bool) (rune, bool) {
	for _, c := range s {
		switch {
		case c == '\t', multiline && (c == '\n' || c == '\r'):
		case unicode.IsControl(c), c == '\u2028', c == '\u2029', c == utf8.RuneError:
			return c, true
		}
	}
	return 0, false
}
