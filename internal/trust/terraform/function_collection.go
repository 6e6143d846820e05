package terraform

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

func (c call) same() *value { return c.arg(0) }

// collection returns a new list of the argument's kind, to be filled.
func (c call) collection(items []*value, open *trust.Unknown) *value {
	for range items {
		c.e.spend(c.at, 0)
	}
	return &value{kind: isList, at: c.at, items: items, open: open}
}

func (c call) concat() *value {
	var items []*value
	var unknown *trust.Unknown
	for _, a := range c.args {
		switch {
		case a.unknown() != nil:
			elements, open, _ := c.e.elements(a)
			unknown = bothOpen(unknown, open)
			items = append(items, elements[0].value.stands(true))
		case a.isSequence():
			unknown = bothOpen(unknown, a.open)
			items = append(items, a.items...)
		default:
			return c.refused()
		}
	}
	v := c.collection(items, unknown)
	if c.name == "setunion" {
		v.kind = isSet
		return c.e.distinct(v, true)
	}
	return v
}

func (c call) toSequence() *value {
	a := c.arg(0)
	if a.unknown() != nil {
		elements, open, _ := c.e.elements(a)
		a = c.collection([]*value{elements[0].value.stands(true)}, open)
	}
	if !a.isSequence() {
		return c.refused()
	}
	changed := a.changed()
	changed.kind, changed.at = isList, c.at
	if c.name == "toset" {
		changed.kind = isSet
		return c.e.distinct(changed, true)
	}
	return changed
}

func (c call) toScalar() *value {
	a := c.arg(0)
	if a.kind == isNull {
		return a
	}
	if !a.isScalar() {
		return c.refused()
	}
	changed := a.changed()
	switch c.name {
	case "tostring":
		changed.kind = isString
	case "tonumber":
		if _, ok := a.float(); !ok && a.unknown() == nil {
			return c.refused()
		}
		changed.kind = isNumber
	default:
		if _, ok := a.truth(); !ok && a.unknown() == nil {
			return c.refused()
		}
		changed.kind = isBool
	}
	return changed
}

func (c call) merge() *value {
	v := &value{kind: isObject, at: c.at}
	for _, a := range c.args {
		switch {
		case a.kind == isNull:
		case a.unknown() != nil:
			v.open = bothOpen(v.open, a.unknown())
		case a.kind != isObject:
			return c.refused()
		default:
			v.open = bothOpen(v.open, a.open)
			for i, k := range a.keys {
				c.e.spend(c.at, 0)
				v.add(k.text, k.at, a.items[i])
			}
		}
	}
	if v.open != nil && len(v.items) == 0 {
		return c.open()
	}
	open := v.open
	v = v.sorted()
	v.open = open
	return v
}

func (c call) lookup() *value {
	m, k := c.arg(0), c.arg(1)
	if m.kind != isObject || m.open != nil {
		return c.open()
	}
	name, ok := k.known()
	if !ok {
		if len(c.args) == 2 && k.isScalar() {
			if v, ok := c.e.row(m, k); ok {
				return v
			}
		}
		return c.open()
	}
	if v, ok := m.get(name); ok {
		return v
	}
	if len(c.args) > 2 {
		return c.args[2]
	}
	return c.refused()
}

func (c call) element() *value {
	a, i := c.arg(0), c.arg(1)
	n, ok := i.int()
	if !a.isSequence() || a.open != nil || !ok {
		return c.open()
	}
	if len(a.items) == 0 || n < 0 {
		return c.refused()
	}
	return a.items[n%len(a.items)]
}

func (c call) flatten() *value {
	a := c.arg(0)
	if !a.isSequence() {
		return c.open()
	}
	v := c.collection(nil, a.open)
	v.at = a.at
	var add func(item *value, repeated bool)
	add = func(item *value, repeated bool) {
		if !c.e.spend(c.at, 0) {
			return
		}
		if !item.isSequence() {
			v.items = append(v.items, item.stands(repeated || item.any))
			return
		}
		v.open = bothOpen(v.open, item.open)
		for _, inner := range item.items {
			add(inner, repeated || item.any)
		}
	}
	for _, item := range a.items {
		add(item, item.any)
	}
	return v
}

