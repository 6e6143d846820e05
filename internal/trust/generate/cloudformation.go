package generate

import (
	"io"
	"slices"
	"strings"
)

// CloudFormation writes a template in YAML with the provider, unless the
// account has it already, and the role. Roles of several accounts are in one
// template, to be deployed in each of them, also as a stack set: it creates
// what belongs to the account that it is in. The error lists all problems of
// the Spec.
func CloudFormation(w io.Writer, s Spec) error {
	s = s.complete()
	if err := s.check(); err != nil {
		return err
	}
	var b strings.Builder
	writeYAML(&b, s.template(), 0)
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n")+"\n")
	return err
}

// inTemplate resolves a tree with pseudo parameters in place of what the Spec
// does not say.
func (r role) inTemplate(tree any) any {
	return r.resolve(tree, map[string]string{
		"{partition}": "${AWS::Partition}", "{account}": "${AWS::AccountId}", "{region}": "${AWS::Region}"},
		func(text string) any { return tagged{"Sub", text} })
}

func (s Spec) template() object {
	const createProvider, inAccount = "CreateProvider", "In"
	accounts := s.accounts()
	conditions := object{{createProvider, tagged{"Equals", list{tagged{"Ref", createProvider}, "true"}}}}
	providerCondition := createProvider
	if len(accounts) > 1 {
		var trusting list
		for _, a := range accounts {
			conditions = append(conditions, field{inAccount + a, tagged{"Equals", list{tagged{"Ref", "AWS::AccountId"}, a}}})
			if s.trustsGitHub(a) {
				trusting = append(trusting, object{{"Condition", inAccount + a}})
			}
		}
		var anywhere any = object{{"Fn::Or", trusting}}
		if len(trusting) == 1 {
			anywhere = trusting[0]
		}
		providerCondition = "CreateProviderHere"
		conditions = append(conditions, field{providerCondition, object{{"Fn::And", list{object{{"Condition", createProvider}}, anywhere}}}})
	}
	resources := object{{"Provider", object{
		{"Type", "AWS::IAM::OIDCProvider"},
		{"Condition", providerCondition},
		{"Properties", object{{"Url", "https://" + s.Provider}, {"ClientIdList", list{s.Audience}}}},
	}}}
	var outputs object
	roles := s.roles()
	for _, r := range roles {
		id := r.logicalID()
		resource := object{{"Type", "AWS::IAM::Role"}}
		output := object{{"Value", tagged{"GetAtt", id + ".Arn"}}}
		if len(accounts) > 1 {
			resource = append(resource, field{"Condition", inAccount + r.Account})
			output = append(object{{"Condition", inAccount + r.Account}}, output...)
		}
		if !r.webIdentity && r.Account == roles[0].Account {
			resource = append(resource, field{"DependsOn", roles[0].logicalID()})
		}
		resources = append(resources, field{id, append(resource, field{"Properties", r.properties()})})
		outputs = append(outputs, field{id + "Arn", output})
	}
	return object{
		{"AWSTemplateFormatVersion", "2010-09-09"},
		{"Description", "Roles for GitHub Actions"},
		{"Parameters", object{{createProvider, object{
			{"Type", "String"},
			{"AllowedValues", list{"true", "false"}},
			{"Default", "true"},
			{"Description", "false where the account has GitHub's OIDC provider already"},
		}}}},
		{"Conditions", conditions},
		{"Resources", resources},
		{"Outputs", outputs},
	}
}

// trustsGitHub reports whether a role of the account needs the provider.
func (s Spec) trustsGitHub(account string) bool {
	return slices.ContainsFunc(s.roles(), func(r role) bool { return r.webIdentity && r.Account == account })
}

func (r role) logicalID() string {
	if r.id == "" {
		return "Role"
	}
	return "Role" + strings.ToUpper(r.id[:1]) + r.id[1:]
}

func (r role) properties() object {
	properties := object{{"RoleName", r.RoleName}}
	if r.Boundary != "" {
		properties = append(properties, field{"PermissionsBoundary", r.inTemplate(r.boundary())})
	}
	properties = append(properties, field{"AssumeRolePolicyDocument", r.inTemplate(r.trust)})
	if r.permissions != nil {
		properties = append(properties, field{"Policies", list{object{{"PolicyName", policyName}, {"PolicyDocument", r.inTemplate(r.permissions)}}}})
	}
	return properties
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
var plainScalar = pattern(`^[A-Z][A-Za-z0-9]*(::?[A-Z][A-Za-z]*)*$|^sts:[A-Za-z]+$|^[A-Za-z0-9]+\.Arn$`)

func scalar(s string) string {
	if plainScalar.MatchString(s) && !isYAMLWord(s) {
		return s
	}
	return quote(s)
}

// isYAMLWord reports whether a YAML reader may take s for something else than
// a string.
func isYAMLWord(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "no", "on", "off", "true", "false", "null", "y", "n":
		return true
	}
	return false
}
