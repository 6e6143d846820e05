package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/trust"
)

const (
	theProvider = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
	theClaims   = `{"iss": "https://token.actions.githubusercontent.com", "aud": "https://github.com/octo", "sub": "repo:octo/app:ref:refs/heads/main", "ref": "refs/heads/main"}`
)

func eventOf(name, subject string) string {
	return fmt.Sprintf(`{"eventVersion": "1.08", "eventName": %q, "userIdentity": {"type": "WebIdentityUser", "principalId": "%[3]s:https://github.com/octo:%[2]s", "userName": %[2]q, "identityProvider": %[3]q}}`,
		name, subject, theProvider)
}

// TestExplainTakesWhatPeopleHave of a token, judges what that says, and
// refuses what is none. The token is never shown.
func TestExplainTakesWhatPeopleHave(t *testing.T) {
	t.Chdir(t.TempDir())
	policy := func(more string) string {
		return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "` + theProvider + `"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {
"token.actions.githubusercontent.com:aud": "https://github.com/octo", "token.actions.githubusercontent.com:sub": "repo:octo/app:ref:refs/heads/main"` + more + `}}}]}`
	}
	deny := strings.Replace(policy(""), "]}", `, {"Effect": "Deny", "Principal": "*", "Action": "*", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:actor": "octocat"}}}]}`, 1)
	for name, content := range map[string]string{
		"plain.json": policy(""), "ref.json": policy(`, "token.actions.githubusercontent.com:ref": "refs/heads/main"`),
		"event_name.json": policy(`, "token.actions.githubusercontent.com:event_name": "push"`), "deny.json": deny,
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	token := "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(theClaims)) + ".c2lnbmF0dXJl"
	event := eventOf("AssumeRoleWithWebIdentity", "repo:octo/app:ref:refs/heads/main")
	quoted, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	const unknown trust.Decision = "Unknown"
	for _, tt := range []struct {
		name, policy, claims string
		args                 string
		decision             trust.Decision // empty: refused
		says                 string
	}{
		{name: "claims", policy: "ref.json", claims: theClaims, decision: trust.Allowed},
		{name: "the report of the command claims", policy: "ref.json",
			claims: `{"claims": ` + theClaims + `, "subject": {}}`, decision: trust.Allowed},
		{name: "a token", policy: "ref.json", claims: token + "\n", decision: trust.Allowed},
		{name: "a token with a byte-order mark", policy: "ref.json", claims: "\ufeff" + token, decision: trust.Allowed},
		{name: "an answer of the token endpoint", policy: "ref.json", claims: `{"value": "` + token + `"}`,
			decision: trust.Allowed},
		{name: "an event", policy: "plain.json", claims: event, decision: trust.Allowed,
			says: "other claims are unknown"},
		{name: "an event of another subject", policy: "plain.json",
			claims: eventOf("AssumeRoleWithWebIdentity", "repo:octo/app:pull_request"), decision: trust.ImplicitDeny,
			says: "one condition fails"},
		{name: "an event for another account", policy: "plain.json", claims: event, args: "--account 222222222222",
			decision: trust.ImplicitDeny, says: "no Allow statement trusts"},
		{name: "a log file with one event", policy: "plain.json", claims: `{"Records": [` + event + `]}`,
			decision: trust.Allowed},
		{name: "what lookup-events prints", policy: "plain.json",
			claims:   `{"Events": [{"EventName": "AssumeRoleWithWebIdentity", "CloudTrailEvent": ` + string(quoted) + `}]}`,
			decision: trust.Allowed},
		{name: "an event, and a claim that it does not tell", policy: "ref.json", claims: event, decision: unknown,
			says: "it depends on claim ref"},
		{name: "an event, and that claim besides", policy: "ref.json", claims: event,
			args: "--context token.actions.githubusercontent.com:ref=refs/heads/main", decision: trust.Allowed},
		{name: "an event, and a Deny on such a claim", policy: "deny.json", claims: event, decision: unknown,
			says: "it depends on claim actor"},
		{name: "an event, and a claim that has no key", policy: "event_name.json", claims: event,
			decision: trust.ImplicitDeny, says: "no condition key"},

		{name: "an event of another call", policy: "plain.json", claims: eventOf("AssumeRole", "x"),
			says: `CloudTrail's event is of "AssumeRole"`},
		{name: "an event without a token", policy: "plain.json",
			claims: `{"eventName": "AssumeRoleWithWebIdentity", "userIdentity": {"type": "Unknown"}}`,
			says:   "lacks the provider, audience and subject"},
		{name: "several events", policy: "plain.json", claims: `{"Records": [` + event + `, ` + event + `]}`,
			says: "not the claims of a token"},
		{name: "another object", policy: "plain.json", claims: `{"a": 1}`, says: "iss, sub and aud are missing; use the claims of a token"},
		{name: "an answer without a token", policy: "plain.json", claims: `{"message": "no"}`,
			says: "not the claims of a token"},
		{name: "a piece of a token", policy: "plain.json", claims: token[:len(token)/2],
			says: "neither claims in JSON nor a token"},
		{name: "nothing", policy: "plain.json", says: "neither claims in JSON nor a token"},
		{name: "JSON that is not whole", policy: "plain.json", claims: `{"sub": `, says: "not a JSON object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, format := range []string{"text", "json"} {
				var stdout, stderr bytes.Buffer
				env := Env{Stdin: strings.NewReader(tt.claims), Stdout: &stdout, Stderr: &stderr, Now: time.Now}
				args := strings.Fields("trust explain --policy " + tt.policy + " --claims - " + tt.args + " --format " + format)
				code := Run(t.Context(), env, args)
				want := exitRefused
				switch tt.decision {
				case trust.Allowed:
					want = exitFine
				case "":
					want = exitUsage
				}
				all := stdout.String() + stderr.String()
				if code != want || strings.Contains(all, "eyJ") || strings.Contains(all, "c2lnbmF0dXJl") {
					t.Errorf("exit code %d, want %d:\n%s", code, want, all)
				}
				if format == "text" && (!strings.HasPrefix(stdout.String(), string(tt.decision)) || !strings.Contains(all, tt.says)) {
					t.Errorf("want %s, %s:\n%s", tt.decision, tt.says, all)
				}
				var answer struct{ Decision trust.Decision }
				if format == "json" && tt.decision != "" && (json.Unmarshal(stdout.Bytes(), &answer) != nil || answer.Decision != tt.decision) {
					t.Errorf("want %s:\n%s", tt.decision, all)
				}
			}
		})
	}
}
