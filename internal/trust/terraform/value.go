package terraform

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// place is where in a module something is.
type place struct {
	file string
	pos  trust.Pos
}

// kind is what a value is. Terraform's tuples are lists here, its maps are
// objects.
type kind byte

const (
	isNull kind = iota
	isString
	isNumber
	isBool
	isList
	isSet
	isObject
	isBlock // a resource, a data source or a module, of which attributes are asked
)

// value is what an expression yields. It is not changed once it is made. A
// string that is unknown as a whole can be a value of any kind.
type value struct {
	kind  kind
	text  trust.Text // of a scalar
	at    place
	keys  []key // of an object
	items []*value

	// open is set if a collection may have more, fewer or other elements.
	// Its item that is any represents all those that are not known.
	open *trust.Unknown
	any  bool

	json   *value     // what a string encodes, if that is known from its making
	origin *origin    // of a string whose lines are those of a file
	block  *reference // of isBlock

	failed   bool // Terraform refuses the expression
	operator bool // what is unknown is what an operator yields
	weight   int  // see weigh
}

// origin is where a text is in a file: its lines follow each other there.
type origin struct {
	place      // of the first character
	indent int // what is left out before each line, in characters
}

// of returns where in the file a place in the text is. Behind what is put into
// a line, columns are those of the text.
func (o *origin) of(at trust.Pos) trust.Pos {
	return trust.Pos{Line: o.pos.Line + at.Line - 1, Column: at.Column + o.indent}
}

// key is a key of an object.
type key struct {
	text trust.Text
	at   place
}

func str(text trust.Text, at place) *value { return &value{kind: isString, text: text, at: at} }
func known(text string, at place) *value   { return str(trust.Known(text), at) }
func null(at place) *value                 { return &value{kind: isNull, at: at} }
func list(items []*value, at place) *value { return &value{kind: isList, items: items, at: at} }
func number(n *big.Float, at place) *value {
	return &value{kind: isNumber, text: trust.Known(decimal(n)), at: at}
}
func integer(n int, at place) *value {
	return &value{kind: isNumber, text: trust.Known(strconv.Itoa(n)), at: at}
}
func boolean(b bool, at place) *value {
	return &value{kind: isBool, text: trust.Known(strconv.FormatBool(b)), at: at}
}
func open(u *trust.Unknown, at place) *value { return str(u.Text(), at) }

// decimal writes a number as Terraform converts it to a string. One that
// would be very long is written with an exponent.
func decimal(n *big.Float) string {
	if n.IsInf() || n.MantExp(nil) > 1024 || n.MantExp(nil) < -1024 {
		return n.Text('g', 20)
	}
	return n.Text('f', -1)
}

// add appends a member to an object that is being made.
func (v *value) add(name trust.Text, at place, item *value) {
	v.keys = append(v.keys, key{name, at})
	v.items = append(v.items, item)
}

func (v *value) isScalar() bool { return v.kind == isString || v.kind == isNumber || v.kind == isBool }
func (v *value) isSequence() bool {
	return v.kind == isList || v.kind == isSet
}

// unknown returns what v is if it can be a value of any kind, or nil.
func (v *value) unknown() *trust.Unknown { return v.text.Wholly() }

// known returns the text of a scalar that is known.
func (v *value) known() (string, bool) {
	if !v.isScalar() {
		return "", false
	}
	return v.text.Known()
}

// truth returns what a boolean is, and whether it is known.
func (v *value) truth() (is, ok bool) {
	text, ok := v.known()
	return text == "true", ok && (text == "true" || text == "false")
}

// float returns what a number is, if it is known.
func (v *value) float() (*big.Float, bool) {
	text, ok := v.known()
	if !ok || v.kind == isBool {
		return nil, false
	}
	n, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	return n, err == nil && !n.IsInf()
}

