package explain

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

// ownerWide is a customized subject that every private repository of the owner
// has.
const ownerWide = "repository_owner:octo-org:repository_visibility:private"

// TestProposalAdmitsItsRunOnly pastes the statement into a policy: it admits
// the run that it was made for and refuses its neighbors, and the linter
// finds nothing of medium or above.
func TestProposalAdmitsItsRunOnly(t *testing.T) {
	const only, anywhere = " and no others", "; without the condition on ref, it admits them on any branch or tag"
	for _, tt := range []struct {
		name      string
		more      oidc.Claims
		neighbors []oidc.Claims
		admits    string
	}{
		{name: "branch", neighbors: []oidc.Claims{{"repository_id": "1"}},
			admits: "runs of octo-org/octo-repo on refs/heads/main" + only},
		{name: "immutable", more: oidc.Claims{"sub": withIDs},
			admits: "runs of octo-org/octo-repo on refs/heads/main" + only},
		{name: "without ids", more: oidc.Claims{"repository_id": nil},
			admits: "runs of octo-org/octo-repo on refs/heads/main; anyone who re-registers a released name matches too"},
		{name: "environment",
			more:      oidc.Claims{"sub": "repo:octo-org@6154722/octo-repo@74123456:environment:eu%3Aprod", "environment": "eu:prod"},
			neighbors: []oidc.Claims{{"ref": "refs/heads/x"}, {"ref": "refs/tags/main"}},
			admits:    `jobs of octo-org/octo-repo with the environment "eu:prod" on refs/heads/main` + only + anywhere},
		{name: "environment on a tag",
			more:   oidc.Claims{"sub": "repo:octo-org@6154722/octo-repo@74123456:environment:prod", "environment": "prod", "ref": "refs/tags/v1"},
			admits: `jobs of octo-org/octo-repo with the environment "prod"` + only},
		{name: "environment of a pull request",
			more:   oidc.Claims{"sub": "repo:octo-org@6154722/octo-repo@74123456:environment:prod", "environment": "prod", "ref": "refs/pull/7/merge"},
			admits: `jobs of octo-org/octo-repo with the environment "prod"` + only},
		{name: "environment on a server",
			more:   oidc.Claims{"iss": "https://github.octo.example/_services/token", "sub": "repo:octo-org/octo-repo:environment:prod", "environment": "prod"},
			admits: `jobs of octo-org/octo-repo with the environment "prod"; anyone who re-registers a released name matches too`},
		{name: "tag", more: oidc.Claims{"sub": "repo:octo-org@6154722/octo-repo@74123456:ref:refs/tags/v1"},
			admits: "runs of octo-org/octo-repo on refs/tags/v1" + only},
		{name: "odd name", more: oidc.Claims{"sub": "repo:octo-org/octo-repo:ref:refs/heads/a${b}"},
			admits: "runs of octo-org/octo-repo on refs/heads/a${b}" + only},
		{name: "wildcards in a name", more: oidc.Claims{"sub": "repo:octo-org/octo-repo:environment:${a}*?"},
			neighbors: []oidc.Claims{{"sub": "repo:octo-org/octo-repo:environment:${a}xx"}},
			admits:    `jobs of octo-org/octo-repo with the environment "${a}*?" on refs/heads/main` + only + anywhere},
		{name: "pull request of a reviewed workflow",
			more:      oidc.Claims{"sub": "repo:octo-org/octo-repo:pull_request", "job_workflow_ref": workflow},
			neighbors: []oidc.Claims{{"job_workflow_ref": workflow + "x"}},
			admits:    "pull requests of octo-org/octo-repo, in the reusable workflow " + workflow + "," + only},
		{name: "customized",
			more:      oidc.Claims{"sub": "repository_owner:octo-org:job_workflow_ref:" + workflow, "job_workflow_ref": workflow},
			neighbors: []oidc.Claims{{"repository_id": "1"}, {"ref": "refs/heads/x"}, {"job_workflow_ref": workflow + "x"}},
			admits:    "runs of octo-org/octo-repo on refs/heads/main with this subject, in the reusable workflow " + workflow + "," + only},
		{name: "owner-wide subject", more: oidc.Claims{"sub": ownerWide},
			neighbors: []oidc.Claims{{"repository_id": "1"}, {"ref": "refs/heads/x"}},
			admits:    "runs of octo-org/octo-repo on refs/heads/main with this subject" + only},
		{name: "reusable", more: oidc.Claims{"job_workflow_ref": workflow},
			neighbors: []oidc.Claims{{"job_workflow_ref": workflow + "x"}},
			admits:    "runs of octo-org/octo-repo on refs/heads/main, in the reusable workflow " + workflow + "," + only},
		{name: "enterprise", more: oidc.Claims{"iss": issuer + "/octo"},
			neighbors: []oidc.Claims{{"repository_id": "1"}},
			admits:    "runs of octo-org/octo-repo on refs/heads/main" + only},
		{name: "server",
			more:   oidc.Claims{"iss": "https://github.octo.example/_services/token", "job_workflow_ref": workflow},
			admits: "runs of octo-org/octo-repo on refs/heads/main; anyone who re-registers a released name matches too"},
		{name: "customized on a server",
			more:   oidc.Claims{"iss": "https://github.octo.example/_services/token", "sub": "repo:octo-org/octo-repo:job_workflow_ref:" + workflow},
			admits: "runs with this subject"},
		{name: "data residency", more: oidc.Claims{"iss": "https://token.actions.octo.ghe.com"},
			admits: "runs of octo-org/octo-repo on refs/heads/main" + only},
		{name: "audience", more: oidc.Claims{"aud": "https://github.com/octo-org"},
			admits: "runs of octo-org/octo-repo on refs/heads/main" + only},
	} {
		t.Run(tt.name, func(t *testing.T) {
			claims := claimsOf(tt.more)
			p, reason := Propose(claims, theRole)
			if reason != "" || p.Admits != tt.admits {
				t.Fatalf("admits %q, want %q; reason %q", p.Admits, tt.admits, reason)
			}
			policy := mustParse(t, policyOf(p.Statement))
			decide := func(c oidc.Claims) trust.Decision {
				return policy.Evaluate(newWebIdentity(c, &diagnosis.Denial{Role: theRole}, Evidence{Now: now}).request()).Decision
			}
			if got := decide(claims); got != trust.Allowed {
				t.Fatalf("its own run: %s\n%s", got, p.Statement)
			}
			for _, n := range append(tt.neighbors,
				oidc.Claims{"sub": claims.Get("sub") + "x"}, oidc.Claims{"sub": strings.Replace(claims.Get("sub"), "octo", "octa", 1)},
				oidc.Claims{"aud": "other"}, oidc.Claims{"iss": "https://gitlab.com"}) {
				changed := claimsOf(tt.more)
				for claim, value := range n {
					changed[claim] = value
				}
				if decide(changed) == trust.Allowed {
					t.Errorf("admits a run with %v:\n%s", n, p.Statement)
				}
			}
			for _, f := range lint.Check(document.Role{Policies: trust.Alternatives{policy}}, lint.Options{}) {
				if f.Severity >= lint.Medium {
					t.Errorf("%s: %s\n%s", f.Rule, f.Message, p.Statement)
				}
			}
		})
	}
}