// compact leaves out what is empty; of what is not known it is not known.
func (c call) compact() *value {
	a := c.arg(0)
	if !a.isSequence() {
		return c.open()
	}
	var items []*value
	unknown := a.open
	for _, item := range a.items {
		text, ok := item.known()
		switch {
		case item.kind == isNull, ok && text == "":
			continue
		case item.unknown() != nil && !item.any:
			item, unknown = item.stands(true), bothOpen(unknown, item.unknown())
		}
		items = append(items, item)
	}
	return c.collection(items, unknown)
}

func (c call) reorder() *value {
	a := c.arg(0)
	if !a.isSequence() {
		return c.open()
	}
	switch c.name {
	case "distinct":
		return c.e.distinct(a, false)
	case "sort":
		v := a.changed()
		v.kind = isList
		v.items = slices.Clone(a.items)
		slices.SortStableFunc(v.items, func(x, y *value) int { return strings.Compare(x.text.String(), y.text.String()) })
		return v
	}
	v := a.changed()
	v.items = slices.Clone(a.items)
	slices.Reverse(v.items)
	return v
}

// coalesce returns the first argument that is neither null nor empty. For one
// that is not known, each outcome is possible.
func (c call) coalesce() *value {
	for _, a := range c.args {
		text, ok := a.known()
		switch {
		case a.kind == isNull, ok && text == "" && a.kind == isString:
			continue
		case c.name == "coalescelist" && a.isSequence() && a.open == nil && len(a.items) == 0:
			continue
		case a.unknown() != nil && a != c.args[len(c.args)-1]:
			if c.e.either(a.render()+" == null", dependsOn(a)) {
				continue
			}
		}
		return a
	}
	return c.refused()
}

func (c call) contains() *value {
	a, item := c.arg(0), c.arg(1)
	if !a.isSequence() {
		return c.open()
	}
	certain := a.open == nil
	for _, other := range a.items {
		c.e.spend(c.at, 0)
		equal, ok := same(other, item)
		if ok && equal && !other.any {
			return boolean(true, c.at)
		}
		certain = certain && ok
	}
	if certain {
		return boolean(false, c.at)
	}
	return c.open()
}

func (c call) parts() *value {
	a := c.arg(0)
	elements, unknown, ok := c.e.elements(a)
	if !ok || a.isSequence() {
		return c.refused()
	}
	v := c.collection(nil, unknown)
	for _, element := range elements {
		item := element.value
		if c.name == "keys" {
			item = element.key
		}
		v.items = append(v.items, item.stands(element.any))
	}
	return v
}

func (c call) length() *value {
	a := c.arg(0)
	text, ok := a.known()
	switch {
	case ok:
		return integer(len([]rune(text)), c.at)
	case a.kind == isBlock && a.block.several():
		if all := c.e.expansion(a.block.in, a.block.block); all.open == nil {
			return integer(len(all.items), c.at)
		}
	case a.open == nil && a.kind == isObject:
		return integer(len(a.sorted().keys), c.at)
	case a.open == nil && a.isSequence():
		return integer(len(a.items), c.at)
	}
	return c.open()
}

func (c call) zipmap() *value {
	k, v := c.arg(0), c.arg(1)
	if !k.isSequence() || !v.isSequence() || k.open != nil || v.open != nil || len(k.items) != len(v.items) {
		return c.open()
	}
	object := &value{kind: isObject, at: c.at}
	for i := range k.items {
		c.e.spend(c.at, 0)
		if !k.items[i].isScalar() {
			return c.refused()
		}
		object.add(k.items[i].text, k.items[i].at, v.items[i])
	}
	return object
}

func (c call) one() *value {
	a := c.arg(0)
	switch {
	case !a.isSequence() || a.open != nil:
		return c.open()
	case len(a.items) == 0:
		return null(c.at)
	case len(a.items) == 1:
		return a.items[0]
	}
	return c.refused()
}

