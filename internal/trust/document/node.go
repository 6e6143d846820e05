package document

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// node is a value of a document, from JSON or YAML. A string that is unknown
// as a whole can be a value of any kind.
type node struct {
	kind  jsonlex.Kind // ObjectStart, ListStart, String, Number, Bool or Null
	text  trust.Text
	pos   trust.Pos
	keys  []node // of an object
	items []node // values of an object, elements of a list

	function string // short form of an intrinsic function in YAML: Sub for !Sub
}

func stringNode(text trust.Text, at trust.Pos) node {
	return node{kind: jsonlex.String, text: text, pos: at}
}

func unknownNode(u *trust.Unknown, at trust.Pos) node { return stringNode(u.Text(), at) }

func nullNode(at trust.Pos) node { return node{kind: jsonlex.Null, pos: at} }

func (n node) isObject() bool { return n.kind == jsonlex.ObjectStart }
func (n node) isList() bool   { return n.kind == jsonlex.ListStart }
func (n node) isNull() bool   { return n.kind == jsonlex.Null }

func (n node) isScalar() bool {
	return n.kind == jsonlex.String || n.kind == jsonlex.Number || n.kind == jsonlex.Bool
}

// unknown returns what n is if it can be a value of any kind, or nil.
func (n node) unknown() *trust.Unknown { return n.text.Wholly() }

// known returns the text of a scalar that is known.
func (n node) known() (string, bool) {
	if !n.isScalar() || n.function != "" {
		return "", false
	}
	return n.text.Known()
}

// name returns the text of a scalar as it is shown, or "".
func (n node) name() string { return n.text.String() }

// get returns the value of the key, or null.
func (n node) get(key string) node {
	for i, k := range n.keys {
		if text, ok := k.text.Known(); ok && text == key {
			return n.items[i]
		}
	}
	return nullNode(n.pos)
}

// at returns an element of a list, or null.
func (n node) at(i int) node {
	if !n.isList() || i >= len(n.items) {
		return nullNode(n.pos)
	}
	return n.items[i]
}

// add appends a member to an object.
func (n *node) add(key, value node) {
	n.keys = append(n.keys, key)
	n.items = append(n.items, value)
}

// stream is JSON, or a node as if it were JSON, token by token. At the end it
// yields tokens of the kind EOF.
type stream interface {
	trust.Tokens
	Skip(first jsonlex.Token) error // reads over the value that begins with first
	Depth() int                     // how many objects and lists are open
	Leave(depth int) error          // reads on until no more than depth are
}

// fromStream reads the value that begins with first.
func fromStream(first trust.Token, rest stream, b *Budget) (node, error) {
	n := node{kind: first.Kind, text: textOf(first), pos: first.Pos}
	if b.nodes--; b.nodes < 0 {
		b.fail(n.pos.Errorf("document has more than %d values", maxNodes))
	}
	if !b.spend(n.pos, len(first.Text)) {
		return node{}, b.err
	}
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
			n.keys = append(n.keys, stringNode(textOf(t), t.Pos))
			if t, err = rest.Next(); err != nil {
				return node{}, err
			}
		}
		item, err := fromStream(t, rest, b)
		if err != nil {
			return node{}, err
		}
		n.items = append(n.items, item)
	}
}

func textOf(t trust.Token) trust.Text {
	if t.Open != nil {
		return *t.Open
	}
	return trust.Known(string(t.Text))
}

// yamlReader makes nodes of YAML. What an anchor names is made once, however
// many aliases it has.
type yamlReader struct {
	budget  *Budget
	anchors map[*yaml.Node]node
	inside  map[*yaml.Node]bool // anchors that are being read
	depth   int
}

