//go:build !linux

package runner

// NoExec reports false: runners start container actions on Linux only.
func (s Shared) NoExec() bool { return false }
