package sandbox

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/org/aws-oidc-action/internal/scenario"
)

// withFaults is the built-in scenario with faults.
func withFaults(faults string) string { return scenario.BuiltinSource() + "\nfaults:\n" + faults }

const builtinHub = "arn:aws:iam::111111111111:role/github-hub"

// hubLogin is the form of a first hop, sent without the SDK so that every
// kind of answer can be looked at.
type hubLogin url.Values

func newHubLogin(t *testing.T, server *Server) hubLogin {
	t.Helper()
	return hubLogin(form("AssumeRoleWithWebIdentity", "RoleArn", builtinHub, "RoleSessionName", "run-7",
		"WebIdentityToken", fetchToken(t, server, "sts.amazonaws.com")))
}

func (l hubLogin) post(ctx context.Context, t *testing.T, server *Server) (status int, contentType, body string, err error) {
	t.Helper()
	response, err := http.DefaultClient.Do(request(t, server, url.Values(l)).WithContext(ctx))
	if err != nil {
		return 0, "", "", err
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	return response.StatusCode, response.Header.Get("Content-Type"), string(all), err
}

func TestFaultsOfSTS(t *testing.T) {
	tests := []struct {
		fault  string
		status int
		kind   string // content type
		body   string // part of it
	}{
		{"throttling", 400, "text/xml", "<Code>Throttling</Code>"},
		{"request-limit-exceeded", 400, "text/xml", "<Code>RequestLimitExceeded</Code>"},
		{"verification-key", 400, "text/xml", "provider,  please reference"},
		{"idp-communication", 400, "text/xml", "<Code>IDPCommunicationError</Code>"},
		{"idp-rejected-claim", 403, "text/xml", "<Code>IDPRejectedClaim</Code>"},
		{"packed-policy", 400, "text/xml", "<Code>PackedPolicyTooLarge</Code>"},
		{"region-disabled", 403, "text/xml", "for account:111111111111."},
		{"expired-token", 400, "text/xml", "<Code>ExpiredTokenException</Code>"},
		{"http-429", 429, "text/html", "Too Many Requests"},
		{"http-500", 500, "text/xml", "<Type>Receiver</Type>"},
		{"http-502", 502, "text/html", "502 Bad Gateway"},
		{"http-503", 503, "text/xml", "<Code>ServiceUnavailable</Code>"},
		{"http-504", 504, "text/html", "504 Gateway Timeout"},
		{"truncated", 200, "text/xml", "<AssumeRoleWithWebIdentityResponse"},
		{"wrong-content-type", 200, "text/html", "<html>"},
		{"empty-body", 200, "text/xml", ""},
	}
	for _, test := range tests {
		t.Run(test.fault, func(t *testing.T) {
			server := start(t, withFaults("  - {call: AssumeRoleWithWebIdentity, fault: "+test.fault+"}"), Options{})
			hub := newHubLogin(t, server)
			status, kind, body, err := hub.post(t.Context(), t, server)
			if err != nil || status != test.status || kind != test.kind || !strings.Contains(body, test.body) {
				t.Errorf("%v %d %s %s", err, status, kind, body)
			}
			if strings.Contains(body, "</AssumeRoleWithWebIdentityResponse>") {
				t.Error("the answer is whole")
			}
			if calls := server.Calls(); calls[1].Fault != scenario.FaultKind(test.fault) || calls[1].OK() {
				t.Errorf("recorded %+v", calls[1])
			}
			if status, _, body, err := hub.post(t.Context(), t, server); err != nil || status != 200 {
				t.Errorf("the second call: %v %d %s", err, status, body)
			}
		})
	}
}

func TestFaultsOfTheTokenEndpoint(t *testing.T) {
	for fault, want := range map[string]struct {
		status int
		body   string
	}{
		"http-403":           {403, `{"message":"Forbidden"}`},
		"http-429":           {429, `{"message":"Too Many Requests"}`},
		"http-500":           {500, `{"message":"Internal Server Error"}`},
		"http-502":           {502, "<html>"},
		"no-value":           {200, "{}"},
		"not-json":           {200, "upstream connect error"},
		"empty-body":         {200, ""},
		"truncated":          {200, `{"value":"`},
		"wrong-content-type": {200, "<html>"},
	} {
		t.Run(fault, func(t *testing.T) {
			server := start(t, withFaults("  - {call: token, fault: "+fault+"}"), Options{})
			env := environ(server)
			status, _, body := get(t, env["ACTIONS_ID_TOKEN_REQUEST_URL"], env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
			if status != want.status || !strings.HasPrefix(string(body), want.body) || strings.HasSuffix(string(body), `"}`) && want.status == 200 {
				t.Errorf("%d %s", status, body)
			}
			fetchToken(t, server, "")
		})
	}
}

func TestResetAndHang(t *testing.T) {
	server := start(t, withFaults("  - {call: AssumeRoleWithWebIdentity, fault: reset}\n  - {call: AssumeRoleWithWebIdentity, fault: hang}"), Options{})
	hub := newHubLogin(t, server)
	if _, _, _, err := hub.post(t.Context(), t, server); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("reset: %v", err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, _, err := hub.post(ctx, t, server); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hang: %v", err)
	}
	if calls := server.Calls(); calls[1].Fault != scenario.FaultReset || calls[2].Fault != scenario.FaultHang || calls[2].Status != 0 {
		t.Errorf("recorded %+v", calls)
	}
}

func TestCloseEndsHangingCalls(t *testing.T) {
	server := start(t, withFaults("  - {call: AssumeRoleWithWebIdentity, fault: hang}"), Options{})
	hub := newHubLogin(t, server)
	sent := make(chan struct{})
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { close(sent) },
	})
	done := make(chan error)
	go func() {
		_, _, _, err := hub.post(ctx, t, server)
		done <- err
	}()
	<-sent
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Error("the hanging call got an answer")
	}
}

