package refresh

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

const walked = "token AssumeRoleWithWebIdentity AssumeRole"

var sameSession = cmp.Comparer(func(a, b secret.Value) bool { return a == b })

func TestASeededSessionCostsNoCall(t *testing.T) {
	w := newWorld(t, "")
	seed := w.put("deploy", w.login())
	var n int
	w.CallsSince(&n)
	w.HTTP = func(transport.Options) *http.Client {
		t.Error("a client was made")
		return &http.Client{Transport: noNetwork{}}
	}
	w.Time = w.Time.Add(39 * time.Minute)
	if diff := cmp.Diff(seed, w.get("deploy"), sameSession); diff != "" {
		t.Error(diff)
	}
	if notes := w.notes("deploy"); notes.Renewals+notes.Failures != 0 || !notes.Renewed.IsZero() {
		t.Errorf("notes %+v", notes)
	}
}

func TestRenewalWalksTheChainOnce(t *testing.T) {
	w := newWorld(t, "")
	seed := w.put("deploy", w.login())
	var n int
	w.CallsSince(&n)
	for i := range 3 {
		w.Time = w.Time.Add(41 * time.Minute)
		fresh := w.get("deploy")
		if got := w.CallsSince(&n); got != walked {
			t.Errorf("calls: %s", got)
		}
		if fresh.AccessKeyID == seed.AccessKeyID || fresh.ARN != seed.ARN || fresh.Account != "222222222222" {
			t.Errorf("renewed %+v", fresh)
		}
		w.works(fresh)
		if diff := cmp.Diff(fresh, w.get("deploy"), sameSession); diff != "" || w.CallsSince(&n) != "GetCallerIdentity" {
			t.Errorf("the next call got another session: %s", diff)
		}
		if notes := w.notes("deploy"); notes.Renewals != i+1 || notes.Failures != 0 || !notes.Renewed.Equal(w.Time) {
			t.Errorf("notes %+v", notes)
		}
	}
}

func TestAnExpiredSessionIsRenewed(t *testing.T) {
	w := newWorld(t, "")
	w.put("deploy", w.login())
	w.Time = w.Time.Add(5 * time.Hour)
	w.works(w.get("deploy"))
}

const always = "\nfaults:\n  - {call: AssumeRole, fault: http-500, times: always, after: 1}\n"

func TestAFailingRenewalHandsOutTheLivingSession(t *testing.T) {
	w := newWorld(t, "\nfaults:\n  - {call: AssumeRole, fault: http-500, times: 3, after: 1}\n")
	seed := w.put("deploy", w.login())
	w.Time = w.Time.Add(41 * time.Minute)
	var n int
	w.CallsSince(&n)
	session, d := w.Get(context.Background(), "deploy")
	if session == nil || session.AccessKeyID != seed.AccessKeyID || d == nil || d.Code != diagnosis.STSUnreachable {
		t.Fatalf("session %v, diagnosis %v", session, d)
	}
	if got := w.CallsSince(&n); got != walked+" AssumeRole AssumeRole" {
		t.Errorf("calls: %s", got)
	}
	notes := w.notes("deploy")
	if notes.Failures != 1 || !notes.Failed.Equal(w.Time) || notes.Failure.Code != diagnosis.STSUnreachable || notes.Renewals != 0 {
		t.Errorf("notes %+v", notes)
	}

	w.Time = w.Time.Add(59 * time.Second)
	if again := w.get("deploy"); again.AccessKeyID != seed.AccessKeyID || w.CallsSince(&n) != "" {
		t.Error("it was tried again at once")
	}
	w.Time = w.Time.Add(time.Second)
	if fresh := w.get("deploy"); fresh.AccessKeyID == seed.AccessKeyID || w.CallsSince(&n) != walked {
		t.Error("it was not tried again after a minute")
	}
	if notes := w.notes("deploy"); notes.Failures != 1 || notes.Renewals != 1 {
		t.Errorf("notes %+v", notes)
	}
}

