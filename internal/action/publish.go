package action

import (
	"errors"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/runner"
)

// The variables that hold secrets. Their former values are never recorded.
var secretVariables = map[string]bool{
	"AWS_ACCESS_KEY_ID":     true,
	"AWS_SECRET_ACCESS_KEY": true,
	"AWS_SESSION_TOKEN":     true,
}

// publish hands the sessions to later steps: profile files, state, summary,
// outputs, and the environment last. Masks stand already. If anything cannot
// be written, nothing is.
func (p *phase) publish(s *store, results []result) (err error) {
	r := results[0]
	var undo []func() error
	defer func() {
		if err == nil {
			return
		}
		for i := len(undo) - 1; i >= 0; i-- {
			err = errors.Join(err, undo[i]())
		}
	}()
	pub := runner.Publication{Outputs: p.outputs(r.session)}
	if r.profile.Name != "" {
		env, back, err := p.writeProfile(s, r)
		if err != nil {
			return err
		}
		undo = append(undo, back)
		pub.Env = append(pub.Env, env...)
		p.record.Profiles = map[string]string{r.profile.Name: digest(r.session.AccessKeyID)}
	}
	pub.Env = append(pub.Env, p.environment(r)...)
	if p.plan.Summary == plan.SummaryAlways {
		pub.Summary = p.redact(successSummary(r))
	}
	p.record.Exported = p.exports(pub.Env)
	p.record.Sessions = []sessionRecord{{
		AccessKeyID: r.session.AccessKeyID,
		Role:        string(r.session.Role),
		ARN:         r.session.ARN,
		Expires:     r.session.Expires,
	}}
	back, err := s.add(p.record)
	if err != nil {
		return err
	}
	undo = append(undo, back)
	if err := p.runner.Publish(pub); err != nil {
		return err
	}
	p.conclude(r)
	return nil
}

// environment is what the keys change in the environment of later steps.
func (p *phase) environment(r result) []runner.Pair {
	if !p.plan.ExportEnv {
		if p.plan.UnsetCurrent {
			return p.blank("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
		}
		return nil
	}
	env := []runner.Pair{
		{Name: "AWS_ACCESS_KEY_ID", Value: r.session.AccessKeyID},
		{Name: "AWS_SECRET_ACCESS_KEY", Value: r.session.SecretAccessKey.Reveal()},
	}
	if r.session.Temporary() {
		env = append(env, runner.Pair{Name: "AWS_SESSION_TOKEN", Value: r.session.SessionToken.Reveal()})
	} else {
		// The token of an earlier step would be sent with these keys.
		env = append(env, p.blank("AWS_SESSION_TOKEN")...)
	}
	env = append(env,
		runner.Pair{Name: "AWS_REGION", Value: r.profile.Region},
		runner.Pair{Name: "AWS_DEFAULT_REGION", Value: r.profile.Region})
	if r.profile.Name != "" {
		env = append(env, runner.Pair{Name: "AWS_PROFILE", Value: r.profile.Name})
	}
	return env
}

// blank empties those variables that are set.
func (p *phase) blank(names ...string) []runner.Pair {
	var env []runner.Pair
	for _, name := range names {
		if p.runner.Getenv(name) != "" {
			env = append(env, runner.Pair{Name: name})
		}
	}
	return env
}

func (p *phase) outputs(s assume.Session) []runner.Pair {
	out := []runner.Pair{
		{Name: "authenticated", Value: "true"},
		{Name: "aws-account-id", Value: s.Account},
		{Name: "authenticated-arn", Value: s.ARN},
	}
	name := s.SessionName
	if _, inARN, ok := strings.Cut(s.ARN, ":assumed-role/"); ok && name == "" {
		_, name, _ = strings.Cut(inARN, "/")
	}
	if name != "" {
		out = append(out,
			runner.Pair{Name: "assumed-role-id", Value: s.UserID},
			runner.Pair{Name: "role-session-name", Value: name})
	}
	if !s.Expires.IsZero() {
		out = append(out, runner.Pair{Name: "aws-expiration", Value: s.Expires.Format(time.RFC3339)})
	}
	if p.plan.OutputCredentials {
		out = append(out,
			runner.Pair{Name: "aws-access-key-id", Value: s.AccessKeyID},
			runner.Pair{Name: "aws-secret-access-key", Value: s.SecretAccessKey.Reveal()})
		if s.Temporary() {
			out = append(out, runner.Pair{Name: "aws-session-token", Value: s.SessionToken.Reveal()})
		}
	}
	return out
}

// exports notes what is about to be exported and what it replaces.
func (p *phase) exports(env []runner.Pair) map[string]exported {
	all := map[string]exported{}
	for _, pair := range env {
		e := exported{Digest: digest(pair.Value)}
		if !secretVariables[pair.Name] {
			e.Former = p.runner.Getenv(pair.Name)
		}
		all[pair.Name] = e
	}
	return all
}

// conclude says in the log what was reached, and warns of what would win over
// it in some SDK (facts: the order in which SDKs look for credentials).
func (p *phase) conclude(r result) {
	until := ""
	if !r.session.Expires.IsZero() {
		until = " until " + r.session.Expires.Format(time.RFC3339)
	}
	p.runner.Info("Authenticated as %s in account %s%s", r.session.ARN, r.session.Account, until)
	if p.plan.ExportEnv && r.profile.Name == "" && p.runner.Getenv("AWS_PROFILE") != "" {
		p.runner.Warning("AWS_PROFILE", "AWS_PROFILE is set: the AWS SDK for JavaScript uses that profile in place of the exported keys")
	}
	if p.plan.ExportEnv {
		return
	}
	if p.runner.Getenv("AWS_ACCESS_KEY_ID") != "" && !p.plan.UnsetCurrent {
		p.runner.Warning("AWS_ACCESS_KEY_ID", "the environment has keys of an earlier step: most SDKs use them in place of a profile; set unset-current-credentials: true")
	}
	if p.runner.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "" && p.runner.Getenv("AWS_ROLE_ARN") != "" {
		p.runner.Warning("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are set: some SDKs use them in place of a profile")
	}
}
