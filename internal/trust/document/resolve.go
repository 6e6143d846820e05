package document

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// resolver replaces the intrinsic functions of a template, as far as their values are known.
type resolver struct {
	*template
	budget  *Budget
	choices *choices
	loops   []loop   // around what is resolved, the innermost last
	active  []string // references that are being followed, to find cycles
	depth   int
}

// loop is one turn of an Fn::ForEach.
type loop struct {
	identifier string
	item       trust.Text
}

// intrinsic returns the function that n calls, without its prefix Fn::.
func (n node) intrinsic() (function string, argument node, ok bool) {
	if n.function != "" {
		function = n.function
		n.function = ""
		return function, n, true
	}
	if !n.isObject() || len(n.keys) != 1 {
		return "", node{}, false
	}
	key := n.keys[0].name()
	if name, ok := strings.CutPrefix(key, "Fn::"); ok && !strings.HasPrefix(key, forEach) {
		return name, n.items[0], true
	}
	return key, n.items[0], key == "Ref"
}

// resolve returns n without intrinsic functions. What is not known
// becomes an unknown; what AWS::NoValue removes becomes null.
func (r *resolver) resolve(n node) node {
	if !r.budget.spend(n.pos, 0) {
		return nullNode(n.pos)
	}
	if r.depth++; r.depth > maxDepth {
		r.budget.fail(n.pos.Errorf("template has more than %d nested values and references", maxDepth))
		return nullNode(n.pos)
	}
	defer func() { r.depth-- }()
	if function, argument, ok := n.intrinsic(); ok {
		return r.call(n, function, argument)
	}
	switch {
	case n.isObject():
		return r.object(n)
	case n.isList():
		resolved := n
		resolved.items = make([]node, 0, len(n.items))
		for _, item := range n.items {
			switch value := r.resolve(item); {
			case removed(item, value):
			case value.isList():
				resolved.items = append(resolved.items, value.items...)
			default:
				resolved.items = append(resolved.items, value)
			}
		}
		return resolved
	}
	n.text = r.substitute(n.text, n.pos)
	return n
}

func (r *resolver) object(n node) node {
	resolved := n
	isLoop := func(key node) bool { return strings.HasPrefix(key.name(), forEach) }
	if len(r.loops) > 0 || slices.ContainsFunc(n.keys, isLoop) {
		resolved.keys, resolved.items = nil, nil
		for _, m := range r.members(n) {
			r.within(m.loops, func() {
				if value := r.resolve(m.value); !removed(m.value, value) {
					resolved.add(m.key, value)
				}
			})
		}
		return resolved
	}
	resolved.items = make([]node, len(n.items))
	complete := true
	for i, item := range n.items {
		resolved.items[i] = r.resolve(item)
		complete = complete && !removed(item, resolved.items[i])
	}
	if complete {
		return resolved
	}
	items := resolved.items
	resolved.keys, resolved.items = nil, nil
	for i, value := range items {
		if !removed(n.items[i], value) {
			resolved.add(n.keys[i], value)
		}
	}
	return resolved
}

// removed reports whether a value was taken out by AWS::NoValue; a null that
// is written stays, as CloudFormation refuses it.
func removed(written, resolved node) bool { return resolved.isNull() && !written.isNull() }

// within runs f inside of the loops.
func (r *resolver) within(loops []loop, f func()) {
	outer := r.loops
	r.loops = loops
	f()
	r.loops = outer
}

// call returns what a function yields.
func (r *resolver) call(n node, function string, argument node) node {
	switch function {
	case "Ref":
		return r.ref(n, r.resolve(argument))
	case "GetAtt":
		return r.attribute(n, argument)
	case "Sub":
		return r.sub(n, argument)
	case "Join":
		return r.join(n, argument)
	case "Split":
		return r.split(n, argument)
	case "Select":
		return r.pick(n, argument)
	case "FindInMap":
		return r.findInMap(n, argument)
	case "If":
		condition := r.resolve(argument.at(0))
		if r.decide(condition.name(), n.pos) {
			return r.resolve(argument.at(1))
		}
		return r.resolve(argument.at(2))
	case "ToJsonString":
		return r.resolve(argument)
	}
	return r.open(n, function, r.resolve(argument))
}

// open returns the unknown that a function yields for its resolved argument.
func (r *resolver) open(n node, function string, argument node) node {
	var dependsOn []string
	definition := ""
	argument.eachUnknown(func(u *trust.Unknown) {
		dependsOn = append(dependsOn, u.DependsOn...)
		definition += u.Definition
	})
	switch {
	case function == "ImportValue" && len(dependsOn) == 0:
		dependsOn = []string{"export " + argument.name()}
	case len(dependsOn) == 0:
		dependsOn = []string{"Fn::" + function}
	}
	expression := fmt.Sprintf("${Fn::%s %s}", function, argument.render())
	r.budget.spend(n.pos, len(expression))
	open := trust.NewUnknown(expression, dependsOn...)
	open.Definition = definition
	return unknownNode(open, n.pos)
}

