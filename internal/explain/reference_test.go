package explain

import (
	"flag"
	"strings"
	"testing"
	"unicode"

	"github.com/org/aws-oidc-action/internal/docstest"
)

var update = flag.Bool("update", false, "rewrite the tables of the documentation")

func TestReferenceIsRendered(t *testing.T) {
	docstest.Section(t, *update, "docs/troubleshooting.md", "codes", CodeSections())
	docstest.Section(t, *update, "docs/commands.md", "exit codes", ExitTable())
}

func TestEveryCodeHasCauseAndCure(t *testing.T) {
	seen := map[Code]bool{}
	for _, e := range Reference {
		if seen[e.Code] {
			t.Errorf("%s stands twice", e.Code)
		}
		seen[e.Code] = true
		for _, text := range []string{e.Cause, e.Cure} {
			if text == "" || strings.HasSuffix(text, ".") || strings.Contains(text, "\n") || !aWord(text) {
				t.Errorf("%s: %q is no lower-case clause of one line", e.Code, text)
			}
		}
	}
}

// aWord tells a beginning in lower case, or with a name such as STS.
func aWord(text string) bool {
	r := []rune(text)
	return unicode.IsLower(r[0]) || unicode.IsUpper(r[1]) || strings.HasPrefix(text, "GitHub") || strings.HasPrefix(text, "Dependabot")
}
