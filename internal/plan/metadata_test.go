package plan

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite action.yml and the README's tables")

func TestActionYAMLIsRendered(t *testing.T) {
	const path = "../../action.yml"
	if *update {
		if err := os.WriteFile(path, []byte(ActionYAML()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ActionYAML(), string(got)); diff != "" {
		t.Errorf("action.yml is not what inputs.go says; run go test ./internal/plan -update\n%s", diff)
	}
}

func TestREADMETablesAreRendered(t *testing.T) {
	const path = "../../README.md"
	for name, table := range map[string]string{"inputs": InputTable(), "outputs": OutputTable()} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, ok1 := strings.Cut(string(content), "<!-- "+name+" -->\n")
		got, after, ok2 := strings.Cut(rest, "<!-- /"+name+" -->\n")
		if !ok1 || !ok2 {
			t.Fatalf("README.md has no section <!-- %s -->", name)
		}
		if *update {
			rewritten := before + "<!-- " + name + " -->\n" + table + "<!-- /" + name + " -->\n" + after
			if err := os.WriteFile(path, []byte(rewritten), 0o644); err != nil {
				t.Fatal(err)
			}
			got = table
		}
		if diff := cmp.Diff(table, got); diff != "" {
			t.Errorf("the table of %s is not what inputs.go says; run go test ./internal/plan -update\n%s", name, diff)
		}
	}
}
