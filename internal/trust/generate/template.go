package generate

import (
	"slices"
	"strings"
)

// template makes the statements for one kind of work on one resource.
type template struct {
	name     string
	does     string // what a workflow does with it
	what     string // what its name is of, for a sentence
	syntax   string // of the name, for usage texts
	form     form   // of the name; its named groups are placeholders of the rules
	fallback string // the name if none is given
	options  []option
	rules    []rule
	lacks    []string // what it does not cover, as clauses
	caution  func(Permission) string
}

// option is what can follow the name of a template, as NAME=VALUE. Its name is
// a placeholder of the rules too.
type option struct {
	name, value, what string
	form              form
	required, many    bool
	of                string // the option that this one is about, and needs
}

// rule is a statement of a template. In resources and values, {name} is
// replaced by the value of the placeholder name, once for each of several.
type rule struct {
	sid        string
	actions    []string
	resources  []reference
	conditions []condition
	tag        string // prefix of the condition key for tags, aws:ResourceTag/ or aws:RequestTag/, if all actions support it
	global     bool   // its requests go to no region, or to one that does not matter: no aws:RequestedRegion

	with, without string // an option or part of the name that has to be there, or must not be there
	ifTagged      bool   // only where a resource tag is demanded
}

// condition is one of a rule, under StringLike or StringEquals.
type condition struct {
	key    string
	values []reference
	like   bool
}

const (
	resourceTag = "aws:ResourceTag/"
	requestTag  = "aws:RequestTag/"
)

// TemplateNames returns the names of the templates in the order of the
// documentation.
func TemplateNames() []string {
	var names []string
	for _, t := range templates {
		names = append(names, t.name)
	}
	return names
}

// usage is how a permission of the template is written.
func (t template) usage() string {
	text := t.name + ":" + t.syntax
	if t.fallback != "" {
		text = t.name + "[:" + t.syntax + "]"
	}
	for _, o := range t.options {
		written := "," + o.name + "=" + o.value
		if o.many {
			written += "…"
		}
		if !o.required {
			written = "[" + written + "]"
		}
		text += written
	}
	return text
}

// restrictedByTag reports whether a resource tag restricts anything that the
// permission grants.
func (p Permission) restrictedByTag() bool {
	return slices.ContainsFunc(p.template.rules, func(r rule) bool { return r.tag != "" && p.applies(r, true) })
}

// notCovered says what the permission does not cover, for a sentence.
func (p Permission) notCovered() string { return strings.Join(p.template.lacks, "; ") }

// The forms of names, as their services allow them.
const (
	bucketName = `[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`
	objectPath = `[A-Za-z0-9!_.()'/=+@:-]{1,900}`
	stackName  = `[A-Za-z][A-Za-z0-9-]{0,127}`
	resourceID = `[A-Za-z0-9_-]{1,255}`
)

var (
	kmsOption = option{name: "kms", value: "KEY-ID", what: "the id of a customer managed key", form: pattern(`^(mrk-)?[0-9a-f-]{32,36}$`)}

	bucketKey = option{name: kmsOption.name, value: kmsOption.value, what: "the id of the customer managed key of the bucket", form: kmsOption.form, of: "bucket"}

	artifactBucket = option{name: "bucket", value: "BUCKET", what: "the bucket that templates and code are uploaded to", form: pattern(`^` + bucketName + `$`)}

	serviceRole = option{name: "service-role", value: "ROLE", what: "the name of the role that CloudFormation works with", form: pattern(`^[A-Za-z0-9_+.@-]{1,64}$`)}

	transformOption = option{name: "transform", value: "NAME", what: "a transform of AWS such as Serverless-2016-10-31",
		form: pattern(`^[A-Za-z0-9-]{1,128}$`), many: true}
)

// keyOf is the statement for a customer managed key that a service uses on the
// role's behalf. The service has another host name in each partition.
func keyOf(service string, actions ...string) rule {
	return rule{
		sid: "UseKey", actions: actions, resources: []reference{"arn:{partition}:kms:{region}:{account}:key/{kms}"}, with: "kms",
		conditions: []condition{{key: "kms:ViaService", values: []reference{reference(service + ".{region}.*")}, like: true}},
	}
}

// passRole is the statement to hand roles to a service.
func passRole(service, with string) rule {
	return rule{
		sid: "PassRole", actions: []string{"iam:PassRole"}, resources: []reference{reference("arn:{partition}:iam::{account}:role/{" + with + "}")},
		conditions: []condition{{key: "iam:PassedToService", values: []reference{reference(service)}}}, global: true, with: with,
	}
}
