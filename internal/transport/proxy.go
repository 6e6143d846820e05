package transport

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpproxy"
)

// Proxy is the URL of a proxy and where it was set. It prints as where it was set,
// never as the URL, which may hold a password.
type Proxy struct {
	URL  string // as curl and Go read it: host:port means http://host:port
	From string // for messages: "input http-proxy" or "variable HTTPS_PROXY"
}

// String returns where the proxy was set.
func (p Proxy) String() string { return p.From }

// GoString does the same for %#v.
func (p Proxy) GoString() string { return p.From }

// The advice for a wrong proxy URL. It names every character and not the wrong
// one, which would be a part of a password.
const (
	encodeAdvice = "in user name and password encode @ as %40, # as %23, / as %2F, ? as %3F and % as %25"
	formatAdvice = "use http://host:port, or http://user:password@host:port"
)

// CheckProxy says what is wrong with the URL of a proxy and what to do about
// it, without any part of it; or "".
//
// A raw @, #, / or ? in a password is refused although it may parse: what follows
// it would be looked up as a host.
func CheckProxy(text string) (problem string) {
	rest := afterScheme(text)
	at := strings.LastIndexByte(rest, '@')
	if strings.ContainsAny(rest[:max(at, 0)], "@/?#") {
		return "has a special character that is not encoded; " + encodeAdvice
	}
	u, err := parseProxy(text)
	switch {
	case err != nil && at >= 0:
		return "is not the URL of a proxy; " + formatAdvice + "; " + encodeAdvice
	case err != nil || u.Hostname() == "":
		return "is not the URL of a proxy; " + formatAdvice
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme):
		return "has an unsupported scheme; use http, https, socks5 or socks5h"
	}
	return ""
}

func parseProxy(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	return url.Parse(text)
}

func afterScheme(text string) string {
	if _, rest, found := strings.Cut(text, "://"); found {
		return rest
	}
	return text
}

// Credentials returns the parts of a URL that must be masked, in every form that
// tools and servers print: user, password and both together as they are written,
// decoded, percent-encoded, and as in a Proxy-Authorization header. It accepts
// URLs that do not parse.
//
// A user name or password of one or two characters is not in the list by
// itself: a mask for it would hide half the log, and drop every job output with
// these letters.
func Credentials(text string) []string {
	const shortest = 3
	rest := afterScheme(text)
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return nil
	}
	var all []string
	add := func(values ...string) {
		for _, v := range values {
			if len(v) >= shortest && !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	written := rest[:at]
	user, password, both := strings.Cut(written, ":")
	for _, decode := range []func(string) string{func(s string) string { return s }, unescaped} {
		u, p := decode(user), decode(password)
		pair := u
		if both {
			pair += ":" + p
		}
		add(pair, base64.StdEncoding.EncodeToString([]byte(pair)), base64.StdEncoding.EncodeToString([]byte(u+":"+p)))
		for _, v := range []string{u, p} {
			add(v, url.QueryEscape(v), url.PathEscape(v), url.User(v).String())
		}
	}
	return all
}

func unescaped(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// proxies returns a function that chooses the proxy for a request's URL, and
// returns an *Error if the proxy's URL is wrong. net/http would continue without a
// proxy.
func (o Options) proxies() func(*url.URL) (*url.URL, error) {
	usable := func(p Proxy) string {
		if CheckProxy(p.URL) == "" {
			return p.URL
		}
		return "http://proxy.invalid" // a placeholder that is never contacted
	}
	excluded := strings.FieldsFunc(o.NoProxy, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
	config := httpproxy.Config{NoProxy: strings.Join(excluded, ",")}
	if o.HTTPProxy.URL != "" {
		config.HTTPProxy = usable(o.HTTPProxy)
	}
	if o.HTTPSProxy.URL != "" {
		config.HTTPSProxy = usable(o.HTTPSProxy)
	}
	choose := config.ProxyFunc()
	return func(target *url.URL) (*url.URL, error) {
		u, err := choose(target)
		if err != nil {
			return nil, &Error{Reason: ProxyInvalid, Proxy: o.proxyFor(target).From}
		}
		if p := o.proxyFor(target); u != nil && CheckProxy(p.URL) != "" {
			return nil, &Error{Reason: ProxyInvalid, Proxy: p.From}
		}
		return u, nil
	}
}

func (o Options) proxyFor(target *url.URL) Proxy {
	if target.Scheme == "https" {
		return o.HTTPSProxy
	}
	return o.HTTPProxy
}
