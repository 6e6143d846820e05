package plan

import (
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/org/aws-oidc-action/internal/arn"
)

func (b *builder) refuseControlCharacters() {
	for _, in := range Inputs {
		if in.Name == "role-session-name" {
			continue // checkSessionName names every invalid character, and may replace it
		}
		if c, found := control(b.input(in.Name), in.Multiline); found {
			shown := quote(b.input(in.Name))
			if in.Secret || in.URL && mayHoldCredentials(b.input(in.Name)) {
				shown = "the value"
			}
			b.report.refuse(in.Name, "%s has the control character %q; remove it", shown, c)
		}
	}
}

// boolean reads YAML 1.2's core schema.
func (b *builder) boolean(name string, fallback bool) bool {
	switch v := b.input(name); v {
	case "":
		return fallback
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	default:
		b.problem(name, "%s is not a boolean; use true or false", quote(v))
		return fallback
	}
}

// choice reads one of several words; the first is the default.
func (b *builder) choice(name string, words ...string) string {
	v := b.input(name)
	if v == "" {
		return words[0]
	}
	if !slices.Contains(words, v) {
		b.problem(name, "%s is invalid; use %s", quote(v), strings.Join(words, " or "))
		return words[0]
	}
	return v
}

// workspacePattern reads a path or glob of files in the workspace, which need not
// exist.
func (b *builder) workspacePattern(name string) string {
	v := b.input(name)
	if v == "" {
		return ""
	}
	if _, err := path.Match(v, ""); err != nil {
		b.problem(name, "%s is not a pattern; close each [ with a ] and escape a character after each \\", quote(v))
	}
	inside := b.inWorkspace(v)
	if !filepath.IsLocal(inside) {
		b.problem(name, "%s is not a path inside the workspace; use one relative to it", quote(v))
	}
	return path.Clean(inside)
}

// inWorkspace returns a path relative to the workspace, if it leads there: an
// absolute one may have any of the names by which a job knows the workspace.
func (b *builder) inWorkspace(name string) string {
	if !filepath.IsAbs(name) {
		return name
	}
	if inside, err := filepath.Rel(b.env("GITHUB_WORKSPACE"), b.path(name)); err == nil && filepath.IsLocal(inside) {
		return inside
	}
	return name
}

func (b *builder) integer(name string, fallback, least, most int) int {
	v := b.input(name)
	if v == "" {
		return fallback
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most || strconv.Itoa(n) != v {
		b.problem(name, "%s is invalid; use a whole number from %d to %d", quote(v), least, most)
		return fallback
	}
	return n
}

func (b *builder) seconds(name string, fallback, least, most time.Duration) time.Duration {
	n := b.integer(name, int(fallback/time.Second), int(least/time.Second), int(most/time.Second))
	return time.Duration(n) * time.Second
}

func (b *builder) accountList(name string, line int, text string) []string {
	ids := strings.FieldsFunc(text, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
	if text != "" && len(ids) == 0 {
		b.report.add(name, line, "%s names no account; use 12-digit ids separated by commas", quote(text))
	}
	for _, id := range ids {
		if !arn.IsAccountID(id) {
			b.report.add(name, line, "%s is not an account id; use its 12 digits, between quotes (leading zeros count)", quote(id))
			return nil // so that nothing is compared with a wrong list
		}
	}
	return ids
}

func (b *builder) readRegion(name string) string {
	v := b.input(name)
	switch {
	case v == "":
		b.report.addEmpty(name, 0, "is required; set an AWS region such as eu-central-1")
	case !arn.IsRegion(v):
		b.problem(name, "%s is not an AWS region; use a region such as eu-central-1 (not an availability zone)", quote(v))
	}
	return v
}
