package trust

import (
	"slices"
	"strings"
)

func (c Condition) evaluate(ctx lookup) ConditionResult {
	actual := ctx.values(c.Key)
	wants, shown := c.wanted(ctx)
	return ConditionResult{
		Pos:      c.Pos,
		Operator: c.Operator.String(),
		Key:      c.Key,
		Expected: shown,
		Actual:   actual,
		Present:  len(actual) > 0,
		Matched:  c.holds(wants, actual),
	}
}

// wanted returns the values with their policy variables replaced, and all of
// them as text. A value with an unresolved variable matches nothing, so it
// is in the second list only.
func (c Condition) wanted(ctx lookup) (wants []Pattern, shown []string) {
	for _, v := range c.Values {
		want, ok := v.expand(ctx)
		if !ok {
			shown = append(shown, v.Text)
			continue
		}
		wants = append(wants, want)
		shown = append(shown, want.String())
	}
	return wants, shown
}

// holds decides the condition. The rules for absent keys: a positive
// operator is false, a negated one true, with IfExists it is true;
// ForAllValues is true and ForAnyValue false whatever else the operator says.
func (c Condition) holds(wants []Pattern, actual []string) bool {
	o := c.Operator
	if o.Base == "Null" {
		return slices.ContainsFunc(wants, func(want Pattern) bool {
			return strings.EqualFold(want.String(), "true") && len(actual) == 0 ||
				strings.EqualFold(want.String(), "false") && len(actual) > 0
		})
	}
	fits := o.fits(wants)
	unfit := func(got string) bool { return !fits(got) }
	switch o.Set {
	case ForAnyValue:
		return slices.ContainsFunc(actual, fits)
	case ForAllValues:
		return !slices.ContainsFunc(actual, unfit)
	}
	if len(actual) == 0 {
		return o.IfExists || o.Negated()
	}
	if o.Negated() { // with several values in the request, none may match
		return !slices.ContainsFunc(actual, unfit)
	}
	return slices.ContainsFunc(actual, fits)
}

// fits returns the test of a single value of the request: whether it matches
// one of wants, or, if the operator is negated, none of them.
func (o Operator) fits(wants []Pattern) func(got string) bool {
	base, negated := negations[o.Base]
	if !negated {
		base = o.Base
	}
	matches := comparisons[base]
	return func(got string) bool {
		matched := slices.ContainsFunc(wants, func(want Pattern) bool { return matches(want, got) })
		return matched != negated
	}
}
