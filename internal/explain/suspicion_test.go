package explain

import (
	"slices"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
)

// TestSuspicionsByEvidence: what is particular about a token comes first, and
// each cause once. Without anything particular no cause has evidence.
func TestSuspicionsByEvidence(t *testing.T) {
	for _, tt := range []struct {
		name   string
		claims oidc.Claims
		role   string
		first  diagnosis.Code
	}{
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
		causes, notRuledOut := suspicions(newToken(claimsOf(tt.claims)), tt.role, rolePolicy{})
		all := slices.Concat(causes, notRuledOut)
		if len(causes) == 0 || !strings.HasPrefix(causes[0], string(tt.first)+": ") {
			t.Errorf("%s: first is %s", tt.name, all[0])
		}
		seen := map[string]bool{}
		for _, s := range all[:len(all)-1] {
			code := s[:strings.IndexAny(s, ": ")]
			if seen[code] {
				t.Errorf("%s: duplicate %s", tt.name, code)
			}
			seen[code] = true
		}
		if len(all) > mostSuspicions+1 || !strings.HasPrefix(all[len(all)-1], "account ") {
			t.Errorf("%s: %v", tt.name, all)
		}
	}
}

func TestNothingParticular(t *testing.T) {
	causes, notRuledOut := suspicions(newToken(claimsOf(nil)), theRole, rolePolicy{})
	if len(causes) != 0 || len(notRuledOut) != mostSuspicions+1 || !strings.HasPrefix(notRuledOut[0], "subject-repository (") {
		t.Error(causes, notRuledOut)
	}
}

func TestNothingIsGuessedAboutOtherIssuers(t *testing.T) {
	claims := oidc.Claims{"iss": "https://gitlab.com", "sub": "project_path:A/b:ref_type:branch:ref:x", "aud": "x"}
	causes, notRuledOut := suspicions(newToken(claims), theRole, rolePolicy{})
	if len(causes) != 1 || strings.Contains(causes[0], "subject-") || len(notRuledOut) != 1 {
		t.Error(causes, notRuledOut)
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
			causes, notRuledOut := suspicions(newToken(claims), theRole, rolePolicy{})
			for _, s := range slices.Concat(causes, notRuledOut) {
				if strings.Contains(s, `""`) {
					t.Errorf("%v without %s: %s", more, name, s)
				}
			}
		}
	}
	claims := claimsOf(oidc.Claims{"sub": "repo:octo-org/octo-repo:ref:refs/heads/x"})
	delete(claims, "ref")
	if causes, _ := suspicions(newToken(claims), theRole, rolePolicy{}); !strings.Contains(causes[0], `the run is on "refs/heads/x"`) {
		t.Error(causes)
	}
}
