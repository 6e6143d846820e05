package plan

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/strictyaml"
)

// DefaultProfile is the name of the profile that AWS's SDKs use by default.
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
		b.problem("profiles-file", "cannot be combined with profiles; use one of them")
	case file != "":
		content, err := b.file(b.inWorkspace(file))
		if err != nil {
			b.problem("profiles-file", "%s", err)
			return "", ""
		}
		return "profiles-file", string(content)
	case inline == "": // reported elsewhere
		return "", ""
	}
	return "profiles", b.values.raw["profiles"]
}

// profiles reads many profiles. The top-level inputs are the defaults of each;
// with a role-to-assume they are spokes of that hub.
func (b *builder) profiles(input, text string) []Profile {
	if b.input("aws-profile") != "" {
		b.problem("aws-profile", "is for a single login; name the profiles in %s", input)
	}
	base := b.baseProfile()
	hub := b.hub(base.Source)
	if input == "" {
		return nil
	}
	d := document{newSource(text), b.report, input}
	root, ok := d.parse()
	if !ok {
		return nil
	}
	if !root.IsMapping() {
		d.problem(root, "is %s; expected a mapping of profile names to roles", root.Kind())
		return nil
	}
	var all []Profile
	d.entries(root.Named("profiles"), func(entry strictyaml.Value) {
		if err := profile.ValidateName(entry.Key); err != nil {
			d.report.add(input, entry.KeyLine(), "%s is not the name of a profile: %s", quote(entry.Key), err)
			return
		}
		p := base
		p.Name, p.OfMany = entry.Key, true
		if s, ok := b.spoke(d, entry.Named("profile "+quote(p.Name)), p, hub); ok {
			all = append(all, s)
		}
	})
	if len(b.withoutHub) > 0 {
		b.refuseWithoutHub(d)
	}
	if len(all) > maxProfiles {
		b.problem(input, "has %d profiles; use at most %d in one step", len(all), maxProfiles)
	}
	return b.selected(all)
}

// hub reads the chain of role-to-assume and role-chain.
func (b *builder) hub(source Source) []draft {
	role := b.input("role-to-assume")
	switch {
	case role != "":
		return append([]draft{b.firstHop(source, role)}, b.chain()...)
	case b.input("role-chain") == "" || b.report.about("role-to-assume"):
	case b.values.empty["role-to-assume"]:
		b.report.addEmpty("role-chain", 0, "requires role-to-assume, the first role of the chain, which is empty; %s", unavailable)
	default:
		b.problem("role-chain", "requires role-to-assume, the first role of the chain; set it")
	}
	return nil
}

// refuseWithoutHub reports the profiles whose role needs a hub that the step does
// not name, for example because role-to-assume is misspelled. Their roles trust
// the hub: assumed with the job's token, each would be refused with a misleading
// reason.
func (b *builder) refuseWithoutHub(d document) {
	first := b.withoutHub[0]
	report := b.report.add
	if b.values.empty["role-to-assume"] {
		report = b.report.addEmpty
	}
	report(d.input, first.line, "role-to-assume is required for the roles of these profiles: %s; set it to their hub, or write role-to-assume in a profile whose role the job's OIDC token assumes directly", profileNames(b.withoutHub, func(w withoutHub) string { return w.name }))
}

type withoutHub struct {
	name string
	line int
}

// spoke reads one profile: a role, or a mapping.
func (b *builder) spoke(d document, v strictyaml.Value, p Profile, hub []draft) (Profile, bool) {
	before := len(b.report.problems)
	own := spokeFields{settings: settings{input: d.input, line: v.Line()}, before: max(1, len(hub))}
	if v.IsScalar() {
		hop, _ := b.hop(d.input, v.Line(), v.Node.Value)
		own.chain = []draft{hop}
	} else {
		b.readProfile(d, v, &own)
	}
	if len(b.report.problems) > before {
		return p, false
	}
	shared := len(hub)
	switch {
	case own.first != nil:
		hub, shared = own.first, 0
	case len(own.chain) == 0:
		d.problem(v, "%s has no role; add role, role-to-assume or role-chain", v.Path)
		return p, false
	case len(hub) == 0 && own.hasChain && !p.Source.WebIdentity():
		d.problem(v, "%s has a role-chain, but neither it nor the step has a role-to-assume, the first role of the chain; set one", v.Path)
		return p, false
	case len(hub) == 0 && p.Source.WebIdentity():
		b.withoutHub = append(b.withoutHub, withoutHub{p.Name, v.Line()})
		return p, false
	}
	p = b.complete(p, own.settings, slices.Concat(hub, own.chain), shared)
	return p, len(b.report.problems) == before
}

// spokeFields are the fields of a profile.
type spokeFields struct {
	settings
	before   int     // how many hops the step's hub has, at least role-to-assume
	first    []draft // its own role-to-assume, in place of the step's hub
	chain    []draft
	hasChain bool
}

