package explain

import (
	"maps"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
)

const (
	issuer   = "https://token.actions.githubusercontent.com"
	provider = "token.actions.githubusercontent.com"
	theRole  = "arn:aws:iam::111111111111:role/team/deploy"
	theHub   = "arn:aws:iam::222222222222:role/ci/hub"
	hubCalls = "arn:aws:sts::222222222222:assumed-role/hub/run-1"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// claimsOf are those of a run on the main branch, changed by more.
func claimsOf(more oidc.Claims) oidc.Claims {
	c := oidc.Claims{
		"iss": issuer, "aud": "sts.amazonaws.com", "sub": "repo:octo-org/octo-repo:ref:refs/heads/main",
		"repository": "octo-org/octo-repo", "repository_id": "74123456", "repository_owner_id": "6154722",
		"ref": "refs/heads/main", "event_name": "push",
		"workflow_ref":     "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main",
		"job_workflow_ref": "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main",
	}
	maps.Copy(c, more)
	return c
}

// tokenDenial is AWS's refusal of a token, hopDenial that of a hop.
func tokenDenial(c oidc.Claims) *diagnosis.Denial {
	return &diagnosis.Denial{
		Action: trust.WebIdentityAction, Role: theRole, Hop: 1, Hops: 1, Claims: c,
		Sent: trust.Context{"sts:RoleSessionName": {"run-1"}},
		Code: "AccessDenied", Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity", Status: 403,
	}
}

func hopDenial(action, reason string, sent trust.Context) *diagnosis.Denial {
	return &diagnosis.Denial{
		Action: assumeRole, Role: theRole, Hop: 2, Hops: 2, Caller: hubCalls, CallerRole: theHub, Sent: sent,
		Code: "AccessDenied", Message: "User: " + hubCalls + " is not authorized to perform: " + action + " on resource: " + theRole + reason, Status: 403,
	}
}

// allow is a statement that admits GitHub's tokens on conditions, which are
// JSON.
func allow(conditions string) string {
	return `{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/` + provider + `"},
"Action": "sts:AssumeRoleWithWebIdentity", "Condition": ` + conditions + `}`
}

func deny(conditions string) string {
	return `{"Sid": "Shut", "Effect": "Deny", "Principal": "*", "Action": "*", "Condition": ` + conditions + `}`
}

func trustHub(actions, conditions string) string {
	return `{"Effect": "Allow", "Principal": {"AWS": "` + theHub + `"}, "Action": ` + actions + `, "Condition": ` + conditions + `}`
}

func policyOf(statements ...string) string {
	text := `{"Version": "2012-10-17", "Statement": [`
	for i, s := range statements {
		if i > 0 {
			text += ",\n"
		}
		text += s
	}
	return text + "]}"
}

func mustParse(t *testing.T, policy string) *trust.Policy {
	t.Helper()
	p, err := trust.Parse([]byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// withPolicy is the evidence with one policy.
func withPolicy(policy string) Evidence {
	return Evidence{Now: now, Policies: []PolicyFile{{"deploy.json", []byte(policy)}}}
}
