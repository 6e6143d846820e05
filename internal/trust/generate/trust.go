package generate

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// trustPolicy admits each repository's chosen runs and nothing else.
func (s Spec) trustPolicy() object {
	// A literal * or ? is escaped under StringLike: under StringEquals it looks like a mistake.
	wildcards := slices.ContainsFunc(s.contexts(false), hasWildcard) || len(s.contexts(false)) == 0
	var equals, like object
	add := func(claim string, wildcards bool, values list) {
		f := field{s.Provider + ":" + claim, oneOrMore(values)}
		if wildcards {
			like = append(like, f)
		} else {
			equals = append(equals, f)
		}
	}
	add("aud", false, list{s.Audience})
	if s.Workflow != "" {
		add("job_workflow_ref", false, list{literal(s.Workflow, false)})
	}
	add("sub", wildcards, s.subjects(wildcards))
	if s.testsIDs() {
		var owners, repositories list
		for _, r := range s.Repositories {
			if !slices.Contains(owners, any(r.OwnerID)) {
				owners = append(owners, r.OwnerID)
			}
			repositories = append(repositories, r.ID)
		}
		add("repository_owner_id", false, owners)
		add("repository_id", false, repositories)
	}
	if len(s.RequireBranches) > 0 {
		var refs list
		for _, b := range s.RequireBranches {
			refs = append(refs, "refs/heads/"+escapeVariables(b))
		}
		add("ref", slices.ContainsFunc(s.RequireBranches, hasWildcard), refs)
	}
	condition := object{{"StringEquals", equals}}
	if len(like) > 0 {
		condition = append(condition, field{"StringLike", like})
	}
	return object{
		{"Version", trust.Version2012},
		{"Statement", list{object{
			{"Effect", "Allow"},
			{"Principal", object{{"Federated", reference("arn:{partition}:iam::{account}:oidc-provider/" + s.Provider)}}},
			{"Action", trust.WebIdentityAction},
			{"Condition", condition},
		}}},
	}
}

// testsIDs reports whether the ids are conditions of their own, as the subject
// does not have them in every form that is admitted.
func (s Spec) testsIDs() bool {
	return (s.SubjectForm == Classic || s.SubjectForm == Both) &&
		!slices.ContainsFunc(s.Repositories, func(r Repository) bool { return r.OwnerID == "" })
}

// claims are those that the policy tests.
func (s Spec) claims() []string {
	claims := []string{"aud", "sub"}
	if s.Workflow != "" {
		claims = append(claims, "job_workflow_ref")
	}
	if s.testsIDs() {
		claims = append(claims, "repository_owner_id", "repository_id")
	}
	if len(s.RequireBranches) > 0 {
		claims = append(claims, "ref")
	}
	return claims
}

// subjects are the values for sub: each repository with each context. Where
// only a reusable workflow is pinned, any context will do.
func (s Spec) subjects(wildcards bool) list {
	contexts := s.contexts(wildcards)
	if len(contexts) == 0 {
		contexts = []string{"*"}
	}
	var subjects list
	for _, r := range s.Repositories {
		for _, repository := range r.subjects(s.SubjectForm) {
			for _, c := range contexts {
				subjects = append(subjects, repository+":"+c)
			}
		}
	}
	return subjects
}

// contexts are what follows the repository in the subjects of the runs.
func (s Spec) contexts(wildcards bool) []string {
	var contexts []string
	for _, b := range s.Branches {
		contexts = append(contexts, "ref:refs/heads/"+escapeVariables(b))
	}
	for _, t := range s.Tags {
		contexts = append(contexts, "ref:refs/tags/"+escapeVariables(t))
	}
	for _, e := range s.Environments {
		contexts = append(contexts, "environment:"+literal(strings.ReplaceAll(e.Name, ":", "%3A"), wildcards))
	}
	if s.PullRequests {
		contexts = append(contexts, "pull_request")
	}
	return contexts
}

func hasWildcard(s string) bool { return strings.ContainsAny(s, "*?") }

// escapeVariables keeps IAM from reading a policy variable out of a name.
func escapeVariables(s string) string { return strings.ReplaceAll(s, "${", "${$}{") }

// literal makes IAM take text literally; where wildcards count, they are
// escaped too.
func literal(text string, wildcards bool) string {
	text = escapeVariables(text)
	if wildcards {
		text = strings.NewReplacer("*", "${*}", "?", "${?}").Replace(text)
	}
	return text
}
