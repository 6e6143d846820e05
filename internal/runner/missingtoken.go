package runner

import (
	"fmt"
	"slices"

	"github.com/org/aws-oidc-action/internal/diagnosis"
)

// Job is what the runner's variables and the event file tell about the job.
type Job struct {
	Repository     string // owner/name
	Event          string // pull_request, push, …
	Actor          string // who triggered the run
	HeadRepository string // of a pull request: where its branch comes from; "" if that is gone
	PullRequest    bool   // the event file holds a pull request
	WorkflowRef    string // the workflow that was triggered
	JobWorkflowRef string // the workflow file that defines this job
	Kind           Kind   // GitHub's own if empty
	RequestURL     bool   // ACTIONS_ID_TOKEN_REQUEST_URL is set
	RequestToken   bool   // ACTIONS_ID_TOKEN_REQUEST_TOKEN is set
}

// Kind is a runner that is not GitHub's, by its name.
type Kind string

// The runners that tell themselves apart. Neither act nor Gitea issues OIDC
// tokens (Gitea's pull request 39052 is to change that); Forgejo does for jobs
// with enable-openid-connect: true (Forgejo's user guide, "Security OpenID
// Connect").
const (
	Act     Kind = "act"
	Gitea   Kind = "Gitea"
	Forgejo Kind = "Forgejo"
)

// HasToken reports whether the runner offers an OIDC token.
func (j Job) HasToken() bool { return j.RequestURL && j.RequestToken }

// Restricted reports whether GitHub by its own rule runs this job with fewer
// rights than the repository's own: without a token, and without the secrets
// and variables of the repository.
func (j Job) Restricted() bool { return j.fromFork() || j.fromDependabot() }

// Tokenless reports whether the job gets no token whatever its workflow says.
func (j Job) Tokenless() bool { return j.Restricted() || j.Kind == Act || j.Kind == Gitea }

const permissions = "permissions:\n  id-token: write\n  contents: read"

// MissingToken says why the runner offers no OIDC token, as far as the job's
// facts tell (forks, Dependabot, reusable workflows, permission).
func MissingToken(j Job) diagnosis.Diagnosis {
	d := missingToken(j)
	d.Origin = diagnosis.OriginRefusal
	return d
}

func missingToken(j Job) diagnosis.Diagnosis {
	switch {
	case j.Kind != "":
		return j.withoutOIDC()
	case j.fromFork():
		return diagnosis.Diagnosis{
			Code: diagnosis.ForkPullRequest,
			What: "GitHub gives this job no OIDC token, because it runs for a pull request from a fork",
			Causes: []string{fmt.Sprintf("event %s of %s has its branch in %s; GitHub does not grant id-token: write to such runs, unless a private repository sends write tokens to forks",
				j.Event, j.Repository, j.head())},
			Cure: j.forkCure(),
		}
	case j.fromDependabot():
		return diagnosis.Diagnosis{
			Code:   diagnosis.DependabotRun,
			What:   "GitHub gives this job no OIDC token, because Dependabot triggered it",
			Causes: []string{"the actor is dependabot[bot]; its runs get a read-only token unless the workflow raises the permission"},
			Cure:   "add to the workflow's job:\n" + permissions + "\nor set on-missing-token: skip",
		}
	case j.JobWorkflowRef != "" && j.WorkflowRef != "" && j.JobWorkflowRef != j.WorkflowRef:
		return diagnosis.Diagnosis{
			Code: diagnosis.ReusableWorkflowPermission,
			What: "GitHub gives this job no OIDC token: its caller did not grant the permission to the reusable workflow",
			Causes: []string{fmt.Sprintf("the job is defined in %s and called by %s; a called workflow cannot have more permissions than its caller",
				j.JobWorkflowRef, j.WorkflowRef)},
			Cure: "add to the calling job, beside uses:, and to the called workflow:\n" + permissions,
		}
	}
	return diagnosis.Diagnosis{
		Code:   diagnosis.IDTokenPermissionMissing,
		What:   "GitHub gives this job no OIDC token",
		Causes: []string{j.unset() + ": the job lacks the permission id-token: write"},
		Cure: "add to the workflow or its job (naming one permission removes all others):\n" + permissions +
			"\nor, to use credentials that the job or the machine already has, set role-chaining: true",
	}
}

