package secret

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	const (
		key   = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
		token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0aaaa.U0lHTkFUVVJFLVNFQ1JFVC1CWVRFUy0wMTIz"
	)
	std, web := base64.StdEncoding.EncodeToString, base64.URLEncoding.EncodeToString
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":              {"User: arn:aws:iam::111111111111:user/x is not authorized", "User: arn:aws:iam::111111111111:user/x is not authorized"},
		"itself":               {"Value '" + key + "' at 'x'", "Value '***' at 'x'"},
		"twice":                {key + key + " " + key, "*** ***"},
		"the signature":        {"sig U0lHTkFUVVJFLVNFQ1JFVC1CWVRFUy0wMTIz.", "sig ***."},
		"cut":                  {"Value '" + token[:30] + "…' at", "Value '***…' at"},
		"the end":              {"…" + key[20:], "…***"},
		"percent-encoded":      {"k=" + url.QueryEscape(key) + "&x=1", "k=***&x=1"},
		"in lower case":        {"k=" + strings.NewReplacer("%2F", "%2f", "%2B", "%2b").Replace(url.QueryEscape(key)) + "&x=1", "k=***&x=1"},
		"another secret":       {"a hunter2 b " + key, "a *** b ***"},
		"overlapping repeated": {"ababa", "***"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Redact(tt.text, New(key), New(""), New(token), New("hunter2"), New("aba")); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("base64 at every offset", func(t *testing.T) {
		for _, before := range []string{"", "B", "Be", "Bea", "Bearer ", "user:"} {
			for _, after := range []string{"", "x", "xy", "xyz"} {
				for _, encode := range []func([]byte) string{std, web} {
					got := Redact("got "+encode([]byte(before+key+after)), New(key))
					if !strings.Contains(got, "***") || len(got) > len("got ***")+len(encode([]byte(before)))+10 {
						t.Errorf("%q + key + %q: %q", before, after, got)
					}
				}
			}
		}
	})
}

func FuzzRedact(f *testing.F) {
	f.Add("a hunter2hunter2 b", "hunter2hunter2")
	f.Add("%", "\xff")
	f.Fuzz(func(t *testing.T, text, s string) {
		got := Redact(text, New(s))
		if s != "" && !strings.Contains(redacted, s) && strings.Contains(strings.ReplaceAll(got, redacted, ""), s) && !strings.Contains(strings.ReplaceAll(text, s, ""), s) {
			t.Errorf("%q still holds %q: %q", text, s, got)
		}
		if s == "" && got != text {
			t.Errorf("%q became %q without a secret", text, got)
		}
	})
}
