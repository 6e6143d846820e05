package generate

import (
	"io"
	"strings"
)

// CloudFormation writes a template in YAML with the provider, unless the
// account has it already, and the role. The error lists all problems of the
// Spec.
func CloudFormation(w io.Writer, s Spec) error {
	s = s.complete()
	if err := s.check(); err != nil {
		return err
	}
	document := s.resolve(s.template(), map[string]string{
		"{partition}": "${AWS::Partition}", "{account}": "${AWS::AccountId}", "{region}": "${AWS::Region}"},
		func(text string) any { return tagged{"Sub", text} })
	var b strings.Builder
	writeYAML(&b, document, 0)
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n")+"\n")
	return err
}

func (s Spec) template() object {
	role := object{{"RoleName", s.RoleName}}
	if s.Boundary != "" {
		role = append(role, field{"PermissionsBoundary", s.Boundary})
	}
	role = append(role, field{"AssumeRolePolicyDocument", s.trustPolicy()})
	if permissions, some := s.permissionsPolicy(); some {
		role = append(role, field{"Policies", list{object{{"PolicyName", policyName}, {"PolicyDocument", permissions}}}})
	}
	return object{
		{"AWSTemplateFormatVersion", "2010-09-09"},
		{"Description", "A role for GitHub Actions"},
		{"Parameters", object{{"CreateProvider", object{
			{"Type", "String"},
			{"AllowedValues", list{"true", "false"}},
			{"Default", "true"},
			{"Description", "false where the account has GitHub's OIDC provider already"},
		}}}},
		{"Conditions", object{{"CreateProvider", tagged{"Equals", list{tagged{"Ref", "CreateProvider"}, "true"}}}}},
		{"Resources", object{
			{"Provider", object{
				{"Type", "AWS::IAM::OIDCProvider"},
				{"Condition", "CreateProvider"},
				{"Properties", object{{"Url", "https://" + s.Provider}, {"ClientIdList", list{s.Audience}}}},
			}},
			{"Role", object{{"Type", "AWS::IAM::Role"}, {"Properties", role}}},
		}},
		{"Outputs", object{{"RoleArn", object{{"Value", tagged{"GetAtt", "Role.Arn"}}}}}},
	}
}

// writeYAML writes a value behind its key or dash.
func writeYAML(b *strings.Builder, value any, indent int) {
	switch v := value.(type) {
	case object:
		for _, f := range v {
			b.WriteString("\n" + strings.Repeat("  ", indent) + scalar(f.name) + ":")
			writeYAML(b, f.value, indent+1)
		}
	case list:
		for _, item := range v {
			b.WriteString("\n" + strings.Repeat("  ", indent) + "-")
			writeItem(b, item, indent+1)
		}
	case tagged:
		b.WriteString(" " + flow(v))
	case string:
		b.WriteString(" " + scalar(v))
	}
}

// writeItem puts the first member of an object beside the dash of its item.
func writeItem(b *strings.Builder, item any, indent int) {
	if o, ok := item.(object); ok {
		var inner strings.Builder
		writeYAML(&inner, o, indent)
		b.WriteString(" " + strings.TrimLeft(inner.String(), "\n "))
		return
	}
	writeYAML(b, item, indent)
}

// flow writes a value in one line.
func flow(value any) string {
	switch v := value.(type) {
	case tagged:
		return "!" + v.function + " " + flow(v.argument)
	case list:
		var items []string
		for _, item := range v {
			items = append(items, flow(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case string:
		return scalar(v)
	}
	return ""
}

// plainScalar are texts that YAML reads as a string without quotes.
var plainScalar = pattern(`^[A-Z][A-Za-z]*(::?[A-Z][A-Za-z]*)*$|^sts:[A-Za-z]+$|^Role\.Arn$`)

func scalar(s string) string {
	switch strings.ToLower(s) {
	case "yes", "no", "on", "off", "true", "false", "null", "y", "n":
		return quote(s)
	}
	if plainScalar.MatchString(s) {
		return s
	}
	return quote(s)
}
