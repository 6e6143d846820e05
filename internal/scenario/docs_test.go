package scenario

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/docstest"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/scenarios.md")

func TestTableOfFaultsIsRendered(t *testing.T) {
	var b strings.Builder
	b.WriteString("| fault | calls | what the client sees |\n|---|---|---|\n")
	for _, info := range FaultKinds {
		calls := "all"
		if info.Calls != nil {
			calls = strings.Join(info.Calls, ", ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", info.Kind, calls, docstest.Escape(info.Effect))
	}
	docstest.Section(t, *update, "docs/scenarios.md", "faults", b.String())
}
