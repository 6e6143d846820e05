package assume

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

// response is what a server answers to an AssumeRole, field by field; the
// fields of goodResponse make a session of spoke1.
type response map[string]string

func goodResponse() response {
	return response{
		"AccessKeyId":     "ASIAIOSFODNN7EXAMPLE",
		"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYS3CRETKEY1",
		"SessionToken":    "IQoJb3JpZ2luX2VjS3CRETTOKEN//////////wEaCXVzLWVhc3QtMSJHMEUC+/abc==",
		"Expiration":      time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
		"Arn":             "arn:aws:sts::222222222222:assumed-role/spoke1/test",
		"AssumedRoleId":   "AROAIOSFODNN7EXAMPLE1:test",
	}
}

// with returns the response with a field changed; "" leaves it out, "<>" makes
// it empty.
func (r response) with(name, value string) response {
	r[name] = value
	return r
}

func (r response) xml(action string) string {
	element := func(name string) string {
		if r[name] == "" {
			return ""
		}
		return "<" + name + ">" + strings.TrimPrefix(r[name], "<>") + "</" + name + ">"
	}
	return fmt.Sprintf(`<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><AssumedRoleUser>%s</AssumedRoleUser><Credentials>%s</Credentials></%[1]sResult></%[1]sResponse>`,
		action, element("Arn")+element("AssumedRoleId"), element("AccessKeyId")+element("SecretAccessKey")+element("SessionToken")+element("Expiration"))
}

// ask serves an answer to each call and walks spoke1 there.
func (s *site) ask(profile plan.Profile, answer func(http.ResponseWriter, *http.Request)) (session Session, calls int, err error) {
	var n atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		answer(w, r)
	}))
	defer server.Close()
	profile.Chain[len(profile.Chain)-1].Endpoint = server.URL
	session, err = s.walker.Walk(context.Background(), profile)
	return session, int(n.Load()), err
}

// TestAResponseIsJudged answers 200 with what is no session: it is refused at
// once, and is never shown.
func TestAResponseIsJudged(t *testing.T) {
	past := time.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	for name, tt := range map[string]struct {
		response response
		want     string
	}{
		"no key id":             {goodResponse().with("AccessKeyId", ""), "the response has no AccessKeyId"},
		"an empty key id":       {goodResponse().with("AccessKeyId", "<>"), "the response has no AccessKeyId"},
		"no secret key":         {goodResponse().with("SecretAccessKey", ""), "the response has no SecretAccessKey"},
		"an empty secret key":   {goodResponse().with("SecretAccessKey", "<>"), "the response has no SecretAccessKey"},
		"no token":              {goodResponse().with("SessionToken", ""), "the response has no SessionToken"},
		"an empty token":        {goodResponse().with("SessionToken", "<>"), "the response has no SessionToken"},
		"no end":                {goodResponse().with("Expiration", ""), "the response has no Expiration"},
		"over":                  {goodResponse().with("Expiration", past), "the session has expired already: it ended at " + past},
		"over for years":        {goodResponse().with("Expiration", "1970-01-01T00:00:00Z"), "the session has expired already"},
		"no ARN":                {goodResponse().with("Arn", ""), "the response has no Arn"},
		"half an ARN":           {goodResponse().with("Arn", "arn:aws:sts::222222222222"), "the response has an invalid Arn"},
		"an ARN of words":       {goodResponse().with("Arn", "arn:aws:sts::S3CRET222222:assumed-role/spoke1/test"), "the response has an invalid Arn"},
		"the ARN of a user":     {goodResponse().with("Arn", "arn:aws:iam::222222222222:user/S3CRET"), "the response has an invalid Arn"},
		"a token in the ARN":    {goodResponse().with("Arn", "arn:aws:sts::222222222222:assumed-role/spoke1/"+strings.Repeat("S3CRET", 20)), "the response has an invalid Arn"},
		"another account":       {goodResponse().with("Arn", "arn:aws:sts::999999999999:assumed-role/spoke1/test"), "the session is in account 999999999999, expected 222222222222"},
		"a line in the key id":  {goodResponse().with("AccessKeyId", "ASIA&#10;AWS_PROFILE=evil"), "the response has an invalid character in AccessKeyId"},
		"a line in the key":     {goodResponse().with("SecretAccessKey", "S3CRET&#13;&#10;x"), "the response has an invalid character in SecretAccessKey"},
		"a tab in the token":    {goodResponse().with("SessionToken", "S3CRET&#9;x"), "the response has an invalid character in SessionToken"},
		"a blank in the token":  {goodResponse().with("SessionToken", "S3CRET x"), "the response has an invalid character in SessionToken"},
		"a line in the ARN":     {goodResponse().with("Arn", "arn:aws:sts::222222222222:assumed-role/spoke1/test&#10;::error::x"), "the response has an invalid character in Arn"},
		"a separator in the id": {goodResponse().with("AssumedRoleId", "AROA&#x2028;x"), "the response has an invalid character in AssumedRoleId"},
	} {
		t.Run(name, func(t *testing.T) {
			for action, profile := range map[string]func(*site) plan.Profile{
				"AssumeRole": func(s *site) plan.Profile { return byKeys(s.profile(1)) },
				"AssumeRoleWithWebIdentity": func(s *site) plan.Profile {
					p := s.profile()
					p.Chain[0] = s.hop("arn:aws:iam::222222222222:role/spoke1")
					return p
				},
			} {
				s := newSite(t, "")
				p := profile(s)
				session, calls, err := s.ask(p, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "text/xml")
					fmt.Fprint(w, tt.response.xml(action))
				})
				d := denial(t, err)
				if !strings.HasPrefix(d.Message, tt.want) || d.Status != 200 || d.Code != "" || calls != 1 {
					t.Errorf("%s, after %d calls: %+v", action, calls, *d)
				}
				if session != (Session{}) {
					t.Errorf("session %+v", session)
				}
				for _, seen := range s.seen {
					if seen.Role != "" || seen.Account != "" {
						t.Errorf("the session was handed on: %+v", seen)
					}
				}
				if text := fmt.Sprintf("%+v", *d); strings.Contains(text, "S3CRET") || strings.Contains(text, "evil") {
					t.Errorf("the response is quoted: %s", text)
				}
			}
		})
	}
}

