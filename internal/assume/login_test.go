package assume

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/transport"
)

// TestLoginReadsTokenFiles: the token of a file is masked before it is parsed,
// and an error names the input and the path, and nothing of the content.
func TestLoginReadsTokenFiles(t *testing.T) {
	s := newSite(t, "")
	minted, err := s.tokens.Get(context.Background(), oidc.DefaultAudience, oidc.Token{})
	if err != nil {
		t.Fatal(err)
	}
	token := minted.Raw.Reveal()
	dir := t.TempDir()
	write := func(name, content string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, tt := range map[string]struct {
		file  string
		masks []string
		err   []string
	}{
		"a token":           {write("token", token+"\n"), []string{token, token}, nil},
		"an answer":         {write("answer", `{"value": "`+token+`"}`), []string{`{"value": "` + token + `"}`, token}, nil},
		"something else":    {write("other", "S3CRET\n"), []string{"S3CRET", "S3CRET"}, []string{"input web-identity-token-file: file other does not contain a token: "}},
		"nothing":           {"gone", nil, []string{`input web-identity-token-file: "gone" does not exist; put it into the workspace or the runner's temporary directory`}},
		"a token too large": {write("large", strings.Repeat("x", oidc.MaxTokenFile+1)), nil, []string{"input web-identity-token-file: ", "is larger than"}},
	} {
		t.Run(name, func(t *testing.T) {
			var masks []string
			login := s.login()
			login.Files = safefile.Files{Workspace: dir}
			login.Mask = func(text string) { masks = append(masks, text) }
			got, err := login.Token(context.Background(), nil, plan.Profile{Source: plan.SourceTokenFile, TokenFile: tt.file}, oidc.Token{})
			if !slices.Equal(masks, tt.masks) {
				t.Errorf("masked %q, want %q", masks, tt.masks)
			}
			if tt.err == nil {
				if err != nil || got.Raw.Reveal() != token || got.Claims.Get("sub") == "" {
					t.Errorf("token %v, %v", got.Claims, err)
				}
				return
			}
			for _, part := range tt.err {
				if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "S3CRET") {
					t.Errorf("error %v, want %q", err, part)
				}
			}
		})
	}
}

// TestLoginUsesItsWays: tokens are requested by the way to the token endpoint,
// STS is called by its own, with one client.
func TestLoginUsesItsWays(t *testing.T) {
	s := newSite(t, "")
	var ways []string
	login := s.login()
	login.HTTP = func(o transport.Options) *http.Client {
		ways = append(ways, o.HTTPSProxy.URL)
		return transport.New(transport.Options{})
	}
	login.Network.HTTPSProxy.URL = "http://sts-proxy"
	login.TokenProxies.HTTPSProxy.URL = "http://token-proxy"
	var masked []string
	login.Mask = func(text string) { masked = append(masked, text) }
	tokens := login.Tokens()
	token, err := login.Token(context.Background(), tokens, plan.Profile{Source: plan.SourceOIDC, Audience: oidc.DefaultAudience}, oidc.Token{})
	if err != nil || !slices.Equal(masked, []string{token.Raw.Reveal()}) {
		t.Errorf("masked %q, %v", masked, err)
	}
	for range 2 {
		if w := login.Walker(tokens); w.HTTP != login.Client() || w.Parallel != 4 || w.Retry.Attempts != 4 {
			t.Errorf("walker %+v", w)
		}
	}
	if want := []string{"http://token-proxy", "http://sts-proxy"}; !slices.Equal(ways, want) {
		t.Errorf("clients for %q, want %q", ways, want)
	}
}
