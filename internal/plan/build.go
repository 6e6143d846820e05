package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/profile"
)

const (
	defaultTimeout   = 2 * time.Minute
	maxTimeout       = 6 * time.Hour // as long as a job may run
	defaultRemaining = 15 * time.Minute
	defaultAttempts  = 12
	maxAttempts      = 100
)

// Given is what a plan is made from.
type Given struct {
	Input func(name string) string          // "" counts as not given
	Env   func(name string) string          // a variable, or ""
	File  func(path string) ([]byte, error) // a file of the workspace; its errors name path and remedy
}

// Build makes the plan. If anything is wrong it returns every problem that it
// could find, and the plan is not to be used.
func Build(given Given) (Plan, []Problem) {
	input, standIn := withVariables(given.Input, given.Env)
	b := &builder{report: &report{standIn: standIn}, input: input, env: given.Env, file: given.File}
	b.refuseControlCharacters()
	p := Plan{
		Logout:            b.boolean("logout", false),
		ContinueOnError:   b.choice("on-profile-error", "fail", "continue") == "continue",
		Parallel:          b.integer("max-parallel", defaultParallel, 1, maxParallel),
		SkipMissing:       b.choice("on-missing-token", "fail", "skip") == "skip",
		UseExisting:       b.boolean("use-existing-credentials", false),
		MinRemaining:      b.seconds("min-remaining-seconds", defaultRemaining, 0, MaxDuration),
		Timeout:           b.timeout(),
		Attempts:          b.integer("retry-max-attempts", defaultAttempts, 1, maxAttempts),
		Network:           b.network(),
		UnsetCurrent:      b.boolean("unset-current-credentials", false),
		ExportEnv:         b.boolean("output-env-credentials", b.input("aws-profile") == "" && !b.many() && !b.refresh()),
		OutputCredentials: b.boolean("output-credentials", false),
		OverwriteProfile:  b.boolean("overwrite-aws-profile", false),
		Refresh:           b.refresh(),
		Summary:           Summary(b.choice("job-summary", string(SummaryFailure), string(SummaryAlways), string(SummaryNever))),
	}
	b.boolean("mask-aws-account-id", false) // for its problem; see MasksAccounts
	p.TrustPolicyFile = b.workspacePattern("trust-policy-file")
	if b.boolean("disable-retry", false) {
		p.Attempts = 1
	}
	if p.Logout {
		return p, b.report.problems
	}
	b.region = b.readRegion("aws-region")
	b.endpoint = b.readEndpoint()
	b.fips = b.env("AWS_USE_FIPS_ENDPOINT") == "true"
	b.sessionName = b.readSessionName()

	if b.many() {
		input, text := b.profilesInput()
		p.Profiles = b.profiles(input, text)
		p.Default = b.readDefaultProfile(p.Profiles)
		if p.ExportEnv && p.Default == "" {
			b.problem("output-env-credentials", "needs a default-profile: the environment holds the keys of one profile")
		}
	} else {
		b.onlyWithProfiles("default-profile", "profiles-select", "on-profile-error")
		p.Profiles = []Profile{b.profile()}
	}
	for _, profile := range p.Profiles {
		b.guard(profile)
		if p.Refresh && profile.Source != SourceOIDC {
			b.problem("refresh", "needs a role-to-assume with the job's OIDC token: other credentials cannot be renewed without storing them")
		}
	}
	if p.Refresh && p.ExportEnv {
		b.problem("output-env-credentials", "contradicts refresh: keys in the environment cannot be renewed, and SDKs would use them in place of the profile")
	}
	p.Notices, p.Warnings = b.notices, b.warnings
	return p, b.report.problems
}

// timeout reads action-timeout-s, in which configure-aws-credentials takes 0
// for the default.
func (b *builder) timeout() time.Duration {
	if b.input("action-timeout-s") == "0" {
		return defaultTimeout
	}
	return b.seconds("action-timeout-s", defaultTimeout, time.Second, maxTimeout)
}

// many tells whether several profiles are asked for.
func (b *builder) many() bool { return b.input("profiles") != "" || b.input("profiles-file") != "" }

func (b *builder) refresh() bool { return b.boolean("refresh", false) }

func (b *builder) onlyWithProfiles(inputs ...string) {
	for _, input := range inputs {
		if b.input(input) != "" {
			b.problem(input, "needs profiles or profiles-file")
		}
	}
}

type builder struct {
	report     *report
	input, env func(string) string
	file       func(string) ([]byte, error)
	notices    []string
	warnings   []string

	region      string
	endpoint    string
	fips        bool
	sessionName string
}

func (b *builder) problem(input, format string, args ...any) {
	b.report.add(input, 0, format, args...)
}

// notice is said once, however many profiles give rise to it.
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
		Region:    b.region,
		Endpoint:  b.endpoint,
		FIPS:      b.fips,
		Source:    b.source(),
		PlainKeys: b.boolean("special-characters-workaround", false),

		AllowedAccounts: b.accountList("allowed-account-ids", 0, b.input("allowed-account-ids")),
	}
	switch p.Source {
	case SourceOIDC:
		p.Audience = b.input("audience")
		if p.Audience == "" {
			p.Audience = defaultAudience(b.region)
		}
	case SourceTokenFile:
		p.TokenFile = b.input("web-identity-token-file")
	}
	return p
}

