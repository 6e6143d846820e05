package rehearsal_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/rehearsal"
	"github.com/org/aws-oidc-action/internal/scenario"
)

const (
	region   = "aws-region: eu-central-1"
	hubRole  = "arn:aws:iam::111111111111:role/hub"
	provider = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
)

// world is a scenario with a hub, below it a role called deploy in two other
// accounts, and a user with keys.
func world(hub, deploy, more string) string {
	return fmt.Sprintf(`accounts:
  "111111111111":
    providers: [{issuer: "https://token.actions.githubusercontent.com", audiences: [sts.amazonaws.com]}]
    users: {ci: {access-key-id: AKIAIOSFODNN7EXAMPLE, secret-access-key: wJalrXUtnFEMI}}
    roles:
      hub:
        may-assume: ["arn:aws:iam::*:role/deploy"]
        trust-policy: {Statement: [%s]}
  "222222222222":
    roles:
      deploy:
        trust-policy: {Statement: [%s]}
  "333333333333":
    roles:
      deploy:
        trust-policy: {Statement: [%s]}
%s
`, hub, deploy, deploy, more)
}

const (
	trustsGitHub = `{Effect: Allow, Principal: {Federated: "` + provider + `"}, Action: "sts:AssumeRoleWithWebIdentity"}`
	trustsHub    = `{Effect: Allow, Principal: {AWS: "` + hubRole + `"}, Action: "sts:AssumeRole"}`
	toDeploy     = "with: {" + region + ", role-to-assume: \"" + hubRole + "\", role-chain: \"arn:aws:iam::222222222222:role/deploy\"}"
	toHub        = "with: {" + region + ", role-to-assume: \"" + hubRole + "\"}"
)

