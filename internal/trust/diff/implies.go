package diff

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/org/aws-oidc-action/internal/trust"
)

// rule is a condition in a form in which two of them can be compared.
type rule struct {
	trust.Condition
	base     string // of a negated operator, its opposite
	negated  bool
	optional bool   // holds when the key is missing
	set      string // only of keys with several values, where it makes a difference
}

func ruleOf(c trust.Condition) rule {
	r := rule{Condition: c, base: c.Operator.Base, negated: c.Operator.Negated(), set: c.Operator.Set}
	if opposite, ok := c.Operator.Opposite(); ok {
		r.base = opposite.Base
	}
	switch c.Operator.Set {
	case trust.ForAnyValue:
	case trust.ForAllValues:
		r.optional = true
	default:
		r.optional = c.Operator.IfExists || r.negated
	}
	if singleValued(c.Key) {
		r.set = ""
	}
	return r
}

// singleValued reports whether requests have at most one value for the key,
// as for the claims of GitHub and all keys that matter in a trust policy but
// those that list tags and methods of authentication.
func singleValued(key string) bool {
	key = strings.ToLower(key)
	return !strings.HasSuffix(key, ":tagkeys") && !strings.HasSuffix(key, ":amr") && !strings.HasSuffix(key, ":transitivetagkeys")
}

// implied reports whether every request that meets all of given meets o. It
// says no where it does not know.
func implied(o trust.Condition, given []trust.Condition) bool {
	if o.Unknown != nil {
		return slices.ContainsFunc(given, func(c trust.Condition) bool { return sameUnknown(c, o) })
	}
	wanted := ruleOf(o)
	if wanted.optional && wanted.universal() {
		return true
	}
	return slices.ContainsFunc(given, func(c trust.Condition) bool {
		return c.Unknown == nil && strings.EqualFold(c.Key, o.Key) && ruleOf(c).implies(wanted)
	})
}

// sameUnknown reports whether two conditions that are unknown are the same.
func sameUnknown(c, o trust.Condition) bool {
	return c.Unknown.Same(o.Unknown) && c.Operator == o.Operator && c.Key == o.Key &&
		slices.EqualFunc(c.Values, o.Values, trust.Value.Same)
}

// universal reports whether any value will do.
func (r rule) universal() bool {
	return !r.negated && r.base == "StringLike" && slices.ContainsFunc(r.Values, func(v trust.Value) bool {
		return !v.HasVariables() && v.Pattern(r.Operator).Contains(trust.NewPattern("*"))
	})
}

func (r rule) implies(o rule) bool {
	if r.base == "Null" || o.base == "Null" {
		return r.impliesNull(o)
	}
	if r.optional && !o.optional || r.set != o.set {
		return false
	}
	switch {
	case o.universal():
		return true
	case r.negated != o.negated:
		return !r.negated && r.excludedBy(o)
	case r.negated: // all that o excludes, r must exclude
		return all(o.Values, func(v trust.Value) bool {
			return slices.ContainsFunc(r.Values, func(w trust.Value) bool { return contains(r, w, o, v) })
		})
	}
	return all(r.Values, func(v trust.Value) bool {
		return slices.ContainsFunc(o.Values, func(w trust.Value) bool { return contains(o, w, r, v) })
	})
}

func all[T any](values []T, holds func(T) bool) bool {
	return !slices.ContainsFunc(values, func(v T) bool { return !holds(v) })
}

// impliesNull handles conditions on the presence of a key.
func (r rule) impliesNull(o rule) bool {
	same := func() bool {
		return r.base == o.base && all(r.Values, func(v trust.Value) bool {
			return slices.ContainsFunc(o.Values, func(w trust.Value) bool { return strings.EqualFold(v.Text, w.Text) })
		})
	}
	demandsPresence := all(o.Values, func(v trust.Value) bool { return strings.EqualFold(v.Text, "false") })
	return same() || o.base == "Null" && len(o.Values) > 0 && demandsPresence && r.base != "Null" && !r.optional
}

// excludedBy reports whether none of the values that r admits is excluded by
// the negated o. It knows literal texts only.
func (r rule) excludedBy(o rule) bool {
	return singleValued(o.Key) && strings.HasPrefix(r.base, "String") && r.base != "StringEqualsIgnoreCase" && all(r.Values, func(v trust.Value) bool {
		p := v.Pattern(r.Operator)
		if v.HasVariables() || !p.IsLiteral() || slices.ContainsFunc(o.Values, trust.Value.HasVariables) {
			return false
		}
		s := trust.Statement{Conditions: []trust.Condition{o.Condition}}
		return s.ConditionsHold(trust.Context{o.Key: {p.String()}})
	})
}

// contains reports whether the value w of the rule outer matches all that the
// value v of the rule inner matches.
func contains(outer rule, w trust.Value, inner rule, v trust.Value) bool {
	if w.HasVariables() || v.HasVariables() && outer.base != inner.base {
		return w.Same(v) && v.HasVariables() == w.HasVariables() && outer.base == inner.base
	}
	p, q := w.Pattern(outer.Operator), v.Pattern(inner.Operator)
	textual := func(base string) bool { return base == "StringEquals" || base == "StringLike" }
	switch {
	case outer.base == "StringEqualsIgnoreCase" && (textual(inner.base) || inner.base == outer.base):
		return foldAll(p).Contains(foldAll(q))
	case textual(outer.base) && textual(inner.base):
		return p.Contains(q)
	case outer.base == inner.base && w.Same(v):
		return true
	case w.Unknown() != nil || v.Unknown() != nil:
		return false
	case outer.base != inner.base:
		return strings.HasPrefix(outer.base, "Arn") && strings.HasPrefix(inner.base, "Arn") && containsARN(p, q)
	case strings.HasPrefix(outer.base, "Arn"):
		return containsARN(p, q)
	case outer.base == "IpAddress":
		return containsBlock(w.Text, v.Text)
	case outer.base == "Bool":
		return strings.EqualFold(w.Text, v.Text)
	}
	return false
}

func foldAll(p trust.Pattern) trust.Pattern {
	folded := slices.Clone(p)
	for i, r := range folded {
		if !trust.IsWildcard(r) {
			folded[i] = fold(r)
		}
	}
	return folded
}

// fold returns the same character for all that are equal but for case, in the
// sense of strings.EqualFold.
func fold(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// containsARN compares component by component, as the operators do.
func containsARN(p, q trust.Pattern) bool {
	ps, qs := p.Split(':', 6), q.Split(':', 6)
	if len(ps) != 6 || len(qs) != 6 {
		return slices.Equal(p, q)
	}
	for i := range ps {
		if !ps[i].Contains(qs[i]) {
			return false
		}
	}
	return true
}

func containsBlock(outer, inner string) bool {
	o, okO := parseBlock(outer)
	i, okI := parseBlock(inner)
	return outer == inner || okO && okI && o.Bits() <= i.Bits() && o.Contains(i.Addr())
}

func parseBlock(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p, err == nil
}
