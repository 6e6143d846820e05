package explain

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
)

// TestSuspicionsByEvidence: what is particular about a token is suspected
// first, and each cause once.
func TestSuspicionsByEvidence(t *testing.T) {
	for _, tt := range []struct {
		name   string
		claims oidc.Claims
		role   string
		first  diagnosis.Code
	}{
		{"nothing particular", nil, theRole, diagnosis.SubjectRepository},
		{"environment", oidc.Claims{"sub": "repo:octo-org/octo-repo:environment:a", "environment": "a"}, theRole, diagnosis.SubjectEnvironment},
		{"pull request", oidc.Claims{"sub": "repo:octo-org/octo-repo:pull_request"}, theRole, diagnosis.SubjectPullRequest},
		{"pull_request_target", oidc.Claims{"event_name": "pull_request_target"}, theRole, diagnosis.SubjectPullRequest},
		{"immutable", oidc.Claims{"sub": withIDs}, theRole, diagnosis.SubjectImmutable},
		{"capitals", oidc.Claims{"sub": "repo:Octo-Org/octo-repo:ref:refs/heads/main"}, theRole, diagnosis.SubjectCase},
		{"tag", oidc.Claims{"sub": "repo:octo-org/octo-repo:ref:refs/tags/v1", "ref": "refs/tags/v1"}, theRole, diagnosis.SubjectBranchOrTag},
		{"side branch", oidc.Claims{"sub": "repo:octo-org/octo-repo:ref:refs/heads/x", "ref": "refs/heads/x"}, theRole, diagnosis.SubjectBranchOrTag},
		{"merge queue", oidc.Claims{"ref": "refs/heads/gh-readonly-queue/main/pr-1"}, theRole, diagnosis.SubjectBranchOrTag},
		{"customized", oidc.Claims{"sub": "repository_owner:octo-org:actor:x"}, theRole, diagnosis.SubjectCustomized},
		{"reusable workflow", oidc.Claims{"job_workflow_ref": workflow}, theRole, diagnosis.SubjectCustomized},
		{"audience", oidc.Claims{"aud": "octo"}, theRole, diagnosis.AudienceMismatch},
		{"issuer", oidc.Claims{"iss": issuer + "/octo"}, theRole, diagnosis.ProviderOtherIssuer},
		{"self-hosted", oidc.Claims{"runner_environment": "self-hosted"}, theRole, diagnosis.UnknownConditionKey},
		{"property", oidc.Claims{"repo_property_tier": "a"}, theRole, diagnosis.UnknownConditionKey},
		{"role of an environment", nil, "arn:aws:iam::111111111111:role/app-PROD", diagnosis.SubjectEnvironment},
		{"role of another tool", nil, "arn:aws:iam::111111111111:role/gitlab-ci", diagnosis.ProviderOtherIssuer},
	} {
		all := suspicions(newToken(claimsOf(tt.claims)), tt.role, atHand{})
		if code, _, _ := strings.Cut(all[0], ":"); code != string(tt.first) {
			t.Errorf("%s: first is %s", tt.name, all[0])
		}
		seen := map[string]bool{}
		for _, s := range all[:len(all)-1] {
			code, _, _ := strings.Cut(s, ":")
			if seen[code] {
				t.Errorf("%s: %s comes twice", tt.name, code)
			}
			seen[code] = true
		}
		if len(all) > mostSuspicions+1 || !strings.HasPrefix(all[len(all)-1], "account ") {
			t.Errorf("%s: %v", tt.name, all)
		}
	}
}

func TestNothingIsGuessedAboutOtherIssuers(t *testing.T) {
	claims := oidc.Claims{"iss": "https://gitlab.com", "sub": "project_path:A/b:ref_type:branch:ref:x", "aud": "x"}
	all := suspicions(newToken(claims), theRole, atHand{})
	if len(all) != 2 || strings.Contains(all[0], "subject-") {
		t.Error(all)
	}
}

// TestNothingIsNamedByAnEmptyText: what a claim would say is left out where the
// token lacks the claim, or taken from the subject.
func TestNothingIsNamedByAnEmptyText(t *testing.T) {
	for _, more := range []oidc.Claims{
		{},
		{"sub": "repo:octo-org/octo-repo:ref:refs/heads/x"},
		{"sub": "repo:octo-org/octo-repo:ref:refs/tags/v1"},
		{"event_name": "pull_request_target"},
		{"event_name": "schedule"},
		{"iss": issuer + "/octo"},
		{"sub": "repo:octo-org/octo-repo:environment:a", "environment": "a"},
	} {
		for name := range claimsOf(more) {
			claims := claimsOf(more)
			delete(claims, name)
			for _, s := range suspicions(newToken(claims), theRole, atHand{}) {
				if strings.Contains(s, `""`) {
					t.Errorf("%v without %s: %s", more, name, s)
				}
			}
		}
	}
	claims := claimsOf(oidc.Claims{"sub": "repo:octo-org/octo-repo:ref:refs/heads/x"})
	delete(claims, "ref")
	if all := suspicions(newToken(claims), theRole, atHand{}); !strings.Contains(all[0], `the run is on "refs/heads/x"`) {
		t.Error(all)
	}
}
