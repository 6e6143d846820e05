package terraform

import (
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/org/aws-oidc-action/internal/trust"
)

// maxDepth bounds how deep expressions are within one another, after
// references are followed.
const maxDepth = 400

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
	if !e.Spend(at.pos, 0) {
		return null(at)
	}
	if e.depth++; e.depth > maxDepth {
		e.Fail(at.pos.Errorf("more than %d nested expressions and references", maxDepth))
		return null(at)
	}
	defer func() { e.depth-- }()
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
	e.Spend(at.pos, len(expression))
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
	var shown []string
	failed := false
	for _, a := range arguments {
		shown = append(shown, a.render())
		e.Spend(at.pos, len(shown[len(shown)-1]))
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
	for _, part := range x.Parts {
		parts.items = append(parts.items, e.eval(f, part))
	}
	return e.concat(parts, at)
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
		e.Spend(at.pos, len(all[len(all)-1].String()))
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
	if is, ok := v.truth(); ok {
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
// unknown that others depend on. One that is any stands for those.
func (e *evaluator) elements(v *value) (all []pair, open *trust.Unknown, ok bool) {
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
		if !e.Spend(at.pos, 0) {
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
func (v *value) stands(any bool) *value {
	if v.any == any {
		return v
	}
	changed := *v
	changed.any = any
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
	w := e.unknown(v.render()+"."+name, at, dependsOn(v), "attribute "+name+", which is missing")
	w.failed = v.open == nil && !slices.ContainsFunc(v.keys, func(k key) bool { return k.text.Unknown() != nil })
	return w
}

// index returns an element. Where a key is not known, each element is a
// possible outcome.
func (e *evaluator) index(v, k *value, at place) *value {
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
	w := e.unknown(v.render()+"["+k.render()+"]", at, dependsOn(v, k), "element "+k.render()+", which is missing")
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
		if key.text.Unknown() != nil || !e.Spend(k.at.pos, 0) {
			return nil, false
		}
	}
	if len(items) == 0 {
		return nil, false
	}
	u := k.text.Unknown()
	return items[e.Choose(u.Expression+" of "+strings.Join(names, ", "), inner(u), u.DependsOn, names)], true
}

func (e *evaluator) unary(v *value, op *hclsyntax.Operation, at place) *value {
	if op == hclsyntax.OpLogicalNot {
		if is, ok := v.truth(); ok {
			return boolean(!is, at)
		}
		return e.operator("!("+v.render()+")", at, v)
	}
	if n, ok := v.float(); ok {
		return number(n.Neg(n), at)
	}
	return e.operator("-"+operand(v), at, v)
}

// operator returns the unknown that an operator yields.
func (e *evaluator) operator(expression string, at place, operands ...*value) *value {
	v := e.unknown(expression, at, dependsOn(operands...), "expression "+expression)
	v.operator = true
	for _, o := range operands {
		v.failed = v.failed || o.failed
	}
	return v
}

// operand writes a value as a part of a larger expression, so that two that
// are different are written differently.
func operand(v *value) string {
	if v.operator {
		return "(" + v.render() + ")"
	}
	return v.render()
}

var comparisons = map[*hclsyntax.Operation]func(order int) bool{
	hclsyntax.OpLessThan:           func(order int) bool { return order < 0 },
	hclsyntax.OpLessThanOrEqual:    func(order int) bool { return order <= 0 },
	hclsyntax.OpGreaterThan:        func(order int) bool { return order > 0 },
	hclsyntax.OpGreaterThanOrEqual: func(order int) bool { return order >= 0 },
}

// symbols are how operators are written.
var symbols = map[*hclsyntax.Operation]string{
	hclsyntax.OpLogicalAnd: "&&", hclsyntax.OpLogicalOr: "||", hclsyntax.OpEqual: "==", hclsyntax.OpNotEqual: "!=",
	hclsyntax.OpLessThan: "<", hclsyntax.OpLessThanOrEqual: "<=", hclsyntax.OpGreaterThan: ">", hclsyntax.OpGreaterThanOrEqual: ">=",
	hclsyntax.OpAdd: "+", hclsyntax.OpSubtract: "-", hclsyntax.OpMultiply: "*", hclsyntax.OpDivide: "/", hclsyntax.OpModulo: "%",
}

func (e *evaluator) binary(f frame, x *hclsyntax.BinaryOpExpr, at place) *value {
	a, b := e.eval(f, x.LHS), e.eval(f, x.RHS)
	switch x.Op {
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		decisive := x.Op == hclsyntax.OpLogicalOr
		isA, okA := a.truth()
		isB, okB := b.truth()
		switch {
		case okA && isA == decisive, okB && isB == decisive:
			return boolean(decisive, at)
		case okA && okB:
			return boolean(!decisive, at)
		case okA:
			return b
		case okB:
			return a
		}
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		if equal, ok := same(a, b); ok {
			return boolean(equal == (x.Op == hclsyntax.OpEqual), at)
		}
		if x.Op == hclsyntax.OpNotEqual { // the opposite of ==, so that both are decided alike
			equal := e.operator(operand(a)+" == "+operand(b), at, a, b)
			return e.operator("!("+inner(equal.unknown())+")", at, a, b)
		}
	default:
		m, okA := a.float()
		n, okB := b.float()
		if compare := comparisons[x.Op]; okA && okB && compare != nil {
			return boolean(compare(m.Cmp(n)), at)
		}
		if okA && okB {
			if v := arithmetic(x.Op, m, n); v != nil {
				return number(v, at)
			}
		}
	}
	return e.operator(operand(a)+" "+symbols[x.Op]+" "+operand(b), at, a, b)
}

func arithmetic(op *hclsyntax.Operation, m, n *big.Float) *big.Float {
	v := new(big.Float).SetPrec(512)
	switch {
	case op == hclsyntax.OpAdd:
		return v.Add(m, n)
	case op == hclsyntax.OpSubtract:
		return v.Sub(m, n)
	case op == hclsyntax.OpMultiply:
		return v.Mul(m, n)
	case n.Sign() == 0:
		return nil
	case op == hclsyntax.OpDivide:
		return v.Quo(m, n)
	case op == hclsyntax.OpModulo && m.IsInt() && n.IsInt() && m.MantExp(nil) < 64 && n.MantExp(nil) < 64:
		a, _ := m.Int64()
		b, _ := n.Int64()
		return v.SetInt64(a % b)
	}
	return nil
}
