// Package plan turns the inputs of one use of the action into a validated
// Plan, or into the list of everything that is wrong with them. It is pure: it
// reads no environment, no clock and no network. The one file that a plan can
// depend on comes through the caller's reader, Sources.File.
package plan

import (
	"slices"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/transport"
)

// Limits of STS (AssumeRole and AssumeRoleWithWebIdentity in AWS's service
// model): durations of a session, and how long a chained one may last.
const (
	MinDuration     = 15 * time.Minute
	MaxDuration     = 12 * time.Hour
	DefaultDuration = time.Hour
	MaxChained      = time.Hour
)

// Plan is everything that the step will do. It holds no secret except a password
// that a proxy's URL may have.
type Plan struct {
	Logout     bool      // undo what earlier steps published, and nothing else
	ShowClaims bool      // print what the token of the one profile claims, and nothing else; it has neither region nor chain
	Profiles   []Profile // one without a name for the plain login
	Default    string    // name of the profile that is written as [default] too

	SkipMissing     bool // on-missing-token: skip
	ContinueOnError bool // on-profile-error: continue
	UseExisting     bool // keep existing credentials, if they are the right ones
	MinRemaining    time.Duration
	Timeout         time.Duration
	Attempts        int // how often a call is tried, 1 or more
	Parallel        int // how many calls at once
	Network         Network
	Endpoint        Endpoint // of STS for all profiles

	UnsetCurrent     bool // do not use keys of earlier steps
	OverwriteProfile bool
	Delivery         Delivery
	Summary          Summary
	TrustPolicyFile  string // path or glob below the workspace, with slashes; or empty

	Notices  []string // what the log should say about the plan, one line each
	Warnings []string // the same, as annotations
}

// Network is how STS is reached. The environment decides about empty fields.
type Network struct {
	Proxy   transport.Proxy // for http and https alike
	NoProxy string
}

// Summary says when the step writes a job summary.
type Summary string

// The values of job-summary.
const (
	SummaryAlways  Summary = "always"
	SummaryFailure Summary = "failure"
	SummaryNever   Summary = "never"
)

// Profile is one set of credentials: its name, and the chain of roles that leads
// to it.
type Profile struct {
	Name      string // empty for the plain login without a profile
	OfMany    bool   // it is one of the input profiles, even if it is the only one
	Region    string
	Endpoint  string // of STS, in place of the region's, or empty
	Foreign   bool   // the endpoint is not AWS's
	FIPS      bool
	DualStack bool
	Source    Source
	Audience  string // of the OIDC token that the first hop presents; only with SourceOIDC
	TokenFile string // only with SourceTokenFile
	PlainKeys bool   // try again until the keys have no special characters
	Chain     []Hop  // empty if the source's own credentials are exported

	AllowedAccounts []string // empty: every account
}

// Source is what a chain begins with.
type Source string

// The sources, in their order of choice.
const (
	SourceKeys      Source = "keys"       // the inputs aws-access-key-id and so on
	SourceTokenFile Source = "token-file" // the input web-identity-token-file
	SourceExisting  Source = "existing"   // role-chaining: the job's credentials
	SourceOIDC      Source = "oidc"       // the job's OIDC token
	SourceAmbient   Source = "ambient"    // what the machine has, in the order of AWS's SDKs
)

// WebIdentity reports whether the first hop presents a token; otherwise it is
// signed.
func (s Source) WebIdentity() bool { return s == SourceOIDC || s == SourceTokenFile }

// Last is the hop whose session the profile exports, or the zero Hop if the
// source's own credentials are exported.
func (p Profile) Last() Hop {
	if len(p.Chain) == 0 {
		return Hop{}
	}
	return p.Chain[len(p.Chain)-1]
}

// Hop is one call that assumes a role. Empty fields are not sent.
type Hop struct {
	Role              arn.Role
	Region            string // whose STS is called
	Endpoint          string // URL in place of the region's STS, or empty
	Foreign           bool   // the endpoint is not AWS's: its roles, keys and responses have forms of their own
	FIPS              bool
	DualStack         bool
	SessionName       string
	Duration          time.Duration
	ExternalID        string `json:",omitempty"`
	SourceIdentity    string `json:",omitempty"`
	Policy            string `json:",omitempty"` // inline session policy, compact JSON
	ManagedPolicies   []string
	Tags              []Tag
	TransitiveTagKeys []string
}

// SigningRegion returns the region that a request is signed for.
func (h Hop) SigningRegion() string {
	if h.Region == arn.GlobalRegion {
		return "us-east-1"
	}
	return h.Region
}

// Tag is a session tag. A droppable one is left out if AWS refuses policies and
// tags as too large.
type Tag struct {
	Key, Value string
	Droppable  bool `json:",omitempty"`
}

// Problem is one thing that is wrong with an input, and what to do about it.
type Problem struct {
	Input   string
	Line    int // in the input's text, from 1; 0 if it has no lines
	Message string
	Code    diagnosis.Code
	Empty   bool // something is named but empty, as an expression leaves it if the job does not have the secret or variable
}

// origin returns "input NAME" or "variable NAME".
func origin(name string) string {
	if slices.ContainsFunc(Inputs, func(in Input) bool { return in.Name == name }) {
		return "input " + name
	}
	return "variable " + name
}

// String names the input, or the variable used for it: "input role-chain, line 2:
// …".
func (p Problem) String() string {
	where := origin(p.Input)
	if p.Line > 0 {
		where += ", line " + itoa(p.Line)
	}
	return where + ": " + p.Message
}
