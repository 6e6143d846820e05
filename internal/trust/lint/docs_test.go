package lint

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/docstest"
)

// The page of the rules shows for each rule a policy of the golden files and
// what the rule finds in it.
func TestPageOfRulesIsRendered(t *testing.T) {
	var index, sections strings.Builder
	index.WriteString("| rule | severity | what it finds |\n|---|---|---|\n")
	for _, r := range Rules() {
		fmt.Fprintf(&index, "| [%s](#%s) | %s | %s |\n", r.ID, r.ID, r.Severity, docstest.Escape(r.Summary))
		file, f := exampleOf(t, r)
		fmt.Fprintf(&sections, "\n## %s\n\nSeverity %s: %s. %s\n\n```text\n%s\n```\n\n- **Message:** %s\n",
			r.ID, r.Severity, docstest.Escape(r.Summary), docstest.Escape(r.Why), excerpt(t, file, f.Line), docstest.Escape(f.Message))
		if f.Fix != "" {
			fmt.Fprintf(&sections, "- **Fix:** %s\n", docstest.Escape(f.Fix))
		}
	}
	docstest.Section(t, *update, "docs/lint-rules.md", "rules", index.String()+sections.String())
}

// exampleOf returns the gravest finding of a rule in its golden files, and the
// file; of several the one with the shortest name, which is the plain case.
func exampleOf(t *testing.T, r Rule) (file string, example Finding) {
	files := inputs(t, r.ID, "bad")
	slices.SortStableFunc(files, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	for _, file := range files {
		for _, f := range lintFile(t, file) {
			if f.Rule == r.ID && f.Severity == r.Severity {
				return file, f
			}
		}
	}
	t.Fatalf("no golden file has a finding of %s with severity %s", r.ID, r.Severity)
	return "", Finding{}
}

// excerpt returns what begins in a line of a file: the line, or the object or
// list that it opens. A line within a condition comes with its operator.
func excerpt(t *testing.T, file string, line int) string {
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	if line > len(lines) {
		return strings.Join(lines, "\n") // the end of the document is what is wrong
	}
	at := line - 1
	for i := at; i >= 0; i = opening(lines, i) {
		if up := opening(lines, i); up >= 0 && strings.HasPrefix(strings.TrimLeft(lines[up], " "), `"Condition"`) {
			at = i
			break
		}
	}
	end := at + 1
	if opens := strings.HasSuffix(lines[at], "{") || strings.HasSuffix(lines[at], "["); opens {
		for indent(lines[end]) > indent(lines[at]) {
			end++
		}
		end++
	}
	var out []string
	for _, l := range lines[at:end] {
		out = append(out, l[indent(lines[at]):])
	}
	if most := 24; len(out) > most {
		out = slices.Concat(out[:most/2], []string{"  …"}, out[len(out)-4:])
	}
	return strings.TrimSuffix(strings.Join(out, "\n"), ",")
}

// opening returns the index of the line whose object or list line i is in, or
// -1.
func opening(lines []string, i int) int {
	up := i - 1
	for up >= 0 && indent(lines[up]) >= indent(lines[i]) {
		up--
	}
	return up
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
