package generate

import (
	"bytes"
	"encoding/json"
	"io"
)

// JSON writes what the AWS command line takes. Of a single role with neither
// permissions nor boundary, that is the trust policy
// (aws iam create-role --assume-role-policy-document); else it is an object
// with Roles, each the input of create-role, and Policies, each the input of
// put-role-policy (--cli-input-json). An unknown account or region is written
// ACCOUNT_ID or REGION; an unknown partition is aws. The error lists all
// problems of the Spec.
func JSON(w io.Writer, s Spec) error {
	s = s.complete()
	if err := s.check(); err != nil {
		return err
	}
	roles := s.roles()
	if r := roles[0]; len(roles) == 1 && r.permissions == nil && r.Boundary == "" {
		return writeJSON(w, r.inJSON(r.trust), true)
	}
	var creations, policies list
	for _, r := range roles {
		creation := object{{"RoleName", r.RoleName}}
		if len(roles) > 1 {
			creation = append(creation, field{"Description", "GitHub Actions, account " + r.Account})
		}
		trusted, err := r.text(r.trust)
		if err != nil {
			return err
		}
		creation = append(creation, field{"AssumeRolePolicyDocument", trusted})
		if r.Boundary != "" {
			creation = append(creation, field{"PermissionsBoundary", r.inJSON(r.boundary())})
		}
		creations = append(creations, creation)
		if r.permissions != nil {
			document, err := r.text(r.permissions)
			if err != nil {
				return err
			}
			policies = append(policies, object{{"RoleName", r.RoleName}, {"PolicyName", policyName}, {"PolicyDocument", document}})
		}
	}
	all := object{{"Roles", creations}}
	if len(policies) > 0 {
		all = append(all, field{"Policies", policies})
	}
	return writeJSON(w, all, true)
}

// policyName is the name of the role's inline policy.
const policyName = "deploy"

// inJSON resolves a tree with words in place of what the Spec does not say.
func (r role) inJSON(tree any) any {
	return r.resolve(tree, map[string]string{"{partition}": "aws", "{account}": "ACCOUNT_ID", "{region}": "REGION"}, func(text string) any { return text })
}

// text is a policy as the string that an API of IAM takes.
func (r role) text(policy object) (string, error) {
	var b bytes.Buffer
	err := writeJSON(&b, r.inJSON(policy), false)
	return string(bytes.TrimSpace(b.Bytes())), err
}

func writeJSON(w io.Writer, document any, indented bool) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if indented {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(document); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// MarshalJSON keeps the order of the members.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(f.name) + ":")
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(f.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// quote writes s as a JSON string, which is one in YAML too.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // strings and a buffer do not fail
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
