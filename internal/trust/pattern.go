package trust

import (
	"slices"
	"strings"
)

// Pattern is text with IAM's wildcards: * stands for any run of characters,
// colons and slashes included, and ? for any one character.
type Pattern []rune

// The wildcards * and ? in a Pattern. They are kept apart from characters,
// because a policy variable or an escape such as ${*} can put a literal *
// into a pattern.
const (
	AnyRun rune = -1 - iota
	AnyOne
)

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

// HasWildcards reports whether more than one text can match.
func (p Pattern) HasWildcards() bool { return slices.ContainsFunc(p, IsWildcard) }

// literal returns the pattern that only text itself matches.
func literal(text string) Pattern { return Pattern([]rune(text)) }

// Match reports whether all of s matches, case-sensitively. It needs no
// recursion and at most len(p)·len(s) steps, whatever the pattern: only the
// last * seen is ever tried again, since an earlier one has already matched
// as little as it can.
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

// String returns the pattern as a policy of the older version would write it.
func (p Pattern) String() string {
	var b strings.Builder
	for _, r := range p {
		switch r {
		case AnyRun:
			b.WriteByte('*')
		case AnyOne:
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
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
