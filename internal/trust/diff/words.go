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
	if len(a.demands) == 0 {
		return " without any condition"
	}
	var all []string
	for _, d := range a.demands {
		all = append(all, condition(d.Condition))
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

// opposite returns a condition that is shown for one that must not hold.
func opposite(c trust.Condition) trust.Condition {
	switch c.Operator.Set {
	case trust.ForAnyValue:
		c.Operator.Set = trust.ForAllValues
	case trust.ForAllValues:
		c.Operator.Set = trust.ForAnyValue
	}
	c.Operator.IfExists = false
	if o, negated := c.Operator.Opposite(); negated {
		c.Operator.Base = o.Base
		return c
	}
	for _, kind := range []string{"String", "Numeric", "Date", "Arn", ""} {
		if rest, ok := strings.CutPrefix(c.Operator.Base, kind); ok {
			o := trust.Operator{Set: c.Operator.Set, Base: kind + "Not" + rest}
			if back, known := o.Opposite(); known && back.Base == c.Operator.Base {
				c.Operator = o
				return c
			}
		}
	}
	c.Operator.Base = "not " + c.Operator.Base
	return c
}

func texts(values []trust.Value) string {
	var all []string
	for _, v := range values {
		all = append(all, v.Text)
	}
	return strings.Join(all, ", ")
}
