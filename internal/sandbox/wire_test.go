package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// answer is what came back over the wire, success or error.
type answer struct {
	status int
	header http.Header
	body   string
	parsed struct {
		XMLName xml.Name
		Error   struct{ Type, Code, Message string }
		Request string `xml:"RequestId"`
		Meta    struct {
			RequestID string `xml:"RequestId"`
		} `xml:"ResponseMetadata"`
	}
}

// form makes a request from pairs of name and value.
func form(action string, pairs ...string) url.Values {
	f := url.Values{"Action": {action}, "Version": {"2011-06-15"}}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

// request makes an unsigned request to STS.
func request(t *testing.T, server *Server, f url.Values) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, server.URL()+"/", strings.NewReader(f.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// sign signs a request with the SDK's own signer.
func sign(t *testing.T, r *http.Request, c *types.Credentials, region, service string, at time.Time) {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.Sum256(body)
	keys := aws.Credentials{AccessKeyID: aws.ToString(c.AccessKeyId), SecretAccessKey: aws.ToString(c.SecretAccessKey), SessionToken: aws.ToString(c.SessionToken)}
	if err := v4.NewSigner().SignHTTP(context.Background(), keys, r, hex.EncodeToString(sum[:]), service, region, at); err != nil {
		t.Fatal(err)
	}
}

func send(t *testing.T, r *http.Request) answer {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(body)}
	if err := xml.Unmarshal(body, &a.parsed); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return a
}

// call sends a form, signed if there are credentials.
func call(t *testing.T, server *Server, c *types.Credentials, f url.Values) answer {
	t.Helper()
	r := request(t, server, f)
	if c != nil {
		sign(t, r, c, "eu-central-1", "sts", server.options.Now())
	}
	return send(t, r)
}

// wantError checks status, code and the whole message, and the wire's shape
// around them.
func (a answer) wantError(t *testing.T, status int, code, message string) {
	t.Helper()
	if a.status != status || a.parsed.Error.Code != code || a.parsed.Error.Message != message {
		t.Errorf("got  %d %s: %s\nwant %d %s: %s", a.status, a.parsed.Error.Code, a.parsed.Error.Message, status, code, message)
	}
	if a.parsed.XMLName.Local != "ErrorResponse" || a.parsed.XMLName.Space != stsNamespace || a.parsed.Error.Type != "Sender" {
		t.Errorf("not an error of STS's: %s", a.body)
	}
	if a.parsed.Request == "" || a.header.Get("x-amzn-RequestId") != a.parsed.Request || a.header.Get("Content-Type") != "text/xml" {
		t.Errorf("request id or content type: %v %s", a.header, a.body)
	}
}

const hubRole = "arn:aws:iam::111111111111:role/hub"

func TestSuccessOverTheWire(t *testing.T) {
	c := newClock()
	server := start(t, threeHops, Options{Now: c.Now})
	token := fetchToken(t, server, "sts.amazonaws.com")
	a := call(t, server, nil, form("AssumeRoleWithWebIdentity", "RoleArn", hubRole, "RoleSessionName", "run-7", "DurationSeconds", "7200", "WebIdentityToken", token))
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "text/xml" || a.header.Get("Date") != "Tue, 01 Sep 2026 12:00:00 GMT" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if a.parsed.Meta.RequestID == "" || a.header.Get("x-amzn-RequestId") != a.parsed.Meta.RequestID {
		t.Errorf("request id: %v %s", a.header, a.body)
	}
	for _, want := range []string{
		`<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`,
		"<AssumeRoleWithWebIdentityResult>",
		"<SubjectFromWebIdentityToken>repo:octo-org/octo-repo:ref:refs/heads/main</SubjectFromWebIdentityToken>",
		"<Provider>arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com</Provider>",
		"<Audience>sts.amazonaws.com</Audience>",
		"<Arn>arn:aws:sts::111111111111:assumed-role/hub/run-7</Arn>",
		"<Expiration>2026-09-01T14:00:00Z</Expiration>",
		"<AccessKeyId>ASIA",
		"<AssumedRoleId>AROA",
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	calls := server.Calls()
	call := calls[len(calls)-1]
	if call.Parameters["WebIdentityToken"] != "" || call.Parameters["RoleSessionName"] != "run-7" || call.Claims.Get("repository") != "octo-org/octo-repo" {
		t.Errorf("recorded: %+v", call)
	}
	if len(call.Decisions) != 1 || call.Decisions[0].Result.Decision != "Allow" || call.RequestID != a.parsed.Meta.RequestID {
		t.Errorf("recorded: %+v", call)
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	server := start(t, threeHops, Options{})
	call(t, server, nil, url.Values{"Version": {"2011-06-15"}}).
		wantError(t, 400, "MissingAction", "The request must contain the parameter Action.")
	call(t, server, nil, url.Values{"Version": {"2011-06-15"}, "Action": {"GetFederationToken"}}).
		wantError(t, 400, "InvalidAction", "Could not find operation GetFederationToken for version 2011-06-15")
	call(t, server, nil, url.Values{"Version": {"2010-01-01"}, "Action": {"AssumeRole"}}).
		wantError(t, 400, "InvalidAction", "Could not find operation AssumeRole for version 2010-01-01")

	r := request(t, server, nil)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader("Action=%zz")), 10
	send(t, r).wantError(t, 400, "MalformedQueryString", "The request's form cannot be read.")
	r = request(t, server, form("AssumeRole", "Policy", strings.Repeat("x", maxForm)))
	send(t, r).wantError(t, 400, "MalformedQueryString", "The request's form cannot be read.")
}

func TestParameterConstraints(t *testing.T) {
	server := start(t, threeHops+usersYAML, Options{})
	user := userKeys()
	valid := []string{"RoleArn", hubRole, "RoleSessionName", "run-7", "WebIdentityToken", "a.b.c"}
	many := func(n int, name, field, text string) []string {
		var pairs []string
		for i := 1; i <= n; i++ {
			pairs = append(pairs, member(name, i, field), text)
		}
		return pairs
	}
	const one = "1 validation error detected: "
	const at = "' failed to satisfy constraint: Member must "
	tests := []struct {
		name    string
		signed  bool // AssumeRole instead of AssumeRoleWithWebIdentity
		pairs   []string
		drop    string
		message string
	}{
		{name: "no role", drop: "RoleArn", message: one + "Value null at 'roleArn" + at + "not be null"},
		{name: "short role", pairs: []string{"RoleArn", "arn:x"},
			message: one + "Value 'arn:x' at 'roleArn" + at + "have length greater than or equal to 20"},
		{name: "long role", signed: true,
			pairs:   []string{"RoleArn", "arn:aws:iam::111111111111:role/" + strings.Repeat("r", 2048)},
			message: one + "Value 'arn:aws:iam::111111111111:role/" + strings.Repeat("r", 2048) + "' at 'roleArn" + at + "have length less than or equal to 2048"},
		{name: "no role arn", pairs: []string{"RoleArn", "arn:aws:iam::111111111111:user/someone"},
			message: "Request ARN is invalid"},
		{name: "no session name", signed: true, drop: "RoleSessionName",
			message: one + "Value null at 'roleSessionName" + at + "not be null"},
		{name: "short session name", signed: true, pairs: []string{"RoleSessionName", "x"},
			message: one + "Value 'x' at 'roleSessionName" + at + "have length greater than or equal to 2"},
		{name: "long session name", pairs: []string{"RoleSessionName", strings.Repeat("x", 65)},
			message: one + "Value '" + strings.Repeat("x", 65) + "' at 'roleSessionName" + at + "have length less than or equal to 64"},
		{name: "session name with blank", pairs: []string{"RoleSessionName", "a b"},
			message: one + "Value 'a b' at 'roleSessionName" + at + `satisfy regular expression pattern: [\w+=,.@-]*`},
		{name: "session name with line end", pairs: []string{"RoleSessionName", "ab\n"},
			message: one + "Value 'ab\n' at 'roleSessionName" + at + `satisfy regular expression pattern: [\w+=,.@-]*`},
		{name: "duration too short", pairs: []string{"DurationSeconds", "899"},
			message: one + "Value '899' at 'durationSeconds" + at + "have value greater than or equal to 900"},
		{name: "duration too long", signed: true, pairs: []string{"DurationSeconds", "43201"},
			message: one + "Value '43201' at 'durationSeconds" + at + "have value less than or equal to 43200"},
		{name: "duration is a word", signed: true, pairs: []string{"DurationSeconds", "1h"},
			message: one + "Value '1h' at 'durationSeconds" + at + "be a number"},
		{name: "no token", drop: "WebIdentityToken",
			message: one + "Value null at 'webIdentityToken" + at + "not be null"},
		{name: "long token is not repeated", pairs: []string{"WebIdentityToken", strings.Repeat("x", 20001)},
			message: one + "Value at 'webIdentityToken" + at + "have length less than or equal to 20000"},
		{name: "two at once", pairs: []string{"RoleSessionName", "!"},
			message: "2 validation errors detected: Value '!' at 'roleSessionName" + at + "have length greater than or equal to 2; Value '!' at 'roleSessionName" + at + `satisfy regular expression pattern: [\w+=,.@-]*`},
		{name: "long policy", signed: true, pairs: []string{"Policy", strings.Repeat("{", 2049)},
			message: one + "Value '" + strings.Repeat("{", 2049) + "' at 'policy" + at + "have length less than or equal to 2048"},
		{name: "policy beyond latin", signed: true, pairs: []string{"Policy", "{“}"},
			message: one + "Value '{“}' at 'policy" + at + `satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+`},
		{name: "policy arns", signed: true, pairs: many(11, "PolicyArns", ".arn", "arn:aws:iam::aws:policy/A"),
			message: one + "Value '[" + strings.TrimSuffix(strings.Repeat("arn:aws:iam::aws:policy/A, ", 11), ", ") + "]' at 'policyArns" + at + "have length less than or equal to 10"},
		{name: "policy of another account", signed: true,
			pairs:   []string{"PolicyArns.member.1.arn", "arn:aws:iam::999999999999:policy/A"},
			message: "ARN arn:aws:iam::999999999999:policy/A is not valid."},
		{name: "tag key", signed: true, pairs: []string{"Tags.member.1.Key", "a!", "Tags.member.1.Value", "v"},
			message: one + "Value 'a!' at 'tags.1.member.key" + at + `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`},
		{name: "tag value", signed: true, pairs: []string{"Tags.member.1.Key", "a", "Tags.member.1.Value", "v*"},
			message: one + "Value 'v*' at 'tags.1.member.value" + at + `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*`},
		{name: "external id", signed: true, pairs: []string{"ExternalId", "x"},
			message: one + "Value 'x' at 'externalId" + at + "have length greater than or equal to 2"},
		{name: "external id alphabet", signed: true, pairs: []string{"ExternalId", "a b"},
			message: one + "Value 'a b' at 'externalId" + at + `satisfy regular expression pattern: [\w+=,.@:\/-]*`},
		{name: "source identity", signed: true, pairs: []string{"SourceIdentity", "aws:me"},
			message: one + "Value 'aws:me' at 'sourceIdentity" + at + `satisfy regular expression pattern: [\w+=,.@-]*`},
		{name: "transitive keys", signed: true, pairs: many(51, "TransitiveTagKeys", "", "k"),
			message: one + "Value '[" + strings.TrimSuffix(strings.Repeat("k, ", 51), ", ") + "]' at 'transitiveTagKeys" + at + "have length less than or equal to 50"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			action, keys := "AssumeRoleWithWebIdentity", (*types.Credentials)(nil)
			if test.signed {
				action, keys = "AssumeRole", user
			}
			f := form(action, append(valid, test.pairs...)...)
			f.Del(test.drop)
			call(t, server, keys, f).wantError(t, 400, "ValidationError", test.message)
		})
	}
}

func TestSessionPolicies(t *testing.T) {
	server := start(t, threeHops, Options{})
	token := fetchToken(t, server, "sts.amazonaws.com")
	ask := func(policy string) answer {
		return call(t, server, nil, form("AssumeRoleWithWebIdentity", "RoleArn", hubRole, "RoleSessionName", "run-7", "WebIdentityToken", token, "Policy", policy))
	}
	const statement = `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`
	for policy, message := range map[string]string{
		`{`:                 "This policy contains invalid Json",
		`[]`:                "Syntax errors in policy.",
		`{"Statement":[]}`:  "Syntax errors in policy.",
		`{"Statement":"x"}`: "Syntax errors in policy.",
		`{"Version":"2020-01-01","Statement":` + statement + `}`:                             "Syntax errors in policy.",
		`{"Statement":{"Effect":"Maybe","Action":"s3:*","Resource":"*"}}`:                    "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Resource":"*"}}`:                                    "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Action":"s3:*"}}`:                                   "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Why":"x"}}`:          "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"}}`:    "Policy document should not specify a principal.",
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","NotPrincipal":"*"}}`: "Policy document should not specify a principal.",
	} {
		ask(policy).wantError(t, 400, "MalformedPolicyDocument", message)
	}
	a := ask(`{"Version":"2012-10-17","Statement":[` + statement + `]}`)
	if a.status != 200 || !strings.Contains(a.body, "<PackedPolicySize>5</PackedPolicySize>") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
