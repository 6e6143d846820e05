package runner

import (
	"fmt"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/diagnosis"
)

func TestMissingToken(t *testing.T) {
	job := Job{Repository: "octo-org/octo-repo", Event: "push", Actor: "octocat"}
	change := func(f func(*Job)) Job {
		j := job
		f(&j)
		return j
	}
	for _, tt := range []struct {
		job  Job
		code diagnosis.Code
		text string
	}{
		{job, diagnosis.IDTokenPermissionMissing, "are not set"},
		{change(func(j *Job) { j.RequestURL = true }), diagnosis.IDTokenPermissionMissing, "REQUEST_TOKEN is not set"},
		{change(func(j *Job) { j.Kind = Act }), diagnosis.IDTokenPermissionMissing, "act issues no OIDC tokens"},
		{change(func(j *Job) { j.Kind = Gitea; j.Actor = "dependabot[bot]" }), diagnosis.IDTokenPermissionMissing, "Gitea issues no OIDC tokens"},
		{change(func(j *Job) { j.Kind = Forgejo }), diagnosis.IDTokenPermissionMissing, "enable-openid-connect: true"},
		{change(func(j *Job) { j.RequestToken = true }), diagnosis.IDTokenPermissionMissing, "REQUEST_URL is not set"},
		{change(func(j *Job) { j.PullRequest, j.Event, j.HeadRepository = true, "pull_request", "x/fork" }), diagnosis.ForkPullRequest, "x/fork"},
		{change(func(j *Job) { j.PullRequest, j.Event = true, "pull_request" }), diagnosis.ForkPullRequest, "a fork that no longer exists"},
		{change(func(j *Job) { j.PullRequest, j.Event, j.HeadRepository = true, "pull_request_target", "x/fork" }), diagnosis.IDTokenPermissionMissing, ""},
		{change(func(j *Job) { j.PullRequest, j.Event, j.HeadRepository = true, "pull_request", j.Repository }), diagnosis.IDTokenPermissionMissing, ""},
		{change(func(j *Job) { j.Actor = "dependabot[bot]" }), diagnosis.DependabotRun, "on-missing-token"},
		{change(func(j *Job) { j.Actor, j.Event = "dependabot[bot]", "workflow_run" }), diagnosis.IDTokenPermissionMissing, ""},
		{change(func(j *Job) { j.WorkflowRef, j.JobWorkflowRef = "a/b/x.yml@main", "a/c/y.yml@v1" }), diagnosis.ReusableWorkflowPermission, "a/c/y.yml@v1"},
	} {
		if d := MissingToken(tt.job); d.Code != tt.code || d.ExitCode() != diagnosis.ExitRefused || !strings.Contains(d.Text(), tt.text) {
			t.Errorf("%+v: %s\n%s", tt.job, d.Code, d.Text())
		}
	}
}

// TestMissingClaims: the remedies suit a command, which has no inputs.
func TestMissingClaims(t *testing.T) {
	for _, tt := range []struct {
		name string
		job  Job
		code diagnosis.Code
		cure string
	}{
		{"outside of a workflow", Job{Outside: true}, diagnosis.IDTokenPermissionMissing, "run the command in a step of a job with the permission id-token: write"},
		{"GitHub's runner", Job{Event: "push"}, diagnosis.IDTokenPermissionMissing, permissions},
		{"act", Job{Kind: Act}, diagnosis.IDTokenPermissionMissing, "aws-oidc-action sandbox"},
		{"Forgejo", Job{Kind: Forgejo}, diagnosis.IDTokenPermissionMissing, "enable-openid-connect: true"},
		{"fork", Job{Repository: "o/r", Event: "pull_request", PullRequest: true, HeadRepository: "x/r"}, diagnosis.ForkPullRequest, "a branch of the repository itself"},
		{"Dependabot", Job{Actor: "dependabot[bot]", Event: "push"}, diagnosis.DependabotRun, permissions},
		{"reusable workflow", Job{WorkflowRef: "a/b/x.yml@main", JobWorkflowRef: "a/c/y.yml@v1"}, diagnosis.ReusableWorkflowPermission, "add to the calling job"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := MissingClaims(tt.job)
			if d.Code != tt.code || d.ExitCode() != diagnosis.ExitRefused || !strings.Contains(d.Cure, tt.cure) {
				t.Errorf("%s\n%s", d.Code, d.Text())
			}
			for _, input := range []string{"role-chaining", "on-missing-token", "web-identity-token-file", "aws-access-key-id"} {
				if strings.Contains(d.Text(), input) {
					t.Errorf("the input %s is no remedy of a command:\n%s", input, d.Text())
				}
			}
		})
	}
}

// TestForkCondition: what the error proposes to paste runs the step on push,
// where there is no pull request, and not in the run that was refused.
func TestForkCondition(t *testing.T) {
	const condition = "if: github.event_name != '%s' || github.event.pull_request.head.repo.full_name == github.repository\n"
	for _, event := range []string{"pull_request", "pull_request_review", "pull_request_review_comment"} {
		d := MissingToken(Job{Repository: "o/r", Event: event, PullRequest: true, HeadRepository: "x/r"})
		if want := fmt.Sprintf(condition, event); !strings.Contains(d.Cure, want) {
			t.Errorf("%s: %q lacks %q", event, d.Cure, want)
		}
	}
}

func TestEmptyInputs(t *testing.T) {
	fork := Job{Repository: "o/r", Event: "pull_request", PullRequest: true, HeadRepository: "x/r"}
	dependabot := Job{Repository: "o/r", Event: "push", Actor: "dependabot[bot]"}
	withToken := func(j Job) Job {
		j.RequestURL, j.RequestToken = true, true
		return j
	}
	problems := []string{"input role-to-assume: is empty", "input profiles, line 3: is empty"}
	for name, tt := range map[string]struct {
		job  Job
		code diagnosis.Code
		what string
	}{
		"fork":                  {fork, diagnosis.ForkPullRequest, "issues no OIDC token to this job"},
		"fork with a token":     {withToken(fork), diagnosis.ForkPullRequest, "inputs are empty, because this job runs for a pull request from a fork"},
		"Dependabot":            {dependabot, diagnosis.DependabotRun, "issues no OIDC token to this job"},
		"Dependabot with token": {withToken(dependabot), diagnosis.DependabotRun, "inputs are empty, because Dependabot"},
	} {
		d, ok := EmptyInputs(tt.job, problems)
		if !ok || d.Code != tt.code || d.ExitCode() != diagnosis.ExitUsage || !strings.Contains(d.What, tt.what) || len(d.Causes) != 3 || !strings.Contains(d.Text(), problems[1]) {
			t.Errorf("%s: %t %s\n%s", name, ok, d.Code, d.Text())
		}
	}
	for _, job := range []Job{{Repository: "o/r", Event: "push"}, {Repository: "o/r", Event: "pull_request_target", PullRequest: true, HeadRepository: "x/r"}} {
		if d, ok := EmptyInputs(job, problems); ok {
			t.Errorf("%+v: %+v", job, d)
		}
	}
}