func parse(t *testing.T, src string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("world.yml", []byte(src), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReasons: what the outcome repeats is certain, and has its place in the
// scenario; it is the step's error only where no policy decided.
func TestReasons(t *testing.T) {
	for _, test := range []struct {
		name, src string
		outcome   string
		reasons   []string
	}{
		{name: "success", src: world(trustsGitHub, trustsHub, toDeploy), outcome: "success"},
		{name: "a condition",
			src:     world(strings.TrimSuffix(trustsGitHub, "}")+`, Condition: {StringEquals: {"token.actions.githubusercontent.com:sub": [a, b]}}}`, trustsHub, toHub),
			outcome: "web-identity-not-authorized at hop 1",
			reasons: []string{`world.yml:8: StringEquals token.actions.githubusercontent.com:sub: expected "a" or "b", got "repo:octo-org/octo-repo:ref:refs/heads/main"`}},
		{name: "several parts of the nearest statement",
			src:     world(`{Effect: Allow, Principal: {AWS: "*"}, Action: "sts:AssumeRole"}`, trustsHub, toHub),
			outcome: "web-identity-not-authorized at hop 1", reasons: []string{
				`world.yml:8: Principal: expected "AWS: *", got "Federated: ` + provider + `"; principals do not support wildcards`,
				`world.yml:8: Action: expected "sts:AssumeRole", got "sts:AssumeRoleWithWebIdentity"`,
			}},
		{name: "a Deny", src: world(trustsGitHub+`, {Effect: Deny, Principal: "*", Action: "*"}`, trustsHub, toHub),
			outcome: "web-identity-not-authorized at hop 1",
			reasons: []string{"world.yml:8: this Deny statement matches"}},
		{name: "no Allow", src: world(`{Effect: Deny, Principal: {AWS: "*"}, Action: "*"}`, trustsHub, toHub),
			outcome: "web-identity-not-authorized at hop 1",
			reasons: []string{"world.yml: no statement allows anything"}},
		{name: "no role", src: world(trustsGitHub, trustsHub, strings.ReplaceAll(toHub, "role/hub", "role/hbu")),
			outcome: "web-identity-not-authorized at hop 1",
			reasons: []string{"world.yml: role arn:aws:iam::111111111111:role/hbu does not exist"}},
		{name: "the caller's permissions",
			src:     strings.Replace(world(trustsGitHub, trustsHub, toDeploy), "may-assume: [", "may-assume: [] # [", 1),
			outcome: "chained-role-refused at hop 2",
			reasons: []string{"world.yml: may-assume of the caller, arn:aws:sts::111111111111:assumed-role/hub/GitHubActions-9318273645-1-deploy, does not include arn:aws:iam::222222222222:role/deploy"}},
		{name: "the duration",
			src:     world(trustsGitHub, trustsHub, strings.Replace(toHub, "{", "{role-duration-seconds: 43200, ", 1)),
			outcome: "duration-over-role-maximum at hop 1",
			reasons: []string{"AWS refused hop 1 of 1, " + hubRole + ": ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role. (request id …)"}},
		{name: "a second use of the action",
			src:     world(trustsGitHub, trustsHub, "steps:\n  - "+toHub+"\n  - "+strings.Replace(toHub, "{", "{allowed-account-ids: '222222222222', use-existing-credentials: true, ", 1)+"\n  - "+toHub),
			outcome: "account-not-allowed",
			reasons: []string{"input allowed-account-ids: account 111111111111 of " + hubRole + " is not allowed"}},
		{name: "an input", src: world(trustsGitHub, trustsHub, "with: {role-to-assume: x}"), outcome: "invalid-input",
			reasons: []string{"input aws-region: ", "input role-to-assume: "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := run(t, parse(t, test.src))
			if r.Outcome != test.outcome || len(r.Reasons) != len(test.reasons) {
				t.Fatalf("outcome %q, reasons %q; want %q, %q\n%s", r.Outcome, r.Reasons, test.outcome, test.reasons, r.Log)
			}
			for i, want := range test.reasons {
				if got := requestID.ReplaceAllString(r.Reasons[i], "request id …"); !strings.HasPrefix(got, want) {
					t.Errorf("reason %q, want %q", got, want)
				}
			}
			if r.AsExpected != (test.outcome == "success") {
				t.Errorf("as expected: %t", r.AsExpected)
			}
		})
	}
}

// TestReasonsAreSaidOnce: a call that is tried again is refused for the same
// reason.
func TestReasonsAreSaidOnce(t *testing.T) {
	profiles := "with:\n  " + region + "\n  role-to-assume: " + hubRole + "\n  profiles: |\n    a: arn:aws:iam::222222222222:role/deploy\n    b: {role: arn:aws:iam::222222222222:role/deploy, region: us-east-1}\n"
	r := run(t, parse(t, world(trustsGitHub, "{Effect: Deny, Principal: '*', Action: '*'}", profiles)))
	if want := []string{"world.yml:12: this Deny statement matches"}; !slices.Equal(r.Reasons, want) {
		t.Errorf("reasons %q, want %q", r.Reasons, want)
	}
}

func TestProofs(t *testing.T) {
	session := func(account, role string) string {
		return "arn:aws:sts::" + account + ":assumed-role/" + role + "/GitHubActions-9318273645-1-deploy"
	}
	for _, test := range []struct {
		name, src string
		identity  string
		profiles  map[string]string
	}{
		{name: "exported keys", src: world(trustsGitHub, trustsHub, toDeploy),
			identity: session("222222222222", "deploy")},
		{name: "keys without a role",
			src:      world(trustsGitHub, trustsHub, "with: {"+region+", aws-access-key-id: AKIAIOSFODNN7EXAMPLE, aws-secret-access-key: wJalrXUtnFEMI}"),
			identity: "arn:aws:iam::111111111111:user/ci"},
		{name: "one profile",
			src:      world(trustsGitHub, trustsHub, strings.Replace(toDeploy, "{", "{aws-profile: one, ", 1)),
			profiles: map[string]string{"one": session("222222222222", "deploy")}},
		{name: "several",
			src:      world(trustsGitHub, trustsHub, "with:\n  "+region+"\n  role-to-assume: "+hubRole+"\n  profiles: |\n    a: arn:aws:iam::222222222222:role/deploy\n    b: arn:aws:iam::333333333333:role/deploy\n"),
			profiles: map[string]string{"a": session("222222222222", "deploy"), "b": session("333333333333", "deploy")}},
		{name: "nothing exported",
			src: world(trustsGitHub, trustsHub, strings.Replace(toDeploy, "{", "{output-env-credentials: false, ", 1))},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := run(t, parse(t, test.src))
			if !r.AsExpected || r.Identity != test.identity {
				t.Errorf("outcome %s, identity %q, want %q\n%s", r.Outcome, r.Identity, test.identity, r.Log)
			}
			if diff := cmp.Diff(test.profiles, r.Profiles); diff != "" {
				t.Errorf("profiles (-want +got):\n%s", diff)
			}
			all := fmt.Sprintf("%+v", r)
			for name := range r.Profiles {
				if !strings.Contains(r.Files["AWS_SHARED_CREDENTIALS_FILE"], "["+name+"]\naws_access_key_id = ***\n") {
					t.Errorf("the files show no masked profile %s:\n%v", name, r.Files)
				}
			}
			if strings.Contains(all, "ASIA") || strings.Contains(all, "IQoJ") || strings.Contains(all, "wJalrXUtnFEMI") {
				t.Errorf("a secret is in the report:\n%s", all)
			}
		})
	}
}

