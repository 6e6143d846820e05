package sandboxtest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/transport"
)

// World is a sandbox with one job in it, and one clock for the sandbox and for
// what is tested: nothing waits, and time passes when a test moves it.
type World struct {
	*testing.T
	Server *sandbox.Server
	Job    *fakerunner.Job
	Time   time.Time // what the clock shows

	// OnWait is called in place of each wait; nil lets it pass at once.
	OnWait func(context.Context, time.Duration) error

	mu      sync.Mutex
	waits   []time.Duration
	secrets []string
}

// NewWorld serves a scenario, the built-in one if text is empty, until the test
// ends. The clock begins with the real time.
func NewWorld(t *testing.T, text string) *World {
	t.Helper()
	if text == "" {
		text = scenario.BuiltinSource()
	}
	w := &World{T: t, Time: time.Now()}
	w.Server = Serve(t, text, sandbox.Options{Now: w.Clock})
	w.Job = NewJob(t, w.Server, t.TempDir())
	return w
}

// Clock returns what the clock shows.
func (w *World) Clock() time.Time { return w.Time }

// Wait takes note of a wait, which does not take place.
func (w *World) Wait(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	w.waits = append(w.waits, d)
	w.mu.Unlock()
	if w.OnWait != nil {
		return w.OnWait(ctx, d)
	}
	return nil
}

// Waits are the waits so far.
func (w *World) Waits() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.waits)
}

// Client is transport.New, and takes note of the secrets in every response.
func (w *World) Client(o transport.Options) *http.Client {
	client := transport.New(o)
	client.Transport = recorder{w, client.Transport}
	return client
}

// Secrets are those that came over the wire, in order, and those that were
// added.
func (w *World) Secrets() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.secrets)
}

// AddSecrets adds secrets, which stay together.
func (w *World) AddSecrets(all ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.secrets = append(w.secrets, all...)
}

// Calls lists the calls of the servers, in order.
func (w *World) Calls() string {
	none := 0
	return w.CallsSince(&none)
}

// CallsSince lists the calls after the first n, and moves n to their end.
func (w *World) CallsSince(n *int) string {
	all := w.Server.Calls()
	var kinds []string
	for _, c := range all[*n:] {
		kinds = append(kinds, c.Kind)
	}
	*n = len(all)
	return strings.Join(kinds, " ")
}

// recorder takes note of the secrets in every response.
type recorder struct {
	world *World
	http.RoundTripper
}

var secretInResponse = regexp.MustCompile(`<(?:AccessKeyId|SecretAccessKey|SessionToken)>([^<]+)<|"value":"([^"]+)"`)

func (r recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, readErr := io.ReadAll(response.Body)
	_ = response.Body.Close()
	var found []string
	for _, m := range secretInResponse.FindAllStringSubmatch(string(body), -1) {
		found = append(found, m[1]+m[2])
	}
	r.world.AddSecrets(found...)
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), errorReader{readErr}))
	return response, nil
}

// errorReader ends with an error, or without one.
type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) {
	if e.err == nil {
		return 0, io.EOF
	}
	return 0, e.err
}
