package cli

import (
	"context"
	"flag"
	"io"
	"math"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

const trustLintSynopsis = "trust lint [--format text|json|github|sarif] [--fail-on SEVERITY] [--immutable OWNER/REPOSITORY]… [--parameter NAME=VALUE]… [--parameters FILE]… PATH…"

// lintFormats are the writers of findings by --format.
var lintFormats = map[string]struct {
	form
	write func(io.Writer, []lint.Finding, []document.Unread) error
}{
	"text": {asText, func(w io.Writer, findings []lint.Finding, _ []document.Unread) error {
		return lint.WriteText(w, findings)
	}},
	"json":   {asJSON, lint.WriteJSON},
	"github": {asAnnotations, writeAnnotations},
	"sarif":  {asJSON, lint.WriteSARIF},
}

// trustLint checks the policies of all files; the exit code is 1 if a finding
// is as grave as --fail-on.
func trustLint(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("trust lint", flag.ContinueOnError)
	format := fs.String("format", "text", "`format` of the findings: text, json, github (annotations) or sarif")
	failOn := fs.String("fail-on", "warning", "lowest `severity` that makes the exit code 1: note, low, warning, medium, error, high or critical")
	var options lint.Options
	fs.Func("immutable", "`repository` whose tokens have ids in the subject, OWNER/REPOSITORY with wildcards; may be given again", func(s string) error {
		options.Immutable = append(options.Immutable, trust.NewPattern(s))
		return nil
	})
	documents := env.documents("trust lint")
	documents.flags(fs)
	if run, code := env.parse(fs, trustLintSynopsis, args); !run {
		return code
	}
	threshold, err := lint.ParseSeverity(*failOn)
	if err != nil {
		env.errorf("trust lint: --fail-on: %v", err)
		return exitUsage
	}
	output, ok := lintFormats[*format]
	if !ok {
		return env.unknownFormat("lint", *format, "text", "json", "github", "sarif")
	}
	if !env.arguments("lint", fs.Args(), 1, math.MaxInt) {
		return exitUsage
	}
	var findings []lint.Finding
	for role, err := range documents.rolesOf(ctx, fs.Args()...) {
		if err != nil {
			env.errorf("trust lint: %v", err)
			return exitFailure
		}
		for _, f := range lint.Check(role, options) {
			f.File = role.File
			findings = append(findings, f)
		}
	}
	documents.report()
	if !documents.parametersKnown() {
		return exitUsage
	}
	err = env.print(output.form, func(w io.Writer) error { return output.write(w, findings, documents.unread) })
	if err != nil {
		env.errorf("trust lint: %v", err)
		return exitFailure
	}
	if gravest, found := lint.Highest(findings); found && gravest >= threshold {
		return documents.exitCode(exitRefused)
	}
	return documents.exitCode(exitFine)
}