func TestAFailureWithoutALivingSessionIsTold(t *testing.T) {
	w := newWorld(t, always)
	w.put("deploy", w.login())
	w.Time = w.Time.Add(time.Hour)
	var n int
	w.CallsSince(&n)
	w.refused("deploy", diagnosis.STSUnreachable, "hop 2 of 2, arn:aws:iam::222222222222:role/deploy")
	if got := w.CallsSince(&n); got != walked+" AssumeRole AssumeRole" {
		t.Errorf("calls: %s", got)
	}
	// Those who waited with it get its diagnosis, without a call of their own.
	w.Time = w.Time.Add(4 * time.Second)
	w.refused("deploy", diagnosis.STSUnreachable, "hop 2 of 2")
	if got := w.CallsSince(&n); got != "" {
		t.Errorf("calls: %s", got)
	}
	w.Time = w.Time.Add(time.Second)
	w.refused("deploy", diagnosis.STSUnreachable, "hop 2 of 2")
	if got := w.CallsSince(&n); got == "" {
		t.Error("it was not tried again after five seconds")
	}
	if notes := w.notes("deploy"); notes.Failures != 2 {
		t.Errorf("notes %+v", notes)
	}
	// A clock that was set back does not stop the next try.
	w.Time = w.Time.Add(-time.Minute)
	if session, err := w.Store.Session("deploy"); err != nil || session.Expires.Before(w.Time) {
		t.Fatal("the session lives again, this shows nothing")
	}
	if _, d := w.Get(context.Background(), "deploy"); d == nil || w.CallsSince(&n) == "" {
		t.Error("a failure in the future counts")
	}
}

func TestARefusalIsDiagnosed(t *testing.T) {
	w := newWorld(t, "\nfaults:\n  - {call: AssumeRoleWithWebIdentity, fault: region-disabled, times: always, after: 1}\n")
	w.put("deploy", w.login())
	w.Time = w.Time.Add(2 * time.Hour)
	w.refused("deploy", diagnosis.RegionDisabled, "hop 1 of 2")
}

// The policies are those of the step, wherever the renewal runs.
func TestARefusalIsExplainedWithThePoliciesOfTheStep(t *testing.T) {
	const policy = `{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::999999999999:role/other"}}]}`
	denied := func(change func(*Login)) *diagnosis.Diagnosis {
		w := newWorldOf(t, hubScenario(1))
		l := w.spoke(0)
		l.Policies = []explain.PolicyFile{{Path: "roles/deploy.json", Content: []byte(policy)}}
		change(&l)
		w.put("deploy", l)
		// The role trusts the hub no more.
		closed := newWorldOf(t, strings.Replace(hubScenario(1), "role/github-hub'}", "role/nobody'}", 1))
		stored, err := w.Store.login("deploy")
		if err != nil {
			t.Fatal(err)
		}
		for i := range stored.Profile.Chain {
			stored.Profile.Chain[i].Endpoint = closed.Server.URL()
		}
		if err := save(w.Store, "deploy", loginFile, stored); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{oidc.RequestURL, oidc.RequestToken} {
			w.env[name] = closed.env[name]
		}
		w.Time = w.Time.Add(time.Hour)
		_, d := w.Get(context.Background(), "deploy")
		if d == nil {
			t.Fatal("it was renewed")
		}
		return d
	}
	if text := denied(func(l *Login) { l.Policies[0].Path = "roles/spoke-0.json" }).Text(); !strings.Contains(text, "roles/spoke-0.json, line 1: Principal") {
		t.Errorf("not explained by the policy: %s", text)
	}
	if text := denied(func(l *Login) { l.Policies, l.NoPolicies = nil, "trust-policy-file: none here" }).Text(); !strings.Contains(text, "none here") {
		t.Errorf("without the reason: %s", text)
	}
	large := []byte(policy + strings.Repeat(" ", maxPolicies))
	if text := denied(func(l *Login) { l.Policies[0].Content = large }).Text(); !strings.Contains(text, "too many to keep for renewals") {
		t.Errorf("without the reason: %s", text)
	}
}

