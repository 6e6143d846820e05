package sandbox

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func TestSignatures(t *testing.T) {
	c := newClock()
	server := start(t, spoke(trustHub, mayAll), Options{Now: c.Now, SessionLifetime: time.Hour})
	session := login(t, server, hubRole)
	other := login(t, server, hubRole)
	mixed := &types.Credentials{AccessKeyId: session.AccessKeyId, SecretAccessKey: session.SecretAccessKey, SessionToken: other.SessionToken}
	tokenless := &types.Credentials{AccessKeyId: session.AccessKeyId, SecretAccessKey: session.SecretAccessKey}
	unknown := &types.Credentials{AccessKeyId: aws.String("AKIAUNKNOWNUNKNOWN"), SecretAccessKey: aws.String("x")}
	wrong := &types.Credentials{AccessKeyId: userKeys().AccessKeyId, SecretAccessKey: aws.String("wrong")}
	withToken := userKeys()
	withToken.SessionToken = session.SessionToken

	const (
		invalid  = "The security token included in the request is invalid."
		mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	)
	set := func(name, text string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, text) }
	}
	replace := func(old, with string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, with, 1))
		}
	}
	tests := []struct {
		name            string
		keys            *types.Credentials
		region, service string
		skew            time.Duration
		change          func(*http.Request)
		status          int
		code, message   string
	}{
		{name: "session", keys: session},
		{name: "user", keys: userKeys()},
		{name: "user in another region", keys: userKeys(), region: "us-east-1"},
		{name: "a quarter of an hour late", keys: userKeys(), skew: -15 * time.Minute},
		{name: "a quarter of an hour early", keys: userKeys(), skew: 15 * time.Minute},

		{name: "unsigned", keys: userKeys(), change: func(r *http.Request) { r.Header.Del("Authorization") }, status: 403, code: "MissingAuthenticationToken", message: "Request is missing Authentication Token"},
		{name: "unknown key", keys: unknown, status: 403, code: "InvalidClientTokenId", message: invalid},
		{name: "token of another session", keys: mixed, status: 403, code: "InvalidClientTokenId", message: invalid},
		{name: "session without its token", keys: tokenless, status: 403, code: "InvalidClientTokenId", message: invalid},
		{name: "user with a token", keys: withToken, status: 403, code: "InvalidClientTokenId", message: invalid},
		{name: "another partition", keys: userKeys(), region: "cn-north-1", status: 403, code: "InvalidClientTokenId", message: invalid},
		{name: "wrong secret", keys: wrong, status: 403, code: "SignatureDoesNotMatch", message: mismatch},
		{name: "changed header", keys: userKeys(), change: set("Content-Type", "application/x-www-form-urlencoded; charset=latin1"), status: 403, code: "SignatureDoesNotMatch", message: mismatch},
		{name: "no region", keys: userKeys(), region: "nowhere", status: 403, code: "SignatureDoesNotMatch", message: "Credential should be scoped to a valid region."},
		{name: "another service", keys: userKeys(), service: "s3", status: 403, code: "SignatureDoesNotMatch", message: "Credential should be scoped to correct service: 'sts'."},
		{name: "too late", keys: userKeys(), skew: -15*time.Minute - time.Second, status: 403, code: "SignatureDoesNotMatch", message: "Signature expired: 20260901T114459Z is now earlier than 20260901T114500Z (20260901T120000Z - 15 min.)"},
		{name: "too early", keys: userKeys(), skew: 15*time.Minute + time.Second, status: 403, code: "SignatureDoesNotMatch", message: "Signature not yet current: 20260901T121501Z is still later than 20260901T121500Z (20260901T120000Z + 15 min.)"},
		{name: "date of another day", keys: userKeys(), change: replace("/20260901/", "/20260831/"), status: 403, code: "SignatureDoesNotMatch", message: "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260831' != '20260901'."},
		{name: "another algorithm", keys: userKeys(), change: replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), status: 400, code: "IncompleteSignature", message: "Unsupported AWS 'algorithm' in the Authorization header."},
		{name: "no signature", keys: userKeys(), change: replace("Signature=", "Sig="), status: 400, code: "IncompleteSignature", message: "Authorization header requires 'Signature' parameter."},
		{name: "short scope", keys: userKeys(), change: replace("/aws4_request", ""), status: 400, code: "IncompleteSignature", message: "Credential must have exactly 5 slash-delimited elements, the last of them 'aws4_request'."},
		{name: "no date", keys: userKeys(), change: set("X-Amz-Date", "today"), status: 400, code: "IncompleteSignature", message: "Date must be in ISO-8601 'basic format'. Got 'today'."},
		{name: "host not signed", keys: userKeys(), change: replace("host;", ""), status: 400, code: "IncompleteSignature", message: "'Host' and 'X-Amz-Date' must be 'SignedHeader's in the AWS Authorization."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := request(t, server, form("GetCallerIdentity"))
			region, service := "eu-central-1", "sts"
			if test.region != "" {
				region = test.region
			}
			if test.service != "" {
				service = test.service
			}
			sign(t, r, test.keys, region, service, c.Now().Add(test.skew))
			if test.change != nil {
				test.change(r)
			}
			a := send(t, r)
			if test.status != 0 {
				a.wantError(t, test.status, test.code, test.message)
			} else if a.status != http.StatusOK {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

// TestBodyIsSigned changes a request after it has been signed.
func TestBodyIsSigned(t *testing.T) {
	server := start(t, spoke(trustUser, ""), Options{})
	r := request(t, server, form("AssumeRole", "RoleArn", spokeRole, "RoleSessionName", "run-7"))
	sign(t, r, userKeys(), "eu-central-1", "sts", time.Now())
	changed := request(t, server, form("AssumeRole", "RoleArn", spokeRole, "RoleSessionName", "run-8"))
	changed.Header = r.Header
	send(t, changed).wantError(t, 403, "SignatureDoesNotMatch", errSignature.message)
}

// TestSDKCorrectsSkew: the SDK derives the skew of its own clock from our Date
// header and signs the next try with it.
func TestSDKCorrectsSkew(t *testing.T) {
	server := start(t, spoke(trustUser, "")+"faults: [{call: GetCallerIdentity, fault: clock-skew, offset: 1h, times: always}]", Options{})
	out, err := client(server, userKeys(), func(o *sts.Options) { o.Retryer = aws.NopRetryer{} }).GetCallerIdentity(context.Background(), nil)
	if err == nil || !strings.Contains(err.Error(), "Signature expired") {
		t.Fatalf("%v %v", out, err)
	}
	if _, err := sts.New(sts.Options{Region: "eu-central-1", BaseEndpoint: aws.String(server.URL()), Credentials: client(server, userKeys()).Options().Credentials}).
		GetCallerIdentity(context.Background(), nil); err != nil {
		t.Errorf("with the SDK's retryer: %v", err)
	}
}
