//go:build unix

package cli

import "syscall"

// become makes this process the command. It returns only if that fails.
func (e Env) become(path string, command, environ []string) int {
	err := syscall.Exec(path, command, environ)
	e.errorf("exec: cannot run %q: %v", command[0], err)
	return exitFailure
}
