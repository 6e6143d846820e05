package generate

import (
	"bytes"
	"encoding/json"
	"io"
)

// JSON writes the trust policy or, if the role has permissions or a boundary,
// the role with both in the shape of aws iam get-role. Where the account or
// region is not known stands ACCOUNT_ID or REGION; the partition is aws then. The error lists all
// problems of the Spec.
func JSON(w io.Writer, s Spec) error {
	s = s.complete()
	if err := s.check(); err != nil {
		return err
	}
	var document any = s.trustPolicy()
	permissions, some := s.permissionsPolicy()
	if some || s.Boundary != "" {
		role := object{{"RoleName", s.RoleName}, {"AssumeRolePolicyDocument", document}}
		if s.Boundary != "" {
			role = append(role, field{"PermissionsBoundary", object{
				{"PermissionsBoundaryType", "Policy"}, {"PermissionsBoundaryArn", s.Boundary}}})
		}
		if some {
			role = append(role, field{"RolePolicyList", list{object{
				{"PolicyName", policyName}, {"PolicyDocument", permissions}}}})
		}
		document = object{{"Role", role}}
	}
	document = s.resolve(document, map[string]string{"{partition}": "aws", "{account}": "ACCOUNT_ID", "{region}": "REGION"},
		func(text string) any { return text })
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(document); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// policyName is the name of the role's inline policy.
const policyName = "deploy"

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
