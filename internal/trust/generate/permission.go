package generate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// Permission is one template with the name of the resource that it is about.
type Permission struct {
	template template
	name     string
}

// ParsePermission reads TEMPLATE:NAME, such as s3-deploy:bucket.
func ParsePermission(s string) (Permission, error) {
	kind, name, _ := strings.Cut(s, ":")
	i := slices.IndexFunc(templates, func(t template) bool { return t.name == kind })
	if i < 0 {
		var known []string
		for _, t := range templates {
			known = append(known, t.name)
		}
		return Permission{}, fmt.Errorf("permission %q: there is no template %q: write one of %s", s, kind, strings.Join(known, ", "))
	}
	if !templates[i].form.MatchString(name) {
		return Permission{}, fmt.Errorf("permission %q: %q cannot be the name of %s", s, name, templates[i].what)
	}
	return Permission{templates[i], name}, nil
}

// template makes the statements for one resource.
type template struct {
	name  string
	what  string
	form  form
	rules []rule
}

// rule is a statement of a template. In resources, {name} stands for the
// resource's name.
type rule struct {
	sid       string
	actions   []string
	resources []reference
	tag       string // prefix of the condition key for tags: aws:ResourceTag/ or aws:RequestTag/, if the actions support one
}

const (
	resourceTag = "aws:ResourceTag/"
	requestTag  = "aws:RequestTag/"
)

// The actions, resources and condition keys are those of the service
// authorization reference.
var templates = []template{
	{
		name: "s3-deploy", what: "a bucket", form: pattern(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`),
		rules: []rule{
			{sid: "ListBucket", actions: []string{"s3:ListBucket"}, resources: []reference{"arn:{partition}:s3:::{name}"}},
			{sid: "DeployObjects", actions: []string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"},
				resources: []reference{"arn:{partition}:s3:::{name}/*"}},
		},
	},
	{
		name: "ecr-push", what: "a repository of ECR", form: pattern(`^[a-z0-9]+(?:[._/-][a-z0-9]+)*$`),
		rules: []rule{
			{sid: "Login", actions: []string{"ecr:GetAuthorizationToken"}, resources: []reference{"*"}},
			{sid: "PushImage", actions: []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload",
				"ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"},
				resources: []reference{"arn:{partition}:ecr:{region}:{account}:repository/{name}"}, tag: resourceTag},
		},
	},
	{
		name: "lambda-deploy", what: "a function", form: pattern(`^[A-Za-z0-9_-]{1,64}$`),
		rules: []rule{
			{sid: "DeployFunction", actions: []string{"lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:PublishVersion",
				"lambda:UpdateAlias", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"},
				resources: []reference{"arn:{partition}:lambda:{region}:{account}:function:{name}"}, tag: resourceTag},
		},
	},
	{
		name: "cloudformation-stack", what: "a stack", form: pattern(`^[A-Za-z][A-Za-z0-9-]{0,127}$`),
		rules: []rule{
			{sid: "CreateChangeSet", actions: []string{"cloudformation:CreateChangeSet"},
				resources: []reference{"arn:{partition}:cloudformation:{region}:{account}:stack/{name}/*"}, tag: requestTag},
			{sid: "DeployStack", actions: []string{"cloudformation:DeleteChangeSet", "cloudformation:DescribeChangeSet",
				"cloudformation:DescribeStackEvents", "cloudformation:DescribeStacks", "cloudformation:ExecuteChangeSet"},
				resources: []reference{"arn:{partition}:cloudformation:{region}:{account}:stack/{name}/*"}, tag: resourceTag},
		},
	},
}

// permissionsPolicy returns the statements of all permissions; false without any.
func (s Spec) permissionsPolicy() (object, bool) {
	var statements list
	for i, p := range s.Allow {
		for _, r := range p.template.rules {
			sid := r.sid
			if len(s.Allow) > 1 {
				sid += fmt.Sprint(i + 1) // unique, also with one template twice
			}
			statements = append(statements, s.statement(sid, r, p.name))
		}
	}
	return object{{"Version", trust.Version2012}, {"Statement", statements}}, len(statements) > 0
}

func (s Spec) statement(sid string, r rule, name string) object {
	var resources list
	for _, resource := range r.resources {
		resources = append(resources, reference(strings.ReplaceAll(string(resource), "{name}", name)))
	}
	conditions := object{{"aws:RequestedRegion", reference("{region}")}}
	if key, value, ok := strings.Cut(s.ResourceTag, "="); ok && r.tag != "" {
		conditions = append(conditions, field{r.tag + key, literal(value, false)})
	}
	return object{
		{"Sid", sid},
		{"Effect", "Allow"},
		{"Action", oneOrMore(texts(r.actions))},
		{"Resource", oneOrMore(resources)},
		{"Condition", object{{"StringEquals", conditions}}},
	}
}