func (c call) slice() *value {
	a := c.arg(0)
	from, okFrom := c.arg(1).int()
	to, okTo := c.arg(2).int()
	if !a.isSequence() || a.open != nil || !okFrom || !okTo {
		return c.open()
	}
	if from < 0 || from > to || to > len(a.items) {
		return c.refused()
	}
	return c.collection(a.items[from:to], nil)
}

// sequence is range, which Terraform limits to 1,024 numbers.
func (c call) sequence() *value {
	bounds := []int{0, 0, 1}
	for i, a := range c.args {
		n, ok := a.int()
		if !ok || i > 2 {
			return c.open()
		}
		bounds[i] = n
	}
	switch len(c.args) {
	case 1:
		bounds[0], bounds[1] = 0, bounds[0]
		if bounds[1] < 0 {
			bounds[2] = -1
		}
	case 2:
		if bounds[1] < bounds[0] {
			bounds[2] = -1
		}
	}
	v := list(nil, c.at)
	for n := bounds[0]; bounds[2] > 0 && n < bounds[1] || bounds[2] < 0 && n > bounds[1]; n += bounds[2] {
		if len(v.items) == 1024 || !c.e.spend(c.at, 0) {
			return c.refused()
		}
		v.items = append(v.items, integer(n, c.at))
	}
	return v
}

func (c call) position() *value {
	a := c.arg(0)
	if !a.isSequence() || a.open != nil {
		return c.open()
	}
	for i, item := range a.items {
		equal, ok := same(item, c.arg(1))
		if !ok {
			return c.open()
		}
		if equal {
			return integer(i, c.at)
		}
	}
	return c.refused()
}

// difference is setsubtract and setintersection.
func (c call) difference() *value {
	if len(c.args) != 2 || len(dependsOn(c.args...)) > 0 || !c.args[0].isSequence() || !c.args[1].isSequence() {
		return c.open()
	}
	second := map[string]bool{}
	for _, item := range c.args[1].items {
		second[item.render()] = true
	}
	var items []*value
	for _, item := range c.args[0].items {
		if second[item.render()] == (c.name == "setintersection") {
			items = append(items, item)
		}
	}
	v := c.collection(items, nil)
	v.kind = isSet
	return v
}

func (c call) product() *value {
	rows := [][]*value{nil}
	var unknown *trust.Unknown
	for _, a := range c.args {
		if !a.isSequence() {
			return c.open()
		}
		unknown = bothOpen(unknown, a.open)
		var longer [][]*value
		for _, row := range rows {
			for _, item := range a.items {
				for range len(row) + 1 {
					c.e.spend(c.at, 0)
				}
				if c.e.Err() != nil {
					return null(c.at)
				}
				longer = append(longer, append(slices.Clone(row), item))
			}
		}
		rows = longer
	}
	v := list(nil, c.at)
	v.open = unknown
	for _, row := range rows {
		repeated := slices.ContainsFunc(row, func(item *value) bool { return item.any })
		v.items = append(v.items, list(row, c.at).stands(repeated))
	}
	return v
}

// truths is anytrue and alltrue.
func (c call) truths() *value {
	a := c.arg(0)
	if !a.isSequence() {
		return c.open()
	}
	certain := a.open == nil
	for _, item := range a.items {
		is, ok := item.truth()
		if ok && is == (c.name == "anytrue") && !item.any {
			return boolean(is, c.at)
		}
		certain = certain && ok
	}
	if certain {
		return boolean(c.name == "alltrue", c.at)
	}
	return c.open()
}

// extreme is max and min.
func (c call) extreme() *value {
	var best *value
	for _, a := range c.args {
		n, ok := a.float()
		if !ok {
			return c.open()
		}
		if best != nil {
			if m, _ := best.float(); (n.Cmp(m) > 0) != (c.name == "max") || n.Cmp(m) == 0 {
				continue
			}
		}
		best = a
	}
	if best == nil {
		return c.refused()
	}
	return best
}
