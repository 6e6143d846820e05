package action

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/runner"
)

// publishWait bounds the wait for another step of the job that publishes.
const publishWait = 30 * time.Second

// publish hands the sessions to later steps: profile files, state, summary,
// outputs, and the environment last. Masks are set already. If anything cannot
// be written, nothing is.
func (p *phase) publish(ctx context.Context, s *store, results []result) error {
	outputs, err := p.outputs(results)
	if err != nil {
		return err
	}
	pub := runner.Publication{Outputs: outputs}
	if p.plan.Summary == plan.SummaryAlways {
		pub.Summary = successSummary(results)
	}
	err = p.locked(ctx, s, func(state jobstate.State) error {
		var deeds []jobstate.Deed
		if p.plan.Refresh {
			deeds = p.installHelper(ctx, s, state.Records, results)
		}
		if entries := p.profileEntries(state, results); len(entries) > 0 {
			files, err := p.openProfileFiles(ctx, s)
			if err != nil {
				return err
			}
			defer files.Close()
			write, err := p.writeProfiles(s, files, entries)
			if err != nil {
				return err
			}
			deeds = append(deeds, write...)
			pub.Env = append(pub.Env, files.announcements()...)
		}
		pub.Env = append(pub.Env, p.environment(results)...)
		p.recordSessions(results)
		return p.deliver(ctx, s, state, pub, deeds...)
	})
	if err != nil {
		return err
	}
	p.conclude(results)
	return nil
}

// locked does what no other step of the job may do at the same time.
func (p *phase) locked(ctx context.Context, s *store, do func(jobstate.State) error) error {
	wait, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	unlock, err := s.Lock(wait)
	if err != nil {
		return err
	}
	defer unlock()
	state, err := s.Read()
	if err != nil {
		return err
	}
	return do(state)
}

// deliver records what is published, gives the record to the runner, does the
// deeds, and hands the publication to the runner at last. The caller holds the
// lock.
func (p *phase) deliver(ctx context.Context, s *store, state jobstate.State, pub runner.Publication, deeds ...jobstate.Deed) error {
	for _, pair := range pub.Env {
		p.record.Export(pair.Name, pair.Value, p.runner.Getenv(pair.Name))
	}
	if err := p.remember(state); err != nil {
		return err
	}
	return s.Publish(ctx, p.record, append(deeds, jobstate.Deed{
		Name: "hand over to the runner",
		Do:   func(context.Context) (func(context.Context) error, error) { return nil, p.runner.Publish(pub) },
	})...)
}

func (p *phase) recordSessions(results []result) {
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
func undelivered(err error) *explain.Diagnosis {
	d := failure(err)
	_, helper := errors.AsType[helperError](err)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		d.Cure = "free space in the runner's temporary directory; refresh: true takes room for this program there; nothing was exported"
	case errors.Is(err, jobstate.ErrLocked):
		d.Cure = "do not run steps of this action at the same time in one job; nothing was exported"
	case errors.Is(err, refresh.ErrLocked):
		d.Cure = "end the process of an earlier step that uses the profile, and run the job again; nothing was exported"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		d.Cure = "let the action write to the runner's temporary directory and to the files that the job's variables name; nothing was exported"
	case helper:
		d.Cure = "let no other program write to the directory " + jobstate.DirName + " in the runner's temporary directory, or set refresh: false; nothing was exported"
	}
	return d
}

// inEnvironment returns the result whose region, and if the plan says so whose
// keys, go into the environment: the plain login, or the default profile.
func (p *phase) inEnvironment(results []result) (result, bool) {
	if !p.many() {
		return results[0], true
	}
	i := slices.IndexFunc(results, func(r result) bool { return r.profile.Name == p.plan.Default && r.failure == nil })
	if i < 0 {
		return result{}, false
	}
	return results[i], true
}

func (p *phase) many() bool { return len(p.plan.Profiles) > 1 || p.plan.Profiles[0].OfMany }

