// Package diff reports what a new set of trust policies makes possible that the
// old one did not. It compares meanings, not texts, and where it is unknown
// whether something was possible before, it says that it was not: it may report
// too much, never too little.
package diff

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// Change is one way in which a role was opened wider, or a role that has no
// counterpart of its own.
type Change struct {
	Role      string `json:"role,omitempty"`
	File      string `json:"file,omitempty"` // the role's, where Pos is
	trust.Pos        // in the new document, or, with InOld, in the old one
	InOld     bool   `json:"inOld,omitempty"`
	Kind      Kind   `json:"kind"`
	Message   string `json:"message"`

	// Note is set if nothing became possible and nothing was lost.
	Note bool `json:"note,omitempty"`

	// Might is set where a document does not determine whether it became
	// possible; DependsOn names what decides.
	Might     bool     `json:"might,omitempty"`
	DependsOn []string `json:"dependsOn,omitempty"`

	// Given is what of the templates' choices it holds under; empty if it
	// holds in any case.
	Given []trust.Assumption `json:"given,omitempty"`
}

// Widens reports whether something became possible, or might have.
func (c Change) Widens() bool { return !c.Note && c.Kind != RoleGone }

// same reports whether two changes of a role report the same.
func (c Change) same(other Change) bool {
	return c.Pos == other.Pos && c.Kind == other.Kind && c.Message == other.Message && c.Might == other.Might
}

// Kind says what a Change is about.
type Kind string

// The kinds of changes.
const (
	NewRole    Kind = "role"
	Renamed    Kind = "role-renamed"
	RoleGone   Kind = "role-gone"
	Statement  Kind = "statement"
	Principal  Kind = "principal"
	Action     Kind = "action"
	Condition  Kind = "condition"
	DenyGone   Kind = "deny"
	Session    Kind = "session-duration"
	Unreadable Kind = "unreadable"
)

// maxEffort bounds a comparison of two documents. A role takes some thousand
// steps; this many take some seconds.
const maxEffort = 100_000_000

// Compare returns what the new document widens, in its order, then the roles
// that only the old one has. Roles are matched by ARN, logical id, name, then
// by trust policy; two documents of one role each are about the same role. The
// error is that of the iterations.
func Compare(before, after iter.Seq2[document.Role, error]) ([]Change, error) {
	old, err := collect(before)
	if err != nil {
		return nil, fmt.Errorf("read the old document: %w", err)
	}
	fresh, err := collect(after)
	if err != nil {
		return nil, fmt.Errorf("read the new document: %w", err)
	}
	var changes []Change
	effort := trust.NewEffort(maxEffort)
	pairs, gone := match(effort, old, fresh)
	for _, p := range pairs {
		changes = append(changes, p.compare(effort)...)
	}
	for _, role := range gone {
		changes = append(changes, Change{
			Role: role.Name, File: role.File, Pos: role.Pos, InOld: true, Kind: RoleGone,
			Message: "missing from the new document; check that the role was meant to be deleted",
		})
	}
	return changes, nil
}

func (p pair) compare(e *trust.Effort) []Change {
	if p.old == nil {
		return reportNew(e, *p.fresh)
	}
	var changes []Change
	if p.same != "" {
		where := "the old document"
		if moved(p.old, p.fresh) {
			where = p.old.File
		}
		changes = append(changes, Change{
			Role: p.fresh.Name, File: p.fresh.File, Pos: p.fresh.Pos, Kind: Renamed, Note: true,
			Message: fmt.Sprintf("compared with role %s of %s (%s)", label(p.old), where, p.same),
		})
	}
	return append(changes, compareRoles(e, *p.old, *p.fresh)...)
}

func collect(roles iter.Seq2[document.Role, error]) ([]document.Role, error) {
	var all []document.Role
	for role, err := range roles {
		if err != nil {
			return nil, err
		}
		all = append(all, role)
	}
	return all, nil
}

