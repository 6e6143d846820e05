package diff

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// principal names whom an atom is about.
func (a atom) principal() string {
	var names []string
	for _, e := range a.Principal.Entries {
		names = append(names, e.Type+" "+e.ID)
	}
	list := strings.Join(names, ", ")
	switch {
	case a.Principal.Negated && a.Principal.Any:
		return "nobody"
	case a.Principal.Negated:
		return "everyone but " + list
	case a.Principal.Any:
		return "everyone"
	}
	return list
}

// action names what an atom is about.
func (a atom) action() string {
	list := texts(a.Action.Values)
	if a.Action.Negated {
		return "everything but " + list
	}
	return list
}

// terms renders the conditions: under which an atom applies.
func (a atom) terms() string {
	if len(a.Conditions) == 0 {
		return " without any condition"
	}
	var all []string
	for _, c := range a.Conditions {
		all = append(all, condition(c))
	}
	return " if " + strings.Join(all, " and ")
}

func condition(c trust.Condition) string {
	var values []string
	for _, v := range c.Values {
		values = append(values, fmt.Sprintf("%q", v.Text))
	}
	list := strings.Join(values, ", ")
	if len(values) != 1 {
		list = "[" + list + "]"
	}
	return fmt.Sprintf("%s %s %s", c.Operator, c.Key, list)
}

func texts(values []trust.Value) string {
	var all []string
	for _, v := range values {
		all = append(all, v.Text)
	}
	return strings.Join(all, ", ")
}
