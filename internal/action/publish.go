package action

import (
	"errors"
	"strconv"
	"time"

	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/runner"
)

// The variables that hold secrets. Their former values are never recorded.
var secretVariables = map[string]bool{
	"AWS_ACCESS_KEY_ID":     true,
	"AWS_SECRET_ACCESS_KEY": true,
	"AWS_SESSION_TOKEN":     true,
}

// publish hands the sessions to later steps: state, summary, outputs, and the
// environment last. Masks stand already. If anything cannot be written,
// nothing is.
func (p *phase) publish(s *store, results []result) error {
	publication := p.publication(results[0])
	p.record.Exported = p.exports(publication.Env)
	for _, r := range results {
		p.record.Sessions = append(p.record.Sessions, sessionRecord{
			AccessKeyID: r.session.AccessKeyID,
			Role:        string(r.profile.Last().Role),
			ARN:         r.session.ARN,
			Expires:     r.session.Expires,
		})
	}
	undo, err := s.add(p.record)
	if err != nil {
		return err
	}
	if err := p.runner.Publish(publication); err != nil {
		return errors.Join(err, undo())
	}
	r := results[0]
	p.runner.Info("Authenticated as %s in account %s until %s", r.session.ARN, r.session.Account, r.session.Expires.Format(time.RFC3339))
	return nil
}

func (p *phase) publication(r result) runner.Publication {
	var pub runner.Publication
	keys := []runner.Pair{
		{Name: "AWS_ACCESS_KEY_ID", Value: r.session.AccessKeyID},
		{Name: "AWS_SECRET_ACCESS_KEY", Value: r.session.SecretAccessKey.Reveal()},
		{Name: "AWS_SESSION_TOKEN", Value: r.session.SessionToken.Reveal()},
	}
	if p.plan.ExportEnv {
		pub.Env = append(pub.Env, keys...)
	}
	pub.Env = append(pub.Env,
		runner.Pair{Name: "AWS_REGION", Value: r.profile.Region},
		runner.Pair{Name: "AWS_DEFAULT_REGION", Value: r.profile.Region})
	pub.Outputs = []runner.Pair{
		{Name: "authenticated", Value: strconv.FormatBool(true)},
		{Name: "aws-account-id", Value: r.session.Account},
		{Name: "authenticated-arn", Value: r.session.ARN},
		{Name: "assumed-role-id", Value: r.session.AssumedRoleID},
		{Name: "role-session-name", Value: r.session.SessionName},
		{Name: "aws-expiration", Value: r.session.Expires.Format(time.RFC3339)},
	}
	if p.plan.OutputCredentials {
		for i, name := range []string{"aws-access-key-id", "aws-secret-access-key", "aws-session-token"} {
			pub.Outputs = append(pub.Outputs, runner.Pair{Name: name, Value: keys[i].Value})
		}
	}
	if p.plan.Summary == plan.SummaryAlways {
		pub.Summary = p.redact(successSummary(r))
	}
	return pub
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
