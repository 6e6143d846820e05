// Package action runs the step: its main phase, which plans, logs in and
// publishes, and its post phase, which undoes what was published.
package action

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/transport"
)

// Step is one phase of one use of the action. All fields except Rehearsed and
// OnFailure are required.
type Step struct {
	Environ []string // as os.Environ returns it
	Stdout  io.Writer
	HTTP    func(transport.Options) *http.Client
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error // between tries
	Version string                                     // for the user agent and links to the documentation
	Post    bool                                       // run the post phase, even without the state of a main phase
	Program string                                     // path of this executable, of which refresh: true installs a copy for later steps

	// Rehearsed is the endpoint of a server that simulates AWS's STS: AWS's rules
	// for inputs and responses apply to it too. It may be empty.
	Rehearsed string

	// OnFailure is called with the diagnosis of a main phase that fails.
	OnFailure func(diagnosis.Diagnosis)
}

// The states that the main phase saves: statePost marks the post phase, and
// stateStep holds the ID of the record of what was published.
const (
	statePost = "isPost"
	stateStep = "step"
)

// Run runs the main phase, or the post phase if Post or the main phase's state
// is set, and returns the exit code (diagnosis.ExitFine and its siblings).
func (s Step) Run(ctx context.Context) int {
	p := &phase{Step: s, runner: runner.New(s.Environ, s.Stdout)}
	if plan.MasksAccounts(p.runner.LookupInput, p.runner.Getenv) {
		p.runner.HideAccounts()
	}
	if s.Post || p.runner.State(statePost) == "true" {
		p.post(ctx)
		return diagnosis.ExitFine
	}
	m := mainPhase{phase: p}
	if d := m.run(ctx); d != nil {
		return m.fail(*d)
	}
	if err := p.runner.Err(); err != nil {
		return diagnosis.ExitFailure
	}
	return diagnosis.ExitFine
}

// phase is what the parts of the main phase and of the post phase share.
type phase struct {
	Step
	runner *runner.Runner
	plan   plan.Plan // of the main phase; the post phase has none
}

// mainPhase is one use of the action, from its inputs to its end.
type mainPhase struct{ *phase }

// run returns why the step fails, or nil.
func (p mainPhase) run(ctx context.Context) *diagnosis.Diagnosis {
	record := jobstate.NewRecord(p.runner.Getenv("GITHUB_ACTION"))
	if err := p.runner.WriteState(runner.NewPair(statePost, "true"), runner.NewPair(stateStep, record.ID)); err != nil {
		return failure(err)
	}
	files := workspace(p)
	var problems []plan.Problem
	p.plan, problems = plan.Build(plan.Sources{
		Input: p.runner.LookupInput,
		Names: p.runner.InputNames(),
		Env:   p.runner.Getenv,
		Path:  p.runner.Path,
		File:  func(path string) ([]byte, error) { return files.read(ctx, path) },

		Rehearsed: p.Rehearsed,
	})
	p.maskKnown()
	for _, warning := range p.plan.Warnings {
		p.runner.Warning("no effect", warning)
	}
	job := p.runner.Job(ctx)
	if len(problems) > 0 {
		return p.refuse(job, problems)
	}
	if p.plan.ShowClaims {
		if p.needsToken() && !job.HasToken() {
			return p.missingToken(job, runner.MissingToken(job))
		}
		deadline, cancel := context.WithTimeout(ctx, p.plan.Timeout)
		defer cancel()
		return p.showClaims(deadline, p.connect(deadline))
	}
	store, err := p.openStore()
	if err != nil {
		return failure(err)
	}
	defer store.Close()
	if p.plan.Logout {
		return p.logout(ctx, store)
	}
	p.announce()
	if d := checkHelper(p.plan, store); d != nil {
		return d
	}
	deadline, cancel := context.WithTimeout(ctx, p.plan.Timeout)
	defer cancel()
	from := &source{phase: p.phase, store: store, login: p.connect(deadline)}
	profiles := &profileWriter{phase: p.phase, store: store, warned: map[string]bool{}}
	to := &publisher{phase: p.phase, store: store, profiles: profiles, login: from.login, evidence: files.evidence, record: record}
	if p.plan.UseExisting {
		reused, err := reuse{from, to}.run(deadline)
		if err != nil {
			return failure(err)
		}
		if reused {
			return nil
		}
	}
	if p.needsToken() && !job.HasToken() {
		return p.missingToken(job, runner.MissingToken(job))
	}
	if d := profiles.check(deadline); d != nil {
		return d
	}
	results, d := login{from, files.evidence}.run(deadline)
	if d != nil {
		return d
	}
	if err := to.publish(ctx, results); err != nil {
		return undelivered(err)
	}
	return nil
}

func (p mainPhase) needsToken() bool {
	return slices.ContainsFunc(p.plan.Profiles, func(profile plan.Profile) bool { return profile.Source == plan.SourceOIDC })
}

