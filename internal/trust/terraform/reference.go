package terraform

import (
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/org/aws-oidc-action/internal/trust"
)

// instance is a module with the arguments of one call.
type instance struct {
	*module
	caller *instance // nil for the root
	name   string    // of the call
	key    *value    // of the call's count or for_each; nil without
	opened bool      // defaults of the root's variables that switch something off are open
}

// root returns the instance that was not called.
func (i *instance) root() *instance {
	for i.caller != nil {
		i = i.caller
	}
	return i
}

// prefix begins the addresses of what the module declares.
func (i *instance) prefix() string {
	if i.caller == nil {
		return ""
	}
	return i.caller.prefix() + "module." + i.name + subscript(i.key) + "."
}

// subscript writes the key of an instance.
func subscript(key *value) string {
	if key == nil {
		return ""
	}
	return "[" + key.render() + "]"
}

// source returns an expression as it is written, in one line.
func (i *instance) source(r hcl.Range) string {
	if i == nil || i.module == nil {
		return "expression"
	}
	src := i.sources[r.Filename]
	if r.Start.Byte < 0 || r.End.Byte > len(src) || r.Start.Byte >= r.End.Byte {
		return "expression"
	}
	return strings.Join(strings.Fields(string(src[r.Start.Byte:r.End.Byte])), " ")
}

// reference is a resource, a data source or a module, or all instances of it.
type reference struct {
	in    *instance
	name  string // address within its module
	key   *value // of one instance; nil for all, or if there is only one
	block *hclsyntax.Block
}

func (r *reference) address() string { return r.in.prefix() + r.name + subscript(r.key) }

// several reports whether r is all instances of a block with count or for_each.
func (r *reference) several() bool { return r.key == nil && repeated(r.block) }

func repeated(b *hclsyntax.Block) bool {
	return b.Body.Attributes["count"] != nil || b.Body.Attributes["for_each"] != nil
}

// reference returns what a name such as var.repository.id refers to.
func (e *evaluator) reference(f frame, t hcl.Traversal, at place) *value {
	name := func(i int) string {
		if i < len(t) {
			switch step := t[i].(type) {
			case hcl.TraverseRoot:
				return step.Name
			case hcl.TraverseAttr:
				return step.Name
			}
		}
		return ""
	}
	if v := f.lookup(name(0), nil); v != nil {
		return e.steps(v, t[1:], at)
	}
	if f.instance == nil || f.module == nil {
		return e.invalid(name(0), at)
	}
	var v *value
	used := 2
	switch name(0) {
	case "var":
		v = e.variable(f.instance, name(1), at)
	case "local":
		v = e.local(f.instance, name(1), at)
	case "path":
		v = e.path(f, name(1), at)
	case "data":
		used = 3
		v = e.block(f.instance, "data."+name(1)+"."+name(2), at)
	case "each", "count", "self", "terraform":
		return e.unknown(f.prefix()+name(0)+"."+name(1), at, nil, name(0)+"."+name(1))
	default:
		v = e.block(f.instance, name(0)+"."+name(1), at)
	}
	if len(t) <= used {
		return v
	}
	return e.steps(v, t[used:], at)
}

// block returns a resource, a data source or a module as a whole.
func (e *evaluator) block(i *instance, name string, at place) *value {
	b := i.blocks[name]
	if b == nil {
		return e.unknown(i.prefix()+name, at, nil, i.prefix()+name+", which is not declared")
	}
	return &value{kind: isBlock, at: at, block: &reference{in: i, name: name, block: b}}
}

// path returns path.module and path.root, from where file names start.
func (e *evaluator) path(f frame, name string, at place) *value {
	switch name {
	case "root":
		return known(".", at)
	case "module":
		return known(relative(f.root().dir, f.dir), at)
	}
	return e.unknown("path."+name, at, nil, "path."+name)
}

// relative returns the path from one folder to another.
func relative(from, to string) string {
	if from == to {
		return "."
	}
	if from == "." {
		return to
	}
	up := ""
	for from != "." && to != from && !strings.HasPrefix(to, from+"/") {
		from, up = path.Dir(from), up+"../"
	}
	if from == "." {
		return path.Clean(up + to)
	}
	return path.Clean(up + strings.TrimPrefix(strings.TrimPrefix(to, from), "/"))
}

