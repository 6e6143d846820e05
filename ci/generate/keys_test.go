//go:build clients

package generate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust"
)

// The linter and the evaluator know the condition keys that AWS's reference
// has: the global ones, those of STS, and the claims of GitHub's tokens.
func TestConditionKeysAreThoseOfTheReference(t *testing.T) {
	src, err := os.ReadFile(filepath.Join(*reference, "../dist/cjs/globalConditionKeys.js"))
	if err != nil {
		t.Fatal(err)
	}
	global := regexp.MustCompile(`key: '(aws:[^']+)'`).FindAllStringSubmatch(string(src), -1)
	var keys map[string]struct{ Key string }
	readReference(t, "conditionKeys/sts.json", &keys)
	for _, m := range global {
		keys[m[1]] = struct{ Key string }{m[1]}
	}
	claims := 0
	for _, k := range keys {
		key := strings.NewReplacer("${TagKey}", "team", "${ContextKey}", "x", "tag-key", "team").Replace(k.Key)
		if trust.IsGlobalKey(key) {
			if _, known := trust.GlobalKey(key); !known {
				t.Errorf("unknown global key %s", key)
			}
		}
		if strings.HasPrefix(key, "token.actions.githubusercontent.com:") {
			if claims++; !trust.IsConditionKey(key) {
				t.Errorf("unknown claim %s", key)
			}
		}
	}
	if len(global) < 50 || claims < 10 {
		t.Errorf("the reference has only %d global keys and %d claims", len(global), claims)
	}
}

// Each action of STS that the linter lets into a trust policy exists, and of
// those that exist it refuses the ones that assume no role.
func TestActionsAreThoseOfTheReference(t *testing.T) {
	var actions map[string]struct{ Name string }
	readReference(t, "actions/sts.json", &actions)
	taken := 0
	for _, a := range actions {
		p, err := trust.Parse([]byte(`{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:` + a.Name + `"}}`))
		if err != nil {
			t.Fatal(err)
		}
		if len(p.RefusedActions()) == 0 {
			taken++
		}
	}
	if taken != 6 { // three to assume a role, two for what comes with it, and SetContext
		t.Errorf("%d of STS's %d actions are taken", taken, len(actions))
	}
}

func readReference(t *testing.T, name string, into any) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(*reference, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(src, into); err != nil {
		t.Fatal(err)
	}
}
