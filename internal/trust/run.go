package trust

import (
	"errors"
	"strings"

	"github.com/org/aws-oidc-action/internal/oidc"
)

// Run describes a job in short, to ask what a policy would say of it.
type Run struct {
	Issuer         string // GitHub's if empty
	Audience       string // sts.amazonaws.com if empty
	Repository     string // OWNER/REPOSITORY
	OwnerID        string // with both ids, the subject has the immutable form, unless ClassicSubject
	RepositoryID   string
	ClassicSubject bool   // the ids are claims only, as in repositories that are older than the immutable form
	Ref            string // refs/heads/main if empty, or of a pull request refs/pull/1/merge; a name without refs/ is a branch
	Environment    string
	Event          string // push if empty
	Actor          string
	ActorID        string
	Workflow       string
	JobWorkflowRef string
	EnterpriseID   string
	Subject        string // in place of GitHub's default form
}

// Claims returns the claims that GitHub would put into the job's token, as
// far as the Run determines them.
func (r Run) Claims() (oidc.Claims, error) {
	owner, name, ok := strings.Cut(r.Repository, "/")
	if !ok || owner == "" || name == "" || strings.Contains(name, "/") {
		return nil, errors.New("repository is invalid; use OWNER/REPOSITORY")
	}
	if (r.OwnerID == "") != (r.RepositoryID == "") {
		return nil, errors.New("the ids of owner and repository are required together")
	}
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	fill(&r.Issuer, oidc.GitHubIssuer)
	fill(&r.Audience, oidc.DefaultAudience)
	fill(&r.Event, "push")
	if r.Event == "pull_request" {
		fill(&r.Ref, "refs/pull/1/merge")
	}
	fill(&r.Ref, "refs/heads/main")
	if !strings.HasPrefix(r.Ref, "refs/") {
		r.Ref = "refs/heads/" + r.Ref
	}
	fill(&r.Subject, r.subject(owner, name))

	claims := oidc.Claims{"iss": r.Issuer, "repository_owner": owner}
	for claim, value := range map[string]string{
		"aud": r.Audience, "sub": r.Subject, "repository": r.Repository, "repository_id": r.RepositoryID,
		"repository_owner_id": r.OwnerID, "ref": r.Ref, "environment": r.Environment, "event_name": r.Event, "actor": r.Actor,
		"actor_id": r.ActorID, "workflow": r.Workflow, "job_workflow_ref": r.JobWorkflowRef, "enterprise_id": r.EnterpriseID,
	} {
		if value != "" {
			claims[claim] = value
		}
	}
	return claims, nil
}

// subject is GitHub's default: an environment beats a pull request, and that
// beats the ref.
func (r Run) subject(owner, name string) string {
	if r.OwnerID != "" && !r.ClassicSubject {
		owner, name = owner+"@"+r.OwnerID, name+"@"+r.RepositoryID
	}
	context := "ref:" + encodeColons(r.Ref)
	switch {
	case r.Environment != "":
		context = "environment:" + encodeColons(r.Environment)
	case r.Event == "pull_request":
		context = "pull_request"
	}
	return "repo:" + owner + "/" + name + ":" + context
}

func encodeColons(s string) string { return strings.ReplaceAll(s, ":", "%3A") }
