package refresh

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/sandbox/sandboxtest"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/transport"
)

// world is a sandbox with a job's state beside it.
type world struct {
	*sandboxtest.World
	Refresher
	dir string
	env map[string]string
}

// newWorld serves the built-in scenario with more YAML at its end.
func newWorld(t *testing.T, more string) *world {
	t.Helper()
	return newWorldOf(t, scenario.BuiltinSource()+more)
}

func newWorldOf(t *testing.T, text string) *world {
	t.Helper()
	w := &world{World: sandboxtest.NewWorld(t, text), dir: t.TempDir(), env: map[string]string{}}
	for _, pair := range w.Server.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		w.env[name] = value
	}
	store, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w.Refresher = Refresher{
		Store:  store,
		Getenv: func(name string) string { return w.env[name] },
		HTTP:   transport.New,
		Now:    w.Clock,
		Sleep:  w.Wait,
	}
	return w
}

// login is hub and spoke of the built-in scenario.
func (w *world) login() Login {
	hop := func(role arn.Role) plan.Hop {
		return plan.Hop{Role: role, Region: "eu-central-1", Endpoint: w.Server.URL(), SessionName: "GitHubActions-1-1-test", Duration: time.Hour}
	}
	return Login{
		Profile: plan.Profile{
			Name: "deploy", Region: "eu-central-1", Source: plan.SourceOIDC, Audience: "sts.amazonaws.com",
			Chain: []plan.Hop{hop("arn:aws:iam::111111111111:role/github-hub"), hop("arn:aws:iam::222222222222:role/deploy")},
		},
		Attempts:  3,
		Timeout:   time.Minute,
		UserAgent: "aws-oidc-action/test run/1-1",
	}
}

// hubScenario is the built-in scenario with many spokes below its hub.
func hubScenario(spokes int) string {
	roles := "roles:\n"
	for i := range spokes {
		roles += "      " + spokeName(i) + ":\n        trust-policy: {Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {AWS: 'arn:aws:iam::111111111111:role/github-hub'}}]}\n"
	}
	text := strings.Replace(scenario.BuiltinSource(), "roles:\n      deploy:\n", roles+"      deploy:\n", 1)
	return strings.Replace(text, "- arn:aws:iam::222222222222:role/deploy", "- arn:aws:iam::222222222222:role/*", 1)
}

func spokeName(i int) string { return "spoke-" + strconv.Itoa(i) }

func (w *world) spoke(i int) Login {
	l := w.login()
	l.Profile.Chain[1].Role = arn.Role("arn:aws:iam::222222222222:role/" + spokeName(i))
	return l
}

// put does what the step does: it logs in and stores the profile.
func (w *world) put(name string, l Login) assume.Session {
	w.Helper()
	role := l.Profile.Last().Role
	arn := "arn:aws:sts::" + role.Account() + ":assumed-role/" + role.Name() + "/" + l.Profile.Last().SessionName
	session, d := w.walk(context.Background(), storedLogin{l, arn})
	if d != nil {
		w.Fatal(d.Text())
	}
	if _, err := w.Store.Put(context.Background(), name, l, session, w.Time); err != nil {
		w.Fatal(err)
	}
	return session
}

// get wants a session, and nothing that went wrong.
func (w *world) get(name string) assume.Session {
	w.Helper()
	session, d := w.Get(context.Background(), name)
	if d != nil {
		w.Fatalf("%s: %s", d.Code, d.Text())
	}
	if session == nil || session.Expires.Before(w.Time) {
		w.Fatalf("session %+v at %s", session, w.Time)
	}
	return *session
}

// refused wants a diagnosis and no session.
func (w *world) refused(name string, code diagnosis.Code, part string) {
	w.Helper()
	session, d := w.Get(context.Background(), name)
	if session != nil || d == nil {
		w.Fatalf("session %v, diagnosis %v", session, d)
	}
	if d.Code != code || !strings.Contains(d.Text(), part) {
		w.Errorf("got %s: %s\nwant %s with %q", d.Code, d.Text(), code, part)
	}
}

func (w *world) notes(name string) Notes {
	w.Helper()
	n, err := w.Store.Notes(name)
	if err != nil {
		w.Fatal(err)
	}
	return n
}

// works proves that id, secret and token belong together.
func (w *world) works(s assume.Session) {
	w.Helper()
	walker := &assume.Walker{HTTP: transport.New(transport.Options{}), Retry: retry.Default(1), Now: w.Now}
	got, err := walker.Identify(context.Background(), plan.Hop{Region: "eu-central-1", Endpoint: w.Server.URL()}, s)
	if err != nil || got.ARN != s.ARN {
		w.Errorf("the session of %s is one of %s: %v", s.ARN, got.ARN, err)
	}
}

func (w *world) path(name, file string) string {
	return filepath.Join(w.dir, folder(name), file)
}

func (w *world) write(path, content string) {
	w.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.Fatal(err)
	}
}

// errNoNetwork ends every request that a test does not want.
var errNoNetwork = errors.New("no network")

type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) { return nil, errNoNetwork }
