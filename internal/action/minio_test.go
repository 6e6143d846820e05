package action

import (
	"strings"
	"testing"
	"time"
)

// minioWorld has a server that names no ARN and no account.
const minioWorld = `
dialect: minio
with:
  aws-region: us-east-1
  role-to-assume: arn:minio:iam:::role/idmp-github
  audience: minio-app
accounts:
  "000000000000":
    providers: [{issuer: https://token.actions.githubusercontent.com, audiences: [minio-app]}]
    roles: {idmp-github: {}}
    users:
      ci: {access-key-id: minioadmin, secret-access-key: minioadmin-secret}
`

func TestLoginToMinIO(t *testing.T) {
	const byToken = "token AssumeRoleWithWebIdentity"
	for name, tt := range map[string]struct {
		with  inputs
		calls string
		says  []string
		hides []string
	}{
		"token": {calls: byToken, says: []string{"Session name: GitHubActions-",
			"Authenticated as arn:minio:iam:::role/idmp-github (the response names no session ARN and no account) until "}, hides: []string{"CloudTrail"}},
		"keys":      {with: inputs{"aws-access-key-id": "minioadmin", "aws-secret-access-key": "minioadmin-secret"}, calls: "AssumeRole"},
		"a profile": {with: inputs{"aws-profile": "buckets"}, calls: byToken, says: []string{"Profile buckets: arn:minio:iam:::role/idmp-github (the response names"}},
		"a summary": {with: inputs{"job-summary": "always"}, calls: byToken},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, minioWorld)
			r := w.use(tt.with)
			if r.Failed || w.Calls() != tt.calls {
				t.Fatalf("calls %s\n%s", w.Calls(), w.Job.Log())
			}
			if tt.with["aws-profile"] == "" && (r.Env["AWS_ACCESS_KEY_ID"] == "" || !strings.HasPrefix(r.Env["AWS_SESSION_TOKEN"], "eyJ") || r.Env["AWS_REGION"] != "us-east-1") {
				t.Errorf("env %v", r.Env)
			}
			for output, want := range map[string]bool{"authenticated": true, "role-session-name": true, "aws-expiration": true, "aws-account-id": false, "authenticated-arn": false, "assumed-role-id": false} {
				if _, got := r.Outputs[output]; got != want {
					t.Errorf("output %s: %t", output, got)
				}
			}
			if tt.with["job-summary"] != "" && !strings.Contains(r.Summary, "| unknown | idmp-github |") {
				t.Errorf("summary %s", r.Summary)
			}
			says := append(tt.says, "STS endpoint: "+w.Server.URL()+" (variable AWS_ENDPOINT_URL_STS), not AWS's\n", "Warning: variable AWS_ENDPOINT_URL_STS: "+w.Server.URL()+" is not encrypted")
			for _, text := range says {
				if !strings.Contains(w.Job.Log(), text) {
					t.Errorf("the log lacks %q:\n%s", text, w.Job.Log())
				}
			}
			for _, text := range tt.hides {
				if strings.Contains(w.Job.Log(), text) {
					t.Errorf("the log has %q:\n%s", text, w.Job.Log())
				}
			}
			w.finish()
			w.clean()
		})
	}
}

// TestRefusedByMinIO has the codes of what goes wrong.
func TestRefusedByMinIO(t *testing.T) {
	for name, tt := range map[string]struct {
		with  inputs
		calls string
		code  string
		says  string
	}{
		"the guard needs the account": {with: inputs{"allowed-account-ids": "111111111111"},
			calls: "token AssumeRoleWithWebIdentity", code: "account-not-allowed",
			says: "does not name the account of the credentials, which allowed-account-ids needs"},
		"another role": {with: inputs{"role-to-assume": "arn:minio:iam:::role/other"},
			calls: "token AssumeRoleWithWebIdentity", code: "invalid-input", says: "does not exist"},
		"another audience": {with: inputs{"audience": "sts.amazonaws.com"}, calls: "token AssumeRoleWithWebIdentity",
			code: "invalid-input", says: "InvalidParameterValue"},
		"a role below it": {with: inputs{"role-chain": "arn:minio:iam:::role/other"},
			calls: "token AssumeRoleWithWebIdentity AssumeRole", code: "chained-role-refused",
			says: "is not an AWS server; its log and settings show why"},
		"keys that nobody knows": {with: inputs{"aws-access-key-id": "nobody", "aws-secret-access-key": "x"},
			calls: "AssumeRole", code: "credentials-invalid", says: "InvalidAccessKeyId"},
		"keys without a role": {with: inputs{"role-to-assume": notGiven, "aws-access-key-id": "minioadmin", "aws-secret-access-key": "minioadmin-secret"},
			calls: "GetCallerIdentity", code: "invalid-input", says: "Unsupported action GetCallerIdentity"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, minioWorld)
			r := w.use(tt.with)
			w.failed(r, tt.code)
			if w.Calls() != tt.calls || !strings.Contains(w.Job.Log(), tt.says) {
				t.Errorf("calls %s\n%s", w.Calls(), w.Job.Log())
			}
		})
	}
}

// A token that has expired has a code of its own there, and is minted anew.
func TestMinIOGetsAFreshToken(t *testing.T) {
	w := newWorld(t, minioWorld+"faults: [{call: AssumeRoleWithWebIdentity, fault: clock-skew, offset: 10m}]\n")
	if r := w.use(nil); r.Failed || w.Calls() != "token AssumeRoleWithWebIdentity token AssumeRoleWithWebIdentity" {
		t.Errorf("calls %s\n%s", w.Calls(), w.Job.Log())
	}
}

func TestRefreshOfAMinIOSession(t *testing.T) {
	w := newWorld(t, minioWorld)
	if r := w.use(inputs{"refresh": "true"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	first, d := w.ask("default").Get(t.Context(), "default")
	if d != nil {
		t.Fatal(d.Text())
	}
	w.Time = w.Time.Add(50 * time.Minute)
	second, d := w.ask("default").Get(t.Context(), "default")
	if d != nil || second.AccessKeyID == first.AccessKeyID || second.ARN != "" {
		t.Errorf("session %+v, diagnosis %v", second, d)
	}
}
