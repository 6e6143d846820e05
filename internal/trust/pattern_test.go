package trust

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/org/aws-oidc-action/internal/propertytest"
)

// naiveMatch is the definition of a wildcard match, without any cleverness.
func naiveMatch(pattern, text []rune) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	switch {
	case pattern[0] == '*':
		for i := range len(text) + 1 {
			if naiveMatch(pattern[1:], text[i:]) {
				return true
			}
		}
		return false
	case len(text) == 0:
		return false
	}
	return (pattern[0] == '?' || pattern[0] == text[0]) && naiveMatch(pattern[1:], text[1:])
}

// word makes a short text of few characters, so that matches are frequent.
func word(r *rand.Rand, alphabet string, length int) string {
	letters := []rune(alphabet)
	var b strings.Builder
	for range r.IntN(length + 1) {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	return b.String()
}

func TestPatternAgreesWithDefinition(t *testing.T) {
	agrees := func(seed uint64) bool {
		r := rand.New(rand.NewPCG(seed, 1))
		pattern, text := word(r, "ab:/ä*?", 8), word(r, "ab:/ä", 10)
		got, want := NewPattern(pattern).Match(text), naiveMatch([]rune(pattern), []rune(text))
		if got != want {
			t.Errorf("%q against %q: %v", pattern, text, got)
		}
		return got == want
	}
	if err := quick.Check(agrees, &quick.Config{MaxCount: int(propertytest.Cases(20000))}); err != nil {
		t.Error(err)
	}
}

// A matcher that tries every * again takes longer than the universe here.
func TestPatternIsNotExponential(t *testing.T) {
	pattern := NewPattern(strings.Repeat("a*", 500) + "b")
	text := strings.Repeat("a", 20000)
	start := time.Now()
	if pattern.Match(text) {
		t.Error("matches")
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("repo:o/*:ref:*", "repo:o/r:ref:refs/heads/main")
	f.Add("***?", "")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 12 || len(text) > 16 {
			return
		}
		if got, want := NewPattern(pattern).Match(text), naiveMatch([]rune(pattern), []rune(text)); got != want {
			t.Errorf("%q against %q: %v", pattern, text, got)
		}
	})
}