// scripted is a step that writes what a test says.
func scripted(run func(p rehearsal.Process) int) rehearsal.Step {
	return func(_ context.Context, p rehearsal.Process) (int, *diagnosis.Diagnosis) { return run(p), nil }
}

func getenv(p rehearsal.Process, name string) string {
	for _, pair := range p.Environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Error(err)
	}
}

// TestAFailureOfTheRunner: a step that ends well fails by a file command that
// the runner cannot read, and its error is the runner's.
func TestAFailureOfTheRunner(t *testing.T) {
	phases := 0
	r, err := rehearsal.Run(t.Context(), parse(t, "steps: [{with: {}}, {with: {}}]"), rehearsal.Options{Now: theTime, Step: scripted(func(p rehearsal.Process) int {
		phases++
		if getenv(p, "AWS_EC2_METADATA_DISABLED") != "true" || getenv(p, "AWS_ENDPOINT_URL_STS") != p.Sandbox {
			t.Errorf("environment %q of sandbox %s", p.Environ, p.Sandbox)
		}
		write(t, getenv(p, "GITHUB_ENV"), "no assignment\n")
		return 0
	})})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Steps) != 1 || !r.Steps[0].Failed || r.Outcome != "failed by the runner" || !slices.Equal(r.Reasons, []string{"Invalid format 'no assignment'"}) || phases != 2 {
		t.Errorf("%d phases, report %+v", phases, r)
	}
}

