package action

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/transport"
)

const (
	hub    = "arn:aws:iam::111111111111:role/hub"
	deploy = "arn:aws:iam::222222222222:role/deploy"
)

// inputs are the inputs of one use, over those of a good one.
type inputs map[string]string

// badInputs has one wrong thing in each case, the input that the error has to
// name, and a part of the text that a person can act on.
var badInputs = []struct {
	name  string
	with  inputs
	env   inputs // variables in place of inputs
	input string // as the message names it
	want  string
	code  diagnosis.Code // default invalid-input
}{
	{name: "no region", with: inputs{"aws-region": ""}, input: "aws-region", want: "is required; set an AWS region"},
	{name: "availability zone", with: inputs{"aws-region": "eu-central-1a"}, input: "aws-region", want: `"eu-central-1a"`},
	{name: "region in words", with: inputs{"aws-region": "Frankfurt"}, input: "aws-region", want: "is not an AWS region"},
	{name: "region with host", with: inputs{"aws-region": "eu-central-1.evil.example/"}, input: "aws-region", want: "is not an AWS region"},
	{name: "region in upper case", with: inputs{"aws-region": "EU-CENTRAL-1"}, input: "aws-region", want: "is not an AWS region"},
	{name: "region with a newline", with: inputs{"aws-region": "eu-central-1\nus-east-1"}, input: "aws-region", want: "control character"},
	{name: "region as command", with: inputs{"aws-region": "::set-env name=A::b"}, input: "aws-region", want: "is not an AWS region"},
	{name: "region zero", with: inputs{"aws-region": "eu-central-0"}, input: "aws-region", want: "is not an AWS region"},

	{name: "role by name", with: inputs{"role-to-assume": "deploy"}, input: "role-to-assume", want: "arn:aws:iam::"},
	{name: "user", with: inputs{"role-to-assume": "arn:aws:iam::111111111111:user/me"}, input: "role-to-assume", want: "not the ARN of a role"},
	{name: "short account", with: inputs{"role-to-assume": "arn:aws:iam::11111111111:role/hub"}, input: "role-to-assume", want: "12-digit"},
	{name: "assumed role", with: inputs{"role-to-assume": "arn:aws:sts::111111111111:assumed-role/hub/me"}, input: "role-to-assume", want: "not the ARN of a role"},
	{name: "two roles", with: inputs{"role-to-assume": hub + "," + deploy}, input: "role-to-assume", want: "not the ARN of a role"},
	{name: "role with a blank", with: inputs{"role-to-assume": "arn:aws:iam::111111111111:role/the hub"}, input: "role-to-assume", want: "not the ARN of a role"},
	{name: "role with a newline", with: inputs{"role-to-assume": hub + "\n" + deploy}, input: "role-to-assume", want: "control character"},
	{name: "role with an escape sequence", with: inputs{"role-to-assume": hub + "\x1b[2J"}, input: "role-to-assume", want: "control character"},
	{name: "role without name", with: inputs{"role-to-assume": "arn:aws:iam::111111111111:role/"}, input: "role-to-assume", want: "not the ARN of a role"},
	{name: "role with a long name", with: inputs{"role-to-assume": "arn:aws:iam::111111111111:role/" + strings.Repeat("x", 65)}, input: "role-to-assume", want: "not the ARN of a role"},
	{name: "role in China, region not", with: inputs{"role-to-assume": "arn:aws-cn:iam::111111111111:role/hub"}, input: "role-to-assume", want: "partition aws-cn", code: diagnosis.PartitionMismatch},
	{name: "region in GovCloud, role not", with: inputs{"aws-region": "us-gov-west-1"}, input: "role-to-assume", want: "aws-us-gov", code: diagnosis.PartitionMismatch},
	{name: "placeholder left", with: inputs{"role-to-assume": "arn:aws:iam::<account>:role/hub"}, input: "role-to-assume", want: "not the ARN of a role"},

	{name: "chain without a role", with: inputs{"role-to-assume": notGiven, "role-chain": deploy}, input: "role-chain", want: "requires role-to-assume"},
	{name: "chain with a bad line", with: inputs{"role-chain": deploy + "\nnonsense"}, input: "role-chain, line 2", want: `"nonsense"`},
	{name: "chain as a mapping", with: inputs{"role-chain": "role: " + deploy}, input: "role-chain, line 1", want: "expected a list"},
	{name: "chain of broken YAML", with: inputs{"role-chain": "- role: ["}, input: "role-chain, line", want: "not valid YAML"},
	{name: "unknown field", with: inputs{"role-chain": "- role: " + deploy + "\n  externalid: x"}, input: "role-chain, line 2", want: `unknown field "externalid"; did you mean external-id?`},
	{name: "field twice", with: inputs{"role-chain": "- role: " + deploy + "\n  role: " + deploy}, input: "role-chain, line 2", want: `duplicate key "role" (first on line 1)`},
	{name: "hop without role", with: inputs{"role-chain": "- external-id: abc"}, input: "role-chain, line 1", want: "hop 2 has no role"},
	{name: "empty hop", with: inputs{"role-chain": "- "}, input: "role-chain, line 1", want: "is empty"},
	{name: "role as a list", with: inputs{"role-chain": "- role: [a]"}, input: "role-chain, line 1", want: "expected text"},
	{name: "chained hop too long", with: inputs{"role-chain": "- role: " + deploy + "\n  duration-seconds: 7200"}, input: "role-chain, line 2", want: "more than the hour", code: diagnosis.DurationOverChainingHour},
	{name: "chained hop too short", with: inputs{"role-chain": "- role: " + deploy + "\n  duration-seconds: 60"}, input: "role-chain, line 2", want: "900 to 3600"},
	{name: "duration in words", with: inputs{"role-chain": "- role: " + deploy + "\n  duration-seconds: 1h"}, input: "role-chain, line 2", want: `"1h"`},
	{name: "bad external id of a hop", with: inputs{"role-chain": "- role: " + deploy + "\n  external-id: 'a b'"}, input: "role-chain, line 2", want: "not an external id"},
	{name: "bad session name of a hop", with: inputs{"role-chain": "- role: " + deploy + "\n  session-name: 'a b'"}, input: "role-chain, line 2", want: "not a session name"},
	{name: "transitive key without tag", with: inputs{"role-chain": "- role: " + deploy + "\n  transitive-tag-keys: [team]"}, input: "role-chain, line 2", want: `"team" is not among the hop's tags`},
	{name: "tag key twice", with: inputs{"role-chain": "- role: " + deploy + "\n  tags: {Team: a, team: b}"}, input: "role-chain, line 2", want: "without regard to case"},
	{name: "tag of AWS", with: inputs{"role-chain": "- role: " + deploy + "\n  tags: {aws:x: a}"}, input: "role-chain, line 2", want: "begins with aws:"},
	{name: "tag with bad characters", with: inputs{"role-chain": "- role: " + deploy + "\n  tags: {team: 'a;b'}"}, input: "role-chain, line 2", want: "not a value for tag"},
	{name: "tags as a list", with: inputs{"role-chain": "- role: " + deploy + "\n  tags: [a]"}, input: "role-chain, line 2", want: "expected a mapping"},
	{name: "nested tag", with: inputs{"role-chain": "- role: " + deploy + "\n  tags: {team: {a: b}}"}, input: "role-chain, line 2", want: "expected text"},
	{name: "alias in YAML", with: inputs{"role-chain": "- role: &r " + deploy + "\n- role: *r"}, input: "role-chain, line 2", want: "an alias"},
	{name: "two YAML documents", with: inputs{"role-chain": "- role: " + deploy + "\n---\n- role: " + deploy}, input: "role-chain", want: "a single document"},
	{name: "chain into another partition", with: inputs{"role-chain": "arn:aws-cn:iam::222222222222:role/deploy"}, input: "role-chain", want: "partition aws-cn", code: diagnosis.PartitionMismatch},
	{name: "endless chain", with: inputs{"role-chain": strings.Repeat(deploy+"\n", 21)}, input: "role-chain", want: "at most 20"},

	{name: "session name with blanks", with: inputs{"role-session-name": "my session"}, input: "role-session-name", want: "2 to 64"},
	{name: "session name too long", with: inputs{"role-session-name": strings.Repeat("x", 65)}, input: "role-session-name", want: "2 to 64"},
	{name: "session name too short", with: inputs{"role-session-name": "x"}, input: "role-session-name", want: "2 to 64"},
	{name: "session name with a slash", with: inputs{"role-session-name": "a/b"}, input: "role-session-name", want: `"a/b"`},
	{name: "session name as command", with: inputs{"role-session-name": "a\n::add-mask::b"}, input: "role-session-name", want: `it has "\n", ":"`},

	{name: "duration zero", with: inputs{"role-duration-seconds": "0"}, input: "role-duration-seconds", want: "900 to 43200"},
	{name: "duration over twelve hours", with: inputs{"role-duration-seconds": "43201"}, input: "role-duration-seconds", want: "900 to 43200"},
	{name: "duration with a unit", with: inputs{"role-duration-seconds": "1h"}, input: "role-duration-seconds", want: `"1h"`},
	{name: "duration with a point", with: inputs{"role-duration-seconds": "3600.5"}, input: "role-duration-seconds", want: `"3600.5"`},
	{name: "negative duration", with: inputs{"role-duration-seconds": "-3600"}, input: "role-duration-seconds", want: "900 to 43200"},
	{name: "duration with a zero before it", with: inputs{"role-duration-seconds": "03600"}, input: "role-duration-seconds", want: "whole number"},
	{name: "duration beyond an int", with: inputs{"role-duration-seconds": "99999999999999999999"}, input: "role-duration-seconds", want: "whole number"},

	{name: "external id with blanks", with: inputs{"role-external-id": "a b", "role-chain": deploy}, input: "role-external-id", want: "not an external id"},
	{name: "external id too long", with: inputs{"role-external-id": strings.Repeat("x", 1225), "role-chain": deploy}, input: "role-external-id", want: "2 to 1224"},
	{name: "source identity without chain", with: inputs{"source-identity": "octocat"}, input: "source-identity", want: "requires role-chain"},
	{name: "source identity of AWS", with: inputs{"source-identity": "aws:me", "role-chain": deploy}, input: "source-identity", want: "not a source identity"},

	{name: "policy is no JSON", with: inputs{"inline-session-policy": "Allow all"}, input: "inline-session-policy", want: "not a policy in JSON"},
	{name: "policy is a list", with: inputs{"inline-session-policy": "[]"}, input: "inline-session-policy", want: "not a policy in JSON"},
	{name: "policy without statement", with: inputs{"inline-session-policy": `{"Version":"2012-10-17"}`}, input: "inline-session-policy", want: "no Statement"},
	{name: "policy with more behind it", with: inputs{"inline-session-policy": `{"Statement":[]} {}`}, input: "inline-session-policy", want: "not a policy in JSON"},
	{name: "policy too large", with: inputs{"inline-session-policy": `{"Statement":["` + strings.Repeat("x", 2048) + `"]}`}, input: "inline-session-policy", want: "at most 2048", code: diagnosis.SessionPolicyTooLarge},
	{name: "policy with foreign letters", with: inputs{"inline-session-policy": `{"Statement":["дом"]}`}, input: "inline-session-policy", want: "U+00FF"},
	{name: "managed policy by name", with: inputs{"managed-session-policies": "ReadOnlyAccess"}, input: "managed-session-policies", want: "not the ARN of a managed policy"},
	{name: "managed policy elsewhere", with: inputs{"managed-session-policies": "arn:aws:iam::999999999999:policy/x"}, input: "managed-session-policies", want: "not in account 111111111111"},
	{name: "too many managed policies", with: inputs{"managed-session-policies": strings.Repeat("arn:aws:iam::aws:policy/ReadOnlyAccess\n", 11)}, input: "managed-session-policies", want: "at most 10"},

	{name: "account too short", with: inputs{"allowed-account-ids": "1111"}, input: "allowed-account-ids", want: `"1111"`},
	{name: "account in words", with: inputs{"allowed-account-ids": "111111111111,prod"}, input: "allowed-account-ids", want: `"prod"`},
	{name: "only commas", with: inputs{"allowed-account-ids": ",,"}, input: "allowed-account-ids", want: "names no account"},
	{name: "account not allowed", with: inputs{"allowed-account-ids": "999999999999"}, input: "allowed-account-ids", want: "account 111111111111", code: diagnosis.AccountNotAllowed},

	{name: "boolean yes", with: inputs{"mask-aws-account-id": "yes"}, input: "mask-aws-account-id", want: "use true or false"},
	{name: "boolean 1", with: inputs{"output-credentials": "1"}, input: "output-credentials", want: `"1"`},
	{name: "boolean in mixed case", with: inputs{"output-env-credentials": "tRue"}, input: "output-env-credentials", want: `"tRue"`},
	{name: "boolean on", with: inputs{"disable-retry": "on"}, input: "disable-retry", want: "not a boolean"},
	{name: "fewer than no attempts", with: inputs{"retry-max-attempts": "-1"}, input: "retry-max-attempts", want: "1 to 100"},
	{name: "attempts with zeros before them", with: inputs{"retry-max-attempts": "0500"}, input: "retry-max-attempts", want: "1 to 100"},
	{name: "attempts in words", with: inputs{"retry-max-attempts": "twelve"}, input: "retry-max-attempts", want: `"twelve"`},
	{name: "no time", with: inputs{"action-timeout-s": "-1"}, input: "action-timeout-s", want: "1 to 21600"},
	{name: "missing token word", with: inputs{"on-missing-token": "ignore"}, input: "on-missing-token", want: "fail or skip"},
	{name: "summary word", with: inputs{"job-summary": "yes"}, input: "job-summary", want: "failure or always or never"},

	{name: "endpoint without scheme", with: inputs{"sts-endpoint": "sts.amazonaws.com"}, input: "sts-endpoint", want: "https://host"},
	{name: "endpoint in the clear", with: inputs{"sts-endpoint": "http://sts.example.com"}, input: "sts-endpoint", want: "unencrypted"},
	{name: "endpoint with password", with: inputs{"sts-endpoint": "https://user:hunter2@sts.example.com"}, input: "sts-endpoint", want: "without them"},
	{name: "endpoint with a raw password", with: inputs{"sts-endpoint": "https://user:hu@#hunter2@sts.example.com"}, input: "sts-endpoint", want: "without them"},
	{name: "endpoint with password and bad port", with: inputs{"sts-endpoint": "https://user:hunter2@sts.example.com:bad"}, input: "sts-endpoint", want: "without them"},
	{name: "endpoint with password and control character", with: inputs{"sts-endpoint": "https://user:hunter2\x01@sts.example.com"}, input: "sts-endpoint", want: "the value has the control character"},
	{name: "endpoint with a query", with: inputs{"sts-endpoint": "https://sts.example.com/?k=hunter2"}, input: "sts-endpoint", want: "query"},
	{name: "endpoint with an empty query", with: inputs{"sts-endpoint": "https://sts.example.com/?"}, input: "sts-endpoint", want: "query"},
	{name: "endpoint with a fragment", with: inputs{"sts-endpoint": "https://sts.example.com/#hunter2"}, input: "sts-endpoint", want: "fragment"},
	{name: "endpoint variable with password", env: inputs{"AWS_ENDPOINT_URL_STS": "https://user:hunter2@sts.example.com"}, input: "AWS_ENDPOINT_URL_STS", want: "without them"},
	{name: "endpoint variable with a query", env: inputs{"AWS_ENDPOINT_URL_STS": "https://sts.example.com?k=hunter2"}, input: "AWS_ENDPOINT_URL_STS", want: "query"},
	{name: "endpoint of another kind", with: inputs{"sts-endpoint": "file:///etc/passwd"}, input: "sts-endpoint", want: "not the URL"},
	{name: "proxy with a raw @", with: inputs{"http-proxy": "http://ci:hu@hunter2@127.0.0.1:9"}, input: "http-proxy", want: "encode @ as %40"},
	{name: "proxy with a raw #", with: inputs{"http-proxy": "http://ci:hunter2#x@127.0.0.1:9"}, input: "http-proxy", want: "# as %23"},
	{name: "proxy with a raw /", with: inputs{"http-proxy": "http://ci:hunter2/x@127.0.0.1:9"}, input: "http-proxy", want: "/ as %2F"},
	{name: "proxy with a raw ?", with: inputs{"http-proxy": "ci:hunter2?x@127.0.0.1:9"}, input: "http-proxy", want: "? as %3F"},
	{name: "proxy with a raw %", with: inputs{"http-proxy": "http://ci:%hunter2@127.0.0.1:9"}, input: "http-proxy", want: "% as %25"},
	{name: "proxy with a control character", with: inputs{"http-proxy": "http://ci:hunter2\x01@127.0.0.1:9"}, input: "http-proxy", want: "the value has the control character"},
	{name: "proxy with a bad port", with: inputs{"http-proxy": "http://ci:hunter2@127.0.0.1:bad"}, input: "http-proxy", want: "not the URL of a proxy"},
	{name: "proxy of another kind", with: inputs{"http-proxy": "ftp://ci:hunter2@127.0.0.1:9"}, input: "http-proxy", want: "unsupported scheme"},
	{name: "HTTPS_PROXY with a raw #", env: inputs{"HTTPS_PROXY": "http://ci:hunter2#x@127.0.0.1:9"}, input: "HTTPS_PROXY", want: "# as %23"},
	{name: "HTTP_PROXY with a raw @", env: inputs{"HTTP_PROXY": "http://ci:hu@hunter2@127.0.0.1:9"}, input: "HTTP_PROXY", want: "encode @ as %40"},
	{name: "https_proxy with a raw /", env: inputs{"https_proxy": "http://ci:hunter2/x@127.0.0.1:9"}, input: "https_proxy", want: "/ as %2F"},
	{name: "http_proxy with a bad port", env: inputs{"http_proxy": "http://ci:hunter2@127.0.0.1:bad"}, input: "http_proxy", want: "not the URL of a proxy"},
	{name: "endpoint and FIPS", env: inputs{"AWS_ENDPOINT_URL_STS": "https://sts.example.com", "AWS_USE_FIPS_ENDPOINT": "true"}, input: "AWS_ENDPOINT_URL_STS", want: "cannot be combined with AWS_USE_FIPS_ENDPOINT"},
	{name: "endpoint variable", env: inputs{"AWS_ENDPOINT_URL_STS": "http://sts.example.com"}, input: "AWS_ENDPOINT_URL_STS", want: "unencrypted"},
	{name: "audience with a newline", with: inputs{"audience": "a\nb"}, input: "audience", want: "control character"},
	{name: "audience with a null", with: inputs{"audience": "a\x00b"}, input: "audience", want: "control character"},
}

