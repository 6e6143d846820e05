package diagnosis

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/org/aws-oidc-action/internal/docstest"
)

var update = flag.Bool("update", false, "rewrite the tables of the documentation")

// Each code has a section that links of annotations lead to, see Page.
func TestReferenceIsRendered(t *testing.T) {
	var codes strings.Builder
	for i, e := range Reference {
		if i > 0 {
			codes.WriteByte('\n')
		}
		fmt.Fprintf(&codes, "### %s\n\n- **Cause:** %s.\n- **What to do:** %s.\n- **Rehearse it:** [%[1]s.yml](../testdata/scenarios/broken/%[1]s.yml)\n",
			e.Code, docstest.Escape(e.Cause), docstest.Escape(e.Cure))
	}
	docstest.Section(t, *update, "docs/troubleshooting.md", "codes", codes.String())

	table := "| exit code | meaning |\n|---|---|\n"
	for _, e := range Exits {
		table += fmt.Sprintf("| %d | %s |\n", e.Code, docstest.Escape(e.Meaning))
	}
	docstest.Section(t, *update, "docs/commands.md", "exit codes", table)
}

func TestEveryCodeHasCauseAndCure(t *testing.T) {
	seen := map[Code]bool{}
	for _, e := range Reference {
		if seen[e.Code] {
			t.Errorf("duplicate %s", e.Code)
		}
		seen[e.Code] = true
		for _, text := range []string{e.Cause, e.Cure} {
			if text == "" || strings.HasSuffix(text, ".") || strings.Contains(text, "\n") || !aWord(text) {
				t.Errorf("%s: %q is no lower-case clause of one line", e.Code, text)
			}
		}
	}
}

// aWord reports whether the text begins in lower case, or with a name such as STS.
func aWord(text string) bool {
	r := []rune(text)
	return unicode.IsLower(r[0]) || unicode.IsUpper(r[1]) || strings.HasPrefix(text, "GitHub") || strings.HasPrefix(text, "Dependabot")
}
