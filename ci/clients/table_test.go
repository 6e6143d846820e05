package clients

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the table of docs/clients.md")

func TestTableOfClientsIsRendered(t *testing.T) {
	const path, begin, end = "../../docs/clients.md", "<!-- clients -->\n", "<!-- /clients -->\n"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(content), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no section %s", path, begin)
	}
	if *update {
		got = table()
		if err := os.WriteFile(path, []byte(before+begin+got+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(table(), got); diff != "" {
		t.Errorf("the table is not what table.go says; run go test ./ci/clients -update\n%s", diff)
	}
}

func TestTableNamesModes(t *testing.T) {
	for _, c := range all {
		for _, title := range c.fails {
			if !slices.ContainsFunc(modes, func(m mode) bool { return m.title == title }) {
				t.Errorf("%s fails in %q, which is no mode", c.name, title)
			}
		}
	}
}
