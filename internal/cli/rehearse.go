package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/org/aws-oidc-action/internal/action"
	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

const rehearseSynopsis = "rehearse [--format text|json] [SCENARIO]"

// rehearsal is what came of a scenario.
type rehearsal struct {
	Scenario string            `json:"scenario"`
	Steps    []rehearsedStep   `json:"steps"`
	Hops     []rehearsedHop    `json:"hops"`
	Identity string            `json:"identity,omitempty"` // what GetCallerIdentity says of the exported keys
	After    map[string]string `json:"after-post"`         // the AWS variables when the job has ended
	Expected string            `json:"expected,omitempty"`
	Outcome  string            `json:"outcome"`
	AsHoped  bool              `json:"as-expected"`
	Log      string            `json:"log"`
}

// rehearsedStep is one use of the action.
type rehearsedStep struct {
	Failed  bool              `json:"failed"`
	Code    string            `json:"code,omitempty"`
	Message string            `json:"message,omitempty"` // the whole diagnosis, of which the error shows a part
	Hop     int               `json:"hop,omitempty"`
	Env     map[string]string `json:"env"` // secrets masked
	Outputs map[string]string `json:"outputs"`
}

// rehearsedHop is a call to STS with the decision of the role's trust policy.
type rehearsedHop struct {
	Action    string             `json:"action"`
	Role      string             `json:"role"`
	Caller    string             `json:"caller,omitempty"`
	Session   string             `json:"session,omitempty"`
	Refused   string             `json:"refused,omitempty"`
	Decisions []sandbox.Decision `json:"decisions"`
}

// rehearse runs the step itself, main and post phase, against a sandbox.
func rehearse(ctx context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("rehearse", flag.ContinueOnError)
	format := fs.String("format", "text", "`format` of the report: text or json")
	if run, code := env.parse(fs, rehearseSynopsis, args); !run {
		return code
	}
	if *format != "text" && *format != "json" {
		env.errorf("rehearse: --format %q is unknown, write text or json", *format)
		return exitUsage
	}
	s, err := loadScenario(fs.Args())
	if err != nil {
		env.errorf("%v", err)
		return exitUsage
	}
	r, err := runScenario(ctx, env, s)
	if err != nil {
		env.errorf("%v", err)
		return exitFailure
	}
	if *format == "json" {
		err = env.printJSON(r)
	} else {
		err = env.print(asText, r.text)
	}
	if err != nil {
		env.errorf("print the report: %v", err)
		return exitFailure
	}
	if !r.AsHoped {
		return exitRefused
	}
	return exitFine
}

func runScenario(ctx context.Context, env Env, s *scenario.Scenario) (*rehearsal, error) {
	server, err := sandbox.Start(s, sandbox.Options{Now: env.Now})
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
	if err := layPolicies(job.Workspace(), s); err != nil {
		return nil, err
	}
	r := &rehearsal{Scenario: s.Name}
	var failure *explain.Diagnosis
	phase := func(ctx context.Context, environ []string, stdout, _ io.Writer) int {
		step := stepWith(environ, stdout, env.Now)
		step.OnFailure = func(d explain.Diagnosis) { failure = &d }
		return step.Run(ctx)
	}
	for _, with := range s.Steps {
		failure = nil
		result, err := job.Run(ctx, phase, with)
		if err != nil {
			return nil, err
		}
		r.add(job, result, failure)
		if result.Failed {
			break // the runner skips the steps that follow
		}
	}
	r.addHops(server.Calls())
	if last := r.Steps[len(r.Steps)-1]; !last.Failed && job.Getenv("AWS_ACCESS_KEY_ID") != "" {
		if r.Identity, err = identity(ctx, job, server); err != nil {
			return nil, fmt.Errorf("the exported credentials do not work: %w", err)
		}
	}
	if _, err := job.Finish(ctx); err != nil {
		return nil, err
	}
	r.After = awsVariables(job, job.Environ())
	r.Log = job.Log()
	r.judge(s.Expect)
	return r, nil
}

// noMetadata keeps a rehearsal from asking the machine that it runs on.
const noMetadata = "AWS_EC2_METADATA_DISABLED=true"

// stepWith is the step as the action runs it, in a process of somebody else's.
func stepWith(environ []string, stdout io.Writer, now func() time.Time) action.Step {
	program, _ := os.Executable() // where that is unknown, the step says so if it needs it
	return action.Step{
		Environ: environ,
		Stdout:  stdout,
		HTTP:    transport.New,
		Now:     now,
		Sleep:   retry.Sleep,
		Version: releaseName(),
		Program: program,
	}
}

// add notes what came of a step. A step that failed without a diagnosis failed
// by the runner, such as for a file command that it cannot read.
func (r *rehearsal) add(job *fakerunner.Job, result *fakerunner.Result, failure *explain.Diagnosis) {
	step := rehearsedStep{Failed: result.Failed, Env: map[string]string{}, Outputs: map[string]string{}}
	for name, value := range result.Env {
		step.Env[name] = job.Mask(value)
	}
	for name, value := range result.Outputs {
		step.Outputs[name] = job.Mask(value)
	}
	for _, a := range job.Annotations() {
		if a.Step == result.Name && a.Level == "error" {
			step.Code, step.Message = a.Title, a.Message
		}
	}
	if failure != nil {
		step.Code, step.Message, step.Hop = string(failure.Code), job.Mask(failure.Text()), failure.Hop
	}
	r.Steps = append(r.Steps, step)
}

func (r *rehearsal) addHops(calls []sandbox.Call) {
	for _, c := range calls {
		if c.Kind == scenario.CallToken || c.Kind == scenario.CallIdentity {
			continue
		}
		hop := rehearsedHop{Action: c.Kind, Role: c.Role(), Caller: c.Signer, Session: c.Session, Decisions: c.Decisions}
		switch {
		case c.Code != "":
			hop.Refused = c.Code + ": " + c.Message
		case c.Fault != "":
			hop.Refused = "fault: " + string(c.Fault)
		}
		r.Hops = append(r.Hops, hop)
	}
}

// identity proves the exported keys with a signed call.
func identity(ctx context.Context, job *fakerunner.Job, server *sandbox.Server) (string, error) {
	walker := &assume.Walker{HTTP: transport.New(transport.Options{}), Retry: retry.Default(3)}
	session, err := walker.Identify(ctx, plan.Hop{Region: job.Getenv("AWS_REGION"), Endpoint: server.URL()}, assume.Session{
		AccessKeyID:     job.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: secret.New(job.Getenv("AWS_SECRET_ACCESS_KEY")),
		SessionToken:    secret.New(job.Getenv("AWS_SESSION_TOKEN")),
	})
	return session.ARN, err
}

// judge holds what came out against what the scenario expects. Without an
// expectation, success is hoped for.
func (r *rehearsal) judge(expect *scenario.Expect) {
	last := r.Steps[len(r.Steps)-1]
	r.Outcome = outcome(!last.Failed, explain.Code(last.Code), last.Hop)
	if expect == nil {
		r.AsHoped = !last.Failed
		return
	}
	r.Expected = outcome(expect.Success, expect.Code, expect.Hop)
	r.AsHoped = expect.Success != last.Failed && string(expect.Code) == last.Code && (expect.Hop == 0 || expect.Hop == last.Hop)
}

func outcome(success bool, code explain.Code, hop int) string {
	switch {
	case success:
		return "success"
	case hop > 0:
		return fmt.Sprintf("%s at hop %d", code, hop)
	}
	return string(code)
}
