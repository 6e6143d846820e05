package explain

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/generate"
)

// longestSubject bounds what is made into a statement, in characters: IAM
// takes no longer policy anyway.
const longestSubject = 2048

// TrustStatement is the statement that admits just the run that the claims
// describe, in the form that the token has, pinned to its reusable workflow if
// it has one; as indented JSON, to be pasted into the list of the role's trust
// policy. It is empty for a token of which none can be made. Of an unknown
// role, the account is written ACCOUNT_ID.
func TrustStatement(claims oidc.Claims, role string) string {
	t := newToken(claims)
	if !t.fromGitHub() || claims.Get("sub") == "" || len(claims.Get("sub")) > longestSubject {
		return ""
	}
	spec := generate.ForClaims(claims)
	if role != "" {
		spec.Account, spec.Partition = account(role), partition(role)
	}
	if t.reusable() && trust.IsConditionKey(t.provider+":job_workflow_ref") {
		pinned := spec
		pinned.Workflow = claims.Get("job_workflow_ref")
		if text, err := onlyStatement(pinned); err == nil {
			return text
		}
	}
	text, err := onlyStatement(spec)
	if err != nil {
		return ""
	}
	return text
}

// onlyStatement takes the one statement out of the policy that generate makes.
func onlyStatement(spec generate.Spec) (string, error) {
	var policy bytes.Buffer
	if err := generate.JSON(&policy, spec); err != nil {
		return "", err
	}
	var document struct{ Statement []json.RawMessage }
	if err := json.Unmarshal(policy.Bytes(), &document); err != nil {
		return "", err
	}
	var text bytes.Buffer
	err := json.Indent(&text, document.Statement[0], "", "  ")
	return text.String(), err
}

// statement is one of a policy, with its members in the usual order.
type statement struct {
	Effect    string
	Principal map[string]string `json:",omitempty"`
	Action    actions
	Resource  string                       `json:",omitempty"`
	Condition map[string]map[string]string `json:",omitempty"`
}

// actions are written like policies write a list: one stands alone.
type actions []string

func (a actions) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

func (s statement) String() string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(s) // strings and a buffer do not fail
	return strings.TrimSuffix(b.String(), "\n")
}
