package action

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/scenario"
)

// landingZone is a hub with n spokes, each in an account of its own: 100…001,
// 100…002 and so on, and a role in the hub's account that no one may assume.
func landingZone(n int, more string) string {
	var b strings.Builder
	b.WriteString(`
workflow: {repository: octo-org/octo-repo, ref: refs/heads/main}
with: {aws-region: eu-central-1, role-to-assume: "arn:aws:iam::111111111111:role/hub"}
accounts:
  "111111111111":
    providers: [{issuer: "https://token.actions.githubusercontent.com", audiences: [sts.amazonaws.com, other]}]
    roles:
      hub:
        trust-policy:
          Version: "2012-10-17"
          Statement: {Effect: Allow, Action: sts:AssumeRoleWithWebIdentity, Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"}}
        may-assume: ["arn:aws:iam::*:role/deploy", "arn:aws:iam::*:role/gate"]
`)
	text := b.String()
	for i := 1; i <= n; i++ {
		text += fmt.Sprintf(`
  "%d":
    roles:
      deploy:
        trust-policy: {Version: "2012-10-17", Statement: {Effect: Allow, Action: "sts:AssumeRole", Principal: {AWS: "arn:aws:iam::111111111111:role/hub"}}}
`, 100000000000+i)
	}
	return text + more
}

// spokes is the input profiles for the landing zone.
func spokes(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "p%d: arn:aws:iam::%d:role/deploy\n", i, 100000000000+i)
	}
	return b.String()
}

func (w *world) profiles() (config, credentials *profile.File) {
	w.Helper()
	read := func(variable string) []byte {
		content, err := os.ReadFile(w.Job.Getenv(variable))
		must(w, err)
		return content
	}
	config, err := profile.ParseConfig(read("AWS_CONFIG_FILE"))
	must(w, err)
	credentials, err = profile.ParseCredentials(read("AWS_SHARED_CREDENTIALS_FILE"))
	must(w, err)
	return config, credentials
}

func TestManyProfilesBelowOneHub(t *testing.T) {
	w := newWorld(t, landingZone(12, ""))
	r := w.use(inputs{
		"profiles":        spokes(12) + "west:\n  role: arn:aws:iam::100000000001:role/deploy\n  region: us-west-2\n  duration-seconds: 900\n  session-name: west\n",
		"default-profile": "p3", "job-summary": "always",
	})
	if r.Failed {
		t.Fatal(w.Job.Log())
	}
	if calls := w.Calls(); count(calls, "token") != 1 || count(calls, "AssumeRoleWithWebIdentity") != 1 || count(calls, "AssumeRole") != 13 {
		t.Errorf("calls: %s", calls)
	}
	config, credentials := w.profiles()
	for _, name := range []string{"p1", "p12", "west", "default"} {
		if id, ok := credentials.Get(name, "aws_access_key_id"); !ok || !strings.HasPrefix(id.Reveal(), "ASIA") {
			t.Errorf("profile %s has no keys", name)
		}
	}
	third, _ := credentials.Get("p3", "aws_access_key_id")
	if id, _ := credentials.Get("default", "aws_access_key_id"); id != third {
		t.Error("[default] is not the default profile")
	}
	if region, _ := config.Get("west", "region"); region.Reveal() != "us-west-2" {
		t.Errorf("west is in %s", region.Reveal())
	}
	if r.Env["AWS_REGION"] != "eu-central-1" || r.Env["AWS_ACCESS_KEY_ID"] != "" || r.Env["AWS_SDK_LOAD_CONFIG"] != "1" || len(r.Env) != 9 {
		t.Errorf("exported %v", r.Env)
	}
	var out map[string]profileOutput
	if err := json.Unmarshal([]byte(r.Outputs["profiles"]), &out); err != nil {
		t.Fatal(err)
	}
	if len(out) != 13 || out["p12"].Account != "100000000012" || out["west"].SessionName != "west" || out["west"].Region != "us-west-2" || out["p1"].Error != nil {
		t.Errorf("output profiles: %s", r.Outputs["profiles"])
	}
	if r.Outputs["aws-account-id"] != "100000000003" {
		t.Errorf("the default profile's account is not put out: %v", r.Outputs["aws-account-id"])
	}
	for _, c := range w.Server.Calls() {
		if c.Parameters["RoleSessionName"] == "west" && (c.Region != "us-west-2" || c.Parameters["DurationSeconds"] != "900") {
			t.Errorf("west was asked in %s for %s s", c.Region, c.Parameters["DurationSeconds"])
		}
	}
	if !strings.Contains(r.Summary, "```mermaid") || strings.Count(r.Summary, "\n| p") != 13 || strings.Count(r.Summary, "111111111111 hub") != 1 {
		t.Errorf("summary:\n%s", r.Summary)
	}
	w.finish()
	w.clean()
}

