package document

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// knownTransforms are the macros of AWS whose effect on roles is known here:
// that of the first two is followed, the others have none (CloudFormation,
// template transforms reference).
var knownTransforms = []string{"AWS::LanguageExtensions", "AWS::Serverless-", "AWS::CodeDeployBlueGreen", "AWS::SecretsManager-", "AWS::ServiceCatalog"}

// macrosOf returns what the other macros of a template make of it, or nil
// without any: they can change everything in it.
func macrosOf(transform node) *trust.Unknown {
	all := transform.items
	if transform.isScalar() {
		all = []node{transform}
	} else if transform.isObject() { // of one with parameters
		all = []node{transform.get("Name")}
	}
	var dependsOn []string
	for _, n := range all {
		if n.isObject() {
			n = n.get("Name")
		}
		name := n.name()
		known := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		if n.isScalar() && !slices.ContainsFunc(knownTransforms, known) {
			dependsOn = append(dependsOn, "macro "+name)
		}
	}
	if len(dependsOn) == 0 {
		return nil
	}
	return trust.NewUnknown("${Transform "+strings.Join(dependsOn, ", ")+"}", dependsOn...)
}

// elsewhere returns what a resource is that has roles which the template does
// not say, or nil: a nested template that only its URL names, a module, what a
// macro makes.
func (r *resolver) elsewhere(m member, kind string, properties node) *trust.Unknown {
	var what string
	var where node
	body := !properties.get("TemplateBody").isNull()
	switch {
	case m.key.name() == "Fn::Transform":
		what, where = "macro", m.value.get("Name")
	case !m.value.get("Fn::Transform").isNull():
		what, where = "macro", m.value.get("Fn::Transform").get("Name")
	case kind == "AWS::IAM::Role" && properties.get("AssumeRolePolicyDocument").isNull() && !properties.get("Fn::Transform").isNull():
		what, where = "macro", properties.get("Fn::Transform").get("Name")
	case strings.HasSuffix(kind, "::MODULE"):
		what, where = "module", m.value.get("Type")
	case kind == "AWS::CloudFormation::Stack", kind == "AWS::CloudFormation::StackSet" && !body:
		what, where = "nested template", properties.get("TemplateURL")
	case kind == "AWS::Serverless::Application":
		what, where = "nested template", properties.get("Location")
	default:
		return nil
	}
	target := r.resolve(where)
	if target.isNull() {
		what += " of " + m.key.name()
	} else {
		what += " " + strings.Trim(target.render(), `"`)
	}
	open := trust.NewUnknown("${"+what+"}", what)
	open.Definition = r.identify(m.value)
	return open
}

// opaque yields a role of which nothing is known but what it depends on.
func (d *document) opaque(id string, at trust.Pos, u *trust.Unknown) error {
	return d.yield(Role{Name: id, LogicalID: id, Pos: at, Policies: trust.Opaque(u, at)})
}
