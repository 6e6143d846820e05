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
type atom struct{ trust.Statement }

// maxAtoms bounds into how many parts a statement is taken apart; one with
// more is compared with fewer of its lists split.
const maxAtoms = 2000

func split(s trust.Statement) []atom {
	atoms := []atom{{s}}
	each := func(n int, choose func(s trust.Statement, i int) trust.Statement) {
		if n < 2 || len(atoms)*n > maxAtoms {
			return
		}
		var parts []atom
		for _, a := range atoms {
			for i := range n {
				parts = append(parts, atom{choose(a.Statement, i)})
			}
		}
		atoms = parts
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
		if c.Operator.Negated() || c.Operator.Set == trust.ForAllValues {
			continue
		}
		each(len(c.Values), func(s trust.Statement, i int) trust.Statement {
			s.Conditions = slices.Clone(s.Conditions)
			s.Conditions[n].Values = c.Values[i : i+1]
			return s
		})
	}
	return atoms
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
func (a atom) outside(s trust.Statement) []difference {
	var differences []difference
	if !principalWithin(a.Principal, s.Principal) {
		differences = append(differences, difference{a.Principal.Pos, Principal, a.principal() + " was not trusted before",
			join(unknownPrincipals(a.Principal), unknownPrincipals(s.Principal))})
	}
	if !actionWithin(a.Action, s.Action) {
		differences = append(differences, difference{a.Action.Pos, Action, a.action() + " was not allowed before",
			join(unknownValues(a.Action.Values), unknownValues(s.Action.Values))})
	}
	return differences
}

// beyond returns the conditions of s that a does not imply.
func (a atom) beyond(s trust.Statement) []difference {
	var differences []difference
	for _, o := range s.Conditions {
		if implied(o, a.Conditions) {
			continue
		}
		d := difference{a.Pos, Condition, fmt.Sprintf("no longer demanded: %s", condition(o)), openConditions(a.Conditions)}
		for _, c := range a.Conditions {
			if strings.EqualFold(c.Key, o.Key) {
				d = difference{c.Pos, Condition, fmt.Sprintf("%s is enough, where %s was demanded", condition(c), condition(o)),
					join(unknownCondition(c), join(unknownCondition(o), d.dependsOn))}
				if len(c.Values) == 1 {
					d.Pos = c.Values[0].Pos
				}
			}
		}
		differences = append(differences, d)
	}
	return differences
}

// disjoint reports whether no request can match both a and the denial d, as
// far as can be told: one demands a text that the other excludes, or a demands
// what d denies the lack of.
func (a atom) disjoint(d atom) bool {
	met := func(c trust.Condition) bool {
		demanded, ok := demandedBy(trust.Statement{Effect: trust.Deny, Conditions: []trust.Condition{c}})
		return ok && implied(demanded, a.Conditions)
	}
	return principalsApart(a.Principal, d.Principal) || actionsApart(a.Action, d.Action) ||
		slices.ContainsFunc(d.Conditions, met) || excludes(a.Conditions, d.Conditions) || excludes(d.Conditions, a.Conditions)
}

func principalsApart(a, b trust.PrincipalElement) bool {
	if a.Any || a.Negated || b.Any || b.Negated || a.Unknown != nil || b.Unknown != nil {
		return false
	}
	return all(a.Entries, func(e trust.PrincipalEntry) bool {
		return all(b.Entries, func(other trust.PrincipalEntry) bool {
			return e.Type != other.Type || e.Type != "AWS" && e.ID != "*" && other.ID != "*" && !e.Text().Pattern(false).Overlaps(other.Text().Pattern(false))
		})
	})
}

func actionsApart(a, b trust.ActionElement) bool {
	if a.Negated || b.Negated {
		return false
	}
	return all(a.Values, func(v trust.Value) bool {
		return all(b.Values, func(w trust.Value) bool {
			return !v.ActionPattern().Overlaps(w.ActionPattern())
		})
	})
}

// excludes reports whether a literal text that some of given demands fails a
// condition of others.
func excludes(given, others []trust.Condition) bool {
	for _, c := range given {
		r := ruleOf(c)
		if r.negated || r.optional || !strings.HasPrefix(r.base, "String") || r.base == "StringEqualsIgnoreCase" || !singleValued(c.Key) {
			continue
		}
		for _, o := range others {
			if !strings.EqualFold(c.Key, o.Key) || slices.ContainsFunc(o.Values, trust.Value.HasVariables) {
				continue
			}
			fails := func(v trust.Value) bool {
				p := v.Pattern(c.Operator)
				s := trust.Statement{Conditions: []trust.Condition{o}}
				return p.IsLiteral() && s.ConditionsFail(trust.Context{o.Key: {p.String()}})
			}
			if all(c.Values, fails) {
				return true
			}
		}
	}
	return false
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
			return !s.Any && all(s.Entries, func(other trust.PrincipalEntry) bool { return e.Type != other.Type })
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
	within := func(v trust.Value, others []trust.Value) bool {
		return slices.ContainsFunc(others, func(w trust.Value) bool { return w.ActionPattern().Contains(v.ActionPattern()) })
	}
	switch {
	case a.Negated && s.Negated:
		return all(s.Values, func(v trust.Value) bool { return within(v, a.Values) })
	case a.Negated:
		return slices.ContainsFunc(s.Values, func(w trust.Value) bool { return w.ActionPattern().Contains(trust.NewPattern("*")) })
	case s.Negated:
		return all(a.Values, func(v trust.Value) bool {
			p := v.ActionPattern()
			return all(s.Values, func(w trust.Value) bool { return !w.ActionPattern().Overlaps(p) })
		})
	}
	return all(a.Values, func(v trust.Value) bool { return within(v, s.Values) })
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
