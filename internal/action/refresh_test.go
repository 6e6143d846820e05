package action

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/transport"
)

// ask does what credential-process does in a later step.
func (w *world) ask(name string) *refresh.Refresher {
	w.Helper()
	store, err := refresh.Open(filepath.Join(w.Job.Temp(), jobstate.DirName))
	must(w, err)
	w.Cleanup(func() { _ = store.Close() })
	return &refresh.Refresher{
		Store: store, Getenv: w.Job.Getenv, HTTP: transport.New,
		Now: func() time.Time { return w.Time }, Sleep: retry.Sleep,
	}
}

func TestRefreshLeavesAProgramInsteadOfKeys(t *testing.T) {
	w := newWorld(t, "")
	r := w.use(inputs{"refresh": "true"})
	if r.Failed {
		t.Fatal(w.Job.Log())
	}
	state := filepath.Join(w.Job.Temp(), jobstate.DirName)
	want := map[string]string{
		"AWS_CONFIG_FILE":             filepath.Join(state, "config"),
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(state, "credentials"),
		"AWS_SDK_LOAD_CONFIG":         "1",
		"AWS_REGION":                  "eu-central-1",
		"AWS_DEFAULT_REGION":          "eu-central-1",
	}
	for name, value := range want {
		if r.Env[name] != value {
			t.Errorf("%s=%q, want %q", name, r.Env[name], value)
		}
	}
	overriding := []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE"}
	for _, name := range overriding {
		if value, ok := r.Env[name]; !ok || value != "" {
			t.Errorf("%s is not blanked, and may have a value on the host", name)
		}
	}
	if len(r.Env) != len(want)+len(overriding) {
		t.Errorf("exported %v", r.Env)
	}
	config, credentials := w.profiles()
	for name, file := range map[string]*profile.File{"config": config, "credentials": credentials} {
		process, _ := file.Get("default", "credential_process")
		if process.Reveal() != filepath.Join(state, jobstate.HelperName)+" credential-process --profile default" {
			t.Errorf("credential_process of the %s file = %s", name, process.Reveal())
		}
	}
	self, err := os.Executable()
	must(w, err)
	original, err := os.ReadFile(self)
	must(w, err)
	copied, err := os.ReadFile(filepath.Join(state, jobstate.HelperName))
	must(w, err)
	info, err := os.Stat(filepath.Join(state, jobstate.HelperName))
	must(w, err)
	if !bytes.Equal(original, copied) || info.Mode().Perm() != 0o700 {
		t.Errorf("the program is not copied whole, or has mode %o", info.Mode().Perm())
	}

	before := w.Calls()
	session, d := w.ask("default").Get(t.Context(), "default")
	if d != nil || session.ARN != r.Outputs["authenticated-arn"] || w.Calls() != before {
		t.Errorf("the first question was not answered from the seed: %v, calls %s", d, w.Calls())
	}
	w.Time = w.Time.Add(50 * time.Minute)
	renewed, d := w.ask("default").Get(t.Context(), "default")
	if d != nil || renewed.AccessKeyID == session.AccessKeyID || renewed.ARN != session.ARN {
		t.Errorf("not renewed: %v", d)
	}
	w.finish()
	if !strings.Contains(w.Job.Log(), "Profile default: 1 renewal, the last one at ") {
		t.Errorf("the post step does not report the renewal:\n%s", w.Job.Log())
	}
	w.clean()
}

