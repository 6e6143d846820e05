package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/trust"
)

// Fault is something that goes wrong, or takes time, on some calls. Exactly
// one of Kind, Rate and Latency is set.
type Fault struct {
	Call string // a call's kind, or "sts" for all of STS, or "any"
	Role string // IAM pattern of the role asked for; empty for all

	Kind   FaultKind
	Times  int           // how many calls it hits; 0 for always
	After  int           // how many matching calls pass before the first hit
	Offset time.Duration // of the server's clock, for ClockSkew

	Rate    int           // calls a second; what goes beyond is throttled
	Latency time.Duration // every call takes that much longer
}

// FaultKind names what happens to a call. The texts are those of scenario
// files.
type FaultKind string

// The faults. Those with an answer of STS's own are in stsFaults.
const (
	FaultReset         FaultKind = "reset"              // the connection breaks
	FaultHang          FaultKind = "hang"               // no answer until the client or the server gives up
	FaultTruncated     FaultKind = "truncated"          // half of the answer's body, well framed by HTTP
	FaultContentType   FaultKind = "wrong-content-type" // 200 and a page of HTML, as from a proxy
	FaultEmptyBody     FaultKind = "empty-body"         // 200 and nothing
	FaultNoValue       FaultKind = "no-value"           // token: 200 and JSON without a value
	FaultNotJSON       FaultKind = "not-json"           // token: 200 and text
	FaultClockSkew     FaultKind = "clock-skew"         // the server's clock is off by Offset
	FaultSpecialSecret FaultKind = "special-characters" // the secret key has characters that scripts stumble over
)

// stsFaults are the faults that are an error answer of STS, made for an
// account and a moment.
var stsFaults = map[FaultKind]func(account string, now time.Time) apiError{
	faultThrottling:          always(errThrottling),
	"request-limit-exceeded": always(apiError{http.StatusBadRequest, "RequestLimitExceeded", "Rate exceeded"}),
	"verification-key":       always(errVerificationKey),
	"idp-communication":      always(apiError{http.StatusBadRequest, "IDPCommunicationError", "The request to the identity provider timed out"}),
	"idp-rejected-claim":     always(apiError{http.StatusForbidden, "IDPRejectedClaim", "The identity provider rejected the claim"}),
	"packed-policy":          always(errPackedPolicy(112)),
	"expired-token":          func(_ string, now time.Time) apiError { return errTokenExpired(now, now) },
	"region-disabled":        func(account string, _ time.Time) apiError { return errRegionDisabled(account) },
}

const faultThrottling FaultKind = "throttling"

func always(e apiError) func(string, time.Time) apiError {
	return func(string, time.Time) apiError { return e }
}

// faultCalls says which calls a fault is for, where it is not for all.
var faultCalls = map[FaultKind][]string{
	faultThrottling:          stsCalls,
	"request-limit-exceeded": stsCalls,
	"region-disabled":        stsCalls,
	"verification-key":       {CallWebIdentity},
	"idp-communication":      {CallWebIdentity},
	"idp-rejected-claim":     {CallWebIdentity},
	"expired-token":          {CallWebIdentity},
	"packed-policy":          {CallWebIdentity, CallAssumeRole},
	FaultSpecialSecret:       {CallWebIdentity, CallAssumeRole},
	FaultNoValue:             {CallToken},
	FaultNotJSON:             {CallToken},
}

// statusFaults are the faults that are a bare HTTP status.
var statusFaults = map[FaultKind]int{
	"http-400": http.StatusBadRequest,
	"http-401": http.StatusUnauthorized,
	"http-403": http.StatusForbidden,
	"http-404": http.StatusNotFound,
	"http-429": http.StatusTooManyRequests,
	"http-500": http.StatusInternalServerError,
	"http-502": http.StatusBadGateway,
	"http-503": http.StatusServiceUnavailable,
	"http-504": http.StatusGatewayTimeout,
}

