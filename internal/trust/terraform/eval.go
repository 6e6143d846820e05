package terraform

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/org/aws-oidc-action/internal/trust"
)

// frame is where an expression is evaluated: in an instance of a module, with
// the names that loops around it have given.
type frame struct {
	*instance
	names *binding
}

// binding is a name that an expression can use, or the symbol of a splat.
type binding struct {
	name   string
	symbol *hclsyntax.AnonSymbolExpr
	value  *value
	outer  *binding
}

func (f frame) with(name string, v *value) frame {
	f.names = &binding{name: name, value: v, outer: f.names}
	return f
}

func (f frame) lookup(name string, symbol *hclsyntax.AnonSymbolExpr) *value {
	for b := f.names; b != nil; b = b.outer {
		if b.symbol == symbol && b.name == name {
			return b.value
		}
	}
	return nil
}

// eval returns what an expression yields. HashiCorp's own evaluation neither
// keeps the known parts of a text, nor does it end within a budget.
func (e *evaluator) eval(f frame, x hclsyntax.Expression) *value {
	at := placeOf(x.Range())
	if !e.spend(at, 0) {
		return null(at)
	}
	if e.depth++; e.depth > maxDepth {
		e.fail(at, "more than %d nested expressions and references", maxDepth)
		return null(at)
	}
	defer func() { e.depth-- }()
	return e.fits(e.evaluated(f, x, at), at)
}

