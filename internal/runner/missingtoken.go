package runner

import (
	"fmt"
	"slices"

	"github.com/org/aws-oidc-action/internal/diagnosis"
)

// Job holds the facts about the job from the runner's variables and the event
// file.
type Job struct {
	Repository     string // owner/name
	Event          string // pull_request, push, …
	Actor          string // who triggered the run
	HeadRepository string // of a pull request: the repository of its branch; "" if it was deleted
	PullRequest    bool   // the event file holds a pull request
	WorkflowRef    string // the workflow that was triggered
	JobWorkflowRef string // the workflow file that defines this job
	Kind           Kind   // GitHub's own if empty
	Outside        bool   // no runner has started this process: GITHUB_ACTIONS is not true
	RequestURL     bool   // ACTIONS_ID_TOKEN_REQUEST_URL is set
	RequestToken   bool   // ACTIONS_ID_TOKEN_REQUEST_TOKEN is set
}

// Kind is a runner that is not GitHub's, by its name.
type Kind string

// The runners that can be identified. Neither act nor Gitea issues OIDC
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

// Restricted reports whether GitHub runs this job with fewer rights than the
// repository's own jobs: without a token, and without the secrets
// and variables of the repository.
func (j Job) Restricted() bool { return j.fromFork() || j.fromDependabot() }

// Tokenless reports whether the job can get no token, whatever permissions its
// workflow has.
func (j Job) Tokenless() bool { return j.Restricted() || j.Kind == Act || j.Kind == Gitea }

const (
	permissions    = "permissions:\n  id-token: write\n  contents: read"
	permissionCure = "add to the workflow or its job (naming one permission removes all others):\n" + permissions
)

// MissingToken says why the runner offers no OIDC token, as far as the facts
// about the job show (forks, Dependabot, reusable workflows, permission).
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
			What: "GitHub issues no OIDC token to this job, because it runs for a pull request from a fork",
			Causes: []string{fmt.Sprintf("event %s of %s has its branch in %s; GitHub does not grant id-token: write to such runs, unless a private repository sends write tokens to forks",
				j.Event, j.Repository, j.head())},
			Cure: j.forkCure(),
		}
	case j.fromDependabot():
		return diagnosis.Diagnosis{
			Code:   diagnosis.DependabotRun,
			What:   "GitHub issues no OIDC token to this job, because Dependabot triggered it",
			Causes: []string{"the actor is dependabot[bot]; its runs get a read-only token unless the workflow raises the permission"},
			Cure:   "add to the workflow's job:\n" + permissions + "\nor set on-missing-token: skip",
		}
	case j.JobWorkflowRef != "" && j.WorkflowRef != "" && j.JobWorkflowRef != j.WorkflowRef:
		return diagnosis.Diagnosis{
			Code: diagnosis.ReusableWorkflowPermission,
			What: "GitHub issues no OIDC token to this job, because its caller did not grant the permission to the reusable workflow",
			Causes: []string{fmt.Sprintf("the job is defined in %s and called by %s; a called workflow cannot have more permissions than its caller",
				j.JobWorkflowRef, j.WorkflowRef)},
			Cure: "add to the calling job, next to uses:, and to the called workflow:\n" + permissions,
		}
	}
	return diagnosis.Diagnosis{
		Code:   diagnosis.IDTokenPermissionMissing,
		What:   "GitHub issues no OIDC token to this job",
		Causes: []string{j.unset() + ": the job lacks the permission id-token: write"},
		Cure: permissionCure +
			"\nor, to use credentials that the job or the machine already has, set role-chaining: true",
	}
}

// MissingClaims is MissingToken for a command that shows the token's claims.
// It has no inputs, so no remedy is one.
func MissingClaims(j Job) diagnosis.Diagnosis {
	const sandbox = "to try the command without GitHub, start 'aws-oidc-action sandbox' and set the variables that it prints"
	d := MissingToken(j)
	switch {
	case j.Outside:
		d.What = "no OIDC token outside of a workflow"
		d.Causes = []string{"GITHUB_ACTIONS is not true, and " + j.unset()}
		d.Cure = "run the command in a step of a job with the permission id-token: write;\n" + sandbox
	case j.Kind == Forgejo:
		d.Cure = forgejoCure
	case j.Kind != "":
		d.Cure = "run the command in a job of GitHub Actions;\n" + sandbox
	case d.Code == diagnosis.ForkPullRequest:
		d.Cure = "run the command in a job for a branch of the repository itself"
	case d.Code == diagnosis.DependabotRun, d.Code == diagnosis.IDTokenPermissionMissing:
		d.Cure = permissionCure
	}
	return d
}

const forgejoCure = "add to the workflow or its job:\nenable-openid-connect: true"

// withoutOIDC says why a runner other than GitHub's offers no token, and what
// works on it.
func (j Job) withoutOIDC() diagnosis.Diagnosis {
	const others = "set web-identity-token-file to a token of another issuer, or use the keys of a user (aws-access-key-id) or the credentials of the machine (role-chaining: true)"
	d := diagnosis.Diagnosis{
		Code:   diagnosis.IDTokenPermissionMissing,
		What:   string(j.Kind) + " issues no OIDC token to this job",
		Causes: []string{fmt.Sprintf("%s; %s issues no OIDC tokens, whatever permissions the workflow has", j.unset(), j.Kind)},
		Cure: others + ", or set on-missing-token: skip and test the output authenticated in later steps;\n" +
			"to try the whole login without AWS, run 'aws-oidc-action rehearse'",
	}
	if j.Kind == Forgejo {
		d.Causes = []string{j.unset() + "; Forgejo issues OIDC tokens only to jobs with enable-openid-connect: true"}
		d.Cure = forgejoCure + "\nor " + others
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

// EmptyInputs explains empty inputs of a restricted job, from which GitHub
// withholds the secrets and variables that they come from. problems lists them. It reports false for every other job.
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
			Causes: []string{fmt.Sprintf("event %s of %s has its branch in %s; such runs get no secrets and variables from GitHub, unless a private repository sends them to forks",
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

// forkCure is a condition that is true on every other event, such as push, for
// which the field of the pull request is empty.
func (j Job) forkCure() string {
	return "run this step only if the branch is in the repository itself:\n" +
		"if: github.event_name != '" + j.Event + "' || github.event.pull_request.head.repo.full_name == github.repository\n" +
		"or set on-missing-token: skip and test the output authenticated in later steps"
}

// head is the repository of a pull request's branch.
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
