package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// document reads the YAML of one input strictly: known fields only, no field
// twice, no anchors. Whatever is wrong goes to the report, with its line.
type document struct {
	report *report
	input  string
}

// parse returns the document's root, or nil after reporting why there is none.
func (d document) parse(text string) *yaml.Node {
	var root yaml.Node
	if err := yaml.Load([]byte(text), &root); err != nil {
		line, why := 0, err.Error()
		var load *yaml.LoadError
		if errors.As(err, &load) {
			line, why = load.Mark.Line, load.Message
		}
		d.report.add(d.input, line, "not valid YAML: %s", why)
		return nil
	}
	if len(root.Content) == 0 {
		d.report.add(d.input, 0, "holds no YAML value")
		return nil
	}
	return root.Content[0]
}

func (d document) problem(n *yaml.Node, format string, args ...any) {
	d.report.add(d.input, n.Line, format, args...)
}

// fields calls the handler of each field of a mapping.
func (d document) fields(n *yaml.Node, what string, known map[string]func(field string, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.problem(n, "%s is %s, expected a mapping with %s", what, kind(n), names(known))
		return
	}
	d.pairs(n, what, func(key, value *yaml.Node) {
		handle, ok := known[key.Value]
		if !ok {
			d.problem(key, "%s has an unknown field %s, expected %s", what, quote(key.Value), names(known))
			return
		}
		handle(what+"."+key.Value, value)
	})
}

// pairs calls each for every key of a mapping once, and reports keys that come
// twice or are not plain text.
func (d document) pairs(n *yaml.Node, what string, each func(key, value *yaml.Node)) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.problem(key, "%s has %s as a key, expected a name", what, kind(key))
		case seen[key.Value]:
			d.problem(key, "%s has the field %s twice, keep one", what, quote(key.Value))
		default:
			seen[key.Value] = true
			each(key, value)
		}
	}
}

// text returns a scalar as it is written, so that an account id keeps its
// zeros. Anything else, and empty text, is reported and read as "".
func (d document) text(field string, n *yaml.Node) string {
	switch {
	case n.Kind != yaml.ScalarNode || n.Tag == "!!null":
		d.problem(n, "%s is %s, expected text", field, kind(n))
		return ""
	case n.Value == "":
		d.problem(n, "%s is empty, leave it out or give it a value", field)
	}
	return n.Value
}

// texts returns a list of scalars; a single scalar counts as its lines.
func (d document) texts(field string, n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return lines(n.Value)
	}
	if n.Kind != yaml.SequenceNode {
		d.problem(n, "%s is %s, expected a list of texts", field, kind(n))
		return nil
	}
	all := make([]string, 0, len(n.Content))
	for i, item := range n.Content {
		all = append(all, d.text(fmt.Sprintf("%s[%d]", field, i), item))
	}
	return all
}

// json returns the node as JSON text: a scalar is taken for JSON already, a
// mapping or list is converted with its order kept.
func (d document) json(field string, n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		return n.Value
	}
	if n.Kind != yaml.MappingNode {
		d.problem(n, "%s is %s, expected a JSON object", field, kind(n))
		return ""
	}
	var b strings.Builder
	d.writeJSON(&b, field, n)
	return b.String()
}

func (d document) writeJSON(b *strings.Builder, field string, n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		separator := "{"
		d.pairs(n, field, func(key, value *yaml.Node) {
			b.WriteString(separator)
			b.WriteString(jsonText(key.Value))
			b.WriteByte(':')
			d.writeJSON(b, field+"."+key.Value, value)
			separator = ","
		})
		if separator == "{" {
			b.WriteByte('{')
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			d.writeJSON(b, field, item)
		}
		b.WriteByte(']')
	case yaml.ScalarNode:
		plain := n.Tag == "!!int" || n.Tag == "!!float" || n.Tag == "!!bool" || n.Tag == "!!null"
		if plain && json.Valid([]byte(n.Value)) {
			b.WriteString(n.Value)
		} else {
			b.WriteString(jsonText(n.Value))
		}
	default:
		d.problem(n, "%s is %s, expected a JSON value", field, kind(n))
		b.WriteString("null")
	}
}

// jsonText quotes s without the HTML escapes that would lengthen a policy.
func jsonText(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if n.Tag == "!!null" {
		return "empty"
	}
	return "the text " + quote(n.Value)
}

func names[V any](known map[string]V) string {
	all := make([]string, 0, len(known))
	for name := range known {
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
