package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// value is one node of a scenario file together with its place, so that every
// complaint names file, line and field. Scalars are read as they were written:
// an account id keeps its leading zeros, whatever type YAML sees in it.
type value struct {
	file string
	path string // "accounts.111111111111.roles.hub"; empty for the whole file
	node *yaml.Node
}

// readYAML reads the single YAML document of src.
func readYAML(file string, src []byte) (value, error) {
	var root yaml.Node
	if err := yaml.Load(src, &root); err != nil {
		return value{}, fmt.Errorf("%s: %s", file, oneLine(err.Error()))
	}
	node := &root
	if node.Kind == yaml.DocumentNode && len(node.Content) == 1 {
		node = node.Content[0]
	}
	if node.Kind != yaml.MappingNode {
		return value{}, fmt.Errorf("%s: is not a mapping of workflow, with, accounts and so on", file)
	}
	return value{file: file, node: node}, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// errorf returns the error of this value: "file:line: field: message".
func (v value) errorf(format string, args ...any) error {
	return v.errorAt(v.node.Line, format, args...)
}

func (v value) errorAt(line int, format string, args ...any) error {
	place := fmt.Sprintf("%s:%d: ", v.file, line)
	if v.path != "" {
		place += v.path + ": "
	}
	return errors.New(place + fmt.Sprintf(format, args...))
}

func (v value) child(name string, node *yaml.Node) value {
	path := name
	if v.path != "" {
		path = v.path + "." + name
	}
	return value{file: v.file, path: path, node: node}
}

// kind says in words what stands there.
func (v value) kind() string {
	switch {
	case v.node.Kind == yaml.MappingNode:
		return "a mapping"
	case v.node.Kind == yaml.SequenceNode:
		return "a list"
	case v.node.Kind == yaml.AliasNode:
		return "an alias"
	case v.isNull():
		return "nothing"
	default:
		return strconv.Quote(v.node.Value)
	}
}

func (v value) isNull() bool {
	return v.node.Kind == yaml.ScalarNode && v.node.ShortTag() == "!!null"
}

// each visits the entries of a mapping in the file's order. A key that is not
// a scalar, or that stands there twice, is an error.
func (v value) each(visit func(key string, entry value) error) error {
	if v.node.Kind != yaml.MappingNode {
		return v.errorf("must be a mapping, not %s", v.kind())
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := v.node.Content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			return v.errorAt(key.Line, "a key must be a plain word")
		}
		if first, dup := seen[key.Value]; dup {
			return v.errorAt(key.Line, "%q stands here twice, first in line %d", key.Value, first)
		}
		seen[key.Value] = key.Line
		if err := visit(key.Value, v.child(key.Value, v.node.Content[i+1])); err != nil {
			return err
		}
	}
	return nil
}

// fields visits a mapping with known keys only.
func (v value) fields(known map[string]func(value) error) error {
	return v.each(func(key string, entry value) error {
		read, ok := known[key]
		if !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			return entry.errorf("no such field; known here: %s", strings.Join(names, ", "))
		}
		return read(entry)
	})
}

// list visits the entries of a sequence.
func (v value) list(visit func(i int, entry value) error) error {
	if v.node.Kind != yaml.SequenceNode {
		return v.errorf("must be a list, not %s", v.kind())
	}
	for i, node := range v.node.Content {
		entry := value{file: v.file, path: fmt.Sprintf("%s[%d]", v.path, i), node: node}
		if err := visit(i, entry); err != nil {
			return err
		}
	}
	return nil
}

// text returns a scalar as it is written, quotes resolved.
func (v value) text() (string, error) {
	if v.node.Kind != yaml.ScalarNode || v.isNull() {
		return "", v.errorf("must be text, not %s", v.kind())
	}
	return v.node.Value, nil
}

func (v value) integer(low, high int) (int, error) {
	s, err := v.text()
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return 0, v.errorf("must be a whole number from %d to %d, not %q", low, high, s)
	}
	return n, nil
}

func (v value) boolean() (bool, error) {
	if v.node.Kind == yaml.ScalarNode {
		switch v.node.Value {
		case "true", "True", "TRUE":
			return true, nil
		case "false", "False", "FALSE":
			return false, nil
		}
	}
	return false, v.errorf("must be true or false, not %s", v.kind())
}

// oneOf returns a text that is among the allowed ones.
func (v value) oneOf(allowed ...string) (string, error) {
	s, err := v.text()
	if err != nil {
		return "", err
	}
	if !slices.Contains(allowed, s) {
		return "", v.errorf("must be one of %s, not %q", strings.Join(allowed, ", "), s)
	}
	return s, nil
}

// into returns a reader of a text field.
func into(target *string) func(value) error {
	return func(v value) (err error) {
		*target, err = v.text()
		return err
	}
}

// intoDigits returns a reader of a number that GitHub or AWS treats as text.
func intoDigits(target *string) func(value) error {
	return func(v value) error {
		s, err := v.text()
		if err != nil {
			return err
		}
		if !isDigits(s) || len(s) > 20 || s != "0" && s[0] == '0' {
			return v.errorf("must be a number without leading zeros, not %q", s)
		}
		*target = s
		return nil
	}
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// intoList returns a reader of a list of texts.
func intoList(target *[]string) func(value) error {
	return func(v value) error {
		return v.list(func(_ int, entry value) error {
			s, err := entry.text()
			*target = append(*target, s)
			return err
		})
	}
}

// intoBoolean returns a reader of a boolean field.
func intoBoolean(target *bool) func(value) error {
	return func(v value) (err error) {
		*target, err = v.boolean()
		return err
	}
}
