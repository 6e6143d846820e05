package sandbox

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/trust"
)

// maxForm bounds the body of a request to STS, in bytes. The largest valid
// one, with fifty tags and a token, stays far below.
const maxForm = 256 << 10

// stsService answers the actions of STS.
type stsService struct {
	scenario *scenario.Scenario
	keys     *keySource
	names    *names
	lifetime time.Duration // cap of every session, or 0
	sessions sessionStore
}

func newSTS(s *scenario.Scenario, keys *keySource, n *names, lifetime time.Duration) *stsService {
	return &stsService{scenario: s, keys: keys, names: n, lifetime: lifetime}
}

// stsRequest is one request for an action.
type stsRequest struct {
	action string
	http   *http.Request
	body   []byte
	form   url.Values
	now    time.Time
	fault  scenario.FaultKind
	call   *Call // to be filled in
}

// serveSTS takes a form-encoded request.
func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		s.mustFail(errMalformedRequest).write(w, s.options.Now())
		return
	}
	form, formErr := url.ParseQuery(string(body))
	req := stsRequest{action: form.Get("Action"), http: r, body: body, form: form}
	call := Call{Kind: req.action, Parameters: recorded(form)}
	s.exchange(w, r, call, func(now time.Time, fault scenario.FaultKind, call *Call) reply {
		req.now, req.fault, req.call = now, fault, call
		if formErr != nil {
			return s.mustFail(errMalformedRequest)
		}
		return s.answer(&req)
	})
}

// recorded returns the parameters that may be kept.
func recorded(form url.Values) map[string]string {
	parameters := map[string]string{}
	for name := range form {
		switch name {
		case "Action", "Version", "WebIdentityToken":
		default:
			parameters[name] = form.Get(name)
		}
	}
	return parameters
}

// answer runs the action and encodes its result.
func (s *Server) answer(req *stsRequest) reply {
	do, encode := s.sts.do, success
	if s.scenario.Dialect == scenario.MinIO {
		do, encode = s.sts.doAsMinIO, minioSuccess
	}
	result, err := do(req)
	var refused apiError
	switch {
	case errors.As(err, &refused):
		return s.mustFail(refused)
	case err != nil:
		return s.mustFail(errInternal)
	}
	out, err := encode(req.action, result, s.names.uuid())
	if err != nil {
		return s.mustFail(errInternal)
	}
	return out
}

func (s *stsService) do(req *stsRequest) (any, error) {
	version := req.form.Get("Version")
	switch {
	case req.action == "":
		return nil, errMissingAction
	case version != stsVersion || !slices.Contains(scenario.STSCalls, req.action):
		return nil, apiError{http.StatusBadRequest, "InvalidAction", "Could not find operation " + req.action + " for version " + version}
	}
	switch req.action {
	case scenario.CallWebIdentity:
		return s.assumeRoleWithWebIdentity(req)
	case scenario.CallAssumeRole:
		return s.assumeRole(req)
	default:
		return s.getCallerIdentity(req)
	}
}

func (s *stsService) getCallerIdentity(req *stsRequest) (any, error) {
	caller, err := s.authenticate(req)
	if err != nil {
		return nil, err
	}
	req.call.Session = caller.arn
	return identityResult{
		XMLName: xmlName("GetCallerIdentityResult"),
		Arn:     caller.arn, UserId: caller.userID, Account: caller.account,
	}, nil
}

// requestContext returns the condition keys that every request has.
func (s *stsService) requestContext(req *stsRequest) trust.Context {
	now := req.now.UTC()
	ctx := trust.Context{
		"aws:CurrentTime": {now.Format(time.RFC3339)},
		"aws:EpochTime":   {strconv.FormatInt(now.Unix(), 10)},
		// The sandbox serves plain HTTP on loopback in place of AWS's TLS.
		"aws:SecureTransport": {"true"},
		"aws:SourceIp":        {s.scenario.Workflow.SourceIP},
		"aws:UserAgent":       {req.http.UserAgent()},
		"sts:RoleSessionName": {req.form.Get("RoleSessionName")},
	}
	if req.call.Region != "" {
		ctx["aws:RequestedRegion"] = []string{req.call.Region}
	}
	return ctx
}

// decide evaluates a role's trust policy and records the decision.
func (req *stsRequest) decide(role *scenario.Role, action string, who trust.Principal, ctx trust.Context) trust.Result {
	result := role.Trust.Evaluate(trust.Request{Action: action, Principal: who, Context: ctx})
	req.call.Decisions = append(req.call.Decisions, Decision{Action: action, Role: role.ARN, Result: result})
	return result
}

// duration returns how long a session of the role is to last.
func (req *stsRequest) duration(role *scenario.Role, chained bool) (time.Duration, error) {
	asked := req.form.Get("DurationSeconds")
	if asked == "" {
		return time.Hour, nil
	}
	seconds, err := strconv.Atoi(asked)
	if err != nil {
		return 0, err // cannot happen: the constraints have been checked
	}
	d := time.Duration(seconds) * time.Second
	switch {
	case chained && d > time.Hour:
		return 0, errChainingHour
	case d > role.MaxSession:
		return 0, errMaxSession
	}
	return d, nil
}

// open creates a session of a role and its part of the response.
func (s *stsService) open(req *stsRequest, role *scenario.Role, sess session, d time.Duration) assumeRoleResult {
	if s.lifetime > 0 {
		d = min(d, s.lifetime)
	}
	sess.role = role
	sess.name = req.form.Get("RoleSessionName")
	sess.issued = req.now
	sess.expires = req.now.Add(d).Truncate(time.Second)
	sess.accessKey = s.names.accessKey()
	secretKey := s.names.secretKey()
	token := s.names.sessionToken()
	if s.scenario.Dialect == scenario.MinIO {
		sess.accessKey, token = s.names.minioAccessKey(), s.names.minioSessionToken()
	}
	if req.fault == scenario.FaultSpecialSecret {
		secretKey = "+/" + secretKey[2:]
	}
	s.sessions.add(&sess, secretKey, token)

	who := sess.caller()
	req.call.Session, req.call.AccessKey, req.call.Expires = who.arn, sess.accessKey, sess.expires
	return assumeRoleResult{
		XMLName:         xmlName(req.action + "Result"),
		Credentials:     issuedKeys{sess.accessKey, secretKey, token, xmlTime(sess.expires)},
		AssumedRoleUser: assumedRole{who.userID, who.arn},
		SourceIdentity:  sess.sourceIdentity,
	}
}