func TestWithoutTheRunnersVariables(t *testing.T) {
	for name, missing := range map[string][]string{
		"both":  {oidc.RequestURL, oidc.RequestToken},
		"url":   {oidc.RequestURL},
		"token": {oidc.RequestToken},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			seed := w.put("deploy", w.login())
			for _, variable := range missing {
				delete(w.env, variable)
			}
			var n int
			w.CallsSince(&n)
			w.Time = seed.Expires.Add(-time.Second)
			if got := w.get("deploy"); got.AccessKeyID != seed.AccessKeyID {
				t.Error("the living session is not handed out")
			}
			w.Time = seed.Expires
			w.refused("deploy", diagnosis.Failed, "no "+strings.Join(missing, " and no ")+"\n")
			w.refused("deploy", diagnosis.Failed, "sudo")
			if w.CallsSince(&n) != "" || w.notes("deploy").Failures != 0 {
				t.Error("there was a try, or a note that would stop those who can")
			}
		})
	}
}

func TestTheRequestTokenEnds(t *testing.T) {
	w := newWorld(t, "")
	w.put("deploy", w.login())
	end := RequestTokenEnds(secret.New(w.env[oidc.RequestToken]))
	if left := end.Sub(w.Time); left < 5*time.Hour || left > 7*time.Hour {
		t.Errorf("it ends in %s", left)
	}
	w.Time = end.Add(time.Second)
	w.refused("deploy", diagnosis.IDTokenEndpoint, "request token expired at "+end.Format(time.RFC3339))
	for _, token := range []string{"", "opaque", "a.b.c"} {
		if got := RequestTokenEnds(secret.New(token)); !got.IsZero() {
			t.Errorf("%q ends at %s", token, got)
		}
	}
}

