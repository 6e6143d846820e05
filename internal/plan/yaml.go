package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// document reads the YAML of one input strictly: known fields only, no
// duplicates, no anchors, and nothing that is named without being said.
// Whatever is wrong goes to the report, with its line.
type document struct {
	source
	report *report
	input  string
}

// parse returns the document's root, or nil after reporting why there is none.
func (d document) parse() *yaml.Node {
	var root yaml.Node
	if err := yaml.Load([]byte(d.source.text), &root); err != nil {
		line, why := 0, err.Error()
		var load *yaml.LoadError
		if errors.As(err, &load) {
			line, why = load.Mark.Line, load.Message
		}
		d.report.add(d.input, line, "not valid YAML: %s", why)
		return nil
	}
	if len(root.Content) == 0 {
		d.report.add(d.input, 0, "has no YAML value; give it a value or remove it")
		return nil
	}
	if !d.says(root.Content[0], "the value") {
		return nil
	}
	return root.Content[0]
}

func (d document) problem(n *yaml.Node, format string, args ...any) {
	d.report.add(d.input, n.Line, format, args...)
}

// says reports whether a node says something. An empty text, null, an empty
// list and an empty mapping do not: what a variable that is not set leaves
// there would drop a hop, a field or a restriction without a word. Readers
// reach every node through parse, pairs and items, which ask this, so that a
// field that is read never is empty.
func (d document) says(n *yaml.Node, what string) bool {
	empty := len(n.Content) == 0
	if n.Kind == yaml.ScalarNode {
		empty = n.Tag == "!!null" || strings.TrimSpace(n.Value) == ""
	}
	if empty && n.Kind != yaml.AliasNode {
		d.report.saysNothing(d.input, n.Line, what)
		return false
	}
	return true
}

// fields calls the handler of each field of a mapping.
func (d document) fields(n *yaml.Node, what string, known map[string]func(field string, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.problem(n, "%s is %s; expected a mapping with %s", what, kind(n), names(known))
		return
	}
	d.pairs(n, what, func(key, value *yaml.Node) {
		handle, ok := known[key.Value]
		if !ok {
			d.problem(key, "%s has unknown field %s; expected %s", what, quote(key.Value), names(known))
			return
		}
		handle(member(what, key.Value), value)
	})
}

// pairs calls each for every entry of a mapping whose key and value say
// something.
func (d document) pairs(n *yaml.Node, what string, each func(key, value *yaml.Node)) {
	d.rawPairs(n, what, func(key, value *yaml.Node) {
		if d.says(key, what+": a key") && d.says(value, member(what, key.Value)) {
			each(key, value)
		}
	})
}

// rawPairs is pairs for values that may be empty: those of tags and of JSON. It
// calls each for every key once, and reports those that are duplicated or no
// text.
func (d document) rawPairs(n *yaml.Node, what string, each func(key, value *yaml.Node)) {
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch line, duplicate := first[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			d.problem(key, "%s has %s as a key; expected a name", what, kind(key))
		case duplicate:
			d.problem(key, "%s has duplicate key %s (first on line %d); keep one", what, quote(key.Value), line)
		default:
			first[key.Value] = key.Line
			each(key, value)
		}
	}
}

// items calls each for every entry of a list that says something, with what
// the entry is called in messages: by its number, counted from first.
func (d document) items(n *yaml.Node, format string, first int, each func(what string, item *yaml.Node)) {
	for i, item := range n.Content {
		if what := fmt.Sprintf(format, first+i); d.says(item, what) {
			each(what, item)
		}
	}
	if d.endsInGap(n) {
		d.report.saysNothing(d.input, n.Line, fmt.Sprintf(format, first+len(n.Content)))
	}
}

// text returns a scalar as it is written, so that an account id keeps its
// zeros; anything else is reported.
func (d document) text(field string, n *yaml.Node) (s string, ok bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		d.problem(n, "%s is %s; expected text", field, kind(n))
		return "", false
	}
	return n.Value, true
}

// scalar makes a field's handler of one for its text.
func (d document) scalar(set func(field, text string, n *yaml.Node)) func(string, *yaml.Node) {
	return func(field string, n *yaml.Node) {
		if s, ok := d.text(field, n); ok {
			set(field, s, n)
		}
	}
}

// texts returns a list of scalars; a single scalar counts as its lines.
func (d document) texts(field string, n *yaml.Node) []string {
	var all []string
	switch {
	case n.Kind == yaml.ScalarNode:
		if all = lines(n.Value); len(all) == 0 {
			d.problem(n, "%s lists nothing; give it a value or remove it", field)
		}
	case n.Kind == yaml.SequenceNode:
		d.items(n, field+"[%d]", 1, func(what string, item *yaml.Node) {
			if s, ok := d.text(what, item); ok {
				all = append(all, s)
			}
		})
	default:
		d.problem(n, "%s is %s; expected a list of texts", field, kind(n))
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
		d.problem(n, "%s is %s; expected a JSON object", field, kind(n))
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
		d.rawPairs(n, field, func(key, value *yaml.Node) {
			b.WriteString(separator)
			b.WriteString(jsonText(key.Value))
			b.WriteByte(':')
			d.writeJSON(b, member(field, key.Value), value)
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
		d.problem(n, "%s is %s; expected a JSON value", field, kind(n))
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

// member names a key of a mapping in messages: as it is, or quoted and cut if
// it would not read as a name.
func member(what, key string) string {
	if strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }) || quote(key) != strconv.Quote(key) {
		key = quote(key)
	}
	return what + "." + key
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
