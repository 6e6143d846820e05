// Package action is the step itself: its main phase, which plans, logs in and
// publishes, and its post phase, which undoes what was published.
package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

// Step is one phase of one use of the action. All fields but Rehearsed and
// OnFailure are needed.
type Step struct {
	Environ []string // as os.Environ gives it
	Stdout  io.Writer
	HTTP    func(transport.Options) *http.Client
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error // between tries
	Version string                                     // for the user agent and links to the documentation
	Post    bool                                       // this is the post phase, even if the state does not say so
	Program string                                     // path of this executable, which refresh: true leaves to later steps

	// Rehearsed is the endpoint of a server that plays AWS's STS: what AWS
	// demands of inputs and responses is demanded there too. It may be empty.
	Rehearsed string

	// OnFailure gets the diagnosis with which a main phase fails.
	OnFailure func(explain.Diagnosis)
}

// statePost is the state by which the main phase tells the post phase that it
// is one; stateStep names the record of what was published.
const (
	statePost = "isPost"
	stateStep = "step"
)

// Run does the main phase, or the post phase if Post or the main phase's state
// says so, and returns the exit code (explain.ExitFine and its siblings).
func (s Step) Run(ctx context.Context) int {
	p := &phase{Step: s, runner: runner.New(s.Environ, s.Stdout), warned: map[string]bool{}}
	if plan.MasksAccounts(p.runner.LookupInput, p.runner.Getenv) {
		p.runner.HideAccounts()
	}
	if s.Post || p.runner.State(statePost) == "true" {
		p.post(ctx)
		return explain.ExitFine
	}
	if d := p.main(ctx); d != nil {
		return p.fail(*d)
	}
	if err := p.runner.Err(); err != nil {
		return explain.ExitFailure
	}
	return explain.ExitFine
}

type phase struct {
	Step
	runner   *runner.Runner
	plan     plan.Plan
	record   jobstate.Record
	reverted map[string]secret.Value // variables that a clean-up has given their former value
	network  transport.Options       // to STS
	client   *http.Client            // for STS
	warned   map[string]bool         // variables that a warning names already
}

// main returns why the step fails, or nil.
func (p *phase) main(ctx context.Context) *explain.Diagnosis {
	p.record = jobstate.NewRecord(p.runner.Getenv("GITHUB_ACTION"))
	if err := p.runner.WriteState(runner.NewPair(statePost, "true"), runner.NewPair(stateStep, p.record.ID)); err != nil {
		return failure(err)
	}
	var problems []plan.Problem
	p.plan, problems = plan.Build(plan.Sources{
		Input: p.runner.LookupInput,
		Names: p.runner.InputNames(),
		Env:   p.runner.Getenv,
		Path:  p.runner.Path,
		File:  func(path string) ([]byte, error) { return p.workspaceFile(ctx, path) },

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
			return p.missingToken(job, explain.MissingToken(job))
		}
		deadline, cancel := context.WithTimeout(ctx, p.plan.Timeout)
		defer cancel()
		p.connect(deadline)
		return p.showClaims(deadline)
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
	if d := p.checkHelper(store); d != nil {
		return d
	}
	deadline, cancel := context.WithTimeout(ctx, p.plan.Timeout)
	defer cancel()
	p.connect(deadline)
	if p.plan.UseExisting {
		kept, err := p.keep(deadline, store)
		if err != nil {
			return failure(err)
		}
		if kept {
			return nil
		}
	}
	if p.needsToken() && !job.HasToken() {
		return p.missingToken(job, explain.MissingToken(job))
	}
	if d := p.checkProfiles(deadline, store); d != nil {
		return d
	}
	results, d := p.login(deadline, store)
	if d != nil {
		return d
	}
	if err := p.publish(ctx, store, results); err != nil {
		return undelivered(err)
	}
	return nil
}

func (p *phase) needsToken() bool {
	return slices.ContainsFunc(p.plan.Profiles, func(profile plan.Profile) bool { return profile.Source == plan.SourceOIDC })
}

// missingToken lets the step pass without credentials where the plan says so
// and the job gets no token whatever the workflow says. A permission that the
// repository's own run lacks stays an error: a deployment that silently does
// nothing is worse than a failed job.
func (p *phase) missingToken(job explain.Job, d explain.Diagnosis) *explain.Diagnosis {
	switch {
	case !p.plan.SkipMissing:
		return &d
	case !job.Tokenless():
		d.Cure += "\non-missing-token: skip is only for pull requests from forks, for Dependabot and for runners without OIDC"
		return &d
	}
	if err := p.runner.Publish(runner.Publication{Outputs: []runner.Pair{runner.NewPair("authenticated", "false")}}); err != nil {
		return failure(err)
	}
	p.runner.Notice("skipped", d.What+"; nothing is exported (on-missing-token: skip)")
	return nil
}

// refuse is why a step with these problems fails. Where all of them are that
// something came out empty, a job from which GitHub withholds secrets explains
// them, and is skipped like one without a token.
func (p *phase) refuse(job explain.Job, problems []plan.Problem) *explain.Diagnosis {
	lines := make([]string, 0, len(problems))
	for _, problem := range problems {
		if !problem.Empty {
			return badInput(problems)
		}
		lines = append(lines, problem.String())
	}
	if d, ok := explain.EmptyInputs(job, lines); ok {
		return p.missingToken(job, d)
	}
	return badInput(problems)
}

func (p *phase) announce() {
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

// maskKnown masks the secrets among the inputs, the credentials in URLs and, if
// that is wanted, every account id that inputs and plan name, before anything
// that could show one is printed. Later steps depend on it; what this step
// prints names no id anyway.
func (p *phase) maskKnown() {
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

// urls are those of servers and proxies that the step was given, whether they
// count or not.
func (p *phase) urls() []string {
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

// fail writes the one error of a failing step and its summary.
func (p *phase) fail(d explain.Diagnosis) int {
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

// annotate writes the short form of a diagnosis as an annotation, and the whole
// to the log.
func (p *phase) annotate(level runner.Level, d explain.Diagnosis) {
	p.runner.Annotate(level, runner.Annotation{Title: string(d.Code), Text: d.Brief(), Details: d.Text(), Link: d.Code.Page(p.Version)})
}

// badInput lists all problems. If they share a code it is the diagnosis's.
func badInput(problems []plan.Problem) *explain.Diagnosis {
	d := &explain.Diagnosis{Code: problems[0].Code, Origin: explain.OriginInputs}
	lines := make([]string, 0, len(problems))
	for _, problem := range problems {
		if problem.Code != d.Code {
			d.Code = explain.InvalidInput
		}
		lines = append(lines, problem.String())
	}
	d.What = strings.Join(lines, "\n")
	return d
}

func failure(err error) *explain.Diagnosis {
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("the job was cancelled: %w", err)
	}
	return &explain.Diagnosis{Code: explain.Failed, What: err.Error()}
}
