package action

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/scenario"
)

// refusedProfiles are n profiles that each fail for a reason of their own, with
// a long diagnosis.
func refusedProfiles(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "deployment-%d: arn:aws:iam::%d:role/a-role-that-is-not-there-%d\n", i, 100000000000+i, i)
	}
	return b.String()
}

// Diagnoses that are too long for an annotation: the annotation has all names
// and codes, and of the first profile what to do; the log and the summary have
// everything but the claims, which decide nothing at a later hop.
func TestDiagnosesBeyondAnAnnotation(t *testing.T) {
	w := newWorld(t, landingZone(3, ""))
	r := w.use(inputs{"profiles": refusedProfiles(3)})
	message := w.failed(r, "profiles-failed")
	log := w.Job.Log()
	_, details, ok := strings.Cut(log, "##[group]Details of profiles-failed\n")
	details, after, end := strings.Cut(details, "##[endgroup]\n")
	if !ok || !end || after != "" {
		t.Fatalf("the log does not end with the details:\n%s", log)
	}
	if len(details) <= 4096 {
		t.Fatalf("the diagnoses have only %d characters", len(details))
	}
	if n := len(utf16.Encode([]rune(message))); n > 4096 || !strings.HasSuffix(message, "\nFor details, see the log of this step.\nSee "+diagnosis.ProfilesFailed.Page("test")) {
		t.Errorf("the annotation has %d characters:\n%s", n, message)
	}
	if !strings.HasPrefix(message, "chained-role-refused: deployment-1, deployment-2, deployment-3\nprofile deployment-1: AWS refused hop 2 of 2, arn:aws:iam::100000000001:role/a-role-that-is-not-there-1: ") {
		t.Errorf("the annotation begins with:\n%s", message)
	}
	for _, want := range []string{"\npossible cause: ", "\naws iam get-role --profile PROFILE --role-name a-role-that-is-not-there-1 > "} {
		if !strings.Contains(message, want) {
			t.Errorf("the annotation lacks %q:\n%s", want, message)
		}
	}
	for _, whole := range []string{details, r.Summary} {
		for i := 1; i <= 3; i++ {
			for _, want := range []string{"profile deployment-%[1]d: AWS refused hop 2 of 2", "; account 10000000000%[1]d has no role", "role/a-role-that-is-not-there-%[1]d"} {
				if want = fmt.Sprintf(want, i); !strings.Contains(whole, want) {
					t.Errorf("log or summary lack %q:\n%s", want, whole)
				}
			}
		}
		if strings.Contains(whole, "token claims:") {
			t.Errorf("the claims decide nothing at hop 2:\n%s", whole)
		}
	}
}

// The warning of profiles that failed beside others is cut in the same way.
func TestWarningsBeyondAnAnnotation(t *testing.T) {
	w := newWorld(t, landingZone(9, ""))
	r := w.use(inputs{"profiles": refusedProfiles(8) + "works: arn:aws:iam::100000000009:role/deploy\n", "on-profile-error": "continue"})
	if r.Failed {
		t.Fatal(w.Job.Log())
	}
	annotations := w.Job.Annotations()
	if len(annotations) != 1 || annotations[0].Level != "warning" || annotations[0].Title != "profiles-failed" {
		t.Fatalf("annotations: %+v", annotations)
	}
	if message := annotations[0].Message; !strings.HasPrefix(message, "chained-role-refused: deployment-1, deployment-2, ") || !strings.HasSuffix(message, "\nFor details, see the log of this step.\nSee "+diagnosis.ProfilesFailed.Page("test")) {
		t.Errorf("the warning:\n%s", message)
	}
	if log := w.Job.Log(); !strings.Contains(log, "##[group]Details of profiles-failed\n") || strings.Count(log, "; account 10000000000") != 8 || strings.Contains(log, "token claims:") {
		t.Errorf("log:\n%s", log)
	}
}

