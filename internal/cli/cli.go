// Package cli is the command line: the step without arguments, the subcommands
// with them. It alone knows arguments, standard streams and exit codes.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
)

// Env is what a process has besides its arguments.
type Env struct {
	Name           string   // by which the program was started, os.Args[0]
	Environ        []string // as os.Environ gives it
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time
}

// The exit codes, which are those of the step too.
const (
	exitFine    = diagnosis.ExitFine
	exitRefused = diagnosis.ExitRefused
	exitUsage   = diagnosis.ExitUsage
	exitFailure = diagnosis.ExitFailure
)

// command is a subcommand. It gets the arguments after its name.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, env Env, args []string) int
}

func commands() []command {
	return []command{
		{"claims", "what this job's token says, and never the token", showClaims},
		{"credential-process", "fresh credentials for AWS's SDKs, from the job's state", credentialProcess},
		{"exec", "run a command with fresh keys in its environment", execute},
		{"rehearse", "the whole login against a sandbox, on any machine", rehearse},
		{"sandbox", "serve GitHub's token issuer and AWS STS on loopback", serveSandbox},
		{"trust", "explain, lint, generate, inventory and diff trust policies", trustPolicies},
		{"version", "version, commit and Go version", version},
	}
}

// Run executes one command line and returns its exit code. It silences the
// standard logger for the whole process.
func Run(ctx context.Context, env Env, args []string) int {
	// net/http logs what a server sends beyond its response, a piece of a token
	// or of a secret key, and its client takes no logger of its own.
	log.SetOutput(io.Discard)
	if len(args) == 0 {
		return step(ctx, env)
	}
	if slices.Contains([]string{"help", "--help", "-help", "-h"}, args[0]) {
		return env.printText(usage)
	}
	if args[0] == "--version" || args[0] == "-version" {
		args[0] = "version"
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, env, args[1:])
		}
	}
	env.errorf("unknown command %q", args[0])
	env.complain(usage)
	return exitUsage
}

// Getenv returns a variable, or "".
func (e Env) Getenv(name string) string {
	for _, pair := range slices.Backward(e.Environ) {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// parse reads flags, which stand before the arguments. It returns false and
// the exit code if the command is not to run.
func (e Env) parse(fs *flag.FlagSet, synopsis string, args []string) (run bool, code int) {
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	err := fs.Parse(args)
	if err == nil {
		return true, exitFine
	}
	help := func(out io.Writer) {
		fmt.Fprintf(out, "usage: aws-oidc-action %s\n", synopsis)
		fs.VisitAll(func(f *flag.Flag) {
			name, text := flag.UnquoteUsage(f)
			fmt.Fprintf(out, "  --%s %s\n        %s\n", f.Name, name, text)
		})
	}
	if errors.Is(err, flag.ErrHelp) {
		return false, e.printText(help)
	}
	e.errorf("%s: %v", fs.Name(), err)
	e.complain(help)
	return false, exitUsage
}

func usage(out io.Writer) {
	fmt.Fprint(out, "aws-oidc-action gives a GitHub workflow short-lived AWS credentials.\n\n"+
		"Without arguments it is the step of the action. Commands:\n\n")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-20s %s\n", c.name, c.summary)
	}
	fmt.Fprint(out, "\nRun 'aws-oidc-action COMMAND --help' for flags.\n")
}
