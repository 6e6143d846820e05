package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/scenario"
)

const (
	sigAlgorithm  = "AWS4-HMAC-SHA256"
	sigTimeFormat = "20060102T150405Z"

	// maxSkew is how far a signature's time may be from the server's. STS
	// names it in the text of its refusal.
	maxSkew = 15 * time.Minute
)

// signature is a request's signature and what was signed, from its headers.
type signature struct {
	accessKey, date, region, service string
	headers                          []string // lower case, in the order of SignedHeaders
	hex                              string
}

// authenticate verifies the request's signature (version 4) and returns who
// signed it.
func (s *stsService) authenticate(req *stsRequest) (*caller, error) {
	sig, err := readSignature(req.http.Header.Get("Authorization"))
	if err != nil {
		return nil, err
	}
	req.call.Region = sig.region
	who, err := s.callerOf(sig, req)
	if err != nil {
		return nil, err
	}
	req.call.Signer = who.arn

	stamp := req.http.Header.Get("X-Amz-Date")
	signed, err := time.Parse(sigTimeFormat, stamp)
	if err != nil {
		return nil, errIncomplete("Date must be in ISO-8601 'basic format'. Got '" + stamp + "'.")
	}
	if err := checkSkew(signed, req.now); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(stamp, sig.date) {
		return nil, apiError{http.StatusForbidden, "SignatureDoesNotMatch",
			fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s'.", sig.date, stamp[:8])}
	}
	if !slices.Contains(sig.headers, "host") || !slices.Contains(sig.headers, "x-amz-date") {
		return nil, errIncomplete("'Host' and 'X-Amz-Date' must be 'SignedHeader's in the AWS Authorization.")
	}
	if !hmac.Equal([]byte(sig.hex), []byte(sig.compute(who.secret.Reveal(), stamp, req.http, req.body))) {
		return nil, errSignature
	}
	return who, nil
}

func errIncomplete(message string) apiError {
	return apiError{http.StatusBadRequest, "IncompleteSignature", message}
}

// readSignature reads an Authorization header:
// "AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/sts/aws4_request, SignedHeaders=a;b, Signature=HEX".
func readSignature(header string) (signature, error) {
	if header == "" {
		return signature{}, errMissingAuth
	}
	algorithm, rest, _ := strings.Cut(header, " ")
	if algorithm != sigAlgorithm {
		return signature{}, errIncomplete("Unsupported AWS 'algorithm' in the Authorization header.")
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, text, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = text
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if fields[name] == "" {
			return signature{}, errIncomplete("Authorization header requires '" + name + "' parameter.")
		}
	}
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" {
		return signature{}, errIncomplete("Credential must have exactly 5 slash-delimited elements, the last of them 'aws4_request'.")
	}
	sig := signature{
		accessKey: scope[0], date: scope[1], region: scope[2], service: scope[3],
		headers: strings.Split(fields["SignedHeaders"], ";"),
		hex:     fields["Signature"],
	}
	switch {
	case !regionName.MatchString(sig.region):
		return signature{}, errScopeRegion
	case sig.service != "sts":
		return signature{}, errScopeService
	}
	return sig, nil
}

// callerOf finds the owner of the access key. Keys of one partition are
// unknown in the regions of another.
func (s *stsService) callerOf(sig signature, req *stsRequest) (*caller, error) {
	token := req.http.Header.Get("X-Amz-Security-Token")
	var who *caller
	if u := s.scenario.User(sig.accessKey); u != nil && token == "" {
		who = userCaller(u)
	}
	if sess := s.sessions.find(sig.accessKey); sess != nil && hmac.Equal([]byte(sess.token.Reveal()), []byte(token)) {
		who = sess.caller()
	}
	switch {
	case who == nil, s.scenario.Dialect == scenario.AWS && who.partition != arn.PartitionOf(sig.region):
		return nil, errInvalidToken
	case who.session != nil && !req.now.Before(who.session.expires):
		req.call.Signer = who.arn
		return nil, errExpiredToken
	}
	return who, nil
}

func checkSkew(signed, now time.Time) error {
	minutes := int(maxSkew / time.Minute)
	early, late := now.Add(-maxSkew), now.Add(maxSkew)
	var text string
	switch {
	case signed.Before(early):
		text = fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %d min.)",
			sigTime(signed), sigTime(early), sigTime(now), minutes)
	case signed.After(late):
		text = fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %d min.)",
			sigTime(signed), sigTime(late), sigTime(now), minutes)
	default:
		return nil
	}
	return apiError{http.StatusForbidden, "SignatureDoesNotMatch", text}
}

func sigTime(t time.Time) string { return t.UTC().Format(sigTimeFormat) }

// compute returns the signature that the secret's owner would send.
func (sig signature) compute(secretKey, stamp string, r *http.Request, body []byte) string {
	var canonical strings.Builder
	canonical.WriteString(r.Method + "\n" + r.URL.EscapedPath() + "\n")
	canonical.WriteString(strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20") + "\n")
	for _, name := range sig.headers {
		canonical.WriteString(name + ":" + canonicalHeader(r, name) + "\n")
	}
	canonical.WriteString("\n" + strings.Join(sig.headers, ";") + "\n" + hexSum(body))

	scope := strings.Join([]string{sig.date, sig.region, sig.service, "aws4_request"}, "/")
	toSign := strings.Join([]string{sigAlgorithm, stamp, scope, hexSum([]byte(canonical.String()))}, "\n")
	key := []byte("AWS4" + secretKey)
	for _, part := range []string{sig.date, sig.region, sig.service, "aws4_request", toSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

// canonicalHeader returns a header's value as it is signed: values joined by
// commas, runs of blanks as one. Go's server keeps two of them elsewhere.
func canonicalHeader(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	values := slices.Clone(r.Header.Values(name))
	for i, v := range values {
		values[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(values, ",")
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

var regionName = pattern(`[a-z]{2,4}(?:-[a-z]+)+-[0-9]`)
