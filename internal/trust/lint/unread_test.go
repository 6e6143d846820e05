package lint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// A file that cannot be read is in the report for code scanning too: what it
// allows is unknown, not harmless.
func TestSARIFNamesUnreadFiles(t *testing.T) {
	var b bytes.Buffer
	if err := WriteSARIF(&b, nil, []document.Unread{{File: "a b.json", Message: "line 1: unexpected end"}}); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Runs []struct {
			Invocations []struct {
				Notifications []struct {
					Level     string
					Message   struct{ Text string }
					Locations []struct {
						Physical struct {
							Artifact struct{ URI string } `json:"artifactLocation"`
						} `json:"physicalLocation"`
					}
				} `json:"toolExecutionNotifications"`
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	n := report.Runs[0].Invocations[0].Notifications
	if len(n) != 1 || n[0].Level != "error" || n[0].Message.Text != "Cannot be read: line 1: unexpected end" || n[0].Locations[0].Physical.Artifact.URI != "a%20b.json" {
		t.Errorf("%+v in\n%s", n, b.String())
	}
}

// Of very many findings of one rule the first represents all, with their count.
func TestManyFindingsOfARule(t *testing.T) {
	for _, many := range []int{fewEnough, fewEnough + 3} {
		var values []string
		for i := range many {
			values = append(values, fmt.Sprintf("\n\"repo:octo-%d/*\"", i))
		}
		policy, err := trust.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
			"Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
			"Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
			"StringLike": {"token.actions.githubusercontent.com:sub": [` + strings.Join(values, ",") + `]}}}]}`))
		if err != nil {
			t.Fatal(err)
		}
		shown, counted := 0, 0
		for _, f := range Check(document.Role{Policies: trust.Alternatives{policy}}, Options{}) {
			if f.Rule == "owner-wide" {
				shown++
				counted += max(1, f.Count)
				if f.Count > 0 && !strings.HasSuffix(f.Message, fmt.Sprintf(" (and %d more like this, up to line %d)", many-1, many+4)) {
					t.Errorf("message %q", f.Message)
				}
			}
		}
		if counted != many || (shown == 1) != (many > fewEnough) {
			t.Errorf("of %d findings %d are shown, for %d", many, shown, counted)
		}
	}
}

func TestSeverityText(t *testing.T) {
	for s := Note; s <= Critical; s++ {
		text, err := s.MarshalText()
		var again Severity
		if err != nil || again.UnmarshalText(text) != nil || again != s {
			t.Errorf("%s is read as %s, %v", text, again, err)
		}
	}
	var s Severity
	if err := s.UnmarshalText([]byte("grave")); err == nil {
		t.Error("an unknown severity is read")
	}
	if _, found := Highest(nil); found {
		t.Error("no finding has a severity")
	}
}