func (n node) eachUnknown(visit func(*trust.Unknown)) {
	for _, list := range [][]node{n.keys, n.items} {
		for _, item := range list {
			item.eachUnknown(visit)
		}
	}
	if u := n.text.Unknown(); u != nil {
		visit(u)
	}
}

// render writes n one way.
func (n node) render() string {
	switch {
	case n.isObject():
		var members []string
		for i, item := range n.items {
			members = append(members, n.keys[i].render()+": "+item.render())
		}
		return "{" + strings.Join(members, ", ") + "}"
	case n.isList():
		var items []string
		for _, item := range n.items {
			items = append(items, item.render())
		}
		return "[" + strings.Join(items, ", ") + "]"
	case n.isNull():
		return "null"
	}
	var b strings.Builder
	n.text.Each(func(known string) { b.WriteString(strconv.Quote(known)) }, func(u *trust.Unknown) { b.WriteString(u.Expression) })
	return b.String()
}

// ref returns what a Ref yields.
func (r *resolver) ref(n, argument node) node {
	name, ok := argument.known()
	if !ok {
		return r.open(n, "Ref", argument)
	}
	for i := len(r.loops) - 1; i >= 0; i-- {
		if r.loops[i].identifier == name {
			return stringNode(r.loops[i].item, n.pos)
		}
	}
	if name == "AWS::NoValue" {
		return nullNode(n.pos)
	}
	if value, ok := r.parameter(name, n.pos); ok {
		return value
	}
	return r.resource(n, name, "")
}

func (r *resolver) attribute(n, argument node) node {
	name := argument.name()
	if argument.isList() {
		var parts []string
		for _, item := range argument.items {
			part := r.resolve(item)
			if _, ok := part.known(); !ok {
				return r.open(n, "GetAtt", r.resolve(argument))
			}
			parts = append(parts, part.name())
		}
		name = strings.Join(parts, ".")
	}
	resource, attribute, _ := strings.Cut(name, ".")
	return r.resource(n, resource, attribute)
}

// resource returns what a reference to a resource yields: the ARN of the
// template's own OIDC provider, the value of CDK's CfnJson, else an unknown.
func (r *resolver) resource(n node, name, attribute string) node {
	reference := name
	if attribute != "" {
		reference += "." + attribute
	}
	m, ok := r.resources[name]
	if !ok {
		return unknownNode(trust.NewUnknown("${"+reference+"}", "reference "+reference), n.pos)
	}
	open := trust.NewUnknown("${"+reference+"}", "resource "+reference)
	if hasContent(m.value.get("Type").name()) {
		open.Definition = r.identify(m.value)
	}
	followed := unknownNode(open, n.pos)
	r.follow("resource "+name, n.pos, func() {
		r.within(m.loops, func() {
			kind, properties := m.value.get("Type").name(), m.value.get("Properties")
			switch {
			case (kind == "AWS::IAM::OIDCProvider" || kind == "Custom::AWSCDKOpenIdConnectProvider") && (attribute == "" || attribute == "Arn"):
				followed.text = r.providerARN(r.resolve(properties.get("Url")).text, n.pos)
			case kind == "Custom::AWSCDKCfnJson" && attribute == "Value":
				if value, err := parseText(r.resolve(properties.get("Value")).text, n.pos, r.budget); err == nil {
					followed = value
				}
			}
		})
	})
	return followed
}

// follow runs f, which follows a reference, unless that is being followed.
func (r *resolver) follow(reference string, at trust.Pos, f func()) {
	if slices.Contains(r.active, reference) {
		r.budget.fail(at.Errorf("%s refers to itself", reference))
		return
	}
	r.active = append(r.active, reference)
	f()
	r.active = r.active[:len(r.active)-1]
}

// providerARN returns the ARN of the provider with the issuer's URL.
func (r *resolver) providerARN(url trust.Text, at trust.Pos) trust.Text {
	pseudo := func(name string) trust.Text {
		value, _ := r.parameter(name, at)
		return value.text
	}
	if known, ok := url.Known(); ok {
		url = trust.Known(trust.ProviderOfIssuer(known))
	} else if before, after := url.Cut("https://"); before.String() == "" {
		url = after
	}
	return trust.Concat(trust.Known("arn:"), pseudo("AWS::Partition"), trust.Known(":iam::"), pseudo("AWS::AccountId"), trust.Known(":oidc-provider/"), url)
}

