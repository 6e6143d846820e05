package plan

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/profile"
)

// DefaultProfile is the name under which AWS's SDKs look when they are told
// none.
const DefaultProfile = "default"

const (
	maxProfiles     = 500 // ours: a bound for the work, above any landing zone seen
	defaultParallel = 8
	maxParallel     = 64
)

// profilesInput returns the YAML of the profiles, if there are any, and the
// input that its problems are reported for.
func (b *builder) profilesInput() (input, text string) {
	inline, file := b.input("profiles"), b.input("profiles-file")
	switch {
	case inline != "" && file != "":
		b.problem("profiles-file", "contradicts profiles: give one of them")
	case file != "":
		content, err := b.file(file)
		if err != nil {
			b.problem("profiles-file", "%s", err)
			return "", ""
		}
		return "profiles-file", string(content)
	}
	return "profiles", inline
}

// profiles reads many profiles. The top-level inputs are the defaults of each;
// with a role-to-assume they are spokes of that hub.
func (b *builder) profiles(input, text string) []Profile {
	if b.input("aws-profile") != "" {
		b.problem("aws-profile", "is for a single login, name the profiles in %s", input)
	}
	base := b.baseProfile()
	var hub []Hop
	if role := b.input("role-to-assume"); role != "" {
		hub = append([]Hop{b.hop(b.firstRole(base.Source, role))}, b.chain("role-chain")...)
	} else if b.input("role-chain") != "" {
		b.problem("role-chain", "needs a role-to-assume, the first role of the chain")
	}
	if input == "" {
		return nil
	}
	d := document{report: b.report, input: input}
	root := d.parse(text)
	if root == nil {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		d.problem(root, "is %s, expected a mapping of profile names to roles", kind(root))
		return nil
	}
	var all []Profile
	d.pairs(root, "profiles", func(key, value *yaml.Node) {
		if err := profile.ValidateName(key.Value); err != nil {
			d.problem(key, "%s is not the name of a profile: %s", quote(key.Value), err)
			return
		}
		p := base
		p.Name, p.OfMany = key.Value, true
		if s, ok := b.spoke(d, value, p, hub); ok {
			all = append(all, s)
		}
	})
	switch {
	case len(all) > maxProfiles:
		b.problem(input, "has %d profiles, at most %d are taken in one step", len(all), maxProfiles)
	case len(root.Content) == 0:
		b.problem(input, "names no profile")
	}
	return b.selected(all)
}

// spoke reads one profile: a role, or a mapping.
func (b *builder) spoke(d document, n *yaml.Node, p Profile, hub []Hop) (Profile, bool) {
	before := len(b.report.problems)
	own := ownFields{line: n.Line, hub: hub}
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		role, _ := b.role(d.input, n.Line, n.Value)
		own.chain = []Hop{b.hop(role)}
	} else {
		b.readProfile(d, n, &p, &own)
	}
	if len(b.report.problems) > before {
		return p, false
	}
	p.Chain = append(slices.Clone(own.hub), own.chain...)
	if len(own.chain) == 0 && !own.first {
		d.problem(n, "profile %s has no role, write role, role-to-assume or role-chain", quote(p.Name))
		return p, false
	}
	if len(own.hub) == 0 && !own.first && own.hasChain {
		d.problem(n, "profile %s has a role-chain but neither it nor the step has a role-to-assume, the first role of the chain", quote(p.Name))
		return p, false
	}
	b.finishProfile(d, &p, own)
	return p, len(b.report.problems) == before
}

// ownFields are a profile's own settings, which go before the step's.
type ownFields struct {
	line  int
	hub   []Hop // the hops before the profile's own
	first bool  // it has a role-to-assume of its own
	chain []Hop

	hasChain    bool
	region      string
	sessionName string
	externalID  string
	duration    time.Duration
	policy      string
	managed     []string
	tags        []Tag
	transitive  []string
	allowed     []string
}

func (b *builder) readProfile(d document, n *yaml.Node, p *Profile, own *ownFields) {
	what := "profile " + quote(p.Name)
	var role, first, chain, managed, transitive *yaml.Node
	d.fields(n, what, map[string]func(string, *yaml.Node){
		"role":           func(_ string, v *yaml.Node) { role = v },
		"role-to-assume": func(_ string, v *yaml.Node) { first = v },
		"role-chain":     func(_ string, v *yaml.Node) { chain = v },
		"region": func(f string, v *yaml.Node) {
			own.region = d.text(f, v)
			if own.region != "" && !isRegion(own.region) {
				d.problem(v, "%s %s is not the name of a region, write one like eu-central-1", f, quote(own.region))
			}
		},
		"audience": func(f string, v *yaml.Node) {
			p.Audience = d.text(f, v)
			if c, found := control(p.Audience, false); found {
				d.problem(v, "%s %s is not an audience, remove the control character %q", f, quote(p.Audience), c)
			}
		},
		"session-name": func(f string, v *yaml.Node) {
			own.sessionName = b.checkSessionName(d.input, v.Line, d.text(f, v))
		},
		"external-id": func(f string, v *yaml.Node) { own.externalID = b.externalID(d.input, v.Line, d.text(f, v)) },
		"duration-seconds": func(f string, v *yaml.Node) {
			own.duration = b.profileDuration(d, f, v)
		},
		"inline-session-policy":    func(f string, v *yaml.Node) { own.policy = b.sessionPolicy(d.input, v.Line, d.json(f, v)) },
		"managed-session-policies": func(_ string, v *yaml.Node) { managed = v },
		"tags":                     func(f string, v *yaml.Node) { own.tags = b.tags(d, f, v) },
		"transitive-tag-keys":      func(_ string, v *yaml.Node) { transitive = v },
		"allowed-account-ids": func(f string, v *yaml.Node) {
			for _, id := range d.texts(f, v) {
				own.allowed = append(own.allowed, b.accountList(d.input, v.Line, id)...)
			}
		},
	})
	if role != nil && (first != nil || chain != nil) {
		d.problem(role, "%s has role beside role-to-assume or role-chain, keep the longer form", what)
		return
	}
	if first != nil {
		arn, _ := b.role(d.input, first.Line, d.text(what+".role-to-assume", first))
		own.hub, own.first = []Hop{b.hop(arn)}, true
	}
	if role != nil {
		arn, _ := b.role(d.input, role.Line, d.text(what+".role", role))
		own.chain = []Hop{b.hop(arn)}
	}
	if chain != nil {
		own.hasChain = true
		if chain.Kind == yaml.ScalarNode && chain.Tag != "!!null" {
			for _, line := range lines(chain.Value) {
				arn, _ := b.role(d.input, chain.Line, line)
				own.chain = append(own.chain, b.hop(arn))
			}
		} else {
			own.chain = b.chainNode(d, what+".role-chain", chain)
		}
	}
	if managed != nil {
		own.managed = d.texts(what+".managed-session-policies", managed)
	}
	if transitive != nil {
		own.transitive = b.transitive(d, transitive, d.texts(what+".transitive-tag-keys", transitive), own.tags)
	}
}