func TestRefreshWorksForManyProfiles(t *testing.T) {
	w := newWorld(t, landingZone(3, ""))
	if r := w.use(inputs{"refresh": "true", "profiles": spokes(3), "default-profile": "p2"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	config, _ := w.profiles()
	for name, stored := range map[string]string{"p1": "p1", "p2": "p2", "default": "p2"} {
		process, _ := config.Get(name, "credential_process")
		if !strings.HasSuffix(process.Reveal(), " --profile "+stored) {
			t.Errorf("%s: %s", name, process.Reveal())
		}
	}
	for _, name := range []string{"p1", "p2", "p3"} {
		if session, d := w.ask(name).Get(t.Context(), name); d != nil || session.Account != "10000000000"+name[1:] {
			t.Errorf("%s: %v", name, d)
		}
	}
	w.finish()
	w.clean()
}

func TestUseExistingKeepsOrRenewsARefreshedSession(t *testing.T) {
	w := newWorld(t, "")
	w.use(inputs{"refresh": "true"})
	for _, tt := range []struct {
		after   time.Duration
		renewed bool
	}{{20 * time.Minute, false}, {30 * time.Minute, true}} {
		w.Time = w.Time.Add(tt.after)
		before := w.Calls()
		r := w.use(inputs{"refresh": "true", "use-existing-credentials": "true"})
		if r.Failed {
			t.Fatal(w.Job.Log())
		}
		if got := strings.Contains(strings.TrimPrefix(w.Calls(), before), "AssumeRole"); got != tt.renewed {
			t.Errorf("after %s more: renewed %t, want %t\n%s", tt.after, got, tt.renewed, w.Job.Log())
		}
	}
	w.finish()
	w.clean()
}

func TestRefreshNeedsAToken(t *testing.T) {
	w := newWorld(t, "")
	w.failed(w.use(inputs{"refresh": "true", "role-to-assume": notGiven, "role-chain": notGiven, "aws-access-key-id": "AKIAIOSFODNN7EXAMPLE", "aws-secret-access-key": "x"}), "invalid-input")
	w.failed(w.use(inputs{"refresh": "true", "output-env-credentials": "true"}), "invalid-input")
}

// Steps that use what the job has ask the store of a profile that refreshes
// itself, and do not start the program.
func TestTheDefaultChainAsksTheStore(t *testing.T) {
	w := newWorld(t, "")
	if r := w.use(inputs{"refresh": "true"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	must(w, os.WriteFile(filepath.Join(w.Job.Temp(), jobstate.DirName, jobstate.HelperName), []byte("#!/bin/sh\nexit 9\n"), 0o700))
	first := w.ask("default").Store
	before, err := first.Session("default")
	must(w, err)
	for _, age := range []time.Duration{time.Minute, 50 * time.Minute} { // the second one is due
		w.Time = w.Time.Add(age)
		r := w.use(inputs{"role-to-assume": notGiven, "role-chain": notGiven, "output-credentials": "true"})
		if r.Failed {
			t.Fatal(w.Job.Log())
		}
		now, err := first.Session("default")
		must(w, err)
		if got := r.Outputs["aws-access-key-id"]; got != now.AccessKeyID || (got == before.AccessKeyID) != (age < time.Hour/3) {
			t.Errorf("after %v: key %s, first %s, now %s", age, got, before.AccessKeyID, now.AccessKeyID)
		}
	}
}

// Renewals explain a refusal with the policies that the step had, whatever
// becomes of the workspace.
func TestRefreshKeepsTheTrustPolicies(t *testing.T) {
	w := newWorld(t, "")
	w.lay(map[string]string{"trust/github-hub.json": trustsMain})
	if r := w.use(inputs{"refresh": "true", "trust-policy-file": "trust/*.json"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	login, err := w.ask("default").Store.Login("default")
	must(w, err)
	if len(login.Policies) != 1 || login.Policies[0].Path != "trust/github-hub.json" || string(login.Policies[0].Content) != trustsMain {
		t.Errorf("kept: %q", login.Policies)
	}
	if r := w.use(inputs{"refresh": "true", "trust-policy-file": "none/*.json"}); r.Failed {
		t.Fatal(w.Job.Log())
	}
	login, err = w.ask("default").Store.Login("default")
	must(w, err)
	if len(login.Policies) != 0 || !strings.Contains(login.NoPolicies, "none/*.json") {
		t.Errorf("kept: %q, %q", login.Policies, login.NoPolicies)
	}
}
