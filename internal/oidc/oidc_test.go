package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

func jwt(claims string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"RS256"}`)) + "." + enc([]byte(claims)) + "." + enc([]byte("signature"))
}

func TestParseClaims(t *testing.T) {
	c, err := ParseClaims(jwt(`{"sub":"repo:o/r:ref:refs/heads/main","aud":["a","b"],"exp":1700000300,"iat":1.7e9,"run_id":"12345678901","ok":true,"list":[1]}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Get("sub") != "repo:o/r:ref:refs/heads/main" || strings.Join(c.Audiences(), " ") != "a b" || c.Get("ok") != "true" || c.Get("exp") != "1700000300" {
		t.Errorf("claims %v", c)
	}
	if got := c.Expires(); !got.Equal(time.Unix(1700000300, 0)) {
		t.Errorf("exp %v", got)
	}
	if got := c.IssuedAt(); !got.Equal(time.Unix(1700000000, 0)) {
		t.Errorf("iat %v", got)
	}
	if _, ok := c.Text("list"); ok || !c.when("missing").IsZero() {
		t.Error("a list has a text, or a missing claim a time")
	}
}

func TestBadTokensAreNotQuoted(t *testing.T) {
	for name, token := range map[string]string{
		"empty":          "",
		"two parts":      "s3cret.s3cret",
		"not base64":     "a.s3cret!.c",
		"not JSON":       "a." + base64.RawURLEncoding.EncodeToString([]byte("s3cret")) + ".c",
		"not an object":  jwt(`"s3cret"`),
		"null":           jwt("null"),
		"more behind it": jwt(`{} "s3cret"`),
		"a line end":     jwt(`{}`) + "\ns3cret",
		"too long":       jwt(`{"a":"` + strings.Repeat("s3cret", 4000) + `"}`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseClaims(token)
			if err == nil || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// endpoint answers each request with the next answer, the last one for ever.
func endpoint(t *testing.T, answers ...func(http.ResponseWriter, *http.Request)) (*Source, func() int) {
	t.Helper()
	var mu sync.Mutex
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		answer := answers[min(calls, len(answers)-1)]
		calls++
		mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	policy := retry.Default(4)
	policy.Sleep = func(context.Context, time.Duration) error { return nil }
	source := &Source{URL: server.URL + "/token?api-version=2.0&x=a%2Fb", Bearer: secret.New("bearer-secret"), Client: transport.New(transport.Options{}), Retry: policy}
	return source, func() int {
		mu.Lock()
		defer mu.Unlock()
		return calls
	}
}

func status(code int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

// withLength answers with a Content-Length that the body does not have.
func withLength(n int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(n))
		fmt.Fprint(w, body)
	}
}

var good = status(200, `{"value":"`+jwt(`{"sub":"s"}`)+`"}`)

func TestTokenRequest(t *testing.T) {
	s, _ := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "api-version=2.0&x=a%2Fb&audience=sts.amazonaws.com%26evil%3D1" || r.Header.Get("Authorization") != "Bearer bearer-secret" {
			t.Errorf("asked for %s with %s", r.URL, r.Header.Get("Authorization"))
		}
		good(w, r)
	})
	var seen []secret.Value
	s.OnToken = func(v secret.Value) { seen = append(seen, v) }
	token, err := s.Token(context.Background(), "sts.amazonaws.com&evil=1")
	if err != nil || token.Claims.Get("sub") != "s" || len(seen) != 1 || seen[0] != token.Raw {
		t.Errorf("token %v, seen %v, error %v", token, seen, err)
	}
}

