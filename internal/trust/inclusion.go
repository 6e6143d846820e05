package trust

import (
	"fmt"
	"slices"
)

// maxInclusionWork bounds Contains, in positions of p that it looks at.
// Patterns of policies need some dozens.
const maxInclusionWork = 50_000

// Contains reports whether every text that matches q matches p too. It is
// exact, except that it says no for patterns so tangled that the answer would
// take too long, and where it depends on what an unknown part is.
//
// It walks both patterns over all texts at once: q from one of its positions,
// p from all positions that it can be at after the same text. A text that
// takes q to its end and none of p's positions to its end is a counterexample.
// Characters that neither pattern names behave alike, so one stands for all.
func (p Pattern) Contains(q Pattern) bool {
	if slices.Equal(p, q) {
		return true
	}
	w := inclusion{p: p, q: q, seen: map[string]bool{}}
	return w.holds()
}

// inclusion is one run of Contains.
type inclusion struct {
	p, q Pattern
	seen map[string]bool
	todo []configuration
	work int // positions of p looked at
}

// configuration is a position in q with the sorted positions in p.
type configuration struct {
	q int
	p []int
}

func (w *inclusion) holds() bool {
	w.push(0, w.stars([]int{0}))
	for len(w.todo) > 0 {
		if w.work > maxInclusionWork {
			return false
		}
		c := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		w.work += len(c.p)
		if c.q == len(w.q) {
			if !slices.Contains(c.p, len(w.p)) {
				return false
			}
			continue
		}
		w.step(c)
	}
	return true
}

// step follows c over every character that q takes next.
func (w *inclusion) step(c configuration) {
	next := c.q + 1
	switch w.q[c.q] {
	case AnyRun:
		w.push(next, c.p) // the run ends here
		next = c.q
		fallthrough
	case AnyOne:
		for _, r := range w.alphabet(c.p) {
			w.work += len(c.p)
			w.push(next, w.after(c.p, r))
		}
	default:
		w.push(next, w.after(c.p, w.q[c.q]))
	}
}

// alphabet returns the characters that p tells apart at the positions.
func (w *inclusion) alphabet(positions []int) []rune {
	letters := []rune{other}
	for _, i := range positions {
		if i < len(w.p) && !IsWildcard(w.p[i]) && !slices.Contains(letters, w.p[i]) {
			letters = append(letters, w.p[i])
		}
	}
	return letters
}

// after returns where p can be after reading r.
func (w *inclusion) after(positions []int, r rune) []int {
	var reached []int
	for _, i := range positions {
		switch {
		case i == len(w.p):
		case w.p[i] == AnyRun:
			reached = append(reached, i)
		case w.p[i] == AnyOne && !IsUnknown(r) || w.p[i] == r || w.p[i] == unknownLike && r == unknownLiteral:
			reached = append(reached, i+1)
		}
	}
	return w.stars(reached)
}

// stars adds the positions behind a *, which can stand for nothing.
func (w *inclusion) stars(positions []int) []int {
	for n := 0; n < len(positions); n++ {
		if i := positions[n]; i < len(w.p) && w.p[i] == AnyRun && !slices.Contains(positions, i+1) {
			positions = append(positions, i+1)
		}
	}
	slices.Sort(positions)
	return slices.Compact(positions)
}

func (w *inclusion) push(q int, p []int) {
	if key := fmt.Sprint(q, p); !w.seen[key] {
		w.seen[key] = true
		w.todo = append(w.todo, configuration{q, p})
	}
}
