package terraform

import (
	"encoding/json"
	"slices"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// encoded returns v as the text that jsonencode makes of it.
func (v *value) encoded() trust.Text {
	var all []trust.Text
	v.encode(&all)
	return trust.Concat(all...)
}

func (v *value) encode(all *[]trust.Text) {
	put := func(t string) { *all = append(*all, trust.Known(t)) }
	quote := func(text trust.Text) {
		put(`"`)
		text.Each(func(known string) {
			quoted, _ := json.Marshal(known) // of a string: cannot fail
			put(string(quoted[1 : len(quoted)-1]))
		}, func(u *trust.Unknown) { *all = append(*all, u.Text()) })
		put(`"`)
	}
	switch {
	case v.unknown() != nil:
		*all = append(*all, derived(v.unknown(), "jsonencode(", ")").Text())
	case v.open != nil:
		*all = append(*all, trust.NewUnknown("${jsonencode("+v.render()+")}", dependsOn(v)...).Text())
	case v.kind == isNull, v.kind == isBlock:
		put("null")
	case v.kind == isString:
		quote(v.text)
	case v.kind == isObject:
		put("{")
		sorted := v.sorted()
		for i, k := range sorted.keys {
			if i > 0 {
				put(",")
			}
			quote(k.text)
			put(":")
			sorted.items[i].encode(all)
		}
		put("}")
	case v.isSequence():
		put("[")
		for i, item := range v.items {
			if i > 0 {
				put(",")
			}
			item.encode(all)
		}
		put("]")
	default:
		put(v.text.String())
	}
}

// jsonKinds are the kinds of scalars in JSON.
var jsonKinds = map[kind]jsonlex.Kind{isNull: jsonlex.Null, isString: jsonlex.String, isNumber: jsonlex.Number, isBool: jsonlex.Bool}

// document returns v as a document's value. All positions are in the file:
// what comes from another one is where it is used. Whether there are elements
// of unknown number that are no scalars, such as statements, is a choice, but
// for a list that would then be empty.
func (e *evaluator) document(v *value, file string, used trust.Pos) document.Value {
	here := func(at place) trust.Pos {
		if at.file == file {
			return at.pos
		}
		return used
	}
	at := here(v.at)
	switch {
	case v.kind == isObject && v.open != nil: // its members can be overwritten by those that are not known
		return document.Scalar(jsonlex.String, e.apply("merge", v.at, v).text, at)
	case v.kind == isObject:
		var keys, items []document.Value
		for i, k := range v.keys {
			keyAt := here(k.at)
			keys = append(keys, document.Scalar(jsonlex.String, k.text, keyAt))
			items = append(items, e.document(v.items[i], file, keyAt))
		}
		return document.Object(keys, items, at)
	case v.isSequence():
		var items []document.Value
		certain := slices.ContainsFunc(v.items, func(item *value) bool { return !item.any })
		for _, item := range v.items {
			if item.any && !item.isScalar() && v.open != nil && certain && e.none(v.open) {
				continue
			}
			items = append(items, e.document(item, file, at))
		}
		return document.List(items, at)
	case v.kind == isBlock:
		return document.Scalar(jsonlex.String, e.apply("jsonencode", v.at, v).text, at)
	}
	return document.Scalar(jsonKinds[v.kind], v.text, at)
}

// none is the choice whether a collection of unknown length has no elements.
func (e *evaluator) none(u *trust.Unknown) bool {
	return e.either("length("+inner(u)+") == 0", u.DependsOn)
}

// fromDocument returns a value of a document, all of it at one place.
func (e *evaluator) fromDocument(d document.Value, at place) *value {
	if !e.spend(at, 0) {
		return null(at)
	}
	kind, text, keys, items := d.Parts()
	v := &value{at: at, text: text}
	switch kind {
	case jsonlex.ObjectStart:
		v.kind, v.text = isObject, trust.Text{}
		for i, k := range keys {
			_, name, _, _ := k.Parts()
			v.add(name, at, e.fromDocument(items[i], at))
		}
	case jsonlex.ListStart:
		v.kind, v.text = isList, trust.Text{}
		for _, item := range items {
			v.items = append(v.items, e.fromDocument(item, at))
		}
	case jsonlex.String:
		v.kind = isString
	case jsonlex.Number:
		v.kind = isNumber
	case jsonlex.Bool:
		v.kind = isBool
	default:
		return null(at)
	}
	return v
}
