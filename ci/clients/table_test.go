package clients

import (
	"flag"
	"slices"
	"testing"

	"github.com/org/aws-oidc-action/internal/docstest"
)

var update = flag.Bool("update", false, "rewrite the table of docs/clients.md")

func TestTableOfClientsIsRendered(t *testing.T) {
	docstest.Section(t, *update, "docs/clients.md", "clients", table())
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
