package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/spelling"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// maxParameters bounds a file of parameters, in bytes. CloudFormation takes
// 200 values of 4,096 bytes.
const maxParameters = 1 << 20

// parameter reads NAME=VALUE, or STACK:NAME=VALUE as the CDK writes it; the
// name of a pseudo parameter has colons of its own.
func parameter(s string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(s, "=")
	if _, rest, qualified := strings.Cut(name, ":"); qualified && !strings.HasPrefix(name, "AWS::") {
		name = rest
	}
	return name, value, ok && name != ""
}

// readParameters reads a file of parameters.
func (d *documents) readParameters(file string) error {
	in, err := d.env.open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	src, err := io.ReadAll(document.UTF8(safefile.Limit(in, maxParameters)))
	if err != nil {
		return err
	}
	values, err := parseParameters(src)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for name, value := range values {
		d.options.Parameters[name], d.given[name] = value, file
	}
	return nil
}

// unknownParameter returns an error about a name that has been given a value
// but that no document has: it may be misspelled, and the parameter that is
// meant be left to its default. A file of parameters can have more names than
// the documents if it sets all of their parameters, since then none
// can be meant: such files are shared (aws cloudformation deploy takes them,
// create-stack does not).
func (d *documents) unknownParameter() error {
	var left []string
	for name := range d.options.Names {
		if _, given := d.options.Parameters[name]; !given && !strings.HasPrefix(name, "AWS::") {
			left = append(left, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.given)) {
		switch file := d.given[name]; {
		case d.options.Names[name]:
		case file == "":
			return fmt.Errorf("--parameter: %q is not a parameter of the files; %s", name, d.nearestNames(name))
		case len(left) > 0:
			return fmt.Errorf("%s: %q is not a parameter of the files; %s", file, name, d.nearestNames(name))
		default:
			d.env.errorf("%s: %q is not a parameter of the files; ignored", file, name)
		}
	}
	return nil
}

// nearestNames says which names can have been meant.
func (d *documents) nearestNames(name string) string {
	if len(d.options.Names) == 0 {
		return "they have no parameters"
	}
	return "use " + strings.Join(spelling.Nearest(name, slices.Collect(maps.Keys(d.options.Names)), 3), ", ")
}

var errParameters = errors.New("expected a list of ParameterKey and ParameterValue, an object of names and values, or NAME=VALUE lines")

// parseParameters knows the forms of CloudFormation (create-stack, deploy,
// CodePipeline) and of the CDK, as JSON or YAML, and lines of NAME=VALUE.
func parseParameters(src []byte) (map[string]string, error) {
	src = bytes.TrimSpace(bytes.TrimPrefix(src, []byte("\ufeff")))
	var root yaml.Node
	if err := yaml.Load(src, &root); err != nil || len(root.Content) != 1 {
		return nil, errParameters
	}
	values := map[string]string{}
	n := root.Content[0]
	if n.Kind == yaml.ScalarNode {
		for line := range strings.Lines(string(src)) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			if err := addParameter(values, line); err != nil {
				return nil, err
			}
		}
		return values, nil
	}
	if inner, ok := members(n)["Parameters"]; ok {
		n = inner
	}
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			m := members(item)
			name, value := m["ParameterKey"], m["ParameterValue"]
			var err error
			switch {
			case item.Kind == yaml.ScalarNode:
				err = addParameter(values, item.Value)
			case name == nil || value == nil || value.Kind != yaml.ScalarNode:
				err = errParameters
			default:
				values[name.Value] = value.Value
			}
			if err != nil {
				return nil, err
			}
		}
		return values, nil
	}
	for name, value := range members(n) {
		if value.Kind != yaml.ScalarNode {
			return nil, errParameters
		}
		values[name] = value.Value
	}
	return values, nil
}

func addParameter(values map[string]string, text string) error {
	name, value, ok := parameter(text)
	if !ok {
		return errParameters
	}
	values[name] = value
	return nil
}

// members returns the values of a mapping by key.
func members(n *yaml.Node) map[string]*yaml.Node {
	m := map[string]*yaml.Node{}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = n.Content[i+1]
		}
	}
	return m
}
