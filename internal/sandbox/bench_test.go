package sandbox

import (
	"testing"

	"github.com/org/aws-oidc-action/internal/scenario"
)

// BenchmarkStart is what a test pays for a sandbox of its own, once the
// process has its signing key.
func BenchmarkStart(b *testing.B) {
	s, err := scenario.Builtin()
	if err != nil {
		b.Fatal(err)
	}
	if _, err := signingKey(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		server, err := Start(s, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := server.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkToken is the server's own work for one ID token: the signature.
func BenchmarkToken(b *testing.B) {
	s, err := scenario.Builtin()
	if err != nil {
		b.Fatal(err)
	}
	server, err := Start(s, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	authorization := "Bearer " + server.issuer.requestToken.Reveal()
	for b.Loop() {
		if r := server.issuer.token(authorization, "sts.amazonaws.com", server.options.Now(), &Call{}); r.status != 200 {
			b.Fatal(string(r.body))
		}
	}
}
