package terraform

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/inventory"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestModules holds what lint and inventory say of a module's roles against
// the golden file beside it.
func TestModules(t *testing.T) {
	folders, err := filepath.Glob("testdata/*")
	if err != nil || len(folders) == 0 {
		t.Fatal("no modules", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			root, err := os.OpenRoot(folder)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			got := judged(t, root)
			golden := filepath.Join(folder, "want.txt")
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// judged returns the text of lint and of inventory.
func judged(t *testing.T, root *os.Root) []byte {
	t.Helper()
	var out bytes.Buffer
	var findings []lint.Finding
	for role, err := range Roles(context.Background(), root.FS(), document.Options{}) {
		if err != nil {
			out.WriteString("error: " + err.Error() + "\n")
			continue
		}
		for _, f := range lint.Check(role, lint.Options{}) {
			f.File = role.File
			findings = append(findings, f)
		}
	}
	entries, err := inventory.List(Roles(context.Background(), root.FS(), document.Options{}))
	if err != nil {
		out.WriteString("error: " + err.Error() + "\n")
	}
	if err := lint.WriteText(&out, findings); err != nil {
		t.Fatal(err)
	}
	out.WriteString("\n")
	if err := inventory.WriteMarkdown(&out, entries, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