// withoutOIDC is why a runner that is not GitHub's offers no token, and what
// works there.
func (j Job) withoutOIDC() diagnosis.Diagnosis {
	const others = "set web-identity-token-file to a token of another issuer, or use the keys of a user (aws-access-key-id) or what the machine has (role-chaining: true)"
	d := diagnosis.Diagnosis{
		Code:   diagnosis.IDTokenPermissionMissing,
		What:   string(j.Kind) + " gives this job no OIDC token",
		Causes: []string{fmt.Sprintf("%s; %s issues no OIDC tokens, whatever permissions the workflow has", j.unset(), j.Kind)},
		Cure: others + ", or set on-missing-token: skip and test the output authenticated in later steps;\n" +
			"to try the whole login without AWS, run 'aws-oidc-action rehearse'",
	}
	if j.Kind == Forgejo {
		d.Causes = []string{j.unset() + "; Forgejo issues OIDC tokens only to jobs with enable-openid-connect: true"}
		d.Cure = "add to the workflow or its job:\nenable-openid-connect: true\nor " + others
	}
	return d
}

// unset says which of the runner's variables are missing.
func (j Job) unset() string {
	switch {
	case j.RequestURL:
		return "ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set, though ACTIONS_ID_TOKEN_REQUEST_URL is"
	case j.RequestToken:
		return "ACTIONS_ID_TOKEN_REQUEST_URL is not set, though ACTIONS_ID_TOKEN_REQUEST_TOKEN is"
	}
	return "ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set"
}

// EmptyInputs explains inputs that came out empty in a restricted job, where
// GitHub withholds the secrets and variables that they come from; problems says
// which. It reports false for every other job.
func EmptyInputs(j Job, problems []string) (diagnosis.Diagnosis, bool) {
	var d diagnosis.Diagnosis
	switch {
	case !j.Restricted():
		return diagnosis.Diagnosis{}, false
	case !j.HasToken():
		d = missingToken(j)
	case j.fromFork():
		d = diagnosis.Diagnosis{
			Code: diagnosis.ForkPullRequest,
			What: "inputs are empty, because this job runs for a pull request from a fork",
			Causes: []string{fmt.Sprintf("event %s of %s has its branch in %s; GitHub gives such runs no secrets and variables, unless a private repository sends them to forks",
				j.Event, j.Repository, j.head())},
			Cure: j.forkCure(),
		}
	default:
		d = diagnosis.Diagnosis{
			Code:   diagnosis.DependabotRun,
			What:   "inputs are empty, because Dependabot triggered this job",
			Causes: []string{"the actor is dependabot[bot]; its runs read the Dependabot secrets of the repository, not those of Actions"},
			Cure:   "add the value to the repository's Dependabot secrets, or set on-missing-token: skip",
		}
	}
	d.Origin = diagnosis.OriginInputs
	d.Causes = append(d.Causes, problems...)
	return d, true
}

// forkCure is true on every other event, push above all: the field of the pull
// request is empty there.
func (j Job) forkCure() string {
	return "run this step only where the branch is the repository's own:\n" +
		"if: github.event_name != '" + j.Event + "' || github.event.pull_request.head.repo.full_name == github.repository\n" +
		"or set on-missing-token: skip and test the output authenticated in later steps"
}

// head is where a pull request's branch comes from.
func (j Job) head() string {
	if j.HeadRepository == "" {
		return "a fork that no longer exists"
	}
	return j.HeadRepository
}

// fromFork follows GitHub: a pull_request_target run belongs to the base
// repository and keeps its permissions.
func (j Job) fromFork() bool {
	return j.PullRequest && j.Event != "pull_request_target" && j.HeadRepository != j.Repository
}

// fromDependabot follows GitHub's "Troubleshooting Dependabot on GitHub
// Actions": runs of these events are restricted, runs of others that Dependabot
// causes, such as workflow_run, are the repository's own.
func (j Job) fromDependabot() bool {
	return j.Actor == "dependabot[bot]" && slices.Contains([]string{
		"pull_request", "pull_request_review", "pull_request_review_comment", "push", "create", "deployment", "deployment_status",
	}, j.Event)
}
