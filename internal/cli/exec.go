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

// execute is the command exec, for programs that read keys from the environment
// only. The program replaces this process, so that it gets its signals and sets
// its exit code. The keys in its environment are not renewed.
func execute(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("exec", flag.ContinueOnError)
	stored := storedFlags(fs)
	if run, code := env.parse(fs, "exec --profile NAME [--state DIR] -- COMMAND [ARGUMENT]…", args); !run {
		return code
	}
	command := fs.Args()
	if len(command) == 0 {
		env.errorf("exec: a command is required; add it after --")
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

// freshKeys returns a session and its region. If there is none it prints why,
// and returns the exit code.
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

// mask masks the session in the job's log: a renewed one is new to the runner,
// which reads commands from both streams.
func (e Env) mask(s assume.Session) bool {
	log := runner.New(e.Environ, e.Stderr)
	log.Mask(s.AccessKeyID)
	log.Mask(s.SecretAccessKey.Reveal())
	log.Mask(s.SessionToken.Reveal())
	return log.Err() == nil
}

// overriding are the variables that some SDK reads before or together with the
// keys of the environment: each SDK's order of sources, AWS_CREDENTIAL_EXPIRATION,
// and AWS_DEFAULT_PROFILE and AWS_SECURITY_TOKEN, older names that botocore and
// boto read.
var overriding = []string{
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
	"AWS_CREDENTIAL_EXPIRATION", "AWS_SECURITY_TOKEN",
}

// withKeys returns an environment in which every program finds this session and
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
		return slices.Contains(overriding, name)
	})
	for _, v := range set {
		all = slices.DeleteFunc(all, func(pair string) bool { return strings.HasPrefix(pair, v.name+"=") })
		all = append(all, v.name+"="+v.value)
	}
	return all
}
