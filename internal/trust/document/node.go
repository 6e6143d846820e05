package document

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// node is a value of a template, from JSON or YAML.
type node struct {
	kind  jsonlex.Kind // ObjectStart, ListStart, String, Number, Bool or Null
	text  string
	pos   trust.Pos
	keys  []node // of an object
	items []node // values of an object, elements of a list

	function string // short form of an intrinsic function in YAML: Sub for !Sub
	choices  bool   // a list of alternatives that Fn::If left
}

// maxNodes bounds what aliases in YAML can make of a small file.
const maxNodes = 500_000

func (n node) isObject() bool { return n.kind == jsonlex.ObjectStart }
func (n node) isList() bool   { return n.kind == jsonlex.ListStart }
func (n node) isNull() bool   { return n.kind == jsonlex.Null }

func (n node) isScalar() bool {
	return n.kind == jsonlex.String || n.kind == jsonlex.Number || n.kind == jsonlex.Bool
}

// get returns the value of the key, or null.
func (n node) get(key string) node {
	for i, k := range n.keys {
		if k.text == key {
			return n.items[i]
		}
	}
	return node{kind: jsonlex.Null, pos: n.pos}
}

// each calls member for the members of an object.
func (n node) each(member func(key, value node)) {
	for i, key := range n.keys {
		member(key, n.items[i])
	}
}

// fromJSON reads the value that begins with first.
func fromJSON(first jsonlex.Token, rest trust.Tokens) (node, error) {
	n := node{kind: first.Kind, text: string(first.Text), pos: first.Pos}
	if !n.isObject() && !n.isList() {
		return n, nil
	}
	for {
		t, err := rest.Next()
		if err != nil {
			return node{}, err
		}
		if t.Kind == jsonlex.ObjectEnd || t.Kind == jsonlex.ListEnd {
			return n, nil
		}
		if t.Kind == jsonlex.Key {
			n.keys = append(n.keys, node{kind: jsonlex.String, text: string(t.Text), pos: t.Pos})
			if t, err = rest.Next(); err != nil {
				return node{}, err
			}
		}
		item, err := fromJSON(t, rest)
		if err != nil {
			return node{}, err
		}
		n.items = append(n.items, item)
	}
}

// fromYAML converts y. Scalars become strings as they are written, whatever
// type YAML sees in them: 2012-10-17 is no date, 012345678901 no number.
func fromYAML(y *yaml.Node, budget *int) (node, error) {
	n := node{kind: jsonlex.String, pos: trust.Pos{Line: max(y.Line, 1), Column: max(y.Column, 1)}}
	if *budget--; *budget < 0 {
		return node{}, n.pos.Errorf("template has more than %d values", maxNodes)
	}
	if strings.HasPrefix(y.Tag, "!") && !strings.HasPrefix(y.Tag, "!!") {
		n.function = y.Tag[1:]
	}
	switch y.Kind {
	case yaml.AliasNode:
		return fromYAML(y.Alias, budget)
	case yaml.MappingNode:
		n.kind = jsonlex.ObjectStart
	case yaml.SequenceNode:
		n.kind = jsonlex.ListStart
	default:
		n.text = y.Value
		if y.ShortTag() == "!!null" {
			n.kind = jsonlex.Null
		}
		return n, nil
	}
	for i, c := range y.Content {
		item, err := fromYAML(c, budget)
		if err != nil {
			return node{}, err
		}
		if n.isObject() && i%2 == 0 {
			n.keys = append(n.keys, item)
		} else {
			n.items = append(n.items, item)
		}
	}
	return n, nil
}

// tokens gives a node, freed of intrinsic functions, as JSON.
type tokens struct{ list []jsonlex.Token }

func (t *tokens) Next() (jsonlex.Token, error) {
	if len(t.list) == 0 {
		return jsonlex.Token{}, nil
	}
	next := t.list[0]
	t.list = t.list[1:]
	return next, nil
}

func (t *tokens) add(n node) {
	put := func(kind jsonlex.Kind, text string, pos trust.Pos) {
		t.list = append(t.list, jsonlex.Token{Kind: kind, Text: []byte(text), Pos: pos})
	}
	put(n.kind, n.text, n.pos)
	for i, item := range n.items {
		if n.isObject() {
			put(jsonlex.Key, n.keys[i].text, n.keys[i].pos)
		}
		t.add(item)
	}
	switch {
	case n.isObject():
		put(jsonlex.ObjectEnd, "", n.pos)
	case n.isList():
		put(jsonlex.ListEnd, "", n.pos)
	}
}
