package assume

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/sandbox/sandboxtest"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

// world is the built-in hub and, below it, roles spoke0 to spoke9; spoke0 may
// assume all others.
const world = `
workflow: {repository: octo-org/octo-repo, ref: refs/heads/main}
accounts:
  "111111111111":
    providers: [{issuer: "https://token.actions.githubusercontent.com", audiences: [sts.amazonaws.com, other]}]
    users:
      ci: {access-key-id: AKIAIOSFODNN7CIUSER1, secret-access-key: wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY, may-assume: ["*"]}
    roles:
      hub:
        may-assume: ["*"]
        trust-policy: {Version: "2012-10-17", Statement: {Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity", Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"}}}
  "222222222222":
    roles:
`

// trusting is the world with its spokes, and faults.
func trusting(faults string) string {
	text := world
	for i := range 10 {
		text += fmt.Sprintf(`      spoke%d: {may-assume: ["*"], trust-policy: {Version: "2012-10-17", Statement: {Effect: Allow, Action: ["sts:AssumeRole", "sts:TagSession"], Principal: {AWS: "*"}}}}`+"\n", i)
	}
	return text + "faults: [" + faults + "]\n"
}

// site is a sandbox with a walker before it.
type site struct {
	*testing.T
	server *sandbox.Server
	walker *Walker
	tokens *oidc.Tokens

	mu    sync.Mutex
	waits []time.Duration
	seen  []Session
}

func newSite(t *testing.T, faults string) *site {
	t.Helper()
	s := &site{T: t, server: sandboxtest.Serve(t, trusting(faults), sandbox.Options{})}
	login := s.login()
	s.tokens = login.Tokens()
	s.walker = login.Walker(s.tokens)
	s.walker.Origin = func(context.Context, plan.Profile) (Session, error) {
		return Session{AccessKeyID: "AKIAIOSFODNN7CIUSER1", SecretAccessKey: secret.New("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")}, nil
	}
	s.walker.OnSession = func(session Session) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, session)
	}
	return s
}

// login tries four times, and four calls at once.
func (s *site) login() *Login {
	return &Login{
		Getenv: s.getenv, HTTP: transport.New, Now: time.Now, Sleep: s.policy(4).Sleep,
		Attempts: 4, Parallel: 4,
	}
}

// policy tries a number of times and does not wait in between.
func (s *site) policy(attempts int) retry.Policy {
	policy := retry.Default(attempts)
	policy.Sleep = func(ctx context.Context, d time.Duration) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.waits = append(s.waits, d)
		return ctx.Err()
	}
	return policy
}

