package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/org/aws-oidc-action/internal/trust"
)

// isAny is the kind of a constraint that admits every type.
const isAny = isNull

// constraint is the type of a variable.
type constraint struct {
	kind     kind // isAny, isString, isNumber, isBool, isList, isSet or isObject
	element  *constraint
	members  []member // of an object; nil for a map
	standard hclsyntax.Expression
	in       frame
}

// member is an attribute of an object's type.
type member struct {
	name string
	*constraint
	optional bool
}

var anyType = &constraint{}

// constraint reads the type of a variable. One that declares none takes every
// value.
func (e *evaluator) constraint(f frame, a *hclsyntax.Attribute) *constraint {
	if a == nil {
		return anyType
	}
	return typeOf(f, a.Expr, 0)
}

func typeOf(f frame, x hclsyntax.Expression, depth int) *constraint {
	if depth > maxDepth {
		return anyType
	}
	if t, ok := x.(*hclsyntax.TemplateExpr); ok && t.IsStringLiteral() { // of old, types were in quotes
		if text, ok := literal(t.Parts[0].(*hclsyntax.LiteralValueExpr).Val, place{}).known(); ok {
			return &constraint{kind: map[string]kind{"string": isString, "list": isList, "map": isObject}[text], element: anyType}
		}
	}
	switch hcl.ExprAsKeyword(x) {
	case "string":
		return &constraint{kind: isString}
	case "number":
		return &constraint{kind: isNumber}
	case "bool":
		return &constraint{kind: isBool}
	case "list", "set", "map":
		return &constraint{kind: collections[hcl.ExprAsKeyword(x)], element: anyType}
	}
	call, ok := x.(*hclsyntax.FunctionCallExpr)
	if !ok || len(call.Args) == 0 {
		return anyType
	}
	if k, ok := collections[call.Name]; ok {
		return &constraint{kind: k, element: typeOf(f, call.Args[0], depth+1)}
	}
	object, ok := call.Args[0].(*hclsyntax.ObjectConsExpr)
	if call.Name != "object" || !ok {
		return anyType
	}
	c := &constraint{kind: isObject, members: []member{}}
	for _, item := range object.Items {
		m := member{name: hcl.ExprAsKeyword(item.KeyExpr)}
		if k, ok := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok {
			m.name = hcl.ExprAsKeyword(k.Wrapped)
		}
		inner := item.ValueExpr
		var standard hclsyntax.Expression
		if o, ok := inner.(*hclsyntax.FunctionCallExpr); ok && o.Name == "optional" && len(o.Args) > 0 {
			m.optional, inner = true, o.Args[0]
			if len(o.Args) > 1 {
				standard = o.Args[1]
			}
		}
		typed := *typeOf(f, inner, depth+1)
		typed.standard, typed.in = standard, f
		m.constraint = &typed
		c.members = append(c.members, m)
	}
	return c
}

var collections = map[string]kind{"list": isList, "set": isSet, "map": isObject}

// typed returns the value that u represents, of a type: what the type says of
// it is known.
func (e *evaluator) typed(u *trust.Unknown, c *constraint, at place) *value {
	if !e.spend(at, len(u.Expression)) {
		return null(at)
	}
	v := &value{kind: c.kind, at: at}
	switch {
	case c.kind == isList || c.kind == isSet:
		v.open = u
		v.items = []*value{e.typed(derived(u, "", "[*]"), c.element, at).stands(true)}
	case c.kind == isObject && c.members != nil:
		for _, m := range c.members {
			v.add(trust.Known(m.name), at, e.typed(derived(u, "", "."+m.name), m.constraint, at))
		}
	case c.kind == isObject:
		v.open = u
		v.add(derived(u, "keys(", ")[*]").Text(), at, e.typed(derived(u, "", "[*]"), c.element, at).stands(true))
	default:
		return open(u, at)
	}
	return v
}

// convert returns v with the type of a variable, as far as it can have it.
func (e *evaluator) convert(v *value, c *constraint) *value {
	if !e.spend(v.at, 0) || c.kind == isAny || v.kind == isNull || v.kind == isBlock {
		return v
	}
	if u := v.unknown(); u != nil {
		if w := e.typed(u, c, v.at); !w.isScalar() {
			w.failed, w.any = v.failed, v.any
			return w
		}
	}
	changed := v.changed()
	switch {
	case c.kind == isString || c.kind == isNumber || c.kind == isBool:
		if v.isScalar() {
			changed.kind = c.kind
		}
	case c.kind == isObject && v.kind == isObject && c.members == nil:
		changed.items = e.convertAll(v.items, c.element)
	case c.kind == isObject && v.kind == isObject && v.open == nil:
		return e.convertObject(v, c)
	case c.element != nil && v.isSequence():
		changed.kind, changed.items = c.kind, e.convertAll(v.items, c.element)
		if c.kind == isSet {
			return e.distinct(changed, true)
		}
	}
	return changed
}

func (e *evaluator) convertAll(items []*value, c *constraint) []*value {
	all := make([]*value, 0, len(items))
	for _, item := range items {
		all = append(all, e.convert(item, c).stands(item.any))
	}
	return all
}

// convertObject returns an object with the attributes of its type and no others.
func (e *evaluator) convertObject(v *value, c *constraint) *value {
	changed := &value{kind: isObject, at: v.at, any: v.any}
	for _, m := range c.members {
		i := slices.IndexFunc(v.keys, func(k key) bool { return k.text.Equal(trust.Known(m.name)) })
		switch {
		case i >= 0 && (v.items[i].kind != isNull || m.standard == nil):
			changed.add(v.keys[i].text, v.keys[i].at, e.convert(v.items[i], m.constraint))
		case m.standard != nil:
			changed.add(trust.Known(m.name), v.at, e.convert(e.eval(m.in, m.standard), m.constraint))
		default:
			changed.add(trust.Known(m.name), v.at, null(v.at))
		}
	}
	return changed
}

// distinct returns a collection's elements without duplicates, sorted if it
// is a set.
func (e *evaluator) distinct(v *value, sorted bool) *value {
	changed := v.changed()
	changed.items = nil
	seen := map[string]bool{}
	shown := map[*value]string{}
	for _, item := range v.items {
		text := item.render()
		if !e.spend(v.at, len(text)) {
			break
		}
		if !seen[text] {
			seen[text] = true
			changed.items = append(changed.items, item)
			shown[item] = text
		}
	}
	if sorted {
		slices.SortStableFunc(changed.items, func(a, b *value) int { return strings.Compare(shown[a], shown[b]) })
	}
	return changed
}
