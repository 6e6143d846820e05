package transport

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
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
		response, err := New(FromEnvironment(getenv(env))).Get("http://sts.test/x")
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
	response, err := New(Options{HTTPProxy: Proxy{URL: proxy.URL}}).Get(direct.URL)
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

func TestMoreRoots(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	response, err := New(Options{MoreRoots: ca}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
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
