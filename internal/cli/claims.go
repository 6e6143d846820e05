package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

const claimsSynopsis = "claims [--audience A] [--format text|json]"

// The bounds of asking for the token.
const (
	claimsAttempts = 5
	claimsTimeout  = time.Minute
)

// claimsReport is what a token says, without the token.
type claimsReport struct {
	Claims    oidc.Claims           `json:"claims"`
	Subject   explain.SubjectReport `json:"subject"`
	Statement json.RawMessage       `json:"statement,omitempty"` // for the trust policy
}

// showClaims prints the claims of this job's token.
func showClaims(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("claims", flag.ContinueOnError)
	audience := fs.String("audience", "sts.amazonaws.com", "`audience` to ask the token for")
	format := fs.String("format", "text", "`format` of the report: text or json")
	if run, code := env.parse(fs, claimsSynopsis, args); !run {
		return code
	}
	switch {
	case fs.NArg() > 0:
		env.errorf("claims: argument %q is unknown, it takes flags only", fs.Arg(0))
		return exitUsage
	case *format != "text" && *format != "json":
		env.errorf("claims: --format %q is unknown, write text or json", *format)
		return exitUsage
	}
	claims, d := env.mint(ctx, *audience)
	if d != nil {
		env.diagnose(*d)
		return d.ExitCode()
	}
	report := claimsReport{claims, explain.ExplainSubject(claims), json.RawMessage(explain.TrustStatement(claims, ""))}
	var err error
	if *format == "json" {
		err = env.printJSON(report)
	} else {
		err = env.print(asText, report.text)
	}
	if err != nil {
		env.errorf("%s: print the claims: %v", explain.Failed, err)
		return exitFailure
	}
	return exitFine
}

// mint asks for a token as the step does, and keeps its claims only.
func (e Env) mint(ctx context.Context, audience string) (oidc.Claims, *explain.Diagnosis) {
	if job := runner.New(e.Environ, io.Discard).Job(ctx); !job.HasToken() {
		d := explain.MissingToken(job)
		return nil, &d
	}
	ctx, cancel := context.WithTimeout(ctx, claimsTimeout)
	defer cancel()
	source := &oidc.Source{
		URL:    e.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"),
		Bearer: secret.New(e.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")),
		Client: transport.New(transport.FromEnvironment(e.Getenv)),
		Retry:  retry.Default(claimsAttempts),
	}
	token, err := source.Token(ctx, audience)
	if err != nil {
		d := explain.Failure(err, explain.Evidence{Now: e.Now()})
		return nil, &d
	}
	return token.Claims, nil
}

func (r claimsReport) text(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "What the token claims")
	for _, c := range explain.AllClaims(r.Claims) {
		fmt.Fprintf(table, "  %s\t%s\n", c.Name, c.Value)
	}
	fmt.Fprintf(table, "\nThe subject, part by part: the form is %s, %s\n", r.Subject.Form, r.Subject.Meaning)
	for _, p := range r.Subject.Parts {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", p.Text, orDash(p.Claim), p.Meaning)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(r.Statement) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "\nA statement for the role's trust policy that admits runs like this one and no others\n%s\n", r.Statement)
	return err
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
