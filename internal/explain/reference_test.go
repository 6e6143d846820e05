package explain

import (
	"flag"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the README's tables")

func TestREADMETablesAreRendered(t *testing.T) {
	const path = "../../README.md"
	for section, table := range map[string]string{"codes": CodeTable(), "exit codes": ExitTable()} {
		begin, end := "<!-- "+section+" -->\n", "<!-- /"+section+" -->\n"
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, ok1 := strings.Cut(string(content), begin)
		got, after, ok2 := strings.Cut(rest, end)
		if !ok1 || !ok2 {
			t.Fatalf("README.md has no section of %s", section)
		}
		if *update {
			if err := os.WriteFile(path, []byte(before+begin+table+end+after), 0o644); err != nil {
				t.Fatal(err)
			}
			got = table
		}
		if diff := cmp.Diff(table, got); diff != "" {
			t.Errorf("the table of %s is not what the code says; run go test ./internal/explain -update\n%s", section, diff)
		}
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
