// Command aws-oidc-action logs a GitHub workflow in to AWS with short-lived credentials.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/org/aws-oidc-action/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, cli.Env{
		Name:    os.Args[0],
		Environ: os.Environ(),
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Now:     time.Now,
	}, os.Args[1:])
	stop()
	os.Exit(code)
}