// TestCredentialsThatDoNotWork: a step that hands out what STS does not take
// has no report, whatever it says.
func TestCredentialsThatDoNotWork(t *testing.T) {
	for name, test := range map[string]struct{ env, want string }{
		"keys":    {"AWS_ACCESS_KEY_ID=ASIAAAAAAAAAAAAAAAAA\nAWS_SECRET_ACCESS_KEY=x\nAWS_SESSION_TOKEN=y\nAWS_REGION=eu-central-1\n", "the exported credentials do not work"},
		"profile": {"", `profile "gone" does not work: it is in no profile file`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rehearsal.Run(t.Context(), parse(t, "with: {}"), rehearsal.Options{Now: theTime, Step: scripted(func(p rehearsal.Process) int {
				write(t, getenv(p, "GITHUB_ENV"), test.env)
				if test.env == "" {
					dir := getenv(p, "RUNNER_TEMP") + "/aws-oidc-action"
					_ = os.Mkdir(dir, 0o700)
					write(t, dir+"/state.json", `{"version": 2, "records": [{"id": "a", "profiles": {"gone": {}}}]}`)
				}
				return 0
			})})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// TestTheWorkspaceIsTheScenarios: inputs that name files of the workspace find
// those of the scenario, whose policy files are there in the form that they
// have.
func TestTheWorkspaceIsTheScenarios(t *testing.T) {
	const template = `Parameters: {Branch: {Type: String, Default: release}}
Resources:
  DeployRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Federated: !Sub "arn:aws:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com"}
            Action: sts:AssumeRoleWithWebIdentity
            Condition:
              StringEquals:
                token.actions.githubusercontent.com:aud: sts.amazonaws.com
                token.actions.githubusercontent.com:sub: !Sub "repo:octo-org/octo-repo:ref:refs/heads/${Branch}"
`
	const asks = "with: {" + region + ", role-to-assume: 'arn:aws:iam::111111111111:role/deployrole', trust-policy-file: 'iam/*'}\n"
	const accounts = `accounts:
  "111111111111":
    providers: [{issuer: "https://token.actions.githubusercontent.com", audiences: [sts.amazonaws.com]}]
    roles:
      deployrole:
        trust-policy-file: iam/roles.yml
`
	read := func(src string) *scenario.Scenario {
		t.Helper()
		s, err := scenario.Parse("dir/world.yml", []byte(src), func(string) ([]byte, error) { return []byte(template), nil })
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	line := `iam/roles.yml%s: StringEquals token.actions.githubusercontent.com:sub: expected "repo:octo-org/octo-repo:ref:refs/heads/release", got "repo:octo-org/octo-repo:ref:refs/heads/main"`

	r := run(t, read(asks+accounts))
	if r.Outcome != "subject-branch-or-tag at hop 1" || !slices.Equal(r.Reasons, []string{"dir/" + fmt.Sprintf(line, ":14")}) || !strings.Contains(r.Steps[0].Message, fmt.Sprintf(line, ", line 14")) {
		t.Errorf("a template: %s, %q\n%s", r.Outcome, r.Reasons, r.Log)
	}
	r = run(t, read(asks+accounts+"        trust-policy-parameters: {Branch: main}\n"))
	if r.Outcome != "success" {
		t.Errorf("a template and a parameter: %s, %q", r.Outcome, r.Reasons)
	}

	// What the scenario says of the workspace counts.
	r = run(t, read(asks+accounts+"workspace: {iam/roles.yml: '{}'}\n"))
	if r.Outcome != "web-identity-not-authorized at hop 1" || !slices.Equal(r.Reasons, []string{"dir/" + fmt.Sprintf(line, ":14")}) {
		t.Errorf("another file in the workspace: %s, %q\n%s", r.Outcome, r.Reasons, r.Log)
	}
	profiles := strings.Replace(world(trustsGitHub, trustsHub, ""), "accounts:", "with: {"+region+", role-to-assume: '"+hubRole+"', profiles-file: ci/profiles.yml}\nworkspace:\n  ci/profiles.yml: |\n    dev: arn:aws:iam::222222222222:role/deploy\naccounts:", 1)
	if r = run(t, parse(t, profiles)); r.Outcome != "success" || len(r.Profiles) != 1 || r.Profiles["dev"] == "" {
		t.Errorf("profiles-file: %s, %v\n%s", r.Outcome, r.Profiles, r.Log)
	}
}

// TestWhatAPolicyLeavesOpenIsNoOutcome: a refusal that depends on a parameter
// without a value is not the expected one, even if it has the expected code.
func TestWhatAPolicyLeavesOpenIsNoOutcome(t *testing.T) {
	const template = `Parameters: {Branch: {Type: String}}
Resources:
  hub:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Federated: "` + provider + `"}
            Action: sts:AssumeRoleWithWebIdentity
            Condition: {StringEquals: {"token.actions.githubusercontent.com:sub": !Ref Branch}}
`
	src := strings.Replace(world(trustsGitHub, trustsHub, toHub+"\nexpect: {code: web-identity-not-authorized, hop: 1}"), "        trust-policy: {Statement: ["+trustsGitHub+"]}", "        trust-policy-file: roles.yml", 1)
	s, err := scenario.Parse("world.yml", []byte(src), func(string) ([]byte, error) { return []byte(template), nil })
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, s)
	want := []string{"roles.yml: unknown whether the policy admits the request; it depends on parameter Branch, which trust-policy-parameters can set"}
	if r.AsExpected || r.Outcome != "unknown" || r.Expected != "web-identity-not-authorized at hop 1" || !slices.Equal(r.Reasons, want) {
		t.Errorf("%t %s, expected %s: %q\n%s", r.AsExpected, r.Outcome, r.Expected, r.Reasons, r.Log)
	}
}
