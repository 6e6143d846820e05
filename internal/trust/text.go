package trust

import (
	"slices"
	"strings"
)

// Unknown is a part of a document that the document does not determine: the
// value of a parameter, an import, an attribute that only the deployment
// knows, a placeholder that has not been filled in.
type Unknown struct {
	// Expression is the whole expression as it is shown, such as ${Repo} or
	// ${Fn::ImportValue "net"}. Two unknowns are the same if and only if
	// their expressions are, depend on the same and refer to the same.
	Expression string

	// DependsOn names what has to be known first, such as "parameter Repo".
	// It is sorted, without duplicates and not empty.
	DependsOn []string

	// Definition identifies what the document says of that which the
	// expression refers to, such as a custom resource, if that makes a
	// difference. It is not shown.
	Definition string
}

// NewUnknown returns the unknown of an expression.
func NewUnknown(expression string, dependsOn ...string) *Unknown {
	return &Unknown{Expression: expression, DependsOn: union(dependsOn)}
}

// Same reports whether both are the same unknown; two that are nil are.
func (u *Unknown) Same(other *Unknown) bool {
	if u == nil || other == nil {
		return u == other
	}
	return u.Expression == other.Expression && slices.Equal(u.DependsOn, other.DependsOn) && u.Definition == other.Definition
}

// Text returns text that is u and nothing else.
func (u *Unknown) Text() Text { return Text{pieces: []piece{{unknown: u}}} }

// union returns all strings of the lists, sorted and without duplicates.
func union(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Text is a text of a document, of which parts may be unknown. The zero Text
// is the empty text.
type Text struct {
	known  string
	pieces []piece // nil if all is known
}

// piece is a part of a Text: known or unknown.
type piece struct {
	known   string
	unknown *Unknown
}

// Known returns a text that is known.
func Known(text string) Text { return Text{known: text} }

// Concat joins texts.
func Concat(texts ...Text) Text {
	if len(texts) == 1 {
		return texts[0]
	}
	var b strings.Builder
	var pieces []piece
	flush := func() {
		if b.Len() > 0 {
			pieces = append(pieces, piece{known: b.String()})
			b.Reset()
		}
	}
	for _, t := range texts {
		if t.pieces == nil {
			b.WriteString(t.known)
		}
		for _, p := range t.pieces {
			if p.unknown == nil {
				b.WriteString(p.known)
				continue
			}
			flush()
			pieces = append(pieces, p)
		}
	}
	if pieces == nil {
		return Text{known: b.String()}
	}
	flush()
	return Text{pieces: pieces}
}

// String returns the text as it is shown, each unknown part as its expression.
func (t Text) String() string {
	if t.pieces == nil {
		return t.known
	}
	var b strings.Builder
	for _, p := range t.pieces {
		b.WriteString(p.String())
	}
	return b.String()
}

func (p piece) String() string {
	if p.unknown != nil {
		return p.unknown.Expression
	}
	return p.known
}

// Known returns the text if all of it is known.
func (t Text) Known() (string, bool) { return t.known, t.pieces == nil }

// Unknown returns what is unknown in t, all of it as one, or nil if all of t
// is known.
func (t Text) Unknown() *Unknown {
	var depends [][]string
	definition := ""
	for _, p := range t.pieces {
		if p.unknown != nil {
			depends = append(depends, p.unknown.DependsOn)
			definition += p.unknown.Definition
		}
	}
	switch {
	case depends == nil:
		return nil
	case len(t.pieces) == 1:
		return t.pieces[0].unknown
	}
	all := NewUnknown(t.String(), slices.Concat(depends...)...)
	all.Definition = definition
	return all
}

// Wholly returns the one unknown that is all of t, or nil.
func (t Text) Wholly() *Unknown {
	if len(t.pieces) == 1 {
		return t.pieces[0].unknown
	}
	return nil
}

// Each calls known or unknown with each part of t, in order.
func (t Text) Each(known func(string), unknown func(*Unknown)) {
	if t.pieces == nil {
		known(t.known)
	}
	for _, p := range t.pieces {
		if p.unknown != nil {
			unknown(p.unknown)
		} else {
			known(p.known)
		}
	}
}

// Cut cuts t behind the first known part that has sep, and returns what is
// before and after sep; without one, t and the empty text if all of t is
// known, else twice t, since sep can be in what is unknown.
func (t Text) Cut(sep string) (before, after Text) {
	var head, tail []Text
	found := false
	t.Each(func(known string) {
		b, a, here := strings.Cut(known, sep)
		switch {
		case found:
			tail = append(tail, Known(known))
		case here:
			found = true
			head, tail = append(head, Known(b)), append(tail, Known(a))
		default:
			head = append(head, Known(known))
		}
	}, func(u *Unknown) {
		if found {
			tail = append(tail, u.Text())
		} else {
			head = append(head, u.Text())
		}
	})
	if !found && t.pieces != nil {
		return t, t
	}
	return Concat(head...), Concat(tail...)
}

// Equal reports whether both are the same, part by part.
func (t Text) Equal(other Text) bool {
	if t.pieces == nil || other.pieces == nil {
		return t.pieces == nil && other.pieces == nil && t.known == other.known
	}
	return slices.EqualFunc(t.pieces, other.pieces, piece.equal)
}

func (p piece) equal(other piece) bool {
	return p.known == other.known && p.unknown.Same(other.unknown)
}

// Pattern returns what t can be: known text literally, or, if wildcards,
// with * and ? read as such; unknown parts stay unknown.
func (t Text) Pattern(wildcards bool) Pattern {
	known := literal
	if wildcards {
		known = NewPattern
	}
	if t.pieces == nil {
		return known(t.known)
	}
	var all Pattern
	t.Each(func(s string) { all = append(all, known(s)...) }, func(u *Unknown) { all = append(all, u.pattern(wildcards)...) })
	return all
}
