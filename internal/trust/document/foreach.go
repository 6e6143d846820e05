package document

import (
	"strings"
	"unicode"

	"github.com/org/aws-oidc-action/internal/trust"
)

// forEach begins the key of a loop in an object.
const forEach = "Fn::ForEach::"

// member is a key of an object with its value, in the loops around it.
type member struct {
	key, value node
	loops      []loop
}

// members returns the members of an object, those of its loops included
// (CloudFormation, Fn::ForEach).
func (r *resolver) members(n node) []member {
	var all []member
	for i, key := range n.keys {
		switch {
		case !r.budget.spend(key.pos, 0):
			return nil
		case strings.HasPrefix(key.name(), forEach):
			all = append(all, r.turns(n.items[i])...)
		default:
			key.text = r.substitute(key.text, key.pos)
			all = append(all, member{key, n.items[i], r.loops})
		}
	}
	return all
}

// turns returns the members of all turns of a loop. A collection that is open
// makes one turn, with an unknown item.
func (r *resolver) turns(argument node) []member {
	identifier, collection, body := argument.at(0).name(), r.resolve(argument.at(1)), argument.at(2)
	if r.depth++; r.depth > maxDepth {
		r.budget.fail(argument.pos.Errorf("template has more than %d nested values and references", maxDepth))
	}
	defer func() { r.depth-- }()
	if !collection.isList() {
		item := r.open(argument, "ForEach", collection)
		collection = node{items: []node{item}}
	}
	var all []member
	for _, item := range collection.items {
		if !r.budget.spend(argument.pos, 0) {
			return nil
		}
		around := append(append([]loop(nil), r.loops...), loop{identifier, item.text})
		r.within(around, func() { all = append(all, r.members(body)...) })
	}
	return all
}

// substitute replaces ${Identifier} and &{Identifier} of the loops; the
// latter is without what a logical id cannot have.
func (r *resolver) substitute(text trust.Text, at trust.Pos) trust.Text {
	if !r.budget.spend(at, len(text.String())) || len(r.loops) == 0 {
		return text
	}
	for _, l := range r.loops {
		text = replaceAll(text, "${"+l.identifier+"}", l.item)
		text = replaceAll(text, "&{"+l.identifier+"}", alphanumeric(l.item))
		r.budget.steps -= 2 // each looks through the text
	}
	r.budget.spend(at, len(text.String()))
	return text
}

func replaceAll(text trust.Text, placeholder string, value trust.Text) trust.Text {
	if !strings.Contains(text.String(), placeholder) {
		return text
	}
	var all []trust.Text
	text.Each(func(known string) {
		for i, between := range strings.Split(known, placeholder) {
			if i > 0 {
				all = append(all, value)
			}
			all = append(all, trust.Known(between))
		}
	}, func(u *trust.Unknown) { all = append(all, u.Text()) })
	return trust.Concat(all...)
}

func alphanumeric(text trust.Text) trust.Text {
	known, ok := text.Known()
	if !ok {
		return text
	}
	return trust.Known(strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return c
		}
		return -1
	}, known))
}
