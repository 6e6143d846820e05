package explain

import "fmt"

// Job is what the runner's variables and the event file tell about the job.
type Job struct {
	Repository     string // owner/name
	Event          string // pull_request, push, …
	Actor          string // who triggered the run
	HeadRepository string // of a pull request: where its branch comes from; "" if that is gone
	PullRequest    bool   // the event file holds a pull request
	WorkflowRef    string // the workflow that was triggered
	JobWorkflowRef string // the workflow file that defines this job
	RequestURL     bool   // ACTIONS_ID_TOKEN_REQUEST_URL is set
	RequestToken   bool   // ACTIONS_ID_TOKEN_REQUEST_TOKEN is set
}

// HasToken tells whether the runner offers an OIDC token.
func (j Job) HasToken() bool { return j.RequestURL && j.RequestToken }

const permissions = "permissions:\n  id-token: write\n  contents: read"

// MissingToken says why the runner offers no OIDC token, as far as the job's
// facts tell (forks, Dependabot, reusable workflows, permission).
func MissingToken(j Job) Diagnosis {
	d := missingToken(j)
	d.Origin = OriginRefusal
	return d
}

func missingToken(j Job) Diagnosis {
	switch {
	case j.fromFork():
		head := j.HeadRepository
		if head == "" {
			head = "a fork that is gone"
		}
		return Diagnosis{
			Code: ForkPullRequest,
			What: "GitHub gives this job no OIDC token, because it runs for a pull request from a fork",
			Causes: []string{fmt.Sprintf("event %s of %s has its branch in %s; GitHub never grants id-token: write to such runs",
				j.Event, j.Repository, head)},
			Cure: "run this step only where the branch is the repository's own:\n" +
				"if: github.event.pull_request.head.repo.full_name == github.repository\n" +
				"or set on-missing-token: skip and test the output authenticated in later steps",
		}
	case j.Actor == "dependabot[bot]":
		return Diagnosis{
			Code:   DependabotRun,
			What:   "GitHub gives this job no OIDC token, because Dependabot triggered it",
			Causes: []string{"the actor is dependabot[bot]; its runs get a read-only token unless the workflow raises the permission"},
			Cure:   "write into the workflow's job:\n" + permissions + "\nor set on-missing-token: skip",
		}
	case j.JobWorkflowRef != "" && j.WorkflowRef != "" && j.JobWorkflowRef != j.WorkflowRef:
		return Diagnosis{
			Code: ReusableWorkflowPermission,
			What: "GitHub gives this job no OIDC token: its caller did not grant the permission to the reusable workflow",
			Causes: []string{fmt.Sprintf("the job is defined in %s and called by %s; a called workflow cannot have more permissions than its caller",
				j.JobWorkflowRef, j.WorkflowRef)},
			Cure: "write beside uses: in the calling job, and also in the called workflow:\n" + permissions,
		}
	}
	missing := "ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set"
	switch {
	case j.RequestURL:
		missing = "ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set, though ACTIONS_ID_TOKEN_REQUEST_URL is"
	case j.RequestToken:
		missing = "ACTIONS_ID_TOKEN_REQUEST_URL is not set, though ACTIONS_ID_TOKEN_REQUEST_TOKEN is"
	}
	cure := "write into the workflow or its job (naming one permission takes all others away):\n" + permissions
	cure += "\nor, to use credentials that the job or the machine has already, set role-chaining: true"
	return Diagnosis{
		Code:   IDTokenPermissionMissing,
		What:   "GitHub gives this job no OIDC token",
		Causes: []string{missing + ": the job lacks the permission id-token: write"},
		Cure:   cure,
	}
}

// fromFork follows GitHub: a pull_request_target run belongs to the base
// repository and keeps its permissions.
func (j Job) fromFork() bool {
	return j.PullRequest && j.Event != "pull_request_target" && j.HeadRepository != j.Repository
}
