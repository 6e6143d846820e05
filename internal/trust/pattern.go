package trust

import (
	"slices"
	"strings"
)

// Pattern is text with IAM's wildcards: * matches any run of characters,
// colons and slashes included, and ? for any one character. It may have parts
// that are unknown; each is the same in every Pattern that has it.
type Pattern []rune

// The wildcards * and ? in a Pattern. They are kept apart from characters,
// because a policy variable or an escape such as ${*} can put a literal *
// into a pattern.
const (
	AnyRun rune = -1 - iota
	AnyOne

	// An unknown part is its expression, each character moved below
	// unknownBase so that it equals nothing but itself, then what it depends
	// on and refers to below hiddenBase, then one of these. What an unknown text holds can
	// be a wildcard for some operators, so that those do not demand the same
	// as others.
	unknownLiteral
	unknownLike
	unknownFolded   // in either case
	unknownARN      // among the components of an ARN
	unknownWholeARN // with components of its own

	// In a language only.
	runOfComponent // a * that ends at a colon
	oneOfComponent // a ? that is no colon
	other          // represents every character that no pattern names
	patternEnd
)

const (
	unknownBase rune = -16
	hiddenBase  rune = -1 << 21

	// expandedPart begins an unknown part in which policy variables are
	// replaced: with them it is not the same text as without.
	expandedPart = hiddenBase
)

// pattern returns u as a part of a Pattern.
func (u *Unknown) pattern(wildcards bool) Pattern {
	p := make(Pattern, 0, len(u.Expression)+1)
	for _, r := range u.Expression {
		p = append(p, unknownBase-r)
	}
	for _, hidden := range append(u.DependsOn[:len(u.DependsOn):len(u.DependsOn)], u.Definition) {
		for _, r := range hidden {
			p = append(p, hiddenBase-r)
		}
	}
	if wildcards {
		return append(p, unknownLike)
	}
	return append(p, unknownLiteral)
}

// NewPattern reads * and ? in text as wildcards.
func NewPattern(text string) Pattern {
	p := make(Pattern, 0, len(text))
	for _, r := range text {
		switch r {
		case '*':
			r = AnyRun
		case '?':
			r = AnyOne
		}
		p = append(p, r)
	}
	return p
}

// IsWildcard reports whether r, from a Pattern, is AnyRun or AnyOne.
func IsWildcard(r rune) bool { return r == AnyRun || r == AnyOne }

// IsUnknown reports whether r, from a Pattern, belongs to an unknown part.
func IsUnknown(r rune) bool { return r <= unknownBase || endsUnknown(r) }

// endsUnknown reports whether r is the last of an unknown part.
func endsUnknown(r rune) bool { return r <= unknownLiteral && r >= unknownWholeARN }

// HasWildcards reports whether the pattern has wildcards.
func (p Pattern) HasWildcards() bool { return slices.ContainsFunc(p, IsWildcard) }

// HasUnknown reports whether the pattern has unknown parts.
func (p Pattern) HasUnknown() bool { return slices.ContainsFunc(p, IsUnknown) }

// IsLiteral reports whether only one text can match, which String returns.
func (p Pattern) IsLiteral() bool { return !p.HasWildcards() && !p.HasUnknown() }

// literal returns the pattern that only text itself matches.
func literal(text string) Pattern { return Pattern([]rune(text)) }

// Match reports whether all of s matches, case-sensitively, where an unknown
// part matches nothing. It needs no recursion and at most len(p)·len(s)
// steps, whatever the pattern: only the last * seen is ever tried again,
// since an earlier one has already matched as little as it can.
func (p Pattern) Match(s string) bool {
	text := []rune(s)
	star, resume := -1, 0
	i, j := 0, 0
	for j < len(text) {
		switch {
		case i < len(p) && p[i] == AnyRun:
			star, resume = i, j
			i++
		case i < len(p) && (p[i] == AnyOne || p[i] == text[j]):
			i++
			j++
		case star >= 0:
			resume++
			i, j = star+1, resume
		default:
			return false
		}
	}
	for i < len(p) && p[i] == AnyRun {
		i++
	}
	return i == len(p)
}

// MayMatch reports whether s could match, whatever the unknown parts are.
func (p Pattern) MayMatch(s string) bool { return p.Loosen().Match(s) }

// Loosen returns the pattern with * in place of each unknown part: the least
// that is known to contain p.
func (p Pattern) Loosen() Pattern {
	if !p.HasUnknown() {
		return p
	}
	loose := make(Pattern, 0, len(p))
	for _, r := range p {
		switch {
		case endsUnknown(r):
			loose = append(loose, AnyRun)
		case !IsUnknown(r):
			loose = append(loose, r)
		}
	}
	return loose
}

// String returns the pattern as a policy of the older version would write it,
// each unknown part as its expression.
func (p Pattern) String() string {
	var b strings.Builder
	b.Grow(len(p))
	for _, r := range p {
		switch {
		case r == AnyRun:
			b.WriteByte('*')
		case r == AnyOne:
			b.WriteByte('?')
		case r <= unknownBase && r > hiddenBase:
			b.WriteRune(unknownBase - r)
		case r >= 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Literals returns the characters of the pattern, without its wildcards and
// unknown parts.
func (p Pattern) Literals() string {
	return string(slices.DeleteFunc(slices.Clone(p), func(r rune) bool { return r < 0 }))
}

// Split cuts the pattern at each literal sep, into at most n pieces.
func (p Pattern) Split(sep rune, n int) []Pattern {
	var pieces []Pattern
	start := 0
	for i, r := range p {
		if r == sep && len(pieces) < n-1 {
			pieces = append(pieces, p[start:i])
			start = i + 1
		}
	}
	return append(pieces, p[start:])
}

// Overlaps reports whether some text matches both patterns, whatever their
// unknown parts are: whether it is possible.
func (p Pattern) Overlaps(q Pattern) bool {
	p, q = p.Loosen(), q.Loosen()
	// reached[j]: what is read of p and q[:j] have a text in common.
	reached := make([]bool, len(q)+1)
	reached[0] = true
	for j, r := range q {
		reached[j+1] = reached[j] && r == AnyRun
	}
	for _, r := range p {
		before := reached[0]
		reached[0] = before && r == AnyRun
		for j, s := range q {
			here := reached[j+1]
			if r == AnyRun || s == AnyRun {
				reached[j+1] = here || reached[j]
			} else {
				reached[j+1] = before && (r == s || r == AnyOne || s == AnyOne)
			}
			before = here
		}
	}
	return reached[len(q)]
}