func TestTokenTries(t *testing.T) {
	reset := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://bearer-secret.test/", http.StatusFound)
	}
	for name, tt := range map[string]struct {
		fault func(http.ResponseWriter, *http.Request)
		again bool
		want  string
	}{
		"500":           {status(500, "oops bearer-secret"), true, "status 500: no reason given"},
		"503 message":   {status(503, `{"message":"try later\n::error::x"}`), true, "status 503: try later ::error::x"},
		"429":           {status(429, ""), true, "status 429"},
		"empty":         {status(200, ""), true, "not JSON"},
		"HTML":          {status(200, "<html>"), true, "not JSON"},
		"no value":      {status(200, `{"count":0}`), true, "has no token"},
		"not a JWT":     {status(200, `{"value":"bearer-secret"}`), true, "three of a JWT"},
		"reset":         {reset, true, "no response from the runner's token endpoint: connection closed by the server"},
		"broken off":    {withLength(500, `{"value":"bearer-secret`), true, "status 200: response ended early"},
		"too large":     {status(200, `{"value":"`+strings.Repeat("bearer-secret", transport.MaxBody)), false, "status 200: response too large"},
		"401":           {status(401, `{"message":"bad bearer"}`), false, "status 401: bad bearer"},
		"403 token":     {status(403, `{"message":"eyJhbGciOi"}`), false, "not shown"},
		"404":           {status(404, "no"), false, "status 404"},
		"403 encoded":   {status(403, `{"message":"bad `+base64.StdEncoding.EncodeToString([]byte("Bearer bearer-secret"))+`"}`), false, "not shown"},
		"403 signature": {status(403, `{"message":"bad U0lHTkFUVVJFLVNFQ1JFVC1CWVRFUy0wMTIzNDU2Nzg5"}`), false, "not shown"},
		"403 long":      {status(403, `{"message":"the job of octo-org-with-a-long-name/octo-repo 0f8fad5b-d9cd-469f-a165-70867728950e may not"}`), false, "469f-a165-70867728950e may not"},
		"302 elsewhere": {redirect, false, "status 302: redirect not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			for failures := 1; failures <= 2; failures++ {
				answers := []func(http.ResponseWriter, *http.Request){tt.fault, tt.fault}[:failures]
				s, calls := endpoint(t, append(answers, good)...)
				_, err := s.Token(context.Background(), "a")
				wantCalls := 1
				if tt.again {
					wantCalls = failures + 1
				}
				if (err == nil) != tt.again || calls() != wantCalls {
					t.Errorf("after %d failures: %d calls, error %v", failures, calls(), err)
				}
			}
			s, calls := endpoint(t, tt.fault)
			_, err := s.Token(context.Background(), "a")
			var failed *EndpointError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "bearer-secret") || strings.Contains(err.Error(), "eyJ") || strings.Contains(err.Error(), "127.0.0.1:") && strings.Contains(err.Error(), "token?") {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if tt.again && calls() != 4 || !tt.again && calls() != 1 {
				t.Errorf("%d calls", calls())
			}
		})
	}
}

