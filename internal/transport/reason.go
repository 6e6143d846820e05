package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
)

// Reason is why a request got no usable response. There are no other reasons than
// these constants: errors of net/http, of TLS, of a proxy and of AWS's SDK quote
// what the peer sent, which may be a token or a secret key, so their texts are
// never shown.
type Reason string

// The reasons.
const (
	Refused     Reason = "connection refused"
	Reset       Reason = "connection closed by the server"
	Unreachable Reason = "network unreachable"
	TimedOut    Reason = "timed out"
	Cancelled   Reason = "cancelled"

	DNSNotFound Reason = "host name not found"
	DNSFailed   Reason = "host name lookup failed"

	TLSUnknownAuthority Reason = "TLS certificate signed by an unknown authority"
	TLSNameMismatch     Reason = "TLS certificate not valid for this host name"
	TLSExpired          Reason = "TLS certificate expired or not yet valid"
	TLSCertificate      Reason = "TLS certificate not valid"
	TLSHandshake        Reason = "TLS handshake failed"

	ProxyInvalid      Reason = "invalid URL"                        // of the proxy
	ProxyAuthRequired Reason = "authentication required"            // by the proxy, status 407
	ProxyRefused      Reason = "connection to the host not allowed" // any other answer of the proxy than 200

	Malformed Reason = "malformed response"   // not HTTP, or not a response of the API
	Truncated Reason = "response ended early" // before its length, or within its header
	TooLarge  Reason = "response too large"   // more than MaxBody, after decompression
	Redirect  Reason = "redirect not followed"
	Status    Reason = "unexpected response"

	Other Reason = "request failed"
)

// Error is a failed request in our own words. It unwraps to the error of the
// request's context, if that ended the request, and to nothing else.
type Error struct {
	Reason Reason
	Status int    // HTTP status if a response is the reason, else 0
	Proxy  string // where the proxy was set, if the proxy failed: "input http-proxy"

	ended error // the context's
}

func (e *Error) Error() string {
	text := string(e.Reason)
	if e.Status != 0 {
		text = fmt.Sprintf("%s (status %d)", text, e.Status)
	}
	if e.Proxy != "" {
		text = "proxy of " + e.Proxy + ": " + text
	}
	return text
}

func (e *Error) Unwrap() error { return e.ended }

// Permanent reports whether another try would fail in the same way.
func (e *Error) Permanent() bool {
	switch e.Reason {
	case TLSUnknownAuthority, TLSNameMismatch, TLSExpired, TLSCertificate, ProxyInvalid, ProxyAuthRequired, TooLarge, Redirect:
		return true
	}
	return false
}

// Advice says what to do about the failure, or "" if only the server's owner can do
// something.
func (e *Error) Advice() string {
	switch {
	case e.Reason == ProxyInvalid:
		return "correct the URL in " + e.Proxy + "; " + encodeAdvice
	case e.Reason == ProxyAuthRequired:
		return "check the user name and password in " + e.Proxy
	case e.Reason == ProxyRefused:
		return "allow the host in the proxy of " + e.Proxy + ", or exclude it from the proxy with no-proxy"
	case e.Proxy != "":
		return "check the URL in " + e.Proxy + ", and that the proxy is reachable from the container of this step"
	case e.Reason == TLSUnknownAuthority:
		return "if a proxy or endpoint of your own has a private certificate authority, set AWS_CA_BUNDLE to a PEM file with its certificate"
	}
	return ""
}

// Classify returns what is known about a failed request: the *Error that a
// client of this package returned, or one made from the types of another
// client's errors, never from their texts.
func Classify(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	e := &Error{Reason: reasonOf(err, Other)}
	if e.Reason == Cancelled {
		e.ended = context.Canceled
	}
	// The errors of AWS's SDK have the status of a response that it could read.
	answered, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	if !ok || e.Reason != Other {
		return e
	}
	switch status := answered.HTTPStatusCode(); {
	case status == http.StatusOK:
		e.Reason = Malformed
	case status != 0:
		e = ofStatus(status)
	}
	return e
}

// ofStatus returns the error for a status other than 200.
func ofStatus(status int) *Error {
	if status >= 300 && status < 400 {
		return &Error{Reason: Redirect, Status: status}
	}
	return &Error{Reason: Status, Status: status}
}

// reasonOf decides by the error's type. The fallback is the reason for an error
// without a known type, by the stage of the request.
func reasonOf(err error, fallback Reason) Reason {
	is := func(targets ...error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	switch {
	case is(context.Canceled):
		return Cancelled
	case timedOut(err):
		return TimedOut
	case is(syscall.ECONNREFUSED):
		return Refused
	case is(syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, net.ErrClosed):
		return Reset
	case is(syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN):
		return Unreachable
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return DNSNotFound
		}
		return DNSFailed
	}
	if reason := reasonOfTLS(err); reason != "" {
		return reason
	}
	switch {
	case is(io.ErrUnexpectedEOF):
		return Truncated
	case is(io.EOF) && fallback != TLSHandshake:
		return Reset
	}
	return fallback
}

func timedOut(err error) bool {
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout()
}

// reasonOfTLS returns "" for errors that are not of TLS.
func reasonOfTLS(err error) Reason {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return TLSUnknownAuthority
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return TLSNameMismatch
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return TLSExpired
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return TLSCertificate
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return TLSHandshake
	}
	// Alerts: crypto/tls has no other type for them.
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "remote error" || op.Op == "local error") {
		return TLSHandshake
	}
	return ""
}