// TestAWellFormedResponseIsNotAskedForAgain: what an action of STS answers with
// status 200 would be the same at the next try, and what it lacks is named.
func TestAWellFormedResponseIsNotAskedForAgain(t *testing.T) {
	wrap := func(inner string) string { return "<AssumeRoleResponse>" + inner + "</AssumeRoleResponse>" }
	for name, tt := range map[string]struct{ answer, want string }{
		"no result":             {wrap(""), "the response has no AssumeRoleResult"},
		"the result of another": {wrap("<GetSessionTokenResult/>"), "the response has no AssumeRoleResult"},
		"an empty result":       {wrap("<AssumeRoleResult/>"), "the response has no Credentials"},
		"a user only":           {wrap("<AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::222222222222:assumed-role/spoke1/S3CRET</Arn></AssumedRoleUser></AssumeRoleResult>"), "the response has no Credentials"},
		"empty credentials":     {wrap("<AssumeRoleResult><Credentials/></AssumeRoleResult>"), "the response has no AccessKeyId"},
		"no time":               {goodResponse().with("Expiration", "S3CRET").xml("AssumeRole"), "the response has an invalid Expiration"},
		"no number":             {strings.Replace(goodResponse().xml("AssumeRole"), "<AssumedRoleUser>", "<PackedPolicySize>S3CRET</PackedPolicySize><AssumedRoleUser>", 1), "the response has an invalid element in its AssumeRoleResult"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "")
			_, calls, err := s.ask(byKeys(s.profile(1)), func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tt.answer) })
			if d := denial(t, err); d.Message != tt.want || calls != 1 {
				t.Errorf("%q after %d calls, want %q", d.Message, calls, tt.want)
			}
		})
	}
}

