package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/trust"
)

// atom is a part of a statement: one principal, one action, one value for
// each condition that takes any of several. A statement is the union of its
// atoms.
type atom struct {
	trust.Statement
	demands []demand // its conditions, and what else must hold where it counts
}

// whole returns a statement that is not taken apart.
func whole(s trust.Statement) atom { return atom{s, demandsOf(s.Conditions)} }

func wholes(statements []trust.Statement, effect trust.Effect) []atom {
	var all []atom
	for _, s := range statements {
		if s.Effect == effect {
			all = append(all, whole(s))
		}
	}
	return all
}

// maxAtoms bounds into how many parts a statement is taken apart; one with
// more is compared with fewer of its lists split.
const maxAtoms = 400

func split(s trust.Statement) []atom {
	parts := []trust.Statement{s}
	each := func(n int, choose func(s trust.Statement, i int) trust.Statement) {
		if n < 2 || len(parts)*n > maxAtoms {
			return
		}
		var all []trust.Statement
		for _, part := range parts {
			for i := range n {
				all = append(all, choose(part, i))
			}
		}
		parts = all
	}
	if !s.Principal.Negated {
		each(len(s.Principal.Entries), func(s trust.Statement, i int) trust.Statement {
			s.Principal.Entries = s.Principal.Entries[i : i+1]
			return s
		})
	}
	if !s.Action.Negated {
		each(len(s.Action.Values), func(s trust.Statement, i int) trust.Statement {
			s.Action.Values = s.Action.Values[i : i+1]
			return s
		})
	}
	for n, c := range s.Conditions {
		if c.Operator.Negated() || c.Operator.Set == trust.ForAllValues || unsaid(c) {
			continue
		}
		each(len(c.Values), func(s trust.Statement, i int) trust.Statement {
			s.Conditions = slices.Clone(s.Conditions)
			s.Conditions[n].Values = c.Values[i : i+1]
			return s
		})
	}
	atoms := make([]atom, len(parts))
	for i, part := range parts {
		atoms[i] = whole(part)
	}
	return atoms
}

// nothing reports whether a is about no principal, or about no action.
func (a atom) nothing() bool {
	return a.Principal.Negated && a.Principal.Any || a.Action.Negated && trust.NewPattern("*").Within(actionPatterns(a.Action.Values)...)
}

// difference is one thing in which an atom is not within a statement.
type difference struct {
	trust.Pos
	kind    Kind
	message string

	dependsOn []string // what decides if it is one at all; empty if it certainly is
}

// weight orders old statements by how unlike an atom they are.
func weight(differences []difference) int {
	sum := 0
	for _, d := range differences {
		sum += map[Kind]int{Principal: 100, Action: 10}[d.kind] + 1
	}
	return sum
}

// outside returns in what a's principal and action are not among those of s.
func (a atom) outside(s atom) []difference {
	var differences []difference
	if !principalWithin(a.Principal, s.Principal) {
		differences = append(differences, difference{a.Principal.Pos, Principal, a.principal() + " is newly trusted",
			join(unknownPrincipals(a.Principal), unknownPrincipals(s.Principal))})
	}
	if !actionWithin(a.Action, s.Action) {
		differences = append(differences, difference{a.Action.Pos, Action, a.action() + " is newly allowed",
			join(unknownValues(a.Action.Values), unknownValues(s.Action.Values))})
	}
	return differences
}

// beyond returns the demands of s that those of a do not imply.
func (a atom) beyond(e *trust.Effort, s atom) []difference {
	var differences []difference
	for _, o := range s.demands {
		if o.implied(e, a.demands) {
			continue
		}
		d := difference{a.Pos, Condition, condition(o.Condition) + " is no longer required", openConditions(a.Conditions)}
		if len(d.dependsOn) > 0 {
			d.dependsOn = join(d.dependsOn, unknownCondition(o.Condition))
		}
		kept := func(c demand) bool {
			return slices.ContainsFunc(s.demands, c.sameCondition)
		}
		i := slices.IndexFunc(a.demands, func(c demand) bool { return strings.EqualFold(c.Key, o.Key) && !kept(c) })
		if i >= 0 {
			c := a.demands[i].Condition
			d = difference{c.Pos, Condition, fmt.Sprintf("%s replaces %s", condition(c), condition(o.Condition)),
				join(unknownCondition(c), join(unknownCondition(o.Condition), d.dependsOn))}
			if len(c.Values) == 1 {
				d.Pos = c.Values[0].Pos
			}
		}
		differences = append(differences, d)
	}
	return differences
}

