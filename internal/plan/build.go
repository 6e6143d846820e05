package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/profile"
)

const (
	defaultTimeout   = 2 * time.Minute
	maxTimeout       = 6 * time.Hour // as long as a job may run
	defaultRemaining = 15 * time.Minute
	defaultAttempts  = 12
	maxAttempts      = 100
)

// Build makes the plan. If anything is wrong it returns every problem that it
// finds; of such a plan, only the warnings may be used.
func Build(s Sources) (Plan, []Problem) {
	v := read(s)
	b := &builder{values: v, report: &report{standIn: v.standIn}, env: s.Env, path: s.Path, file: s.File, rehearsed: s.Rehearsed}
	b.warnUnknown(s.Names)
	if b.boolean("show-claims", false) {
		return b.showClaims()
	}
	b.refuseControlCharacters()
	p := Plan{
		Logout:          b.boolean("logout", false),
		ContinueOnError: b.choice("on-profile-error", "fail", "continue") == "continue",
		Parallel:        b.integer("max-parallel", defaultParallel, 1, maxParallel),
		SkipMissing:     b.skipMissing(),
		UseExisting:     b.boolean("use-existing-credentials", false),
		MinRemaining:    b.seconds("min-remaining-seconds", defaultRemaining, 0, MaxDuration),
		Timeout:         b.timeout(),
		Attempts:        b.attempts(),
	}
	exporting := b.exporting()
	p.UnsetCurrent = exporting.unset
	p.OverwriteProfile = b.boolean("overwrite-aws-profile", false)
	p.Summary = b.summary()
	b.boolean("mask-aws-account-id", false) // only to report a wrong value; see MasksAccounts
	p.TrustPolicyFile = b.workspacePattern("trust-policy-file")
	if p.Logout {
		p.Warnings = b.warnings
		return p, b.report.problems
	}
	p.Network = b.network() // after logout, which makes no call
	b.refuseEmpty()
	b.sessionName = DefaultSessionName(b.input, b.env)
	b.boolean("role-session-name-sanitize", false) // only to report a wrong value
	b.step = b.readStep()
	b.endpoint = b.readEndpoint()
	b.fips, b.dualStack = b.envTrue("AWS_USE_FIPS_ENDPOINT"), b.envTrue("AWS_USE_DUALSTACK_ENDPOINT")
	b.noteEndpoint()
	p.Endpoint = b.endpoint
	b.checkSourceIdentity()

	if b.many() {
		input, text := b.profilesInput()
		p.Profiles = b.profiles(input, text)
		p.Default = b.readDefaultProfile(p.Profiles)
		if exporting.keys && p.Default == "" {
			b.problem("output-env-credentials", "requires default-profile; set it to the profile whose keys to export")
		}
	} else {
		b.onlyWithProfiles("default-profile", "profiles-select", "on-profile-error")
		p.Profiles = []Profile{b.profile()}
	}
	for _, profile := range p.Profiles {
		if exporting.process && profile.Source != SourceOIDC {
			b.problem("refresh", "requires role-to-assume with the job's OIDC token; set it to false (other credentials cannot be renewed without storing them)")
		}
	}
	if exporting.process && exporting.keys {
		b.problem("output-env-credentials", "cannot be combined with refresh: keys in the environment cannot be renewed, and SDKs would use them in place of the profile; remove one of them")
	}
	p.Delivery = b.delivery(exporting, p.Profiles, p.Default)
	p.Notices, p.Warnings = b.notices, b.warnings
	return p, b.report.problems
}

// showClaims is the plan of a step that prints the claims of the token that a
// login would present. It checks only the inputs that it uses, so that it works
// where a login does not.
func (b *builder) showClaims() (Plan, []Problem) {
	if b.boolean("logout", false) {
		b.problem("show-claims", "cannot be combined with logout; remove one of them")
	}
	token := Profile{Source: SourceOIDC, Audience: cmp.Or(b.input("audience"), oidc.AudienceOf(arn.PartitionOf(b.input("aws-region"))))}
	if file := b.input("web-identity-token-file"); file != "" {
		token = Profile{Source: SourceTokenFile, TokenFile: file}
	}
	p := Plan{
		ShowClaims:  true,
		Profiles:    []Profile{token},
		SkipMissing: b.skipMissing(),
		Timeout:     b.timeout(),
		Attempts:    b.attempts(),
		Network:     b.network(),
		Summary:     b.summary(),
	}
	p.Warnings = b.warnings
	return p, b.report.problems
}

func (b *builder) skipMissing() bool { return b.choice("on-missing-token", "fail", "skip") == "skip" }

func (b *builder) summary() Summary {
	return Summary(b.choice("job-summary", string(SummaryFailure), string(SummaryAlways), string(SummaryNever)))
}

// attempts reads retry-max-attempts. As in configure-aws-credentials, 0 is the
// default and any number is valid.
func (b *builder) attempts() int {
	const input = "retry-max-attempts"
	n := defaultAttempts
	switch v := b.input(input); {
	case v == "0":
	case consists(v, len("101"), len(v), isDigit) && v[0] != '0' && v != "100":
		n = maxAttempts
		b.notice(input + " " + quote(v) + " is above the maximum; " + itoa(maxAttempts) + " is used")
	default:
		n = b.integer(input, defaultAttempts, 1, maxAttempts)
	}
	if b.boolean("disable-retry", false) {
		return 1
	}
	return n
}

