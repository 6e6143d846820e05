package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/org/aws-oidc-action/internal/trust"
)

// policyDocument returns the JSON of an aws_iam_policy_document, as the AWS
// provider makes it (documentation of the data source).
func (e *evaluator) policyDocument(f frame, b *hclsyntax.Block) *value {
	at := placeOf(b.TypeRange)
	document := &merge{e: e, at: at, version: known(trust.Version2012, at)}
	sources := func(names ...string) {
		for _, name := range names {
			a := b.Body.Attributes[name]
			if a == nil {
				continue
			}
			v := e.eval(f, a.Expr)
			if v.isSequence() {
				for _, item := range v.items {
					document.source(item, name)
				}
			} else {
				document.source(v, name)
			}
		}
	}
	sources("source_json", "source_policy_documents")
	if a := b.Body.Attributes["version"]; a != nil {
		document.version = e.eval(f, a.Expr)
	}
	e.expand(f, b.Body, "statement", func(f frame, body *hclsyntax.Body, at place) {
		document.add(e.statement(f, body, at))
	})
	sources("override_policy_documents", "override_json")
	policy := &value{kind: isObject, at: at}
	policy.add(trust.Known("Version"), at, document.version)
	policy.add(trust.Known("Statement"), at, list(document.statements, at))
	if e.fits(policy, at) != policy || !e.look(at, policy) {
		return null(at)
	}
	text := str(policy.encoded(), at)
	text.json = policy
	return text
}

// merge is a document to which others are added.
type merge struct {
	e          *evaluator
	at         place
	version    *value
	statements []*value
}

// source adds the statements of a document in JSON. One that is not known can
// have any, with any Sid.
func (m *merge) source(v *value, argument string) {
	if v.kind == isNull {
		return
	}
	if text, ok := v.known(); ok && strings.TrimSpace(text) == "" {
		return // the legacy arguments can be empty
	}
	policy := m.e.decoded(v)
	statements, ok := policy.get("Statement")
	if version, has := policy.get("Version"); has && policy.open == nil && ok {
		if newer, known := version.known(); known && newer > m.version.text.String() {
			m.version = version
		}
	}
	if !ok || policy.open != nil || statements.unknown() != nil {
		m.hide(v, argument)
		return
	}
	if !statements.isSequence() {
		statements = list([]*value{statements}, statements.at)
	}
	for _, s := range statements.items {
		m.add(s)
	}
}

// hide adds what an unknown document can have: other statements, and others
// in place of those with a Sid.
func (m *merge) hide(v *value, argument string) {
	u := m.e.unknown(argument+"("+v.render()+")", v.at, dependsOn(v), argument)
	if strings.HasPrefix(argument, "override") {
		for i, s := range m.statements {
			if sid, ok := s.get("Sid"); ok {
				m.statements[i] = m.e.apply(argument, s.at, sid, v)
			}
		}
	}
	m.statements = append(m.statements, u)
}

// add adds a statement, in the place of one with the same Sid.
func (m *merge) add(s *value) {
	sid, ok := s.get("Sid")
	if name, known := sid.knownOr(""); ok && known && name != "" {
		for i, before := range m.statements {
			if other, ok := before.get("Sid"); ok && other.text.Equal(sid.text) {
				m.statements[i] = s
				return
			}
		}
	}
	m.statements = append(m.statements, s)
}

func (v *value) knownOr(standard string) (string, bool) {
	if v == nil {
		return standard, false
	}
	return v.known()
}

// lists are the arguments of a statement that are sets of strings.
var lists = []struct{ argument, element string }{
	{"actions", "Action"}, {"not_actions", "NotAction"}, {"resources", "Resource"}, {"not_resources", "NotResource"},
}

