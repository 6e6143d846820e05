package transport

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

func getenv(m map[string]string) func(string) string {
	return func(name string) string { return m[name] }
}

func TestNoRedirectIsFollowed(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("https://elsewhere.test/", http.StatusFound))
	defer server.Close()
	response, err := New(Options{}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusFound {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestProxyFromTheEnvironmentGiven(t *testing.T) {
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.URL.String() }))
	defer proxy.Close()
	for name, env := range map[string]map[string]string{
		"upper": {"HTTP_PROXY": proxy.URL, "NO_PROXY": "direct.test"},
		"lower": {"http_proxy": proxy.URL},
	} {
		asked = ""
		response, err := New(Options{Proxies: FromEnvironment(getenv(env))}).Get("http://sts.test/x")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if asked != "http://sts.test/x" {
			t.Errorf("%s: the proxy was asked for %q", name, asked)
		}
	}
	// Loopback is never proxied.
	direct := httptest.NewServer(http.NotFoundHandler())
	defer direct.Close()
	asked = ""
	response, err := New(Options{Proxies: Proxies{HTTPProxy: Proxy{URL: proxy.URL}}}).Get(direct.URL)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if asked != "" || response.StatusCode != http.StatusNotFound {
		t.Errorf("loopback went through the proxy: %q", asked)
	}
}

func TestAnUnknownCertificateIsRefused(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	response, err := New(Options{}).Get(server.URL)
	if err == nil {
		response.Body.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v", err)
	}
}

// What is trusted: the system's roots or those in their place, and more ones.
func TestRoots(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it are meant
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	_, other := certificate(t, func(*x509.Certificate) {})
	for name, tt := range map[string]struct {
		o       Options
		trusted bool
	}{
		"the system's":         {},
		"more":                 {Options{MoreRoots: ca}, true},
		"in place":             {Options{Roots: ca}, true},
		"in place and more":    {Options{Roots: other, MoreRoots: ca}, true},
		"others in place":      {Options{Roots: other}, false},
		"no file in place":     {Options{Roots: []byte{}}, false},
		"none in place, more":  {Options{Roots: []byte{}, MoreRoots: ca}, true},
		"two files of further": {Options{MoreRoots: append(other, ca...)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ask(New(tt.o), server.URL)
			if tt.trusted && err != nil {
				t.Error(err)
			}
			if !tt.trusted {
				wantReason(t, err, TLSUnknownAuthority)
			}
		})
	}
	if pool := (Options{Roots: []byte{}}).roots(); !pool.Equal(builtIn()) {
		t.Error("where a file of roots cannot be read, Mozilla's do not take its place")
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.8.9.10": true, "::1": true, "::ffff:127.0.0.1": true, "localhost": true, "LOCALHOST": true,
		"": false, "localhost.": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "2130706433": false, "127.1": false, "0x7f.0.0.1": false,
		"127.0.0.1.": false, "127.0.0.1.evil.example": false, "localhost.evil.example": false, "evil-localhost": false, "localhost..": false,
	} {
		if got := IsLoopback(host); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}

// Hosts without a proxy are separated as people write them.
func TestNoProxyIsSeparatedByCommasBlanksAndLines(t *testing.T) {
	for _, text := range []string{"a.test,sts.test,b.test", "a.test sts.test b.test", "a.test\nsts.test\r\nb.test", " a.test ,\tsts.test, , b.test,", "10.0.0.0/8 *.other.test .sts.test sts.test:443"} {
		choose := Options{Proxies: Proxies{HTTPSProxy: Proxy{URL: "http://proxy.test"}, NoProxy: text}}.proxies()
		for target, direct := range map[string]bool{"https://sts.test": true, "https://elsewhere.test": false} {
			u, err := url.Parse(target)
			if err != nil {
				t.Fatal(err)
			}
			if proxy, err := choose(u); err != nil || (proxy == nil) != direct {
				t.Errorf("%q: %s goes through %v, %v", text, target, proxy, err)
			}
		}
	}
}

func TestEncryptedOnlyLeavesPlainRequestsAlone(t *testing.T) {
	all := FromEnvironment(getenv(map[string]string{"HTTPS_PROXY": "http://proxy.test:1", "HTTP_PROXY": "http://proxy.test:2", "NO_PROXY": "sts.test"}))
	choose := Options{Proxies: all.EncryptedOnly()}.proxies()
	for target, want := range map[string]string{"https://token.test": "proxy.test:1", "http://token.test": "", "https://sts.test": ""} {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		proxy, err := choose(u)
		if err != nil || (proxy == nil) != (want == "") || proxy != nil && proxy.Host != want {
			t.Errorf("%s goes through %v, %v, want %q", target, proxy, err, want)
		}
	}
}

// In the image there is no file of roots: what is built in must do.
func TestBuiltInRoots(t *testing.T) {
	n := 0
	for range bundle.Roots() {
		n++
	}
	if n < 50 || builtIn().Equal(x509.NewCertPool()) {
		t.Errorf("only %d roots are built in", n)
	}
}
