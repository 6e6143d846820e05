package action

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/transport"
)

func TestLoginThroughAChain(t *testing.T) {
	w := newWorld(t, "")
	r := w.use(inputs{"job-summary": "always"})
	if r.Failed {
		t.Fatal(w.Job.Log())
	}
	if got := w.Calls(); got != "token AssumeRoleWithWebIdentity AssumeRole" {
		t.Errorf("calls: %s", got)
	}
	last := w.Server.Calls()[2]
	want := map[string]string{
		"AWS_ACCESS_KEY_ID":  last.AccessKey,
		"AWS_REGION":         "eu-central-1",
		"AWS_DEFAULT_REGION": "eu-central-1",
	}
	for name, value := range want {
		if r.Env[name] != value {
			t.Errorf("%s=%q, want %q", name, r.Env[name], value)
		}
	}
	if len(r.Env) != 5 || len(r.Env["AWS_SECRET_ACCESS_KEY"]) != 40 || r.Env["AWS_SESSION_TOKEN"] == "" {
		t.Errorf("exported %v", r.Env)
	}
	name := r.Outputs["role-session-name"]
	if !strings.HasPrefix(name, "GitHubActions-"+w.Job.Getenv("GITHUB_RUN_ID")+"-") {
		t.Errorf("session name %q", name)
	}
	for output, value := range map[string]string{
		"authenticated":     "true",
		"aws-account-id":    "222222222222",
		"authenticated-arn": "arn:aws:sts::222222222222:assumed-role/deploy/" + name,
		"aws-expiration":    last.Expires.UTC().Format(time.RFC3339),
	} {
		if r.Outputs[output] != value {
			t.Errorf("output %s=%q, want %q", output, r.Outputs[output], value)
		}
	}
	if len(r.Outputs) != 6 || !strings.HasSuffix(r.Outputs["assumed-role-id"], ":"+name) {
		t.Errorf("outputs %v", r.Outputs)
	}
	if log := w.Job.Log(); !strings.Contains(log, name) || strings.Contains(log, last.AccessKey) {
		t.Errorf("log:\n%s", log)
	}
	if !strings.Contains(r.Summary, "222222222222") || !strings.Contains(r.Summary, "deploy") {
		t.Errorf("summary:\n%s", r.Summary)
	}
}

func must(w *world, err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// TestNoSecretLeaks reads every byte that the phases write anywhere: nothing
// secret is written before its mask, and nothing at all outside the files of the
// environment, the outputs and the profiles.
func TestNoSecretLeaks(t *testing.T) {
	for name, with := range map[string]inputs{
		"plain":          {},
		"outputs":        {"output-credentials": "true", "job-summary": "always"},
		"masked account": {"mask-aws-account-id": "true", "job-summary": "always"},
		"profile":        {"aws-profile": "deploy", "job-summary": "always"},
		"no environment": {"output-env-credentials": "false", "job-summary": "always"},
		"refused":        {"role-chain": "arn:aws:iam::222222222222:role/missing", "job-summary": "always", "mask-aws-account-id": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			r := w.use(with)
			requestToken := w.Job.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
			secrets := append([]string{requestToken}, w.Secrets()...)
			if len(secrets) < 5 || requestToken == "" {
				t.Fatalf("only %d secrets to look for", len(secrets))
			}
			before := w.files(t)
			w.finish()

			masked := map[string]bool{}
			for _, write := range w.Job.Raw() {
				for line := range strings.Lines(string(write.Data)) {
					if value, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "::add-mask::"); ok {
						masked[value] = true
						continue
					}
					for _, s := range secrets {
						if strings.Contains(line, s) {
							t.Errorf("a secret was printed (masked: %t): %s", masked[s], line)
						}
					}
				}
			}
			for _, s := range w.Secrets() {
				if !masked[s] {
					t.Errorf("never masked: %.8s…", s)
				}
			}
			for path, content := range before {
				if strings.Contains(path, "set_env_") || strings.Contains(path, "set_output_") || strings.HasSuffix(path, jobstate.DirName+"/credentials") {
					continue
				}
				for _, s := range secrets {
					if strings.Contains(path, "state.json") && strings.HasPrefix(s, "ASIA") {
						continue // the access key id alone, by which the state knows a session
					}
					if strings.Contains(content, s) {
						t.Errorf("%s holds a secret", path)
					}
				}
			}
			for path, content := range w.files(t) {
				for _, s := range secrets {
					if !strings.Contains(path, "_runner_file_commands") && strings.Contains(content, s) {
						t.Errorf("after the post phase %s holds a secret", path)
					}
				}
			}
			if with["mask-aws-account-id"] != "" && strings.Contains(w.Job.Log()+r.Summary, "222222222222") {
				t.Errorf("the account id is shown:\n%s\n%s", w.Job.Log(), r.Summary)
			}
			if entries, err := os.ReadDir(w.Job.Workspace()); err != nil || len(entries) != 0 {
				t.Errorf("the workspace holds %v", entries)
			}
		})
	}
}

