package document

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// FormError is the error of Roles for a document that can be read, but is of
// no form that holds roles.
type FormError struct {
	Pos   trust.Pos
	Found string // what the document is instead
}

func (e *FormError) Error() string {
	return fmt.Sprintf("line %d, column %d: unknown form: %s; docs/trust-policies.md lists the forms that are read", e.Pos.Line, e.Pos.Column, e.Found)
}

// opened is an object that has been read up to the first token of a member
// that may decide which form it is.
type opened struct {
	head  node // the members before; of those that are no scalars only the keys
	key   node
	value trust.Token
	in    stream
}

// each calls member with the deciding member and all that follow: the key,
// and the first token of the value, which member reads to its end.
func (o opened) each(member func(key node, value trust.Token) error) error {
	if err := member(o.key, o.value); err != nil {
		return err
	}
	return members(o.in, member)
}

// members calls member with what is left of an object.
func members(in stream, member func(key node, value trust.Token) error) error {
	for {
		key, err := in.Next()
		if err != nil || key.Kind == jsonlex.ObjectEnd {
			return err
		}
		name := stringNode(textOf(key), key.Pos)
		value, err := in.Next()
		if err != nil {
			return err
		}
		if err := member(name, value); err != nil {
			return err
		}
	}
}

// elements calls element with the first token of each element of a list,
// which element reads to its end.
func elements(in stream, element func(first trust.Token) error) error {
	for {
		first, err := in.Next()
		if err != nil || first.Kind == jsonlex.ListEnd {
			return err
		}
		if err := element(first); err != nil {
			return err
		}
	}
}

// whole reads the object up to its end.
func (d *document) whole(o opened) (node, error) {
	n := o.head
	err := o.each(func(key node, first trust.Token) error {
		value, err := fromStream(first, o.in, d.budget)
		n.add(key, value)
		return err
	})
	return n, err
}

// has reports whether the object has one of the keys before the deciding one.
func (o opened) has(keys ...string) bool {
	for _, key := range keys {
		for _, k := range o.head.keys {
			if k.name() == key {
				return true
			}
		}
	}
	return false
}

// formOf returns how to read an object that has the member, or nil if the
// member does not determine that.
func formOf(o opened) func(*document, opened) error {
	kind := o.value.Kind
	is := func(read func(*document, opened) error, kinds ...jsonlex.Kind) func(*document, opened) error {
		for _, k := range kinds {
			if k == kind {
				return read
			}
		}
		return nil
	}
	const object, list, text = jsonlex.ObjectStart, jsonlex.ListStart, jsonlex.String
	switch key := o.key.name(); key {
	case "Role":
		return is((*document).listing, object)
	case "Roles", "RoleDetailList", "UserDetailList", "GroupDetailList", "Policies":
		return is((*document).listing, list)
	case "AssumeRolePolicyDocument":
		return is((*document).listedRole, object, text, list)
	case "Parameters", "Mappings", "Conditions", "Globals", "Resources":
		return is((*document).wholeTemplate, object, list)
	case "AWSTemplateFormatVersion", "Transform":
		return (*document).wholeTemplate
	case "TemplateBody":
		return is((*document).templateBody, object, text)
	case "planned_values", "prior_state", "values":
		return is((*document).terraformShow, object)
	case "resource_changes":
		return is((*document).terraformShow, list)
	case "resources":
		if o.has("version", "lineage", "serial", "terraform_version") && !o.has("detail-type") {
			return is((*document).terraformState, list)
		}
	case "deployment", "checkpoint":
		return is((*document).pulumi, object)
	case "steps":
		return is((*document).pulumi, list)
	case "configurationItems", "baseConfigurationItems", "Results":
		return is((*document).configItems, list)
	case "configurationItem", "configuration":
		return is((*document).configItems, object, text)
	case "detail":
		return is((*document).eventDetail, object)
	case "apiVersion", "kind":
		return is((*document).wholeManifest, text)
	case "Statement":
		return (*document).policyAlone
	default: // in other letters than IAM's it is a mistake that is to be reported
		if strings.HasPrefix(strings.ToLower(key), "statement") {
			return is((*document).policyAlone, object, list)
		}
	}
	return nil
}

// value reads a value of any form.
func (d *document) value(in stream) error {
	first, err := in.Next()
	if err != nil {
		return err
	}
	return d.valueFrom(first, in)
}