func TestOneFailedProfileFailsAll(t *testing.T) {
	w := newWorld(t, landingZone(2, ""))
	bad := spokes(2) + "gone: arn:aws:iam::100000000002:role/missing\nlost: arn:aws:iam::100000000002:role/lost\n"
	message := w.failed(w.use(inputs{"profiles": bad}), "profiles-failed")
	for _, want := range []string{"profile gone: ", "profile lost: ", "hop 2 of 2, arn:aws:iam::100000000002:role/missing"} {
		if !strings.Contains(message, want) {
			t.Errorf("the error lacks %q:\n%s", want, message)
		}
	}
	if files := w.temp(); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestAFailedHubIsToldOnce(t *testing.T) {
	w := newWorld(t, landingZone(3, ""))
	message := w.failed(w.use(inputs{"profiles": spokes(3), "role-to-assume": "arn:aws:iam::111111111111:role/nobody"}), "web-identity-not-authorized")
	if !strings.HasPrefix(message, "profiles p1, p2, p3: ") || strings.Count(message, "hop 1 of 2") != 1 {
		t.Errorf("message:\n%s", message)
	}
}

func TestContinueWithThoseThatWork(t *testing.T) {
	w := newWorld(t, landingZone(1, ""))
	r := w.use(inputs{"profiles": spokes(1) + "gone: arn:aws:iam::100000000001:role/missing\n", "on-profile-error": "continue", "default-profile": "gone"})
	if r.Failed {
		t.Fatal(w.Job.Log())
	}
	var out map[string]profileOutput
	if err := json.Unmarshal([]byte(r.Outputs["profiles"]), &out); err != nil {
		t.Fatal(err)
	}
	if out["gone"].Error == nil || out["gone"].Error.Code != "chained-role-refused" || out["p1"].Account != "100000000001" {
		t.Errorf("output profiles: %s", r.Outputs["profiles"])
	}
	_, credentials := w.profiles()
	if credentials.Has("gone") || credentials.Has("default") || !credentials.Has("p1") {
		t.Errorf("profiles: %s", credentials.Bytes())
	}
	warned := false
	for _, a := range w.Job.Annotations() {
		warned = warned || a.Level == "warning" && strings.Contains(a.Message, "profile gone: ")
	}
	if !warned {
		t.Error("nobody is warned")
	}
	w = newWorld(t, landingZone(1, ""))
	w.failed(w.use(inputs{"profiles": "a: arn:aws:iam::100000000001:role/x\nb: arn:aws:iam::100000000001:role/y\n", "on-profile-error": "continue"}), "profiles-failed")
}

func TestProfilesFromAFileAndSelected(t *testing.T) {
	w := newWorld(t, landingZone(4, ""))
	must(w, os.MkdirAll(filepath.Join(w.Job.Workspace(), ".github"), 0o755))
	must(w, os.WriteFile(filepath.Join(w.Job.Workspace(), ".github/aws-profiles.yml"), []byte(spokes(4)), 0o644))
	r := w.use(inputs{"profiles-file": ".github/aws-profiles.yml", "profiles-select": "p1, p[34]"})
	if r.Failed {
		t.Fatal(w.Job.Log())
	}
	_, credentials := w.profiles()
	if !credentials.Has("p1") || credentials.Has("p2") || !credentials.Has("p3") || !credentials.Has("p4") {
		t.Errorf("profiles: %s", r.Outputs["profiles"])
	}
	for path, want := range map[string]string{"../x": "not a path in the workspace", "gone.yml": "not in the workspace", "/etc/passwd": "not a path in the workspace"} {
		if message := w.failed(w.use(inputs{"profiles-file": path}), "invalid-input"); !strings.Contains(message, want) || !strings.Contains(message, "profiles-file") {
			t.Errorf("%s: %s", path, message)
		}
	}
	must(w, os.Symlink("/etc/passwd", filepath.Join(w.Job.Workspace(), "link.yml")))
	w.failed(w.use(inputs{"profiles-file": "link.yml"}), "invalid-input")
}

func TestAPlainLoginTakesOverTheDefault(t *testing.T) {
	w := newWorld(t, landingZone(2, ""))
	if r := w.use(inputs{"profiles": spokes(2), "default-profile": "p1"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	second := w.use(inputs{"role-chain": "arn:aws:iam::100000000002:role/deploy"})
	if second.Failed {
		t.Fatal(w.Job.Log())
	}
	_, credentials := w.profiles()
	if id, _ := credentials.Get("default", "aws_access_key_id"); id.Reveal() != second.Env["AWS_ACCESS_KEY_ID"] {
		t.Error("SDKs see two accounts: environment and [default] differ")
	}
	first, _ := credentials.Get("p1", "aws_access_key_id")
	// Only the second step's post phase: its [default] goes back to p1.
	results, err := w.Job.Finish(t.Context())
	if err != nil || len(results) != 2 {
		t.Fatal(results, err)
	}
	if w.Job.Getenv("AWS_ACCESS_KEY_ID") != "" || first.IsZero() {
		t.Error("the keys are still exported")
	}
	w.clean()
}

func TestASecondUseAddsToTheSameFiles(t *testing.T) {
	w := newWorld(t, landingZone(3, ""))
	w.use(inputs{"profiles": spokes(1)})
	if r := w.use(inputs{"profiles": "extra: arn:aws:iam::100000000003:role/deploy"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	_, credentials := w.profiles()
	if !credentials.Has("p1") || !credentials.Has("extra") {
		t.Error("the second use did not add to the first one's files")
	}
	before := len(w.Server.Calls())
	if message := w.failed(w.use(inputs{"profiles": spokes(1)}), "invalid-input"); !strings.Contains(message, "overwrite-aws-profile") || len(w.Server.Calls()) != before {
		t.Errorf("message: %s", message)
	}
	if r := w.use(inputs{"profiles": spokes(1), "overwrite-aws-profile": "true"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	before = len(w.Server.Calls())
	if r := w.use(inputs{"profiles": spokes(1), "use-existing-credentials": "true"}); r.Failed || r.Outputs["profiles"] == "" {
		t.Fatal(w.Job.Log())
	}
	for _, c := range w.Server.Calls()[before:] {
		if c.Kind != scenario.CallIdentity {
			t.Errorf("%s was called though the credentials serve", c.Kind)
		}
	}
}

func TestOverridingVariablesAreBlanked(t *testing.T) {
	w := newWorld(t, strings.Replace(landingZone(1, ""), "ref: refs/heads/main}", "ref: refs/heads/main, env: {AWS_ACCESS_KEY_ID: AKIAOLD, AWS_SECRET_ACCESS_KEY: old, AWS_ROLE_ARN: x, AWS_WEB_IDENTITY_TOKEN_FILE: /y}}", 1))
	r := w.use(inputs{"profiles": spokes(1)})
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"} {
		if v, ok := r.Env[name]; !ok || v != "" {
			t.Errorf("%s is not blanked", name)
		}
	}
	w.finish()
	if w.Job.Getenv("AWS_ROLE_ARN") != "x" || w.Job.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "/y" || w.Job.Getenv("AWS_ACCESS_KEY_ID") != "" {
		t.Error("the former values did not come back, or a key did")
	}
}

func TestProfilesWithCredentialsInOutputs(t *testing.T) {
	w := newWorld(t, landingZone(2, ""))
	r := w.use(inputs{"profiles": spokes(2), "output-credentials": "true", "default-profile": "p2", "output-env-credentials": "true"})
	var out map[string]map[string]string
	if err := json.Unmarshal([]byte(r.Outputs["profiles-credentials"]), &out); err != nil {
		t.Fatal(err)
	}
	if out["p2"]["aws-access-key-id"] != r.Env["AWS_ACCESS_KEY_ID"] || out["p1"]["aws-session-token"] == "" {
		t.Error("the credentials are not those of the profiles")
	}
	if w.Job.Mask(r.Outputs["profiles-credentials"]) != "***" {
		t.Error("the JSON of the credentials is not masked")
	}
}

// A session name that all profiles share is logged once; if there are several,
// each is logged with its profiles.
func TestSessionNamesInTheLog(t *testing.T) {
	for name, tt := range map[string]struct {
		profiles string
		want     []string
	}{
		"one name":  {spokes(3), []string{"CloudTrail session name: GitHubActions-9318273645-1-deploy"}},
		"two names": {spokes(2) + "own: {role: \"arn:aws:iam::100000000003:role/deploy\", session-name: mine}\n", []string{"CloudTrail session name: GitHubActions-9318273645-1-deploy (p1, p2)", "CloudTrail session name: mine (own)"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, landingZone(3, ""))
			if r := w.use(inputs{"profiles": tt.profiles}); r.Failed {
				t.Fatal(w.Job.Log())
			}
			var got []string
			for line := range strings.Lines(w.Job.Log()) {
				if strings.Contains(line, "session name") {
					got = append(got, strings.TrimSpace(line))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOutputsHoldNoWorkflowCommand: a later step that prints the output must
// not make the runner act on what STS said.
func TestOutputsHoldNoWorkflowCommand(t *testing.T) {
	const said = "denied\n::error::x ##[error]y \u202e"
	p := &publisher{phase: &phase{runner: runner.New(nil, io.Discard)}}
	pairs, err := p.profileOutputs(nil, []result{{profile: plan.Profile{Name: "dev"}, failure: &diagnosis.Diagnosis{Code: diagnosis.Failed, What: said}}})
	if err != nil || len(pairs) != 1 {
		t.Fatalf("%d outputs, %v", len(pairs), err)
	}
	text := pairs[0].Value.Reveal()
	var out map[string]profileOutput
	if err := json.Unmarshal([]byte(text), &out); err != nil || out["dev"].Error.Message != said {
		t.Errorf("%v: %s", err, text)
	}
	if strings.ContainsAny(text, "\n\u202e") || strings.Contains(text, "##[") {
		t.Errorf("output %s", text)
	}
}