func (s *site) getenv(name string) string {
	for _, pair := range s.server.Environ() {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// profile is a chain from the hub through spokes.
func (s *site) profile(spokes ...int) plan.Profile {
	p := plan.Profile{Region: "eu-central-1", Source: plan.SourceOIDC, Audience: "sts.amazonaws.com", Chain: []plan.Hop{s.hop("arn:aws:iam::111111111111:role/hub")}}
	for _, n := range spokes {
		p.Chain = append(p.Chain, s.hop(fmt.Sprintf("arn:aws:iam::222222222222:role/spoke%d", n)))
	}
	return p
}

// byKeys is the profile without its first hop.
func byKeys(p plan.Profile) plan.Profile {
	p.Source, p.Audience, p.Chain = plan.SourceKeys, "", p.Chain[1:]
	return p
}

func (s *site) hop(role string) plan.Hop {
	return plan.Hop{Role: arn.Role(role), Region: "eu-central-1", Endpoint: s.server.URL(), SessionName: "test", Duration: time.Hour}
}

func (s *site) calls() string {
	var all []string
	for _, c := range s.server.Calls() {
		all = append(all, c.Kind)
	}
	return strings.Join(all, " ")
}

func (s *site) count(kind string) (n int) {
	for _, c := range s.server.Calls() {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

func denial(t *testing.T, err error) *diagnosis.Denial {
	t.Helper()
	d, ok := errors.AsType[*diagnosis.Denial](err)
	if !ok {
		t.Fatalf("error %v", err)
	}
	return d
}

func TestASharedPrefixIsWalkedOnce(t *testing.T) {
	s := newSite(t, "")
	for _, p := range []plan.Profile{s.profile(0, 1), s.profile(0, 2), s.profile(0), s.profile(), s.profile(0, 1)} {
		session, err := s.walker.Walk(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		if session.Role != p.Last().Role || session.Account != p.Last().Role.Account() {
			t.Errorf("session of %s in %s for %s", session.Role, session.Account, p.Last().Role)
		}
	}
	if got, want := s.calls(), "token AssumeRoleWithWebIdentity AssumeRole AssumeRole AssumeRole"; got != want {
		t.Errorf("calls %s, want %s", got, want)
	}
	if len(s.seen) != 4 {
		t.Errorf("%d sessions were seen", len(s.seen))
	}
}

func TestASharedPrefixIsWalkedOnceSideBySide(t *testing.T) {
	s := newSite(t, "{call: AssumeRoleWithWebIdentity, latency: 20ms}")
	var group sync.WaitGroup
	var failed atomic.Int32
	for i := range 40 {
		group.Go(func() {
			session, err := s.walker.Walk(context.Background(), s.profile(0, 1+i%9))
			if err != nil || !strings.HasSuffix(session.ARN, fmt.Sprintf("/spoke%d/test", 1+i%9)) {
				failed.Add(1)
			}
		})
	}
	group.Wait()
	if failed.Load() != 0 {
		t.Errorf("%d walks failed", failed.Load())
	}
	if s.count("token") != 1 || s.count("AssumeRoleWithWebIdentity") != 1 || s.count("AssumeRole") != 10 {
		t.Errorf("calls: %s", s.calls())
	}
}

// What differs is not shared: another audience, another session name.
func TestWhatDiffersIsNotShared(t *testing.T) {
	s := newSite(t, "")
	other, named, keys := s.profile(0), s.profile(0), byKeys(s.profile(0))
	other.Audience = "other"
	named.Chain[0].SessionName = "another"
	for _, p := range []plan.Profile{s.profile(0), other, named, keys} {
		if _, err := s.walker.Walk(context.Background(), p); err != nil {
			t.Fatal(err)
		}
	}
	if s.count("token") != 2 || s.count("AssumeRoleWithWebIdentity") != 3 || s.count("AssumeRole") != 4 {
		t.Errorf("calls: %s", s.calls())
	}
}

// A hub that refuses is called once, and all profiles below it get the same error.
func TestASharedRefusalIsToldToAll(t *testing.T) {
	s := newSite(t, "{call: AssumeRoleWithWebIdentity, fault: region-disabled, times: always}")
	for _, spoke := range []int{1, 2, 3} {
		_, err := s.walker.Walk(context.Background(), s.profile(spoke))
		if d := denial(t, err); d.Code != "RegionDisabledException" || d.Hop != 1 || d.Hops != 2 {
			t.Errorf("denial %+v", d)
		}
	}
	if got := s.calls(); got != "token AssumeRoleWithWebIdentity" {
		t.Errorf("calls: %s", got)
	}
}

func TestParallelIsTheMost(t *testing.T) {
	var now, most atomic.Int32
	s := newSite(t, "")
	s.walker.Parallel = 3
	inner := s.walker.HTTP
	s.walker.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		return inner.Do(r)
	})}
	var group sync.WaitGroup
	for i := range 10 {
		group.Go(func() {
			if _, err := s.walker.Walk(context.Background(), byKeys(s.profile(i))); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if most.Load() > 3 || s.count("AssumeRole") != 10 {
		t.Errorf("%d calls at once, %s", most.Load(), s.calls())
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestATokenThatSTSFindsExpiredIsReplacedOnce(t *testing.T) {
	s := newSite(t, "{call: AssumeRoleWithWebIdentity, fault: expired-token}")
	var refusals []bool
	var given []secret.Value
	inner := s.walker.Token
	s.walker.Token = func(ctx context.Context, p plan.Profile, refused oidc.Token) (oidc.Token, error) {
		refusals = append(refusals, !refused.Raw.IsZero())
		if !refused.Raw.IsZero() && refused.Raw != given[0] {
			t.Error("the token that is said to be refused is not the one that was sent")
		}
		token, err := inner(ctx, p, refused)
		given = append(given, token.Raw)
		return token, err
	}
	if _, err := s.walker.Walk(context.Background(), s.profile()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(refusals, []bool{false, true}) || given[0] == given[1] {
		t.Errorf("refusals %v", refusals)
	}

	s = newSite(t, "{call: AssumeRoleWithWebIdentity, fault: expired-token, times: always}")
	_, err := s.walker.Walk(context.Background(), s.profile())
	if d := denial(t, err); d.Code != "ExpiredTokenException" || s.calls() != "token AssumeRoleWithWebIdentity token AssumeRoleWithWebIdentity" {
		t.Errorf("denial %v, calls %s", d, s.calls())
	}
}

// A try that fails for another reason leaves the token as it is.
func TestATokenServesSeveralTries(t *testing.T) {
	s := newSite(t, "{call: AssumeRoleWithWebIdentity, fault: throttling, times: 3}")
	if _, err := s.walker.Walk(context.Background(), s.profile()); err != nil {
		t.Fatal(err)
	}
	if s.count("token") != 1 || s.count("AssumeRoleWithWebIdentity") != 4 {
		t.Errorf("calls: %s", s.calls())
	}
}

func TestAnErrorOfTheTokensIsPassedOn(t *testing.T) {
	s := newSite(t, "{call: token, fault: http-403}")
	_, err := s.walker.Walk(context.Background(), s.profile(1))
	if e, ok := errors.AsType[*oidc.EndpointError](err); !ok || e.Status != http.StatusForbidden {
		t.Errorf("error %v", err)
	}
}

func TestIdentify(t *testing.T) {
	s := newSite(t, "{call: GetCallerIdentity, fault: http-500}")
	session, err := s.walker.Walk(context.Background(), plan.Profile{Region: "eu-central-1", Source: plan.SourceKeys})
	if err != nil || session.ARN != "" || session.Temporary() {
		t.Fatalf("%+v %v", session, err)
	}
	session, err = s.walker.Identify(context.Background(), s.hop(""), session)
	if err != nil || session.ARN != "arn:aws:iam::111111111111:user/ci" || session.Account != "111111111111" || !strings.HasPrefix(session.UserID, "AIDA") {
		t.Errorf("%+v %v", session, err)
	}
	if s.count("GetCallerIdentity") != 2 || s.seen[len(s.seen)-1].Account != "111111111111" {
		t.Errorf("calls %s, seen %d", s.calls(), len(s.seen))
	}
}

// An answer that lacks what a session needs is no session.
func TestAnAnswerThatIsNotComplete(t *testing.T) {
	for name, body := range map[string]string{
		"no credentials": `<AssumeRoleWithWebIdentityResult><AssumedRoleUser><Arn>arn:aws:sts::111111111111:assumed-role/hub/test</Arn></AssumedRoleUser></AssumeRoleWithWebIdentityResult>`,
		"no user":        `<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>`,
		"no account":     `<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>arn</Arn></AssumedRoleUser></AssumeRoleWithWebIdentityResult>`,
		"no result":      ``,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "")
			fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`+body+`</AssumeRoleWithWebIdentityResponse>`)
			}))
			defer fake.Close()
			p := s.profile()
			p.Chain[0].Endpoint = fake.URL
			_, err := s.walker.Walk(context.Background(), p)
			if d := denial(t, err); d.Code != "" || d.Status != 0 && d.Status != http.StatusOK {
				t.Errorf("denial %+v", d)
			}
		})
	}
}