func (d *document) valueFrom(first trust.Token, in stream) error {
	switch first.Kind {
	case jsonlex.ObjectStart:
		return d.object(first, in)
	case jsonlex.ListStart:
		return d.list(first, in)
	case jsonlex.String:
		return d.text(textOf(first), first.Pos)
	case jsonlex.EOF:
		return first.Pos.Errorf("unexpected end of the document; expected a value")
	}
	return &FormError{first.Pos, first.Kind.String()}
}

// object reads an object up to the member that decides.
func (d *document) object(first trust.Token, in stream) error {
	o := opened{head: node{kind: jsonlex.ObjectStart, pos: first.Pos}, in: in}
	for {
		key, err := in.Next()
		if err != nil {
			return err
		}
		if key.Kind == jsonlex.ObjectEnd {
			return d.undecided(o.head)
		}
		o.key = stringNode(textOf(key), key.Pos)
		if o.value, err = in.Next(); err != nil {
			return err
		}
		if read := formOf(o); read != nil {
			return read(d, o)
		}
		kept := nullNode(o.value.Pos)
		if o.value.Kind != jsonlex.ObjectStart && o.value.Kind != jsonlex.ListStart {
			kept = node{kind: o.value.Kind, text: textOf(o.value), pos: o.value.Pos}
		}
		if !d.budget.spend(o.value.Pos, len(o.value.Text)) {
			return d.budget.err
		}
		o.head.add(o.key, kept)
		if err := in.Skip(o.value.Token); err != nil {
			return err
		}
	}
}

// undecided describes an object whose form no member determines.
func (d *document) undecided(head node) error {
	switch keys := head.keys; {
	case len(keys) == 0:
		return &FormError{head.pos, "an empty object"}
	case head.get("terraform_version").isScalar(), head.get("format_version").isScalar():
		return nil // a state without resources
	case head.get("RoleName").isScalar():
		role := Role{Pos: head.pos, Name: head.get("RoleName").name(), ARN: head.get("Arn").name()}
		role.Err = head.pos.Errorf("role %q has no AssumeRolePolicyDocument", role.Name)
		return d.yield(role)
	default:
		const most = 5
		var names []string
		for _, key := range keys[:min(most, len(keys))] {
			names = append(names, fmt.Sprintf("%.40q", key.name()))
		}
		found := "an object with " + strings.Join(names, ", ")
		if len(keys) > most {
			found += ", …"
		}
		return &FormError{head.pos, found}
	}
}

// collected are the outcomes of several documents, such as the elements of a
// list: those of no known form are an error at the end, after the roles of
// the others.
type collected struct {
	known   int
	unknown *FormError // the first
}

// add takes the outcome of one document and returns what ends the reading.
func (c *collected) add(err error) error {
	var form *FormError
	switch {
	case err == nil:
		c.known++
	case !errors.As(err, &form):
		return err
	case c.unknown == nil:
		c.unknown = form
	}
	return nil
}

// form returns the error at the end: of nothing at all it says what was found.
func (c *collected) form(at trust.Pos, nothing string) error {
	switch {
	case c.unknown != nil:
		return c.unknown
	case c.known == 0:
		return &FormError{at, nothing}
	}
	return nil
}

// list reads the elements of a list, such as --query 'Roles[]' leaves. Scalars
// in it are left out: --query 'Roles[].[RoleName, AssumeRolePolicyDocument]'.
func (d *document) list(first trust.Token, in stream) error {
	var some collected
	empty := true
	err := elements(in, func(element trust.Token) error {
		empty = false
		if err := d.item(); err != nil {
			return err
		}
		if element.Kind == jsonlex.ObjectStart || element.Kind == jsonlex.ListStart {
			return some.add(d.valueFrom(element, in))
		}
		return nil
	})
	if err != nil || empty {
		return err
	}
	return some.form(first.Pos, "a list without objects")
}

// item begins one of many things that share a document, each with a budget of
// its own, unless the caller of Roles has set one for all.
func (d *document) item() error {
	if d.options.Budget == nil {
		d.budget = NewBudget(d.ctx)
	}
	if d.budget.err != nil {
		return d.budget.err
	}
	return d.ctx.Err()
}

