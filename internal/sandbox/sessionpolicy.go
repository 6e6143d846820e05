package sandbox

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"

	"github.com/org/aws-oidc-action/internal/arn"
)

// packedLimit is the size limit of session policies and tags, in bytes. AWS packs
// them in a format that it does not publish; here a policy counts without its
// insignificant blanks, and everything else with two bytes of overhead.
const packedLimit = 2048

// packedPolicy validates the session policies of a request and returns what
// share of the allotted space they take together with the session's tags, in
// per cent; 0 if there are none.
func packedPolicy(form url.Values, account string, tags []tag) (int, error) {
	size := 0
	if policy := form.Get("Policy"); policy != "" {
		if err := checkSessionPolicy([]byte(policy)); err != nil {
			return 0, err
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(policy)); err != nil {
			return 0, errPolicyJSON
		}
		size += compact.Len()
	}
	for _, policy := range formList(form, "PolicyArns", ".arn") {
		if owner, ok := arn.ManagedPolicyAccount(policy); !ok || owner != "aws" && owner != account {
			return 0, validationError("ARN " + policy + " is not valid.")
		}
		size += len(policy) + 2
	}
	for _, t := range tags {
		size += len(t.key) + len(t.value) + 2
	}
	percent := (size*100 + packedLimit - 1) / packedLimit
	if percent > 100 {
		return 0, errPackedPolicy(percent)
	}
	return percent, nil
}

// identityElements are the elements of a statement of an identity policy;
// the two principals have an error of their own.
var identityElements = []string{
	"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}

// checkSessionPolicy holds an inline session policy to the grammar of
// identity policies. It does not evaluate it: the sandbox does not
// know what a session may do beyond assuming roles.
func checkSessionPolicy(src []byte) error {
	if !json.Valid(src) {
		return errPolicyJSON
	}
	var policy struct {
		Version   string
		Statement json.RawMessage
	}
	if json.Unmarshal(src, &policy) != nil || !slices.Contains([]string{"", "2008-10-17", "2012-10-17"}, policy.Version) {
		return errPolicySyntax
	}
	var statements []map[string]json.RawMessage
	if json.Unmarshal(policy.Statement, &statements) != nil {
		var single map[string]json.RawMessage
		if json.Unmarshal(policy.Statement, &single) != nil {
			return errPolicySyntax
		}
		statements = append(statements[:0], single)
	}
	if len(statements) == 0 {
		return errPolicySyntax
	}
	for _, st := range statements {
		has := func(name string) bool { return st[name] != nil }
		effect := string(st["Effect"])
		for name := range st {
			if !slices.Contains(identityElements, name) {
				return errPolicySyntax
			}
		}
		switch {
		case has("Principal") || has("NotPrincipal"):
			return errPolicyPrincipal
		case effect != `"Allow"` && effect != `"Deny"`,
			has("Action") == has("NotAction"),
			has("Resource") == has("NotResource"):
			return errPolicySyntax
		}
	}
	return nil
}