// within reports whether everything that a is about is certainly in s.
func (a atom) within(e *trust.Effort, s atom) bool {
	return len(a.outside(s)) == 0 && all(s.demands, func(o demand) bool { return o.implied(e, a.demands) })
}

// meeting is what two statements have in common, a request that both match.
type meeting struct {
	of      [2]atom
	demands []demand
}

// meet returns what a and b have in common, and what it depends on whether
// that is anything; false if it certainly is nothing.
func meet(e *trust.Effort, a, b atom) (m meeting, dependsOn []string, ok bool) {
	dependsOn, ok = principalsMeet(a.Principal, b.Principal)
	if !ok || actionsApart(a.Action, b.Action) {
		return m, nil, false
	}
	m = meeting{[2]atom{a, b}, slices.Concat(a.demands, b.demands)}
	return m, dependsOn, !impossible(e, m.demands)
}

// within reports whether everything that m is about is certainly in s.
func (m meeting) within(e *trust.Effort, s atom) bool {
	either := func(holds func(atom) bool) bool { return holds(m.of[0]) || holds(m.of[1]) }
	return either(func(a atom) bool { return principalWithin(a.Principal, s.Principal) }) &&
		either(func(a atom) bool { return actionWithin(a.Action, s.Action) }) &&
		all(s.demands, func(o demand) bool { return o.implied(e, m.demands) })
}

// principalsMeet reports whether somebody can be among both; unless that is
// certain, with what it depends on.
func principalsMeet(a, b trust.PrincipalElement) (dependsOn []string, ok bool) {
	switch {
	case a.Any && a.Negated || b.Any && b.Negated:
		return nil, false
	case a.Any || b.Any || a.Negated && b.Negated:
		return nil, true
	case a.Negated:
		a, b = b, a
	}
	for _, e := range a.Entries {
		if b.Negated {
			if !slices.ContainsFunc(b.Entries, func(o trust.PrincipalEntry) bool { return entryWithin(e, o) }) {
				return nil, true
			}
			continue
		}
		for _, o := range b.Entries {
			depends, possible := entriesMeet(e, o)
			switch {
			case possible && depends == "":
				return nil, true
			case possible:
				dependsOn = append(dependsOn, depends)
			}
		}
	}
	for _, e := range []trust.PrincipalElement{a, b} {
		if e.Unknown != nil {
			dependsOn = append(dependsOn, e.Unknown.DependsOn...)
		}
	}
	return dependsOn, len(dependsOn) > 0
}

// entriesMeet reports whether somebody can be both, and what it depends on.
// {"AWS": "*"} is everyone of any account; whether it is the same as "*",
// sources disagree (IAM user guide, Principal: yes; CDK, AnyPrincipal: no).
func entriesMeet(e, o trust.PrincipalEntry) (dependsOn string, ok bool) {
	const aws = "AWS"
	if o.Type == aws {
		e, o = o, e
	}
	switch {
	case e.Type != o.Type && e.Type == aws && e.ID == "*":
		return fmt.Sprintf("whether {\"AWS\": \"*\"} covers %s principals", o.Type), true
	case e.Type != o.Type && e.Type == aws && o.Type == "CanonicalUser":
		return "the account of a canonical user ID", true
	case e.Type != o.Type:
		return "", false
	case e.ID == "*" || o.ID == "*":
		return "", true
	case e.Text().Unknown() != nil || o.Text().Unknown() != nil || e.Type != aws:
		return "", e.Text().Pattern(false).Overlaps(o.Text().Pattern(false)) || e.Type == aws
	}
	// A session is of a role, so that both ARNs can be its own.
	return "", accountIn(e) == accountIn(o) && !(one(e) && one(o) && e.ID != o.ID)
}

// one reports whether an AWS principal is one role or user.
func one(e trust.PrincipalEntry) bool {
	parts := strings.SplitN(e.ID, ":", 6)
	return len(parts) == 6 && (strings.HasPrefix(parts[5], "role/") || strings.HasPrefix(parts[5], "user/"))
}

func actionsApart(a, b trust.ActionElement) bool {
	if a.Negated && b.Negated {
		return false
	}
	if a.Negated {
		a, b = b, a
	}
	return all(a.Values, func(v trust.Value) bool {
		if b.Negated {
			return v.ActionPattern().Within(actionPatterns(b.Values)...)
		}
		return all(b.Values, func(w trust.Value) bool { return !v.ActionPattern().Overlaps(w.ActionPattern()) })
	})
}