// files reads everything below the job's directories.
func (w *world) files(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	root := filepath.Dir(w.Job.Temp())
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestStateIsPrivate(t *testing.T) {
	w := newWorld(t, "")
	w.use(inputs{"aws-profile": "deploy"})
	for _, path := range append(w.temp(), filepath.Join(w.Job.Temp(), jobstate.DirName)) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]os.FileMode{true: 0o700, false: 0o600}[info.IsDir()]; info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
	}
}

// retryable are the faults after which another try may succeed, with the call
// that they hit; permanent ones the others, with their code.
var (
	retryable = []struct{ call, fault string }{
		{"token", "http-500"}, {"token", "http-503"}, {"token", "http-429"}, {"token", "reset"},
		{"token", "no-value"}, {"token", "not-json"}, {"token", "empty-body"}, {"token", "truncated"}, {"token", "wrong-content-type"},
		{"AssumeRoleWithWebIdentity", "throttling"}, {"AssumeRoleWithWebIdentity", "request-limit-exceeded"},
		{"AssumeRoleWithWebIdentity", "verification-key"}, {"AssumeRoleWithWebIdentity", "idp-communication"},
		{"AssumeRoleWithWebIdentity", "http-500"}, {"AssumeRoleWithWebIdentity", "http-502"}, {"AssumeRoleWithWebIdentity", "http-503"}, {"AssumeRoleWithWebIdentity", "http-504"},
		{"AssumeRoleWithWebIdentity", "reset"}, {"AssumeRoleWithWebIdentity", "truncated"}, {"AssumeRoleWithWebIdentity", "wrong-content-type"}, {"AssumeRoleWithWebIdentity", "empty-body"},
		{"AssumeRole", "throttling"}, {"AssumeRole", "http-500"}, {"AssumeRole", "http-503"}, {"AssumeRole", "truncated"}, {"AssumeRole", "empty-body"},
	}
	permanent = []struct{ call, fault, code string }{
		{"token", "http-401", "id-token-endpoint"}, {"token", "http-403", "id-token-endpoint"}, {"token", "http-404", "id-token-endpoint"},
		{"AssumeRoleWithWebIdentity", "idp-rejected-claim", "web-identity-not-authorized"},
		{"AssumeRoleWithWebIdentity", "packed-policy", "session-policy-too-large"},
		{"AssumeRoleWithWebIdentity", "region-disabled", "region-disabled"},
		{"AssumeRoleWithWebIdentity", "http-400", "sts-unreachable"}, {"AssumeRoleWithWebIdentity", "http-403", "sts-unreachable"},
		{"AssumeRole", "packed-policy", "session-policy-too-large"}, {"AssumeRole", "region-disabled", "region-disabled"},
	}
)

func faulty(fault, call string, times int) string {
	often := ", times: always"
	if times > 0 {
		often = fmt.Sprintf(", times: %d", times)
	}
	return scenario.BuiltinSource()[:strings.Index(scenario.BuiltinSource(), "expect:")] +
		fmt.Sprintf("faults:\n  - {call: %s, fault: %s%s}\n", call, fault, often)
}

func count(calls, kind string) int {
	return len(slices.DeleteFunc(strings.Fields(calls), func(c string) bool { return c != kind }))
}

func TestRetryableFaultsAreSurvived(t *testing.T) {
	for i, tt := range retryable {
		if propertytest.LeaveOut(i, 6) {
			continue
		}
		for times := 1; times <= 2; times++ {
			t.Run(fmt.Sprintf("%s/%s/%d", tt.call, tt.fault, times), func(t *testing.T) {
				w := newWorld(t, faulty(tt.fault, tt.call, times))
				if r := w.use(nil); r.Failed {
					t.Fatal(w.Job.Log())
				}
				if got := count(w.Calls(), tt.call); got != times+1 {
					t.Errorf("%d calls: %s", got, w.Calls())
				}
				if len(w.Waits()) < times {
					t.Errorf("%d waits", len(w.Waits()))
				}
			})
		}
		t.Run(tt.call+"/"+tt.fault+"/disabled", func(t *testing.T) {
			w := newWorld(t, faulty(tt.fault, tt.call, 1))
			if r := w.use(inputs{"disable-retry": "true"}); !r.Failed {
				t.Error("it was tried again")
			}
			if got := count(w.Calls(), tt.call); got != 1 {
				t.Errorf("%d calls", got)
			}
		})
		t.Run(tt.call+"/"+tt.fault+"/for ever", func(t *testing.T) {
			w := newWorld(t, faulty(tt.fault, tt.call, 0))
			r := w.use(inputs{"retry-max-attempts": "4"})
			if !r.Failed || len(r.Env)+len(r.Outputs) != 0 {
				t.Errorf("exported %v", r.Env)
			}
			if got := count(w.Calls(), tt.call); got != 4 {
				t.Errorf("%d calls", got)
			}
		})
	}
}

