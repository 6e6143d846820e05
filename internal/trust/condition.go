package trust

import "strings"

func (c Condition) evaluate(ctx lookup) ConditionResult {
	result := ConditionResult{Pos: c.Pos, Operator: c.Operator.String(), Key: c.Key}
	wants, shown := c.wanted(ctx)
	result.Expected = shown
	if open := c.openKeys(ctx); c.Unknown != nil || len(open) > 0 {
		result.DependsOn = union(c.dependsOn(), open)
		return result
	}
	result.Actual = ctx.values(c.Key)
	result.Present = len(result.Actual) > 0
	switch c.holds(wants, result.Actual) {
	case yes:
		result.Matched = true
	case maybe:
		result.DependsOn = c.dependsOn()
	}
	return result
}

// openKeys names the keys that c tests, itself or by a policy variable, of
// which it is not known what the request has.
func (c Condition) openKeys(ctx lookup) []string {
	var open []string
	add := func(key string) {
		if ctx.isUnknown(key) {
			_, claim := SplitKey(strings.ToLower(key))
			open = append(open, "claim "+claim)
		}
	}
	add(c.Key)
	for _, v := range c.Values {
		for _, p := range v.parts {
			add(p.variable)
		}
	}
	return open
}

// dependsOn names what the unknown parts of c depend on.
func (c Condition) dependsOn() []string {
	var all [][]string
	if c.Unknown != nil {
		all = append(all, c.Unknown.DependsOn)
	}
	for _, v := range c.Values {
		if u := v.Unknown(); u != nil {
			all = append(all, u.DependsOn)
		}
	}
	return union(all...)
}

// wanted returns the values with their policy variables replaced, and all of
// them as text. A value with an unresolved variable matches nothing, so it
// is in the second list only.
func (c Condition) wanted(ctx lookup) (wants []Pattern, shown []string) {
	for _, v := range c.Values {
		want, ok := v.expand(ctx, c.Operator.Wildcards())
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
func (c Condition) holds(wants []Pattern, actual []string) answer {
	o := c.Operator
	if o.Base == "Null" {
		return some(wants, func(want Pattern) answer {
			if want.HasUnknown() {
				return maybe
			}
			return certain(strings.EqualFold(want.String(), "true") && len(actual) == 0 ||
				strings.EqualFold(want.String(), "false") && len(actual) > 0)
		})
	}
	fits := o.fits(wants)
	switch o.Set {
	case ForAnyValue:
		return some(actual, fits)
	case ForAllValues:
		return every(actual, fits)
	}
	if len(actual) == 0 {
		return certain(o.IfExists || o.Negated())
	}
	if o.Negated() { // with several values in the request, none may match
		return every(actual, fits)
	}
	return some(actual, fits)
}

// fits returns the test of a single value of the request: whether it matches
// one of wants, or, if the operator is negated, none of them.
func (o Operator) fits(wants []Pattern) func(got string) answer {
	base, negated := negations[o.Base]
	if !negated {
		base = o.Base
	}
	matches := comparisons[base]
	return func(got string) answer {
		matched := some(wants, func(want Pattern) answer {
			if want.HasUnknown() {
				return possible(base, want, got)
			}
			return certain(matches(want, got))
		})
		if negated {
			return matched.not()
		}
		return matched
	}
}

// possible says of a value with unknown parts whether it can match at all.
// Whatever they are, they can be something that does not.
func possible(base string, want Pattern, got string) answer {
	loose := want.Loosen()
	switch {
	case base == "StringEqualsIgnoreCase" && !NewPattern(strings.ToLower(loose.String())).Match(strings.ToLower(got)),
		(base == "StringEquals" || base == "StringLike" || strings.HasPrefix(base, "Arn")) && !loose.Match(got):
		return no
	}
	return maybe
}
