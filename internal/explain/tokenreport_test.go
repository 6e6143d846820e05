package explain

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/oidc"
)

func TestTokenReport(t *testing.T) {
	for _, tt := range []struct {
		name   string
		claims oidc.Claims
		has    []string
		lacks  string
	}{
		{name: "a branch", claims: nil, lacks: "No statement",
			has: []string{"Token claims\n", "  sub ", "\nSubject, part by part; its form is ", "\nStatement for the trust policy of a role; it admits ", `"sts:AssumeRoleWithWebIdentity"`}},
		{name: "a subject that cannot be printed", claims: oidc.Claims{"sub": "x\x1b"}, lacks: "Statement for",
			has: []string{"\nNo statement is proposed for a trust policy: the token's claims have characters that cannot be printed\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := NewTokenReport(claimsOf(tt.claims)).Text()
			for _, want := range tt.has {
				if !strings.Contains(text, want) {
					t.Errorf("lacks %q", want)
				}
			}
			if strings.Contains(text, tt.lacks) {
				t.Errorf("has %q", tt.lacks)
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}