func faultNames() []string {
	names := []string{
		string(FaultReset), string(FaultHang), string(FaultTruncated), string(FaultContentType), string(FaultEmptyBody),
		string(FaultNoValue), string(FaultNotJSON), string(FaultClockSkew), string(FaultSpecialSecret),
	}
	for kind := range stsFaults {
		names = append(names, string(kind))
	}
	for kind := range statusFaults {
		names = append(names, string(kind))
	}
	slices.Sort(names)
	return names
}

// calls returns the kinds of call that a fault's Call stands for.
func (f *Fault) calls() []string {
	switch f.Call {
	case "any":
		return append([]string{CallToken}, stsCalls...)
	case "sts":
		return stsCalls
	default:
		return []string{f.Call}
	}
}

// spoils reports whether the fault ruins an answer of status 200.
func (k FaultKind) spoils() bool {
	switch k {
	case FaultTruncated, FaultContentType, FaultEmptyBody, FaultNoValue, FaultNotJSON:
		return true
	}
	return false
}

func (f *Fault) matches(kind, role string) bool {
	if only, limited := faultCalls[f.Kind]; limited && !slices.Contains(only, kind) {
		return false
	}
	return slices.Contains(f.calls(), kind) && (f.Role == "" || trust.NewPattern(f.Role).Match(role))
}

func (p *parser) faults(v value) error {
	return v.list(func(_ int, entry value) error {
		f := Fault{Call: "any", Times: 1}
		var set []string
		given := func(name string, read func(value) error) func(value) error {
			return func(v value) error {
				set = append(set, name)
				return read(v)
			}
		}
		err := entry.fields(map[string]func(value) error{
			"call": func(v value) (err error) {
				f.Call, err = v.oneOf(append([]string{"any", "sts", CallToken}, stsCalls...)...)
				return err
			},
			"role": into(&f.Role),
			"fault": given("fault", func(v value) error {
				s, err := v.oneOf(faultNames()...)
				f.Kind = FaultKind(s)
				return err
			}),
			"times": given("times", func(v value) (err error) {
				if text, _ := v.text(); text == "always" {
					f.Times = 0
					return nil
				}
				f.Times, err = v.integer(1, 1_000_000)
				return err
			}),
			"after": given("after", func(v value) (err error) {
				f.After, err = v.integer(0, 1_000_000)
				return err
			}),
			"offset": given("offset", intoDuration(&f.Offset)),
			"rate": given("rate", func(v value) (err error) {
				f.Rate, err = v.integer(1, 1_000_000)
				return err
			}),
			"latency": given("latency", intoDuration(&f.Latency)),
		})
		if err != nil {
			return err
		}
		if problem := f.problem(set); problem != "" {
			return entry.errorf("%s", problem)
		}
		p.s.Faults = append(p.s.Faults, f)
		return nil
	})
}

// problem says which of the given fields do not go together, or "".
func (f *Fault) problem(set []string) string {
	has := func(name string) bool { return slices.Contains(set, name) }
	what := 0
	for _, name := range []string{"fault", "rate", "latency"} {
		if has(name) {
			what++
		}
	}
	switch {
	case what != 1:
		return "needs exactly one of fault, rate and latency"
	case !has("fault") && (has("times") || has("after")):
		return "times and after go with fault only"
	case has("offset") != (f.Kind == FaultClockSkew):
		return "offset and the fault clock-skew need each other"
	case f.Latency < 0 || f.Latency > time.Minute:
		return "latency must be from 0s to 1m"
	case f.Rate > 0 && slices.Contains(f.calls(), CallToken):
		return "rate is for calls of STS; name one, or sts"
	}
	if only, limited := faultCalls[f.Kind]; limited && f.Call != "any" && f.Call != "sts" && !slices.Contains(only, f.Call) {
		return string(f.Kind) + " is a fault of " + strings.Join(only, ", ") + " only"
	}
	return ""
}

func intoDuration(target *time.Duration) func(value) error {
	return func(v value) error {
		s, err := v.text()
		if err != nil {
			return err
		}
		if *target, err = time.ParseDuration(s); err != nil {
			return v.errorf("%q must be a duration such as 80ms or -20m", s)
		}
		return nil
	}
}