// The second hop goes over the connection of the first. Where the server has
// closed that, the request goes out again at once, which is no try; over the new
// connection it is.
func TestAResetOfAKeptConnectionIsNoTry(t *testing.T) {
	for times, survived := range map[int]bool{1: true, 2: false} {
		w := newWorld(t, faulty("reset", "AssumeRole", times))
		r := w.use(inputs{"disable-retry": "true"})
		if r.Failed == survived || len(w.Waits()) > 0 {
			t.Errorf("%d resets: failed %t after %d waits\n%s", times, r.Failed, len(w.Waits()), w.Job.Log())
		}
		if got := count(w.Calls(), "AssumeRole"); got != 2 {
			t.Errorf("%d resets: %d calls: %s", times, got, w.Calls())
		}
	}
}

func TestPermanentFaultsAreToldAtOnce(t *testing.T) {
	for _, tt := range permanent {
		t.Run(tt.call+"/"+tt.fault, func(t *testing.T) {
			w := newWorld(t, faulty(tt.fault, tt.call, 0))
			w.failed(w.use(nil), tt.code)
			if got := count(w.Calls(), tt.call); got != 1 {
				t.Errorf("%d calls: %s", got, w.Calls())
			}
		})
	}
}

func TestAnExpiredTokenIsReplacedOnce(t *testing.T) {
	w := newWorld(t, faulty("expired-token", "AssumeRoleWithWebIdentity", 1))
	if r := w.use(nil); r.Failed {
		t.Fatal(w.Job.Log())
	}
	if got := w.Calls(); got != "token AssumeRoleWithWebIdentity token AssumeRoleWithWebIdentity AssumeRole" {
		t.Errorf("calls: %s", got)
	}
	w = newWorld(t, faulty("expired-token", "AssumeRoleWithWebIdentity", 0))
	w.failed(w.use(nil), "clock-skew")
	if got := w.Calls(); got != "token AssumeRoleWithWebIdentity token AssumeRoleWithWebIdentity" {
		t.Errorf("calls: %s", got)
	}
}

func TestAHangEndsAtTheDeadline(t *testing.T) {
	for _, call := range []string{"token", "AssumeRoleWithWebIdentity", "AssumeRole"} {
		t.Run(call, func(t *testing.T) {
			w := newWorld(t, faulty("hang", call, 0))
			message := w.failed(w.use(inputs{"action-timeout-s": "1"}), "deadline")
			if !strings.Contains(message, "action-timeout-s") {
				t.Errorf("message: %s", message)
			}
		})
	}
}

func TestNothingIsLeftIfAFileCannotBeWritten(t *testing.T) {
	for _, variable := range []string{"GITHUB_ENV", "GITHUB_OUTPUT"} {
		for _, target := range []string{"/dev/full", "/nonexistent/file"} {
			t.Run(variable+target, func(t *testing.T) {
				w := newWorld(t, "")
				result, err := w.Job.Run(context.Background(), func(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
					return w.step(ctx, append(environ, variable+"="+target), stdout, stderr)
				}, mergedInputs(w, inputs{"aws-profile": "p", "output-env-credentials": "true"}))
				if err != nil {
					t.Fatal(err)
				}
				w.failed(result, "failed")
				if files := w.temp(); len(files) != 0 {
					t.Errorf("left behind: %v", files)
				}
			})
		}
	}
}

func mergedInputs(w *world, with inputs) map[string]string {
	all := maps.Clone(w.Server.Scenario().Steps[0])
	maps.Copy(all, with)
	return all
}

// TestBareProgram: without a single INPUT_ variable, as a program that no runner
// starts, the variables of configure-aws-credentials count.
func TestBareProgram(t *testing.T) {
	text := strings.Replace(scenario.BuiltinSource(), "workflow:\n", "workflow:\n  env: {AWS_REGION: eu-central-1, ROLE_TO_ASSUME: 'arn:aws:iam::111111111111:role/github-hub'}\n", 1)
	w := newWorld(t, text)
	r, err := w.Job.Run(context.Background(), func(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
		for _, pair := range environ {
			if strings.HasPrefix(pair, "INPUT_") {
				t.Errorf("there is an input: %s", pair)
			}
		}
		return w.step(ctx, environ, stdout, stderr)
	}, nil)
	if err != nil || r.Failed || w.Calls() != "token AssumeRoleWithWebIdentity" || r.Outputs["aws-account-id"] != "111111111111" {
		t.Errorf("%v, calls %s\n%s", err, w.Calls(), w.Job.Log())
	}
}

