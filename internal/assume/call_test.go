package assume

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/transport"
)

// codes are what STS may answer, and whether another try makes sense (STS:
// STS's errors by code; a proxy's pages besides).
var codes = []struct {
	code, message string
	status        int
	again         bool
}{
	{code: "Throttling", message: "Rate exceeded", status: 400, again: true},
	{code: "ThrottlingException", message: "Rate exceeded", status: 400, again: true},
	{code: "RequestLimitExceeded", message: "Rate exceeded", status: 400, again: true},
	{code: "TooManyRequestsException", message: "slow down", status: 429, again: true},
	{code: "IDPCommunicationError", message: "The request to the identity provider timed out", status: 400, again: true},
	{code: "InvalidIdentityToken",
		message: "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
		status:  400, again: true},
	{code: "InternalFailure", message: "x", status: 500, again: true},
	{code: "ServiceUnavailable", message: "x", status: 503, again: true},
	{code: "RequestTimeout", message: "x", status: 408, again: true},
	{code: "SomethingNew", message: "x", status: 502, again: true},
	{message: "<html>Bad Gateway</html>", status: 502, again: true},
	{message: "<html>Gateway Timeout</html>", status: 504, again: true},
	{status: 500, again: true},
	{message: "<html>please log in</html>", status: 200, again: true},
	{status: 429, again: true},

	{code: "InvalidIdentityToken", message: "No OpenIDConnect provider found in your account for https://x",
		status: 400},
	{code: "InvalidIdentityToken", message: "Incorrect token audience", status: 400},
	{code: "AccessDenied", message: "Not authorized to perform sts:AssumeRoleWithWebIdentity", status: 403},
	{code: "IDPRejectedClaim", message: "x", status: 403},
	{code: "ValidationError",
		message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", status: 400},
	{code: "InvalidParameterValue", message: "x", status: 400},
	{code: "MalformedPolicyDocument", message: "x", status: 400},
	{code: "PackedPolicyTooLarge", message: "x", status: 400},
	{code: "PackedPolicyTooLargeException", message: "x", status: 400},
	{code: "RegionDisabledException", message: "x", status: 403},
	{code: "InvalidClientTokenId", message: "x", status: 403},
	{code: "ExpiredToken", message: "x", status: 403},
	{code: "SomethingNew", message: "x", status: 400},
	{message: "<html>Forbidden</html>", status: 403},
	{message: "<html>Not Found</html>", status: 404},
	{status: 307},
}

func TestRetryByCode(t *testing.T) {
	for i, tt := range codes {
		if propertytest.LeaveOut(i, 3) {
			continue
		}
		t.Run(fmt.Sprintf("%d %s %.20s", tt.status, tt.code, tt.message), func(t *testing.T) {
			for _, web := range []bool{true, false} {
				var calls atomic.Int32
				fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					calls.Add(1)
					refuse(w, tt.status, tt.code, tt.message)
				}))
				defer fake.Close()
				s := newSite(t, "")
				p := s.profile(0)
				if web {
					p.Chain = p.Chain[:1]
				} else {
					p = byKeys(p)
				}
				p.Chain[0].Endpoint = fake.URL
				_, err := s.walker.Walk(context.Background(), p)
				d := denial(t, err)
				if d.Code != tt.code || d.Status != tt.status || d.Deadline {
					t.Errorf("denial %+v", d)
				}
				if tt.code != "" && (d.Message != tt.message || d.RequestID != "id-1") {
					t.Errorf("denial %+v", d)
				}
				if want := map[bool]int32{true: 4, false: 1}[tt.again]; calls.Load() != want || len(s.waits) < int(want)-1 {
					t.Errorf("%d calls and %d waits, want %d calls", calls.Load(), len(s.waits), want)
				}
			}
		})
	}
}

