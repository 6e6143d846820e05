package document

import (
	"slices"
	"strconv"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

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
	key := n.keys[0].text
	if name, ok := strings.CutPrefix(key, "Fn::"); ok {
		return name, n.items[0], true
	}
	return key, n.items[0], key == "Ref"
}

// maxText bounds what a text can grow to by its references; a policy that
// comes near it would be refused.
const maxText = 64 << 10

// unresolved marks text that only the deployment knows, such as a parameter
// without a default: it becomes <Name>, which holds no wildcard.
func unresolved(n node, name string) node {
	name = strings.NewReplacer("AWS::", "", ":", "", "/", "", "*", "", "?", "").Replace(name)
	return node{kind: jsonlex.String, text: "<" + name + ">", pos: n.pos}
}

// IsUnresolved reports whether a policy's text holds a part that only the
// deployment of a template knows.
func IsUnresolved(text string) bool {
	_, after, ok := strings.Cut(text, "<")
	return ok && strings.Contains(after, ">")
}

// resolve replaces the intrinsic functions in n as far as the template tells.
func (t template) resolve(n node) node {
	if function, argument, ok := n.intrinsic(); ok {
		return t.call(n, function, argument)
	}
	resolved := n
	resolved.keys, resolved.items = nil, nil
	for i, item := range n.items {
		value := t.resolve(item)
		switch {
		case value.isNull() && !item.isNull(): // AWS::NoValue
			continue
		case n.isObject():
			resolved.keys = append(resolved.keys, n.keys[i])
			resolved.items = append(resolved.items, value.choose(n.keys[i].text))
		case value.choices:
			resolved.items = append(resolved.items, value.items...)
		default:
			resolved.items = append(resolved.items, value)
		}
	}
	return resolved
}

// choose makes the alternatives of Fn::If fit as the value of a key: all of
// them where a policy takes a list, so that the weakest is seen, else the
// first.
func (n node) choose(key string) node {
	if !n.choices || key == "Statement" || !slices.ContainsFunc(n.items, node.isObject) {
		return n
	}
	return n.items[0]
}

func (t template) call(n node, function string, argument node) node {
	switch function {
	case "Ref":
		return t.ref(n, argument.text)
	case "GetAtt":
		return t.attribute(n, argument)
	case "Sub":
		return t.sub(n, argument)
	case "Join":
		return t.join(n, argument)
	case "If":
		return t.either(n, argument)
	case "Select":
		index, list := argument.at(0), t.resolve(argument.at(1))
		if i, err := strconv.Atoi(index.text); err == nil && list.isList() && i >= 0 && i < len(list.items) {
			return list.items[i]
		}
	case "ToJsonString":
		return t.resolve(argument)
	case "ImportValue":
		if name := t.resolve(argument); name.isScalar() {
			return unresolved(n, name.text)
		}
	}
	return unresolved(n, function)
}

// at returns an element of a list, or null.
func (n node) at(i int) node {
	if !n.isList() || i >= len(n.items) {
		return node{kind: jsonlex.Null, pos: n.pos}
	}
	return n.items[i]
}

func (t template) ref(n node, name string) node {
	switch name {
	case "AWS::NoValue":
		return node{kind: jsonlex.Null, pos: n.pos}
	case "AWS::Partition":
		return node{kind: jsonlex.String, text: "aws", pos: n.pos}
	case "AWS::URLSuffix":
		return node{kind: jsonlex.String, text: "amazonaws.com", pos: n.pos}
	}
	if value, ok := t.parameters[name]; ok {
		return node{kind: jsonlex.String, text: value, pos: n.pos}
	}
	return t.resource(n, name, "")
}

func (t template) attribute(n, argument node) node {
	name := argument.text
	if argument.isList() {
		name = argument.at(0).text + "." + argument.at(1).text
	}
	resource, attribute, _ := strings.Cut(name, ".")
	return t.resource(n, resource, attribute)
}

// resource knows one kind of reference: that to the template's own OIDC
// provider yields its ARN.
func (t template) resource(n node, name, attribute string) node {
	if arn, ok := t.providers[name]; ok && (attribute == "" || attribute == "Arn") {
		return node{kind: jsonlex.String, text: arn, pos: n.pos}
	}
	if attribute != "" {
		name += "." + attribute
	}
	return unresolved(n, name)
}

// sub replaces ${Name} and ${Name.Attribute}; ${!Name} is the literal ${Name}.
func (t template) sub(n, argument node) node {
	text, local := t.resolve(argument), node{}
	if argument.isList() {
		text, local = t.resolve(argument.at(0)), argument.at(1)
	}
	var b strings.Builder
	rest := text.text
	for {
		before, after, found := strings.Cut(rest, "${")
		b.WriteString(before)
		name, tail, closed := strings.Cut(after, "}")
		switch {
		case b.Len() > maxText:
			return unresolved(n, "Sub")
		case !found:
			return node{kind: jsonlex.String, text: b.String(), pos: n.pos}
		case !closed:
			name, tail = after, ""
			b.WriteString("${" + after)
		case strings.HasPrefix(name, "!"):
			b.WriteString("${" + name[1:] + "}")
		case !local.get(name).isNull():
			b.WriteString(t.resolve(local.get(name)).scalarText())
		default:
			b.WriteString(t.variable(n, name))
		}
		rest = tail
	}
}

func (t template) variable(n node, name string) string {
	if resource, attribute, ok := strings.Cut(name, "."); ok {
		return t.resource(n, resource, attribute).text
	}
	return t.ref(n, name).scalarText()
}

// scalarText returns n as a part of a text.
func (n node) scalarText() string {
	if n.choices && len(n.items) > 0 {
		return n.items[0].scalarText()
	}
	if n.isScalar() {
		return n.text
	}
	return unresolved(n, "value").text
}

func (t template) join(n, argument node) node {
	separator, list := argument.at(0).text, t.resolve(argument.at(1))
	if !list.isList() {
		return unresolved(n, "Join")
	}
	var b strings.Builder
	for i, item := range list.items {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(item.scalarText())
		if b.Len() > maxText {
			return unresolved(n, "Join")
		}
	}
	return node{kind: jsonlex.String, text: b.String(), pos: n.pos}
}

// either keeps both branches of an Fn::If, since which of them counts is
// decided when the template is deployed.
func (t template) either(n, argument node) node {
	both := node{kind: jsonlex.ListStart, pos: n.pos, choices: true}
	for _, branch := range []node{t.resolve(argument.at(1)), t.resolve(argument.at(2))} {
		switch {
		case branch.isNull():
		case branch.isList():
			both.items = append(both.items, branch.items...)
		default:
			both.items = append(both.items, branch)
		}
	}
	if len(both.items) == 0 {
		return node{kind: jsonlex.Null, pos: n.pos}
	}
	return both
}