// compareRoles returns what the new form of a role widens, in any combination of
// what the templates leave open.
func compareRoles(e *trust.Effort, old, fresh document.Role) []Change {
	c := comparison{}
	if before, after := old.MaxSessionDuration, fresh.MaxSessionDuration; before > 0 && after > before {
		c.report(fresh.Pos, Session, "sessions can last %d seconds (before: %d)", after, before)
	}
	if open := fresh.SessionOpen; open != nil && !open.Same(old.SessionOpen) {
		c.reportUnsure(open.DependsOn, fresh.Pos, Session, fmt.Sprintf("sessions can last %s seconds", open.Expression))
	}
	if fresh.Err != nil {
		c.report(fresh.Pos, Unreadable, "the trust policy cannot be read: %v", fresh.Err)
	}
	if old.Err != nil {
		c.report(fresh.Pos, Unreadable, "the old trust policy cannot be read, so that the new one is not compared with it: %v", old.Err)
	}
	changes := c.changes
	former := slices.Clone(old.Policies)
	for _, given := range old.Missing { // a role that does not exist cannot be assumed
		former = append(former, &trust.Policy{Pos: old.Pos, Given: given})
	}
	switch {
	case e.Spent():
		changes = append(changes, Change{Pos: fresh.Pos, Kind: Unreadable, Message: "not compared, because the comparison of the documents takes too long; compare smaller ones"})
	case len(former) > 0:
		changes = append(changes, comparePolicies(e, former, fresh.Policies)...)
		if e.Spent() {
			changes = append(changes, Change{Pos: fresh.Pos, Kind: Unreadable, Message: "not compared in full, because the comparison takes too long; what is reported may be no wider"})
		}
	}
	for i := range changes {
		changes[i].Role, changes[i].File = fresh.Name, fresh.File
	}
	return changes
}

func comparePolicies(e *trust.Effort, old, fresh trust.Alternatives) []Change {
	var found []trust.Found[Change]
	pairs := 0
	for _, p := range fresh {
		for _, q := range compatible(old, p) {
			pairs++
			c := comparison{effort: e, old: q, policy: p}
			c.compare()
			for _, change := range c.changes {
				found = trust.Collect(found, change, together(p.Given, q.Given), Change.same)
			}
		}
	}
	var changes []Change
	for _, f := range found {
		if f.What.Given = f.Under(pairs); len(f.What.Given) > 0 {
			f.What.Message += " (" + trust.Given(f.What.Given) + ")"
		}
		changes = append(changes, f.What)
	}
	return changes
}

// compatible returns the alternatives that can hold where p does: the one that
// chooses the same, or those that choose nothing otherwise. If there are none,
// p is an alternative that there was not, and any of the old ones could have
// held.
func compatible(old trust.Alternatives, p *trust.Policy) trust.Alternatives {
	for i, q := range old {
		if len(q.Given) == len(p.Given) && len(together(p.Given, q.Given)) == len(p.Given) && !contradict(p.Given, q.Given) {
			return old[i : i+1]
		}
	}
	var fitting trust.Alternatives
	for _, q := range old {
		if !contradict(p.Given, q.Given) {
			fitting = append(fitting, q)
		}
	}
	if len(fitting) == 0 {
		return old
	}
	return fitting
}

// contradict reports whether one of a chooses otherwise than one of b.
func contradict(a, b []trust.Assumption) bool {
	return slices.ContainsFunc(a, func(one trust.Assumption) bool {
		return slices.ContainsFunc(b, func(other trust.Assumption) bool { return one.Key == other.Key && one.Value != other.Value })
	})
}

// together returns what holds under both.
func together(a, b []trust.Assumption) []trust.Assumption {
	all := slices.Clone(a)
	for _, other := range b {
		if !slices.ContainsFunc(all, func(one trust.Assumption) bool { return one.Key == other.Key }) {
			all = append(all, other)
		}
	}
	return all
}

// comparison is that of two policies.
type comparison struct {
	effort      *trust.Effort
	policy, old *trust.Policy
	changes     []Change
}

