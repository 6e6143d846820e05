package terraform

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/org/aws-oidc-action/internal/trust"
)

func (c call) join() *value {
	separator := c.arg(0)
	var items []*value
	for _, a := range c.args[min(1, len(c.args)):] {
		if !a.isSequence() || a.open != nil {
			return c.open()
		}
		items = append(items, a.items...)
	}
	var all []trust.Text
	for i, item := range items {
		if !item.isScalar() || !separator.isScalar() {
			return c.refused()
		}
		if i > 0 {
			all = append(all, separator.text)
		}
		all = append(all, item.text)
		if !c.e.spend(c.at, len(separator.text.String())+len(item.text.String())) {
			return null(c.at)
		}
	}
	return str(trust.Concat(all...), c.at)
}

func (c call) split() *value {
	separator, okS := c.text(0)
	text, okT := c.text(1)
	if !okS || !okT {
		return c.open()
	}
	v := list(nil, c.at)
	for part := range strings.SplitSeq(text, separator) {
		if !c.e.spend(c.at, len(part)) {
			break
		}
		v.items = append(v.items, known(part, c.at))
	}
	return v
}

// format knows %s, %d, %v and %q, of which %s and %v can have values that are
// not known.
func (c call) format() *value {
	if len(c.args) == 0 {
		return c.refused()
	}
	return c.formatted(c.args[1:])
}

func (c call) formatted(args []*value) *value {
	spec, ok := c.text(0)
	if !ok {
		return c.open()
	}
	var all []trust.Text
	put := func(t trust.Text) {
		if c.e.spend(c.at, len(t.String())) {
			all = append(all, t)
		}
	}
	for {
		before, after, found := strings.Cut(spec, "%")
		put(trust.Known(before))
		if !found {
			break
		}
		if after == "" {
			return c.refused()
		}
		spec = after[1:]
		switch {
		case after[0] == '%':
			put(trust.Known("%"))
			continue
		case !strings.ContainsRune("svdq", rune(after[0])):
			return c.open() // with widths and the like
		case len(args) == 0:
			return c.refused()
		}
		a := args[0]
		args = args[1:]
		_, isKnown := a.known()
		switch {
		case after[0] == 'v' && !a.isScalar():
			put(a.encoded())
		case !a.isScalar(), after[0] == 'q' && !isKnown:
			return c.open()
		case after[0] == 'q':
			put(trust.Known(strconv.Quote(a.text.String())))
		default:
			put(a.text)
		}
	}
	return str(trust.Concat(all...), c.at)
}

func (c call) formatlist() *value {
	n := -1
	var unknown *trust.Unknown
	for i, a := range c.args {
		if i == 0 || a.isScalar() && a.unknown() == nil {
			continue
		}
		if a.unknown() != nil {
			elements, open, _ := c.e.elements(a)
			c.args = slices.Clone(c.args)
			c.args[i] = c.collection([]*value{elements[0].value.stands(true)}, open)
			a = c.args[i]
		}
		if !a.isSequence() || n >= 0 && n != len(a.items) {
			return c.open()
		}
		if a.open != nil {
			unknown = a.open
		}
		n = len(a.items)
	}
	if n < 0 {
		return c.open()
	}
	v := list(nil, c.at)
	v.open = unknown
	for row := range n {
		repeated := false
		var args []*value
		for _, a := range c.args[1:] {
			if a.isSequence() {
				repeated = repeated || a.items[row].any
				a = a.items[row]
			}
			args = append(args, a)
		}
		if !c.e.spend(c.at, 0) {
			break
		}
		v.items = append(v.items, c.formatted(args).stands(repeated))
	}
	return v
}

// maxPattern and maxMatched bound regular expressions, in bytes.
const (
	maxPattern = 1 << 10
	maxMatched = 16 << 10
)

func (c call) replace() *value {
	all, ok := c.texts(3)
	if !ok {
		return c.open()
	}
	text, old, replacement := all[0], all[1], all[2]
	if len(old) > 1 && strings.HasPrefix(old, "/") && strings.HasSuffix(old, "/") {
		if len(old) > maxPattern || len(replacement) > maxPattern || len(text) > maxMatched {
			return c.open()
		}
		pattern, err := regexp.Compile(old[1 : len(old)-1])
		if err != nil {
			return c.refused()
		}
		return c.string(pattern.ReplaceAllString(text, replacement))
	}
	if !c.e.spend(c.at, strings.Count(text, old)*len(replacement)) {
		return null(c.at)
	}
	return c.string(strings.ReplaceAll(text, old, replacement))
}

// changeCase is lower and upper, part by part.
func (c call) changeCase() *value {
	a := c.arg(0)
	if !a.isScalar() {
		return c.open()
	}
	change := strings.ToLower
	if c.name == "upper" {
		change = strings.ToUpper
	}
	var all []trust.Text
	a.text.Each(func(known string) { all = append(all, trust.Known(change(known))) },
		func(u *trust.Unknown) { all = append(all, derived(u, c.name+"(", ")").Text()) })
	text := trust.Concat(all...)
	c.e.spend(c.at, len(text.String()))
	return str(text, c.at)
}