// Somebody else holds the lock.
func TestWaitingForAnother(t *testing.T) {
	hold := func(w *world) (unlock func() error) {
		other := w.Store.lock("deploy")
		if locked, err := other.TryLock(); err != nil || !locked {
			t.Fatal("not locked", err)
		}
		t.Cleanup(func() { _ = other.Unlock() })
		return other.Unlock
	}
	timeout := func(context.Context, time.Duration) error { return context.DeadlineExceeded }

	t.Run("who keeps it, while the session lives", func(t *testing.T) {
		w := newWorld(t, "")
		seed := w.put("deploy", w.login())
		hold(w)
		w.OnWait = timeout
		w.Time = w.Time.Add(50 * time.Minute)
		if got := w.get("deploy"); got.AccessKeyID != seed.AccessKeyID {
			t.Error("another session")
		}
	})
	t.Run("who was stopped, while the session lives", func(t *testing.T) {
		w := newWorld(t, "")
		seed := w.put("deploy", w.login())
		hold(w)
		w.Time = w.Time.Add(50 * time.Minute)
		if err := w.Store.begin("deploy", w.Time.Add(-2*time.Second)); err != nil {
			t.Fatal(err)
		}
		w.OnWait = func(_ context.Context, d time.Duration) error {
			w.Time = w.Time.Add(d)
			return nil
		}
		// A process that comes in its first seconds waits for the rest of them, a later one does not.
		for _, longest := range []time.Duration{longestQueue - 2*time.Second, 0, 0} {
			before := w.Time
			if got := w.get("deploy"); got.AccessKeyID != seed.AccessKeyID {
				t.Error("another session")
			}
			if waited := w.Time.Sub(before); waited < longest || waited > longest+lockPoll {
				t.Errorf("waited %s, want %s", waited, longest)
			}
		}
	})
	t.Run("who does not say since when, while the session lives", func(t *testing.T) {
		w := newWorld(t, "")
		seed := w.put("deploy", w.login())
		hold(w)
		w.OnWait = func(_ context.Context, d time.Duration) error {
			w.Time = w.Time.Add(d)
			return nil
		}
		for _, began := range []time.Duration{0, 48 * time.Hour} { // nothing noted, and a clock that was set back
			w.Time = seed.Expires.Add(-19 * time.Minute)
			if began > 0 {
				if err := w.Store.begin("deploy", w.Time.Add(began)); err != nil {
					t.Fatal(err)
				}
			}
			before := w.Time
			if got := w.get("deploy"); got.AccessKeyID != seed.AccessKeyID {
				t.Error("another session")
			}
			if waited := w.Time.Sub(before); waited != longestQueue {
				t.Errorf("waited %s", waited)
			}
		}
	})
	t.Run("who keeps it, after its end", func(t *testing.T) {
		w := newWorld(t, "")
		w.put("deploy", w.login())
		hold(w)
		w.OnWait = timeout
		w.Time = w.Time.Add(time.Hour)
		w.refused("deploy", diagnosis.Deadline, "another process is renewing profile")
	})
	t.Run("until the job is cancelled", func(t *testing.T) {
		w := newWorld(t, "")
		w.put("deploy", w.login())
		hold(w)
		w.OnWait = func(context.Context, time.Duration) error { return context.Canceled }
		w.Time = w.Time.Add(time.Hour)
		w.refused("deploy", diagnosis.Failed, "canceled")
	})
	t.Run("who renews it", func(t *testing.T) {
		w := newWorld(t, "")
		w.put("deploy", w.login())
		hold(w)
		w.Time = w.Time.Add(time.Hour)
		login, err := w.Store.login("deploy")
		if err != nil {
			t.Fatal(err)
		}
		var n int
		var renewed assume.Session
		waits := 0
		w.OnWait = func(context.Context, time.Duration) error {
			if waits++; waits < 3 {
				return nil
			}
			var d *diagnosis.Diagnosis
			if renewed, d = w.walk(context.Background(), login); d != nil {
				t.Fatal(d.Text())
			}
			w.CallsSince(&n)
			return w.Store.keep("deploy", renewed, w.Time)
		}
		if diff := cmp.Diff(&renewed, ptr(w.get("deploy")), sameSession); diff != "" || waits != 3 || w.CallsSince(&n) != "" {
			t.Errorf("after %d waits: %s", waits, diff)
		}
	})
	t.Run("who puts another login there, and is killed", func(t *testing.T) {
		w := newWorldOf(t, hubScenario(1))
		w.put("deploy", w.login())
		unlock := hold(w)
		w.Time = w.Time.Add(time.Hour)
		w.OnWait = func(context.Context, time.Duration) error {
			l := storedLogin{w.spoke(0), "arn:aws:sts::222222222222:assumed-role/spoke-0/GitHubActions-1-1-test"}
			return errors.Join(os.Remove(w.path("deploy", sessionFile)), save(w.Store, "deploy", loginFile, l), unlock())
		}
		if got := w.get("deploy"); !strings.Contains(got.ARN, "/spoke-0/") {
			t.Errorf("a session of %s under the login of another role", got.ARN)
		}
	})
	t.Run("who fails", func(t *testing.T) {
		w := newWorld(t, "")
		w.put("deploy", w.login())
		hold(w)
		w.Time = w.Time.Add(time.Hour)
		w.OnWait = func(context.Context, time.Duration) error {
			return w.Store.failed("deploy", failure{At: w.Time, Diagnosis: diagnosis.Diagnosis{Code: diagnosis.Throttled, What: "theirs"}})
		}
		w.refused("deploy", diagnosis.Throttled, "theirs")
	})
}

func ptr[T any](v T) *T { return &v }

func TestHowLongACallerWaits(t *testing.T) {
	w := newWorld(t, "")
	if got := w.wait(nil); got != longestWait || got >= time.Minute {
		t.Errorf("without a session %s", got)
	}
	if got := w.wait(&assume.Session{Expires: w.Time.Add(longestRenewal)}); got != longestWait {
		t.Errorf("with one about to end %s", got)
	}
	if got := w.wait(&assume.Session{Expires: w.Time.Add(longestRenewal + 1)}); got != longestRenewal {
		t.Errorf("with a living one %s", got)
	}
}

func TestACancelledRenewalIsNoFailure(t *testing.T) {
	w := newWorld(t, "")
	w.put("deploy", w.login())
	w.Time = w.Time.Add(time.Hour)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if session, d := w.Get(ctx, "deploy"); session != nil || d == nil {
		t.Fatalf("session %v, diagnosis %v", session, d)
	}
	if w.notes("deploy").Failures != 0 {
		t.Error("it was noted")
	}
	w.works(w.get("deploy"))
}