// sub replaces ${Name} and ${Name.Attribute}; ${!Name} is the literal ${Name}.
func (r *resolver) sub(n, argument node) node {
	text, local := r.resolve(argument), node{}
	if argument.isList() {
		text, local = r.resolve(argument.at(0)), argument.at(1)
	}
	if !text.isScalar() {
		return r.open(n, "Sub", text)
	}
	var all []trust.Text
	put := func(t trust.Text) {
		if r.budget.spend(n.pos, len(t.String())) {
			all = append(all, t)
		}
	}
	text.text.Each(func(rest string) {
		for r.budget.err == nil {
			before, after, found := strings.Cut(rest, "${")
			name, tail, closed := strings.Cut(after, "}")
			if !found || !closed {
				put(trust.Known(rest))
				return
			}
			put(trust.Known(before))
			if literal, ok := strings.CutPrefix(name, "!"); ok {
				put(trust.Known("${" + literal + "}"))
			} else {
				put(r.variable(n, strings.TrimSpace(name), local))
			}
			rest = tail
		}
	}, func(u *trust.Unknown) { put(u.Text()) })
	return stringNode(trust.Concat(all...), n.pos)
}

// variable returns what ${name} in an Fn::Sub yields.
func (r *resolver) variable(n node, name string, local node) trust.Text {
	value := local.get(name)
	switch resource, attribute, isAttribute := strings.Cut(name, "."); {
	case !value.isNull():
		value = r.resolve(value)
	case isAttribute:
		value = r.resource(n, resource, attribute)
	default:
		value = r.ref(n, stringNode(trust.Known(name), n.pos))
	}
	return r.inText(n, value)
}

// inText returns a value as a part of a text.
func (r *resolver) inText(n, value node) trust.Text {
	switch {
	case value.isScalar():
		return value.text
	case value.isNull():
		return trust.Text{}
	}
	return r.open(n, "Sub", value).text
}

func (r *resolver) join(n, argument node) node {
	separator, list := r.resolve(argument.at(0)), r.resolve(argument.at(1))
	if !list.isList() {
		return r.open(n, "Join", r.resolve(argument))
	}
	var all []trust.Text
	for i, item := range list.items {
		if i > 0 {
			all = append(all, separator.text)
		}
		all = append(all, r.inText(n, item))
		if !r.budget.spend(n.pos, len(all[len(all)-1].String())) {
			break
		}
	}
	return stringNode(trust.Concat(all...), n.pos)
}

func (r *resolver) split(n, argument node) node {
	resolved := r.resolve(argument)
	separator, okS := resolved.at(0).known()
	text, okT := resolved.at(1).known()
	if !okS || !okT || separator == "" {
		return r.open(n, "Split", resolved)
	}
	return r.list(n, text, separator)
}

// list cuts a text into a list.
func (r *resolver) list(n node, text, separator string) node {
	list := node{kind: jsonlex.ListStart, pos: n.pos}
	for item := range strings.SplitSeq(text, separator) {
		if !r.budget.spend(n.pos, len(item)) {
			break
		}
		list.items = append(list.items, stringNode(trust.Known(item), n.pos))
	}
	return list
}

func (r *resolver) pick(n, argument node) node {
	index, list := r.resolve(argument.at(0)), r.resolve(argument.at(1))
	text, ok := index.known()
	if i, err := strconv.Atoi(text); ok && err == nil && list.isList() && i >= 0 && i < len(list.items) {
		return list.items[i]
	}
	both := node{kind: jsonlex.ListStart, pos: n.pos, items: []node{index, list}}
	return r.open(n, "Select", both)
}

// findInMap looks a value up. Where a key is open, each row is a possible
// outcome.
func (r *resolver) findInMap(n, argument node) node {
	resolved := node{kind: jsonlex.ListStart, pos: n.pos}
	value := r.mappings
	for i := range 3 {
		key := r.resolve(argument.at(i))
		resolved.items = append(resolved.items, key)
		text, ok := key.known()
		if !ok && key.isScalar() {
			text = r.row(key.text, value)
		}
		value = value.get(text)
	}
	if !value.isNull() {
		return r.resolve(value)
	}
	if fallback := argument.at(3).get("DefaultValue"); !fallback.isNull() {
		return r.resolve(fallback)
	}
	return r.open(n, "FindInMap", resolved)
}

// row chooses the row of a mapping that an open key names.
func (r *resolver) row(key trust.Text, mapping node) string {
	var rows []string
	like := key.Pattern(false)
	for _, k := range mapping.keys {
		if like.MayMatch(k.name()) {
			rows = append(rows, k.name())
		}
	}
	if len(rows) == 0 {
		return ""
	}
	u := key.Unknown()
	return rows[r.choices.take(u.Expression, u.Expression, u.DependsOn, rows)]
}
