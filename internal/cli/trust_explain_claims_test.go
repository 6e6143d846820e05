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

// TestExplainTakesWhatPeopleHave of a token, judges what that tells, and
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
		{"claims", "ref.json", theClaims, "", trust.Allowed, ""},
		{"the report of the command claims", "ref.json", `{"claims": ` + theClaims + `, "subject": {}}`, "", trust.Allowed, ""},
		{"a token", "ref.json", token + "\n", "", trust.Allowed, ""},
		{"a token with a byte-order mark", "ref.json", "\ufeff" + token, "", trust.Allowed, ""},
		{"an answer of the token endpoint", "ref.json", `{"value": "` + token + `"}`, "", trust.Allowed, ""},
		{"an event", "plain.json", event, "", trust.Allowed, "other claims are unknown"},
		{"an event of another subject", "plain.json", eventOf("AssumeRoleWithWebIdentity", "repo:octo/app:pull_request"), "", trust.ImplicitDeny, "one condition fails"},
		{"an event for another account", "plain.json", event, "--account 222222222222", trust.ImplicitDeny, "no Allow statement trusts"},
		{"a log file with one event", "plain.json", `{"Records": [` + event + `]}`, "", trust.Allowed, ""},
		{"what lookup-events prints", "plain.json", `{"Events": [{"EventName": "AssumeRoleWithWebIdentity", "CloudTrailEvent": ` + string(quoted) + `}]}`, "", trust.Allowed, ""},
		{"an event, and a claim that it does not tell", "ref.json", event, "", unknown, "it depends on claim ref"},
		{"an event, and that claim besides", "ref.json", event, "--context token.actions.githubusercontent.com:ref=refs/heads/main", trust.Allowed, ""},
		{"an event, and a Deny on such a claim", "deny.json", event, "", unknown, "it depends on claim actor"},
		{"an event, and a claim that has no key", "event_name.json", event, "", trust.ImplicitDeny, "no condition key"},

		{"an event of another call", "plain.json", eventOf("AssumeRole", "x"), "", "", `CloudTrail's event is of "AssumeRole"`},
		{"an event without a token", "plain.json", `{"eventName": "AssumeRoleWithWebIdentity", "userIdentity": {"type": "Unknown"}}`, "", "", "does not tell provider, audience and subject"},
		{"several events", "plain.json", `{"Records": [` + event + `, ` + event + `]}`, "", "", "not the claims of a token"},
		{"another object", "plain.json", `{"a": 1}`, "", "", "none of iss, sub and aud is there"},
		{"an answer without a token", "plain.json", `{"message": "no"}`, "", "", "not the claims of a token"},
		{"a piece of a token", "plain.json", token[:len(token)/2], "", "", "neither claims in JSON nor a token"},
		{"nothing", "plain.json", "", "", "", "neither claims in JSON nor a token"},
		{"JSON that is not whole", "plain.json", `{"sub": `, "", "", "not a JSON object"},
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
