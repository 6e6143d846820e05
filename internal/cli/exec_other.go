//go:build !unix

package cli

import (
	"errors"
	"os/exec"
)

// become runs the command and returns its exit code, where no process can take
// the place of another.
func (e Env) become(path string, command, environ []string) int {
	cmd := &exec.Cmd{Path: path, Args: command, Env: environ, Stdin: e.Stdin, Stdout: e.Stdout, Stderr: e.Stderr}
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		e.errorf("exec: cannot run %q: %v", command[0], err)
		return exitFailure
	}
	return exitFine
}