// environment is what changes in the environment of later steps.
func (p *phase) environment(results []result) []runner.Pair {
	r, ok := p.inEnvironment(results)
	var env []runner.Pair
	switch {
	case ok && p.plan.ExportEnv:
		env = p.keys(r.session)
		if p.many() {
			env = append(env, p.noWebIdentity()...)
		}
	case p.many() || p.plan.Refresh:
		env = append(empty("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), p.noWebIdentity()...)
	case p.plan.UnsetCurrent:
		env = p.blank("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
	}
	env = append(env, p.regions(results)...)
	if p.plan.ExportEnv && !p.many() && r.profile.Name != "" {
		env = append(env, runner.NewPair("AWS_PROFILE", r.profile.Name))
	}
	return env
}

// regions are the two variables for the region of the session in the
// environment, or of the profile that stands for it.
func (p *phase) regions(results []result) []runner.Pair {
	r, ok := p.inEnvironment(results)
	if !ok || !p.plan.ExportRegion {
		return nil
	}
	return []runner.Pair{
		runner.NewPair("AWS_REGION", r.profile.Region),
		runner.NewPair("AWS_DEFAULT_REGION", r.profile.Region),
	}
}

func (p *phase) keys(s assume.Session) []runner.Pair {
	env := []runner.Pair{
		runner.NewPair("AWS_ACCESS_KEY_ID", s.AccessKeyID),
		{Name: "AWS_SECRET_ACCESS_KEY", Value: s.SecretAccessKey},
	}
	if s.Temporary() {
		return append(env, runner.Pair{Name: "AWS_SESSION_TOKEN", Value: s.SessionToken})
	}
	// The token of an earlier step would be sent with these keys.
	return append(env, p.blank("AWS_SESSION_TOKEN")...)
}

// noWebIdentity keeps botocore and the SDK for Go from the role of a token file,
// which they heed before a profile. An empty AWS_WEB_IDENTITY_TOKEN_FILE does:
// AWS_ROLE_ARN counts only beside it. That one is emptied only where it is set,
// because the SDK for Ruby takes two empty variables for a role to assume, and
// fails.
func (p *phase) noWebIdentity() []runner.Pair {
	return append(empty("AWS_WEB_IDENTITY_TOKEN_FILE"), p.blank("AWS_ROLE_ARN")...)
}

// empty sets variables to nothing, also those that the container does not see:
// steps on the host inherit what the runner's own process has.
func empty(names ...string) []runner.Pair {
	var env []runner.Pair
	for _, name := range names {
		env = append(env, runner.NewPair(name, ""))
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

// outputs are those of the session in the environment, and with several
// profiles what became of each.
func (p *phase) outputs(results []result) ([]runner.Pair, error) {
	out := []runner.Pair{runner.NewPair("authenticated", "true")}
	if r, ok := p.inEnvironment(results); ok {
		out = append(out, p.sessionOutputs(r.session)...)
	}
	if !p.many() {
		return out, nil
	}
	return p.profileOutputs(out, results)
}

func (p *phase) sessionOutputs(s assume.Session) []runner.Pair {
	var out []runner.Pair
	add := func(name, value string) { // unless the server did not tell it
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
	if p.plan.OutputCredentials {
		out = append(out,
			runner.NewPair("aws-access-key-id", s.AccessKeyID),
			runner.Pair{Name: "aws-secret-access-key", Value: s.SecretAccessKey})
		if s.Temporary() {
			out = append(out, runner.Pair{Name: "aws-session-token", Value: s.SessionToken})
		}
	}
	return out
}

// whose names a session as far as the server has told it.
func whose(s assume.Session) string {
	switch {
	case s.ARN == "":
		return string(s.Role) + " (the response names no session ARN and no account)"
	case s.Account == "":
		return s.ARN
	}
	return s.ARN + " in account " + s.Account
}

// sessionName is the session's name, also of one that an earlier step assumed.
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
	Code    explain.Code `json:"code"`
	Message string       `json:"message"`
}

func (p *phase) profileOutputs(out []runner.Pair, results []result) ([]runner.Pair, error) {
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
	// Workflows print this output, and it quotes what STS said.
	out = append(out, runner.NewPair("profiles", runner.SanitizeJSON(string(text))))
	if !p.plan.OutputCredentials {
		return out, nil
	}
	if text, err = json.Marshal(credentials); err != nil {
		return nil, errors.New("the output profiles-credentials cannot be encoded")
	}
	p.runner.Mask(string(text))
	return append(out, runner.NewPair("profiles-credentials", string(text))), nil
}

// conclude says in the log what was reached, and warns of what overrides
// it in some SDK (the order in which SDKs look for credentials).
func (p *phase) conclude(results []result) {
	for _, r := range results {
		if r.failure != nil {
			continue
		}
		until := ""
		if !r.session.Expires.IsZero() {
			until = " until " + r.session.Expires.Format(time.RFC3339)
		}
		if r.profile.Name != "" {
			p.runner.Info("Profile %s: %s%s", r.profile.Name, whose(r.session), until)
		} else {
			p.runner.Info("Authenticated as %s%s", whose(r.session), until)
		}
	}
	if profile := p.runner.Getenv("AWS_PROFILE"); profile != "" && p.plan.Profiles[0].Name != profile {
		switch {
		case p.plan.Refresh || p.many() && p.plan.Default != "":
			p.runner.Warning("AWS_PROFILE", "AWS_PROFILE is set: SDKs use that profile in place of the default one")
		case p.plan.ExportEnv && p.plan.Profiles[0].Name == "": // else AWS_PROFILE is ours from now on
			p.runner.Warning("AWS_PROFILE", "AWS_PROFILE is set: the AWS SDK for JavaScript uses that profile in place of the exported keys")
		}
	}
	if p.plan.Refresh {
		p.tellHowLong()
	}
	if p.plan.ExportEnv || p.many() || p.plan.Refresh {
		return
	}
	if only := p.plan.Profiles[0]; only.Source == plan.SourceAmbient && only.Name == "" {
		p.runner.Info("Note: later steps get these credentials from the same source; to export them, set output-env-credentials: true")
		return
	}
	if p.runner.Getenv("AWS_ACCESS_KEY_ID") != "" && !p.plan.UnsetCurrent {
		p.runner.Warning("AWS_ACCESS_KEY_ID", "the environment has keys of an earlier step: most SDKs use them in place of a profile; set unset-current-credentials: true")
	}
	if p.runner.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "" && p.runner.Getenv("AWS_ROLE_ARN") != "" {
		p.runner.Warning("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are set: some SDKs use them in place of a profile")
	}
}