func (b *builder) readProfile(d document, v strictyaml.Value, own *spokeFields) {
	var role, first, chain, transitive *strictyaml.Value
	d.fields(v, map[string]func(strictyaml.Value){
		"role":           func(v strictyaml.Value) { role = &v },
		"role-to-assume": func(v strictyaml.Value) { first = &v },
		"role-chain":     func(v strictyaml.Value) { chain = &v },
		"region": d.scalar(func(s string, v strictyaml.Value) {
			if own.region = s; !arn.IsRegion(s) {
				d.problem(v, "%s %s is not an AWS region; use a region such as eu-central-1", v.Path, quote(s))
			}
		}),
		"audience": d.scalar(func(s string, v strictyaml.Value) {
			own.audience = s
			if c, found := control(s, false); found {
				d.problem(v, "%s %s is not an audience; remove the control character %q", v.Path, quote(s), c)
			}
		}),
		"session-name": d.scalar(func(s string, v strictyaml.Value) {
			own.sessionName = b.checkSessionName(d.input, v.Line(), s)
		}),
		"external-id":              d.scalar(func(s string, v strictyaml.Value) { own.externalID = b.externalID(d.input, v.Line(), s) }),
		"duration-seconds":         d.scalar(func(s string, v strictyaml.Value) { own.duration = profileDuration(d, s, v) }),
		"inline-session-policy":    func(v strictyaml.Value) { own.policy = b.sessionPolicy(d.input, v.Line(), d.json(v)) },
		"managed-session-policies": func(v strictyaml.Value) { own.managed = d.texts(v) },
		"tags":                     func(v strictyaml.Value) { own.tags = b.tags(d, v) },
		"transitive-tag-keys":      func(v strictyaml.Value) { transitive = &v },
		"allowed-account-ids": func(v strictyaml.Value) {
			for _, id := range d.texts(v) {
				own.allowed = append(own.allowed, b.accountList(d.input, v.Line(), id)...)
			}
		},
	})
	if role != nil && (first != nil || chain != nil) {
		d.problem(*role, "%s: role cannot be combined with role-to-assume or role-chain; keep the longer form", v.Path)
		return
	}
	if first != nil {
		own.first, own.before = b.oneHop(d, *first), 1
	}
	if role != nil {
		own.chain = b.oneHop(d, *role)
	}
	if chain != nil {
		own.hasChain = true
		own.chain = b.profileChain(d, *chain, own.before+1)
	}
	if transitive != nil {
		own.transitive = b.transitive(d, *transitive, own.tags)
	}
}

// oneHop reads the ARN of one role.
func (b *builder) oneHop(d document, v strictyaml.Value) []draft {
	text, ok := d.text(v)
	if !ok {
		return nil
	}
	hop, _ := b.hop(d.input, v.Line(), text)
	return []draft{hop}
}

// profileChain reads a profile's role-chain: ARNs, one a line, or a list. The
// number of its first hop in messages is first.
func (b *builder) profileChain(d document, v strictyaml.Value, first int) []draft {
	if !v.IsScalar() {
		return b.chainNode(d, v, first)
	}
	if line, found := d.emptyLine(v.Node); found {
		d.report.emptyEntry(d.input, line, v.Path+": a line")
	}
	var hops []draft
	for _, line := range d.texts(v) {
		hop, _ := b.hop(d.input, v.Line(), line)
		hops = append(hops, hop)
	}
	return hops
}

func profileDuration(d document, text string, v strictyaml.Value) time.Duration {
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < int(MinDuration/time.Second) || seconds > int(MaxDuration/time.Second) {
		d.problem(v, "%s %s is invalid; use a whole number of seconds from 900 to 43200", v.Path, quote(text))
	}
	return time.Duration(seconds) * time.Second
}

// selected returns the profiles that profiles-select names.
func (b *builder) selected(all []Profile) []Profile {
	const input = "profiles-select"
	text := b.input(input)
	if text == "" {
		return all
	}
	patterns := strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' || c == '\n' || c == '\t' || c == '\r' })
	if len(patterns) == 0 {
		b.problem(input, "%s names no profile; use names separated by commas, or remove it", quote(text))
	}
	chosen := map[string]bool{}
	for _, pattern := range patterns {
		found := false
		for _, p := range all {
			ok, err := path.Match(pattern, p.Name)
			if err != nil {
				b.problem(input, "%s is not a name or pattern; use names, with * for any characters", quote(pattern))
				return all
			}
			if ok {
				chosen[p.Name], found = true, true
			}
		}
		if !found && len(b.report.problems) == 0 {
			b.problem(input, "%s matches none of the profiles (%s)", quote(pattern), profileNames(all, nameOf))
		}
	}
	return slices.DeleteFunc(all, func(p Profile) bool { return !chosen[p.Name] })
}

// readDefaultProfile returns the name of the profile that becomes [default] too.
func (b *builder) readDefaultProfile(all []Profile) string {
	const input = "default-profile"
	name := b.input(input)
	if name == "" || len(b.report.problems) > 0 {
		return name
	}
	if !slices.ContainsFunc(all, func(p Profile) bool { return p.Name == name }) {
		b.problem(input, "%s is not among the profiles of this step (%s); use one of them", quote(name), profileNames(all, nameOf))
	}
	if name != DefaultProfile && slices.ContainsFunc(all, func(p Profile) bool { return p.Name == DefaultProfile }) {
		b.problem(input, "is %s, but there is also a profile named default; rename one", quote(name))
	}
	return name
}

func nameOf(p Profile) string { return p.Name }

func profileNames[T any](all []T, name func(T) string) string {
	names := make([]string, 0, len(all))
	for _, p := range all {
		names = append(names, name(p))
	}
	const most = 20
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
