package action

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/secret"
)

// publishWait bounds the wait while another step of the job publishes.
const publishWait = 30 * time.Second

// publisher hands sessions to later steps, as the plan's delivery says.
type publisher struct {
	*phase
	store    *store
	profiles *profileWriter
	login    *assume.Login // renewals repeat it
	evidence func(context.Context) explain.Evidence
	record   jobstate.Record
}

// publish hands the sessions to later steps: profile files, state, summary,
// outputs, and the environment last. The masks are set before. If one part
// cannot be written, none is.
func (p *publisher) publish(ctx context.Context, results []result) error {
	outputs, err := p.outputs(results)
	if err != nil {
		return err
	}
	pub := runner.Publication{Outputs: outputs}
	if p.plan.Summary == plan.SummaryAlways {
		pub.Summary = successSummary(results)
	}
	err = p.locked(ctx, func(state jobstate.State) error {
		var deeds []jobstate.Deed
		if p.plan.Delivery.Process {
			deeds = p.installHelper(ctx, state.Records, results)
		}
		if entries := p.profiles.entries(state, results); len(entries) > 0 {
			files, err := p.profiles.open(ctx)
			if err != nil {
				return err
			}
			defer files.Close()
			write, err := p.profiles.write(&p.record, files, entries)
			if err != nil {
				return err
			}
			deeds = append(deeds, write...)
			pub.Env = append(pub.Env, files.announcements()...)
		}
		pub.Env = append(pub.Env, p.environment(results)...)
		p.recordSessions(results)
		return p.deliver(ctx, state, pub, deeds...)
	})
	if err != nil {
		return err
	}
	p.conclude(results)
	return nil
}

// locked calls do while no other step of the job can hold the lock.
func (p *publisher) locked(ctx context.Context, do func(jobstate.State) error) error {
	wait, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	unlock, err := p.store.Lock(wait)
	if err != nil {
		return err
	}
	defer unlock()
	state, err := p.store.Read()
	if err != nil {
		return err
	}
	return do(state)
}

// deliver records what is published, saves the record as the runner's state,
// does the deeds, and hands the publication to the runner last. The caller holds
// the lock.
func (p *publisher) deliver(ctx context.Context, state jobstate.State, pub runner.Publication, deeds ...jobstate.Deed) error {
	for _, pair := range pub.Env {
		p.record.Export(pair.Name, pair.Value, p.runner.Getenv(pair.Name))
	}
	if err := p.remember(state); err != nil {
		return err
	}
	return p.store.Publish(ctx, p.record, append(deeds, jobstate.Deed{
		Name: "write the runner's files",
		Do:   func(context.Context) (func(context.Context) error, error) { return nil, p.runner.Publish(pub) },
	})...)
}

func (p *publisher) recordSessions(results []result) {
	p.record.Default = p.plan.Default
	for _, r := range results {
		if r.failure == nil {
			p.record.Sessions = append(p.record.Sessions, jobstate.Session{
				AccessKeyID: r.session.AccessKeyID,
				Role:        string(r.session.Role),
				ARN:         r.session.ARN,
				Expires:     r.session.Expires,
			})
		}
	}
}

// undelivered is the diagnosis of a failure to publish.
func undelivered(err error) *diagnosis.Diagnosis {
	d := failure(err)
	_, helper := errors.AsType[helperError](err)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		d.Cure = "free space in the runner's temporary directory (refresh: true needs space for a copy of this program); nothing was exported"
	case errors.Is(err, jobstate.ErrLocked):
		d.Cure = "run the steps of this action in a job one after another; nothing was exported"
	case errors.Is(err, refresh.ErrLocked):
		d.Cure = "end the process of an earlier step that uses the profile and run the job again; nothing was exported"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		d.Cure = "grant the action write access to the runner's temporary directory and to the files that the job's variables name; nothing was exported"
	case helper:
		d.Cure = "keep other programs from writing to the directory " + jobstate.DirName + " in the runner's temporary directory, or set refresh: false; nothing was exported"
	}
	return d
}

// primary returns the result that the variables and the outputs of a single
// login are about.
func (p *publisher) primary(results []result) (result, bool) {
	i := p.plan.Delivery.Primary
	if i < 0 || results[i].failure != nil {
		return result{}, false
	}
	return results[i], true
}

// environment is what changes in the environment of later steps.
func (p *publisher) environment(results []result) []runner.Pair {
	d := p.plan.Delivery
	r, ok := p.primary(results)
	if !ok {
		return p.pairs(d.Without, assume.Session{})
	}
	return append(p.pairs(d.Variables, r.session), p.pairs(d.Region, r.session)...)
}

// pairs are variables with the values that they get from a session.
func (p *publisher) pairs(variables []plan.Variable, s assume.Session) (all []runner.Pair) {
	for _, v := range variables {
		pair := runner.NewPair(v.Name, v.Value)
		switch v.Content {
		case plan.ContentAccessKeyID:
			pair.Value = secret.New(s.AccessKeyID)
		case plan.ContentSecretAccessKey:
			pair.Value = s.SecretAccessKey
		case plan.ContentSessionToken:
			pair.Value = s.SessionToken
			v.OnlyIfSet = !s.Temporary()
		}
		if !v.OnlyIfSet || p.runner.Getenv(v.Name) != "" {
			all = append(all, pair)
		}
	}
	return all
}

