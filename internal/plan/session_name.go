package plan

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxSessionName = 64
	product        = "GitHubActions"
)

// DefaultSessionName returns the name of a session without one of its own. The
// functions return inputs and variables, or "".
func DefaultSessionName(input, env func(string) string) string {
	index := ""
	if total := input("job-total"); total != "" && total != "1" && total != "0" {
		index = input("job-index")
	}
	return sessionName(env("GITHUB_RUN_ID"), env("GITHUB_RUN_ATTEMPT"), env("GITHUB_JOB"), index)
}

// checkSessionName returns a name that STS accepts: v, or with
// role-session-name-sanitize one that is derived from it.
func (b *builder) checkSessionName(input string, line int, v string) string {
	if isSessionName(v) {
		return v
	}
	usable := sanitizedName(v)
	if !isSessionName(usable) {
		usable = b.sessionName
	}
	if b.boolean("role-session-name-sanitize", false) {
		return usable
	}
	b.report.add(input, line, "%s is not a session name (2 to %d letters, digits and _+=,.@-): it has %s; use %s, set role-session-name-sanitize: true, or remove it (the default has run, attempt and job)",
		quote(v), maxSessionName, nameFault(v), quote(usable))
	return v
}

// sanitizedName derives a session name from run data such as a branch, an actor or
// a matrix value: each run of other characters becomes a dash, but not at the
// ends. The name may still be too short.
func sanitizedName(v string) string {
	return cut(strings.Join(strings.FieldsFunc(v, func(c rune) bool { return !isName(c) }), "-"), maxSessionName)
}

// nameFault says why a text is not a session name.
func nameFault(v string) string {
	const most = 8
	var odd []string
	for _, c := range v {
		if shown := strconv.Quote(string(c)); !isName(c) && !slices.Contains(odd, shown) {
			odd = append(odd, shown)
		}
	}
	switch n := utf8.RuneCountInString(v); {
	case len(odd) > most:
		return strings.Join(odd[:most], ", ") + " and other characters"
	case len(odd) > 0:
		return strings.Join(odd, ", ")
	case n == 1:
		return "1 character"
	default:
		return itoa(n) + " characters"
	}
}

// sessionName is GitHubActions-<run id>-<attempt>-<job>-<index>, cleaned to
// what STS allows. If it is too long, the job is cut first: run id and attempt
// identify the run in CloudTrail.
func sessionName(runID, attempt, job, index string) string {
	head := product
	for _, part := range []string{runID, attempt} {
		if part != "" {
			head += "-" + clean(part)
		}
	}
	tail := ""
	if index != "" {
		tail = "-" + clean(index)
	}
	head, tail = cut(head, maxSessionName), cut(tail, max(0, maxSessionName-len(head)))
	middle := ""
	if job != "" {
		middle = cut("-"+clean(job), maxSessionName-len(head)-len(tail))
	}
	return head + strings.TrimRight(middle, "-") + tail
}

// clean replaces every character outside [\w+=,.@-] by a dash.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if isName(c) {
			return c
		}
		return '-'
	}, s)
}

func cut(s string, n int) string { return s[:min(len(s), n)] }
