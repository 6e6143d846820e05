package trust

import (
	"encoding/binary"
	"slices"
	"unicode"
)

// language is a set of texts: those that match one of the patterns, or, if
// negated, those that match none.
type language struct {
	patterns []Pattern
	fold     bool // letters match in either case
	arn      bool // but for the last one, wildcards end at a colon, as in an ARN
	negated  bool
}

// Within reports whether every text that p matches is matched by one of
// patterns. It is exact, except that it says no for patterns so tangled that
// the answer would take too long, and where it depends on what an unknown
// part is.
func (p Pattern) Within(patterns ...Pattern) bool {
	same := func(q Pattern) bool { return slices.Equal(p, q) }
	return slices.ContainsFunc(patterns, same) ||
		NewEffort(maxWalk).disjoint([]language{{patterns: []Pattern{p}}, {patterns: patterns, negated: true}})
}

// disjoint reports whether no text is in all of the languages, whatever their
// unknown parts are. It is exact where nothing is unknown, except that it says
// no where the answer would take too long.
//
// Unknown parts are letters of their own. A text of the languages is that of
// one of them, the generator, with each unknown part of it in its place: a
// negated language must match that part with the same one, or with a *, and
// any other language could match it with anything.
func (e *Effort) disjoint(languages []language) bool {
	if e.empty(newWalk(languages, -1)) {
		return true
	}
	for i, l := range languages {
		if !l.negated && slices.ContainsFunc(l.patterns, Pattern.HasUnknown) && e.empty(newWalk(languages, i)) {
			return true
		}
	}
	return false
}

func (e *Effort) empty(w *walk) bool {
	empty := w.empty(min(e.left, maxWalk))
	e.left -= w.work
	return empty
}

// maxWalk bounds one run over languages, in positions that it looks at.
// Patterns of policies need some dozens.
const maxWalk = 50_000

// walk goes through several languages at once: each is in all positions of its
// patterns that it can be in after the same text. A text that takes every
// language to an end and no negated one is in all of them. Characters that no
// pattern names behave alike, so one represents all.
type walk struct {
	automata  []automaton
	generator int // the one whose unknown parts are read; -1 if none is
	seen      map[string]bool
	todo      []state
	work      int // positions looked at
}

// automaton is a language by the characters of its patterns.
type automaton struct {
	runes   []rune // of all patterns, each with patternEnd
	fold    bool
	negated bool
	absorbs bool // what is unknown can be anything
}

// state holds the sorted positions of each automaton.
type state [][]int

func newWalk(languages []language, generator int) *walk {
	w := &walk{generator: generator, seen: map[string]bool{}}
	start := make(state, len(languages))
	for i, l := range languages {
		a := automaton{fold: l.fold, negated: l.negated, absorbs: !l.negated && i != generator}
		for _, p := range l.patterns {
			if l.arn {
				var ok bool
				if p, ok = p.arn(l.negated); !ok {
					continue
				}
			}
			if a.absorbs {
				p = p.Loosen()
			}
			start[i] = append(start[i], len(a.runes))
			for _, r := range p {
				if l.fold && r == unknownLiteral {
					r = unknownFolded
				}
				a.runes = append(a.runes, r)
			}
			a.runes = append(a.runes, patternEnd)
		}
		start[i] = a.close(start[i])
		w.automata = append(w.automata, a)
	}
	w.push(start)
	return w
}

// empty reports whether no text was found to be in all languages; it also
// says no when the work became more than most.
func (w *walk) empty(most int) bool {
	for len(w.todo) > 0 {
		s := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		if w.work > most || w.accepts(s) {
			return false
		}
		for _, r := range w.letters(s) {
			w.push(w.after(s, r))
		}
	}
	return true
}

func (w *walk) accepts(s state) bool {
	for i, a := range w.automata {
		atEnd := slices.ContainsFunc(s[i], func(at int) bool { return a.runes[at] == patternEnd })
		if atEnd == a.negated {
			return false
		}
	}
	return true
}

