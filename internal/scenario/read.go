package scenario

import (
	"maps"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/strictyaml"
)

// value is one node of a scenario file with its place.
type value = strictyaml.Value

// fields reads the fields of a mapping, each with its reader, in the file's
// order.
func fields(v value, known map[string]func(value) error) error {
	for field, err := range v.Fields(slices.Collect(maps.Keys(known))...) {
		if err != nil {
			return err
		}
		if err := known[field.Key](field); err != nil {
			return err
		}
	}
	return nil
}

// each visits the entries of a mapping in the file's order.
func each(v value, visit func(key string, entry value) error) error {
	for entry, err := range v.Entries() {
		if err != nil {
			return err
		}
		if err := visit(entry.Key, entry); err != nil {
			return err
		}
	}
	return nil
}

// list visits the values of a list.
func list(v value, visit func(value) error) error {
	for item, err := range v.Items() {
		if err != nil {
			return err
		}
		if err := visit(item); err != nil {
			return err
		}
	}
	return nil
}

// into returns a reader of a text field.
func into(target *string) func(value) error {
	return func(v value) (err error) {
		*target, err = v.Text()
		return err
	}
}

// intoDigits returns a reader of a number that GitHub or AWS treats as text.
func intoDigits(target *string) func(value) error {
	return func(v value) error {
		s, err := v.Text()
		if err != nil {
			return err
		}
		if !isDigits(s) || len(s) > 20 || s != "0" && s[0] == '0' {
			return v.Errorf("is %q; expected a number without leading zeros", s)
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
		return list(v, func(item value) error {
			s, err := item.Text()
			*target = append(*target, s)
			return err
		})
	}
}

// intoBoolean returns a reader of a boolean field.
func intoBoolean(target *bool) func(value) error {
	return func(v value) (err error) {
		*target, err = v.Boolean()
		return err
	}
}
