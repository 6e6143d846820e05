package cli

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/docstest"
)

var update = flag.Bool("update", false, "rewrite docs/commands.md")

// The page of the commands says what --help prints.
func TestPageOfCommandsIsRendered(t *testing.T) {
	type entry struct {
		name, summary string
	}
	var all []entry
	for _, c := range commands() {
		if c.name != "trust" {
			all = append(all, entry{c.name, c.summary})
			continue
		}
		for _, c := range trustCommands() {
			all = append(all, entry{"trust " + c.name, c.summary})
		}
	}
	var index, sections strings.Builder
	index.WriteString("| command | does |\n|---|---|\n")
	for _, e := range all {
		fmt.Fprintf(&index, "| [%s](#%s) | %s |\n", e.name, strings.ReplaceAll(e.name, " ", "-"), e.summary)
		fmt.Fprintf(&sections, "\n## %s\n\n%s", e.name, commandHelp(t, e.name))
	}
	docstest.Section(t, *update, "docs/commands.md", "commands", index.String()+sections.String())
}

// commandHelp renders what a command prints with --help: its synopsis, and a
// table of its flags.
func commandHelp(t *testing.T, name string) string {
	var out bytes.Buffer
	env := Env{Name: "aws-oidc-action", Stdout: &out, Stderr: &out}
	if code := Run(context.Background(), env, append(strings.Fields(name), "--help")); code != exitFine {
		t.Fatalf("%s --help: exit code %d: %s", name, code, out.String())
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	synopsis, ok := strings.CutPrefix(lines[0], "usage: ")
	if !ok || len(lines)%2 == 0 {
		t.Fatalf("%s --help:\n%s", name, out.String())
	}
	text := "```text\n" + synopsis + "\n```\n"
	if len(lines) == 1 {
		return text
	}
	text += "\n| flag | meaning |\n|---|---|\n"
	for i := 1; i < len(lines); i += 2 {
		text += fmt.Sprintf("| `%s` | %s |\n", strings.TrimSpace(lines[i]), docstest.Escape(strings.TrimSpace(lines[i+1])))
	}
	return text
}
