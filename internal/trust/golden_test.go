package trust

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/oidc"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each directory holds policy.json, claims.json and the expected result.json.
func TestEvaluateGolden(t *testing.T) {
	dirs, err := filepath.Glob("testdata/evaluate/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			claims, err := oidc.DecodeClaims(readFile(t, dir, "claims.json"))
			if err != nil {
				t.Fatal(err)
			}
			result := mustParse(t, string(readFile(t, dir, "policy.json"))).Evaluate(Request{
				Action:    WebIdentityAction,
				Principal: Principal{Type: "Federated", ID: "arn:aws:iam::111122223333:oidc-provider/" + ProviderOfIssuer(claims.Get("iss"))},
				Context:   WebIdentityContext(claims),
			})
			got, err := json.MarshalIndent(result, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			if *update {
				if err := os.WriteFile(filepath.Join(dir, "result.json"), got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(readFile(t, dir, "result.json")), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func readFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