// Problems with very many inputs are all in the log.
func TestProblemsBeyondAnAnnotation(t *testing.T) {
	var profiles strings.Builder
	for i := range 200 {
		fmt.Fprintf(&profiles, "p%d: arn:aws:iam::%d:user/u%d\n", i, 100000000000+i, i)
	}
	w := newWorld(t, landingZone(1, ""))
	message := w.failed(w.use(inputs{"profiles": profiles.String()}), "invalid-input")
	if n := strings.Count(message, "input profiles, line "); n < 10 || n > 199 || !strings.HasPrefix(message, "input profiles, line 1: ") {
		t.Errorf("the annotation names %d problems:\n%s", n, message)
	}
	_, details, _ := strings.Cut(w.Job.Log(), "##[group]Details of invalid-input\n")
	if n := strings.Count(details, "input profiles, line "); n != 200 {
		t.Errorf("the details name %d problems", n)
	}
}

var twelveDigits = regexp.MustCompile(`[0-9]{12,}`)

// Whatever a step prints, no account id is in it: not one that only a profiles
// file, AWS's text, a policy or a variable names. Those that are known are
// masked for later steps too.
func TestMaskedAccountsDoNotGetOut(t *testing.T) {
	const masking = "true"
	profiles := "works: arn:aws:iam::100000000001:role/deploy\nlost: arn:aws:iam::100000000002:role/lost\n"
	for name, tt := range map[string]struct {
		with   inputs
		files  map[string]string
		masked []string // besides the hub's account
	}{
		"a warning of profiles":        {inputs{"profiles": profiles, "on-profile-error": "continue"}, nil, []string{"100000000001", "100000000002"}},
		"a warning of a profiles file": {inputs{"profiles-file": "p.yml", "on-profile-error": "continue"}, map[string]string{"p.yml": profiles}, []string{"100000000001", "100000000002"}},
		"a failure of a profiles file": {inputs{"profiles-file": "p.yml"}, map[string]string{"p.yml": profiles}, []string{"100000000001", "100000000002"}},
		"a problem of a profiles file": {inputs{"profiles-file": "p.yml"}, map[string]string{"p.yml": "x: arn:aws:iam::100000000001:user/x\n"}, nil},
		"a refused hop":                {inputs{"role-chain": "arn:aws:iam::100000000001:role/lost"}, nil, []string{"100000000001"}},
		"a policy of other accounts": {inputs{"role-chain": "arn:aws:iam::100000000001:role/lost", "trust-policy-file": "lost.json"},
			map[string]string{"lost.json": strings.ReplaceAll(trustsMain, "111111111111", "777777777777")}, []string{"100000000001"}},
		"an account that is not allowed": {inputs{"allowed-account-ids": "222222222222", "use-existing-credentials": "true"}, nil, []string{"222222222222"}},
		"a value that is no account":     {inputs{"allowed-account-ids": "2222-2222-2222"}, nil, []string{"222222222222"}},
		"a success":                      {inputs{"role-chain": "arn:aws:iam::100000000001:role/deploy"}, nil, []string{"100000000001"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, landingZone(2, ""))
			w.lay(tt.files)
			with := inputs{"mask-aws-account-id": masking, "job-summary": "always"}
			for input, value := range tt.with {
				with[input] = value
			}
			r := w.use(with)
			w.finish()
			log, commands := printed(w.Job)
			if id := twelveDigits.FindString(log); id != "" {
				t.Errorf("%s is in the log:\n%s", id, log)
			}
			if id := twelveDigits.FindString(r.Summary); id != "" {
				t.Errorf("%s is in the summary:\n%s", id, r.Summary)
			}
			for _, id := range append(tt.masked, "111111111111") {
				if !strings.Contains(commands, "::add-mask::"+id+"\n") {
					t.Errorf("%s is not masked", id)
				}
			}
		})
	}
}

