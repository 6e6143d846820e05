package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
)

// MaxBody is how much of a response's body can be read, in bytes and after
// decompression. Responses of STS and of the token endpoint have a few
// kilobytes.
const MaxBody = 1 << 20

// maxHeader bounds the header of a response, also of a proxy.
const maxHeader = 64 << 10

// plainErrors sends requests and turns every error, of a body's reader too,
// into an *Error.
type plainErrors struct {
	Options
	http.RoundTripper
	proxies func(*url.URL) (*url.URL, error)
}

func (t plainErrors) RoundTrip(r *http.Request) (*http.Response, error) {
	var s stage
	request, err := repeatable(r.WithContext(s.follow(r.Context())))
	if err != nil {
		return nil, &Error{Reason: Other}
	}
	response, err := t.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, t.classify(r, err, &s)
	}
	if response.StatusCode == http.StatusProxyAuthRequired && t.proxied(r) {
		_ = response.Body.Close()
		return nil, &Error{Reason: ProxyAuthRequired, Status: response.StatusCode, Proxy: t.proxyFor(r.URL).From}
	}
	response.Body = &body{of: response.Body, ctx: r.Context(), left: MaxBody}
	return response, nil
}

// repeatable returns a request that net/http resends itself if the server has
// closed the idle connection: none of our requests changes anything on the
// server. AWS's SDK sets a body that can be read only once.
func repeatable(r *http.Request) (*http.Request, error) {
	r.Header = r.Header.Clone()
	r.Header["X-Idempotency-Key"] = nil // is not sent, see http.Transport
	if r.Body == nil || r.Body == http.NoBody {
		return r, nil
	}
	content, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return nil, err
	}
	r.ContentLength = int64(len(content))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	r.Body, err = r.GetBody()
	return r, err
}

func (t plainErrors) proxied(r *http.Request) bool {
	u, err := t.proxies(r.URL)
	return err == nil && u != nil
}

func (t plainErrors) classify(r *http.Request, err error, s *stage) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if ended := r.Context().Err(); ended != nil {
		e := &Error{Reason: reasonOf(ended, Other), ended: ended}
		if e.Reason == TimedOut && !s.beyondProxy() && t.proxied(r) {
			e.Proxy = t.proxyFor(r.URL).From
		}
		return e
	}
	fallback, atProxy := s.reason()
	if op, ok := errors.AsType[*net.OpError](err); ok {
		switch op.Op {
		case "proxyconnect":
			atProxy, err = true, op.Err
		case "socks connect": // a refusal has no type, only a text
			atProxy, err, fallback = true, op.Err, ProxyRefused
		}
	}
	e := &Error{Reason: reasonOf(err, fallback)}
	if atProxy {
		e.Proxy = t.proxyFor(r.URL).From
	}
	return e
}

// stage is how far a request has come. Its hooks run in several goroutines.
type stage struct {
	tunnel    atomic.Bool // CONNECT is sent, the proxy has not answered
	handshake atomic.Bool
	connected atomic.Bool
	answered  atomic.Bool // the first byte of the response has arrived
}

type stageKey struct{}

func (s *stage) follow(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, stageKey{}, s)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeStart:    func() { s.handshake.Store(true) },
		TLSHandshakeDone:     func(_ tls.ConnectionState, err error) { s.handshake.Store(err != nil) },
		GotConn:              func(httptrace.GotConnInfo) { s.connected.Store(true) },
		GotFirstResponseByte: func() { s.answered.Store(true) },
	})
}

// reason returns what an error without a type means at this stage, and whether the
// proxy caused it.
func (s *stage) reason() (reason Reason, atProxy bool) {
	switch {
	case s.answered.Load():
		return Malformed, false
	case s.tunnel.Load():
		return Malformed, true
	case s.handshake.Load():
		return TLSHandshake, false
	case s.connected.Load():
		return Reset, false
	}
	return Other, false
}

// beyondProxy reports whether the request has reached its server, if the proxy
// shows that: a proxy for unencrypted requests does not.
func (s *stage) beyondProxy() bool { return s.connected.Load() || s.handshake.Load() }

// connecting and connected are the hooks around the CONNECT request to a proxy.
func connecting(ctx context.Context, _ *url.URL, _ string) (http.Header, error) {
	if s, ok := ctx.Value(stageKey{}).(*stage); ok {
		s.tunnel.Store(true)
	}
	return nil, nil
}

func (o Options) connected(ctx context.Context, _ *url.URL, connect *http.Request, response *http.Response) error {
	if s, ok := ctx.Value(stageKey{}).(*stage); ok {
		s.tunnel.Store(false)
	}
	switch response.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		return &Error{Reason: ProxyAuthRequired, Status: response.StatusCode, Proxy: o.HTTPSProxy.From}
	}
	return &Error{Reason: ProxyRefused, Status: response.StatusCode, Proxy: o.HTTPSProxy.From}
}

// body bounds a response's body, and returns an *Error if it ends early.
type body struct {
	of   io.ReadCloser
	ctx  context.Context // of the request
	left int64
}

func (b *body) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one byte more than allowed shows that there is more
	}
	n, err := b.of.Read(p)
	if int64(n) > b.left {
		n, b.left = int(b.left), 0
		return n, &Error{Reason: TooLarge}
	}
	b.left -= int64(n)
	if err == nil || err == io.EOF {
		return n, err
	}
	if ended := b.ctx.Err(); ended != nil {
		return n, &Error{Reason: reasonOf(ended, Other), ended: ended}
	}
	return n, &Error{Reason: reasonOf(err, Malformed)}
}

func (b *body) Close() error { return b.of.Close() }