func TestADamagedCacheIsRenewed(t *testing.T) {
	other := newWorld(t, "")
	other.put("other", other.login())
	foreign, err := os.ReadFile(other.path("other", sessionFile))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"empty":           "",
		"half":            string(foreign[:len(foreign)/2]),
		"another version": strings.Replace(string(foreign), `"version":1`, `"version":2`, 1),
		"another profile": string(foreign),
		"a list":          "[]",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			w.put("deploy", w.login())
			w.write(w.path("deploy", sessionFile), content)
			w.works(w.get("deploy"))
			if got := w.notes("deploy"); got.Renewals != 1 {
				t.Errorf("notes %+v", got)
			}
		})
	}
	t.Run("gone", func(t *testing.T) {
		w := newWorld(t, "")
		w.put("deploy", w.login())
		if err := os.Remove(w.path("deploy", sessionFile)); err != nil {
			t.Fatal(err)
		}
		w.works(w.get("deploy"))
	})
}

func TestADamagedStateIsTold(t *testing.T) {
	for name, tt := range map[string]struct {
		damage func(*world) error
		want   string
	}{
		"no such profile": {func(w *world) error { return w.Store.Remove(context.Background(), "deploy") }, `no profile "deploy"`},
		"no lock":         {func(w *world) error { return os.Remove(w.path("deploy", lockFile)) }, `lock profile "deploy"`},
		"no chain": {func(w *world) error {
			l := w.login()
			l.Profile.Chain = nil
			return save(w.Store, "deploy", loginFile, storedLogin{Login: l})
		}, "a role is required"},
		"no login": {func(w *world) error { return os.WriteFile(w.path("deploy", loginFile), []byte("{"), 0o600) }, "login.json is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			w.put("deploy", w.login())
			w.Time = w.Time.Add(time.Hour)
			if err := tt.damage(w); err != nil {
				t.Fatal(err)
			}
			w.refused("deploy", diagnosis.Failed, tt.want)
		})
	}
	t.Run("no login, but a living session", func(t *testing.T) {
		w := newWorld(t, "")
		w.put("deploy", w.login())
		w.Time = w.Time.Add(50 * time.Minute)
		if err := os.Remove(w.path("deploy", loginFile)); err != nil {
			t.Fatal(err)
		}
		if session, d := w.Get(context.Background(), "deploy"); session == nil || d == nil {
			t.Errorf("session %v, diagnosis %v", session, d)
		}
	})
}

// The clock was set back by hours after the session was fetched.
func TestASessionFromTheFutureIsRenewed(t *testing.T) {
	w := newWorld(t, "")
	seed := w.put("deploy", w.login())
	var n int
	w.CallsSince(&n)
	w.Time = w.Time.Add(-time.Minute)
	if got := w.get("deploy"); got.AccessKeyID != seed.AccessKeyID || w.CallsSince(&n) != "" {
		t.Error("clocks go back a little now and then")
	}
	w.Time = w.Time.Add(-2 * time.Hour)
	fresh := w.get("deploy")
	if got := w.CallsSince(&n); got != walked || fresh.AccessKeyID == seed.AccessKeyID {
		t.Errorf("calls: %s", got)
	}
	if again := w.get("deploy"); again.AccessKeyID != fresh.AccessKeyID || w.CallsSince(&n) != "" {
		t.Error("it was renewed twice")
	}
}

// STS's clock differs by hours from the machine's, which decides how long a
// session is handed out: as long as it lives, and no longer.
func TestASessionByAnotherClock(t *testing.T) {
	for _, offset := range []string{"2h", "-2h"} {
		const fault = ", fault: clock-skew, times: always, offset: "
		w := newWorld(t, "\nfaults:\n  - {call: token"+fault+offset+"}\n  - {call: sts"+fault+offset+"}\n")
		w.put("deploy", w.login())
		w.Time = w.Time.Add(2 * time.Hour)
		fresh := w.get("deploy")
		var n int
		w.CallsSince(&n)
		if again := w.get("deploy"); again.AccessKeyID != fresh.AccessKeyID || w.CallsSince(&n) != "" {
			t.Errorf("%s: each call renews it", offset)
		}
		w.Time = w.Time.Add(time.Hour)
		if late := w.get("deploy"); late.AccessKeyID == fresh.AccessKeyID {
			t.Errorf("%s: it is handed out after its end", offset)
		}
	}
}

