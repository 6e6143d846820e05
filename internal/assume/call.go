package assume

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithymiddleware "github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

// call is one hop with its attempts, and the denial if they fail.
type call struct {
	walker *Walker
	hop    plan.Hop
	denial *diagnosis.Denial
}

// withoutDroppable returns the tags that are never left out.
func withoutDroppable(tags []plan.Tag) []plan.Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t plan.Tag) bool { return t.Droppable })
}

func (c call) webIdentity(ctx context.Context, p plan.Profile) (session Session, err error) {
	c.denial.Action = "sts:AssumeRoleWithWebIdentity"
	c.denial.Sent = sent(c.hop)
	var refused oidc.Token // by STS, as expired
	var tokenErr error
	err = c.walker.Retry.Do(ctx, func() (again bool, err error) {
		// The token's source has its own retries and limits.
		token, err := c.walker.Token(ctx, p, refused)
		if err != nil {
			tokenErr = err
			return false, err
		}
		c.denial.Claims = token.Claims
		session, err = c.askWebIdentity(ctx, token)
		if err == nil {
			return false, nil
		}
		again = c.judge(err, token.Raw)
		expired := c.denial.Code == "ExpiredTokenException" || c.hop.Foreign && c.denial.Code == "ExpiredToken" // MinIO's code
		if expired && refused.Raw.IsZero() {
			refused, again = token, true
		}
		return again, c.denial
	})
	if tokenErr != nil {
		return Session{}, tokenErr
	}
	return session, c.end(err)
}

func (c call) assumeRole(ctx context.Context, by Session) (session Session, err error) {
	c.denial.Action = "sts:AssumeRole"
	c.denial.Caller, c.denial.CallerRole = by.ARN, string(by.Role)
	c.denial.Sent = sent(c.hop)
	err = c.walker.Retry.Do(ctx, func() (again bool, err error) {
		skew := c.walker.skew.Load()
		session, err = c.askAssumeRole(ctx, by)
		if err == nil {
			return false, nil
		}
		again = c.judge(err, by.SecretAccessKey, by.SessionToken) || c.learnSkew(skew)
		if strings.HasPrefix(c.denial.Code, "PackedPolicyTooLarge") {
			fewer := withoutDroppable(c.hop.Tags)
			again = len(fewer) < len(c.hop.Tags)
			c.hop.Tags = fewer
			c.hop.TransitiveTagKeys = among(c.hop.TransitiveTagKeys, fewer)
		}
		return again, c.denial
	})
	return session, c.end(err)
}

// sent returns the condition keys of a request for the hop.
func sent(h plan.Hop) map[string][]string {
	keys := map[string][]string{"sts:RoleSessionName": {h.SessionName}, "aws:RequestedRegion": {h.SigningRegion()}}
	for key, value := range map[string]string{"sts:ExternalId": h.ExternalID, "sts:SourceIdentity": h.SourceIdentity} {
		if value != "" {
			keys[key] = []string{value}
		}
	}
	for _, t := range h.Tags {
		keys["aws:RequestTag/"+t.Key] = []string{t.Value}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], t.Key)
	}
	if len(h.TransitiveTagKeys) > 0 {
		keys["sts:TransitiveTagKeys"] = h.TransitiveTagKeys
	}
	return keys
}

// identify completes credentials with the answer of GetCallerIdentity.
func (c call) identify(ctx context.Context, s Session) (Session, error) {
	c.denial.Action = "sts:GetCallerIdentity"
	err := c.walker.Retry.Do(ctx, func() (again bool, err error) {
		skew := c.walker.skew.Load()
		if err = c.askIdentity(ctx, &s); err == nil {
			return false, nil
		}
		return c.judge(err, s.SecretAccessKey, s.SessionToken) || c.learnSkew(skew), c.denial
	})
	return s, c.end(err)
}

func (c call) askIdentity(ctx context.Context, s *Session) (err error) {
	ctx, leave, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { leave(err) }()
	client, got := c.client(s)
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err := got.judge("GetCallerIdentity", err); err != nil {
		return err
	}
	if err := wholeTexts(field{"Arn", out.Arn}, field{"UserId", out.UserId}); err != nil {
		return err
	}
	s.UserID = *out.UserId
	return s.setARN(*out.Arn, c.hop.Foreign)
}

// errNotBegun means that the deadline came before the call could begin.
var errNotBegun = errors.New("other calls left no time for this one")