func (b *builder) profileDuration(d document, field string, n *yaml.Node) time.Duration {
	text := d.text(field, n)
	seconds, err := strconv.Atoi(text)
	if text == "" {
		return 0 // which is reported
	}
	if err != nil || seconds < int(MinDuration/time.Second) || seconds > int(MaxDuration/time.Second) {
		d.problem(n, "%s %s is not a whole number of seconds from 900 to 43200", field, quote(text))
	}
	return time.Duration(seconds) * time.Second
}

// finishProfile gives the profile's own settings to the hops that they are
// for, and the step's to the rest.
func (b *builder) finishProfile(d document, p *Profile, own ownFields) {
	if own.region != "" {
		if p.Audience == defaultAudience(p.Region) {
			p.Audience = defaultAudience(own.region)
		}
		p.Region = own.region
	}
	// A hub is asked in the step's region, so that all its spokes share one
	// call; everything of the profile's own in the profile's.
	shared := len(own.hub)
	if own.first {
		shared = 0
	}
	for i := shared; i < len(p.Chain); i++ {
		p.Chain[i].Region = p.Region
		if own.sessionName != "" && p.Chain[i].SessionName == b.sessionName {
			p.Chain[i].SessionName = own.sessionName
		}
		if p.Chain[i].ExternalID == "" && (i > 0 || !p.Source.WebIdentity()) {
			p.Chain[i].ExternalID = own.externalID
		}
	}
	last := &p.Chain[len(p.Chain)-1]
	if own.duration != 0 {
		if chained := len(p.Chain) > 1; chained && own.duration > MaxChained {
			b.report.addCode(explain.DurationOverChainingHour, d.input, own.line, "profile %s: duration-seconds %d is more than the hour (3600) after which AWS ends a chained session", quote(p.Name), int(own.duration/time.Second))
		}
		last.Duration = own.duration
	}
	if own.policy != "" {
		last.Policy = own.policy
	}
	if own.managed != nil {
		last.ManagedPolicies = b.managedPolicies(d.input, own.line, own.managed, last.Role)
	}
	if own.tags != nil {
		if len(p.Chain) == 1 && p.Source.WebIdentity() {
			b.report.add(d.input, own.line, "profile %s has tags, but a role that is assumed with an OIDC token takes none", quote(p.Name))
		}
		last.Tags, last.TransitiveTagKeys = own.tags, own.transitive
	}
	if own.allowed != nil {
		p.AllowedAccounts = own.allowed
	}
	b.applyDefaults(p)
}

// selected keeps the profiles that profiles-select names.
func (b *builder) selected(all []Profile) []Profile {
	const input = "profiles-select"
	patterns := strings.FieldsFunc(b.input(input), func(c rune) bool { return c == ',' || c == ' ' || c == '\n' || c == '\t' || c == '\r' })
	if len(patterns) == 0 {
		return all
	}
	chosen := map[string]bool{}
	for _, pattern := range patterns {
		found := false
		for _, p := range all {
			ok, err := path.Match(pattern, p.Name)
			if err != nil {
				b.problem(input, "%s is not a name or pattern, write names and * for any characters", quote(pattern))
				return all
			}
			if ok {
				chosen[p.Name], found = true, true
			}
		}
		if !found && len(b.report.problems) == 0 {
			b.problem(input, "%s matches none of the profiles (%s)", quote(pattern), profileNames(all))
		}
	}
	return slices.DeleteFunc(all, func(p Profile) bool { return !chosen[p.Name] })
}

// readDefaultProfile names the profile that becomes [default] too.
func (b *builder) readDefaultProfile(all []Profile) string {
	const input = "default-profile"
	name := b.input(input)
	if name == "" || len(b.report.problems) > 0 {
		return name
	}
	if !slices.ContainsFunc(all, func(p Profile) bool { return p.Name == name }) {
		b.problem(input, "%s is not among the profiles of this step (%s)", quote(name), profileNames(all))
	}
	if name != DefaultProfile && slices.ContainsFunc(all, func(p Profile) bool { return p.Name == DefaultProfile }) {
		b.problem(input, "is %s, but there is also a profile named default: rename one", quote(name))
	}
	return name
}

func profileNames(all []Profile) string {
	names := make([]string, 0, len(all))
	for _, p := range all {
		names = append(names, p.Name)
	}
	const most = 20
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
