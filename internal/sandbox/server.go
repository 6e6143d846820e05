// Package sandbox is an embedded GitHub OIDC issuer and AWS STS on loopback,
// for tests and rehearsals. It speaks the real protocols: signed tokens
// behind discovery and JWKS, form-encoded requests with verified signatures,
// XML answers with AWS's codes and texts, trust policies evaluated as IAM
// does, and faults on demand. A scenario describes its world.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/org/aws-oidc-action/internal/scenario"
)

// Options of a server. The zero value listens on a free port of 127.0.0.1.
type Options struct {
	Listen          string           // host:port; only loopback addresses are accepted
	Now             func() time.Time // the clock of issuer and STS; nil for time.Now
	Latency         time.Duration    // how long every answer takes, in real time
	SessionLifetime time.Duration    // the longest a session lasts; 0 for no such limit
	Seed            uint64           // equal seeds give equal keys and ids
}

// Server is a running sandbox. It is safe for concurrent use.
type Server struct {
	scenario *scenario.Scenario
	options  Options
	url      string
	http     *http.Server
	closing  sync.Once
	closed   chan struct{}

	issuer *issuer
	sts    *stsService
	faults *faultPlan
	calls  recorder
	names  *names
}

// Start serves a scenario until Close.
func Start(s *scenario.Scenario, o Options) (*Server, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	listener, err := listenLoopback(o.Listen)
	if err != nil {
		return nil, err
	}
	srv := &Server{
		scenario: s,
		options:  o,
		url:      "http://" + listener.Addr().String(),
		closed:   make(chan struct{}),
		faults:   newFaultPlan(s.Faults),
		names:    &names{seed: o.Seed},
	}
	srv.issuer, err = newIssuer(&s.Workflow, srv.url, srv.names, o.Now())
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	srv.sts = newSTS(s, newKeySource(s.Workflow.Issuer, srv.url), srv.names, o.SessionLifetime)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", srv.issuer.serveDiscovery)
	mux.HandleFunc("GET /.well-known/jwks", srv.issuer.serveKeys)
	mux.HandleFunc("GET "+srv.issuer.tokenPath(), srv.serveToken)
	mux.HandleFunc("POST /{$}", srv.serveSTS)
	srv.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.http.Serve(listener) }() // ends with Close
	return srv, nil
}

// AddressError says that Options.Listen is not an address to listen on. Whether
// the address is in use is another error.
type AddressError struct{ Address, Problem string }

func (e *AddressError) Error() string { return fmt.Sprintf("%q %s", e.Address, e.Problem) }

// listenLoopback refuses addresses that others could reach.
func listenLoopback(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &AddressError{address, "is not host:port; use an address such as 127.0.0.1:8080"}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, &AddressError{address, "is not on loopback; use 127.0.0.1"}
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return nil, &AddressError{address, "has an invalid port; use a number from 0 (any free port) to 65535"}
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	return listener, nil
}

// URL returns the address of issuer and STS: scheme, host and port.
func (s *Server) URL() string { return s.url }

// Scenario returns what the server was started with.
func (s *Server) Scenario() *scenario.Scenario { return s.scenario }

// Environ returns the NAME=VALUE lines, sorted, of the job's steps: the runner's
// variables, the token endpoint and the STS endpoint. Without
// the id-token permission the two ACTIONS_ID_TOKEN_ variables are missing, as
// they are on a runner. Paths and files are a fakerunner.Job's.
func (s *Server) Environ() []string {
	w := &s.scenario.Workflow
	env := map[string]string{"AWS_ENDPOINT_URL_STS": s.URL()}
	if w.HasToken() {
		env["ACTIONS_ID_TOKEN_REQUEST_URL"] = s.URL() + s.issuer.tokenPath() + "?api-version=2.0"
		env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = s.issuer.requestToken.Reveal()
	}
	maps.Copy(env, w.Environ()) // the workflow's env overrides the others
	lines := make([]string, 0, len(env))
	for name, text := range env {
		lines = append(lines, name+"="+text)
	}
	slices.Sort(lines)
	return lines
}

// Calls returns every token and STS call so far, in the order of arrival. A call is
// complete before its client has the response.
func (s *Server) Calls() []Call { return s.calls.all() }

// Close ends the server and every call under way.
func (s *Server) Close() error {
	s.closing.Do(func() { close(s.closed) })
	if err := s.http.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the sandbox: %w", err)
	}
	return nil
}

// exchange handles one call: latency, faults and the record. answer returns the
// reply, unless a fault replaces it, and may complete the call.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request, call Call, answer func(now time.Time, fault scenario.FaultKind, call *Call) reply) {
	now := s.options.Now()
	call.Started = now
	call.UserAgent = r.UserAgent()
	place := s.calls.begin(call)

	fault, latency := s.faults.next(call.Kind, call.Role(), now)
	if !s.wait(r.Context(), s.options.Latency+latency) {
		panic(http.ErrAbortHandler)
	}
	if fault != nil {
		call.Fault = fault.Kind
		now = now.Add(fault.Offset)
	}
	if call.Fault == scenario.FaultHang || call.Fault == scenario.FaultReset {
		s.calls.end(place, call)
		s.abort(w, r.Context(), call.Fault)
		return
	}
	out, replaced := s.faultReply(call.Fault, &call, now)
	if !replaced {
		out = mangle(call.Fault, answer(now, call.Fault, &call))
	}
	call.Status, call.Code, call.Message, call.RequestID = out.status, out.code, out.message, out.requestID
	s.calls.end(place, call)
	out.write(w, now)
}

// wait returns false if the client or the server gave up meanwhile.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-s.closed:
		return false
	}
}

// abort ends a call without an answer: at once and with a reset, or not
// before the client or the server gives up.
func (s *Server) abort(w http.ResponseWriter, ctx context.Context, kind scenario.FaultKind) {
	if kind == scenario.FaultHang {
		select {
		case <-ctx.Done():
		case <-s.closed:
		}
		panic(http.ErrAbortHandler)
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // close with a reset
	}
	_ = conn.Close()
}
