package profile

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/org/aws-oidc-action/internal/secret"
)

// Process is the call of this program as an SDK's credential_process.
type Process struct {
	Executable string // absolute, as the job's steps see it
	Profile    string // name of the profile for the program
	StateDir   string // absolute; empty if the program finds it itself
}

// entry quotes the command so that all SDKs start the same words: botocore splits
// it like a shell without starting one; the SDKs for Go, Java and JavaScript pass
// it to sh.
//
// The profile's name comes last: it needs no quotes, and a line that began and
// ended with one would lose both in Go.
func (p Process) entry() (Entry, error) {
	if err := ValidateName(p.Profile); err != nil {
		return Entry{}, fmt.Errorf("the profile of credential-process: %w", err)
	}
	executable, err := quotePath(p.Executable)
	if err != nil {
		return Entry{}, fmt.Errorf("the path of credential-process: %w", err)
	}
	words := []string{executable, "credential-process"}
	if p.StateDir != "" {
		dir, err := quotePath(p.StateDir)
		if err != nil {
			return Entry{}, fmt.Errorf("the state directory of credential-process: %w", err)
		}
		words = append(words, "--state", dir)
	}
	words = append(words, "--profile", p.Profile)
	return Entry{"credential_process", secret.New(strings.Join(words, " "))}, nil
}

// ProfileOf returns the name of the profile for which a command calls this
// program, and reports whether the command is exactly such a call. It ignores
// p.Profile.
func (p Process) ProfileOf(command string) (name string, ok bool) {
	p.Profile = command[strings.LastIndexByte(command, ' ')+1:]
	entry, err := p.entry()
	return p.Profile, err == nil && entry.Value.Reveal() == command
}

// plainPath needs no quotes: no character has a meaning for a shell.
var plainPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`) })

// quotePath returns one word for sh and for Python's shlex alike.
func quotePath(path string) (string, error) {
	if !strings.HasPrefix(path, "/") {
		return "", fmt.Errorf("%q is not an absolute path; use one, because SDKs start it in any directory", path)
	}
	if problem := problemOf(path); problem != "" {
		return "", fmt.Errorf("%q %s, which cannot be quoted for every SDK; use another directory", path, problem)
	}
	if plainPath().MatchString(path) {
		return path, nil
	}
	return "'" + strings.ReplaceAll(path, "'", `'"'"'`) + "'", nil
}
