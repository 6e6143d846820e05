package strictyaml

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// problems reads a document with fields of every kind, and returns what is wrong.
func problems(v Value) []string {
	var all []string
	add := func(err error) {
		if p, ok := errors.AsType[*Problem](err); ok {
			all = append(all, p.Error())
		}
	}
	for field, err := range v.Fields("any", "text", "list", "integer", "boolean", "choice") {
		if err != nil {
			add(err)
			continue
		}
		switch field.Key {
		case "text":
			_, err = field.Text()
		case "integer":
			_, err = field.Integer(1, 12)
		case "boolean":
			_, err = field.Boolean()
		case "choice":
			_, err = field.OneOf("red", "blue")
		case "list":
			for item, err := range field.Items() {
				if err == nil {
					_, err = item.Text()
				}
				add(err)
			}
		case "any":
			for entry, err := range field.Entries() {
				if err == nil {
					_, err = entry.Text()
				}
				add(err)
			}
		}
		add(err)
	}
	return all
}

func TestProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"nothing wrong":   {"text: x\nlist: [a, 007]\ninteger: 12\nboolean: False\nchoice: red\nany: {a: b}", nil},
		"not a mapping":   {"- a", []string{"the file is a list; expected a mapping"}},
		"text":            {"x", []string{`the file is "x"; expected a mapping`}},
		"unknown":         {"txet: x\nany: {a: b}", []string{`the file has unknown field "txet"; did you mean text?`}},
		"duplicates":      {"text: x\nany: {a: b, a: b}\ntext: y", []string{`any has duplicate key "a" (first on line 2); keep one`, `the file has duplicate key "text" (first on line 1); keep one`}},
		"key of a kind":   {"? [a]\n: b\n? {a: b}\n: c", []string{"the file has a list as a key; expected a name", "the file has a mapping as a key; expected a name"}},
		"merge":           {"any: &a {b: c}\n<<: *a", []string{"the file has a merge key (<<); write its entries out"}},
		"alias":           {"any: &a {b: c}\ntext: *a\nlist: *a\ninteger: *a\nboolean: *a\nchoice: *a", []string{"text is an alias; expected text", "list is an alias; expected a list", "integer is an alias; expected a whole number from 1 to 12", "boolean is an alias; expected true or false", "choice is an alias; expected one of red, blue"}},
		"alias as a key":  {"any: {b: &a c}\n? *a\n: c", []string{"the file has an alias as a key; expected a name"}},
		"kinds":           {"text: [a]\nlist: {a: b}\ninteger: 13\nboolean: yes\nchoice: green\nany: [a]", []string{"text is a list; expected text", "list is a mapping; expected a list", `integer is "13"; expected a whole number from 1 to 12`, `boolean is "yes"; expected true or false`, `choice is "green"; expected one of red, blue`, "any is a list; expected a mapping"}},
		"nothing":         {"text:\nlist: ~\ninteger: null\nboolean: \nchoice: \nany:", []string{"text is empty; expected text", "list is empty; expected a list", "integer is empty; expected a whole number from 1 to 12", "boolean is empty; expected true or false", "choice is empty; expected one of red, blue", "any is empty; expected a mapping"}},
		"items":           {"list: [a, [b], ~, {c: d}]", []string{"list[2] is a list; expected text", "list[3] is empty; expected text", "list[4] is a mapping; expected text"}},
		"keys in a path":  {"any: {a.b: [x], \"a\\nb\": [x], '': [x]}", []string{"any.a.b is a list; expected text", `any."a\nb" is a list; expected text`, `any."" is a list; expected text`}},
		"long value":      {"boolean: " + strings.Repeat("y", 100), []string{`boolean is "` + strings.Repeat("y", 80) + `"…; expected true or false`}},
		"integer as text": {"integer: '7'\nboolean: 'true'", nil},
		"not an integer":  {"integer: 7.0", []string{`integer is "7.0"; expected a whole number from 1 to 12`}},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := Parse([]byte(tt.text), "the file")
			if err != nil {
				t.Fatal(err)
			}
			if got := problems(v); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestParse(t *testing.T) {
	for name, tt := range map[string]struct {
		text, want string
		line       int
	}{
		"empty":         {"", "the file has no YAML value; add one", 0},
		"comment":       {"# a", "the file has no YAML value; add one", 0},
		"two documents": {"a: b\n---\nc: d", "the file has a second YAML document; use a single document", 2},
		"open list":     {"a: [", "the file is not valid YAML: ", 2},
		"tab":           {"a:\n\tb: c", "the file is not valid YAML: ", 2},
		"second broken": {"a: b\n---\nc: [", "the file is not valid YAML: ", 4},
	} {
		_, err := Parse([]byte(tt.text), "the file")
		p, ok := errors.AsType[*Problem](err)
		if !ok || !strings.HasPrefix(p.Error(), tt.want) || p.Line != tt.line || strings.Contains(p.Error(), "\n") {
			t.Errorf("%s: line %d: %v", name, p.Line, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	v, err := Parse([]byte("a:\n  b:\n    - c\n    -\n      d: e\n"), "the file")
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	var walk func(v Value)
	walk = func(v Value) {
		for _, all := range []func(func(Value, error) bool){v.Entries(), v.Items()} {
			for child, err := range all {
				if err == nil {
					p, _ := errors.AsType[*Problem](child.Errorf("x"))
					seen = append(seen, strings.Repeat(" ", p.Line)+p.Subject)
					walk(child)
				}
			}
		}
	}
	walk(v)
	walk(v.Named("top"))
	want := []string{"  a", "   a.b", "   a.b[1]", "     a.b[2]", "     a.b[2].d", "  top.a", "   top.a.b", "   top.a.b[1]", "     top.a.b[2]", "     top.a.b[2].d"}
	if !slices.Equal(seen, want) {
		t.Errorf("got  %q\nwant %q", seen, want)
	}
	for a := range v.Entries() {
		if a.KeyLine() != 1 || a.Line() != 2 {
			t.Errorf("key on line %d, value on line %d", a.KeyLine(), a.Line())
		}
	}
}

// A reader may stop at any value.
func TestIterationStops(t *testing.T) {
	v, err := Parse([]byte("a: x\nb: y\nc: [1, 2]"), "the file")
	if err != nil {
		t.Fatal(err)
	}
	for name, all := range map[string]func(func(Value, error) bool){"entries": v.Entries(), "fields": v.Fields("a", "b", "c")} {
		for entry, err := range all {
			if err != nil || entry.Key == "b" {
				t.Fatalf("%s: at %q, %v", name, entry.Key, err)
			}
			break
		}
	}
	for c := range v.Fields("c") {
		if c.Key != "c" {
			continue
		}
		for item := range c.Items() {
			if text, _ := item.Text(); text != "1" {
				t.Errorf("item %s", text)
			}
			break
		}
	}
}

func TestIsEmpty(t *testing.T) {
	for text, want := range map[string]bool{
		"a:": true, "a: ~": true, "a: ''": true, "a: ' '": true, "a: []": true, "a: {}": true, "a: |\n": true,
		"a: 0": false, "a: false": false, "a: [~]": false, "a: 'null'": false,
	} {
		v, err := Parse([]byte(text), "the file")
		if err != nil {
			t.Fatal(err)
		}
		for a := range v.Entries() {
			if a.IsEmpty() != want || a.HasEmptyKey() {
				t.Errorf("%s: empty %v, key %v", text, a.IsEmpty(), a.HasEmptyKey())
			}
		}
	}
	for _, key := range []string{"~", "''", "' '", "null"} {
		v, _ := Parse([]byte(key+": x"), "the file")
		for a, err := range v.Entries() {
			if err != nil || !a.HasEmptyKey() {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
}

// FuzzParse: a problem is one line that points into the text, and reading
// neither panics nor takes more steps than the text has bytes.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"any: {a: b}\nlist: [a]", "a: &a [*a]", "&a a: {<<: *a}", "? [a]\n: b", "text: |\n  a\n", "\"\\u2028\": x", "- - - a", "%YAML 1.2\n---\na: b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := Parse([]byte(text), "the file")
		if err != nil {
			p, ok := errors.AsType[*Problem](err)
			if !ok || p.Line < 0 || strings.Contains(p.Error(), "\n") {
				t.Errorf("line %d: %q", p.Line, err)
			}
			return
		}
		for _, problem := range problems(v) {
			if strings.Contains(problem, "\n") {
				t.Errorf("%q", problem)
			}
		}
		steps := 0
		var walk func(Value)
		walk = func(v Value) {
			if steps++; steps > len(text)+10 {
				t.Fatalf("more than %d values in %d bytes", steps, len(text))
			}
			for child, err := range v.Entries() {
				if err == nil {
					walk(child)
				}
			}
			for child, err := range v.Items() {
				if err == nil {
					walk(child)
				}
			}
		}
		walk(v)
	})
}