// refuse answers as STS does, or with a page where there is no code.
func refuse(w http.ResponseWriter, status int, code, message string) {
	if code == "" {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprint(w, message)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-Requestid", "id-1")
	w.WriteHeader(status)
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(message)) // a Builder takes everything
	fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>id-1</RequestId></ErrorResponse>`, code, escaped.String())
}

// TestSecretsAreNeverInErrors lets a server say back everything that it got.
func TestSecretsAreNeverInErrors(t *testing.T) {
	for i, code := range []string{"ValidationError", "InternalFailure", "Throttling", "AccessDenied", ""} {
		for j, status := range []int{400, 403, 500, 200} {
			if propertytest.LeaveOut(i+j, 3) {
				continue
			}
			t.Run(fmt.Sprint(status, code), func(t *testing.T) {
				s := newSite(t, "")
				first, err := s.walker.Walk(context.Background(), s.profile(0))
				if err != nil {
					t.Fatal(err)
				}
				token := s.tokens.Last("sts.amazonaws.com").Raw
				var said string
				echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					form, _ := url.ParseQuery(string(body))
					said = fmt.Sprintf("1 validation error detected: Value '%s' at 'webIdentityToken'; %s; %s; %s; wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
						form.Get("WebIdentityToken"), body, r.Header.Get("X-Amz-Security-Token"), r.Header.Get("Authorization"))
					refuse(w, status, code, said)
				}))
				defer echo.Close()

				for name, p := range map[string]plan.Profile{"web identity": s.profile(), "keys": byKeys(s.profile(1)), "session": s.profile(0, 1)} {
					last := len(p.Chain) - 1
					p.Chain[last].Endpoint = echo.URL
					_, err := s.walker.Walk(context.Background(), p)
					d := denial(t, err)
					for _, text := range []string{err.Error(), fmt.Sprintf("%+v", *d), fmt.Sprintf("%#v", *d), fmt.Sprintf("%q", err)} {
						for what, value := range map[string]string{
							"token": token.Reveal(), "session token": first.SessionToken.Reveal(), "secret key": first.SecretAccessKey.Reveal(),
							"part of a token": "eyJ",
						} {
							if strings.Contains(text, value) {
								t.Errorf("%s: the %s is in the error: %.300s", name, what, text)
							}
						}
						if name == "keys" && strings.Contains(text, "wJalrXUtnFEMI/") {
							t.Errorf("the user's secret key is in the error: %.300s", text)
						}
					}
					if said == "" {
						t.Error("the server was not asked")
					}
				}
			})
		}
	}
}

func TestAMessageIsCutAndFiltered(t *testing.T) {
	if got := filtered(strings.Repeat("ä", 2000), nil); len([]rune(got)) != 1001 || !strings.HasSuffix(got, "…") {
		t.Errorf("%d characters", len([]rune(got)))
	}
	if got := filtered("before eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln after", nil); got != "before *** after" {
		t.Errorf("%q", got)
	}
}

// hanging is a server that never responds, and reports every call.
func hanging(t *testing.T) (url string, called chan struct{}) {
	t.Helper()
	called = make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called <- struct{}{}
		_, _ = io.Copy(io.Discard, r.Body) // so that the server notices when the client goes
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server.URL, called
}

func TestTheDeadlineEndsAHang(t *testing.T) {
	s := newSite(t, "")
	p := s.profile(1)
	var called chan struct{}
	p.Chain[1].Endpoint, called = hanging(t)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := s.walker.Walk(ctx, p)
	if d := denial(t, err); !d.Deadline || d.Hop != 2 || d.Message != "timed out" || len(called) != 1 {
		t.Errorf("denial %+v after %d calls", d, len(called))
	}
}

// TestTheDeadlineNamesAProxyThatHangs: the SDK leaves nothing of a failed
// request whose time is up.
func TestTheDeadlineNamesAProxyThatHangs(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and no request
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	s := newSite(t, "")
	s.walker.HTTP = transport.New(transport.Options{Proxies: transport.Proxies{HTTPSProxy: transport.Proxy{URL: "http://" + listener.Addr().String(), From: "input http-proxy"}}})
	p := byKeys(s.profile(1))
	p.Chain[0].Endpoint = "https://sts.example.com"
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err = s.walker.Walk(ctx, p)
	if d := denial(t, err); !d.Deadline || d.Message != "proxy of input http-proxy: timed out" || !strings.Contains(d.Advice, "input http-proxy") {
		t.Errorf("denial %+v", d)
	}
}

func TestATryHasALimitOfItsOwn(t *testing.T) {
	s := newSite(t, "")
	s.walker.Retry.PerAttempt = 20 * time.Millisecond
	s.walker.Retry.Attempts = 3
	p := byKeys(s.profile(1))
	var called chan struct{}
	p.Chain[0].Endpoint, called = hanging(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := s.walker.Walk(ctx, p)
	if d := denial(t, err); d.Status != 0 || d.Message != "timed out" || len(called) > 3 || len(s.waits) != 2 {
		t.Errorf("denial %+v after %d calls", d, len(called))
	}
	if ctx.Err() != nil {
		t.Error("the deadline was waited for")
	}
}

// A try that took too long is not the step's deadline.
func TestALimitIsNoDeadline(t *testing.T) {
	s := newSite(t, "")
	s.walker.Retry.PerAttempt = 20 * time.Millisecond
	s.walker.Retry.Attempts = 1
	p := byKeys(s.profile(1))
	p.Chain[0].Endpoint, _ = hanging(t)
	_, err := s.walker.Walk(context.Background(), p)
	if d := denial(t, err); d.Deadline {
		t.Errorf("denial %+v", d)
	}
}

func TestCancelling(t *testing.T) {
	t.Run("a call", func(t *testing.T) {
		s := newSite(t, "")
		p := byKeys(s.profile(1))
		var called chan struct{}
		p.Chain[0].Endpoint, called = hanging(t)
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-called
			cancel()
		}()
		_, err := s.walker.Walk(ctx, p)
		if !errors.Is(err, context.Canceled) || len(called) > 0 {
			t.Errorf("error %v, and %d more calls", err, len(called))
		}
	})
	t.Run("a wait between tries", func(t *testing.T) {
		s := newSite(t, "{call: AssumeRole, fault: throttling, times: always}")
		ctx, cancel := context.WithCancel(context.Background())
		s.walker.Retry.Sleep = func(ctx context.Context, _ time.Duration) error {
			cancel()
			return ctx.Err()
		}
		_, err := s.walker.Walk(ctx, byKeys(s.profile(1)))
		if !errors.Is(err, context.Canceled) || s.count("AssumeRole") != 1 {
			t.Errorf("error %v, calls %s", err, s.calls())
		}
	})
	t.Run("a wait for another walk's hop", func(t *testing.T) {
		s := newSite(t, "")
		p := s.profile()
		var called chan struct{}
		p.Chain[0].Endpoint, called = hanging(t)
		first, stop := context.WithCancel(context.Background())
		defer stop()
		done := make(chan error)
		go func() {
			_, err := s.walker.Walk(first, p)
			done <- err
		}()
		<-called // the hop is under way
		second, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.walker.Walk(second, p); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if len(called) != 0 {
			t.Errorf("%d more calls", len(called))
		}
	})
}

func TestTagsThatAreTooLargeAreDroppedOnce(t *testing.T) {
	s := newSite(t, "{call: AssumeRole, fault: packed-policy}")
	p := byKeys(s.profile(1))
	p.Chain[0].Tags = []plan.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2", Droppable: true}}
	p.Chain[0].TransitiveTagKeys = []string{"B", "A"}
	if _, err := s.walker.Walk(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	calls := s.server.Calls()
	if len(calls) != 2 || calls[0].Parameters["Tags.member.2.Key"] != "b" || calls[1].Parameters["Tags.member.2.Key"] != "" ||
		calls[1].Parameters["TransitiveTagKeys.member.1"] != "A" || calls[1].Parameters["TransitiveTagKeys.member.2"] != "" {
		t.Errorf("calls %+v", calls)
	}
	if len(p.Chain[0].Tags) != 2 {
		t.Error("the plan's tags were changed")
	}
}

// A clock that is off is corrected by STS's responses, for concurrent calls
// too.
func TestAClockThatIsOff(t *testing.T) {
	for _, off := range []time.Duration{-20 * time.Minute, 3 * time.Hour} {
		s := newSite(t, "")
		s.walker.Now = func() time.Time { return time.Now().Add(off) }
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				if _, err := s.walker.Walk(context.Background(), byKeys(s.profile(i))); err != nil {
					t.Errorf("off by %s: %v", off, err)
				}
			})
		}
		group.Wait()
	}
}
