// Package strictyaml reads YAML that people write: known fields only, no
// duplicate keys, no aliases, and scalars as they are written, so that an
// account id keeps its leading zeros. Every error names the line and the value.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/org/aws-oidc-action/internal/spelling"
)

// Problem is what is wrong with a value, as a sentence without its full stop.
type Problem struct {
	Line    int    // counted from 1; 0 if it is not known
	Subject string // the value: "accounts.111111111111.roles", or what its root is called
	Message string // begins with a verb: "is a list; expected text"
}

func (p *Problem) Error() string { return p.Subject + " " + p.Message }

// Value is a node of a document and its place.
//
// An alias is a value that no method reads: each reports it in place of what it
// expects. So a document takes work in proportion to its length.
type Value struct {
	Node *yaml.Node
	Path string // the keys and list positions that lead to it; empty for the root, unless Named
	Key  string // that it has in a mapping

	keyNode *yaml.Node
	root    string // what messages call a value without a path
}

// Parse reads the one document of a text and returns its root, which messages
// call by the name root. A text without a value is a Problem too.
func Parse(text []byte, root string) (Value, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return Value{}, invalid(root, err)
	}
	var first, second yaml.Node // nodes, whose aliases are not resolved
	switch err := loader.Load(&first); {
	case err == io.EOF:
		return Value{}, &Problem{Subject: root, Message: "has no YAML value; add one"}
	case err != nil:
		return Value{}, invalid(root, err)
	}
	switch err := loader.Load(&second); {
	case err == nil:
		return Value{}, &Problem{Line: second.Line, Subject: root, Message: "has a second YAML document; use a single document"}
	case err != io.EOF:
		return Value{}, invalid(root, err)
	}
	v := Value{Node: &first, root: root}
	if first.Kind == yaml.DocumentNode && len(first.Content) == 1 {
		v.Node = first.Content[0]
	}
	return v, nil
}

func invalid(root string, err error) error {
	p := &Problem{Subject: root, Message: "is not valid YAML: " + oneLine(err.Error())}
	if load, ok := errors.AsType[*yaml.LoadError](err); ok {
		p.Line, p.Message = load.Mark.Line, "is not valid YAML: "+oneLine(load.Message)
	}
	return p
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Named returns the value under a path of the caller's choice, which the paths
// of the values below it begin with.
func (v Value) Named(path string) Value {
	v.Path = path
	return v
}

// Errorf returns a Problem of the value. The message follows its path, and so
// begins with a verb.
func (v Value) Errorf(format string, args ...any) error { return v.errorAt(v.Node, format, args...) }

func (v Value) errorAt(n *yaml.Node, format string, args ...any) error {
	p := &Problem{Line: n.Line, Subject: v.Path, Message: fmt.Sprintf(format, args...)}
	if v.Path == "" {
		p.Subject = v.root
	}
	return p
}

// Line returns the line of the value, counted from 1.
func (v Value) Line() int { return v.Node.Line }

// KeyLine returns the line of the key that the value has in a mapping.
func (v Value) KeyLine() int { return v.keyNode.Line }

// IsScalar reports whether the value is a scalar, null included.
func (v Value) IsScalar() bool { return v.Node.Kind == yaml.ScalarNode }

// IsMapping reports whether the value is a mapping.
func (v Value) IsMapping() bool { return v.Node.Kind == yaml.MappingNode }

// IsNull reports whether the value is null, or nothing follows its key.
func (v Value) IsNull() bool { return v.IsScalar() && v.Node.ShortTag() == "!!null" }

// IsEmpty reports whether the value says nothing: null, a blank text, an empty
// list or an empty mapping.
func (v Value) IsEmpty() bool { return isEmpty(v.Node) }

// HasEmptyKey reports whether the value's key is null or blank.
func (v Value) HasEmptyKey() bool { return v.keyNode != nil && isEmpty(v.keyNode) }

func isEmpty(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode {
		return n.ShortTag() == "!!null" || strings.TrimSpace(n.Value) == ""
	}
	return n.Kind != yaml.AliasNode && len(n.Content) == 0
}

// Kind says what the value is: "a list", or a scalar's text in quotes.
func (v Value) Kind() string { return kind(v.Node) }

func kind(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias"
	case n.ShortTag() == "!!null":
		return "empty"
	}
	return quote(n.Value)
}