// outputs are those of the primary session, and with several profiles the result
// of each.
func (p *publisher) outputs(results []result) ([]runner.Pair, error) {
	out := []runner.Pair{runner.NewPair("authenticated", "true")}
	if r, ok := p.primary(results); ok {
		out = append(out, p.sessionOutputs(r.session)...)
	}
	if !p.plan.Delivery.ProfileOutputs {
		return out, nil
	}
	return p.profileOutputs(out, results)
}

func (p *publisher) sessionOutputs(s assume.Session) []runner.Pair {
	var out []runner.Pair
	add := func(name, value string) { // unless the response did not contain it
		if value != "" {
			out = append(out, runner.NewPair(name, value))
		}
	}
	add("aws-account-id", s.Account)
	add("authenticated-arn", s.ARN)
	if name := sessionName(s); name != "" {
		add("assumed-role-id", s.UserID)
		add("role-session-name", name)
	}
	if !s.Expires.IsZero() {
		out = append(out, runner.NewPair("aws-expiration", s.Expires.Format(time.RFC3339)))
	}
	if p.plan.Delivery.KeyOutputs {
		out = append(out,
			runner.NewPair("aws-access-key-id", s.AccessKeyID),
			runner.Pair{Name: "aws-secret-access-key", Value: s.SecretAccessKey})
		if s.Temporary() {
			out = append(out, runner.Pair{Name: "aws-session-token", Value: s.SessionToken})
		}
	}
	return out
}

// describeSession names a session as far as the response did.
func describeSession(s assume.Session) string {
	switch {
	case s.ARN == "":
		return string(s.Role) + " (the response names no session ARN and no account)"
	case s.Account == "":
		return s.ARN
	}
	return s.ARN + " in account " + s.Account
}

// sessionName is the name of a session, also if an earlier step assumed it.
func sessionName(s assume.Session) string {
	if s.SessionName != "" {
		return s.SessionName
	}
	_, after, _ := strings.Cut(s.ARN, ":assumed-role/")
	_, name, _ := strings.Cut(after, "/")
	return name
}

// profileOutput is one profile in the output profiles.
type profileOutput struct {
	Account     string        `json:"account,omitempty"`
	ARN         string        `json:"arn,omitempty"`
	SessionName string        `json:"session-name,omitempty"`
	Region      string        `json:"region"`
	Expiration  string        `json:"expiration,omitempty"`
	Error       *profileError `json:"error,omitempty"`
}

type profileError struct {
	Code    diagnosis.Code `json:"code"`
	Message string         `json:"message"`
}

func (p *publisher) profileOutputs(out []runner.Pair, results []result) ([]runner.Pair, error) {
	profiles := map[string]profileOutput{}
	credentials := map[string]map[string]string{}
	for _, r := range results {
		name := r.profile.Name
		if r.failure != nil {
			profiles[name] = profileOutput{Region: r.profile.Region, Error: &profileError{r.failure.Code, r.failure.What}}
			continue
		}
		o := profileOutput{Account: r.session.Account, ARN: r.session.ARN, SessionName: sessionName(r.session), Region: r.profile.Region}
		if !r.session.Expires.IsZero() {
			o.Expiration = r.session.Expires.Format(time.RFC3339)
		}
		profiles[name] = o
		credentials[name] = map[string]string{
			"aws-access-key-id":     r.session.AccessKeyID,
			"aws-secret-access-key": r.session.SecretAccessKey.Reveal(),
			"aws-session-token":     r.session.SessionToken.Reveal(),
		}
	}
	text, err := json.Marshal(profiles)
	if err != nil {
		return nil, fmt.Errorf("encode the output profiles: %w", err)
	}
	// Workflows print this output, which quotes messages of STS.
	out = append(out, runner.NewPair("profiles", runner.SanitizeJSON(string(text))))
	if !p.plan.Delivery.KeyOutputs {
		return out, nil
	}
	if text, err = json.Marshal(credentials); err != nil {
		return nil, errors.New("the output profiles-credentials cannot be encoded")
	}
	p.runner.Mask(string(text))
	return append(out, runner.NewPair("profiles-credentials", string(text))), nil
}

// conclude logs the sessions, and warns about variables that override them in
// some SDK.
func (p *publisher) conclude(results []result) {
	for _, r := range results {
		if r.failure != nil {
			continue
		}
		until := ""
		if !r.session.Expires.IsZero() {
			until = " until " + r.session.Expires.Format(time.RFC3339)
		}
		if r.profile.Name != "" {
			p.runner.Info("Profile %s: %s%s", r.profile.Name, describeSession(r.session), until)
		} else {
			p.runner.Info("Authenticated as %s%s", describeSession(r.session), until)
		}
	}
	for _, o := range p.plan.Delivery.Overriding {
		p.runner.Warning(o.Name, o.Warning)
	}
	if p.plan.Delivery.Process {
		p.logRenewalEnd()
	}
	for _, note := range p.plan.Delivery.Notes {
		p.runner.Info("Note: %s", note)
	}
}
