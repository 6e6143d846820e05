package trust

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// part is a piece of a condition value: text in which wildcards count, or a
// literal (an escape such as ${*}), or a policy variable, or unknown.
type part struct {
	text     string // of text and literals
	literal  bool
	variable string // name of the condition key
	fallback *string
	unknown  *Unknown
	expanded bool // of unknown text: policy variables in it are replaced
}

// partsOf returns the parts of t with its policy variables, or nil if it is
// plain text.
func partsOf(t Text, variables bool) (parts []part, err error) {
	if t.pieces == nil && (!variables || !strings.Contains(t.known, "${")) {
		return nil, nil
	}
	t.Each(func(known string) {
		more := []part{{text: known}}
		if variables && err == nil {
			more, err = parseParts(known)
		}
		parts = append(parts, more...)
	}, func(u *Unknown) {
		parts = append(parts, part{unknown: u, expanded: variables})
	})
	return parts, err
}

// parseParts finds the policy variables in a condition value: ${key},
// ${key, 'default'} and the escapes ${*}, ${?}, ${$}.
func parseParts(text string) ([]part, error) {
	var parts []part
	for {
		before, rest, found := strings.Cut(text, "${")
		if before != "" {
			parts = append(parts, part{text: before})
		}
		if !found {
			return parts, nil
		}
		p, after, err := parseVariable(rest)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
		text = after
	}
}

// parseVariable reads what follows "${", up to and with the closing brace.
func parseVariable(s string) (p part, rest string, err error) {
	name, after, closed := strings.Cut(s, "}")
	if before, afterComma, ok := strings.Cut(s, ","); ok && (!closed || len(before) < len(name)) {
		quoted, ok := strings.CutPrefix(strings.TrimLeft(afterComma, " "), "'")
		fallback, tail, ended := strings.Cut(quoted, "'")
		tail, braced := strings.CutPrefix(strings.TrimLeft(tail, " "), "}")
		if !ok || !ended || !braced {
			return part{}, "", fmt.Errorf("the default value of policy variable %q is incomplete; put it in single quotes before a closing brace", "${"+before)
		}
		name, after, closed = before, tail, true
		p.fallback = &fallback
	}
	if !closed {
		return part{}, "", errors.New("policy variable has no closing brace; add }")
	}
	name = strings.TrimSpace(name)
	switch {
	case p.fallback == nil && (name == "*" || name == "?" || name == "$"):
		return part{text: name, literal: true}, after, nil
	case name == "" || strings.ContainsAny(name, "{}$*?'\" "):
		return part{}, "", fmt.Errorf("policy variable %q does not name a condition key; use ${key}", "${"+name+"}")
	}
	p.variable = name
	return p, after, nil
}

// expand replaces the variables of v by the request's values. It fails if a
// variable has no value or several, and no default. What a variable yields
// is literal text, never a wildcard; what is unknown stays unknown.
func (v Value) expand(ctx lookup, wildcards bool) (Pattern, bool) {
	for _, p := range v.parts {
		if _, ok := p.value(ctx); p.variable != "" && !ok {
			return nil, false
		}
	}
	return v.pattern(wildcards, func(p part) Pattern {
		text, _ := p.value(ctx)
		return literal(text)
	}), true
}

// Pattern returns what v can match under the operator o, whatever the request
// says: * and ? count only where o knows wildcards, and a policy variable,
// which may take any value, counts as *.
func (v Value) Pattern(o Operator) Pattern {
	return v.pattern(o.Wildcards(), func(part) Pattern { return Pattern{AnyRun} })
}

func (v Value) pattern(wildcards bool, variable func(part) Pattern) Pattern {
	known := literal
	if wildcards {
		known = NewPattern
	}
	if v.parts == nil {
		return known(v.Text)
	}
	var all Pattern
	for _, p := range v.parts {
		switch {
		case p.unknown != nil:
			if p.expanded {
				all = append(all, expandedPart)
			}
			all = append(all, p.unknown.pattern(wildcards)...)
		case p.variable != "":
			all = append(all, variable(p)...)
		case p.literal:
			all = append(all, literal(p.text)...)
		default:
			all = append(all, known(p.text)...)
		}
	}
	return all
}

// HasVariables reports whether v holds policy variables; the escapes ${*},
// ${?} and ${$} are none.
func (v Value) HasVariables() bool {
	return slices.ContainsFunc(v.parts, func(p part) bool { return p.variable != "" })
}

func (p part) value(ctx lookup) (string, bool) {
	if values := ctx.values(p.variable); len(values) == 1 {
		return values[0], true
	}
	if p.fallback != nil {
		return *p.fallback, true
	}
	return "", false
}