func TestWithoutAToken(t *testing.T) {
	base := scenario.BuiltinSource()
	noToken := strings.Replace(base, "workflow:\n", "workflow:\n  id-token: false\n", 1)
	w := newWorld(t, noToken)
	message := w.failed(w.use(nil), "id-token-permission-missing")
	if !strings.Contains(message, "id-token: write") || w.Calls() != "" {
		t.Errorf("message %q, calls %s", message, w.Calls())
	}
	w.finish()
}

func TestAWrongClockIsPutRight(t *testing.T) {
	text := scenario.BuiltinSource()[:strings.Index(scenario.BuiltinSource(), "expect:")]
	const again = "token AssumeRoleWithWebIdentity AssumeRole AssumeRole"
	for offset, want := range map[string]struct{ calls, warning string }{
		"20m":  {again, "the runner's clock is 20m0s behind AWS's"},
		"-3h":  {again, "the runner's clock is 3h0m0s ahead of AWS's"},
		"-30s": {"token AssumeRoleWithWebIdentity AssumeRole", ""},
	} {
		w := newWorld(t, text+"faults: [{call: AssumeRole, fault: clock-skew, offset: "+offset+", times: always}]\n")
		r := w.use(nil)
		if r.Failed {
			t.Fatal(w.Job.Log())
		}
		if got := w.Calls(); got != want.calls {
			t.Errorf("%s: calls %s", offset, got)
		}
		if log := w.Job.Log(); !strings.Contains(log, want.warning) || strings.Contains(log, "the runner's clock") != (want.warning != "") {
			t.Errorf("%s: no warning %q, or one too many:\n%s", offset, want.warning, log)
		}
		// SDKs look at the end by the same clock.
		end, err := time.Parse(time.RFC3339, r.Outputs["aws-expiration"])
		if left := end.Sub(w.Time); err != nil || (left-time.Hour).Abs() > time.Minute {
			t.Errorf("%s: a session of an hour ends in %v, %v", offset, left, err)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Existing credentials are looked at before a token is demanded, and within the
// same deadline as the login.
func TestExistingCredentialsComeFirst(t *testing.T) {
	world := strings.Replace(tableWorld, "# more of the workflow", "id-token: false", 1)
	w := newWorld(t, world)
	if r := w.use(inputs{"aws-access-key-id": ciID, "aws-secret-access-key": ciSecret, "role-to-assume": deployRole}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	r := w.use(inputs{"role-to-assume": deployRole, "use-existing-credentials": "true"})
	if r.Failed || !strings.Contains(r.Outputs["authenticated-arn"], ":assumed-role/deploy/") {
		t.Errorf("a job without a token did not keep its credentials:\n%s", w.Job.Log())
	}
	w.failed(w.use(inputs{"role-to-assume": "arn:aws:iam::111111111111:role/hub", "use-existing-credentials": "true"}), "id-token-permission-missing")

	w = newWorld(t, strings.Replace(tableWorld, "# more of the workflow", "env: {AWS_ACCESS_KEY_ID: AKIANOBODYKNOWSME000, AWS_SECRET_ACCESS_KEY: x}", 1)+"\nfaults: [{call: any, fault: hang, times: always}]\n")
	var deadlines []time.Time // of the requests
	r, err := w.Job.Run(t.Context(), func(ctx context.Context, environ []string, stdout, _ io.Writer) int {
		s := w.newStep(environ, stdout)
		s.HTTP = func(o transport.Options) *http.Client {
			client := w.Client(o)
			next := client.Transport
			client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				deadline, _ := r.Context().Deadline()
				deadlines = append(deadlines, deadline)
				return next.RoundTrip(r)
			})
			return client
		}
		return s.Run(ctx)
	}, mergedInputs(w, inputs{"use-existing-credentials": "true", "action-timeout-s": "2"}))
	must(w, err)
	w.failed(r, "deadline")
	if calls := w.Calls(); calls != "GetCallerIdentity token" || len(deadlines) != 2 {
		t.Fatalf("calls %s with deadlines %v", calls, deadlines)
	}
	// Half of the step's time is for existing credentials.
	if more := deadlines[1].Sub(deadlines[0]); more <= 0 || more > time.Second {
		t.Errorf("the login has %v more than the existing credentials", more)
	}
}
