package plan

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/org/aws-oidc-action/internal/explain"
)

const (
	defaultTimeout  = 2 * time.Minute
	maxTimeout      = 6 * time.Hour // as long as a job may run
	defaultAttempts = 12
	maxAttempts     = 100
)

// Build makes the plan from the inputs and the environment, both read by name;
// an empty input counts as not given. If anything is wrong it returns every
// problem that it could find, and the plan is not to be used.
func Build(input, env func(name string) string) (Plan, []Problem) {
	b := &builder{report: &report{}, input: input, env: env}
	b.refuseControlCharacters()
	p := Plan{
		MaskAccountID:     b.boolean("mask-aws-account-id", false),
		ExportEnv:         b.boolean("output-env-credentials", true),
		OutputCredentials: b.boolean("output-credentials", false),
		SkipMissing:       b.choice("on-missing-token", "fail", "skip") == "skip",
		Summary:           Summary(b.choice("job-summary", string(SummaryFailure), string(SummaryAlways), string(SummaryNever))),
		Timeout:           time.Duration(b.integer("action-timeout-s", int(defaultTimeout/time.Second), 1, int(maxTimeout/time.Second))) * time.Second,
		Attempts:          b.integer("retry-max-attempts", defaultAttempts, 1, maxAttempts),
		AllowedAccounts:   b.accounts("allowed-account-ids"),
	}
	if b.boolean("disable-retry", false) {
		p.Attempts = 1
	}
	b.region = b.readRegion("aws-region")
	b.endpoint = b.readEndpoint()
	b.fips = b.env("AWS_USE_FIPS_ENDPOINT") == "true"
	b.sessionName = b.readSessionName()

	p.Profiles = []Profile{b.profile()}
	for _, profile := range p.Profiles {
		b.guard(profile, p.AllowedAccounts)
	}
	p.Notices = b.notices
	return p, b.report.problems
}

type builder struct {
	report     *report
	input, env func(string) string
	notices    []string

	region      string
	endpoint    string
	fips        bool
	sessionName string
}

func (b *builder) problem(input, format string, args ...any) {
	b.report.add(input, 0, format, args...)
}

func (b *builder) refuseControlCharacters() {
	for _, in := range Inputs {
		if c, found := control(b.input(in.Name), in.Multiline); found {
			b.report.refuse(in.Name, "%s has the control character %q, remove it", quote(b.input(in.Name)), c)
		}
	}
}

// boolean reads YAML 1.2's core schema.
func (b *builder) boolean(name string, otherwise bool) bool {
	switch v := b.input(name); v {
	case "":
		return otherwise
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	default:
		b.problem(name, "%s is not a boolean, write true or false", quote(v))
		return otherwise
	}
}

// choice reads one of several words; the first is the default.
func (b *builder) choice(name string, words ...string) string {
	v := b.input(name)
	if v == "" {
		return words[0]
	}
	if !slices.Contains(words, v) {
		b.problem(name, "%s is unknown, write %s", quote(v), strings.Join(words, " or "))
		return words[0]
	}
	return v
}

