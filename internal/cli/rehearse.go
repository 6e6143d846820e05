package cli

import (
	"context"
	"flag"
	"io"

	"github.com/org/aws-oidc-action/internal/rehearsal"
)

const rehearseSynopsis = "rehearse [--format text|json] [SCENARIO]"

// rehearse runs the step itself, main and post phase, against a sandbox.
func rehearse(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("rehearse", flag.ContinueOnError)
	format := fs.String("format", "text", "`format` of the report: text or json")
	if run, code := env.parse(fs, rehearseSynopsis, args); !run {
		return code
	}
	if *format != "text" && *format != "json" {
		env.errorf("rehearse: --format %q is invalid; use text or json", *format)
		return exitUsage
	}
	s, err := loadScenario(fs.Args())
	if err != nil {
		env.errorf("%v", err) // begins with file and line
		return exitUsage
	}
	r, err := rehearsal.Run(ctx, s, rehearsal.Options{Step: rehearsedStep(env.Now), Now: env.Now})
	if err != nil {
		env.errorf("rehearse: %v", err)
		return exitFailure
	}
	if *format == "json" {
		err = env.printJSON(r)
	} else {
		err = env.print(asText, func(w io.Writer) error { printReport(w, r); return nil })
	}
	if err != nil {
		env.errorf("rehearse: print the report: %v", err)
		return exitFailure
	}
	if !r.AsExpected {
		return exitRefused
	}
	return exitFine
}
