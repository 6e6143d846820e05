package generate

import "strings"

// A document is a tree of object, list, string, reference and tagged, which
// each format writes in its own way.
type (
	object []field
	list   []any
	field  struct {
		name  string
		value any
	}
	// reference is a string with {partition}, {account} and {region} in it,
	// which a template leaves to the deployment where the Spec is silent.
	reference string
	// tagged is a call of one of CloudFormation's functions.
	tagged struct {
		function string
		argument any
	}
	// expression is text with Terraform's interpolations in it.
	expression string
)

// resolve returns tree with its references made strings, or, where a part is
// unknown, what leave makes of the text that unknown names complete.
func (s Spec) resolve(tree any, unknown map[string]string, leave func(text string) any) any {
	switch v := tree.(type) {
	case object:
		resolved := make(object, len(v))
		for i, f := range v {
			resolved[i] = field{f.name, s.resolve(f.value, unknown, leave)}
		}
		return resolved
	case list:
		resolved := make(list, len(v))
		for i, item := range v {
			resolved[i] = s.resolve(item, unknown, leave)
		}
		return resolved
	case reference:
		text, complete := s.fill(string(v), unknown)
		if !complete {
			return leave(text)
		}
		return text
	}
	return tree
}

// fill puts the Spec's values into text and names where it has none, and
// reports whether it had all.
func (s Spec) fill(text string, unknown map[string]string) (filled string, complete bool) {
	complete = true
	for mark, value := range map[string]string{"{partition}": s.Partition, "{account}": s.Account, "{region}": s.Region} {
		if value == "" && strings.Contains(text, mark) {
			value, complete = unknown[mark], false
		}
		text = strings.ReplaceAll(text, mark, value)
	}
	return text, complete
}

func texts[T ~string](values []T) list {
	var l list
	for _, v := range values {
		l = append(l, string(v))
	}
	return l
}

// oneOrMore is how policies write a list of one.
func oneOrMore(values list) any {
	if len(values) == 1 {
		return values[0]
	}
	return values
}