// statement returns what a statement block makes.
func (e *evaluator) statement(f frame, body *hclsyntax.Body, at place) *value {
	s := &value{kind: isObject, at: at}
	argument := func(name string) (*value, place) {
		a := body.Attributes[name]
		if a == nil {
			return null(at), at
		}
		return e.eval(f, a.Expr), placeOf(a.NameRange)
	}
	if sid, at := argument("sid"); sid.kind != isNull && sid.text.String() != "" {
		s.add(trust.Known("Sid"), at, sid)
	}
	effect, effectAt := argument("effect")
	if effect.kind == isNull {
		effect = known("Allow", at)
	}
	s.add(trust.Known("Effect"), effectAt, effect)
	for _, block := range []struct{ name, element string }{{"principals", "Principal"}, {"not_principals", "NotPrincipal"}} {
		if p := e.principals(f, body, block.name); p != nil {
			s.add(trust.Known(block.element), p.at, p)
		}
	}
	for _, l := range lists {
		if v, at := argument(l.argument); v.kind != isNull && (len(v.items) > 0 || v.isScalar()) {
			s.add(trust.Known(l.element), at, e.variables(v))
		}
	}
	if c := e.conditions(f, body); c != nil {
		s.add(trust.Known("Condition"), c.at, c)
	}
	return s
}

// variables writes IAM's policy variables, &{…} in this data source, as IAM does.
func (e *evaluator) variables(v *value) *value {
	if !e.look(v.at, v) {
		return v
	}
	changed := v.changed()
	if v.isScalar() {
		var all []trust.Text
		v.text.Each(func(known string) { all = append(all, trust.Known(strings.ReplaceAll(known, "&{", "${"))) },
			func(u *trust.Unknown) { all = append(all, u.Text()) })
		changed.text = trust.Concat(all...)
	}
	if v.isSequence() {
		changed.items = nil
		for _, item := range v.items {
			changed.items = append(changed.items, e.variables(item))
		}
	}
	return changed
}

// member returns the value of a key that may be unknown in part, and adds it
// to an object that has none.
func (v *value) member(k *value, standard func() *value) *value {
	for i := range v.keys {
		if v.keys[i].text.Equal(k.text) {
			return v.items[i]
		}
	}
	item := standard()
	v.add(k.text, k.at, item)
	return item
}

// extend appends to a list that is being made.
func (v *value) extend(other *value) {
	if other.isSequence() {
		v.items = append(v.items, other.items...)
		v.open = bothOpen(v.open, other.open)
		return
	}
	v.items = append(v.items, other)
}

// required returns an argument of a nested block.
func (e *evaluator) required(f frame, body *hclsyntax.Body, name string, at place) *value {
	a := body.Attributes[name]
	if a == nil {
		return e.invalid(name, at)
	}
	v := e.eval(f, a.Expr)
	if v.kind == isNull {
		return e.invalid(name, placeOf(a.Expr.Range()))
	}
	return e.variables(v)
}

func (e *evaluator) principals(f frame, body *hclsyntax.Body, block string) *value {
	var all *value
	e.expand(f, body, block, func(f frame, body *hclsyntax.Body, at place) {
		if all == nil {
			all = &value{kind: isObject, at: at}
		}
		kind := e.required(f, body, "type", at)
		all.member(kind, func() *value { return list(nil, kind.at) }).extend(e.required(f, body, "identifiers", at))
	})
	if all != nil && len(all.keys) == 1 && all.keys[0].text.Equal(trust.Known("*")) && len(all.items[0].items) == 1 {
		if text, ok := all.items[0].items[0].known(); ok && text == "*" {
			return known("*", all.at)
		}
	}
	return all
}

func (e *evaluator) conditions(f frame, body *hclsyntax.Body) *value {
	var all *value
	e.expand(f, body, "condition", func(f frame, body *hclsyntax.Body, at place) {
		if all == nil {
			all = &value{kind: isObject, at: at}
		}
		test, variable := e.required(f, body, "test", at), e.required(f, body, "variable", at)
		keys := all.member(test, func() *value { return &value{kind: isObject, at: test.at} })
		keys.member(variable, func() *value { return list(nil, variable.at) }).extend(e.required(f, body, "values", at))
	})
	return all
}

// decoded returns what a text in JSON has in it.
func (e *evaluator) decoded(v *value) *value {
	if v.json != nil {
		return v.json
	}
	if v.isScalar() && v.unknown() == nil {
		decoded, err := e.Decode(v.text, func(trust.Pos) trust.Pos { return v.at.pos })
		if err == nil {
			return e.fromDocument(decoded, v.at)
		}
	}
	w := e.apply("jsondecode", v.at, v)
	w.failed = v.text.Unknown() == nil
	return w
}