// int returns what a whole number is, if it is known.
func (v *value) int() (int, bool) {
	n, ok := v.float()
	if !ok || !n.IsInt() {
		return 0, false
	}
	i, accuracy := n.Int64()
	return int(i), accuracy == big.Exact
}

// get returns the value of a key, and whether v has it.
func (v *value) get(name string) (*value, bool) {
	for i := len(v.keys) - 1; i >= 0; i-- {
		if text, ok := v.keys[i].text.Known(); ok && text == name {
			return v.items[i], true
		}
	}
	return nil, false
}

// sorted returns an object's members in the order of their keys, which is the
// order in which Terraform visits them; of equal keys the last counts.
func (v *value) sorted() *value {
	order := make([]int, 0, len(v.keys))
	last := make(map[string]int, len(v.keys))
	for i, k := range v.keys {
		last[k.text.String()] = i
	}
	for _, i := range last {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(v.keys[a].text.String(), v.keys[b].text.String()) })
	s := *v
	s.keys, s.items = make([]key, 0, len(order)), make([]*value, 0, len(order))
	for _, i := range order {
		s.keys, s.items = append(s.keys, v.keys[i]), append(s.items, v.items[i])
	}
	return &s
}

// eachUnknown visits all that is unknown in v.
func (v *value) eachUnknown(visit func(*trust.Unknown)) {
	if v.open != nil {
		visit(v.open)
	}
	if u := v.text.Unknown(); u != nil {
		visit(u)
	}
	for _, k := range v.keys {
		if u := k.text.Unknown(); u != nil {
			visit(u)
		}
	}
	for _, item := range v.items {
		item.eachUnknown(visit)
	}
}

// dependsOn returns what the unknown parts of values depend on.
func dependsOn(values ...*value) []string {
	var all []string
	for _, v := range values {
		v.eachUnknown(func(u *trust.Unknown) { all = append(all, u.DependsOn...) })
	}
	return all
}

// inner returns an expression without the ${ } around it.
func inner(u *trust.Unknown) string {
	if rest, ok := strings.CutPrefix(u.Expression, "${"); ok {
		if rest, ok = strings.CutSuffix(rest, "}"); ok {
			return rest
		}
	}
	return u.Expression
}

// derived returns the unknown of an expression about u, such as its element.
func derived(u *trust.Unknown, before, after string) *trust.Unknown {
	return trust.NewUnknown("${"+before+inner(u)+after+"}", u.DependsOn...)
}

// bothOpen returns what two collections, of which both may be open, are open for.
func bothOpen(a, b *trust.Unknown) *trust.Unknown {
	switch {
	case a == nil:
		return b
	case b == nil || a.Same(b):
		return a
	}
	return trust.NewUnknown("${"+inner(a)+", "+inner(b)+"}", append(slices.Clone(a.DependsOn), b.DependsOn...)...)
}

// render writes v one way, as an expression.
func (v *value) render() string {
	var b strings.Builder
	v.write(&b)
	return b.String()
}

// maxShown is how long a value is in an expression that is printed, in bytes.
const maxShown = 200

// shown writes v for an expression that is printed. What is long, and what an
// object holds, may be no part of the policy and secret: a digest replaces it.
func (v *value) shown() string {
	full := v.render()
	hidden := len(full) > maxShown || v.kind == isObject || slices.ContainsFunc(v.items, func(item *value) bool { return !item.isScalar() })
	if !hidden || v.unknown() != nil || v.kind == isBlock || !strings.ContainsAny(full, "\"0123456789") {
		return full
	}
	digest := sha256.Sum256([]byte(full))
	brackets := map[kind]string{isObject: "{%s}", isList: "[%s]", isSet: "[%s]"}[v.kind]
	return fmt.Sprintf(cmp.Or(brackets, "\"%s\""), fmt.Sprintf("…%x", digest[:6]))
}

