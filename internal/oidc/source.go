package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

// Token is a signed token and its claims.
type Token struct {
	Raw    secret.Value
	Claims Claims
}

// The variables by which the runner offers tokens to every step of a job.
const (
	RequestURL   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	RequestToken = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
)

// Source mints tokens at the runner's endpoint.
type Source struct {
	URL       string       // RequestURL
	ServerURL string       // GITHUB_SERVER_URL
	Bearer    secret.Value // RequestToken
	Client    *http.Client // one of transport.New's, which bounds responses and keeps their texts out of errors; without a proxy for http
	Retry     retry.Policy

	// OnToken is called with every token before anything else is done with it,
	// so that it can be masked. It may be nil.
	OnToken func(secret.Value)
}

// EndpointError means that the runner's endpoint returned no token, after all
// retries. It holds no part of the response's body except GitHub's message.
type EndpointError struct {
	Status  int  // 0 without a response
	NotSent bool // the URL is wrong, so that there was no request
	Reason  string
	Advice  string // what to do about it, or "" if that is not known
}

func (e *EndpointError) Error() string {
	switch {
	case e.NotSent:
		return "no request was sent to the runner's token endpoint: " + e.Reason
	case e.Status == 0:
		return "no response from the runner's token endpoint: " + e.Reason
	}
	return fmt.Sprintf("the runner's token endpoint returned status %d: %s", e.Status, e.Reason)
}

// Token mints a token for the audience. Network errors, 429, 5xx and responses
// without a token are retried; any other status is final. Failures are
// *EndpointError, wrapped with context.DeadlineExceeded if time ran out.
func (s *Source) Token(ctx context.Context, audience string) (Token, error) {
	request, err := s.request(audience)
	if err != nil {
		return Token{}, err
	}
	var token Token
	err = s.Retry.Do(ctx, func() (again bool, err error) {
		ctx, cancel := s.Retry.Limit(ctx)
		defer cancel()
		token, again, err = s.ask(request.WithContext(ctx))
		return again, err
	})
	return token, err
}

func (s *Source) request(audience string) (*http.Request, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, &EndpointError{NotSent: true, Reason: "ACTIONS_ID_TOKEN_REQUEST_URL is not an http or https URL"}
	}
	if u.Scheme == "http" && !s.takesPlain(u.Hostname()) {
		return nil, &EndpointError{
			NotSent: true,
			Reason:  fmt.Sprintf("ACTIONS_ID_TOKEN_REQUEST_URL is an http:// URL of %q, where the job's request token would be sent unencrypted", shown(u.Hostname())),
			Advice:  "let the runner use https://; http:// is accepted for this machine and, where it is not github.com or ghe.com, for the host of GITHUB_SERVER_URL",
		}
	}
	// The URL has a query already, whose order and escapes are kept.
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "audience=" + url.QueryEscape(audience)
	request, err := http.NewRequest(http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &EndpointError{NotSent: true, Reason: "ACTIONS_ID_TOKEN_REQUEST_URL is not a usable URL"}
	}
	request.Header.Set("Authorization", "Bearer "+s.Bearer.Reveal())
	request.Header.Set("Accept", "application/json; api-version=2.0")
	return request, nil
}

// takesPlain reports whether the request token may be sent unencrypted to a
// host: one on this machine, or the server that issued it, if it is a private
// server without TLS. GitHub's hosts always have TLS.
func (s *Source) takesPlain(host string) bool {
	if transport.IsLoopback(host) {
		return true
	}
	server, err := url.Parse(s.ServerURL)
	if err != nil {
		return false
	}
	normal := func(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
	host = normal(host)
	return host == normal(server.Hostname()) &&
		!slices.ContainsFunc([]string{"github.com", "ghe.com"}, func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) })
}

// shown cuts a host's name, for a message.
func shown(host string) string {
	const longest = 100
	if len(host) > longest {
		return strings.ToValidUTF8(host[:longest], "") + "…"
	}
	return host
}

func (s *Source) ask(request *http.Request) (token Token, again bool, err error) {
	response, err := s.Client.Do(request)
	if err != nil {
		failed := transport.Classify(err)
		return Token{}, !failed.Permanent(), &EndpointError{Reason: failed.Error(), Advice: failed.Advice()}
	}
	defer response.Body.Close()
	refused := func(reason string) error { return &EndpointError{Status: response.StatusCode, Reason: reason} }
	body, err := io.ReadAll(response.Body)
	if err != nil {
		failed := transport.Classify(err)
		return Token{}, !failed.Permanent(), refused(failed.Error())
	}
	switch status := response.StatusCode; {
	case status >= 300 && status < 400:
		return Token{}, false, refused(string(transport.Redirect))
	case status != http.StatusOK:
		return Token{}, status == http.StatusTooManyRequests || status >= 500, refused(message(body, s.Bearer))
	}
	var answer struct {
		Value string `json:"value"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return Token{}, true, refused("the response is not JSON")
	}
	if answer.Value == "" {
		return Token{}, true, refused("the response has no token")
	}
	raw := secret.New(answer.Value)
	if s.OnToken != nil {
		s.OnToken(raw)
	}
	claims, err := ParseClaims(answer.Value)
	if err != nil {
		return Token{}, true, refused(err.Error())
	}
	return Token{raw, claims}, false, nil
}

// message returns GitHub's explanation in the body of an error, if it has one.
// Other text is not shown, because it could be a token.
func message(body []byte, bearer secret.Value) string {
	var answer struct {
		Message string `json:"message"`
	}
	const most, longest = 8 << 10, 300
	if json.Unmarshal(body, &answer) != nil || answer.Message == "" {
		return "no reason given"
	}
	m := strings.Join(strings.Fields(answer.Message[:min(len(answer.Message), most)]), " ")
	if secret.Redact(m, bearer) != m || mayHoldToken(m) {
		return "the reason is not shown because it may hold a token"
	}
	if r := []rune(m); len(r) > longest {
		m = string(r[:longest]) + "…"
	}
	return m
}

// mayHoldToken reports whether a text has the beginning of a JWT, or a long run of
// base64url, which may be another piece of a token.
func mayHoldToken(text string) bool {
	const shortest = 24
	if strings.Contains(text, "eyJ") {
		return true
	}
	for run := range strings.FieldsFuncSeq(text, func(c rune) bool { return !isBase64URL(c) }) {
		if len(run) >= shortest && strings.ContainsFunc(run, isDigit) && strings.ToLower(run) != run && strings.ToUpper(run) != run {
			return true
		}
	}
	return false
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

func isBase64URL(c rune) bool {
	return isDigit(c) || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '_'
}

// ExpiresWithin reports whether the token expires in less than d from now. A token
// without an expiry does not.
func (t Token) ExpiresWithin(d time.Duration, now time.Time) bool {
	end := t.Claims.Expires()
	return !end.IsZero() && now.Add(d).After(end)
}