func TestBadInputs(t *testing.T) {
	if len(badInputs) < 60 {
		t.Fatalf("only %d bad inputs", len(badInputs))
	}
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer server.Close()
	for _, tt := range badInputs {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			environ := []string{
				"RUNNER_TEMP=" + dir, "GITHUB_RUN_ID=1", "GITHUB_RUN_ATTEMPT=1", "GITHUB_JOB=test", "INPUT_RUNNER-TEMP=host:" + dir,
				"ACTIONS_ID_TOKEN_REQUEST_URL=" + server.URL + "/token?v=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=bearer",
			}
			if tt.env["AWS_ENDPOINT_URL_STS"] == "" {
				environ = append(environ, "AWS_ENDPOINT_URL_STS="+server.URL)
			}
			for _, name := range []string{"ENV", "OUTPUT", "STATE", "STEP_SUMMARY"} {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				environ = append(environ, "GITHUB_"+name+"="+path)
			}
			with := inputs{"aws-region": "eu-central-1", "role-to-assume": hub}
			for name, value := range tt.with {
				with[name] = value
			}
			for name, value := range with {
				environ = append(environ, "INPUT_"+strings.ToUpper(name)+"="+value)
			}
			for name, value := range tt.env {
				environ = append(environ, name+"="+value)
			}
			var log bytes.Buffer
			code := Step{Environ: environ, Stdout: &log, HTTP: transport.New, Now: time.Now, Sleep: retry.Sleep, Rehearsed: server.URL}.Run(context.Background())

			want := tt.code
			if want == "" {
				want = diagnosis.InvalidInput
			}
			if code != diagnosis.ExitUsage {
				t.Errorf("exit code %d, want %d", code, diagnosis.ExitUsage)
			}
			lines := slices.DeleteFunc(strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n"), func(line string) bool {
				return strings.HasPrefix(line, "::add-mask::")
			})
			if len(lines) != 1 || !strings.HasPrefix(lines[0], "::error title="+string(want)+"::") {
				t.Fatalf("want one %s annotation, got:\n%s", want, log.String())
			}
			message := strings.NewReplacer("%0A", "\n", "%25", "%").Replace(lines[0])
			noun := "input "
			if tt.env != nil {
				noun = "variable "
			}
			if n := strings.Count(message, "input ") + strings.Count(message, "variable "); n < 1 || !strings.Contains(message, noun+tt.input) {
				t.Errorf("the message does not name %s%s:\n%s", noun, tt.input, message)
			}
			if !strings.Contains(message, tt.want) {
				t.Errorf("the message lacks %q:\n%s", tt.want, message)
			}
			message, linked := strings.CutSuffix(message, "\nSee "+want.Page(""))
			if !linked {
				t.Errorf("the message does not end with a link:\n%s", message)
			}
			message, told := strings.CutSuffix(message, "\ncode: "+string(want))
			if told != (want != diagnosis.InvalidInput) {
				t.Errorf("the log has no code %s:\n%s", want, message)
			}
			if strings.Count(message, "\n") > 0 {
				t.Errorf("one mistake gave several messages:\n%s", message)
			}
			if strings.Contains(message, "hunter2") || strings.ContainsAny(message, "\x1b\x00\r") {
				t.Errorf("the message holds what it should not: %q", message)
			}
			for _, name := range []string{"ENV", "OUTPUT"} {
				if content, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(content) > 0 {
					t.Errorf("%s was written: %q %v", name, content, err)
				}
			}
		})
	}
	if calls.Load() != 0 {
		t.Errorf("%d network calls were made", calls.Load())
	}
}

func TestEveryProblemIsToldAtOnce(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	if err := os.WriteFile(state, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	Step{Environ: []string{
		"GITHUB_STATE=" + state, "INPUT_AWS-REGION=nowhere", "INPUT_ROLE-TO-ASSUME=me", "INPUT_ROLE-CHAIN=- rolle: x",
		"INPUT_ROLE-DURATION-SECONDS=1", "INPUT_INLINE-SESSION-POLICY=x", "INPUT_DISABLE-RETRY=maybe",
	}, Stdout: &log, HTTP: transport.New, Now: time.Now, Sleep: retry.Sleep}.Run(context.Background())
	for _, input := range []string{"aws-region", "role-to-assume", "role-chain, line 1", "role-duration-seconds", "inline-session-policy", "disable-retry"} {
		if !strings.Contains(log.String(), "input "+input) {
			t.Errorf("%s is not named in:\n%s", input, log.String())
		}
	}
}