// TestNothingIsProposed where no statement admits the run alone, and says why.
func TestNothingIsProposed(t *testing.T) {
	const server = "https://github.octo.example/_services/token"
	for _, tt := range []struct {
		name   string
		claims oidc.Claims
		reason string
	}{
		{"no token", nil, ""},
		{"a cluster's token", oidc.Claims{"iss": "https://oidc.eks.eu-central-1.amazonaws.com/id/0", "sub": "system:serviceaccount:a:b", "aud": "sts.amazonaws.com"}, ""},
		{"without sub", claimsOf(oidc.Claims{"sub": ""}), ""},
		{"pull request", claimsOf(oidc.Claims{"sub": "repo:octo-org/octo-repo:pull_request", "ref": "refs/pull/7/merge"}), "pull-request (high)"},
		{"pull request of its own workflow", claimsOf(oidc.Claims{"sub": "repo:octo-org/octo-repo:pull_request", "job_workflow_ref": "octo-org/octo-repo/.github/workflows/x.yml@refs/pull/7/merge"}), "pull-request (high)"},
		{"owner-wide subject on a server", claimsOf(oidc.Claims{"iss": server, "sub": ownerWide}), "owner-wide (high)"},
		{"huge subject", claimsOf(oidc.Claims{"sub": "repo:o/r:ref:refs/heads/" + strings.Repeat("x", 5000)}), "longer than a trust policy"},
		{"line end", claimsOf(oidc.Claims{"sub": "repo:o/r:environment:a\nb"}), "cannot be printed"},
		{"text that runs backwards", claimsOf(oidc.Claims{"sub": "repo:o/r:environment:a\u202eb"}), "cannot be printed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, reason := Propose(tt.claims, theRole)
			if p != (Proposal{}) || !strings.Contains(reason, tt.reason) || (reason == "") != (tt.reason == "") {
				t.Errorf("%+v, reason %q", p, reason)
			}
		})
	}
}

func TestProposalForAnUnknownRole(t *testing.T) {
	claims := claimsOf(oidc.Claims{"sub": "repo:octo-org/octo-repo:environment:123456789012"})
	p, _ := Propose(claims, "")
	if !strings.Contains(p.Statement, `"arn:aws:iam::ACCOUNT_ID:oidc-provider/`) || !strings.Contains(p.Statement, "environment:123456789012") {
		t.Error(p.Statement)
	}
}

// TestRemedyInThePresentPolicy: a statement that the policy's own Deny
// overrules, or may overrule, is no remedy.
func TestRemedyInThePresentPolicy(t *testing.T) {
	other := allow(`{"StringEquals": {"` + provider + `:sub": "repo:octo-org/octo-repo:ref:refs/heads/x"}}`)
	unseen := deny(`{"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}`)
	for _, tt := range []struct {
		name, policy string
		shows, lacks string
	}{
		{name: "no Deny", policy: policyOf(other), shows: "If this run is meant to have access",
			lacks: "no statement is proposed"},
		{name: "a Deny for others",
			policy: policyOf(other, deny(`{"StringEquals": {"`+provider+`:ref": "refs/heads/x"}}`)),
			shows:  "If this run is meant to have access", lacks: "no statement is proposed"},
		{name: "a Deny that only AWS can judge", policy: policyOf(other, unseen), shows: "no statement is proposed",
			lacks: `"Effect": "Allow"`},
		{name: "an older version, where ${ is text",
			policy: strings.Replace(policyOf(other), "2012-10-17", "2008-10-17", 1), shows: "if this run",
			lacks: "no statement is proposed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := Failure(tokenDenial(claimsOf(nil)), withPolicy(tt.policy)).Text()
			if !strings.Contains(text, tt.shows) || strings.Contains(text, tt.lacks) {
				t.Error(text)
			}
		})
	}
	hop := Failure(hopDenial(assumeRole, "", nil), withPolicy(policyOf(strings.Replace(trustHub(`"sts:AssumeRole"`, `{}`), theHub, theHub+"-old", 1), unseen)))
	if text := hop.Text(); !strings.Contains(text, "no statement is proposed") || strings.Contains(text, `"AWS"`) {
		t.Error(text)
	}
}
