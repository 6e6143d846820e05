package ambient

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
)

const (
	processTimeout = time.Minute     // as in the SDK
	processGrace   = time.Second / 2 // for children that keep its output open
	maxProcess     = 64 << 10        // bytes of output, as in the SDK for Java
)

// shell starts the command of a credential_process, as in the SDK for Go.
const shell = "/bin/sh"

// process returns what the credential_process of a profile prints. Our own
// helper is not started.
func (c *Chain) process(ctx context.Context, source string, files *files, p *config.SharedConfig) (Credentials, error) {
	if c.Stored != nil {
		if session, ours, err := c.Stored(ctx, p.CredentialProcess); ours {
			return Credentials{Session: session}, err
		}
	}
	source += " (credential_process)"
	// A file that our parser and the SDK's read differently counts as foreign.
	if paths := files.ofProcess(p.Profile); len(paths) == 0 || slices.ContainsFunc(paths, c.Foreign) {
		return Credentials{}, &Error{Source: source, Reason: "programs in profile files of the workspace are not started", Remedy: "move the profile to a file outside of the workspace"}
	}
	if err := checkShell(source, shell); err != nil {
		return Credentials{}, err
	}
	output := &quota{maxProcess}
	session, err := c.retrieve(ctx, processTimeout, processcreds.NewProviderCommand(processcreds.NewCommandBuilderFunc(
		func(ctx context.Context) (*exec.Cmd, error) {
			cmd := exec.CommandContext(ctx, shell, "-c", p.CredentialProcess)
			cmd.Env = forPrograms(c.Environ)
			cmd.Stdout = output // beside the SDK's own, which has no bound
			cmd.WaitDelay = processGrace
			return cmd, nil
		})))
	if err != nil {
		e := failed(source, err, "run the command in a run step to see why")
		if output.left < 0 {
			e.Reason = errQuota.Error()
		}
		return Credentials{}, e
	}
	return Credentials{Session: session, Renewing: true}, nil
}

// checkShell says what to do where there is no shell, as in the action's image.
func checkShell(source, path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return &Error{Source: source, Reason: "it requires a shell, and this container has no " + path, Remedy: "get the keys in a run step before this one and pass them as aws-access-key-id, aws-secret-access-key and aws-session-token"}
}

// forPrograms removes the variables that are for the step only: the right to
// request tokens, the inputs and the state.
func forPrograms(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(pair string) bool {
		return strings.HasPrefix(pair, "ACTIONS_") || strings.HasPrefix(pair, "INPUT_") || strings.HasPrefix(pair, "STATE_")
	})
}

var errQuota = errors.New("the program printed more than 64 KiB")

// quota is a writer that fails after a number of bytes.
type quota struct{ left int }

func (q *quota) Write(p []byte) (int, error) {
	if q.left -= len(p); q.left < 0 {
		return 0, errQuota
	}
	return len(p), nil
}