// memo is where the value of something that is named is remembered.
type memo struct {
	in   *instance
	name string
}

// remembered is a value that has been found, and whether it depends on a
// choice.
type remembered struct {
	value  *value
	chosen bool
}

// remember returns the value that find finds, and remembers it: for good, or,
// if it depends on a choice, until the next alternative.
func (e *evaluator) remember(m memo, at place, find func() *value) *value {
	if r, ok := e.memory[m]; ok {
		if r.chosen {
			e.Depend()
		}
		return r.value
	}
	if e.active[m] {
		v := e.unknown(m.in.prefix()+m.name, at, nil, m.in.prefix()+m.name+", which refers to itself")
		v.failed = true
		return v
	}
	e.active[m] = true
	before := e.Chosen()
	r := remembered{value: find()}
	delete(e.active, m)
	r.chosen = e.Chosen() != before
	e.memory[m] = r
	if r.chosen {
		e.chosen = append(e.chosen, m)
	}
	return r.value
}

// alternatives calls visit in each alternative.
func (e *evaluator) alternatives(visit func()) *trust.Unknown {
	return e.Alternatives(func() { e.forget(); visit() })
}

// forget drops what depends on the choices of another alternative.
func (e *evaluator) forget() {
	for _, m := range e.chosen {
		delete(e.memory, m)
	}
	e.chosen = e.chosen[:0]
}

func (e *evaluator) local(i *instance, name string, at place) *value {
	a := i.locals[name]
	if a == nil {
		return e.unknown(i.prefix()+"local."+name, at, nil, i.prefix()+"local."+name+", which is not declared")
	}
	return e.remember(memo{i, "local." + name}, at, func() *value { return e.eval(frame{instance: i}, a.Expr) })
}

// variable returns the value of a variable: what the caller of the module, a
// parameter or a file sets, else its default, else an unknown.
func (e *evaluator) variable(i *instance, name string, at place) *value {
	declared := i.variables[name]
	if declared == nil {
		return e.unknown(i.prefix()+"var."+name, at, nil, i.prefix()+"variable "+name+", which is not declared")
	}
	return e.remember(memo{i, "var." + name}, at, func() *value {
		here := placeOf(declared.TypeRange)
		c := e.constraint(frame{instance: i}, declared.Body.Attributes["type"])
		standard := declared.Body.Attributes["default"]
		nothing := trust.NewUnknown("${"+i.prefix()+"var."+name+"}", i.prefix()+"variable "+name)
		var v *value
		switch {
		case i.caller != nil:
			call := i.caller.blocks["module."+i.name]
			if a := call.Body.Attributes[name]; a != nil {
				if f, exists := e.inside(i.caller, call, i.key); exists {
					v = e.eval(f, a.Expr)
				}
			}
		default:
			v = e.given(i, name, c, at)
			if v == nil && standard != nil && asks(e.eval(frame{instance: i}, standard.Expr), i.opened) {
				return e.typed(nothing, c, here)
			}
		}
		if nullable, ok := e.argument(frame{instance: i}, declared, "nullable").truth(); v != nil && v.kind == isNull && standard != nil && ok && !nullable {
			v = nil
		}
		if v == nil && standard != nil {
			v = e.eval(frame{instance: i}, standard.Expr)
		}
		if v == nil {
			return e.typed(nothing, c, here)
		}
		return e.convert(v, c)
	})
}

// asks reports whether a default of the root module only asks for a value, as
// an empty one does in the other documents too; if opened, also one that
// switches something off.
func asks(v *value, opened bool) bool {
	if !v.isScalar() {
		return v.kind != isBlock && len(v.items) == 0
	}
	text, ok := v.known()
	return ok && (text == "" || opened && (text == "false" || text == "0"))
}

// given returns the value that a parameter or a file of values sets for a
// variable of the root, or nil.
func (e *evaluator) given(i *instance, name string, c *constraint, at place) *value {
	if text, ok := e.options.Parameters[name]; ok {
		if c == anyType || c.kind == isString || c.kind == isNumber || c.kind == isBool {
			return known(text, at)
		}
		x, err := parseExpression([]byte(text), "", start)
		if err != nil {
			return known(text, at)
		}
		return e.eval(frame{}, x)
	}
	if x := i.given[name]; x != nil {
		return e.eval(frame{}, x)
	}
	return nil
}

