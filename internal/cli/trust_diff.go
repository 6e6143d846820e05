package cli

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/org/aws-oidc-action/internal/trust/diff"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

const trustDiffSynopsis = "trust diff [--format text|json] [--parameter NAME=VALUE]… [--parameters FILE]… (OLD NEW | PLAN)"

// trustDiff prints what NEW makes possible that OLD did not, or might, and the
// roles that only one of them has; the exit code is 1 if something became
// possible, or if a role of OLD is missing.
func trustDiff(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("trust diff", flag.ContinueOnError)
	format := fs.String("format", "text", "`format` of the changes: text or json")
	documents := env.documents("trust diff")
	documents.flags(fs)
	if run, code := env.parse(fs, trustDiffSynopsis, args); !run {
		return code
	}
	if *format != "text" && *format != "json" {
		return env.unknownFormat("diff", *format, "text", "json")
	}
	if !env.arguments("diff", fs.Args(), 1, 2) {
		return exitUsage
	}
	isPlan := fs.NArg() == 1
	if isPlan && isStream(fs.Arg(0)) {
		env.errorf("trust diff: a plan is read twice; write the stream to a file and name it")
		return exitUsage
	}
	documents.options.Before = isPlan
	before, beforeErr := documents.side(ctx, fs.Arg(0))
	documents.options.Before = false
	if isPlan && documents.notPlan {
		return exitUsage
	}
	after, err := documents.side(ctx, fs.Arg(fs.NArg()-1))
	if err = cmp.Or(beforeErr, err); err != nil {
		env.errorf("trust diff: %v", err)
		return exitFailure
	}
	changes, err := diff.Compare(before, after)
	documents.report()
	if err == nil && !documents.parametersKnown() {
		return exitUsage
	}
	switch {
	case err != nil:
	case *format == "json":
		err = env.printJSON(struct {
			Widened bool              `json:"widened"`
			Changes []diff.Change     `json:"changes"`
			Unread  []document.Unread `json:"unread,omitempty"`
		}{slices.ContainsFunc(changes, diff.Change.Widens), append([]diff.Change{}, changes...), documents.unread})
	default:
		err = env.print(asText, func(w io.Writer) error { return writeChanges(w, changes) })
	}
	if err != nil {
		env.errorf("trust diff: %v", err)
		return exitFailure
	}
	if slices.ContainsFunc(changes, func(c diff.Change) bool { return !c.Note }) {
		return documents.exitCode(exitRefused)
	}
	return documents.exitCode(exitFine)
}

// side reads the roles of one side. It is an error if no role of it can be
// read: all of the other side would count as new, or as gone.
func (d *documents) side(ctx context.Context, name string) (iter.Seq2[document.Role, error], error) {
	unread := len(d.unread)
	var roles []document.Role
	for role, err := range d.rolesOf(ctx, name) {
		if err != nil {
			return nil, err
		}
		roles = append(roles, role)
	}
	if len(roles) == 0 && len(d.unread) > unread {
		return nil, fmt.Errorf("no role of %q could be read", name)
	}
	return func(yield func(document.Role, error) bool) {
		for _, role := range roles {
			if !yield(role, nil) {
				return
			}
		}
	}, nil
}

func writeChanges(w io.Writer, changes []diff.Change) error {
	for _, c := range changes {
		role := ""
		if c.Role != "" {
			role = fmt.Sprintf("role %s: ", c.Role)
		}
		if _, err := fmt.Fprintf(w, "%s:%d:%d: %s%s [%s]\n", c.File, c.Line, c.Column, role, c.Message, c.Kind); err != nil {
			return err
		}
	}
	return nil
}
