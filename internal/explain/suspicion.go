package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
)

// run is what is known of a refused token without the role's policy.
type run struct {
	token
	role string
}

// suspicion is a possible cause with its evidence: what about the run points to
// it, or "" if nothing does. Weights are relative to each other: what follows
// from the token weighs more than what is common.
type suspicion struct {
	code     diagnosis.Code
	weight   int
	evidence func(run) string
}

// mostSuspicions bounds the number of causes.
const mostSuspicions = 6

// suspicions ranks the possible causes of a refusal without a policy, those with
// evidence first. Each cause begins with its code; those that are not ruled out
// have the code before their parentheses.
func suspicions(t token, role string, policy rolePolicy) (causes, notRuledOut []string) {
	r := run{t, role}
	if !r.fromGitHub() {
		return policy.withMissingRole([]string{"the role's trust policy does not admit this subject, audience and issuer"}, nil, role)
	}
	known := map[diagnosis.Code]bool{}
	for _, s := range slices.SortedStableFunc(slices.Values(withEvidence), heavier) {
		if evidence := s.evidence(r); evidence != "" && !known[s.code] && len(known) < mostSuspicions {
			known[s.code] = true
			causes = append(causes, string(s.code)+": "+evidence)
		}
	}
	for _, s := range withoutEvidence {
		if !known[s.code] && len(known) < mostSuspicions {
			known[s.code] = true
			notRuledOut = append(notRuledOut, fmt.Sprintf("%s (%s)", s.code, s.text))
		}
	}
	return policy.withMissingRole(causes, notRuledOut, role)
}

func heavier(a, b suspicion) int { return cmp.Compare(b.weight, a.weight) }

// withEvidence are the causes that something about the run can point to.
var withEvidence = []suspicion{
	{diagnosis.SubjectCustomized, 100, when(run.hasCustomSubject, func(r run) string {
		return fmt.Sprintf("the subject %s is customized, which a policy for GitHub's default form does not match (gh api repos/OWNER/REPOSITORY/actions/oidc/customization/sub shows the setting)", quote(r.subject.text))
	})},
	{diagnosis.SubjectEnvironment, 90, when(run.hasEnvironment, func(r run) string {
		return fmt.Sprintf("the job names the environment %s, so the subject names the environment and not the branch", quote(r.Get("environment")))
	})},
	{diagnosis.SubjectPullRequest, 88, when(run.isPullRequest, func(run) string {
		return "the run is for a pull request, so the subject ends in pull_request and names no branch"
	})},
	{diagnosis.SubjectPullRequest, 86, when(run.isPullRequestTarget, func(r run) string {
		return fmt.Sprintf("the event is pull_request_target, whose subject names the base branch (%s) and not pull_request", quote(r.ref()))
	})},
	{diagnosis.SubjectImmutable, 80, when(run.isImmutable, func(run) string {
		return "the subject has the immutable form, with @ and ids, which a policy in the older form does not match"
	})},
	{diagnosis.SubjectBranchOrTag, 78, when(run.isMergeQueue, func(r run) string {
		return fmt.Sprintf("the run is for a merge queue, on its own branch %s", quote(r.ref()))
	})},
	{diagnosis.SubjectBranchOrTag, 76, when(run.isTag, func(r run) string {
		return fmt.Sprintf("the run is for the tag %s, which a policy for branches does not match", quote(r.ref()))
	})},
	{diagnosis.ProviderOtherIssuer, 74, when(run.hasOtherIssuer, func(r run) string {
		return fmt.Sprintf("the issuer is %s, and the role may trust the provider of https://%s", quote(r.Get("iss")), oidc.GitHubHost)
	})},
	{diagnosis.AudienceMismatch, 72, when(run.hasOtherAudience, func(r run) string {
		return fmt.Sprintf("the audience is %s, and most policies expect %s", quote(r.claim("aud")), oidc.DefaultAudience)
	})},
	{diagnosis.SubjectCase, 70, when(run.hasCapitals, func(run) string {
		return "the subject has upper-case letters, and a policy must have the same"
	})},
	{diagnosis.SubjectBranchOrTag, 65, when(run.isSideBranch, func(r run) string {
		return fmt.Sprintf("the run is on %s, and the role may trust another branch", quote(r.ref()))
	})},
	{diagnosis.UnknownConditionKey, 60, when(run.isFromServer, func(run) string {
		return "the token is from a GitHub Enterprise Server, and IAM has condition keys only for its sub and aud"
	})},
	{diagnosis.ProviderOtherIssuer, 58, when(run.hasForeignRole, func(r run) string {
		return fmt.Sprintf("the role's name (%s) suggests another identity provider", quote(arn.Role(r.role).Name()))
	})},
	{diagnosis.SubjectEnvironment, 55, when(run.lacksEnvironment, func(r run) string {
		return fmt.Sprintf("the role's name (%s) suggests an environment, and the job names none", quote(arn.Role(r.role).Name()))
	})},
	{diagnosis.SubjectCustomized, 52, when(run.reusable, func(r run) string {
		return fmt.Sprintf("the job belongs to the reusable workflow %s, and the role may expect a customized subject that names it", quote(r.Get("job_workflow_ref")))
	})},
	{diagnosis.SubjectBranchOrTag, 50, when(run.isUnpushed, func(r run) string {
		return fmt.Sprintf("the event %s ran on %s, and the role may trust another branch, or a tag", quote(r.Get("event_name")), quote(r.ref()))
	})},
	{diagnosis.UnknownConditionKey, 48, when(run.hasOtherIssuer, func(run) string {
		return "the issuer is not the default one, and the condition keys may still have the default one's name"
	})},
	{diagnosis.UnknownConditionKey, 45, when(run.hasProperties, func(run) string {
		return "the token has custom properties of the repository (repo_property_…), which no policy can test"
	})},
	{diagnosis.UnknownConditionKey, 42, when(run.isSelfHosted, func(run) string {
		return "the runner is self-hosted, which no policy can test: runner_environment is not a condition key"
	})},
}

