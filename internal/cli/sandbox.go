package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/scenario"
)

const sandboxSynopsis = "sandbox [--listen ADDR] [--latency DURATION] [--session-lifetime DURATION] [SCENARIO]"

// serveSandbox serves GitHub's issuer and AWS STS until it is interrupted.
func serveSandbox(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	listen := fs.String("listen", "127.0.0.1:0", "loopback `address` to listen on, host:port")
	latency := fs.Duration("latency", 0, "`duration` of every response")
	lifetime := fs.Duration("session-lifetime", 0, "longest `duration` of a session, to watch it expire; 0 for AWS's rules")
	if run, code := env.parse(fs, sandboxSynopsis, args); !run {
		return code
	}
	s, err := loadScenario(fs.Args())
	if err != nil {
		env.errorf("%v", err) // begins with file and line
		return exitUsage
	}
	server, err := sandbox.Start(s, sandbox.Options{Listen: *listen, Latency: *latency, SessionLifetime: *lifetime, Seed: uint64(time.Now().UnixNano())})
	if _, ok := errors.AsType[*sandbox.AddressError](err); ok {
		env.errorf("sandbox: --listen %v", err)
		return exitUsage
	}
	if err != nil {
		env.errorf("sandbox: %v", err)
		return exitFailure
	}
	defer server.Close()
	event, remove, err := writeEvent(s.Workflow.Payload())
	if err != nil {
		env.errorf("sandbox: %v", err)
		return exitFailure
	}
	defer remove()
	err = env.print(asText, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s\nGITHUB_EVENT_PATH=%s\n\n", strings.Join(server.Environ(), "\n"), event)
		return err
	})
	if err != nil {
		env.errorf("sandbox: print the variables: %v", err)
		return exitFailure
	}
	<-ctx.Done()
	return exitFine
}

// writeEvent writes the payload of the event where a process can read it.
func writeEvent(payload []byte) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "aws-oidc-action-sandbox-")
	if err != nil {
		return "", nil, fmt.Errorf("create a directory for the event: %w", err)
	}
	remove = func() { _ = os.RemoveAll(dir) }
	path = filepath.Join(dir, "event.json")
	if err := os.WriteFile(path, payload, 0o600); err != nil {
		remove()
		return "", nil, fmt.Errorf("write the event: %w", err)
	}
	return path, remove, nil
}

// loadScenario reads the scenario that the arguments name, or the built-in one.
func loadScenario(args []string) (*scenario.Scenario, error) {
	switch len(args) {
	case 0:
		return scenario.Builtin()
	case 1:
		return scenario.Load(args[0])
	}
	return nil, fmt.Errorf("expected at most one scenario, got %d; remove the others", len(args))
}
