package generate

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// trustPolicy admits each repository's chosen runs and nothing else.
func (s Spec) trustPolicy() object {
	key := func(claim string) string { return s.Provider + ":" + claim }
	wildcards := s.Subject == "" && (slices.ContainsFunc(slices.Concat(s.Branches, s.Tags), hasWildcard) || len(s.contexts(true)) == 0)

	equals := object{{key("aud"), s.Audience}}
	if s.Workflow != "" {
		equals = append(equals, field{key("job_workflow_ref"), literal(s.Workflow, false)})
	}
	subject := field{key("sub"), oneOrMore(s.subjects(wildcards))}
	condition := object{{"StringEquals", append(equals, subject)}}
	if wildcards {
		condition = object{{"StringEquals", equals}, {"StringLike", object{subject}}}
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

// subjects are the values for sub: each repository with each context. Where
// only a reusable workflow is pinned, any context will do.
func (s Spec) subjects(wildcards bool) list {
	if s.Subject != "" {
		return list{literal(s.Subject, wildcards)}
	}
	contexts := s.contexts(wildcards)
	if len(contexts) == 0 {
		contexts = []string{"*"}
	}
	var subjects list
	for _, r := range s.Repositories {
		for _, c := range contexts {
			subjects = append(subjects, r.subject()+":"+c)
		}
	}
	return subjects
}

func (s Spec) contexts(wildcards bool) []string {
	var contexts []string
	for _, b := range s.Branches {
		contexts = append(contexts, "ref:refs/heads/"+escapeVariables(b))
	}
	for _, t := range s.Tags {
		contexts = append(contexts, "ref:refs/tags/"+escapeVariables(t))
	}
	for _, e := range s.Environments {
		contexts = append(contexts, "environment:"+literal(strings.ReplaceAll(e, ":", "%3A"), wildcards))
	}
	if s.PullRequests {
		contexts = append(contexts, "pull_request")
	}
	return contexts
}

func hasWildcard(s string) bool { return strings.ContainsAny(s, "*?") }

// escapeVariables keeps IAM from reading a policy variable out of a name.
func escapeVariables(s string) string { return strings.ReplaceAll(s, "${", "${$}{") }

// literal makes IAM read text as it stands; where wildcards count, they are
// escaped too.
func literal(text string, wildcards bool) string {
	text = escapeVariables(text)
	if wildcards {
		text = strings.NewReplacer("*", "${*}", "?", "${?}").Replace(text)
	}
	return text
}
