package sandbox

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

const minioYAML = `
dialect: minio
accounts:
  "000000000000":
    providers: [{issuer: https://token.actions.githubusercontent.com, audiences: [minio-app]}]
    roles:
      idmp-github: {may-assume: []}
    users:
      ci: {access-key-id: minioadmin, secret-access-key: minioadmin}
`

const minioRole = "arn:minio:iam:::role/idmp-github"

// wantMinIOError is wantError for the shape of MinIO's errors.
func (a answer) wantMinIOError(t *testing.T, status int, code, message string) {
	t.Helper()
	if a.status != status || a.parsed.Error.Code != code || !strings.Contains(a.parsed.Error.Message, message) {
		t.Errorf("got  %d %s: %s\nwant %d %s: %s", a.status, a.parsed.Error.Code, a.parsed.Error.Message, status, code, message)
	}
	if a.parsed.XMLName.Local != "ErrorResponse" || a.parsed.XMLName.Space != stsNamespace || !strings.Contains(a.body, "<Type></Type>") {
		t.Errorf("not an error of MinIO's: %s", a.body)
	}
	if a.parsed.Request == "" || a.header.Get("x-amz-request-id") != a.parsed.Request || a.header.Get("x-amzn-RequestId") != "" || a.header.Get("Content-Type") != "application/xml" {
		t.Errorf("request id or content type: %v %s", a.header, a.body)
	}
}

// TestMinIOOverTheWire holds the response to the sample in MinIO's
// documentation (docs/sts/web-identity.md).
func TestMinIOOverTheWire(t *testing.T) {
	c := newClock()
	server := start(t, minioYAML, Options{Now: c.Now})
	a := call(t, server, nil, form("AssumeRoleWithWebIdentity", "RoleArn", minioRole, "RoleSessionName", "run-7", "WebIdentityToken", fetchToken(t, server, "minio-app")))
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/xml" || a.header.Get("x-amz-request-id") == "" || a.header.Get("x-amzn-RequestId") != "" {
		t.Errorf("%d %v", a.status, a.header)
	}
	rest := a.body
	for _, want := range []string{ // in this order
		`<?xml version="1.0" encoding="UTF-8"?>`,
		`<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`,
		"<AssumeRoleWithWebIdentityResult>", "<AssumedRoleUser>", "<Arn></Arn>", "<AssumeRoleId></AssumeRoleId>", "</AssumedRoleUser>",
		"<Credentials>", "<AccessKeyId>", "<SecretAccessKey>", "<Expiration>2026-09-01T13:00:00Z</Expiration>", "<SessionToken>eyJ", "</Credentials>",
		"<SubjectFromWebIdentityToken>repo:octo-org/octo-repo:ref:refs/heads/main</SubjectFromWebIdentityToken>",
	} {
		before, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("no %s behind %q in\n%s", want, before, a.body)
		}
		rest = after
	}
	for _, not := range []string{"AssumedRoleId", "Provider>", "Audience>", "ASIA", "PackedPolicySize"} {
		if strings.Contains(a.body, not) {
			t.Errorf("%s in\n%s", not, a.body)
		}
	}
}

func TestMinIORefuses(t *testing.T) {
	c := newClock()
	server := start(t, minioYAML, Options{Now: c.Now})
	token := fetchToken(t, server, "minio-app")
	web := func(pairs ...string) []string {
		return append([]string{"RoleSessionName", "run-7", "WebIdentityToken", token, "RoleArn", minioRole}, pairs...)
	}
	user := &types.Credentials{AccessKeyId: aws.String("minioadmin"), SecretAccessKey: aws.String("minioadmin")}
	stranger := &types.Credentials{AccessKeyId: aws.String("nobody"), SecretAccessKey: aws.String("minioadmin")}
	session := keysOf(t, call(t, server, user, form("AssumeRole", "RoleArn", "arn:xxx:xxx:xxx:xxxx", "RoleSessionName", "anything")))
	for name, tt := range map[string]struct {
		by            *types.Credentials
		action        string
		pairs         []string
		status        int
		code, message string
	}{
		"a role that is missing": {action: "AssumeRoleWithWebIdentity",
			pairs: web("RoleArn", "arn:minio:iam:::role/other"), status: 400, code: "InvalidParameterValue",
			message: "does not exist"},
		"a role of AWS": {action: "AssumeRoleWithWebIdentity", pairs: web("RoleArn", hubRole), status: 400,
			code: "InvalidParameterValue", message: "does not exist"},
		"another audience": {action: "AssumeRoleWithWebIdentity",
			pairs: web("WebIdentityToken", fetchToken(t, server, "sts.amazonaws.com")), status: 400,
			code: "InvalidParameterValue"},
		"no token": {action: "AssumeRoleWithWebIdentity", pairs: web("WebIdentityToken", "x"), status: 400,
			code: "InvalidParameterValue"},
		"too short a session": {action: "AssumeRoleWithWebIdentity", pairs: web("DurationSeconds", "899"), status: 400,
			code: "InvalidParameterValue", message: "invalid token expiry"},
		"no identity": {by: user, action: "GetCallerIdentity", status: 400, code: "InvalidParameterValue",
			message: "Unsupported action GetCallerIdentity"},
		"an unknown key": {by: stranger, action: "AssumeRole", status: 403, code: "InvalidAccessKeyId"},
		"a session's keys": {by: session, action: "AssumeRole", status: 403, code: "AccessDenied",
			message: "Generating temporary credentials not allowed for this request."},
		"no version": {action: "AssumeRoleWithWebIdentity", pairs: web("Version", "2010-05-08"), status: 400,
			code: "MissingParameter", message: "expecting 2011-06-15"},
	} {
		t.Run(name, func(t *testing.T) {
			call(t, server, tt.by, form(tt.action, tt.pairs...)).wantMinIOError(t, tt.status, tt.code, tt.message)
		})
	}
	c.advance(10 * time.Minute)
	call(t, server, nil, form("AssumeRoleWithWebIdentity", web()...)).wantMinIOError(t, 400, "ExpiredToken", "is expired or is not valid")
}

// A session of days is fine for MinIO.
func TestMinIOSessionsMayLastForDays(t *testing.T) {
	c := newClock()
	server := start(t, minioYAML, Options{Now: c.Now})
	a := call(t, server, nil, form("AssumeRoleWithWebIdentity", "RoleArn", minioRole, "DurationSeconds", "604800", "WebIdentityToken", fetchToken(t, server, "minio-app")))
	if !strings.Contains(a.body, "<Expiration>2026-09-08T12:00:00Z</Expiration>") {
		t.Error(a.body)
	}
}
