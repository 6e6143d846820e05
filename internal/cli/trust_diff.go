package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"

	"github.com/org/aws-oidc-action/internal/trust/diff"
)

const trustDiffSynopsis = "trust diff [--format text|json] [--parameter NAME=VALUE]… [--parameters FILE]… OLD NEW"

// trustDiff prints what NEW makes possible that OLD did not, or might, and the
// roles that only one of them has; the exit code is 1 if something became
// possible, or if a role of OLD is missing.
func trustDiff(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("trust diff", flag.ContinueOnError)
	format := fs.String("format", "text", "`format` of the changes: text or json")
	documents := env.documents()
	documents.flags(fs)
	if run, code := env.parse(fs, trustDiffSynopsis, args); !run {
		return code
	}
	if *format != "text" && *format != "json" {
		return env.unknownFormat("diff", *format, "text", "json")
	}
	if !env.arguments("diff", fs.Args(), 2, 2) {
		return exitUsage
	}
	changes, err := diff.Compare(documents.roles(ctx, fs.Arg(0)), documents.roles(ctx, fs.Arg(1)))
	if err == nil {
		documents.report()
		if err := documents.unknownParameter(); err != nil {
			env.errorf("trust diff: %v", err)
			return exitUsage
		}
	}
	switch {
	case err != nil:
	case *format == "json":
		err = env.printJSON(map[string]any{"widened": slices.ContainsFunc(changes, diff.Change.Widens), "changes": append([]diff.Change{}, changes...)})
	default:
		err = env.print(asText, func(w io.Writer) error { return writeChanges(w, fs.Arg(0), fs.Arg(1), changes) })
	}
	if err != nil {
		env.errorf("trust diff: %v", err)
		return exitFailure
	}
	if slices.ContainsFunc(changes, func(c diff.Change) bool { return !c.Note }) {
		return exitRefused
	}
	return exitFine
}

func writeChanges(w io.Writer, before, after string, changes []diff.Change) error {
	for _, c := range changes {
		file, role := after, ""
		if c.InOld {
			file = before
		}
		if c.Role != "" {
			role = fmt.Sprintf("role %s: ", c.Role)
		}
		if _, err := fmt.Fprintf(w, "%s:%d:%d: %s%s [%s]\n", file, c.Line, c.Column, role, c.Message, c.Kind); err != nil {
			return err
		}
	}
	return nil
}
