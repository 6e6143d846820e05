package plan

import "strings"

const (
	maxSessionName = 64
	product        = "GitHubActions"
)

// DefaultSessionName is the name of a session that was given none. The
// functions return inputs and variables, or "".
func DefaultSessionName(input, env func(string) string) string {
	index := ""
	if total := input("job-total"); total != "" && total != "1" && total != "0" {
		index = input("job-index")
	}
	return sessionName(env("GITHUB_RUN_ID"), env("GITHUB_RUN_ATTEMPT"), env("GITHUB_JOB"), index)
}

func (b *builder) checkSessionName(input string, line int, v string) string {
	if !isSessionName(v) {
		b.report.add(input, line, "%s is not a session name; use 2 to 64 letters, digits and _+=,.@-", quote(v))
	}
	return v
}

// sessionName is GitHubActions-<run id>-<attempt>-<job>-<index>, cleaned to
// what STS allows. Where it is too long the job gives way first, so that run
// id and attempt, by which a run is found in CloudTrail, always survive.
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

// clean puts a dash in place of every character outside [\w+=,.@-].
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if isName(c) {
			return c
		}
		return '-'
	}, s)
}

func cut(s string, n int) string { return s[:min(len(s), n)] }
