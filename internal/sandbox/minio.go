package sandbox

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/org/aws-oidc-action/internal/scenario"
)

// MinIO's STS takes AWS's requests, and its responses differ (minio/minio:
// docs/sts/web-identity.md; cmd/sts-handlers.go, cmd/sts-datatypes.go,
// cmd/sts-errors.go, internal/arn and internal/auth):
//
//   - a role belongs to an identity provider and has no trust policy: any token
//     for the provider's client id may assume it;
//   - the user of a session has an empty ARN, and AssumeRoleId in place of
//     AssumedRoleId; there are no accounts;
//   - session tokens are JWTs, access keys have no prefix;
//   - AssumeRole takes the keys of users only and heeds no role;
//   - other actions, GetCallerIdentity too, do not exist;
//   - an error's type is empty, and refused parameters and tokens have one code,
//     except expired tokens. Only a few of its texts are known.
var (
	errMinIODenied  = apiError{http.StatusForbidden, "AccessDenied", "Generating temporary credentials not allowed for this request."}
	errMinIOExpired = apiError{http.StatusBadRequest, "ExpiredToken", "The web identity token that was passed is expired or is not valid. Get a new identity token from the identity provider and then retry the request."}
)

func errMinIOParameter(message string) apiError {
	return apiError{http.StatusBadRequest, "InvalidParameterValue", message}
}

// minioResult is the result of both actions.
type minioResult struct {
	XMLName         xml.Name
	AssumedRoleUser struct{ Arn, AssumeRoleId string } // always empty
	Credentials     struct {
		AccessKeyId, SecretAccessKey, Expiration, SessionToken string
	}
	SubjectFromWebIdentityToken string `xml:",omitempty"`
}

func (s *stsService) doAsMinIO(req *stsRequest) (any, error) {
	if req.form.Get("Version") != stsVersion {
		return nil, apiError{http.StatusBadRequest, "MissingParameter", "Invalid STS API version " + req.form.Get("Version") + ", expecting " + stsVersion}
	}
	switch req.action {
	case scenario.CallWebIdentity:
		return s.minioWebIdentity(req)
	case scenario.CallAssumeRole:
		return s.minioAssumeRole(req)
	default:
		return nil, errMinIOParameter("Unsupported action " + req.action)
	}
}

func (s *stsService) minioWebIdentity(req *stsRequest) (any, error) {
	arn := req.form.Get("RoleArn")
	role := s.scenario.Role(arn)
	if role == nil {
		return nil, errMinIOParameter("Role " + arn + " does not exist")
	}
	claims, _, err := s.verify(req, s.scenario.Account(role.Account))
	var refused apiError
	switch {
	case errors.As(err, &refused) && refused.code == "ExpiredTokenException":
		return nil, errMinIOExpired
	case errors.As(err, &refused):
		return nil, errMinIOParameter(refused.message)
	case err != nil:
		return nil, err
	}
	req.call.Claims = claims
	result, err := s.minioOpen(req, role)
	result.SubjectFromWebIdentityToken = claims.Get("sub")
	return result, err
}

func (s *stsService) minioAssumeRole(req *stsRequest) (any, error) {
	who, err := s.authenticate(req)
	var refused apiError
	switch {
	case errors.As(err, &refused) && refused.code == "InvalidClientTokenId":
		refused.code = "InvalidAccessKeyId"
		return nil, refused
	case err != nil:
		return nil, err
	case who.session != nil:
		return nil, errMinIODenied
	}
	return s.minioOpen(req, &scenario.Role{ARN: who.arn, Name: who.user.Name, Account: who.account})
}

// minioOpen opens a session of a role, or of a user in place of one.
func (s *stsService) minioOpen(req *stsRequest, role *scenario.Role) (minioResult, error) {
	const shortest, longest = 900, 365 * 24 * 3600 // seconds
	seconds, err := strconv.Atoi(req.form.Get("DurationSeconds"))
	switch {
	case req.form.Get("DurationSeconds") == "":
		seconds = 3600
	case err != nil || seconds < shortest || seconds > longest:
		return minioResult{}, errMinIOParameter("invalid token expiry")
	}
	made := s.open(req, role, session{}, time.Duration(seconds)*time.Second).Credentials
	req.call.Session = "" // it has no ARN
	result := minioResult{XMLName: xmlName(req.action + "Result")}
	c := &result.Credentials
	c.AccessKeyId, c.SecretAccessKey, c.Expiration, c.SessionToken = made.AccessKeyId, made.SecretAccessKey, made.Expiration, made.SessionToken
	return result, nil
}

// minioAccessKey returns 20 capital letters and digits.
func (g *names) minioAccessKey() string {
	return base32.StdEncoding.EncodeToString(g.bytes(15))[:20]
}

// minioSessionToken returns what looks like the JWT of a session.
func (g *names) minioSessionToken() string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"HS512","typ":"JWT"}`)) + "." + encode([]byte(`{"accessKey":"`+encode(g.bytes(90))+`"}`)) + "." + encode(g.bytes(64))
}

func minioSuccess(action string, result any, requestID string) (reply, error) {
	r, err := success(action, result, requestID)
	return r.asMinIO(), err
}

func minioFailure(e apiError, requestID string) (reply, error) {
	type detail struct{ Type, Code, Message string }
	r, err := encode(e.status, requestID, struct {
		XMLName   xml.Name
		Namespace string `xml:"xmlns,attr"`
		Error     detail
		RequestId string
	}{xmlName("ErrorResponse"), stsNamespace, detail{"", e.code, e.message}, requestID})
	r.code, r.message = e.code, e.message
	return r.asMinIO(), err
}

func (r reply) asMinIO() reply {
	r.contentType, r.idHeader = "application/xml", "x-amz-request-id"
	r.body = append([]byte(xml.Header), r.body...)
	return r
}
