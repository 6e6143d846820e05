package document

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// maxTemplate is generous: CloudFormation takes 1 MB.
const maxTemplate = 4 << 20

// defaultSession is the MaxSessionDuration of a role that has none, in seconds.
const defaultSession = 3600

// template is what a CloudFormation template tells about its references.
type template struct {
	parameters map[string]string // defaults
	providers  map[string]string // ARNs of the template's own OIDC providers
}

func newTemplate(root node) template {
	t := template{parameters: map[string]string{}}
	root.get("Parameters").each(func(name, parameter node) {
		if value := parameter.get("Default"); value.isScalar() && value.text != "" {
			t.parameters[name.text] = value.text
		}
	})
	providers := map[string]string{}
	root.get("Resources").each(func(name, resource node) {
		if resource.get("Type").text == "AWS::IAM::OIDCProvider" {
			issuer := t.resolve(resource.get("Properties").get("Url")).text
			providers[name.text] = "arn:aws:iam::<AccountId>:oidc-provider/" + trust.ProviderOfIssuer(issuer)
		}
	})
	t.providers = providers
	return t
}

func readYAMLTemplate(r io.Reader, yield func(Role) error) error {
	src, err := io.ReadAll(io.LimitReader(r, maxTemplate+1))
	if err != nil {
		return err
	}
	if len(src) > maxTemplate {
		return fmt.Errorf("template is larger than %d bytes", maxTemplate)
	}
	var y yaml.Node
	if err := yaml.Load(src, &y); err != nil {
		return fmt.Errorf("document is neither JSON nor YAML: %w", err)
	}
	if y.Kind == yaml.DocumentNode && len(y.Content) == 1 {
		y = *y.Content[0]
	}
	budget := maxNodes
	root, err := fromYAML(&y, &budget)
	if err != nil {
		return err
	}
	return roles(root, yield)
}

func readJSONTemplate(first jsonlex.Token, rest trust.Tokens, yield func(Role) error) error {
	root, err := fromJSON(first, rest)
	if err != nil {
		return err
	}
	if _, err := rest.Next(); err != nil { // nothing may follow
		return err
	}
	return roles(root, yield)
}

// roles yields the resources of type AWS::IAM::Role.
func roles(root node, yield func(Role) error) error {
	resources := root.get("Resources")
	if !resources.isObject() {
		return root.pos.Errorf("document is neither a trust policy, nor an answer of aws iam, nor a template with Resources")
	}
	t := newTemplate(root)
	for i, resource := range resources.items {
		if resource.get("Type").text != "AWS::IAM::Role" {
			continue
		}
		properties := resource.get("Properties")
		role := Role{Name: resources.keys[i].text, MaxSessionDuration: defaultSession, Pos: resource.pos}
		if name := t.resolve(properties.get("RoleName")); name.isScalar() {
			role.Name = name.text
		}
		if seconds, err := strconv.Atoi(t.resolve(properties.get("MaxSessionDuration")).text); err == nil {
			role.MaxSessionDuration = seconds
		}
		role.read(t.resolve(properties.get("AssumeRolePolicyDocument")).choose(""))
		if err := yield(role); err != nil {
			return err
		}
	}
	return nil
}

func (r *Role) read(document node) {
	r.Pos = document.pos
	switch {
	case document.kind == jsonlex.String && strings.HasPrefix(document.text, "<"):
		r.Err = document.pos.Errorf("trust policy is %s, which the template does not tell", document.text)
		return
	case document.kind == jsonlex.String:
		r.Policy, r.Err = embedded(document.text, document.pos)
		return
	}
	t := &tokens{}
	t.add(document)
	first, _ := t.Next()
	r.Policy, r.Err = trust.Read(first, t)
}