// What the post step says of renewals that failed is masked and fits as well:
// the post phase has no plan.
func TestMaskedAccountsDoNotGetOutOfRenewals(t *testing.T) {
	w := newWorld(t, scenario.BuiltinSource()+"\nfaults: [{call: AssumeRole, fault: region-disabled, after: 1, times: always}]\n")
	if r := w.use(inputs{"refresh": "true", "mask-aws-account-id": "true"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	w.Time = w.Time.Add(2 * time.Hour)
	if _, d := w.ask("default").Get(t.Context(), "default"); d == nil || !strings.Contains(d.Text(), "222222222222") {
		t.Fatalf("the renewal ended with %v", d)
	}
	w.finish()
	log, _ := printed(w.Job)
	if id := twelveDigits.FindString(log); id != "" {
		t.Errorf("%s is in the log:\n%s", id, log)
	}
	if !strings.Contains(log, "::warning title=region-disabled::profile default: 0 renewals succeeded and 1 failed, the last one at ") || !strings.Contains(log, "account:***.") {
		t.Errorf("log:\n%s", log)
	}
}

// The step exits by who ended it.
func TestExitCodes(t *testing.T) {
	for name, tt := range map[string]struct {
		faults string
		with   inputs
		code   diagnosis.Code
		exit   int
	}{
		"the plan refuses an account": {with: inputs{"allowed-account-ids": "999999999999"},
			code: diagnosis.AccountNotAllowed, exit: diagnosis.ExitUsage},
		"the plan refuses a partition": {with: inputs{"aws-region": "cn-north-1"}, code: diagnosis.PartitionMismatch,
			exit: diagnosis.ExitUsage},
		"STS refuses": {with: inputs{"audience": "x"}, code: diagnosis.AudienceNotRegistered,
			exit: diagnosis.ExitRefused},
		"STS refuses a policy": {faults: "{call: AssumeRoleWithWebIdentity, fault: packed-policy, times: always}",
			code: diagnosis.SessionPolicyTooLarge, exit: diagnosis.ExitRefused},
		"GitHub refuses": {faults: "{call: token, fault: http-403, times: always}", code: diagnosis.IDTokenEndpoint,
			exit: diagnosis.ExitRefused},
		"GitHub fails": {faults: "{call: token, fault: http-500, times: always}", with: inputs{"disable-retry": "true"},
			code: diagnosis.IDTokenEndpoint, exit: diagnosis.ExitFailure},
		"STS fails": {faults: "{call: AssumeRoleWithWebIdentity, fault: http-500, times: always}",
			with: inputs{"disable-retry": "true"}, code: diagnosis.STSUnreachable, exit: diagnosis.ExitFailure},
		"the guard refuses": {with: inputs{"role-to-assume": "", "allowed-account-ids": "999999999999", "aws-access-key-id": "AKIAIOSFODNN7EXAMPLE", "aws-secret-access-key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
			code: diagnosis.AccountNotAllowed, exit: diagnosis.ExitRefused},
		"a token file cannot be read": {with: inputs{"web-identity-token-file": "none"}, code: diagnosis.Failed,
			exit: diagnosis.ExitFailure},
	} {
		t.Run(name, func(t *testing.T) {
			text := landingZone(1, `
  "333333333333": {users: {ci: {access-key-id: AKIAIOSFODNN7EXAMPLE, secret-access-key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}}}
`)
			if tt.faults != "" {
				text += "\nfaults: [" + tt.faults + "]\n"
			}
			w := newWorld(t, text)
			r := w.use(tt.with)
			if r.ExitCode != tt.exit {
				t.Errorf("exit code %d, want %d\n%s", r.ExitCode, tt.exit, w.Job.Log())
			}
			w.failed(r, string(tt.code))
		})
	}
}

// printed is what the steps wrote themselves, before any mask of the runner's:
// text, and the commands that mask.
func printed(job *fakerunner.Job) (log, masks string) {
	var text strings.Builder
	for _, w := range job.Raw() {
		text.Write(w.Data)
	}
	for line := range strings.Lines(text.String()) {
		if strings.HasPrefix(line, "::add-mask::") {
			masks += line
		} else {
			log += line
		}
	}
	return log, masks
}