func (e *evaluator) evaluated(f frame, x hclsyntax.Expression, at place) *value {
	switch x := x.(type) {
	case *hclsyntax.LiteralValueExpr:
		return literal(x.Val, at)
	case *hclsyntax.TemplateExpr:
		return e.template(f, x, at)
	case *hclsyntax.TemplateWrapExpr:
		return e.eval(f, x.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return e.concat(e.eval(f, x.Tuple), at)
	case *hclsyntax.ParenthesesExpr:
		return e.eval(f, x.Expression)
	case *hclsyntax.ScopeTraversalExpr:
		return e.reference(f, x.Traversal, at)
	case *hclsyntax.RelativeTraversalExpr:
		return e.steps(e.eval(f, x.Source), x.Traversal, at)
	case *hclsyntax.FunctionCallExpr:
		return e.call(f, x, at)
	case *hclsyntax.ConditionalExpr:
		if e.decide(f, x.Condition) {
			return e.eval(f, x.TrueResult)
		}
		return e.eval(f, x.FalseResult)
	case *hclsyntax.IndexExpr:
		return e.index(e.eval(f, x.Collection), e.eval(f, x.Key), at)
	case *hclsyntax.TupleConsExpr:
		v := list(make([]*value, 0, len(x.Exprs)), at)
		for _, item := range x.Exprs {
			v.items = append(v.items, e.eval(f, item))
		}
		return v
	case *hclsyntax.ObjectConsExpr:
		return e.object(f, x, at)
	case *hclsyntax.ObjectConsKeyExpr:
		if word := hcl.ExprAsKeyword(x.Wrapped); word != "" && !x.ForceNonLiteral {
			return known(word, at)
		}
		return e.eval(f, x.Wrapped)
	case *hclsyntax.ForExpr:
		return e.loop(f, x, at)
	case *hclsyntax.SplatExpr:
		return e.splat(f, x, at)
	case *hclsyntax.AnonSymbolExpr:
		if v := f.lookup("", x); v != nil {
			return v
		}
	case *hclsyntax.BinaryOpExpr:
		return e.binary(f, x, at)
	case *hclsyntax.UnaryOpExpr:
		return e.unary(e.eval(f, x.Val), x.Op, at)
	}
	return e.invalid(f.source(x.Range()), at)
}

// unknown returns an unknown of an expression, which depends on something
// else if nothing in it is unknown.
func (e *evaluator) unknown(expression string, at place, dependsOn []string, otherwise string) *value {
	e.work += len(dependsOn)
	e.spend(at, len(expression))
	if len(dependsOn) == 0 {
		dependsOn = []string{otherwise}
	}
	return open(trust.NewUnknown("${"+expression+"}", dependsOn...), at)
}

// invalid returns what an expression yields that Terraform refuses.
func (e *evaluator) invalid(expression string, at place) *value {
	v := e.unknown(expression, at, nil, "expression "+expression+", which cannot be evaluated")
	v.failed = true
	return v
}

// apply returns the unknown that a function or operator yields.
func (e *evaluator) apply(function string, at place, arguments ...*value) *value {
	if !e.look(at, arguments...) {
		return null(at)
	}
	var shown []string
	failed := false
	for _, a := range arguments {
		shown = append(shown, a.shown())
		e.spend(at, len(shown[len(shown)-1]))
		failed = failed || a.failed
	}
	v := e.unknown(function+"("+strings.Join(shown, ", ")+")", at, dependsOn(arguments...), "function "+function)
	v.failed = failed
	return v
}

func literal(v cty.Value, at place) *value {
	switch {
	case v.IsNull() || !v.IsKnown():
		return null(at)
	case v.Type() == cty.String:
		return known(v.AsString(), at)
	case v.Type() == cty.Number:
		return number(v.AsBigFloat(), at)
	case v.Type() == cty.Bool:
		return boolean(v.True(), at)
	}
	return null(at)
}

// template joins the parts of a text.
func (e *evaluator) template(f frame, x *hclsyntax.TemplateExpr, at place) *value {
	parts := list(make([]*value, 0, len(x.Parts)), at)
	lines := true // of the text are those of the source
	for _, part := range x.Parts {
		v := e.eval(f, part)
		_, isLiteral := part.(*hclsyntax.LiteralValueExpr)
		lines = lines && (isLiteral || !strings.Contains(v.text.String(), "\n"))
		parts.items = append(parts.items, v)
	}
	v := e.concat(parts, at)
	if v.kind == isString && lines && len(x.Parts) > 0 {
		v.origin = f.heredoc(x, v)
	}
	return v
}

// heredoc returns where the lines of a text in the source are, if it is one
// that has lines of its own.
func (f frame) heredoc(x *hclsyntax.TemplateExpr, v *value) *origin {
	if f.instance == nil || f.module == nil {
		return nil
	}
	src := f.sources[x.SrcRange.Filename]
	if x.SrcRange.Start.Byte >= len(src) {
		return nil
	}
	introduction, rest, found := bytes.Cut(src[x.SrcRange.Start.Byte:], []byte("\n"))
	if !found || !bytes.HasPrefix(introduction, []byte("<<")) {
		return nil
	}
	indentOf := func(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }
	indent := 0
	if bytes.HasPrefix(introduction, []byte("<<-")) {
		line, _, _ := strings.Cut(v.text.String(), "\n")
		written, _, _ := bytes.Cut(rest, []byte("\n"))
		indent = max(indentOf(string(written))-indentOf(line), 0)
	}
	return &origin{place{x.SrcRange.Filename, trust.Pos{Line: x.SrcRange.Start.Line + 1, Column: 1}}, indent}
}

func (e *evaluator) concat(parts *value, at place) *value {
	if parts.kind != isList || parts.open != nil {
		return e.apply("join", at, known("", at), parts)
	}
	all := make([]trust.Text, 0, len(parts.items))
	for _, part := range parts.items {
		switch {
		case part.isScalar():
			all = append(all, part.text)
		case part.kind == isBlock, part.kind == isNull, part.isSequence(), part.kind == isObject:
			v := e.apply("tostring", at, part)
			v.failed = true
			all = append(all, v.text)
		}
		e.spend(at, len(all[len(all)-1].String()))
	}
	return str(trust.Concat(all...), at)
}

func (e *evaluator) object(f frame, x *hclsyntax.ObjectConsExpr, at place) *value {
	v := &value{kind: isObject, at: at}
	for _, item := range x.Items {
		k := e.eval(f, item.KeyExpr)
		if !k.isScalar() {
			k = e.apply("tostring", k.at, k)
		}
		v.add(k.text, k.at, e.eval(f, item.ValueExpr))
	}
	return v
}

// decide returns what a condition is. What is not known is a choice.
func (e *evaluator) decide(f frame, x hclsyntax.Expression) bool {
	switch c := x.(type) {
	case *hclsyntax.ParenthesesExpr:
		return e.decide(f, c.Expression)
	case *hclsyntax.UnaryOpExpr:
		if c.Op == hclsyntax.OpLogicalNot {
			return !e.decide(f, c.Val)
		}
	case *hclsyntax.BinaryOpExpr:
		switch c.Op {
		case hclsyntax.OpLogicalAnd:
			return e.decide(f, c.LHS) && e.decide(f, c.RHS)
		case hclsyntax.OpLogicalOr:
			return e.decide(f, c.LHS) || e.decide(f, c.RHS)
		}
	}
	return e.truth(e.eval(f, x))
}

func (e *evaluator) truth(v *value) bool {
	if is, ok := v.truth(); ok || !e.look(v.at, v) {
		return is
	}
	if opposite, ok := strings.CutPrefix(v.render(), "!("); ok && v.unknown() != nil {
		return !e.either(strings.TrimSuffix(opposite, ")"), dependsOn(v))
	}
	return e.either(v.render(), dependsOn(v))
}

// either is a choice between true and false.
func (e *evaluator) either(expression string, dependsOn []string) bool {
	if len(dependsOn) == 0 {
		dependsOn = []string{"expression " + expression}
	}
	return e.Choose(expression, expression, dependsOn, []string{"true", "false"}) == 0
}

// elements returns the elements of a collection with their keys, and the
// unknown that others depend on. One that is any represents those.
func (e *evaluator) elements(v *value) (all []pair, open *trust.Unknown, ok bool) {
	if !e.look(v.at, v) {
		return nil, nil, true
	}
	if u := v.unknown(); u != nil {
		return []pair{{str(derived(u, "keys(", ")[*]").Text(), v.at), str(derived(u, "", "[*]").Text(), v.at), true}}, u, true
	}
	switch v.kind {
	case isBlock:
		return e.instances(v)
	case isObject:
		v = v.sorted()
		for i, k := range v.keys {
			all = append(all, pair{str(k.text, k.at), v.items[i], v.items[i].any})
		}
	case isList:
		for i, item := range v.items {
			all = append(all, pair{integer(i, item.at), item, item.any})
		}
	case isSet:
		for _, item := range v.items {
			all = append(all, pair{item, item, item.any})
		}
	default:
		return nil, nil, false
	}
	return all, v.open, true
}

// loop evaluates a for expression.
func (e *evaluator) loop(f frame, x *hclsyntax.ForExpr, at place) *value {
	collection := e.eval(f, x.CollExpr)
	elements, unknown, ok := e.elements(collection)
	if !ok {
		return e.invalid(f.source(x.Range()), at)
	}
	v := &value{kind: isList, at: at, open: unknown}
	if x.KeyExpr != nil {
		v.kind = isObject
	}
	groups := map[string]*value{}
	for _, element := range elements {
		if !e.spend(at, 0) {
			return null(at)
		}
		inside := f.with(x.ValVar, element.value)
		if x.KeyVar != "" {
			inside = inside.with(x.KeyVar, element.key)
		}
		included, certain := true, true
		if x.CondExpr != nil {
			if element.any {
				included, certain = e.eval(inside, x.CondExpr).truth()
			} else {
				included = e.decide(inside, x.CondExpr)
			}
		}
		if !included && certain {
			continue
		}
		item := e.eval(inside, x.ValExpr).stands(element.any)
		if x.KeyExpr == nil {
			v.items = append(v.items, item)
			continue
		}
		k := e.eval(inside, x.KeyExpr)
		if !k.isScalar() {
			k = e.apply("tostring", at, k)
		}
		if !x.Group {
			v.add(k.text, k.at, item)
			continue
		}
		group, ok := groups[k.text.String()]
		if !ok {
			group = list(nil, item.at)
			groups[k.text.String()] = group
			v.add(k.text, k.at, group)
		}
		group.items = append(group.items, item)
		if item.any {
			group.open = unknown
		}
	}
	return v
}

// stands returns v as an element that is any or one.
func (v *value) stands(repeated bool) *value {
	if v.any == repeated {
		return v
	}
	changed := *v
	changed.any = repeated
	return &changed
}

func (e *evaluator) splat(f frame, x *hclsyntax.SplatExpr, at place) *value {
	source := e.eval(f, x.Source)
	elements := []pair{{integer(0, at), source, false}}
	var unknown *trust.Unknown
	switch {
	case source.kind == isNull:
		elements = nil
	case source.isSequence(), source.unknown() != nil, source.kind == isBlock && source.block.several():
		elements, unknown, _ = e.elements(source)
	}
	v := &value{kind: isList, at: at, open: unknown}
	for _, element := range elements {
		inside := f
		inside.names = &binding{symbol: x.Item, value: element.value, outer: f.names}
		v.items = append(v.items, e.eval(inside, x.Each).stands(element.any))
	}
	return v
}

// steps follows attributes and indexes.
func (e *evaluator) steps(v *value, steps hcl.Traversal, at place) *value {
	for _, step := range steps {
		switch step := step.(type) {
		case hcl.TraverseAttr:
			v = e.attribute(v, step.Name, at)
		case hcl.TraverseIndex:
			v = e.index(v, literal(step.Key, at), at)
		default:
			return e.apply("splat", at, v)
		}
	}
	return v
}

// attribute returns an attribute of an object, a resource or a module.
func (e *evaluator) attribute(v *value, name string, at place) *value {
	if e.work += len(v.keys); !e.look(at) {
		return null(at)
	}
	if u := v.unknown(); u != nil {
		w := open(derived(u, "", "."+name), at)
		w.failed = v.failed
		return w
	}
	if v.kind == isBlock {
		return e.blockAttribute(v, name, at)
	}
	if item, ok := v.get(name); ok && v.open == nil {
		return item
	}
	if !e.look(at, v) {
		return null(at)
	}
	w := e.unknown(v.shown()+"."+name, at, dependsOn(v), "attribute "+name+", which is missing")
	w.failed = v.open == nil && !slices.ContainsFunc(v.keys, func(k key) bool { return k.text.Unknown() != nil })
	return w
}

// index returns an element. Where a key is not known, each element is a
// possible outcome.
func (e *evaluator) index(v, k *value, at place) *value {
	if e.work += len(v.keys); !e.look(at) {
		return null(at)
	}
	if v.kind == isBlock {
		return e.instanceOf(v, k, at)
	}
	if v.unknown() == nil && v.open == nil {
		text, ok := k.known()
		switch i, whole := k.int(); {
		case v.kind == isObject && !ok && k.isScalar():
			if row, ok := e.row(v, k); ok {
				return row
			}
		case v.kind == isObject && ok:
			if item, ok := v.get(text); ok {
				return item
			}
		case v.kind == isList && whole && i >= 0 && i < len(v.items):
			return v.items[i]
		}
	}
	if !e.look(at, v, k) {
		return null(at)
	}
	w := e.unknown(v.shown()+"["+k.shown()+"]", at, dependsOn(v, k), "element "+k.shown()+", which is missing")
	w.failed = v.failed || k.failed || len(dependsOn(v, k)) == 0
	return w
}

// row chooses a member of an object by a key that is not known.
func (e *evaluator) row(v, k *value) (*value, bool) {
	like := k.text.Pattern(false)
	s := v.sorted()
	var names []string
	var items []*value
	for i, key := range s.keys {
		if like.MayMatch(key.text.String()) {
			names, items = append(names, key.text.String()), append(items, s.items[i])
		}
		if key.text.Unknown() != nil || !e.spend(k.at, 0) {
			return nil, false
		}
	}
	if len(items) == 0 {
		return nil, false
	}
	u := k.text.Unknown()
	return items[e.Choose(u.Expression+" of "+strings.Join(names, ", "), inner(u), u.DependsOn, names)], true
}
