package cli

import (
	"context"
	"errors"
	"flag"
	"os/exec"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/runner"
)

// execute is the command exec, for programs that know keys only from their
// environment. The program takes the place of this one, and so gets its
// signals and leaves its exit code; the keys last as long as they last.
func execute(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("exec", flag.ContinueOnError)
	stored := storedFlags(fs)
	if run, code := env.parse(fs, "exec --profile NAME [--state DIR] -- COMMAND [ARGUMENT]…", args); !run {
		return code
	}
	command := fs.Args()
	if len(command) == 0 {
		env.errorf("exec: a command is required; write it after --")
		return exitUsage
	}
	if err := stored.check(); err != nil {
		env.errorf("exec: %v", err)
		return exitUsage
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		env.errorf("exec: cannot run %q: %v", command[0], errors.Unwrap(err))
		return exitUsage
	}
	session, region, code := freshKeys(ctx, env, stored)
	if session == nil {
		return code
	}
	if env.Getenv("GITHUB_ACTIONS") == "true" && !env.mask(*session) {
		return exitFailure
	}
	return env.become(path, command, withKeys(env.Environ, *session, region))
}

// freshKeys returns a session and its region; or the exit code, when it has
// said why there is none.
func freshKeys(ctx context.Context, env Env, stored *storedProfile) (session *assume.Session, region string, code int) {
	r, err := stored.open(env)
	if err != nil {
		env.errorf("%s: %v", diagnosis.Failed, err)
		return nil, "", exitFailure
	}
	defer r.Store.Close()
	login, err := r.Store.Login(stored.name)
	if err != nil {
		env.errorf("%s: %v", diagnosis.Failed, err)
		return nil, "", exitFailure
	}
	session, d := r.Get(ctx, stored.name)
	if d == nil {
		return session, login.Profile.Region, exitFine
	}
	env.diagnoseRenewal(*d, r.Store, stored.name)
	return session, login.Profile.Region, d.ExitCode()
}

// mask keeps the session out of the log, in which the runner has not seen it
// yet. It reads both streams.
func (e Env) mask(s assume.Session) bool {
	log := runner.New(e.Environ, e.Stderr)
	log.Mask(s.AccessKeyID)
	log.Mask(s.SecretAccessKey.Reveal())
	log.Mask(s.SessionToken.Reveal())
	return log.Err() == nil
}

// contradicting are the variables that some SDK takes credentials from before
// or together with the keys of the environment (what beats what, and
// AWS_CREDENTIAL_EXPIRATION; AWS_DEFAULT_PROFILE and AWS_SECURITY_TOKEN are
// older names that botocore and boto read).
var contradicting = []string{
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
	"AWS_CREDENTIAL_EXPIRATION", "AWS_SECURITY_TOKEN",
}

// withKeys is an environment in which every program finds this session, and
// no other.
func withKeys(environ []string, s assume.Session, region string) []string {
	set := []struct{ name, value string }{
		{"AWS_ACCESS_KEY_ID", s.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", s.SecretAccessKey.Reveal()},
		{"AWS_SESSION_TOKEN", s.SessionToken.Reveal()},
		{"AWS_REGION", region},
		{"AWS_DEFAULT_REGION", region},
	}
	all := slices.DeleteFunc(slices.Clone(environ), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.Contains(contradicting, name)
	})
	for _, v := range set {
		all = slices.DeleteFunc(all, func(pair string) bool { return strings.HasPrefix(pair, v.name+"=") })
		all = append(all, v.name+"="+v.value)
	}
	return all
}