func (c *comparison) report(at trust.Pos, kind Kind, format string, args ...any) {
	c.add(Change{Pos: at, Kind: kind, Message: fmt.Sprintf(format, args...)})
}

// reportUnsure reports what depends on something, or, if that is nothing,
// what is certain.
func (c *comparison) reportUnsure(dependsOn []string, at trust.Pos, kind Kind, message string) {
	change := Change{Pos: at, Kind: kind, Message: message, Might: len(dependsOn) > 0, DependsOn: dependsOn}
	if change.Might {
		change.Message = "might be wider: " + message + "; it depends on " + strings.Join(dependsOn, ", ")
	}
	c.add(change)
}

func (c *comparison) add(change Change) {
	if !slices.ContainsFunc(c.changes, change.same) {
		c.changes = append(c.changes, change)
	}
}

// reportNew reports a role that has no counterpart: a widening, if it can be
// assumed at all.
func reportNew(e *trust.Effort, role document.Role) []Change {
	var c comparison
	if role.Err != nil {
		c.report(role.Pos, Unreadable, "new role; its trust policy cannot be read: %v", role.Err)
	}
	var names []string
	for _, p := range role.Policies {
		names = append(names, principals(e, p)...)
	}
	slices.Sort(names)
	switch {
	case len(names) > 0:
		c.report(role.Pos, NewRole, "new role; it trusts %s", strings.Join(slices.Compact(names), ", "))
	case role.Err == nil:
		c.add(Change{Pos: role.Pos, Kind: NewRole, Note: true, Message: "new role; it trusts nobody"})
	}
	for i := range c.changes {
		c.changes[i].Role, c.changes[i].File = role.Name, role.File
	}
	return c.changes
}

