// Package docstest lets tests hold the pages of the documentation against the
// code that they describe.
package docstest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Section compares a section of a page with want, which ends in a line end. A
// page, named from the root of the repository, has its section between the
// lines <!-- NAME --> and <!-- /NAME -->. With update, Section rewrites it.
func Section(t testing.TB, update bool, page, name, want string) {
	t.Helper()
	path := filepath.Join(Root(t), filepath.FromSlash(page))
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
	before, rest, ok1 := strings.Cut(string(content), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no section %q", page, name)
	}
	if update {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("section %q of %s differs from the code; run the tests of this package with -update, or make golden (-code +page):\n%s", name, page, diff)
	}
}

// Root is the directory of the repository.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "action.yml")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no directory above has action.yml")
		}
		dir = parent
	}
}

// Escape keeps Markdown from reading more than text out of s, also in a cell
// of a table.
func Escape(s string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`, "*", `\*`).Replace(s)
}
