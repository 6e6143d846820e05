package sandbox

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	stsVersion   = "2011-06-15"
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
)

// apiError is an error response of STS: HTTP status, AWS's code and message.
type apiError struct {
	status  int
	code    string
	message string
}

func (e apiError) Error() string { return e.code + ": " + e.message }

// The answers whose text does not depend on the request.
var (
	errThrottling       = apiError{http.StatusBadRequest, "Throttling", "Rate exceeded"}
	errVerificationKey  = apiError{http.StatusBadRequest, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"}
	errNotAuthorized    = apiError{http.StatusForbidden, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"}
	errNotJWT           = apiError{http.StatusBadRequest, "InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"}
	errAudience         = apiError{http.StatusBadRequest, "InvalidIdentityToken", "Incorrect token audience"}
	errRequestARN       = apiError{http.StatusBadRequest, "ValidationError", "Request ARN is invalid"}
	errMaxSession       = apiError{http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."}
	errChainingHour     = apiError{http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."}
	errSourceIdentity   = apiError{http.StatusBadRequest, "ValidationError", "The source identity is already set for this assume role session"}
	errTransitiveKey    = apiError{http.StatusBadRequest, "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."}
	errDuplicateTag     = apiError{http.StatusBadRequest, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."}
	errInheritedTag     = apiError{http.StatusBadRequest, "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."}
	errReservedTag      = apiError{http.StatusBadRequest, "InvalidParameterValue", "Tag keys that start with aws: are reserved for system use."}
	errPolicyJSON       = apiError{http.StatusBadRequest, "MalformedPolicyDocument", "This policy contains invalid Json"}
	errPolicySyntax     = apiError{http.StatusBadRequest, "MalformedPolicyDocument", "Syntax errors in policy."}
	errPolicyPrincipal  = apiError{http.StatusBadRequest, "MalformedPolicyDocument", "Policy document should not specify a principal."}
	errMissingAuth      = apiError{http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	errInvalidToken     = apiError{http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid."}
	errExpiredToken     = apiError{http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired"}
	errSignature        = apiError{http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}
	errScopeRegion      = apiError{http.StatusForbidden, "SignatureDoesNotMatch", "Credential should be scoped to a valid region."}
	errScopeService     = apiError{http.StatusForbidden, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'."}
	errInternal         = apiError{http.StatusInternalServerError, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure."}
	errUnavailable      = apiError{http.StatusServiceUnavailable, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."}
	errMissingAction    = apiError{http.StatusBadRequest, "MissingAction", "The request must contain the parameter Action."}
	errMalformedRequest = apiError{http.StatusBadRequest, "MalformedQueryString", "The request's form cannot be read."}
)

func errNoProvider(issuer string) apiError {
	return apiError{http.StatusBadRequest, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for " + issuer}
}

func errTokenExpired(now, expires time.Time) apiError {
	return apiError{http.StatusBadRequest, "ExpiredTokenException",
		fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), expires.Unix())}
}

func errRegionDisabled(account string) apiError {
	return apiError{http.StatusForbidden, "RegionDisabledException",
		fmt.Sprintf("STS is not activated in this region for account:%s. Your account administrator can activate STS in this region using the IAM Console.", account)}
}

func errPackedPolicy(percent int) apiError {
	return apiError{http.StatusBadRequest, "PackedPolicyTooLarge",
		fmt.Sprintf("Packed policy consumes %d%% of allotted space, please use smaller policy.", percent)}
}

// errDenied is the refusal of a signed call. AWS names the side that refused only
// to callers of the same account; reason is empty for others.
func errDenied(caller, action, resource, reason string) apiError {
	return apiError{http.StatusForbidden, "AccessDenied",
		fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s%s", caller, action, resource, reason)}
}

// reply is a response to a client.
type reply struct {
	status      int
	contentType string
	body        []byte
	requestID   string
	idHeader    string // in which the request id goes out; empty for AWS's
	code        string // AWS's error code and text, for the record
	message     string
}

// issuedKeys, assumedRole and the results are the parts of STS's answers.
type issuedKeys struct {
	AccessKeyId     string
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

type assumedRole struct {
	AssumedRoleId string
	Arn           string
}

type assumeRoleResult struct {
	XMLName          xml.Name
	Credentials      issuedKeys
	AssumedRoleUser  assumedRole
	PackedPolicySize int    `xml:",omitempty"`
	SourceIdentity   string `xml:",omitempty"`

	// Of a web identity only.
	SubjectFromWebIdentityToken string `xml:",omitempty"`
	Provider                    string `xml:",omitempty"`
	Audience                    string `xml:",omitempty"`
}

type identityResult struct {
	XMLName xml.Name
	Arn     string
	UserId  string
	Account string
}

func xmlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// xmlName names an element without a namespace of its own: the root carries
// the namespace for all, as in AWS's answers.
func xmlName(local string) xml.Name { return xml.Name{Local: local} }

// success wraps an action's result as STS does.
func success(action string, result any, requestID string) (reply, error) {
	type metadata struct{ RequestId string }
	return encode(http.StatusOK, requestID, struct {
		XMLName          xml.Name
		Namespace        string `xml:"xmlns,attr"`
		Result           any
		ResponseMetadata metadata
	}{xmlName(action + "Response"), stsNamespace, result, metadata{requestID}})
}

// failure wraps an error as STS does.
func failure(e apiError, requestID string) (reply, error) {
	type detail struct{ Type, Code, Message string }
	d := detail{"Sender", e.code, e.message}
	if e.status >= http.StatusInternalServerError {
		d.Type = "Receiver"
	}
	r, err := encode(e.status, requestID, struct {
		XMLName   xml.Name
		Namespace string `xml:"xmlns,attr"`
		Error     detail
		RequestId string
	}{xmlName("ErrorResponse"), stsNamespace, d, requestID})
	r.code, r.message = e.code, e.message
	return r, err
}

func encode(status int, requestID string, v any) (reply, error) {
	body, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		return reply{}, fmt.Errorf("encode the answer: %w", err)
	}
	return reply{status: status, contentType: "text/xml", body: append(body, '\n'), requestID: requestID}, nil
}

// htmlReply is the page of a proxy or load balancer.
func htmlReply(status int) reply {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	page := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n"
	return reply{status: status, contentType: "text/html", body: []byte(page), message: title}
}

// write sends the reply with the server's time, from which SDKs derive the skew of
// their clock.
func (r reply) write(w http.ResponseWriter, now time.Time) {
	h := w.Header()
	h.Set("Content-Type", r.contentType)
	h.Set("Content-Length", strconv.Itoa(len(r.body)))
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	if r.requestID != "" {
		h.Set(cmp.Or(r.idHeader, "x-amzn-RequestId"), r.requestID)
	}
	w.WriteHeader(r.status)
	// An error means that the client has gone.
	_, _ = w.Write(r.body)
}