// TestAForeignServerNeedNotSayWhoseSessionItIs takes the ARNs of servers that
// are not AWS's in their own forms, and sessions without.
func TestAForeignServerNeedNotSayWhoseSessionItIs(t *testing.T) {
	for name, tt := range map[string]struct {
		response     response
		arn, account string
		want         string
	}{
		"none (MinIO)":           {response: goodResponse().with("Arn", "").with("AssumedRoleId", "")},
		"empty ones (MinIO)":     {response: goodResponse().with("Arn", "<>").with("AssumedRoleId", "<>")},
		"as AWS":                 {response: goodResponse(), arn: goodResponse()["Arn"], account: "222222222222"},
		"another account":        {response: goodResponse().with("Arn", "arn:aws:sts::000000000000:assumed-role/spoke1/test"), arn: "arn:aws:sts::000000000000:assumed-role/spoke1/test", account: "000000000000"},
		"no account (Ceph)":      {response: goodResponse().with("Arn", "arn:aws:sts:::assumed-role/spoke1/test"), arn: "arn:aws:sts:::assumed-role/spoke1/test"},
		"a tenant (Ceph)":        {response: goodResponse().with("Arn", "arn:aws:sts::tenant:assumed-role/spoke1/test"), arn: "arn:aws:sts::tenant:assumed-role/spoke1/test"},
		"a field less":           {response: goodResponse().with("Arn", "arn:aws:sts::assumed-role/spoke1/test"), arn: "arn:aws:sts::assumed-role/spoke1/test"},
		"a short key id":         {response: goodResponse().with("AccessKeyId", "test"), arn: goodResponse()["Arn"], account: "222222222222"},
		"no ARN's form":          {response: goodResponse().with("Arn", "S3CRET"), want: "the response has an invalid Arn"},
		"the ARN of a user":      {response: goodResponse().with("Arn", "arn:aws:iam:::user/S3CRET"), want: "the response has an invalid Arn"},
		"a token in the ARN":     {response: goodResponse().with("Arn", "arn:aws:sts:::assumed-role/spoke1/"+strings.Repeat("S3CRET", 20)), want: "the response has an invalid Arn"},
		"a token in the account": {response: goodResponse().with("Arn", "arn:aws:sts::"+strings.Repeat("S3CRET", 20)+":assumed-role/spoke1/test"), want: "the response has an invalid Arn"},
		"a line in the ARN":      {response: goodResponse().with("Arn", "arn:aws:sts:::assumed-role/spoke1/test&#10;::error::x"), want: "the response has an invalid character in Arn"},
		"no key id":              {response: goodResponse().with("AccessKeyId", ""), want: "the response has no AccessKeyId"},
		"no token":               {response: goodResponse().with("SessionToken", "<>"), want: "the response has no SessionToken"},
		"no end":                 {response: goodResponse().with("Expiration", ""), want: "the response has no Expiration"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "")
			p := byKeys(s.profile(1))
			p.Chain[0].Foreign = true
			session, calls, err := s.ask(p, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tt.response.xml("AssumeRole")) })
			if calls != 1 {
				t.Errorf("%d calls", calls)
			}
			if tt.want != "" {
				if d := denial(t, err); d.Message != tt.want {
					t.Errorf("%q, want %q", d.Message, tt.want)
				}
				return
			}
			if err != nil || session.ARN != tt.arn || session.Account != tt.account || session.AccessKeyID != tt.response["AccessKeyId"] {
				t.Errorf("session %+v, error %v", session, err)
			}
			if session.UserID != strings.TrimPrefix(tt.response["AssumedRoleId"], "<>") || session.Role != p.Chain[0].Role || session.SessionName != "test" {
				t.Errorf("session %+v", session)
			}
		})
	}
}

