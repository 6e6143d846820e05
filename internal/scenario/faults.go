package scenario

import (
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/trust"
)

// Fault is an error or a delay of some calls. Exactly one of Kind, Rate and Latency
// is set.
type Fault struct {
	Call string // a call's kind, or "sts" for all of STS, or "any"
	Role string // IAM pattern of the requested role; empty for all

	Kind   FaultKind
	Times  int           // how many calls it hits; 0 for always
	After  int           // how many matching calls pass before the first hit
	Offset time.Duration // of the server's clock, for ClockSkew

	Rate    int           // calls a second; more are throttled
	Latency time.Duration // every call takes that much longer
}

// FaultKind names what happens to a call. The texts are those of scenario
// files.
type FaultKind string

// The kinds of call that a fault can hit: a request for an ID token, and the
// actions of STS.
const (
	CallToken       = "token"
	CallWebIdentity = "AssumeRoleWithWebIdentity"
	CallAssumeRole  = "AssumeRole"
	CallIdentity    = "GetCallerIdentity"
)

// STSCalls are the actions of STS.
var STSCalls = []string{CallWebIdentity, CallAssumeRole, CallIdentity}

// The faults.
const (
	FaultReset         FaultKind = "reset"
	FaultHang          FaultKind = "hang"
	FaultTruncated     FaultKind = "truncated"
	FaultContentType   FaultKind = "wrong-content-type"
	FaultEmptyBody     FaultKind = "empty-body"
	FaultNoValue       FaultKind = "no-value"
	FaultNotJSON       FaultKind = "not-json"
	FaultClockSkew     FaultKind = "clock-skew"
	FaultSpecialSecret FaultKind = "special-characters"

	FaultThrottling       FaultKind = "throttling"
	FaultRequestLimit     FaultKind = "request-limit-exceeded"
	FaultVerificationKey  FaultKind = "verification-key"
	FaultIDPCommunication FaultKind = "idp-communication"
	FaultIDPRejectedClaim FaultKind = "idp-rejected-claim"
	FaultPackedPolicy     FaultKind = "packed-policy"
	FaultExpiredToken     FaultKind = "expired-token"
	FaultRegionDisabled   FaultKind = "region-disabled"

	FaultHTTP400 FaultKind = "http-400"
	FaultHTTP401 FaultKind = "http-401"
	FaultHTTP403 FaultKind = "http-403"
	FaultHTTP404 FaultKind = "http-404"
	FaultHTTP429 FaultKind = "http-429"
	FaultHTTP500 FaultKind = "http-500"
	FaultHTTP502 FaultKind = "http-502"
	FaultHTTP503 FaultKind = "http-503"
	FaultHTTP504 FaultKind = "http-504"
)

// FaultInfo describes a kind of fault.
type FaultInfo struct {
	Kind   FaultKind
	Calls  []string // the calls that it is for; nil for all
	Effect string   // what the client sees
}

var (
	tokenOnly       = []string{CallToken}
	webIdentityOnly = []string{CallWebIdentity}
	assumeOnly      = []string{CallWebIdentity, CallAssumeRole}
)

// FaultKinds are all kinds of fault. The sandbox carries out each of them.
var FaultKinds = []FaultInfo{
	{FaultReset, nil, "the connection breaks"},
	{FaultHang, nil, "no response until the client gives up"},
	{FaultTruncated, nil, "half of the body, in a complete HTTP response"},
	{FaultContentType, nil, "status 200 with an HTML page, as from a proxy"},
	{FaultEmptyBody, nil, "status 200 with an empty body"},
	{FaultNoValue, tokenOnly, "status 200 with JSON that has no value"},
	{FaultNotJSON, tokenOnly, "status 200 with plain text"},
	{FaultClockSkew, nil, "the server's clock is off by offset"},
	{FaultSpecialSecret, assumeOnly, "the secret access key begins with +/, which unquoted scripts break on"},
	{FaultThrottling, STSCalls, "error Throttling"},
	{FaultRequestLimit, STSCalls, "error RequestLimitExceeded"},
	{FaultVerificationKey, webIdentityOnly, "error InvalidIdentityToken: STS could not fetch the issuer's key"},
	{FaultIDPCommunication, webIdentityOnly, "error IDPCommunicationError"},
	{FaultIDPRejectedClaim, webIdentityOnly, "error IDPRejectedClaim"},
	{FaultPackedPolicy, assumeOnly, "error PackedPolicyTooLarge"},
	{FaultExpiredToken, webIdentityOnly, "error ExpiredTokenException"},
	{FaultRegionDisabled, STSCalls, "error RegionDisabledException"},
	{FaultHTTP400, nil, "status 400"},
	{FaultHTTP401, nil, "status 401"},
	{FaultHTTP403, nil, "status 403"},
	{FaultHTTP404, nil, "status 404"},
	{FaultHTTP429, nil, "status 429"},
	{FaultHTTP500, nil, "status 500"},
	{FaultHTTP502, nil, "status 502 with an HTML page, as from a load balancer"},
	{FaultHTTP503, nil, "status 503"},
	{FaultHTTP504, nil, "status 504 with an HTML page, as from a load balancer"},
}

