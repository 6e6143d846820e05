package cli

import (
	"context"
	"flag"
	"io"
	"math"

	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/inventory"
)

const trustInventorySynopsis = "trust inventory [--format markdown|json|csv] [--parameter NAME=VALUE]… [--parameters FILE]… PATH…"

var inventoryFormats = map[string]struct {
	form
	write func(io.Writer, []inventory.Entry, []document.Unread) error
}{
	"markdown": {asText, inventory.WriteMarkdown},
	"json":     {asJSON, inventory.WriteJSON},
	"csv":      {asText, inventory.WriteCSV},
}

// trustInventory lists which runs can assume which roles.
func trustInventory(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("trust inventory", flag.ContinueOnError)
	format := fs.String("format", "markdown", "`format` of the list: markdown, json or csv")
	documents := env.documents("trust inventory")
	documents.flags(fs)
	if run, code := env.parse(fs, trustInventorySynopsis, args); !run {
		return code
	}
	output, ok := inventoryFormats[*format]
	if !ok {
		return env.unknownFormat("inventory", *format, "markdown", "json", "csv")
	}
	if !env.arguments("inventory", fs.Args(), 1, math.MaxInt) {
		return exitUsage
	}
	entries, err := inventory.List(documents.rolesOf(ctx, fs.Args()...))
	documents.report()
	if err == nil && !documents.parametersKnown() {
		return exitUsage
	}
	if err == nil && len(documents.read) > 0 {
		err = env.print(output.form, func(w io.Writer) error { return output.write(w, entries, documents.unread) })
	}
	if err != nil {
		env.errorf("trust inventory: %v", err)
		return exitFailure
	}
	return documents.exitCode(exitFine)
}
