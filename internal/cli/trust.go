package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
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
	case len(args) > most:
		e.errorf("trust %s: expected at most %d files, got %d; remove the others", command, most, len(args))
	default:
		e.errorf("trust %s: expected at least %d file, got %d; name the files to read", command, least, len(args))
	}
	return false
}

// unknownFormat says that --format has a value that the command lacks.
func (e Env) unknownFormat(command, format string, known ...string) int {
	last := len(known) - 1
	e.errorf("trust %s: --format %q is invalid; use %s or %s", command, format, strings.Join(known[:last], ", "), known[last])
	return exitUsage
}