// The global region is signed as us-east-1, whatever server is asked.
func TestTheGlobalRegionIsSignedAsUSEast1(t *testing.T) {
	s := newSite(t, "")
	p := byKeys(s.profile(1))
	p.Chain[0].Region = arn.GlobalRegion
	var scope string
	if _, _, err := s.ask(p, func(w http.ResponseWriter, r *http.Request) {
		scope = r.Header.Get("Authorization")
		fmt.Fprint(w, goodResponse().xml("AssumeRole"))
	}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(scope, "/us-east-1/sts/aws4_request") {
		t.Errorf("signed for %s", scope)
	}
}

// TestWhichEndpointIsAsked has the hosts that the SDK makes of region and
// variables, without asking them.
func TestWhichEndpointIsAsked(t *testing.T) {
	for host, hop := range map[string]plan.Hop{
		"sts.eu-central-1.amazonaws.com":     {Region: "eu-central-1"},
		"sts.amazonaws.com":                  {Region: arn.GlobalRegion},
		"sts-fips.us-east-1.amazonaws.com":   {Region: arn.GlobalRegion, FIPS: true},
		"sts.us-east-1.api.aws":              {Region: arn.GlobalRegion, DualStack: true},
		"sts.eu-central-1.api.aws":           {Region: "eu-central-1", DualStack: true},
		"sts-fips.us-east-1.api.aws":         {Region: "us-east-1", DualStack: true, FIPS: true},
		"sts.cn-north-1.amazonaws.com.cn":    {Region: "cn-north-1"},
		"sts.minio.example":                  {Region: arn.GlobalRegion, Endpoint: "https://sts.minio.example"},
		"vpce-1.sts.eu-west-1.amazonaws.com": {Region: "eu-west-1", Endpoint: "https://vpce-1.sts.eu-west-1.amazonaws.com"},
		"sts.us-gov-west-1.amazonaws.com":    {Region: "us-gov-west-1"},
		"sts.eusc-de-east-1.amazonaws.eu":    {Region: "eusc-de-east-1"},
		"sts.us-iso-east-1.c2s.ic.gov":       {Region: "us-iso-east-1"},
	} {
		t.Run(host, func(t *testing.T) {
			s := newSite(t, "")
			var asked string
			s.walker.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				asked = r.URL.Host
				return nil, &transport.Error{Reason: transport.ProxyInvalid} // permanent, so that it is asked once
			})}
			if _, err := s.walker.Identify(context.Background(), hop, Session{AccessKeyID: "AKIA", SecretAccessKey: secret.New("x")}); err == nil {
				t.Fatal("no error")
			}
			if asked != host {
				t.Errorf("asked %s", asked)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A machine's clock that is wrong makes no session over: what counts is the
// time of the response.
func TestASessionIsOverBySTSsClock(t *testing.T) {
	for name, tt := range map[string]struct {
		clock time.Duration // of this machine
		date  bool          // the response has one
		fails bool
	}{
		"in time":               {0, true, false},
		"three hours ahead":     {3 * time.Hour, true, false},
		"ahead, and no date":    {3 * time.Hour, false, true},
		"right, and no date":    {0, false, false},
		"a day behind, no date": {-24 * time.Hour, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "")
			s.walker.Now = func() time.Time { return time.Now().Add(tt.clock) }
			_, _, err := s.ask(byKeys(s.profile(1)), func(w http.ResponseWriter, _ *http.Request) {
				if !tt.date {
					w.Header()["Date"] = nil
				}
				fmt.Fprint(w, goodResponse().xml("AssumeRole"))
			})
			if (err != nil) != tt.fails {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAnIdentityIsJudged(t *testing.T) {
	for name, tt := range map[string]struct{ arn, id, want string }{
		"no ARN":            {"", "AIDA", "the response has no Arn"},
		"no id":             {"arn:aws:iam::222222222222:user/x", "", "the response has no UserId"},
		"a line in the ARN": {"arn:aws:iam::222222222222:user/x&#10;y", "AIDA", "the response has an invalid character in Arn"},
		"not an ARN":        {"222222222222", "AIDA", "the response has an invalid Arn"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "")
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>%s</Arn><UserId>%s</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`, tt.arn, tt.id)
			}))
			defer server.Close()
			_, err := s.walker.Identify(context.Background(), plan.Hop{Region: "eu-central-1", Endpoint: server.URL}, Session{AccessKeyID: "AKIA", SecretAccessKey: secret.New("x")})
			if d := denial(t, err); d.Message != tt.want {
				t.Errorf("denial %+v", *d)
			}
		})
	}
}

// TestCodeAndRequestIDAreFiltered lets a server put what it got where AWS has
// its code and its request id.
func TestCodeAndRequestIDAreFiltered(t *testing.T) {
	s := newSite(t, "")
	first, err := s.walker.Walk(context.Background(), s.profile(0))
	if err != nil {
		t.Fatal(err)
	}
	token := s.tokens.Last("sts.amazonaws.com").Raw.Reveal()
	signature := token[strings.LastIndexByte(token, '.')+1:]
	session := first.SessionToken.Reveal()
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, said := range map[string]string{
		"signature":          signature,
		"signature, cut":     signature[:40],
		"payload":            strings.Split(token, ".")[1],
		"token":              token,
		"token in base64":    b64("Bearer " + token),
		"session token":      session,
		"session, cut":       session[20:60],
		"session, in base64": strings.TrimRight(b64("x"+session), "="),
		"session, escaped":   url.QueryEscape(session),
		"too long":           strings.Repeat("Aa1", 30),
		"a line":             "Access\nDenied",
		"a command":          "::error::x",
		"other letters":      "Zugriffverwehrt\u00df",
	} {
		t.Run(name, func(t *testing.T) {
			for kind, p := range map[string]plan.Profile{"web identity": s.profile(), "session": s.profile(0, 1)} {
				_, _, err := s.ask(p, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Amzn-Requestid", strings.ReplaceAll(said, "\n", " "))
					w.WriteHeader(http.StatusForbidden)
					fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>no: %[1]s</Message></Error><RequestId>%[1]s</RequestId></ErrorResponse>`, said)
				})
				d := denial(t, err)
				if d.Code != "" || d.RequestID != "" || d.Status != http.StatusForbidden {
					if kind == "web identity" == strings.Contains(name, "session") {
						continue // this call did not send it
					}
					t.Errorf("%s: code %q, request id %q, status %d", kind, d.Code, d.RequestID, d.Status)
				}
			}
		})
	}
}

