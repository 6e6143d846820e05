// Package transport builds the HTTP client for the runner's token endpoint and
// for STS: proxies of the environment, root certificates that work in an
// image without any, no redirects.
package transport

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

const (
	dialTimeout = 5 * time.Second
	perHost     = 16 // connections kept for many roles at one STS
)

// Options says how servers are reached; the zero value means directly.
type Options struct {
	Proxies
	Roots     []byte // PEM certificates that are trusted in place of the system's; nil for the system's
	MoreRoots []byte // PEM certificates that are trusted besides those
}

// Proxies says which proxy leads to a server; the zero value means none.
type Proxies struct {
	HTTPProxy  Proxy  // for http
	HTTPSProxy Proxy  // for https
	NoProxy    string // as in NO_PROXY: hosts, suffixes, addresses, CIDR ranges, ports; separated by commas, blanks or line ends
}

// EncryptedOnly returns the proxies without the one for http: what is sent
// unencrypted then passes no proxy.
func (p Proxies) EncryptedOnly() Proxies {
	p.HTTPProxy = Proxy{}
	return p
}

// ProxyVariables are the variables in which a proxy can be set, those that
// count first.
var ProxyVariables = []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}

// FromEnvironment reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY, also in lower
// case, with the meaning that curl and Go give them.
func FromEnvironment(getenv func(string) string) Proxies {
	either := func(upper string) Proxy {
		for _, name := range []string{upper, strings.ToLower(upper)} {
			if v := getenv(name); v != "" {
				return Proxy{v, "variable " + name}
			}
		}
		return Proxy{}
	}
	return Proxies{
		HTTPProxy:  either("HTTP_PROXY"),
		HTTPSProxy: either("HTTPS_PROXY"),
		NoProxy:    cmp.Or(getenv("NO_PROXY"), getenv("no_proxy")),
	}
}

// New returns a client. Its errors, and those of its responses' bodies, are
// *Error below the *url.Error that net/http wraps them in; a body ends with
// TooLarge after MaxBody.
func New(o Options) *http.Client {
	proxies := o.proxies()
	return &http.Client{
		Transport: plainErrors{o, &byScheme{
			plain:  o.transport(proxies, nil),
			secure: sync.OnceValue(func() http.RoundTripper { return o.transport(proxies, o.roots()) }),
		}, proxies},
		// A redirect would send a token or a signature to another server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// byScheme parses certificates only when the first https request needs them:
// parsing takes as long as the rest of the process's start.
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

func (o Options) transport(proxies func(*url.URL) (*url.URL, error), roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  func(r *http.Request) (*url.URL, error) { return proxies(r.URL) },
		GetProxyConnectHeader:  connecting,
		OnProxyConnectResponse: o.connected,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, DynamicRecordSizingDisabled: true},
		MaxIdleConnsPerHost:    perHost,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// roots returns the trusted certificates. Mozilla's are used if the system has
// none, as in an image FROM scratch.
func (o Options) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	if o.Roots != nil {
		pool.AppendCertsFromPEM(o.Roots)
	} else if system, err := x509.SystemCertPool(); err == nil {
		pool = system
	}
	if pool.Equal(x509.NewCertPool()) {
		pool = builtIn().Clone()
	}
	pool.AppendCertsFromPEM(o.MoreRoots)
	return pool
}

// HasCertificate reports whether a text in PEM format holds a certificate.
func HasCertificate(text []byte) bool {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return false
		}
		if _, err := x509.ParseCertificate(block.Bytes); err == nil {
			return true
		}
	}
}

// builtIn are Mozilla's roots. Every client clones the pool, which is never
// changed.
var builtIn = sync.OnceValue(func() *x509.CertPool {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			continue // one that this Go version refuses; the others are used
		}
		if root.Constraint != nil {
			pool.AddCertWithConstraint(cert, root.Constraint)
		} else {
			pool.AddCert(cert)
		}
	}
	return pool
})

// IsLoopback reports whether a URL's host is this machine's own loopback
// interface: an address of it, or localhost. With a dot at its end Go asks name
// servers for that name.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
