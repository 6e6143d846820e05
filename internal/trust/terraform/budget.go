package terraform

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
)

// What evaluation may cost beyond the budget of all documents, whose steps do
// not count how large the values are that one step looks at.
const (
	maxValue     = 1 << 20 // bytes and elements of one value, each occurrence of a shared one counted
	maxWork      = 1 << 26 // bytes and elements of values looked at
	maxDepth     = 400     // expressions within one another, after references are followed
	maxInstances = 10_000  // of a block with count or for_each, and of modules
	maxModules   = 20      // modules within modules
)

// spend pays for a step that yields so many bytes. It reports whether work
// may go on.
func (e *evaluator) spend(at place, bytes int) bool {
	if e.Spend(at.pos, bytes) {
		return true
	}
	if e.ended == "" {
		e.ended = at.file
	}
	return false
}

// fail ends all work, unless it has ended.
func (e *evaluator) fail(at place, format string, args ...any) {
	if e.Err() == nil {
		e.ended = at.file
		e.Fail(at.pos.Errorf(format, args...))
	}
}

// err returns what ended the work, and in which file.
func (e *evaluator) err() error {
	if err := e.Err(); err != nil && e.ended != "" {
		return fmt.Errorf("%s: %w", e.ended, err)
	}
	return e.Err()
}

// look pays for looking at all of some values. It reports whether work may go
// on.
func (e *evaluator) look(at place, values ...*value) bool {
	for _, v := range values {
		e.work += v.weigh()
	}
	if e.work > maxWork {
		e.fail(at, "evaluation exceeds the budget of %d values looked at; check the loops", maxWork)
	}
	return e.Err() == nil
}

// fits returns v, or, if that is too large, null.
func (e *evaluator) fits(v *value, at place) *value {
	if v.weigh() > maxValue {
		e.fail(at, "value exceeds %d bytes and elements; check the loops and what is repeated", maxValue)
		return null(at)
	}
	return v
}

// weigh returns how many bytes and elements v has, but for a value that is too
// large, of which it returns no less than what is too much.
func (v *value) weigh() int {
	if v.weight == 0 {
		weight := 1 + size(v.text)
		for _, k := range v.keys {
			weight += 1 + size(k.text)
		}
		for _, item := range v.items {
			weight = min(weight+item.weigh(), 2*maxValue)
		}
		v.weight = weight
	}
	return v.weight
}

// size returns how long a text is as it is shown.
func size(t trust.Text) (n int) {
	t.Each(func(known string) { n += len(known) }, func(u *trust.Unknown) { n += len(u.Expression) + 10*len(u.DependsOn) })
	return n
}
