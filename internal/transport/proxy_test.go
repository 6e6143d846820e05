package transport

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestCheckProxy(t *testing.T) {
	for text, want := range map[string]string{
		"http://proxy:3128":                    "",
		"proxy:3128":                           "",
		"proxy":                                "",
		"https://ann:h%20nter2@proxy.test":     "",
		"socks5://ann@127.0.0.1:1080":          "",
		"socks5h://ann:h@127.0.0.1:1080":       "",
		"http://ann:a:b@[::1]:3128/":           "",
		"http://ann:p%40ss%23word@127.0.0.1:9": "",

		"http://ci:p@ss#word@127.0.0.1:9": "special character",
		"http://ci:p#word@127.0.0.1:9":    "special character",
		"http://ci:p/word@127.0.0.1:9":    "special character",
		"http://ci:p?word@127.0.0.1:9":    "special character",
		"http://ci@corp:word@127.0.0.1:9": "special character",
		"ci:p@ss@127.0.0.1:9":             "special character",
		"http://ci:p%ss@127.0.0.1:9":      "is not the URL",
		"http://ci:p ss@127.0.0.1:9":      "is not the URL",
		"http://ci:pass@127.0.0.1:bad":    "is not the URL",
		"http://ci:pass@":                 "is not the URL",
		"http://ci:pa\x01ss@127.0.0.1:9":  "is not the URL",
		"http://":                         "is not the URL",
		"ftp://ci:pass@127.0.0.1:9":       "unsupported scheme",
	} {
		got := CheckProxy(text)
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		shown := strings.NewReplacer(formatAdvice, "", "user name and password", "").Replace(got)
		for _, part := range []string{"word", "pass", "ss", "ann", "127", "corp"} {
			if strings.Contains(text, part) && strings.Contains(shown, part) {
				t.Errorf("%q: the message shows a part of it: %s", text, got)
			}
		}
		if want == "special character" && !strings.Contains(got, "@ as %40, # as %23") {
			t.Errorf("%q: no advice in %q", text, got)
		}
	}
}

func TestCredentials(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for text, want := range map[string][]string{
		"http://proxy:3128":            nil,
		"http://ann:hunter2@proxy:1":   {"ann", "hunter2", "ann:hunter2", b64("ann:hunter2")},
		"ann:hunter2@proxy:1":          {"ann", "hunter2", "ann:hunter2", b64("ann:hunter2")},
		"http://ann:h%40nter2@proxy:1": {"ann", "h%40nter2", "h@nter2", "ann:h@nter2", b64("ann:h@nter2")},
		"http://ann:h nter+2@proxy:1":  {"h nter+2", "h+nter%2B2", "h%20nter+2", b64("ann:h nter+2")},
		"http://ci:p@ss#wo/rd@proxy:1": {"p@ss#wo/rd", url.QueryEscape("p@ss#wo/rd"), b64("ci:p@ss#wo/rd")},
		"http://token@proxy:1":         {"token", b64("token:")},
		"http://ci:x@proxy:1":          {"ci:x", b64("ci:x")},
	} {
		got := Credentials(text)
		for _, form := range want {
			if !slices.Contains(got, form) {
				t.Errorf("%q: %q lacks %q", text, got, form)
			}
		}
		if want == nil && got != nil || slices.ContainsFunc(got, func(s string) bool { return len(s) < 3 }) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// A URL that no proxy can have ends the request: net/http would go on without
// the proxy, or ask a piece of the password.
func TestAnInvalidProxyIsNotPassedBy(t *testing.T) {
	direct := listen(t, answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	for _, text := range []string{"http://ann:" + said + "@127.0.0.1:bad", "http://ann:p@" + said + "#x@127.0.0.1:9", "ftp://ann:" + said + "@127.0.0.1:9", "http://%zz"} {
		o := FromEnvironment(getenv(map[string]string{"http_proxy": text, "HTTPS_PROXY": text, "no_proxy": "direct.test"}))
		for target, from := range map[string]string{"http://sts.test": "variable http_proxy", "https://sts.test": "variable HTTPS_PROXY"} {
			_, err := ask(New(Options{Proxies: o}), target)
			if e := wantReason(t, err, ProxyInvalid); e.Proxy != from || !e.Permanent() || !strings.Contains(e.Advice(), from) {
				t.Errorf("%s: %+v", text, e)
			}
		}
		if status, err := ask(New(Options{Proxies: o}), "http://"+direct); err != nil || status != 200 {
			t.Errorf("loopback, which needs no proxy: %v", err)
		}
	}
}

func TestAProxyPrintsWhereItWasSet(t *testing.T) {
	p := Proxy{"http://ann:" + said + "@proxy:1", "variable HTTPS_PROXY"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, Options{Proxies: Proxies{HTTPSProxy: p}}) + fmt.Sprintf(verb, p); strings.Contains(text, said) || !strings.Contains(text, "HTTPS_PROXY") {
			t.Errorf("%s: %s", verb, text)
		}
	}
}

// Of a URL that is accepted, nothing before the last @ is a host.
func FuzzCheckProxy(f *testing.F) {
	for _, text := range []string{"http://ann:h%20nter2@proxy:3128", "ci:p@ss#word@127.0.0.1:9", "a://b://c@d", "[::1]:3128", "http://a@b/@c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rest := afterScheme(text)
		at := strings.LastIndexByte(rest, '@')
		if CheckProxy(text) == "" {
			u, err := parseProxy(text)
			if err != nil || !strings.HasPrefix(unescaped(rest[at+1:]), u.Host) || (u.User != nil) != (at >= 0) {
				t.Errorf("%q has the host %q, of user %v: %v", text, u.Host, u.User, err)
			}
		}
		if at >= 3 && !slices.Contains(Credentials(text), rest[:at]) {
			t.Errorf("%q: %q is not masked", text, rest[:at])
		}
	})
}
