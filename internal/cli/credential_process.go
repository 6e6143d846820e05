package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/transport"
)

// credentialProcess is the command that AWS SDKs start to get credentials.
// Standard output is the answer, in one write, or nothing.
func credentialProcess(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("credential-process", flag.ContinueOnError)
	stored := storedFlags(fs)
	if run, code := env.parse(fs, "credential-process --profile NAME [--state DIR]", args); !run {
		return code
	}
	if fs.NArg() > 0 {
		env.errorf("credential-process: argument %q is unexpected; use flags only", fs.Arg(0))
		return exitUsage
	}
	if err := stored.check(); err != nil {
		env.errorf("credential-process: %v", err)
		return exitUsage
	}
	r, err := stored.open(env)
	if err != nil {
		env.errorf("%s: %v", diagnosis.Failed, err)
		return exitFailure
	}
	defer r.Store.Close()
	session, d := r.Get(ctx, stored.name)
	if d != nil {
		env.diagnoseRenewal(*d, r.Store, stored.name)
	}
	if session == nil {
		return d.ExitCode()
	}
	answer, err := refresh.Answer(*session)
	if err == nil {
		err = env.print(asJSON, func(w io.Writer) error { _, err := w.Write(answer); return err })
	}
	if err != nil {
		env.errorf("%s: print the credentials: %v", diagnosis.Failed, err)
		return exitFailure
	}
	return exitFine
}

// storedProfile names a profile in the state of the job.
type storedProfile struct{ name, dir string }

func storedFlags(fs *flag.FlagSet) *storedProfile {
	s := &storedProfile{}
	fs.StringVar(&s.name, "profile", "", "`name` of the profile, as the step wrote it")
	fs.StringVar(&s.dir, "state", "", "`directory` of the job's state; default: the directory of this program")
	return s
}

func (s *storedProfile) check() error {
	if s.name == "" {
		return errors.New("--profile is required; set it to a profile that the step wrote")
	}
	return profile.ValidateName(s.name)
}

// open opens the state, which the caller closes. The step installs a copy of
// this program beside it.
func (s *storedProfile) open(env Env) (*refresh.Refresher, error) {
	dir := s.dir
	if dir == "" {
		executable, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find the state in the directory of this program: %w", err)
		}
		dir = filepath.Dir(executable)
	}
	store, err := refresh.Open(dir)
	if err != nil {
		return nil, err
	}
	return &refresh.Refresher{
		Store:  store,
		Getenv: env.Getenv,
		HTTP:   transport.New,
		Now:    env.Now,
		Sleep:  retry.Sleep,
	}, nil
}

// diagnose prints a diagnosis under its code.
func (e Env) diagnose(d diagnosis.Diagnosis) { e.errorf("%s: %s", d.Code, d.Text()) }

// diagnoseRenewal is diagnose for a stored profile. It masks account ids if the
// step did, or if the stored login cannot be read.
func (e Env) diagnoseRenewal(d diagnosis.Diagnosis, s *refresh.Store, name string) {
	text := d.Text()
	if login, err := s.Login(name); err != nil || login.MaskAccounts {
		text = runner.MaskAccounts(text)
	}
	e.errorf("%s: %s", d.Code, text)
}