func (v *value) write(b *strings.Builder) {
	if u := v.unknown(); u != nil {
		b.WriteString(inner(u))
		return
	}
	switch v.kind {
	case isNull:
		b.WriteString("null")
	case isString:
		b.WriteByte('"')
		v.text.Each(func(known string) {
			quoted := strconv.Quote(known)
			b.WriteString(quoted[1 : len(quoted)-1])
		}, func(u *trust.Unknown) { b.WriteString("${" + inner(u) + "}") })
		b.WriteByte('"')
	case isBlock:
		b.WriteString(v.block.address())
	case isObject:
		if v.open != nil && len(v.items) == 1 && v.items[0].any && v.keys[0].text.Equal(derived(v.open, "keys(", ")[*]").Text()) {
			b.WriteString(inner(v.open))
			return
		}
		b.WriteByte('{')
		for i, k := range v.keys {
			if i > 0 {
				b.WriteString(", ")
			}
			str(k.text, k.at).write(b)
			b.WriteString(" = ")
			v.items[i].write(b)
		}
		b.WriteByte('}')
	case isList, isSet:
		if v.open != nil && len(v.items) == 1 && v.items[0].text.Equal(derived(v.open, "", "[*]").Text()) {
			b.WriteString(inner(v.open))
			return
		}
		b.WriteByte('[')
		for i, item := range v.items {
			if i > 0 {
				b.WriteString(", ")
			}
			if item.any && v.open != nil {
				b.WriteString("for each of " + inner(v.open) + ": ")
			}
			item.write(b)
		}
		b.WriteByte(']')
	default:
		b.WriteString(v.text.String())
	}
}

// changed returns a copy of v to be changed.
func (v *value) changed() *value {
	c := *v
	c.weight = 0
	return &c
}

// again returns v at another place.
func (v *value) again(at place) *value {
	moved := *v
	moved.at = at
	return &moved
}

// pair is an element of a collection with its key or index. One that is any
// represents those that are not known.
type pair struct {
	key, value *value
	any        bool
}

// same reports whether two values certainly are equal, and whether that is
// known.
func same(a, b *value) (equal, ok bool) {
	if a.unknown() != nil || b.unknown() != nil || a.open != nil || b.open != nil {
		equal = a.unknown() != nil && !stands(a.text) && a.unknown().Same(b.unknown())
		return equal, equal
	}
	switch {
	case a.kind == isNull || b.kind == isNull:
		return a.kind == b.kind, true
	case a.kind == isBlock || b.kind == isBlock:
		return false, false
	case a.isScalar() && b.isScalar():
		return sameScalars(a, b)
	case a.kind == isObject && b.kind == isObject:
		if a, b = a.sorted(), b.sorted(); !slices.EqualFunc(a.keys, b.keys, func(x, y key) bool { return x.text.Equal(y.text) }) {
			return false, len(dependsOn(a, b)) == 0
		}
	case !a.isSequence() || !b.isSequence():
		return false, true
	case len(a.items) != len(b.items):
		return false, true
	}
	equal, ok = true, true
	for i := range a.items {
		itemEqual, itemOK := same(a.items[i], b.items[i])
		if itemOK && !itemEqual {
			return false, true
		}
		equal, ok = equal && itemEqual, ok && itemOK
	}
	return equal, ok
}

// sameScalars compares texts, numbers and booleans. A number and the text that
// it is written as are not equal, but what YAML has without quotes may be
// either.
func sameScalars(a, b *value) (equal, ok bool) {
	_, knownA := a.text.Known()
	_, knownB := b.text.Known()
	switch {
	case a.text.Equal(b.text):
		equal = a.kind == b.kind && !stands(a.text)
		return equal, equal
	case knownA && knownB:
		return false, true
	}
	return false, !a.text.Pattern(false).Overlaps(b.text.Pattern(false))
}

// stands reports whether a text has an element that represents several: it
// need not be equal to itself.
func stands(t trust.Text) bool {
	u := t.Unknown()
	return u != nil && strings.Contains(u.Expression, "[*]")
}
