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
		{name: "environment", claims: oidc.Claims{"sub": "repo:octo-org/octo-repo:environment:a", "environment": "a"},
			role: theRole, first: diagnosis.SubjectEnvironment},
		{name: "pull request", claims: oidc.Claims{"sub": "repo:octo-org/octo-repo:pull_request"}, role: theRole,
			first: diagnosis.SubjectPullRequest},
		{name: "pull_request_target", claims: oidc.Claims{"event_name": "pull_request_target"}, role: theRole,
			first: diagnosis.SubjectPullRequest},
		{name: "immutable", claims: oidc.Claims{"sub": withIDs}, role: theRole, first: diagnosis.SubjectImmutable},
		{name: "capitals", claims: oidc.Claims{"sub": "repo:Octo-Org/octo-repo:ref:refs/heads/main"}, role: theRole,
			first: diagnosis.SubjectCase},
		{name: "tag", claims: oidc.Claims{"sub": "repo:octo-org/octo-repo:ref:refs/tags/v1", "ref": "refs/tags/v1"},
			role: theRole, first: diagnosis.SubjectBranchOrTag},
		{name: "side branch",
			claims: oidc.Claims{"sub": "repo:octo-org/octo-repo:ref:refs/heads/x", "ref": "refs/heads/x"},
			role:   theRole, first: diagnosis.SubjectBranchOrTag},
		{name: "merge queue", claims: oidc.Claims{"ref": "refs/heads/gh-readonly-queue/main/pr-1"}, role: theRole,
			first: diagnosis.SubjectBranchOrTag},
		{name: "customized", claims: oidc.Claims{"sub": "repository_owner:octo-org:actor:x"}, role: theRole,
			first: diagnosis.SubjectCustomized},
		{name: "reusable workflow", claims: oidc.Claims{"job_workflow_ref": workflow}, role: theRole,
			first: diagnosis.SubjectCustomized},
		{name: "audience", claims: oidc.Claims{"aud": "octo"}, role: theRole, first: diagnosis.AudienceMismatch},
		{name: "issuer", claims: oidc.Claims{"iss": issuer + "/octo"}, role: theRole,
			first: diagnosis.ProviderOtherIssuer},
		{name: "self-hosted", claims: oidc.Claims{"runner_environment": "self-hosted"}, role: theRole,
			first: diagnosis.UnknownConditionKey},
		{name: "property", claims: oidc.Claims{"repo_property_tier": "a"}, role: theRole,
			first: diagnosis.UnknownConditionKey},
		{name: "role of an environment", role: "arn:aws:iam::111111111111:role/app-PROD",
			first: diagnosis.SubjectEnvironment},
		{name: "role of another tool", role: "arn:aws:iam::111111111111:role/gitlab-ci",
			first: diagnosis.ProviderOtherIssuer},
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