func (b *builder) integer(name string, otherwise, least, most int) int {
	v := b.input(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most || strconv.Itoa(n) != v {
		b.problem(name, "%s is not a whole number from %d to %d", quote(v), least, most)
		return otherwise
	}
	return n
}

func (b *builder) accounts(name string) []string {
	text := b.input(name)
	ids := strings.FieldsFunc(text, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
	if text != "" && len(ids) == 0 {
		b.problem(name, "%s names no account, write 12-digit ids separated by commas", quote(text))
	}
	for _, id := range ids {
		if !accountID.MatchString(id) {
			b.report.refuse(name, "%s is not an account id, write its 12 digits between quotes (leading zeros count)", quote(id))
		}
	}
	return ids
}

func (b *builder) readRegion(name string) string {
	v := b.input(name)
	switch {
	case v == "":
		b.problem(name, "is not given, write the region whose STS is to be asked, for example eu-central-1")
	case !regionPattern.MatchString(v):
		b.problem(name, "%s is not the name of a region, write one like eu-central-1 (not an availability zone)", quote(v))
	}
	return v
}

// readEndpoint follows the order of AWS's SDKs: what is given explicitly, the
// service's own variable, the one for all services.
func (b *builder) readEndpoint() string {
	if v := b.input("sts-endpoint"); v != "" {
		b.checkEndpoint("sts-endpoint", v)
		return v
	}
	if b.env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true" {
		return ""
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"} {
		if v := b.env(name); v != "" {
			b.checkEndpoint(name, v)
			return v
		}
	}
	return ""
}

func (b *builder) checkEndpoint(name, v string) {
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		b.problem(name, "%s is not the URL of an endpoint, write https://host", quote(v))
	case u.User != nil:
		b.problem(name, "holds a user or password, write https://host without them")
	case u.RawQuery != "" || u.Fragment != "":
		b.problem(name, "%s has a query or fragment, write https://host", quote(v))
	case u.Scheme == "http" && !loopback(u.Hostname()):
		b.problem(name, "%s would send the token unencrypted, write https:// (http:// is for loopback only)", quote(v))
	}
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func (b *builder) profile() Profile {
	p := Profile{Region: b.region, Audience: b.input("audience")}
	if p.Audience == "" {
		p.Audience = defaultAudience(b.region)
	}
	role := b.input("role-to-assume")
	switch {
	case role == "" && b.input("role-chain") != "":
		b.problem("role-chain", "needs a role-to-assume, the first role of the chain")
	case role == "":
		b.problem("role-to-assume", "is not given, write the ARN of the role, arn:aws:iam::<account id>:role/<name>")
	}
	// A role that was refused still stands in the chain, without its ARN, so
	// that the other inputs are judged in the same run.
	first, _ := b.role("role-to-assume", 0, role)
	p.Chain = append([]Hop{b.hop(first)}, b.chain("role-chain")...)
	b.applyDefaults(&p)
	return p
}

func (b *builder) role(input string, line int, text string) (RoleARN, bool) {
	if text == "" {
		return "", false
	}
	if !rolePattern.MatchString(text) || len(text) > 2048 || strings.Count(text, "arn:") > 1 {
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

	externalID := b.externalID("role-external-id", 0, b.input("role-external-id"))
	for i := 1; i < len(p.Chain); i++ {
		if p.Chain[i].ExternalID == "" {
			p.Chain[i].ExternalID = externalID
		}
	}
	if externalID != "" && len(p.Chain) == 1 {
		b.notices = append(b.notices, "role-external-id has no effect: a role that is assumed with an OIDC token takes none")
	}

	if source := b.input("source-identity"); source != "" {
		b.checkSourceIdentity(source)
		if len(p.Chain) == 1 {
			b.problem("source-identity", "needs a role-chain: a role that is assumed with an OIDC token takes it from the token, and GitHub's carries none")
		} else {
			p.Chain[1].SourceIdentity = source
		}
	}

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
	seconds := b.integer(input, int(DefaultDuration/time.Second), int(MinDuration/time.Second), int(MaxDuration/time.Second))
	wanted := time.Duration(seconds) * time.Second
	p.Chain[0].Duration = wanted
	for i := 1; i < len(p.Chain); i++ {
		if p.Chain[i].Duration == 0 {
			p.Chain[i].Duration = min(wanted, MaxChained)
		}
	}
	if len(p.Chain) > 1 && wanted > MaxChained {
		b.notices = append(b.notices, "role-duration-seconds holds for the first hop only: AWS ends a chained session after an hour")
	}
}

// guard refuses what the ARNs alone show to be wrong.
func (b *builder) guard(p Profile, allowed []string) {
	for i, hop := range p.Chain {
		input := "role-to-assume"
		if i > 0 {
			input = "role-chain"
		}
		if hop.Role == "" {
			continue
		}
		if want := partitionOf(p.Region); regionPattern.MatchString(p.Region) && hop.Role.Partition() != want {
			b.report.addCode(explain.PartitionMismatch, input, 0, "%s is in partition %s but region %s in %s, correct one of them",
				quote(string(hop.Role)), hop.Role.Partition(), p.Region, want)
		}
	}
	if p.Last().Role == "" || len(allowed) == 0 {
		return
	}
	if account := p.Last().Role.Account(); !slices.Contains(allowed, account) {
		b.report.addCode(explain.AccountNotAllowed, "allowed-account-ids", 0, "account %s of %s is not among them (%s), correct the role or allow the account",
			account, p.Last().Role, strings.Join(allowed, ", "))
	}
}