// only returns the calls that a kind of fault is for; nil for all.
func (k FaultKind) only() []string {
	i := slices.IndexFunc(FaultKinds, func(info FaultInfo) bool { return info.Kind == k })
	if i < 0 {
		return nil // a rate or a latency
	}
	return FaultKinds[i].Calls
}

func faultNames() []string {
	var names []string
	for _, info := range FaultKinds {
		names = append(names, string(info.Kind))
	}
	slices.Sort(names)
	return names
}

// calls returns the kinds of call that a fault's Call means.
func (f *Fault) calls() []string {
	switch f.Call {
	case "any":
		return append([]string{CallToken}, STSCalls...)
	case "sts":
		return STSCalls
	default:
		return []string{f.Call}
	}
}

// Matches reports whether the fault is for a call of a kind, such as CallToken,
// for a role; the role is empty if the call names none.
func (f *Fault) Matches(kind, role string) bool {
	if only := f.Kind.only(); only != nil && !slices.Contains(only, kind) {
		return false
	}
	return slices.Contains(f.calls(), kind) && (f.Role == "" || trust.NewPattern(f.Role).Match(role))
}

func (p *parser) faults(v value) error {
	return list(v, func(entry value) error {
		f := Fault{Call: "any", Times: 1}
		var set []string
		given := func(name string, read func(value) error) func(value) error {
			return func(v value) error {
				set = append(set, name)
				return read(v)
			}
		}
		err := fields(entry, map[string]func(value) error{
			"call": func(v value) (err error) {
				f.Call, err = v.OneOf(append([]string{"any", "sts", CallToken}, STSCalls...)...)
				return err
			},
			"role": into(&f.Role),
			"fault": given("fault", func(v value) error {
				s, err := v.OneOf(faultNames()...)
				f.Kind = FaultKind(s)
				return err
			}),
			"times": given("times", func(v value) (err error) {
				if text, _ := v.Text(); text == "always" {
					f.Times = 0
					return nil
				}
				f.Times, err = v.Integer(1, 1_000_000)
				return err
			}),
			"after": given("after", func(v value) (err error) {
				f.After, err = v.Integer(0, 1_000_000)
				return err
			}),
			"offset": given("offset", intoDuration(&f.Offset)),
			"rate": given("rate", func(v value) (err error) {
				f.Rate, err = v.Integer(1, 1_000_000)
				return err
			}),
			"latency": given("latency", intoDuration(&f.Latency)),
		})
		if err != nil {
			return err
		}
		if problem := f.conflict(set); problem != "" {
			return entry.Errorf("%s", problem)
		}
		p.s.Faults = append(p.s.Faults, f)
		return nil
	})
}

// conflict says which of the fields that are set cannot be combined, or "".
func (f *Fault) conflict(set []string) string {
	has := func(name string) bool { return slices.Contains(set, name) }
	what := 0
	for _, name := range []string{"fault", "rate", "latency"} {
		if has(name) {
			what++
		}
	}
	switch {
	case what != 1:
		return "requires exactly one of fault, rate and latency"
	case !has("fault") && (has("times") || has("after")):
		return "has times or after without a fault; remove them"
	case has("offset") && f.Kind != FaultClockSkew:
		return "has an offset, which is only for the fault clock-skew; remove it"
	case f.Kind == FaultClockSkew && !has("offset"):
		return "has the fault clock-skew without an offset; add one such as -20m"
	case f.Latency < 0 || f.Latency > time.Minute:
		return "has an invalid latency; use 0s to 1m"
	case f.Rate > 0 && slices.Contains(f.calls(), CallToken):
		return "has a rate, which is only for calls of STS; set call to sts or to one of its actions"
	}
	if only := f.Kind.only(); only != nil && f.Call != "any" && f.Call != "sts" && !slices.Contains(only, f.Call) {
		return "has the fault " + string(f.Kind) + ", which is only for " + strings.Join(only, ", ")
	}
	return ""
}

func intoDuration(target *time.Duration) func(value) error {
	return func(v value) error {
		s, err := v.Text()
		if err != nil {
			return err
		}
		if *target, err = time.ParseDuration(s); err != nil {
			return v.Errorf("is %q; expected a duration such as 80ms or -20m", s)
		}
		return nil
	}
}