func TestFaultsByRoleOrderAndCount(t *testing.T) {
	server := start(t, withFaults(`
  - {call: sts, role: "arn:aws:iam::222222222222:role/*", fault: http-503, times: always}
  - {call: any, after: 1, fault: throttling, times: 2}
`), Options{})
	hub := newHubLogin(t, server) // throttling is no fault of the token endpoint: not counted
	var got []int
	for range 4 {
		status, _, _, err := hub.post(t.Context(), t, server)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	url.Values(hub).Set("RoleArn", "arn:aws:iam::222222222222:role/deploy")
	status, _, _, err := hub.post(t.Context(), t, server)
	if err != nil {
		t.Fatal(err)
	}
	if got[0] != 200 || got[1] != 400 || got[2] != 400 || got[3] != 200 || status != 503 {
		t.Errorf("statuses %v, then %d", got, status)
	}
}

func TestClockSkewFault(t *testing.T) {
	c := newClock()
	server := start(t, withFaults("  - {call: AssumeRoleWithWebIdentity, fault: clock-skew, offset: 6m}"), Options{Now: c.Now})
	hub := newHubLogin(t, server)
	status, _, body, err := hub.post(t.Context(), t, server)
	if err != nil || status != 400 || !strings.Contains(body, "Token expired: current date/time 1788264360 must be before the expiration date/time 1788264300") {
		t.Errorf("%v %d %s", err, status, body)
	}
	if status, _, _, err := hub.post(t.Context(), t, server); err != nil || status != 200 {
		t.Errorf("%v %d", err, status)
	}
}

func TestRateLimit(t *testing.T) {
	c := newClock()
	server := start(t, withFaults("  - {call: sts, rate: 3}"), Options{Now: c.Now})
	hub := newHubLogin(t, server)
	count := func(n int) (ok int) {
		for range n {
			status, _, _, err := hub.post(t.Context(), t, server)
			if err != nil {
				t.Fatal(err)
			}
			if status == 200 {
				ok++
			}
		}
		return ok
	}
	if ok := count(5); ok != 3 {
		t.Errorf("%d of 5 calls in one moment passed, want 3", ok)
	}
	c.advance(400 * time.Millisecond)
	if ok := count(2); ok != 1 {
		t.Errorf("%d of 2 calls after 400 ms passed, want 1", ok)
	}
	c.advance(time.Minute)
	if ok := count(5); ok != 3 {
		t.Errorf("%d of 5 calls after a minute passed, want 3: the bucket holds one second", ok)
	}
}

func TestLatency(t *testing.T) {
	server := start(t, withFaults("  - {call: sts, latency: 30ms}"), Options{Latency: 20 * time.Millisecond})
	begin := time.Now()
	hub := newHubLogin(t, server)
	token := time.Since(begin)
	begin = time.Now()
	if _, _, _, err := hub.post(t.Context(), t, server); err != nil {
		t.Fatal(err)
	}
	if both := time.Since(begin); token < 20*time.Millisecond || both < 50*time.Millisecond {
		t.Errorf("token after %v, STS after %v", token, both)
	}
}

func TestSpecialCharacters(t *testing.T) {
	server := start(t, withFaults("  - {call: AssumeRoleWithWebIdentity, fault: special-characters, times: always}"), Options{})
	for range 20 {
		keys := login(t, server, builtinHub)
		if !strings.ContainsAny(*keys.SecretAccessKey, "+/") || len(*keys.SecretAccessKey) != 40 {
			t.Fatalf("secret %q", *keys.SecretAccessKey)
		}
		if a := call(t, server, keys, form("GetCallerIdentity")); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
}

// TestManyJobsAtOnce is for the race detector, and counts.
func TestManyJobsAtOnce(t *testing.T) {
	server := start(t, "", Options{})
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			keys := login(t, server, builtinHub)
			_, err := client(server, keys).AssumeRole(context.Background(), &sts.AssumeRoleInput{
				RoleArn: aws.String("arn:aws:iam::222222222222:role/deploy"), RoleSessionName: aws.String("run-7"),
			})
			var apiErr smithy.APIError
			if errors.As(err, &apiErr) {
				t.Error(apiErr.ErrorCode(), apiErr.ErrorMessage())
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	keys := map[string]bool{}
	for _, c := range server.Calls() {
		if c.AccessKey != "" {
			keys[c.AccessKey] = true
		}
	}
	if calls := len(server.Calls()); calls != 120 || len(keys) != 80 {
		t.Errorf("%d calls and %d sessions, want 120 and 80", calls, len(keys))
	}
}

// TestEveryFaultIsCarriedOut holds the list of faults against what the server
// does: a kind that no part of it knows would do nothing.
func TestEveryFaultIsCarriedOut(t *testing.T) {
	elsewhere := []scenario.FaultKind{scenario.FaultReset, scenario.FaultHang, scenario.FaultClockSkew, scenario.FaultSpecialSecret}
	for _, info := range scenario.FaultKinds {
		_, answer := stsFaults[info.Kind]
		_, status := statusFaults[info.Kind]
		parts := 0
		for _, part := range []bool{answer, status, spoils(info.Kind), slices.Contains(elsewhere, info.Kind)} {
			if part {
				parts++
			}
		}
		if parts != 1 {
			t.Errorf("%s: %d parts of the server carry it out", info.Kind, parts)
		}
	}
	if listed, known := len(scenario.FaultKinds), len(stsFaults)+len(statusFaults)+len(elsewhere)+5; listed != known {
		t.Errorf("%d faults are listed, the server has %d", listed, known)
	}
}