// begin waits until the call may be made, and bounds it.
func (c call) begin(ctx context.Context) (limited context.Context, leave func(error), err error) {
	w := c.walker
	w.once.Do(func() { w.limiter = newLimiter(w.Parallel, w.Retry.Sleep, w.now) })
	if err := w.limiter.acquire(ctx); err != nil {
		return nil, nil, errNotBegun
	}
	limited, cancel := w.Retry.Limit(ctx)
	return limited, func(err error) {
		cancel()
		api, ok := errors.AsType[smithy.APIError](err)
		w.limiter.release(ok && throttled(api.ErrorCode()))
	}, nil
}

func (c call) askWebIdentity(ctx context.Context, token oidc.Token) (s Session, err error) {
	ctx, leave, err := c.begin(ctx)
	if err != nil {
		return Session{}, err
	}
	defer func() { leave(err) }()
	client, got := c.client(nil)
	out, err := client.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn:          aws.String(string(c.hop.Role)),
		RoleSessionName:  aws.String(c.hop.SessionName),
		DurationSeconds:  seconds(c.hop.Duration),
		WebIdentityToken: aws.String(token.Raw.Reveal()),
		Policy:           optional(c.hop.Policy),
		PolicyArns:       policyARNs(c.hop.ManagedPolicies),
	})
	if err := got.judge("AssumeRoleWithWebIdentity", err); err != nil {
		return Session{}, err
	}
	return c.session(out.Credentials, out.AssumedRoleUser, out.ResultMetadata)
}

func (c call) askAssumeRole(ctx context.Context, by Session) (s Session, err error) {
	ctx, leave, err := c.begin(ctx)
	if err != nil {
		return Session{}, err
	}
	defer func() { leave(err) }()
	in := &sts.AssumeRoleInput{
		RoleArn:           aws.String(string(c.hop.Role)),
		RoleSessionName:   aws.String(c.hop.SessionName),
		DurationSeconds:   seconds(c.hop.Duration),
		ExternalId:        optional(c.hop.ExternalID),
		SourceIdentity:    optional(c.hop.SourceIdentity),
		Policy:            optional(c.hop.Policy),
		PolicyArns:        policyARNs(c.hop.ManagedPolicies),
		TransitiveTagKeys: c.hop.TransitiveTagKeys,
	}
	for _, t := range c.hop.Tags {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
	}
	client, got := c.client(&by)
	out, err := client.AssumeRole(ctx, in)
	if err := got.judge("AssumeRole", err); err != nil {
		return Session{}, err
	}
	return c.session(out.Credentials, out.AssumedRoleUser, out.ResultMetadata)
}

func (c call) session(credentials *types.Credentials, user *types.AssumedRoleUser, m smithymiddleware.Metadata) (Session, error) {
	at := c.serverTime(m)
	session, err := newSession(credentials, user, c.hop, at)
	if err == nil {
		c.walker.endByOurClock(&session, at)
	}
	return session, err
}

// serverTime returns when STS responded, by STS's clock: this machine's may be
// wrong.
func (c call) serverTime(m smithymiddleware.Metadata) time.Time {
	if at, ok := middleware.GetServerTime(m); ok && !at.IsZero() {
		return at
	}
	return c.walker.signingTime()
}

