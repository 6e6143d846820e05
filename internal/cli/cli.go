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

// Env is what a process gets besides its arguments.
type Env struct {
	Name           string   // under which the program was started, os.Args[0]
	Environ        []string // as os.Environ returns it
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time
}

// The exit codes, the same as the step's.
const (
	exitFine    = diagnosis.ExitFine
	exitRefused = diagnosis.ExitRefused
	exitUsage   = diagnosis.ExitUsage
	exitFailure = diagnosis.ExitFailure
)

// command is a subcommand. run gets the arguments after its name.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, env Env, args []string) int
}

func commands() []command {
	return []command{
		{"claims", "print the claims of this job's token, never the token", showClaims},
		{"credential-process", "print fresh credentials from the job's state, for AWS SDKs", credentialProcess},
		{"exec", "run a command with fresh keys in its environment", execute},
		{"rehearse", "run the whole login against a sandbox, on any machine", rehearse},
		{"sandbox", "serve GitHub's token issuer and AWS STS on loopback", serveSandbox},
		{"trust", "explain, lint, generate, inventory and diff trust policies", trustPolicies},
		{"version", "print version, commit and Go version", version},
	}
}

// Run executes one command line and returns its exit code. It silences the
// standard logger for the whole process.
func Run(ctx context.Context, env Env, args []string) int {
	// net/http logs what a server sends after its response, which can be part of
	// a token or of a secret key, and its client has no logger of its own.
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

// parse reads flags, which come before the arguments. It returns false and
// the exit code if the command is not to run.
func (e Env) parse(fs *flag.FlagSet, synopsis string, args []string) (run bool, code int) {
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	err := fs.Parse(args)
	if err == nil {
		return true, exitFine
	}
	help := func(out io.Writer) {
		usageLine(out, synopsis)
		fs.VisitAll(func(f *flag.Flag) {
			name, text := flag.UnquoteUsage(f)
			fmt.Fprintf(out, "  --%s %s\n        %s\n", f.Name, name, text)
		})
	}
	if errors.Is(err, flag.ErrHelp) {
		return false, e.printText(help)
	}
	e.errorf("%s: %s", fs.Name(), flagProblem(err))
	e.complain(func(out io.Writer) {
		usageLine(out, synopsis)
		fmt.Fprintf(out, "Run 'aws-oidc-action %s --help' for flags.\n", fs.Name())
	})
	return false, exitUsage
}

func usageLine(out io.Writer, synopsis string) {
	fmt.Fprintf(out, "usage: aws-oidc-action %s\n", synopsis)
}

// flagProblem is an error of the package flag in the form of the other messages.
func flagProblem(err error) string {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return "unknown flag --" + strings.TrimPrefix(name, "-")
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return "--" + strings.TrimPrefix(name, "-") + " needs a value"
	}
	if rest, ok := strings.CutPrefix(text, "invalid value "); ok {
		if value, rest, ok := strings.Cut(rest, " for flag -"); ok {
			name, reason, ok := strings.Cut(rest, ": ")
			switch {
			case !ok:
			case reason == "parse error":
				return "--" + name + " " + value + " is invalid"
			case strings.HasPrefix(reason, "use "):
				return "--" + name + " " + value + " is invalid; " + reason
			case strings.Contains(reason, value): // the reason names the value itself
				return "--" + name + ": " + reason
			default:
				return "--" + name + " " + value + " is invalid: " + reason
			}
		}
	}
	return text
}

func usage(out io.Writer) {
	fmt.Fprint(out, "aws-oidc-action logs a GitHub workflow in to AWS with short-lived credentials.\n\n"+
		"Without arguments it runs as the step of a workflow. Commands:\n\n")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-20s %s\n", c.name, c.summary)
	}
	fmt.Fprint(out, "\nExit codes:\n\n")
	for _, e := range diagnosis.Exits {
		fmt.Fprintf(out, "  %d  %s\n", e.Code, e.Meaning)
	}
	fmt.Fprint(out, "\nexec ends with the exit code of its command.\nRun 'aws-oidc-action COMMAND --help' for flags.\n")
}