// withoutEvidence are common causes that nothing about a run can point to or
// rule out, the most common first.
var withoutEvidence = []struct {
	code diagnosis.Code
	text string
}{
	{diagnosis.SubjectRepository, "the role trusts another repository or owner"},
	{diagnosis.WildcardInStringEquals, "a * under StringEquals matches nothing"},
	{diagnosis.UnknownConditionKey, "a condition tests a claim that IAM has no key for"},
	{diagnosis.SubjectBranchOrTag, "the role trusts another branch or tag"},
	{diagnosis.SubjectEnvironment, "the role trusts an environment that the job does not name"},
	{diagnosis.AudienceMismatch, "the role expects another audience"},
}

func when(holds func(run) bool, evidence func(run) string) func(run) string {
	return func(r run) string {
		if !holds(r) {
			return ""
		}
		return evidence(r)
	}
}

func (r run) kind() kind                { return r.subject.context().kind() }
func (r run) hasCustomSubject() bool    { return r.subject.customized() }
func (r run) hasEnvironment() bool      { return r.Get("environment") != "" }
func (r run) isPullRequest() bool       { return r.kind() == pullRequestKind }
func (r run) isPullRequestTarget() bool { return r.Get("event_name") == "pull_request_target" }
func (r run) isTag() bool               { return r.kind() == tagKind }
func (r run) isBranch() bool            { return r.kind() == branchKind }

// ref is the ref of the run: the claim, or in a token without it what the
// subject says.
func (r run) ref() string {
	if context := r.subject.context(); r.Get("ref") == "" && context.key == "ref" {
		return context.value
	}
	return r.Get("ref")
}

func (r run) isMergeQueue() bool {
	return strings.HasPrefix(r.ref(), "refs/heads/gh-readonly-queue/")
}
func (r run) hasOtherIssuer() bool { return r.provider != oidc.GitHubHost && r.Get("iss") != "" }
func (r run) hasOtherAudience() bool {
	return r.claim("aud") != oidc.DefaultAudience && r.claim("aud") != ""
}
func (r run) hasCapitals() bool { return strings.ContainsFunc(r.subject.text, unicode.IsUpper) }
func (r run) isUnpushed() bool {
	event := r.Get("event_name")
	return r.isBranch() && event != "push" && event != ""
}
func (r run) isFromServer() bool { return strings.HasSuffix(r.provider, "/_services/token") }
func (r run) isSelfHosted() bool { return r.Get("runner_environment") == "self-hosted" }

func (r run) isImmutable() bool {
	named := r.subject.named()
	return r.subject.prefixed() && named.OwnerID != "" && named.RepositoryID != ""
}

// isSideBranch leaves out the usual names of default branches.
func (r run) isSideBranch() bool {
	return r.isBranch() && !slices.Contains([]string{"refs/heads/main", "refs/heads/master"}, r.ref())
}

// environmentWords are usual names of environments, and of roles for them.
var environmentWords = []string{"prod", "stag", "dev", "test", "preview", "uat", "qa", "live", "sandbox"}

func (r run) lacksEnvironment() bool {
	name := strings.ToLower(arn.Role(r.role).Name())
	return !r.hasEnvironment() && slices.ContainsFunc(environmentWords, func(word string) bool { return strings.Contains(name, word) })
}

// foreignWords are other issuers of tokens, which roles for them are usually
// named after.
var foreignWords = []string{"gitlab", "bitbucket", "circleci", "buildkite", "terraform-cloud", "eks", "irsa", "k8s", "kubernetes", "cognito"}

func (r run) hasForeignRole() bool {
	name := strings.ToLower(arn.Role(r.role).Name())
	return slices.ContainsFunc(foreignWords, func(word string) bool { return strings.Contains(name, word) })
}

func (r run) hasProperties() bool {
	for name := range r.Claims {
		if strings.HasPrefix(name, "repo_property_") {
			return true
		}
	}
	return false
}
