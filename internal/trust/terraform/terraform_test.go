package terraform

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/inventory"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestModules holds the roles of real-shaped modules, and what follows for
// lint and inventory, against the golden file beside each.
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
			var got strings.Builder
			o := document.Options{Note: func(text string) { fmt.Fprintln(&got, "note:", text) }}
			for role, err := range Roles(context.Background(), root.FS(), o) {
				if err != nil {
					fmt.Fprintln(&got, "error:", err)
					continue
				}
				describe(&got, role)
			}
			golden := filepath.Join(folder, "want.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// rules are those of lint that say how far a role is open.
var rules = []string{"any-run", "any-subject", "cannot-tell", "no-subject", "open-context", "owner-wide", "repository-prefix"}

// describe writes a role with its policies, what lint says of whom it admits,
// and its lines in the inventory.
func describe(out *strings.Builder, role document.Role) {
	fmt.Fprintf(out, "%s %q at %s:%d:%d, %d s\n", role.LogicalID, role.Name, role.File, role.Pos.Line, role.Pos.Column, role.MaxSessionDuration)
	if role.Err != nil {
		fmt.Fprintln(out, "  error:", role.Err)
	}
	for _, p := range role.Policies {
		fmt.Fprintln(out, " ", strings.TrimSpace("policy "+p.Version+" "+strings.TrimSuffix(trust.Given(p.Given), "if ")))
		for _, s := range p.Statements {
			writeStatement(out, s)
		}
	}
	for _, f := range lint.Check(role, lint.Options{}) {
		if slices.Contains(rules, f.Rule) {
			fmt.Fprintf(out, "  lint %d:%d %s %s %s\n", f.Line, f.Column, f.Severity, f.Rule, strings.TrimSuffix(trust.Given(f.Given), "if "))
		}
	}
	entries, _ := inventory.List(func(yield func(document.Role, error) bool) { yield(role, nil) })
	for _, e := range entries {
		fmt.Fprintf(out, "  inventory %s\n", strings.Join([]string{e.Repository, e.Runs, e.Provider + e.Principal}, " | "))
	}
}

func writeStatement(out *strings.Builder, s trust.Statement) {
	fmt.Fprintf(out, "    %s %s at %d:%d", s.Effect, s.Sid, s.Pos.Line, s.Pos.Column)
	if s.Unknown != nil {
		fmt.Fprintf(out, ": unknown, depends on %s", strings.Join(s.Unknown.DependsOn, ", "))
	}
	out.WriteString("\n")
	for _, e := range s.Principal.Entries {
		fmt.Fprintf(out, "      %s %s\n", e.Type, e.ID)
	}
	for _, a := range s.Action.Values {
		fmt.Fprintf(out, "      %s\n", a.Text)
	}
	for _, c := range s.Conditions {
		fmt.Fprintf(out, "      %s %s at %d:%d:", c.Operator, c.Key, c.Pos.Line, c.Pos.Column)
		for _, v := range c.Values {
			fmt.Fprintf(out, " %s", v.Text)
			if u := v.Unknown(); u != nil {
				fmt.Fprintf(out, " (%s)", strings.Join(u.DependsOn, ", "))
			}
		}
		if c.Unknown != nil {
			fmt.Fprintf(out, " unknown: %s", strings.Join(c.Unknown.DependsOn, ", "))
		}
		out.WriteString("\n")
	}
}