// text reads a document that is in a string, as --query TemplateBody leaves a
// template in YAML.
func (d *document) text(text trust.Text, at trust.Pos) error {
	if known, ok := text.Known(); ok && strings.HasPrefix(strings.TrimSpace(known), "%7B") { // { as the API of IAM encodes it
		if decoded, err := url.PathUnescape(strings.TrimSpace(known)); err == nil {
			text = trust.Known(decoded)
		}
	}
	if d.nesting++; d.nesting > maxNesting {
		return at.Errorf("more than %d documents within documents", maxNesting)
	}
	defer func() { d.nesting-- }()
	n, err := parseText(text, at, d.budget)
	switch {
	case d.budget.err != nil:
		return d.budget.err
	case err != nil || !n.isObject() && !n.isList():
		return &FormError{at, "a text"}
	}
	return d.node(n)
}

// node reads a document that has been parsed. Of templates alone the
// functions are resolved; in a part of one, nothing is known of what they
// refer to.
func (d *document) node(n node) error {
	if n.get("Resources").isObject() && n.get("TemplateBody").isNull() {
		return d.template(n, nil, "")
	}
	if n.hasFunctions(d.budget) {
		r := &resolver{template: &template{}, budget: d.budget, choices: &choices{}}
		n = r.resolve(n)
	}
	if d.budget.err != nil {
		return d.budget.err
	}
	return d.value(newTokens(&n))
}

// hasFunctions reports whether a value in n is written as the short form of an
// intrinsic function.
func (n node) hasFunctions(b *Budget) bool {
	for _, item := range n.items {
		if item.hasFunctions(b) {
			return true
		}
	}
	return !b.spend(n.pos, 0) || n.function != ""
}

// wholeTemplate reads a template.
func (d *document) wholeTemplate(o opened) error {
	if d.size != nil && d.nesting == 0 {
		d.size.left = maxTemplate
	}
	root := node{kind: jsonlex.ObjectStart, pos: o.head.pos}
	err := o.each(func(key node, value trust.Token) error {
		if !sections[key.name()] {
			return o.in.Skip(value.Token)
		}
		item, err := fromStream(value, o.in, d.budget)
		root.add(key, item)
		return err
	})
	if err != nil {
		return err
	}
	return d.template(root, nil, "")
}

// templateBody reads what aws cloudformation get-template prints.
func (d *document) templateBody(o opened) error {
	return o.each(func(key node, value trust.Token) error {
		if key.name() != "TemplateBody" {
			return o.in.Skip(value.Token)
		}
		if value.Kind == jsonlex.String {
			return d.text(textOf(value), value.Pos)
		}
		body, err := fromStream(value, o.in, d.budget)
		if err != nil {
			return err
		}
		return d.template(body, nil, "")
	})
}

// policyAlone reads a policy that is all of its document.
func (d *document) policyAlone(o opened) error {
	role := Role{Pos: o.head.pos}
	n, err := d.whole(o)
	if err == nil && d.budget.err == nil {
		if o.key.name() != "Statement" && !hasEffect(n) {
			return d.undecided(n)
		}
		if other := otherPolicy(n); other != "" {
			return &FormError{n.pos, other}
		}
		var policy *trust.Policy
		policy, err = d.read(n)
		role.set(policy, err)
		return d.yield(role)
	}
	var syntax *trust.SyntaxError
	if d.budget.err != nil || !errors.As(err, &syntax) {
		return cmp.Or(d.budget.err, err)
	}
	role.Err = err
	if err := d.yield(role); err != nil {
		return err
	}
	return errStopped // nothing can follow what ends within
}

// hasEffect reports whether something in n says what it allows or denies.
func hasEffect(n node) bool {
	isEffect := func(key node) bool { return strings.EqualFold(key.name(), "Effect") }
	return slices.ContainsFunc(n.keys, isEffect) || slices.ContainsFunc(n.items, hasEffect)
}

// otherPolicy says what a policy is that is no trust policy: one that has
// resources, and either no principals or no action of STS.
func otherPolicy(n node) string {
	statements := n.get("Statement")
	all := statements.items
	if statements.isObject() {
		all = []node{statements}
	}
	resources, principals, sts := false, false, false
	for _, s := range all {
		for i, key := range s.keys {
			switch key.name() {
			case "Resource", "NotResource":
				resources = true
			case "Principal", "NotPrincipal":
				principals = true
			case "Action", "NotAction":
				for _, action := range append([]node{s.items[i]}, s.items[i].items...) {
					sts = sts || strings.HasPrefix(strings.ToLower(action.name()), "sts:")
				}
			}
		}
	}
	switch {
	case resources && !principals:
		return "a policy of permissions: it has resources and no principals"
	case resources && !sts:
		return "a policy of a resource: it allows no action of STS"
	}
	return ""
}
