package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestKeysOfAnIssuerThatIsBroken: STS has no key of an issuer whose documents
// are missing, of another issuer, or not JSON.
func TestKeysOfAnIssuerThatIsBroken(t *testing.T) {
	const discovery, keys = "/.well-known/openid-configuration", "/.well-known/jwks"
	for _, test := range []struct {
		name      string
		documents map[string]string // {url} is the server's
		want      string
	}{
		{"no discovery", nil, "status 404"},
		{"not JSON", map[string]string{discovery: "<html>"}, "read the issuer's keys"},
		{"another issuer", map[string]string{discovery: `{"issuer": "https://other.example", "jwks_uri": "{url}` + keys + `"}`}, "of another issuer"},
		{"keys elsewhere", map[string]string{discovery: `{"issuer": "https://issuer.example", "jwks_uri": "http://192.0.2.1/keys"}`}, "of another issuer"},
		{"no keys", map[string]string{discovery: `{"issuer": "https://issuer.example", "jwks_uri": "{url}` + keys + `"}`}, "status 404"},
		{"another key", map[string]string{discovery: `{"issuer": "https://issuer.example", "jwks_uri": "{url}` + keys + `"}`, keys: `{"keys": []}`}, "does not publish the token's key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var server *httptest.Server
			server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				document, ok := test.documents[r.URL.Path]
				if !ok {
					http.NotFound(w, r)
					return
				}
				_, _ = w.Write([]byte(strings.ReplaceAll(document, "{url}", server.URL)))
			}))
			defer server.Close()
			source := newKeySource("https://issuer.example", server.URL)
			if _, err := source.key("https://issuer.example", "id"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if _, err := source.key("https://other.example", "id"); err == nil || !strings.Contains(err.Error(), "no issuer") {
				t.Errorf("of an issuer that is not the scenario's: %v", err)
			}
		})
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	if _, err := newKeySource("https://issuer.example", gone.URL).key("https://issuer.example", "id"); err == nil || !strings.Contains(err.Error(), "fetch the issuer's keys") {
		t.Errorf("of a server that is down: %v", err)
	}
}