// profile is that of a plain login, with or without a name.
func (b *builder) profile() Profile {
	p := b.baseProfile()
	p.Name = b.profileName()
	role := b.input("role-to-assume")
	if role == "" {
		if b.input("role-chain") != "" {
			b.problem("role-chain", "needs a role-to-assume, the first role of the chain")
		}
		return p
	}
	// A role that was refused still stands in the chain, without its ARN, so
	// that the other inputs are judged in the same run.
	first := b.hop(b.firstRole(p.Source, role))
	p.Chain = append([]Hop{first}, b.chain("role-chain")...)
	b.applyDefaults(&p)
	return p
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

// firstRole reads role-to-assume, which may be a name where the account of the
// credentials that assume it can be asked for.
func (b *builder) firstRole(source Source, text string) RoleARN {
	if strings.HasPrefix(text, "arn:") || source.WebIdentity() {
		role, _ := b.role("role-to-assume", 0, text)
		return role
	}
	if !isPathAndName(text, 64, func(c rune) bool { return isName(c) || c == '/' }) {
		b.problem("role-to-assume", "%s is neither the ARN nor the name of a role, write arn:aws:iam::<12-digit account id>:role/<name>", quote(text))
		return ""
	}
	return RoleARN(text)
}

func (b *builder) role(input string, line int, text string) (RoleARN, bool) {
	if text == "" {
		return "", false
	}
	if !isRoleARN(text) {
		b.report.add(input, line, "%s is not the ARN of a role, write arn:aws:iam::<12-digit account id>:role/<name>", quote(text))
		return "", false
	}
	return RoleARN(text), true
}

// hop is a hop that has nothing of its own but its role.
func (b *builder) hop(role RoleARN) Hop {
	return Hop{Role: role, Region: b.region, Endpoint: b.endpoint, FIPS: b.fips, SessionName: b.sessionName}
}

// applyDefaults spreads the top-level inputs over the chain: each goes to the
// hops where it can have an effect.
func (b *builder) applyDefaults(p *Profile) {
	b.applyDuration(p)
	signed := 0 // the first hop that is an AssumeRole
	if p.Source.WebIdentity() {
		signed = 1
	}
	externalID := b.externalID("role-external-id", 0, b.input("role-external-id"))
	for i := signed; i < len(p.Chain); i++ {
		if p.Chain[i].ExternalID == "" {
			p.Chain[i].ExternalID = externalID
		}
	}
	if externalID != "" && signed == len(p.Chain) {
		b.notice("role-external-id has no effect: a role that is assumed with a token takes none")
	}
	if source := b.input("source-identity"); source != "" {
		b.checkSourceIdentity(source)
		if signed == len(p.Chain) {
			b.problem("source-identity", "needs a role-chain: a role that is assumed with an OIDC token takes it from the token, and GitHub's carries none")
		} else {
			p.Chain[signed].SourceIdentity = source
		}
	}
	b.applyTags(p)

	last := &p.Chain[len(p.Chain)-1]
	if last.Policy == "" {
		last.Policy = b.sessionPolicy("inline-session-policy", 0, b.input("inline-session-policy"))
	}
	if last.ManagedPolicies == nil {
		last.ManagedPolicies = b.managedPolicies("managed-session-policies", 0, lines(b.input("managed-session-policies")), last.Role)
	}
}

func (b *builder) applyDuration(p *Profile) {
	const input = "role-duration-seconds"
	wanted := b.seconds(input, DefaultDuration, MinDuration, MaxDuration)
	if p.Chain[0].Duration == 0 {
		p.Chain[0].Duration = wanted
	}
	for i := 1; i < len(p.Chain); i++ {
		if p.Chain[i].Duration == 0 {
			p.Chain[i].Duration = min(wanted, MaxChained)
		}
	}
	switch {
	case wanted <= MaxChained:
	case b.signedBySession(p.Source):
		b.report.addCode(explain.DurationOverChainingHour, input, 0, "%s is more than the hour (3600) after which AWS ends a session that temporary credentials assumed", quote(b.input(input)))
	case len(p.Chain) > 1:
		b.notice("role-duration-seconds holds for the first hop only: AWS ends a chained session after an hour")
	}
}

// guard refuses what the ARNs alone show to be wrong.
func (b *builder) guard(p Profile) {
	for i, hop := range p.Chain {
		if hop.Role == "" || hop.Role.IsName() || !isRegion(hop.Region) {
			continue
		}
		input, of := "role-to-assume", ""
		switch {
		case string(hop.Role) == b.input("role-to-assume"):
		case b.many():
			input, of = "profiles", "profile "+quote(p.Name)+": "
		case i > 0:
			input = "role-chain"
		}
		if want := PartitionOf(hop.Region); hop.Role.Partition() != want {
			b.report.addCode(explain.PartitionMismatch, input, 0, "%s%s is in partition %s but region %s in %s, correct one of them",
				of, quote(string(hop.Role)), hop.Role.Partition(), hop.Region, want)
		}
	}
	last := p.Last().Role
	if last == "" || last.IsName() || len(p.AllowedAccounts) == 0 {
		return
	}
	if account := last.Account(); !slices.Contains(p.AllowedAccounts, account) {
		b.report.addCode(explain.AccountNotAllowed, "allowed-account-ids", 0, "account %s of %s is not among them (%s), correct the role or allow the account",
			account, last, strings.Join(p.AllowedAccounts, ", "))
	}
}