// trimEnd is trimprefix and trimsuffix, of which only the end of a text has to
// be known.
func (c call) trimEnd() *value {
	a := c.arg(0)
	end, ok := c.text(1)
	if !ok || !a.isScalar() {
		return c.open()
	}
	if text, ok := a.known(); ok {
		if c.name == "trimprefix" {
			return c.string(strings.TrimPrefix(text, end))
		}
		return c.string(strings.TrimSuffix(text, end))
	}
	var parts []trust.Text
	a.text.Each(func(known string) { parts = append(parts, trust.Known(known)) }, func(u *trust.Unknown) { parts = append(parts, u.Text()) })
	i := 0
	if c.name == "trimsuffix" {
		i = len(parts) - 1
	}
	text, isKnown := parts[i].Known()
	switch {
	case !isKnown || len(text) < len(end):
		return c.open()
	case c.name == "trimprefix":
		parts[i] = trust.Known(strings.TrimPrefix(text, end))
	default:
		parts[i] = trust.Known(strings.TrimSuffix(text, end))
	}
	return str(trust.Concat(parts...), c.at)
}

// reshape is what needs all of a text.
func (c call) reshape() *value {
	text, ok := c.text(0)
	if !ok {
		return c.open()
	}
	switch c.name {
	case "trim":
		if cutset, ok := c.text(1); ok {
			return c.string(strings.Trim(text, cutset))
		}
	case "trimspace":
		return c.string(strings.TrimSpace(text))
	case "chomp":
		return c.string(strings.TrimRight(text, "\r\n"))
	case "title":
		previous := ' '
		return c.string(strings.Map(func(r rune) rune {
			first := !unicode.IsLetter(previous) && !unicode.IsDigit(previous) && previous != '_' && previous != '\''
			if previous = r; first {
				return unicode.ToTitle(r)
			}
			return r
		}, text))
	case "strrev":
		if text == "" || utf8.RuneCountInString(text) == len(text) {
			b := []byte(text)
			slices.Reverse(b)
			return c.string(string(b))
		}
	case "substr":
		from, okFrom := c.arg(1).int()
		n, okN := c.arg(2).int()
		characters := []rune(text)
		if !okFrom || !okN {
			break
		}
		if from < 0 {
			from = max(from+len(characters), 0)
		}
		from = min(from, len(characters))
		if n < 0 || n > len(characters)-from {
			n = len(characters) - from
		}
		return c.string(string(characters[from : from+n]))
	}
	return c.open()
}

// contained is startswith, endswith and strcontains.
func (c call) contained() *value {
	a := c.arg(0)
	part, ok := c.text(1)
	if !ok || !a.isScalar() {
		return c.open()
	}
	if text, ok := a.known(); ok {
		is := map[string]func(a, b string) bool{"startswith": strings.HasPrefix, "endswith": strings.HasSuffix, "strcontains": strings.Contains}[c.name]
		return boolean(is(text, part), c.at)
	}
	around := map[string][2]string{"startswith": {"", "*"}, "endswith": {"*", ""}, "strcontains": {"*", "*"}}[c.name]
	like := slices.Concat(trust.NewPattern(around[0]), trust.Known(part).Pattern(false), trust.NewPattern(around[1]))
	if !a.text.Pattern(false).Overlaps(like) {
		return boolean(false, c.at)
	}
	return c.open()
}

// regex is regex and regexall: a match is a text, or, with groups, the list or
// the object of these.
func (c call) regex() *value {
	all, ok := c.texts(2)
	if !ok || len(all[0]) > maxPattern || len(all[1]) > maxMatched {
		return c.open()
	}
	pattern, err := regexp.Compile(all[0])
	if err != nil {
		return c.refused()
	}
	n := -1
	if c.name == "regex" {
		n = 1
	}
	v := list(nil, c.at)
	for _, match := range pattern.FindAllStringSubmatchIndex(all[1], n) {
		if !c.e.spend(c.at, match[1]-match[0]) {
			break
		}
		v.items = append(v.items, c.match(all[1], pattern.SubexpNames(), match))
	}
	switch {
	case c.name == "regexall":
		return v
	case len(v.items) == 0:
		return c.refused()
	}
	return v.items[0]
}

// match returns what a pattern with so many groups has found.
func (c call) match(text string, groups []string, found []int) *value {
	group := func(i int) *value {
		if found[2*i] < 0 {
			return null(c.at)
		}
		return c.string(text[found[2*i]:found[2*i+1]])
	}
	if len(groups) == 1 {
		return group(0)
	}
	v := list(nil, c.at)
	if groups[1] != "" {
		v = &value{kind: isObject, at: c.at}
	}
	for i, name := range groups[1:] {
		if v.kind == isObject {
			v.add(trust.Known(name), c.at, group(i+1))
		} else {
			v.items = append(v.items, group(i+1))
		}
	}
	return v
}