// timeout reads action-timeout-s. As in configure-aws-credentials, 0 is the
// default.
func (b *builder) timeout() time.Duration {
	if b.input("action-timeout-s") == "0" {
		return defaultTimeout
	}
	return b.seconds("action-timeout-s", defaultTimeout, time.Second, maxTimeout)
}

// many reports whether the step has several profiles, even if their input came
// out empty.
func (b *builder) many() bool {
	return slices.ContainsFunc([]string{"profiles", "profiles-file"}, func(input string) bool {
		return b.input(input) != "" || b.values.empty[input]
	})
}

// exportsByDefault reports whether the keys go into the environment where
// output-env-credentials is not given. Those of the machine do not: exported,
// they would no longer be renewed, and would shadow their source.
func (b *builder) exportsByDefault() bool {
	return b.input("aws-profile") == "" && !b.many() && !b.refresh() && !b.fromMachine()
}

// fromMachine reports whether a plain login uses the machine's credentials as
// they are.
func (b *builder) fromMachine() bool {
	return b.input("role-to-assume") == "" && b.input("aws-access-key-id") == "" && b.input("aws-profile") == "" && !b.many()
}

func (b *builder) refresh() bool { return b.boolean("refresh", false) }

func (b *builder) onlyWithProfiles(inputs ...string) {
	for _, input := range inputs {
		if b.input(input) != "" {
			b.problem(input, "requires profiles or profiles-file; set one of them")
		}
	}
}

type builder struct {
	values    values
	report    *report
	env       func(string) string
	path      func(string) string
	file      func(string) ([]byte, error)
	rehearsed string
	notices   []string
	warnings  []string

	step        settings
	endpoint    Endpoint
	fips        bool
	dualStack   bool
	sessionName string // the default one

	withoutHub []withoutHub // profiles whose hub is missing
}

// input returns the text of an input, or "".
func (b *builder) input(name string) string { return b.values.text[name] }

func (b *builder) problem(input, format string, args ...any) {
	b.report.add(input, 0, format, args...)
}

// notice adds a line to the log, once for all profiles that cause it.
func (b *builder) notice(text string) {
	if !slices.Contains(b.notices, text) {
		b.notices = append(b.notices, text)
	}
}

func (b *builder) warn(text string) {
	if !slices.Contains(b.warnings, text) {
		b.warnings = append(b.warnings, text)
	}
}

// baseProfile is what all profiles of the step have in common.
func (b *builder) baseProfile() Profile {
	p := Profile{
		Endpoint:  b.endpoint.URL,
		Foreign:   b.endpoint.Foreign,
		FIPS:      b.fips,
		DualStack: b.dualStack,
		Source:    b.source(),
		PlainKeys: b.boolean("special-characters-workaround", false),
	}
	if p.Source == SourceTokenFile {
		p.TokenFile = b.input("web-identity-token-file")
	}
	return p
}

// profile returns the profile of a plain login, with or without a name.
func (b *builder) profile() Profile {
	p := b.baseProfile()
	p.Name = b.profileName()
	hops := b.hub(p.Source)
	if len(hops) == 0 {
		for _, input := range []string{"inline-session-policy", "managed-session-policies"} {
			if b.input(input) != "" {
				b.warn("input " + input + " has no effect: no role is assumed")
			}
		}
	}
	return b.complete(p, settings{}, hops, 0)
}

func (b *builder) profileName() string {
	name := b.input("aws-profile")
	if name == "" {
		return ""
	}
	if err := profile.ValidateName(name); err != nil {
		b.problem("aws-profile", "%s", err)
	}
	return name
}

// firstHop reads role-to-assume, which may be a name if STS can be asked for the
// account of the credentials that assume it. An invalid role is in the chain
// too, without its ARN, so that the other inputs are checked in the same run.
func (b *builder) firstHop(source Source, text string) draft {
	const input = "role-to-assume"
	hop := draft{input: input}
	switch {
	case strings.HasPrefix(text, "arn:") || source.WebIdentity():
		hop.Role, _ = b.role(input, 0, text)
	case !arn.IsRoleName(text):
		b.problem(input, "%s is neither the ARN nor the name of a role; use arn:aws:iam::<12-digit account id>:role/<name>", quote(text))
	default:
		hop.Role = arn.Role(text)
	}
	return hop
}

func (b *builder) role(input string, line int, text string) (arn.Role, bool) {
	if b.endpoint.Foreign {
		if !arn.IsForeignRole(text) {
			b.report.add(input, line, "%s is not the ARN of a role; use arn:<partition>:iam:<region>:<account>:role/<name>, as the server of %s shows it", quote(text), b.endpoint.From)
			return "", false
		}
		return arn.Role(text), true
	}
	if !arn.IsRole(text) {
		b.report.add(input, line, "%s is not the ARN of a role; use arn:aws:iam::<12-digit account id>:role/<name>", quote(text))
		return "", false
	}
	return arn.Role(text), true
}