// letters returns the characters that make a difference in the state: those
// that a language must read next, if it is one of that kind, else all that
// any names, and one that none does.
func (w *walk) letters(s state) []rune {
	all := []rune{other}
	for i, a := range w.automata {
		named, open := a.next(s[i], i == w.generator)
		w.work += len(s[i])
		if !a.negated && !open && (i == w.generator || w.generator < 0) {
			return named
		}
		all = append(all, named...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// next returns the characters that a reads at the positions, and whether it
// can read others too.
func (a automaton) next(positions []int, unknown bool) (named []rune, open bool) {
	for _, at := range positions {
		switch r := a.runes[at]; {
		case r == patternEnd:
		case r == AnyRun || r == AnyOne:
			open = true
		case r == runOfComponent || r == oneOfComponent:
			open, named = true, append(named, ':')
		case IsUnknown(r):
			if unknown {
				named = append(named, r)
			}
		default:
			named = append(named, r)
			for more := unicode.SimpleFold(r); a.fold && more != r; more = unicode.SimpleFold(more) {
				named = append(named, more)
			}
		}
	}
	return named, open
}

// after returns the state after reading r, or nil if some language is at its
// end with it.
func (w *walk) after(s state, r rune) state {
	next := make(state, len(s))
	for i, a := range w.automata {
		w.work += len(s[i])
		if next[i] = a.after(s[i], r); len(next[i]) == 0 && !a.negated {
			return nil
		}
	}
	return next
}

func (a automaton) after(positions []int, r rune) []int {
	var reached []int
	for _, at := range positions {
		p := a.runes[at]
		switch {
		case a.absorbs && IsUnknown(r):
			for end := false; !end; at++ {
				reached = append(reached, at)
				end = a.runes[at] == patternEnd
			}
		case p == patternEnd:
		case p == AnyRun || p == runOfComponent && r != ':' && !IsUnknown(r):
			reached = append(reached, at)
		case p == AnyOne && !IsUnknown(r), p == oneOfComponent && r != ':' && !IsUnknown(r),
			p == r, a.fold && fold(p) == fold(r), coversUnknown(p, r):
			reached = append(reached, at+1)
		}
	}
	return a.close(reached)
}

// close adds the positions behind a *, which also matches nothing.
func (a automaton) close(positions []int) []int {
	for n := 0; n < len(positions); n++ {
		at := positions[n]
		if r := a.runes[at]; r == AnyRun || r == runOfComponent {
			positions = append(positions, at+1)
		}
	}
	slices.Sort(positions)
	return slices.Compact(positions)
}

func (w *walk) push(s state) {
	if s == nil {
		return
	}
	var key []byte
	for _, positions := range s {
		key = binary.AppendUvarint(key, uint64(len(positions)))
		for _, at := range positions {
			key = binary.AppendUvarint(key, uint64(at))
		}
	}
	if !w.seen[string(key)] {
		w.seen[string(key)] = true
		w.todo = append(w.todo, s)
	}
}

// coversUnknown reports whether an unknown part that ends with p matches
// whatever the same part matches that ends with r: one that can hold wildcards
// matches itself, taken literally, too.
func coversUnknown(p, r rune) bool {
	switch p {
	case unknownLike:
		return r == unknownLiteral || r == unknownARN
	case unknownARN, unknownFolded:
		return r == unknownLiteral
	case unknownWholeARN:
		return r == unknownARN
	}
	return false
}

// arn returns p as it is compared with an ARN, false if p is none. What is
// unknown can hold colons, so that a wildcard behind it may be in the last
// component; within rules that out.
func (p Pattern) arn(within bool) (Pattern, bool) {
	const components = 6
	colons := 0
	for _, r := range p {
		if r == ':' {
			colons++
		}
	}
	whole := colons+1 >= components
	if !whole && !p.HasUnknown() {
		return nil, false
	}
	q := slices.Clone(p)
	before, open := 0, false
	for i, r := range q {
		limited := before < components-1 && (within || !open)
		switch {
		case r == ':':
			before++
		case r == AnyRun && limited:
			q[i] = runOfComponent
		case r == AnyOne && limited:
			q[i] = oneOfComponent
		case endsUnknown(r) && within && !whole:
			q[i], open = unknownWholeARN, true
		case endsUnknown(r):
			q[i], open = unknownARN, true
		}
	}
	return q, true
}

// fold returns the same character for all that are equal but for case, in the
// sense of strings.EqualFold.
func fold(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}