func principalWithin(a, s trust.PrincipalElement) bool {
	switch {
	case s.Any && !s.Negated:
		return true
	case a.Unknown != nil || s.Unknown != nil && len(a.Entries) == 0:
		return a.Unknown.Same(s.Unknown) && a.Negated == s.Negated && all(a.Entries, func(e trust.PrincipalEntry) bool {
			return slices.ContainsFunc(s.Entries, func(other trust.PrincipalEntry) bool { return entryWithin(e, other) })
		})
	case s.Unknown != nil && s.Negated:
		return false
	case a.Negated && s.Negated:
		return s.Any == a.Any && all(s.Entries, func(e trust.PrincipalEntry) bool {
			return slices.ContainsFunc(a.Entries, func(other trust.PrincipalEntry) bool { return entryWithin(e, other) })
		})
	case a.Negated || a.Any:
		return false
	}
	return all(a.Entries, func(e trust.PrincipalEntry) bool {
		if s.Negated {
			return !s.Any && all(s.Entries, func(other trust.PrincipalEntry) bool { _, meet := entriesMeet(e, other); return !meet })
		}
		return slices.ContainsFunc(s.Entries, func(other trust.PrincipalEntry) bool { return entryWithin(e, other) })
	})
}

func entryWithin(e, other trust.PrincipalEntry) bool {
	if e.Type != other.Type {
		return false
	}
	whole := other.Account()
	return other.ID == "*" || e.Text().Equal(other.Text()) || whole != "" && e.Type == "AWS" && accountIn(e) == whole
}

// accountIn returns the account that an AWS principal is of.
func accountIn(e trust.PrincipalEntry) string {
	if whole := e.Account(); whole != "" {
		return whole
	}
	return arn.Account(e.ID)
}

func actionWithin(a, s trust.ActionElement) bool {
	switch {
	case a.Negated && s.Negated:
		return all(s.Values, func(w trust.Value) bool { return w.ActionPattern().Within(actionPatterns(a.Values)...) })
	case a.Negated:
		return trust.NewPattern("*").Within(actionPatterns(s.Values)...)
	}
	return all(a.Values, func(v trust.Value) bool {
		p := v.ActionPattern()
		if s.Negated {
			return all(s.Values, func(w trust.Value) bool { return !w.ActionPattern().Overlaps(p) })
		}
		return p.Within(actionPatterns(s.Values)...) || knownWithin(p, s.Values)
	})
}

// knownWithin reports whether p matches some of the role's actions and no
// others, and all of them are among the values.
func knownWithin(p trust.Pattern, values []trust.Value) bool {
	var meant []string
	for _, action := range trust.RoleActions() {
		if action = strings.ToLower(action); p.MayMatch(action) {
			meant = append(meant, action)
		}
	}
	return len(meant) > 0 && p.Within(trust.NewPattern("sts:*")) && all(meant, func(action string) bool {
		return slices.ContainsFunc(values, func(v trust.Value) bool { return v.ActionPattern().Match(action) })
	})
}

func actionPatterns(values []trust.Value) []trust.Pattern {
	var all []trust.Pattern
	for _, v := range values {
		all = append(all, v.ActionPattern())
	}
	return all
}

// What the unknown parts of something depend on.

func unknownPrincipals(e trust.PrincipalElement) []string {
	var all []string
	if e.Unknown != nil {
		all = append(all, e.Unknown.DependsOn...)
	}
	for _, entry := range e.Entries {
		if u := entry.Text().Unknown(); u != nil {
			all = append(all, u.DependsOn...)
		}
	}
	return all
}

func unknownValues(values []trust.Value) []string {
	var all []string
	for _, v := range values {
		if u := v.Unknown(); u != nil {
			all = append(all, u.DependsOn...)
		}
	}
	return all
}

func unknownCondition(c trust.Condition) []string {
	all := unknownValues(c.Values)
	if c.Unknown != nil {
		all = append(all, c.Unknown.DependsOn...)
	}
	return all
}

// openConditions are those of which the keys are unknown: they can demand
// anything.
func openConditions(conditions []trust.Condition) []string {
	var all []string
	for _, c := range conditions {
		if c.Unknown != nil {
			all = append(all, c.Unknown.DependsOn...)
		}
	}
	return all
}

func (a atom) unknown() []string {
	all := slices.Concat(unknownPrincipals(a.Principal), unknownValues(a.Action.Values))
	for _, c := range a.Conditions {
		all = append(all, unknownCondition(c)...)
	}
	return all
}

func all[T any](values []T, holds func(T) bool) bool {
	return !slices.ContainsFunc(values, func(v T) bool { return !holds(v) })
}
