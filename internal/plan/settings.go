package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
)

// draft is a hop as it is written. Fields that it does not have are zero until
// complete fills them; readers refuse empty texts, so zero always means absent.
type draft struct {
	Hop
	input string // that names its role, for later problems
	line  int
}

// settings are the fields of a profile for its chain, or those of the step for all
// chains. Absent ones are zero.
type settings struct {
	input string // that has them; empty for the step's own inputs
	line  int

	region      string
	audience    string
	sessionName string
	externalID  string
	duration    time.Duration // of the first hop, and of others as far as chaining allows; a profile's: of its last hop
	policy      string
	managed     []string
	tags        []Tag // a profile's only
	transitive  []string
	allowed     []string
}

// readStep reads the settings of the step.
func (b *builder) readStep() settings {
	s := settings{
		region:     b.readRegion("aws-region"),
		audience:   b.input("audience"),
		externalID: b.externalID("role-external-id", 0, b.input("role-external-id")),
		duration:   b.seconds("role-duration-seconds", 0, MinDuration, MaxDuration),
		policy:     b.sessionPolicy("inline-session-policy", 0, b.input("inline-session-policy")),
		managed:    b.listed("managed-session-policies"),
		allowed:    b.accountList("allowed-account-ids", 0, b.input("allowed-account-ids")),
	}
	if v := b.input("role-session-name"); v != "" {
		s.sessionName = b.checkSessionName("role-session-name", 0, v)
	}
	return s
}

// complete makes a profile of its hops. It is the only place that applies
// defaults: a hop's own field comes first, then its profile's, then the step's
// input, then the default. The first shared hops are the step's hub, which is
// assumed once for all profiles, so a profile does not change them.
func (b *builder) complete(p Profile, own settings, hops []draft, shared int) Profile {
	p.Region = cmp.Or(own.region, b.step.region)
	p.AllowedAccounts = b.step.allowed
	if own.allowed != nil {
		p.AllowedAccounts = own.allowed
	}
	if len(hops) == 0 {
		if len(b.customTags()) > 0 {
			b.warn("custom-tags have no effect: no role is assumed")
		}
		return p
	}
	signed := 0 // the first hop that is an AssumeRole
	if p.Source.WebIdentity() {
		signed = 1
	}
	for i := range hops {
		h, of := &hops[i].Hop, own
		if i < shared {
			of = settings{}
		}
		h.Region = cmp.Or(of.region, b.step.region)
		h.Endpoint, h.Foreign, h.FIPS, h.DualStack = b.endpoint.URL, b.endpoint.Foreign, b.fips, b.dualStack
		h.SessionName = cmp.Or(h.SessionName, of.sessionName, b.step.sessionName, b.sessionName)
		if i >= signed {
			h.ExternalID = cmp.Or(h.ExternalID, of.externalID, b.step.externalID)
		}
	}
	if p.Source == SourceOIDC {
		// The first hop presents the token, so its region decides.
		p.Audience = cmp.Or(own.audience, b.step.audience, oidc.AudienceOf(arn.PartitionOf(hops[0].Region)))
	}
	b.completeDurations(p, own, hops)
	if source := b.input("source-identity"); source != "" && signed < len(hops) {
		hops[signed].SourceIdentity = source
	}
	b.completeLast(p, own, hops)
	b.completeTags(p, &hops[0].Hop)
	if signed == len(hops) {
		b.warnWithoutEffect(p, own)
	}
	b.guard(p, own, hops)
	for _, h := range hops {
		p.Chain = append(p.Chain, h.Hop)
	}
	return p
}