// node converts y. Scalars become strings as they are written, whatever type
// YAML sees in them: 2012-10-17 is no date, 012345678901 no number.
func (r *yamlReader) node(y *yaml.Node) (node, error) {
	n := node{kind: jsonlex.String, pos: trust.Pos{Line: max(y.Line, 1), Column: max(y.Column, 1)}}
	if !r.budget.spend(n.pos, 0) {
		return node{}, r.budget.err
	}
	if r.depth++; r.depth > maxDepth {
		return node{}, n.pos.Errorf("document has more than %d nested values", maxDepth)
	}
	defer func() { r.depth-- }()
	if strings.HasPrefix(y.Tag, "!") && !strings.HasPrefix(y.Tag, "!!") {
		n.function = y.Tag[1:]
	}
	switch y.Kind {
	case yaml.AliasNode:
		return r.alias(y.Alias, n.pos)
	case yaml.MappingNode:
		n.kind = jsonlex.ObjectStart
		return n, r.members(&n, y.Content)
	case yaml.SequenceNode:
		n.kind = jsonlex.ListStart
		n.items = make([]node, 0, len(y.Content))
		for _, c := range y.Content {
			item, err := r.node(c)
			if err != nil {
				return node{}, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	}
	n.text = trust.Known(y.Value)
	if y.ShortTag() == "!!null" {
		n.kind = jsonlex.Null
	}
	return n, nil
}

func (r *yamlReader) alias(target *yaml.Node, at trust.Pos) (node, error) {
	if target == nil || r.inside[target] {
		return node{}, at.Errorf("an alias refers to a value that it is itself a part of")
	}
	if n, ok := r.anchors[target]; ok {
		return n, nil
	}
	r.inside[target] = true
	n, err := r.node(target)
	delete(r.inside, target)
	r.anchors[target] = n
	return n, err
}

// members reads keys and values of a mapping. What is merged by << counts
// where the mapping has no such key of its own.
func (r *yamlReader) members(n *node, content []*yaml.Node) error {
	var merged []node
	n.keys, n.items = make([]node, 0, len(content)/2), make([]node, 0, len(content)/2)
	for i := 0; i+1 < len(content); i += 2 {
		key, err := r.node(content[i])
		if err != nil {
			return err
		}
		value, err := r.node(content[i+1])
		if err != nil {
			return err
		}
		switch {
		case content[i].ShortTag() != "!!merge":
			n.add(key, value)
		case value.isList():
			merged = append(merged, value.items...)
		default:
			merged = append(merged, value)
		}
	}
	for _, m := range merged {
		for i, key := range m.keys {
			if !r.budget.spend(key.pos, 0) {
				return r.budget.err
			}
			if !slices.ContainsFunc(n.keys, func(k node) bool { return k.text.Equal(key.text) }) {
				n.add(key, m.items[i])
			}
		}
	}
	return nil
}

// tokens yields a node without intrinsic functions as JSON.
type tokens struct {
	root *node // until it has been yielded
	open []place
}

// place is where in a node the next token is: item counts its items
// that have been yielded, and isKey is set if the key of the next one has.
type place struct {
	node  *node
	item  int
	isKey bool
}

func newTokens(n *node) *tokens { return &tokens{root: n} }

// enter returns the first token of n.
func (t *tokens) enter(n *node) trust.Token {
	if n.isObject() || n.isList() {
		t.open = append(t.open, place{node: n})
	}
	return n.token(n.kind)
}

func (n *node) token(kind jsonlex.Kind) trust.Token {
	token := trust.Token{Token: jsonlex.Token{Kind: kind, Pos: n.pos}}
	if _, known := n.text.Known(); !known {
		token.Open = &n.text
	}
	token.Text = []byte(n.text.String())
	return token
}

func (t *tokens) Next() (trust.Token, error) {
	if root := t.root; root != nil {
		t.root = nil
		return t.enter(root), nil
	}
	if len(t.open) == 0 {
		return trust.Token{}, nil
	}
	at := &t.open[len(t.open)-1]
	n := at.node
	switch {
	case at.item == len(n.items):
		t.open = t.open[:len(t.open)-1]
		return trust.Token{Token: jsonlex.Token{Kind: n.kind + ('}' - '{'), Pos: n.pos}}, nil // as far from [ to ]
	case n.isObject() && !at.isKey:
		at.isKey = true
		return n.keys[at.item].token(jsonlex.Key), nil
	}
	at.isKey = false
	at.item++
	return t.enter(&n.items[at.item-1]), nil
}

func (t *tokens) Skip(first jsonlex.Token) error {
	if first.Kind == jsonlex.ObjectStart || first.Kind == jsonlex.ListStart {
		return t.Leave(len(t.open) - 1)
	}
	return nil
}

func (t *tokens) Depth() int { return len(t.open) }

func (t *tokens) Leave(depth int) error {
	t.open = t.open[:min(depth, len(t.open))]
	return nil
}
