package diff

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// tree is a document that edits change: JSON, or YAML in which the short forms
// of CloudFormation's functions became long ones.
type tree struct {
	kind  yaml.Kind
	keys  []string // of a mapping
	items []*tree  // of a mapping or list
	text  string   // of a scalar
	plain bool     // a number, true, false or null
	body  *tree    // a document that is the text
}

func readTree(t testing.TB, src string) *tree {
	t.Helper()
	var n yaml.Node
	if err := yaml.Load([]byte(src), &n); err != nil {
		t.Fatal(err)
	}
	return treeOf(t, n.Content[0])
}

func treeOf(t testing.TB, n *yaml.Node) *tree {
	made := &tree{kind: n.Kind, text: n.Value, plain: slices.Contains([]string{"!!int", "!!bool", "!!null"}, n.Tag)}
	for i := 0; i < len(n.Content); i++ {
		if n.Kind == yaml.MappingNode {
			made.keys = append(made.keys, n.Content[i].Value)
			i++
		}
		item := treeOf(t, n.Content[i])
		if n.Kind == yaml.MappingNode && slices.Contains([]string{"TemplateBody", "assume_role_policy"}, n.Content[i-1].Value) {
			item.body = readTree(t, item.text)
		}
		made.items = append(made.items, item)
	}
	name, short := strings.CutPrefix(n.Tag, "!")
	switch {
	case !short || strings.HasPrefix(name, "!"):
		return made
	case name == "GetAtt":
		made = list(textNodes(strings.Split(n.Value, "."))...)
	}
	if name != "Ref" && name != "Condition" {
		name = "Fn::" + name
	}
	return mapping(name, made)
}

func text(s string) *tree       { return &tree{kind: yaml.ScalarNode, text: s} }
func list(items ...*tree) *tree { return &tree{kind: yaml.SequenceNode, items: items} }
func mapping(key string, v *tree) *tree {
	return &tree{kind: yaml.MappingNode, keys: []string{key}, items: []*tree{v}}
}

func textNodes(all []string) []*tree {
	var made []*tree
	for _, s := range all {
		made = append(made, text(s))
	}
	return made
}

// String renders the tree as JSON.
func (n *tree) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *tree) write(b *strings.Builder) {
	quote := func(s string) {
		q, err := json.Marshal(s)
		if err != nil {
			panic(err)
		}
		b.Write(q)
	}
	switch {
	case n.body != nil:
		quote(n.body.String())
	case n.kind == yaml.ScalarNode && n.plain:
		b.WriteString(n.text)
	case n.kind == yaml.ScalarNode:
		quote(n.text)
	case n.kind == yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteString(", ")
			}
			item.write(b)
		}
		b.WriteByte(']')
	default:
		b.WriteByte('{')
		for i, item := range n.items {
			if i > 0 {
				b.WriteString(", ")
			}
			quote(n.keys[i])
			b.WriteString(": ")
			item.write(b)
		}
		b.WriteByte('}')
	}
}

func (n *tree) clone() *tree {
	if n == nil {
		return nil
	}
	c := *n
	c.keys, c.items, c.body = slices.Clone(n.keys), nil, n.body.clone()
	for _, item := range n.items {
		c.items = append(c.items, item.clone())
	}
	return &c
}

func (n *tree) index(key string) int { return slices.Index(n.keys, key) }

// get returns what a mapping has for the key, or nil, also if there is no
// mapping.
func (n *tree) get(key string) *tree {
	if n == nil {
		return nil
	}
	if i := n.index(key); i >= 0 {
		return n.items[i]
	}
	return nil
}

// set adds or replaces what a mapping has for the key.
func (n *tree) set(key string, v *tree) {
	if i := n.index(key); i >= 0 {
		n.items[i] = v
		return
	}
	n.keys, n.items = append(n.keys, key), append(n.items, v)
}

// remove takes an item away.
func (n *tree) remove(i int) {
	if n.kind == yaml.MappingNode {
		n.keys = slices.Delete(n.keys, i, i+1)
	}
	n.items = slices.Delete(n.items, i, i+1)
}

// place is an item of a mapping or a list.
type place struct {
	in *tree
	at int
}

func (p place) item() *tree { return p.in.items[p.at] }
func (p place) put(v *tree) { p.in.items[p.at] = v }
func (p place) key() string {
	if p.in.kind == yaml.MappingNode {
		return p.in.keys[p.at]
	}
	return ""
}

// places returns all places that fit, in the document's order.
func (n *tree) places(fits func(place) bool) []place {
	var all []place
	n.visit(func(p place) {
		if fits(p) {
			all = append(all, p)
		}
	})
	return all
}

func (n *tree) visit(see func(place)) {
	if n.body != nil {
		n.body.visit(see)
	}
	for i, item := range n.items {
		see(place{n, i})
		item.visit(see)
	}
}

// asList makes a list of the item at a place and returns it.
func (p place) asList() *tree {
	if p.item().kind != yaml.SequenceNode {
		p.put(list(p.item()))
	}
	return p.item()
}