// missingToken lets the step succeed without credentials if the plan says so and
// no permission in the workflow could get the job a token. A missing permission
// of the repository's own run remains an error: a deployment that silently does
// nothing is worse than a failed job.
func (p mainPhase) missingToken(job runner.Job, d diagnosis.Diagnosis) *diagnosis.Diagnosis {
	switch {
	case !p.plan.SkipMissing:
		return &d
	case !job.Tokenless():
		d.Cure += "\non-missing-token: skip applies only to pull requests from forks, to Dependabot and to runners without OIDC"
		return &d
	}
	if err := p.runner.Publish(runner.Publication{Outputs: []runner.Pair{runner.NewPair("authenticated", "false")}}); err != nil {
		return failure(err)
	}
	p.runner.Notice("skipped", d.What+"; nothing is exported (on-missing-token: skip)")
	return nil
}

// refuse returns why a step with these problems fails. If all of them are empty
// values, a job from which GitHub withholds secrets explains them, and is
// skipped like a job without a token.
func (p mainPhase) refuse(job runner.Job, problems []plan.Problem) *diagnosis.Diagnosis {
	lines := make([]string, 0, len(problems))
	for _, problem := range problems {
		if !problem.Empty {
			return badInput(problems)
		}
		lines = append(lines, problem.String())
	}
	if d, ok := runner.EmptyInputs(job, lines); ok {
		return p.missingToken(job, d)
	}
	return badInput(problems)
}

func (p mainPhase) announce() {
	p.announceEndpoint()
	for _, notice := range p.plan.Notices {
		p.runner.Info("Note: %s", notice)
	}
	var names []string
	of := map[string][]string{}
	for _, profile := range p.plan.Profiles {
		name := profile.Last().SessionName
		if name == "" {
			continue // no role is assumed
		}
		if of[name] == nil {
			names = append(names, name)
		}
		of[name] = append(of[name], profile.Name)
	}
	label := "CloudTrail session name"
	if p.plan.Endpoint.Foreign {
		label = "Session name"
	}
	for _, name := range names {
		if len(names) == 1 {
			p.runner.Info("%s: %s", label, name)
		} else {
			p.runner.Info("%s: %s (%s)", label, name, strings.Join(of[name], ", "))
		}
	}
}

// maskKnown masks the secrets among the inputs, the credentials in URLs and,
// with mask-aws-account-id, every account ID that inputs and plan name, before
// anything that could show one is printed. This protects later steps; the output
// of this step contains no ID anyway.
func (p mainPhase) maskKnown() {
	for _, url := range p.urls() {
		for _, form := range transport.Credentials(url) {
			p.runner.Mask(form)
		}
	}
	for _, in := range plan.Inputs {
		switch {
		case in.Secret:
			p.runner.Mask(p.runner.Input(in.Name))
		case !in.Hidden && in.Name != "role-session-name":
			p.runner.MaskAccountsIn(p.runner.Input(in.Name))
		}
	}
	for _, profile := range p.plan.Profiles {
		for _, hop := range profile.Chain {
			p.runner.MaskAccountsIn(string(hop.Role))
		}
	}
}

// urls are those of servers and proxies in variables and inputs, used or not.
func (p mainPhase) urls() []string {
	all := []string{p.runner.Getenv("AWS_ENDPOINT_URL_STS"), p.runner.Getenv("AWS_ENDPOINT_URL")}
	for _, name := range transport.ProxyVariables {
		all = append(all, p.runner.Getenv(name))
	}
	for _, in := range plan.Inputs {
		if in.URL {
			all = append(all, p.runner.Input(in.Name))
		}
	}
	return all
}

// fail writes the one error of a failing step, and its summary.
func (p mainPhase) fail(d diagnosis.Diagnosis) int {
	p.annotate(runner.LevelError, d)
	if p.plan.Summary != plan.SummaryNever {
		// A summary that cannot be written must not hide the error.
		_ = p.runner.Publish(runner.Publication{Summary: failureSummary(d, p.Version)})
	}
	if p.OnFailure != nil {
		p.OnFailure(d)
	}
	return d.ExitCode()
}

// annotate writes the short form of a diagnosis as an annotation, and all of it
// to the log.
func (p *phase) annotate(level runner.Level, d diagnosis.Diagnosis) {
	p.runner.Annotate(level, runner.Annotation{Title: string(d.Code), Text: d.Brief(), Details: d.Text(), Link: d.Code.Page(p.Version)})
}

// badInput lists all problems. If they share a code, it is the diagnosis's.
func badInput(problems []plan.Problem) *diagnosis.Diagnosis {
	d := &diagnosis.Diagnosis{Code: problems[0].Code, Origin: diagnosis.OriginInputs}
	lines := make([]string, 0, len(problems))
	for _, problem := range problems {
		if problem.Code != d.Code {
			d.Code = diagnosis.InvalidInput
		}
		lines = append(lines, problem.String())
	}
	d.What = strings.Join(lines, "\n")
	return d
}

func failure(err error) *diagnosis.Diagnosis {
	what := err.Error()
	if errors.Is(err, context.Canceled) {
		what = "the job was cancelled"
	}
	return &diagnosis.Diagnosis{Code: diagnosis.Failed, What: what}
}