// What STS says of a value is shown, the value is not, whatever its form.
func TestAMessageHoldsNoForm(t *testing.T) {
	s := newSite(t, "")
	if _, err := s.walker.Walk(context.Background(), s.profile()); err != nil {
		t.Fatal(err)
	}
	token := s.tokens.Last("sts.amazonaws.com").Raw.Reveal()
	signature := token[strings.LastIndexByte(token, '.')+1:]
	for name, form := range map[string]string{
		"signature":     signature,
		"end":           signature[len(signature)-20:],
		"base64":        base64.StdEncoding.EncodeToString([]byte(token)),
		"base64, one":   base64.StdEncoding.EncodeToString([]byte("x" + token)),
		"base64, two":   base64.URLEncoding.EncodeToString([]byte("xy" + token)),
		"base64, three": base64.URLEncoding.EncodeToString([]byte("xyz" + signature + "x")),
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := s.ask(s.profile(), func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, 400, "ValidationError", "1 validation error detected: Value '"+form+"' at 'webIdentityToken' failed\n")
			})
			d := denial(t, err)
			if !strings.HasPrefix(d.Message, "1 validation error detected: Value '") || !strings.HasSuffix(d.Message, "' at 'webIdentityToken' failed ") || len(d.Message) > 100 || !strings.Contains(d.Message, "***") {
				t.Errorf("message %q", d.Message)
			}
		})
	}
}

// TestNoTextOfTheTransportIsShown has the errors of net/http and of the SDK in
// our words, and tries again only what may pass.
func TestNoTextOfTheTransportIsShown(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter)
		want   string
		calls  int
	}{
		"bad XML": {func(w http.ResponseWriter) { fmt.Fprint(w, "<a><S3CRET</b>") }, "status 200 from 127.0.0.1: the response does not come from STS", 4},
		"half of it": {func(w http.ResponseWriter) {
			text := goodResponse().with("AssumedRoleId", "S3CRET").xml("AssumeRole")
			fmt.Fprint(w, text[:len(text)/2])
		}, "status 200 from 127.0.0.1: the response does not come from STS", 4},
		"a page": {func(w http.ResponseWriter) { fmt.Fprint(w, "<html><body>S3CRET</body></html>") }, "status 200 from 127.0.0.1: the response does not come from STS", 4},
		"blanks": {func(w http.ResponseWriter) { fmt.Fprint(w, " \r\n ") }, "status 200 from 127.0.0.1: the response does not come from STS", 4},
		"too large": {func(w http.ResponseWriter) {
			fmt.Fprint(w, goodResponse().with("SessionToken", strings.Repeat("S3CRET", transport.MaxBody)).xml("AssumeRole"))
		}, "status 200 from 127.0.0.1: response too large", 1},
		"redirect": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://S3CRET/")
			w.WriteHeader(http.StatusFound)
		}, "status 302 from 127.0.0.1: redirect not followed", 1},
		"broken off": {func(w http.ResponseWriter) { w.Header().Set("Content-Length", "5000"); fmt.Fprint(w, "<a>S3CRET") }, "status 200 from 127.0.0.1: response ended early", 4},
		"an error, broken off": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "5000")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<a>S3CRET")
		}, "status 403 from 127.0.0.1: response ended early", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "")
			p := byKeys(s.profile(1))
			_, calls, err := s.ask(p, func(w http.ResponseWriter, _ *http.Request) { tt.answer(w) })
			d := denial(t, err)
			d.Endpoint = strings.Split(d.Endpoint, ":")[0]
			if d.What() != tt.want || calls != tt.calls {
				t.Errorf("%d calls, %q, want %d, %q", calls, d.What(), tt.calls, tt.want)
			}
		})
	}
}
