package trust

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/propertytest"
)

func TestWithin(t *testing.T) {
	tests := []struct {
		p, q string
		want bool
	}{
		{"*", "", true},
		{"*", "repo:o/r:*", true},
		{"", "*", false},
		{"repo:o/*", "repo:o/r:*", true},
		{"repo:o/r:*", "repo:o/*", false},
		{"repo:o/r:*", "repo:o/r:ref:refs/heads/*", true},
		{"repo:o/r*", "repo:o/r:*", true},
		{"repo:o/r:*", "repo:o/r*", false},
		{"a", "a", true},
		{"a", "b", false},
		{"?", "a", true},
		{"?", "*", false},
		{"?*", "*?", true},
		{"*?", "?*", true},
		{"*?*", "??", true},
		{"**", "*", true},
		{"*", "**", true},
		{"*a*", "*ba*", true},
		{"*ba*", "*a*", false},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"a*a", "a?a", true},
		{"*ab", "*aab", true},
		{"*:main", "*:ref:*:main", true},
		{"?a*", "*a*", false},
		{"*a?*", "*a*b", true},
	}
	for _, tt := range tests {
		if got := NewPattern(tt.q).Within(NewPattern(tt.p)); got != tt.want {
			t.Errorf("%q contains %q: %v", tt.p, tt.q, got)
		}
	}
}

// A literal of a policy variable is no wildcard.
func TestWithinLiteralStar(t *testing.T) {
	star := literal("a*")
	if !star.Within(NewPattern("a*")) || NewPattern("a*").Within(star) || !literal("a*").Within(star) || literal("ab").Within(star) {
		t.Error("a literal * is taken for a wildcard")
	}
}

// allTexts are the texts over three letters up to a length, one of which no
// pattern below names.
func allTexts(length int) []string {
	texts := []string{""}
	for i := 0; len(texts[i]) < length; i++ {
		for _, c := range "abz" {
			texts = append(texts, texts[i]+string(c))
		}
	}
	return texts
}

// Against the definition, over all short texts: patterns this short that
// differ at all differ on one of those.
func TestWithinAgreesWithDefinition(t *testing.T) {
	texts := allTexts(6)
	yes, tried := uint64(0), propertytest.Cases(4000)
	for seed := range tried {
		r := rand.New(rand.NewPCG(seed, 9))
		p, q := NewPattern(word(r, "ab*?*", 5)), NewPattern(word(r, "ab*?", 4))
		want := true
		for _, text := range texts {
			if q.Match(text) && !p.Match(text) {
				want = false
				break
			}
		}
		if want {
			yes++
		}
		if got := q.Within(p); got != want {
			t.Fatalf("%s contains %s: %v, by definition %v", p, q, got, want)
		}
	}
	if yes < tried/14 {
		t.Errorf("only %d inclusions among the patterns", yes)
	}
}

func TestWithinIsBounded(t *testing.T) {
	p := NewPattern(strings.Repeat("*a?b", 400))
	w := newWalk([]language{{patterns: []Pattern{NewPattern(strings.Repeat("*b?a", 400))}}, {patterns: []Pattern{p}, negated: true}}, -1)
	if w.empty(maxWalk) {
		t.Error("a pattern contains another one that it does not")
	}
	// One step beyond the bound looks at every position for every letter.
	if most := maxWalk + 16*len(p); w.work > most {
		t.Errorf("%d positions were looked at, more than %d", w.work, most)
	}
	if !NewPattern(p.String()).Within(p) {
		t.Error("a pattern does not contain itself")
	}
}

func FuzzWithin(f *testing.F) {
	f.Add("repo:o/*", "repo:o/r:*", "repo:o/r:x")
	f.Add("*a?b*", "??a*", "xxab")
	f.Fuzz(func(t *testing.T, p, q, text string) {
		if len(p) > 40 || len(q) > 40 {
			return
		}
		P, Q := NewPattern(p), NewPattern(q)
		if Q.Within(P) && Q.Match(text) && !P.Match(text) {
			t.Errorf("%q contains %q, but only that matches %q", p, q, text)
		}
	})
}
