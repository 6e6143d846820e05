package trust

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/propertytest"
)

func TestContains(t *testing.T) {
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
		if got := NewPattern(tt.p).Contains(NewPattern(tt.q)); got != tt.want {
			t.Errorf("%q contains %q: %v", tt.p, tt.q, got)
		}
	}
}

// A literal of a policy variable is no wildcard.
func TestContainsLiteralStar(t *testing.T) {
	star := literal("a*")
	if !NewPattern("a*").Contains(star) || star.Contains(NewPattern("a*")) || !star.Contains(literal("a*")) || star.Contains(literal("ab")) {
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
func TestContainsAgreesWithDefinition(t *testing.T) {
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
		if got := p.Contains(q); got != want {
			t.Fatalf("%s contains %s: %v, by definition %v", p, q, got, want)
		}
	}
	if yes < tried/14 {
		t.Errorf("only %d inclusions among the patterns", yes)
	}
}

func TestContainsIsBounded(t *testing.T) {
	p := NewPattern(strings.Repeat("*a?b", 400))
	w := inclusion{p: p, q: NewPattern(strings.Repeat("*b?a", 400)), seen: map[string]bool{}}
	if w.holds() {
		t.Error("a pattern contains another one that it does not")
	}
	// One step beyond the bound looks at every position for every letter.
	if most := maxInclusionWork + 4*len(p); w.work > most {
		t.Errorf("%d positions were looked at, more than %d", w.work, most)
	}
	if !p.Contains(NewPattern(p.String())) {
		t.Error("a pattern does not contain itself")
	}
}

func FuzzContains(f *testing.F) {
	f.Add("repo:o/*", "repo:o/r:*", "repo:o/r:x")
	f.Add("*a?b*", "??a*", "xxab")
	f.Fuzz(func(t *testing.T, p, q, text string) {
		if len(p) > 40 || len(q) > 40 {
			return
		}
		P, Q := NewPattern(p), NewPattern(q)
		if P.Contains(Q) && Q.Match(text) && !P.Match(text) {
			t.Errorf("%q contains %q, but only that matches %q", p, q, text)
		}
	})
}