// Entries yields the values of a mapping in the order of the text, and a Problem
// in place of each whose key is missing or duplicated.
func (v Value) Entries() iter.Seq2[Value, error] {
	return func(yield func(Value, error) bool) {
		if !v.IsMapping() {
			yield(Value{}, v.Errorf("is %s; expected a mapping", v.Kind()))
			return
		}
		first := map[string]int{}
		for i := 0; i+1 < len(v.Node.Content); i += 2 {
			entry, err := v.entry(v.Node.Content[i], v.Node.Content[i+1], first)
			if !yield(entry, err) {
				return
			}
		}
	}
}

func (v Value) entry(key, value *yaml.Node, first map[string]int) (Value, error) {
	switch line, duplicate := first[key.Value]; {
	case key.Kind != yaml.ScalarNode:
		return Value{}, v.errorAt(key, "has %s as a key; expected a name", kind(key))
	case key.ShortTag() == "!!merge":
		return Value{}, v.errorAt(key, "has a merge key (<<); write its entries out")
	case duplicate:
		return Value{}, v.errorAt(key, "has duplicate key %s (first on line %d); keep one", quote(key.Value), line)
	}
	first[key.Value] = key.Line
	return Value{Node: value, Path: v.member(key.Value), Key: key.Value, keyNode: key, root: v.root}, nil
}

// Fields yields the values of a mapping, and beside or in place of those whose
// key is not among the known ones a Problem.
func (v Value) Fields(known ...string) iter.Seq2[Value, error] {
	return func(yield func(Value, error) bool) {
		for entry, err := range v.Entries() {
			if err == nil && !slices.Contains(known, entry.Key) {
				remedy := "expected " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
				if near := spelling.Nearest(entry.Key, known, 1); len(near) == 1 && spelling.Distance(entry.Key, near[0]) <= spelling.Most(entry.Key) {
					remedy = "did you mean " + near[0] + "?"
				}
				err = v.errorAt(entry.keyNode, "has unknown field %s; %s", quote(entry.Key), remedy)
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}

// Items yields the values of a list. The path of each has its number, counted
// from 1.
func (v Value) Items() iter.Seq2[Value, error] {
	return func(yield func(Value, error) bool) {
		if v.Node.Kind != yaml.SequenceNode {
			yield(Value{}, v.Errorf("is %s; expected a list", v.Kind()))
			return
		}
		for i, node := range v.Node.Content {
			if !yield(Value{Node: node, Path: fmt.Sprintf("%s[%d]", v.Path, i+1), root: v.root}, nil) {
				return
			}
		}
	}
}

// Text returns a scalar as it is written, quotes resolved.
func (v Value) Text() (string, error) {
	if !v.IsScalar() || v.IsNull() {
		return "", v.Errorf("is %s; expected text", v.Kind())
	}
	return v.Node.Value, nil
}

// Integer returns a whole number between two bounds.
func (v Value) Integer(low, high int) (int, error) {
	n, err := strconv.Atoi(v.Node.Value)
	if !v.IsScalar() || err != nil || n < low || n > high {
		return 0, v.Errorf("is %s; expected a whole number from %d to %d", v.Kind(), low, high)
	}
	return n, nil
}

// Boolean returns true or false, as YAML's core schema writes them.
func (v Value) Boolean() (bool, error) {
	if v.IsScalar() {
		switch v.Node.Value {
		case "true", "True", "TRUE":
			return true, nil
		case "false", "False", "FALSE":
			return false, nil
		}
	}
	return false, v.Errorf("is %s; expected true or false", v.Kind())
}

// OneOf returns a text that is among the allowed ones.
func (v Value) OneOf(allowed ...string) (string, error) {
	if !v.IsScalar() || !slices.Contains(allowed, v.Node.Value) {
		return "", v.Errorf("is %s; expected one of %s", v.Kind(), strings.Join(allowed, ", "))
	}
	return v.Node.Value, nil
}

// member returns the path of a key below v: the key as it is, or quoted and cut
// if it would not read as a name.
func (v Value) member(key string) string {
	if key == "" || strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }) || quote(key) != strconv.Quote(key) {
		key = quote(key)
	}
	if v.Path == "" {
		return key
	}
	return v.Path + "." + key
}

// quote shows a text in a message: escaped, and cut where it is long.
func quote(s string) string {
	const longest = 80
	if utf8.RuneCountInString(s) > longest {
		return strconv.Quote(string([]rune(s)[:longest])) + "…"
	}
	return strconv.Quote(s)
}