func TestAHangEndsAtTheDeadline(t *testing.T) {
	s, calls := endpoint(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := s.Token(ctx, "a")
	if !errors.Is(err, context.DeadlineExceeded) || calls() != 1 {
		t.Errorf("%d calls, error %v", calls(), err)
	}
}

func TestAHangIsTriedAgain(t *testing.T) {
	s, calls := endpoint(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, good)
	s.Retry.PerAttempt = 50 * time.Millisecond
	if _, err := s.Token(context.Background(), "a"); err != nil || calls() != 2 {
		t.Errorf("%d calls, error %v", calls(), err)
	}
}

func TestBadURL(t *testing.T) {
	for _, u := range []string{"", "::", "ftp://x", "/path", "http://"} {
		if _, err := (&Source{URL: u}).Token(context.Background(), "a"); err == nil || !strings.Contains(err.Error(), "ACTIONS_ID_TOKEN_REQUEST_URL") {
			t.Errorf("%q: %v", u, err)
		}
	}
}

// TestUnencrypted has the request token leave the machine in the clear only for
// the server that GITHUB_SERVER_URL names.
func TestUnencrypted(t *testing.T) {
	for name, tt := range map[string]struct {
		url, server string
		sent        bool
	}{
		"loopback":                     {"http://127.0.0.1/t", "https://github.com", true},
		"IPv6 loopback":                {"http://[::1]:8080/t", "", true},
		"localhost":                    {"http://localhost:8080/t", "", true},
		"the server":                   {"http://gitea:3000/api/t", "http://gitea:3000", true},
		"its other port":               {"http://gitea/t", "http://gitea:3000/", true},
		"its other spelling":           {"http://Git.Example.com./t", "https://git.example.com", true},
		"https":                        {"https://token.example.com/t", "", true},
		"another host":                 {"http://token.example.com/t", "https://github.example.com", false},
		"no server":                    {"http://token.example.com/t", "", false},
		"no URL of a server":           {"http://token.example.com/t", "token.example.com", false},
		"a private address":            {"http://10.0.0.1/t", "https://github.com", false},
		"any address":                  {"http://0.0.0.0/t", "https://github.com", false},
		"a subdomain of the server":    {"http://token.gitea.example/t", "http://gitea.example", false},
		"the server as a subdomain":    {"http://gitea.example.evil.test/t", "http://gitea.example", false},
		"the server as a user":         {"http://gitea.example@evil.test/t", "http://gitea.example", false},
		"loopback as a subdomain":      {"http://127.0.0.1.evil.test/t", "", false},
		"GitHub":                       {"http://github.com/t", "https://github.com", false},
		"a tenant of GitHub's":         {"http://octo.ghe.com/t", "https://octo.ghe.com", false},
		"GitHub, with a dot":           {"http://GitHub.com./t", "http://github.com", false},
		"a server named like GitHub's": {"http://mygithub.com/t", "http://mygithub.com", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Source{URL: tt.url, ServerURL: tt.server, Bearer: secret.New("bearer-secret")}
			_, err := s.request("a")
			if (err == nil) != tt.sent {
				t.Fatalf("error %v", err)
			}
			if err == nil {
				return
			}
			var refused *EndpointError
			if !errors.As(err, &refused) || !refused.NotSent || !strings.Contains(refused.Advice, "https://") || !strings.HasPrefix(err.Error(), "no request was sent") {
				t.Errorf("error %#v", err)
			}
		})
	}
}

func TestTokensAreSharedAndRenewed(t *testing.T) {
	start := time.Unix(1700000000, 0)
	now := start
	serial := 0
	s, calls := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		serial++
		status(200, fmt.Sprintf(`{"value":%q}`, jwt(fmt.Sprintf(`{"n":%d,"exp":%d}`, serial, now.Unix()+300))))(w, r)
	})
	tokens := NewTokens(s, func() time.Time { return now })
	get := func(audience string, stale Token) Token {
		t.Helper()
		token, err := tokens.Get(context.Background(), audience, stale)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	first := get("a", Token{})
	if get("a", Token{}).Raw != first.Raw || calls() != 1 {
		t.Error("a young token was not shared")
	}
	if get("b", Token{}).Raw == first.Raw || calls() != 2 {
		t.Error("another audience got the same token")
	}
	now = start.Add(270 * time.Second)
	if get("a", Token{}).Raw != first.Raw {
		t.Error("a token with 30 s left was renewed")
	}
	now = start.Add(271 * time.Second)
	second := get("a", Token{})
	if second.Raw == first.Raw || calls() != 3 {
		t.Error("a token about to expire was handed out")
	}
	if third := get("a", second); third.Raw == second.Raw || get("a", second).Raw != third.Raw || calls() != 4 {
		t.Error("a refused token was not replaced once")
	}
	if tokens.Last("a").Claims.Get("n") != "4" || !tokens.Last("never").Raw.IsZero() {
		t.Error("Last is not the last")
	}
}

func FuzzParseClaims(f *testing.F) {
	f.Add(jwt(`{"exp":1e400,"aud":[1,"a"]}`))
	f.Fuzz(func(t *testing.T, token string) {
		c, err := ParseClaims(token)
		if err == nil && c == nil {
			t.Error("neither claims nor an error")
		}
		c.Expires()
		c.Audiences()
	})
}
