package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/org/aws-oidc-action/internal/strictyaml"
)

// document reads the YAML of one input. Whatever is wrong goes to the report,
// with its line, and so does an entry that is named without a value.
type document struct {
	source
	report *report
	input  string
}

// parse returns the document's root, which has a value, and whether there is
// one.
func (d document) parse() (strictyaml.Value, bool) {
	root, err := strictyaml.Parse([]byte(d.source.text), "the value")
	return root, !d.fails(err) && !d.isEmpty(root, "the value")
}

// fails reports err, if there is one.
func (d document) fails(err error) bool {
	if err == nil {
		return false
	}
	problem, _ := errors.AsType[*strictyaml.Problem](err)
	d.report.add(d.input, problem.Line, "%s", problem)
	return true
}

func (d document) problem(v strictyaml.Value, format string, args ...any) {
	d.report.add(d.input, v.Line(), format, args...)
}

// isEmpty reports an empty value: a variable that is not set leaves it, and it
// would silently drop a hop, a field or a restriction. Readers reach every
// value through parse, entries, fields and items, which ask this, so that a
// value that is read never is empty.
func (d document) isEmpty(v strictyaml.Value, what string) bool {
	if v.IsEmpty() {
		d.report.emptyEntry(d.input, v.Line(), what)
		return true
	}
	return false
}

// fields calls the handler of each field of a mapping.
func (d document) fields(v strictyaml.Value, known map[string]func(strictyaml.Value)) {
	for field, err := range v.Fields(slices.Collect(maps.Keys(known))...) {
		if !d.hasEmptyKey(v, field) && !d.fails(err) && !d.isEmpty(field, field.Path) {
			known[field.Key](field)
		}
	}
}

// entries calls each for every entry of a mapping.
func (d document) entries(v strictyaml.Value, each func(strictyaml.Value)) {
	for entry, err := range v.Entries() {
		if !d.fails(err) && !d.hasEmptyKey(v, entry) && !d.isEmpty(entry, entry.Path) {
			each(entry)
		}
	}
}

func (d document) hasEmptyKey(v, entry strictyaml.Value) bool {
	if entry.HasEmptyKey() {
		d.report.emptyEntry(d.input, entry.KeyLine(), v.Path+": a key")
		return true
	}
	return false
}

// items calls each for every entry of a list, with what the entry is called in
// messages: by its number, counted from first.
func (d document) items(v strictyaml.Value, format string, first int, each func(strictyaml.Value)) {
	next := first
	for item, err := range v.Items() {
		what := fmt.Sprintf(format, next)
		if !d.fails(err) && !d.isEmpty(item, what) {
			each(item.Named(what))
		}
		next++
	}
	if d.endsInGap(v.Node) {
		d.report.emptyEntry(d.input, v.Line(), fmt.Sprintf(format, next))
	}
}

// text returns a scalar as it is written; anything else is reported.
func (d document) text(v strictyaml.Value) (s string, ok bool) {
	s, err := v.Text()
	return s, !d.fails(err)
}

// scalar makes a field's handler of one for its text.
func (d document) scalar(set func(text string, v strictyaml.Value)) func(strictyaml.Value) {
	return func(v strictyaml.Value) {
		if s, ok := d.text(v); ok {
			set(s, v)
		}
	}
}

// texts returns a list of scalars; a single scalar counts as its lines.
func (d document) texts(v strictyaml.Value) []string {
	if v.IsScalar() {
		all := lines(v.Node.Value)
		if len(all) == 0 {
			d.problem(v, "%s lists nothing; set a value or remove it", v.Path)
		}
		return all
	}
	var all []string
	d.items(v, v.Path+"[%d]", 1, func(item strictyaml.Value) {
		if s, ok := d.text(item); ok {
			all = append(all, s)
		}
	})
	return all
}

// json returns the value as JSON text: a text is taken for JSON already, a
// mapping is converted with its order kept.
func (d document) json(v strictyaml.Value) string {
	if v.IsScalar() && v.Node.Tag == "!!str" {
		return v.Node.Value
	}
	if !v.IsMapping() {
		d.problem(v, "%s is %s; expected a JSON object", v.Path, v.Kind())
		return ""
	}
	var b strings.Builder
	d.writeJSON(&b, v)
	return b.String()
}

func (d document) writeJSON(b *strings.Builder, v strictyaml.Value) {
	separator := ""
	switch v.Node.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for entry, err := range v.Entries() { // whose values may be empty
			if d.fails(err) {
				continue
			}
			b.WriteString(separator + jsonText(entry.Key) + ":")
			d.writeJSON(b, entry)
			separator = ","
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for item, err := range v.Items() {
			if d.fails(err) {
				continue
			}
			b.WriteString(separator)
			d.writeJSON(b, item)
			separator = ","
		}
		b.WriteByte(']')
	case yaml.ScalarNode:
		plain := slices.Contains([]string{"!!int", "!!float", "!!bool", "!!null"}, v.Node.Tag)
		if plain && json.Valid([]byte(v.Node.Value)) {
			b.WriteString(v.Node.Value)
		} else {
			b.WriteString(jsonText(v.Node.Value))
		}
	default:
		d.problem(v, "%s is %s; expected a JSON value", v.Path, v.Kind())
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
