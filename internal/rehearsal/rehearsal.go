// Package rehearsal runs the action's step against a scenario, as the one job
// of a workflow, and judges how it ends. It prints nothing.
package rehearsal

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/scenario"
)

// Step runs one phase of the action. It returns the exit code and, of a main
// phase that failed, the diagnosis.
type Step func(ctx context.Context, p Process) (code int, failure *diagnosis.Diagnosis)

// Process is the process of a phase: environment, streams, sandbox.
type Process struct {
	Environ []string
	Stdout  io.Writer
	Sandbox string // URL of the sandbox's issuer and STS, unless its dialect is another than AWS's
}

// Options of a rehearsal. Both are required.
type Options struct {
	Step Step
	Now  func() time.Time // the clock of issuer and STS
}

// Report is the result of a scenario. Secrets in it are masked.
type Report struct {
	Scenario   string            `json:"scenario"`
	Steps      []StepReport      `json:"steps"`
	Hops       []Hop             `json:"hops"`
	Identity   string            `json:"identity,omitempty"`      // of the exported keys, by GetCallerIdentity
	Profiles   map[string]string `json:"profiles,omitempty"`      // the same by profile, of those that the steps wrote
	Files      map[string]string `json:"profile-files,omitempty"` // the files of profiles, by the variable that names them
	After      map[string]string `json:"after-post"`              // the AWS variables when the job has ended
	Expected   string            `json:"expected,omitempty"`
	Outcome    string            `json:"outcome"`
	AsExpected bool              `json:"as-expected"`
	Reasons    []string          `json:"reasons,omitempty"` // of a failure: what the policies refused, else the step's error
	Log        string            `json:"log"`
}

// StepReport is the result of one use of the action.
type StepReport struct {
	Failed  bool              `json:"failed"`
	Code    string            `json:"code,omitempty"`
	Message string            `json:"message,omitempty"` // the whole diagnosis, of which the error shows a part
	Hop     int               `json:"hop,omitempty"`
	Env     map[string]string `json:"env"`
	Outputs map[string]string `json:"outputs"`
}

// noMetadata keeps a rehearsal from using the metadata service of the machine.
const noMetadata = "AWS_EC2_METADATA_DISABLED=true"

// rehearsal is a scenario that is being run.
type rehearsal struct {
	scenario *scenario.Scenario
	server   *sandbox.Server
	job      *fakerunner.Job
	action   Step
	report   *Report
	unknown  bool     // a policy leaves open whether it admits a request
	problems []string // with which the last step failed
}

// Run runs the steps of a scenario, main and post phases, against a sandbox of
// its own. An error means that there is no report, not that the job failed.
func Run(ctx context.Context, s *scenario.Scenario, o Options) (*Report, error) {
	server, err := sandbox.Start(s, sandbox.Options{Now: o.Now})
	if err != nil {
		return nil, err
	}
	defer server.Close()
	dir, err := os.MkdirTemp("", "aws-oidc-action-rehearsal-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the job: %w", err)
	}
	defer os.RemoveAll(dir)
	job, err := fakerunner.NewJob(fakerunner.JobOptions{
		Dir:      dir,
		Environ:  append(server.Environ(), noMetadata),
		Event:    s.Workflow.Payload(),
		Defaults: plan.Defaults(),
		Contexts: s.Workflow.Contexts(),
	})
	if err != nil {
		return nil, err
	}
	if err := fillWorkspace(job.Workspace(), s); err != nil {
		return nil, err
	}
	r := &rehearsal{scenario: s, server: server, job: job, action: o.Step, report: &Report{Scenario: s.Name}}
	if err := r.run(ctx); err != nil {
		return nil, err
	}
	r.judge()
	return r.report, nil
}

// run runs the whole job.
func (r *rehearsal) run(ctx context.Context) error {
	failed, before := false, 0
	for _, with := range r.scenario.Steps {
		before = len(r.server.Calls())
		var err error
		if failed, err = r.step(ctx, with); err != nil {
			return err
		}
		if failed {
			break // the runner skips the steps that follow
		}
	}
	calls := r.server.Calls()
	r.addHops(calls)
	if failed {
		r.addReasons(calls[before:])
	} else if err := r.prove(ctx); err != nil {
		return err
	}
	if _, err := r.job.Finish(ctx); err != nil {
		return err
	}
	r.report.After = awsVariables(r.job)
	r.report.Log = r.job.Log()
	return nil
}

// step runs the main phase of one use of the action and reports whether it
// failed. A step that failed without a diagnosis was failed by the runner, for
// example because of a file command that it cannot read.
func (r *rehearsal) step(ctx context.Context, with map[string]string) (failed bool, err error) {
	var failure *diagnosis.Diagnosis
	phase := func(ctx context.Context, environ []string, stdout, _ io.Writer) int {
		var code int
		p := Process{Environ: environ, Stdout: stdout}
		if r.server.Scenario().Dialect == scenario.AWS {
			p.Sandbox = r.server.URL()
		}
		code, failure = r.action(ctx, p)
		return code
	}
	result, err := r.job.Run(ctx, phase, with)
	if err != nil {
		return false, err
	}
	report := StepReport{Failed: result.Failed, Env: masked(r.job, result.Env), Outputs: masked(r.job, result.Outputs)}
	for _, a := range r.job.Annotations() {
		if a.Step == result.Name && a.Level == "error" {
			report.Code, report.Message = a.Title, a.Message
			first, _, _ := strings.Cut(a.Message, "\n")
			r.problems = []string{first}
		}
	}
	if failure != nil {
		report.Code, report.Message, report.Hop = string(failure.Code), r.job.Mask(failure.Text()), failure.Hop
		r.problems = failure.Problems()
	}
	r.report.Steps = append(r.report.Steps, report)
	return result.Failed, nil
}

func masked(job *fakerunner.Job, values map[string]string) map[string]string {
	all := map[string]string{}
	for name, value := range values {
		all[name] = job.Mask(value)
	}
	return all
}

// awsVariables returns the AWS variables of a job's steps.
func awsVariables(job *fakerunner.Job) map[string]string {
	all := map[string]string{}
	for _, pair := range job.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "AWS_ENDPOINT_URL") && pair != noMetadata {
			all[name] = job.Mask(value)
		}
	}
	return all
}