func TestASessionThatEndsDuringAFailingRenewalIsNotHandedOut(t *testing.T) {
	w := newWorld(t, always)
	seed := w.put("deploy", w.login())
	w.Time = seed.Expires.Add(-time.Second)
	w.OnWait = func(context.Context, time.Duration) error { // between two tries
		w.Time = seed.Expires
		return nil
	}
	w.refused("deploy", diagnosis.STSUnreachable, "hop 2 of 2")
}

func TestAnotherIdentityIsRefused(t *testing.T) {
	w := newWorld(t, "")
	session := w.put("deploy", w.login())
	session.ARN = "arn:aws:sts::333333333333:assumed-role/deploy/x"
	if _, err := w.Store.Put(context.Background(), "deploy", w.login(), session, w.Time); err != nil {
		t.Fatal(err)
	}
	w.Time = w.Time.Add(time.Hour)
	w.refused("deploy", diagnosis.Failed, "expected one of arn:aws:sts::333333333333")
}

func TestATokenFileNeedsNoRunner(t *testing.T) {
	w := newWorld(t, "")
	l := w.login()
	l.Profile.Source, l.Profile.Audience = plan.SourceTokenFile, ""
	l.Profile.TokenFile = filepath.Join(t.TempDir(), "token")
	project := func() {
		source := oidc.Source{URL: w.env[oidc.RequestURL], Bearer: secret.New(w.env[oidc.RequestToken]), Client: transport.New(transport.Options{})}
		source.Retry.PerAttempt = time.Minute
		token, err := source.Token(context.Background(), "sts.amazonaws.com")
		if err != nil {
			t.Fatal(err)
		}
		w.write(l.Profile.TokenFile, token.Raw.Reveal()+"\n")
	}
	project()
	w.put("deploy", l)
	w.Time = w.Time.Add(time.Hour)
	project()
	bearer := w.env[oidc.RequestToken]
	delete(w.env, oidc.RequestToken)
	w.works(w.get("deploy"))

	w.Time = w.Time.Add(time.Hour)
	w.write(l.Profile.TokenFile, bearer[:40])
	w.refused("deploy", diagnosis.Failed, "does not contain a token")
	w.Time = w.Time.Add(time.Hour)
	if err := os.Remove(l.Profile.TokenFile); err != nil {
		t.Fatal(err)
	}
	w.refused("deploy", diagnosis.Failed, "does not exist")
}

func TestManyProfilesBelowOneHub(t *testing.T) {
	spokes := 12
	if testing.Short() {
		spokes = 4
	}
	w := newWorldOf(t, hubScenario(spokes))
	for i := range spokes {
		w.put(spokeName(i), w.spoke(i))
	}
	var n int
	w.CallsSince(&n)
	w.Time = w.Time.Add(50 * time.Minute)
	var all sync.WaitGroup
	for i := range 3 * spokes {
		all.Go(func() {
			session, d := w.Get(context.Background(), spokeName(i%spokes))
			if d != nil || !strings.HasPrefix(session.ARN, "arn:aws:sts::222222222222:assumed-role/"+spokeName(i%spokes)+"/") {
				t.Errorf("%s: session %v, diagnosis %v", spokeName(i%spokes), session, d)
			}
		})
	}
	all.Wait()
	if got := strings.Count(w.CallsSince(&n), "AssumeRoleWithWebIdentity"); got != spokes {
		t.Errorf("%d walks", got)
	}
	for i := range spokes {
		if notes := w.notes(spokeName(i)); notes.Renewals != 1 || notes.Failures != 0 {
			t.Errorf("%s: %+v", spokeName(i), notes)
		}
		session, err := w.Store.Session(spokeName(i))
		if err != nil {
			t.Fatal(err)
		}
		w.works(session)
	}
}