// inside returns the frame within a block's instance, and whether that exists.
func (e *evaluator) inside(i *instance, b *hclsyntax.Block, key *value) (frame, bool) {
	f := frame{instance: i}
	if key == nil {
		return f, !repeated(b)
	}
	element := e.numbered(e.expansion(i, b))[key.text.String()]
	if element == nil || !element.items[0].text.Equal(key.text) {
		return f, false
	}
	k := element.items[0]
	index := &value{kind: isObject, at: k.at}
	index.add(trust.Known("index"), k.at, k)
	return f.with("each", element).with("count", index), true
}

// numbered returns the instances of an expansion by key.
func (e *evaluator) numbered(all *value) map[string]*value {
	if e.indexed != all {
		e.indexed, e.byKey = all, make(map[string]*value, len(all.items))
		for _, element := range all.items {
			e.byKey[element.items[0].text.String()] = element
		}
	}
	return e.byKey
}

// expansion returns the instances of a block with count or for_each, as a list
// of objects with key and value. It is open if there can be others.
func (e *evaluator) expansion(i *instance, b *hclsyntax.Block) *value {
	return e.remember(memo{i, "instances of " + addressOf(b)}, placeOf(b.TypeRange), func() *value {
		f := frame{instance: i}
		if a := b.Body.Attributes["count"]; a != nil {
			return e.counted(e.eval(f, a.Expr), placeOf(a.Expr.Range()))
		}
		a := b.Body.Attributes["for_each"]
		at := placeOf(a.Expr.Range())
		collection := e.eval(f, a.Expr)
		elements, unknown, ok := e.elements(collection)
		if !ok {
			v := e.apply("toset", at, collection)
			elements, unknown, _ = e.elements(v)
		}
		all := list(nil, at)
		all.open = unknown
		for _, element := range elements {
			if len(all.items) == maxInstances {
				e.fail(at, "more than %d instances", maxInstances)
				break
			}
			all.items = append(all.items, each(element.key, element.value))
		}
		return all
	})
}

func each(k, v *value) *value {
	object := &value{kind: isObject, at: v.at}
	object.add(trust.Known("key"), k.at, k)
	object.add(trust.Known("value"), v.at, v)
	return object
}

// counted returns the instances that a count makes.
func (e *evaluator) counted(count *value, at place) *value {
	all := list(nil, at)
	n, ok := count.int()
	if !ok {
		u := e.operator("range("+count.shown()+")[*]", at, count).unknown()
		all.open = u
		all.items = append(all.items, each(open(u, at), open(u, at)))
		return all
	}
	if n > maxInstances {
		e.fail(at, "more than %d instances", maxInstances)
		n = 0
	}
	for i := range n {
		all.items = append(all.items, each(integer(i, at), integer(i, at)))
	}
	return all
}

// instances returns all instances of a block as the elements of a collection.
func (e *evaluator) instances(v *value) ([]pair, *trust.Unknown, bool) {
	r := v.block
	if !r.several() {
		return nil, nil, false
	}
	all := e.expansion(r.in, r.block)
	var pairs []pair
	for _, element := range all.items {
		k := element.items[0]
		one := *r
		one.key = k
		pairs = append(pairs, pair{k, &value{kind: isBlock, at: v.at, block: &one}, all.open != nil && k.text.Unknown() != nil})
	}
	return pairs, all.open, true
}

// instanceOf returns the instance of a block with a key.
func (e *evaluator) instanceOf(v, k *value, at place) *value {
	r := *v.block
	if r.several() {
		all := e.expansion(r.in, r.block)
		if element := e.numbered(all)[k.text.String()]; element != nil && element.items[0].text.Equal(k.text) {
			r.key = element.items[0]
			return &value{kind: isBlock, at: at, block: &r}
		}
	}
	w := e.unknown(v.shown()+"["+k.shown()+"]", at, dependsOn(k), v.shown()+"["+k.shown()+"], which is missing")
	w.failed = len(dependsOn(k)) == 0
	return w
}
