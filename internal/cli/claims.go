package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/transport"
)

const claimsSynopsis = "claims [--audience A] [--format text|json]"

// The bounds of the request for the token.
const (
	claimsAttempts = 5
	claimsTimeout  = time.Minute
)

// showClaims prints the claims of this job's token.
func showClaims(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("claims", flag.ContinueOnError)
	audience := fs.String("audience", oidc.DefaultAudience, "`audience` of the token")
	format := fs.String("format", "text", "`format` of the report: text or json")
	if run, code := env.parse(fs, claimsSynopsis, args); !run {
		return code
	}
	switch {
	case fs.NArg() > 0:
		env.errorf("claims: argument %q is unexpected; use flags only", fs.Arg(0))
		return exitUsage
	case *format != "text" && *format != "json":
		env.errorf("claims: --format %q is invalid; use text or json", *format)
		return exitUsage
	}
	claims, d := env.mint(ctx, *audience)
	if d != nil {
		env.diagnose(*d)
		return d.ExitCode()
	}
	report := explain.NewTokenReport(claims)
	var err error
	if *format == "json" {
		err = env.printJSON(report)
	} else {
		err = env.print(asText, unfailing(func(out io.Writer) { fmt.Fprint(out, report.Text()) }))
	}
	if err != nil {
		env.errorf("%s: print the claims: %v", diagnosis.Failed, err)
		return exitFailure
	}
	return exitFine
}

// mint requests a token as the step does, and returns its claims only.
func (e Env) mint(ctx context.Context, audience string) (oidc.Claims, *diagnosis.Diagnosis) {
	if job := runner.New(e.Environ, io.Discard).Job(ctx); !job.HasToken() {
		d := runner.MissingClaims(job)
		return nil, &d
	}
	ctx, cancel := context.WithTimeout(ctx, claimsTimeout)
	defer cancel()
	login := &assume.Login{
		Getenv:       e.Getenv,
		HTTP:         transport.New,
		TokenProxies: transport.FromEnvironment(e.Getenv).EncryptedOnly(),
		Attempts:     claimsAttempts,
		Now:          e.Now,
		Sleep:        retry.Sleep,
	}
	token, err := login.Tokens().Get(ctx, audience, oidc.Token{})
	if err != nil {
		d := explain.Failure(err, explain.Evidence{Now: e.Now()})
		return nil, &d
	}
	return token.Claims, nil
}
