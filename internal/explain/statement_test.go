package explain

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

// TestTrustStatementAdmitsItsRunOnly pastes the statement into a policy: it
// admits the run it was made for and refuses its neighbours, and the linter
// has nothing against it.
func TestTrustStatementAdmitsItsRunOnly(t *testing.T) {
	reusable := oidc.Claims{"job_workflow_ref": workflow}
	for name, more := range map[string]oidc.Claims{
		"branch":         nil,
		"immutable":      {"sub": withIDs},
		"environment":    {"sub": "repo:octo-org@6154722/octo-repo@74123456:environment:eu%3Aprod", "environment": "eu:prod"},
		"tag":            {"sub": "repo:octo-org@6154722/octo-repo@74123456:ref:refs/tags/v1"},
		"odd name":       {"sub": "repo:octo-org/octo-repo:ref:refs/heads/a${b}*?"},
		"pull request":   {"sub": "repo:octo-org/octo-repo:pull_request"},
		"customized":     {"sub": "repository_owner:octo-org:job_workflow_ref:" + workflow, "job_workflow_ref": workflow},
		"reusable":       reusable,
		"enterprise":     {"iss": issuer + "/octo"},
		"server":         {"iss": "https://github.octo.example/_services/token", "job_workflow_ref": workflow},
		"data residency": {"iss": "https://token.actions.octo.ghe.com"},
		"audience":       {"aud": "https://github.com/octo-org"},
	} {
		t.Run(name, func(t *testing.T) {
			claims := claimsOf(more)
			text := TrustStatement(claims, theRole)
			policy := mustParse(t, policyOf(text))
			decide := func(c oidc.Claims) trust.Decision {
				return policy.Evaluate(newWebIdentity(c, &Denial{Role: theRole}, Evidence{Now: now}).request()).Decision
			}
			if got := decide(claims); got != trust.Allowed {
				t.Fatalf("its own run: %s\n%s", got, text)
			}
			neighbours := []oidc.Claims{
				{"sub": claims.Get("sub") + "x"}, {"sub": strings.Replace(claims.Get("sub"), "octo", "octa", 1)}, {"aud": "other"}, {"iss": "https://gitlab.com"},
			}
			if claims.Get("job_workflow_ref") == workflow && name != "server" {
				neighbours = append(neighbours, oidc.Claims{"job_workflow_ref": workflow + "x"})
			}
			for _, n := range neighbours {
				changed := claimsOf(more)
				for claim, value := range n {
					changed[claim] = value
				}
				if decide(changed) == trust.Allowed {
					t.Errorf("admits a run with %v:\n%s", n, text)
				}
			}
			for _, f := range lint.Check(document.Role{Policy: policy}, lint.Options{}) {
				if f.Severity >= lint.High && name != "pull request" {
					t.Errorf("%s: %s", f.Rule, f.Message)
				}
			}
		})
	}
}

func TestTrustStatementIsOfGitHubsTokensOnly(t *testing.T) {
	for name, claims := range map[string]oidc.Claims{
		"none":          nil,
		"a cluster's":   {"iss": "https://oidc.eks.eu-central-1.amazonaws.com/id/0", "sub": "system:serviceaccount:a:b", "aud": "sts.amazonaws.com"},
		"without sub":   claimsOf(oidc.Claims{"sub": ""}),
		"a huge one":    claimsOf(oidc.Claims{"sub": "repo:o/r:ref:refs/heads/" + strings.Repeat("x", 5000)}),
		"a strange one": claimsOf(oidc.Claims{"sub": "repo:o/r:environment:a\nb"}),
	} {
		if text := TrustStatement(claims, theRole); text != "" {
			t.Errorf("%s: %s", name, text)
		}
	}
}
