// Command release makes a release of aws-oidc-action: the image, the programs,
// the release commit and the self-contained action. Everything that it builds
// is reproducible: the same commit yields the same bytes on every machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// A verb prints its result, and nothing else, to stdout. What it does on the
// way goes to progress.
type verb struct {
	name, synopsis, summary string
	run                     func(ctx context.Context, args []string, stdout, progress io.Writer) error
}

func verbs() []verb {
	return []verb{
		{"check", "--version vX.Y.Z", "check that CHANGELOG.md, workflows and examples name the version", runCheck},
		{"build", "--version vX.Y.Z --out DIR [--arch ARCH]", "build all files of the release and print the digest of the index, or of the image for one architecture", runBuild},
		{"digest", "--layout DIR [--arch ARCH]", "print the digest of the index, or of the image for one architecture", runDigest},
		{"push", "--layout DIR --to HOST/org/aws-oidc-action", "push the image under its version; print its digest", runPush},
		{"pin", "--version vX.Y.Z --digest sha256:… [--image NAME] [--print]", "write the release commit and print its id, or print its action.yml", runPin},
		{"publish", "--version vX.Y.Z --digest sha256:… --assets DIR [--image NAME]", "create release commit, tag and release on GitHub, from a job; print the commit's id", runPublish},
		{"self-contained", "--layout DIR --out FILE.tar.gz", "write the action as an archive that needs no registry; build writes the same one", runSelfContained},
	}
}

// usageError is an error in the command line.
type usageError string

func (e usageError) Error() string { return string(e) }

// run executes one verb and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		printUsage(stderr)
		return exitUsage
	}
	if args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		printUsage(stdout)
		return exitOK
	}
	for _, v := range verbs() {
		if v.name != args[0] {
			continue
		}
		err := v.run(ctx, args[1:], stdout, stderr)
		if err == nil {
			return exitOK
		}
		fmt.Fprintf(stderr, "release %s: %v\n", v.name, err)
		var usage usageError
		if errors.As(err, &usage) {
			return exitUsage
		}
		return exitFailure
	}
	fmt.Fprintf(stderr, "release: unknown command %q; use one of these:\n\n", args[0])
	printUsage(stderr)
	return exitUsage
}

func printUsage(w io.Writer) {
	fmt.Fprint(w, "Usage: go -C release run . COMMAND [FLAGS]; relative paths start at release/\n\n")
	for _, v := range verbs() {
		fmt.Fprintf(w, "  %s %s\n        %s\n", v.name, v.synopsis, v.summary)
	}
}

// flags are those of one verb. Every flag is required unless it is optional.
type flags struct {
	set      *flag.FlagSet
	optional map[string]bool
}

func newFlags() *flags {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return &flags{set: set, optional: map[string]bool{}}
}

func (f *flags) required(name string) *string { return f.set.String(name, "", "") }

func (f *flags) optionalString(name, fallback string) *string {
	f.optional[name] = true
	return f.set.String(name, fallback, "")
}

func (f *flags) optionalBool(name string) *bool {
	f.optional[name] = true
	return f.set.Bool(name, false, "")
}

func (f *flags) parse(args []string) error {
	if err := f.set.Parse(args); err != nil {
		return usageError(strings.TrimSuffix(err.Error(), ": help requested") + "; run 'go -C release run . help' for flags")
	}
	if f.set.NArg() > 0 {
		return usageError(fmt.Sprintf("unexpected argument %q; all arguments are flags", f.set.Arg(0)))
	}
	var missing []string
	f.set.VisitAll(func(g *flag.Flag) {
		if !f.optional[g.Name] && g.Value.String() == "" {
			missing = append(missing, "--"+g.Name)
		}
	})
	if len(missing) > 0 {
		return usageError(strings.Join(missing, " and ") + " required; run 'go -C release run . help' for flags")
	}
	return nil
}