// client returns a client for one call, and the response as it was received. All
// options are explicit, so that nothing in the environment (profiles, other
// credentials, retry settings) changes the request or who signs it.
func (c call) client(by *Session) (*sts.Client, *received) {
	got := &received{client: c.walker.HTTP}
	o := sts.Options{
		Region:     c.hop.Region,
		HTTPClient: got,
		Retryer:    aws.NopRetryer{}, // the walker's is the only one
	}
	for _, product := range strings.Fields(c.walker.UserAgent) {
		name, version, _ := strings.Cut(product, "/") // the SDK would replace a slash
		o.APIOptions = append(o.APIOptions, middleware.AddUserAgentKeyValue(name, version))
	}
	if c.hop.Endpoint != "" {
		o.BaseEndpoint = aws.String(c.hop.Endpoint)
	}
	if c.hop.FIPS {
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	if c.hop.DualStack {
		o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
	}
	if c.hop.Endpoint != "" || c.hop.FIPS || c.hop.DualStack {
		o.Region = c.hop.SigningRegion() // the SDK knows the global region's plain endpoint only
	}
	if by != nil {
		o.HTTPSignerV4 = signer{v4.NewSigner(), c.walker}
		o.Credentials = credentials.NewStaticCredentialsProvider(by.AccessKeyID, by.SecretAccessKey.Reveal(), by.SessionToken.Reveal())
	}
	return sts.New(o), got
}

// judge sets the denial to what went wrong, without any of the secrets that were
// sent, and reports whether a retry can succeed (by the code of STS's error).
func (c call) judge(err error, sent ...secret.Value) (again bool) {
	d := c.denial
	if errors.Is(err, errNotBegun) && d.Message != "" {
		return false // the attempt before has the reason
	}
	d.Code, d.Message, d.Status, d.RequestID, d.Advice = "", "", 0, "", ""
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		d.Status = response.HTTPStatusCode()
		if response.Response != nil {
			if id := response.Response.Header.Get("X-Amzn-Requestid"); isIdentifier(id, sent) {
				d.RequestID = id
			}
			d.At, _ = http.ParseTime(response.Response.Header.Get("Date"))
		}
	}
	if d.Foreign {
		d.Endpoint = c.host()
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok && known(api.ErrorCode(), sent) {
		d.Code, d.Message = api.ErrorCode(), filtered(api.ErrorMessage(), sent)
		return retryable(d.Code, d.Message) || d.Status >= 500
	}
	d.Endpoint = c.host()
	if bad, ok := errors.AsType[badResponse](err); ok {
		d.Status, d.Message = http.StatusOK, bad.Error()
		return bad == errEmpty
	}
	if errors.Is(err, errNotBegun) {
		d.Message = errNotBegun.Error()
		return true
	}
	failed := transport.Classify(err)
	d.Message, d.Advice = failed.Error(), failed.Advice()
	switch {
	case d.Status == 0:
	case failed.Reason == transport.Status || failed.Reason == transport.Malformed:
		d.Message = notFromSTS // but, for example, is the page of a proxy
	default:
		d.Message = string(failed.Reason) // the denial has the status
	}
	return !failed.Permanent() && (d.Status == 0 || d.Status == http.StatusOK || d.Status == http.StatusTooManyRequests || d.Status >= 500)
}

// known reports whether a code can be one of STS's: not the SDK's name for a
// response without a code, and not another text of a server.
func known(code string, sent []secret.Value) bool {
	return code != "UnknownError" && isIdentifier(code, sent)
}

// isIdentifier reports whether a text can be an error code or a request id,
// and holds no piece of what was sent.
func isIdentifier(text string, sent []secret.Value) bool {
	const longest = 64
	odd := strings.ContainsFunc(text, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '.' && c != '-'
	})
	return text != "" && len(text) <= longest && !odd && !tokenLike().MatchString(text) && secret.Redact(text, sent...) == text
}

func retryable(code, message string) bool {
	switch code {
	case "InvalidIdentityToken":
		return strings.HasPrefix(message, "Couldn't retrieve verification key")
	case "IDPCommunicationError", "RequestTimeout", "RequestTimeoutException", "InternalFailure", "InternalError", "ServiceUnavailable":
		return true
	}
	return throttled(code)
}

func throttled(code string) bool {
	switch code {
	case "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException":
		return true
	}
	return false
}

// tokenLike matches a JWT, whose header always begins with these letters.
var tokenLike = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[\w.-]*eyJ[\w.-]*`) })

// filtered removes the secrets that were sent, and everything that looks like a
// token, from a message of AWS, which quotes invalid values. It returns one line
// of at most 1000 characters.
func filtered(text string, sent []secret.Value) string {
	const most, longest = 8 << 10, 1000
	text = strings.ToValidUTF8(text[:min(len(text), most)], "")
	text = tokenLike().ReplaceAllString(secret.Redact(text, sent...), "***")
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, text)
	if r := []rune(text); len(r) > longest {
		text = string(r[:longest]) + "…"
	}
	return text
}

// end turns the last error into the denial, unless the job was cancelled. If the
// deadline came while the call waited to begin, the denial has the attempt before
// it.
func (c call) end(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	c.denial.Deadline = errors.Is(err, context.DeadlineExceeded)
	return c.denial
}

func (c call) host() string {
	if u, err := url.Parse(c.hop.Endpoint); err == nil && u.Host != "" {
		return u.Host
	}
	return "STS in " + c.hop.Region
}

// among returns the keys that name one of the tags.
func among(keys []string, tags []plan.Tag) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		return !slices.ContainsFunc(tags, func(t plan.Tag) bool { return strings.EqualFold(t.Key, key) })
	})
}

func seconds(d time.Duration) *int32 {
	n := int32(d / time.Second)
	return &n
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func policyARNs(arns []string) []types.PolicyDescriptorType {
	var all []types.PolicyDescriptorType
	for _, arn := range arns {
		all = append(all, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return all
}
