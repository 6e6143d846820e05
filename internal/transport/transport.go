// Package transport builds the HTTP client for the runner's token endpoint and
// for STS: proxies as the environment says, roots that are there even in an
// image without any, no redirects.
package transport

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
	"golang.org/x/net/http/httpproxy"
)

const (
	dialTimeout = 5 * time.Second
	perHost     = 16 // connections kept for many roles at one STS
)

// Options says how servers are reached; the zero value means directly.
type Options struct {
	HTTPProxy  string // URL of the proxy for http
	HTTPSProxy string // URL of the proxy for https
	NoProxy    string // as in NO_PROXY: hosts, suffixes, addresses, CIDR ranges, ports
	MoreRoots  []byte // PEM certificates that are trusted besides the usual ones
}

// FromEnvironment reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY, also in lower
// case, with the meaning that curl and Go give them.
func FromEnvironment(getenv func(string) string) Options {
	either := func(upper, lower string) string {
		if v := getenv(upper); v != "" {
			return v
		}
		return getenv(lower)
	}
	return Options{
		HTTPProxy:  either("HTTP_PROXY", "http_proxy"),
		HTTPSProxy: either("HTTPS_PROXY", "https_proxy"),
		NoProxy:    either("NO_PROXY", "no_proxy"),
	}
}

// New returns a client.
func New(o Options) *http.Client {
	proxies := (&httpproxy.Config{HTTPProxy: o.HTTPProxy, HTTPSProxy: o.HTTPSProxy, NoProxy: o.NoProxy}).ProxyFunc()
	return &http.Client{
		Transport: &byScheme{
			plain:  transport(proxies, nil),
			secure: sync.OnceValue(func() http.RoundTripper { return transport(proxies, roots(o.MoreRoots)) }),
		},
		// A redirect would carry a token or a signature to somewhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// byScheme parses certificates only when the first https request needs them:
// that takes as long as all the rest of the start of the process.
type byScheme struct {
	plain  http.RoundTripper
	secure func() http.RoundTripper
}

func (b *byScheme) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return b.secure().RoundTrip(r)
	}
	return b.plain.RoundTrip(r)
}

func transport(proxies func(*url.URL) (*url.URL, error), roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:               func(r *http.Request) (*url.URL, error) { return proxies(r.URL) },
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: perHost,
		IdleConnTimeout:     time.Minute,
	}
}

// roots returns the system's roots, or Mozilla's where the system has none, as
// in an image made FROM scratch; and more ones.
func roots(more []byte) *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil || pool.Equal(x509.NewCertPool()) {
		pool = builtIn()
	}
	pool.AppendCertsFromPEM(more)
	return pool
}

func builtIn() *x509.CertPool {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			continue // one that this Go version refuses; the others serve
		}
		if root.Constraint != nil {
			pool.AddCertWithConstraint(cert, root.Constraint)
		} else {
			pool.AddCert(cert)
		}
	}
	return pool
}
