package plan

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/docstest"
)

var update = flag.Bool("update", false, "rewrite action.yml and the tables of the documentation")

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

func TestTablesAreRendered(t *testing.T) {
	docstest.Section(t, *update, "docs/inputs-and-outputs.md", "inputs", InputTable())
	docstest.Section(t, *update, "docs/inputs-and-outputs.md", "variables", VariableTable())
	docstest.Section(t, *update, "docs/inputs-and-outputs.md", "outputs", OutputTable())
}
