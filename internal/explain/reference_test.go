package explain

import (
	"flag"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the README's table of codes")

func TestREADMETableOfCodesIsRendered(t *testing.T) {
	const path, begin, end = "../../README.md", "<!-- codes -->\n", "<!-- /codes -->\n"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(content), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatal("README.md has no section of codes")
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+CodeTable()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		got = CodeTable()
	}
	if diff := cmp.Diff(CodeTable(), got); diff != "" {
		t.Errorf("the table of codes is not what reference.go says; run go test ./internal/explain -update\n%s", diff)
	}
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
