package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

func trustCommands() []command {
	return []command{
		{"explain", "whether a token is admitted, and which condition decides", trustExplain},
		{"lint", "what is wrong with trust policies", trustLint},
		{"generate", "a role for the runs that are meant", trustGenerate},
		{"inventory", "which runs can assume which roles", trustInventory},
		{"diff", "what a changed trust policy makes possible", trustDiff},
	}
}

// trustPolicies runs one of the commands about trust policies.
func trustPolicies(ctx context.Context, env Env, args []string) int {
	if len(args) > 0 && slices.Contains([]string{"help", "--help", "-help", "-h"}, args[0]) {
		return env.printText(trustUsage)
	}
	if len(args) == 0 {
		env.errorf("trust: a command is required; use one of:")
		env.complain(trustUsage)
		return exitUsage
	}
	for _, c := range trustCommands() {
		if c.name == args[0] {
			return c.run(ctx, env, args[1:])
		}
	}
	env.errorf("trust: unknown command %q", args[0])
	env.complain(trustUsage)
	return exitUsage
}

func trustUsage(out io.Writer) {
	for _, c := range trustCommands() {
		fmt.Fprintf(out, "  trust %-14s %s\n", c.name, c.summary)
	}
}

// maxDocument bounds a file or a stream that an argument names, in bytes. An
// account's listing of 5,000 roles takes some tens of MiB.
const maxDocument = 256 << 20

// open opens a file that an argument names; - is standard input. What the
// shell has opened (/dev/stdin, /dev/fd/63 for a process substitution) is a
// stream too; in any other place only a regular file is opened. Beyond
// maxDocument bytes the reader fails.
func (e Env) open(name string) (io.ReadCloser, error) {
	switch {
	case name == "-":
		return io.NopCloser(safefile.Limit(e.Stdin, maxDocument)), nil
	case name == "/dev/stdin" || strings.HasPrefix(name, "/dev/fd/"):
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		return limited{safefile.Limit(f, maxDocument), f}, nil
	}
	f, err := safefile.Files{}.Open(name)
	if err != nil {
		return nil, err
	}
	return limited{safefile.Limit(f, maxDocument), f}, nil
}

type limited struct {
	io.Reader
	io.Closer
}

// documents are the files that a command reads roles from.
type documents struct {
	env     Env
	options document.Options
	files   []string
	read    map[string]int    // how many roles, by file
	given   map[string]string // which file gives a value for a name; "" for --parameter
}

func (e Env) documents() *documents {
	return &documents{
		env: e, options: document.Options{Parameters: map[string]string{}, Names: map[string]bool{}},
		read: map[string]int{}, given: map[string]string{},
	}
}

// flags adds what fills in the parameters of templates.
func (d *documents) flags(fs *flag.FlagSet) {
	fs.Func("parameter", "`NAME=VALUE` of a template's parameter, of AWS::AccountId and the like, or of a placeholder; may be given again", func(s string) error {
		name, value, ok := parameter(s)
		if !ok {
			return errors.New("write NAME=VALUE")
		}
		d.options.Parameters[name], d.given[name] = value, ""
		return nil
	})
	fs.Func("parameters", "`file` with values of parameters: CloudFormation's list of ParameterKey and ParameterValue, {\"Parameters\": {NAME: VALUE}}, or NAME=VALUE lines; may be given again", d.readParameters)
}

// roles yields the roles of a document that an argument names, which is read
// only while they are asked for.
func (d *documents) roles(ctx context.Context, name string) iter.Seq2[document.Role, error] {
	return func(yield func(document.Role, error) bool) {
		in, err := d.env.open(name)
		if err != nil {
			yield(document.Role{}, err)
			return
		}
		defer in.Close()
		if !slices.Contains(d.files, name) {
			d.files = append(d.files, name)
		}
		d.read[name] = 0
		for role, err := range document.Roles(ctx, in, d.options) {
			if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			} else {
				d.read[name]++
			}
			if !yield(role, err) {
				return
			}
		}
	}
}

// report says on standard error how many roles were read, and which files
// have none.
func (d *documents) report() {
	roles := 0
	for _, name := range d.files {
		roles += d.read[name]
		if d.read[name] == 0 {
			d.env.errorf("%s: no role found", name)
		}
	}
	where := fmt.Sprintf("%d files", len(d.files))
	if len(d.files) == 1 {
		where = d.files[0]
	}
	d.env.errorf("%s: roles read: %d", where, roles)
}

// arguments reports whether the number of arguments after the flags is right,
// and prints an error if it is not.
func (e Env) arguments(command string, args []string, least, most int) bool {
	for _, a := range args {
		if strings.HasPrefix(a, "--") {
			e.errorf("trust %s: flag %q follows an argument; write flags first", command, a)
			return false
		}
	}
	if len(args) >= least && len(args) <= most {
		return true
	}
	switch {
	case most == 0:
		e.errorf("trust %s: unexpected argument %q; use flags only", command, args[0])
	case least < most:
		e.errorf("trust %s: expected at least %d file, got %d; name the files to read", command, least, len(args))
	default:
		e.errorf("trust %s: expected number of files: %d, got %d", command, least, len(args))
	}
	return false
}

// unknownFormat says that --format has a value that the command lacks.
func (e Env) unknownFormat(command, format string, known ...string) int {
	e.errorf("trust %s: --format %q is unknown; use %s", command, format, strings.Join(known, " or "))
	return exitUsage
}
