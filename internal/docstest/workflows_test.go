package docstest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

var update = flag.Bool("update", false, "rewrite the tables of CONTRIBUTING.md and docs/reusable-workflows.md")

func TestInputsOfReusableWorkflowsAreRendered(t *testing.T) {
	for _, name := range []string{"login-and-run", "check-profiles", "check-trust"} {
		content, err := os.ReadFile(filepath.Join(Root(t), ".github", "workflows", name+".yml"))
		if err != nil {
			t.Fatal(err)
		}
		Section(t, *update, "docs/reusable-workflows.md", name, inputTable(t, content))
	}
}

// inputTable renders the inputs of a workflow in their order.
func inputTable(t *testing.T, workflow []byte) string {
	var w struct {
		On struct {
			Call struct {
				Inputs yaml.Node `yaml:"inputs"`
			} `yaml:"workflow_call"`
		} `yaml:"on"`
	}
	if err := yaml.Load(workflow, &w); err != nil {
		t.Fatal(err)
	}
	inputs := w.On.Call.Inputs.Content
	if len(inputs) == 0 {
		t.Fatal("the workflow has no inputs")
	}
	var b strings.Builder
	b.WriteString("| input | default | what it does |\n|---|---|---|\n")
	for i := 0; i < len(inputs); i += 2 {
		var in struct {
			Description string    `yaml:"description"`
			Type        string    `yaml:"type"`
			Required    bool      `yaml:"required"`
			Default     yaml.Node `yaml:"default"`
		}
		if err := inputs[i+1].Decode(&in); err != nil {
			t.Fatal(err)
		}
		given := "required"
		switch {
		case in.Default.Value != "":
			given = "`" + in.Default.Value + "`"
		case !in.Required:
			given = "none"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", inputs[i].Value, given, Escape(in.Description))
	}
	return b.String()
}
