package generate

import (
	"strings"
	"testing"
)

// A name that is too long for IAM is shortened, and stays distinct.
func TestRoleName(t *testing.T) {
	long := strings.Repeat("r", 64)
	if got := roleName(long); got != long {
		t.Errorf("a name of 64 characters becomes %s", got)
	}
	a, b := roleName(long+"a"), roleName(long+"b")
	if len(a) != 64 || len(b) != 64 || a == b || !strings.HasPrefix(a, long[:50]) || roleName(long+"a") != a {
		t.Errorf("%s and %s", a, b)
	}
}

func TestParseSpoke(t *testing.T) {
	if s, err := ParseSpoke("prod=222222222222"); err != nil || s != (Spoke{Name: "prod", Account: "222222222222"}) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestWordsOfYAMLAreQuoted(t *testing.T) {
	for word, want := range map[string]bool{"on": true, "No": true, "null": true, "once": false} {
		if got := isYAMLWord(word); got != want {
			t.Errorf("%s: %t", word, got)
		}
	}
}