// principals names whom the Allow statements trust, as far as somebody can
// meet them.
func principals(e *trust.Effort, p *trust.Policy) []string {
	var names []string
	for _, s := range p.Statements {
		if s.Unknown != nil {
			names = append(names, s.Unknown.Expression)
		}
	}
	for _, a := range effective(e, p) {
		if name := a.principal(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (c *comparison) compare() {
	for _, p := range []*trust.Policy{c.policy, c.old} {
		if p.Length > trust.MaxLength {
			c.report(c.policy.Pos, Unreadable, "a trust policy of %d characters is not compared; IAM stores at most %d", p.Length, trust.MaxLength)
			return
		}
	}
	for _, s := range c.policy.Statements {
		if s.Unknown != nil && !has(c.old, s.Unknown) {
			c.reportUnsure(s.Unknown.DependsOn, s.Pos, Statement, "statement "+s.Unknown.Expression)
		}
	}
	allowed := effective(c.effort, c.policy)
	known := wholes(c.old.Statements, trust.Allow)
	for _, a := range allowed {
		c.explain(a, known)
	}
	c.compareDenials(allowed)
}

// has reports whether a policy has the unknown statement.
func has(p *trust.Policy, unknown *trust.Unknown) bool {
	return slices.ContainsFunc(p.Statements, func(s trust.Statement) bool { return s.Unknown.Same(unknown) })
}

// shows reports whether a policy has a statement that is written like the
// unknown one. If it is not the same, it is reported as a new one.
func shows(p *trust.Policy, unknown *trust.Unknown) bool {
	return slices.ContainsFunc(p.Statements, func(s trust.Statement) bool { return s.Unknown != nil && s.Unknown.Expression == unknown.Expression })
}

// unknownStatements returns what statements that are unknown depend on: they
// can allow or deny anything.
func unknownStatements(p *trust.Policy) []string {
	var all []string
	for _, s := range p.Statements {
		if s.Unknown != nil {
			all = append(all, s.Unknown.DependsOn...)
		}
	}
	return all
}

// effective returns the parts of the Allow statements, each with what the
// policy's Deny statements also demand of it. Parts that no request can meet
// are left out.
func effective(e *trust.Effort, p *trust.Policy) []atom {
	var allowed []atom
	denials := wholes(p.Statements, trust.Deny)
	for _, s := range p.Statements {
		if s.Effect != trust.Allow {
			continue
		}
		for _, a := range split(s) {
			for _, d := range denials {
				a.demands = append(a.demands, a.demandedBy(e, d)...)
			}
			if !a.nothing() && !impossible(e, a.demands) {
				allowed = append(allowed, a)
			}
		}
	}
	return allowed
}

// demandedBy returns what must hold where a counts, because d denies it
// otherwise: the opposite of d's only condition that does not hold already.
func (a atom) demandedBy(e *trust.Effort, d atom) []demand {
	if len(a.outside(d)) > 0 {
		return nil
	}
	var open []demand
	for _, o := range d.demands {
		if !o.implied(e, a.demands) {
			open = append(open, o)
		}
	}
	switch {
	case len(open) == 0: // all of it is denied
		return []demand{{Condition: trust.Condition{Operator: trust.Operator{Base: "not"}, Key: "denied"}}}
	case len(open) == 1 && !open[0].opaque:
		return open[0].opposite()
	}
	return nil
}

// explain reports in what a differs from the one of the old Allow statements
// that it differs from the least, unless it is within one.
func (c *comparison) explain(a atom, known []atom) {
	var best []difference
	for _, s := range known {
		differences := append(a.outside(s), a.beyond(c.effort, s)...)
		if len(differences) == 0 {
			return
		}
		if best == nil || weight(differences) < weight(best) {
			best = differences
		}
	}
	before := unknownStatements(c.old)
	if best == nil || best[0].kind == Principal && len(best) > 1 {
		c.reportUnsure(join(before, dependsOn(best)), a.Pos, Statement, fmt.Sprintf("new access: %s may %s%s", a.principal(), a.action(), a.terms()))
		return
	}
	for _, d := range best {
		c.reportUnsure(join(before, d.dependsOn), d.Pos, d.kind, d.message)
	}
}

// dependsOn returns what all of the differences depend on: nothing if one is
// certain.
func dependsOn(differences []difference) []string {
	var all []string
	for _, d := range differences {
		if len(d.dependsOn) == 0 {
			return nil
		}
		all = append(all, d.dependsOn...)
	}
	return all
}

// join returns what both lists have, sorted.
func join(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// compareDenials reports what old Deny statements kept out and no new one
// does, if the new policy may let it in.
func (c *comparison) compareDenials(allowed []atom) {
	open := unknownStatements(c.policy)
	denials := wholes(c.policy.Statements, trust.Deny)
	for _, s := range c.old.Statements {
		switch {
		case s.Unknown != nil && !shows(c.policy, s.Unknown) && len(allowed)+len(open) > 0:
			c.reportUnsure(join(open, s.Unknown.DependsOn), c.policy.Pos, DenyGone, "no longer there: statement "+s.Unknown.Expression+", which may deny")
		case s.Effect == trust.Deny:
			for _, d := range split(s) {
				if dependsOn, ok := letsIn(c.effort, d, allowed, denials, open); ok {
					c.reportUnsure(join(open, dependsOn), c.policy.Pos, DenyGone, fmt.Sprintf("no longer denied: %s may %s%s", d.principal(), d.action(), d.terms()))
				}
			}
		}
	}
}

// letsIn reports whether a policy may let in what d denied, and what it
// depends on: with the parts that it allows, its denials, and what its unknown
// statements depend on, which can allow anything.
func letsIn(e *trust.Effort, d atom, allowed, denials []atom, open []string) (dependsOn []string, ok bool) {
	if slices.ContainsFunc(denials, func(n atom) bool { return d.within(e, n) }) {
		return nil, false
	}
	for _, a := range allowed {
		m, depends, met := meet(e, a, d)
		if !met || slices.ContainsFunc(denials, func(n atom) bool { return m.within(e, n) }) {
			continue
		}
		depends = slices.Concat(depends, a.unknown(), d.unknown())
		if len(depends) == 0 {
			return nil, true
		}
		if !ok || len(depends) < len(dependsOn) {
			dependsOn, ok = depends, true
		}
	}
	return dependsOn, ok || len(open) > 0
}