func (b *builder) completeDurations(p Profile, own settings, hops []draft) {
	requested := cmp.Or(b.step.duration, DefaultDuration)
	last := len(hops) - 1
	hops[last].Duration = cmp.Or(hops[last].Duration, own.duration)
	for i := range hops {
		most := MaxChained
		if i == 0 {
			most = MaxDuration
		}
		hops[i].Duration = cmp.Or(hops[i].Duration, min(requested, most))
	}
	if last > 0 && own.duration > MaxChained {
		b.report.addCode(diagnosis.DurationOverChainingHour, own.input, own.line, "profile %s: duration-seconds %d is more than the hour (3600) after which AWS ends a chained session; use at most 3600",
			quote(p.Name), int(own.duration/time.Second))
	}
	switch {
	case requested <= MaxChained:
	case b.signedBySession(p.Source):
		b.report.addCode(diagnosis.DurationOverChainingHour, "role-duration-seconds", 0, "%s is more than the hour (3600) after which AWS ends a session that temporary credentials assumed; use at most 3600", quote(b.input("role-duration-seconds")))
	case last > 0 && b.refresh():
		b.notice("role-duration-seconds applies to the first hop only: AWS ends a chained session after an hour, and refresh renews it")
	case last > 0 && p.Source == SourceOIDC:
		b.warn(firstHopOnly(requested) + "; set refresh: true to renew the credentials for as long as the job runs")
	case last > 0:
		b.warn(firstHopOnly(requested) + "; log in again in a later step of a longer job")
	}
}

func firstHopOnly(requested time.Duration) string {
	return fmt.Sprintf("role-duration-seconds %d applies to the first hop only: AWS ends a chained session after an hour (3600)", int(requested/time.Second))
}

// completeLast sets the policies and tags of the hop whose session is exported.
func (b *builder) completeLast(p Profile, own settings, hops []draft) {
	last := &hops[len(hops)-1].Hop
	last.Policy = cmp.Or(last.Policy, own.policy, b.step.policy)
	switch {
	case last.ManagedPolicies != nil:
	case own.managed != nil:
		last.ManagedPolicies = b.managedPolicies(own.input, own.line, own.managed, last.Role)
	default:
		last.ManagedPolicies = b.managedPolicies("managed-session-policies", 0, b.step.managed, last.Role)
	}
	if own.tags == nil {
		return
	}
	if len(hops) == 1 && p.Source.WebIdentity() {
		b.report.add(own.input, own.line, "profile %s has tags; remove them (a role that is assumed with an OIDC token gets none)", quote(p.Name))
	}
	if last.Tags == nil {
		last.Tags, last.TransitiveTagKeys = own.tags, own.transitive
	}
}

// warnWithoutEffect names the inputs that are only for AssumeRole, if no hop is
// one.
func (b *builder) warnWithoutEffect(p Profile, own settings) {
	if b.step.externalID != "" {
		b.notice("role-external-id has no effect: a role that is assumed with a token gets no external id")
	}
	if own.externalID != "" {
		b.notice("external-id of profile " + quote(p.Name) + " has no effect: a role that is assumed with a token gets no external id")
	}
	if b.input("source-identity") != "" {
		b.problem("source-identity", "requires role-chain; remove it (a role that is assumed with an OIDC token takes it from the token, and GitHub's has none)")
	}
}

// guard refuses mistakes that the ARNs alone show.
func (b *builder) guard(p Profile, own settings, hops []draft) {
	of := ""
	if p.OfMany {
		of = "profile " + quote(p.Name) + ": "
	}
	for _, h := range hops {
		if h.Role == "" || h.Role.IsName() || !arn.IsRegion(h.Region) || h.Foreign {
			continue
		}
		where := of
		if h.input == "role-to-assume" || h.input == "role-chain" {
			where = ""
		}
		if expected := arn.PartitionOf(h.Region); h.Role.Partition() != expected {
			b.report.addCode(diagnosis.PartitionMismatch, h.input, h.line, "%s%s is in partition %s but region %s in %s; correct one of them",
				where, quote(string(h.Role)), h.Role.Partition(), h.Region, expected)
		}
	}
	last := hops[len(hops)-1].Role
	if last.Account() == "" || len(p.AllowedAccounts) == 0 {
		return // the account shows in STS's response
	}
	if account := last.Account(); !slices.Contains(p.AllowedAccounts, account) {
		input, line, allowed := "allowed-account-ids", 0, ""
		if own.allowed != nil {
			input, line, allowed = own.input, own.line, of+"allowed-account-ids: "
		}
		b.report.addCode(diagnosis.AccountNotAllowed, input, line, "%saccount %s of %s is not allowed (%s); correct the role or allow the account",
			allowed, account, last, strings.Join(p.AllowedAccounts, ", "))
	}
}
