package trust

import "slices"

// Alternatives are what the trust policy of a role can be: one policy, or
// several where a template leaves a choice open, of which exactly one holds.
type Alternatives []*Policy

// Evaluate decides as the policies do if they agree; else the decision is
// Undetermined. The statements are those of a policy that decides so; of an
// undetermined one, those of the policy that comes nearest to allowing.
func (a Alternatives) Evaluate(r Request) Result {
	var shown Result
	var open [][]string
	seen := map[Decision]bool{}
	for i, p := range a {
		result := p.Evaluate(r)
		seen[result.Decision] = true
		open = append(open, result.DependsOn)
		for _, given := range p.Given {
			open = append(open, given.DependsOn)
		}
		if i == 0 || nearness(result.Decision) > nearness(shown.Decision) {
			shown = result
		}
	}
	if seen[Undetermined] || seen[Allowed] && len(seen) > 1 {
		shown.Decision, shown.DependsOn = Undetermined, union(open...)
	}
	return shown
}

// nearness orders decisions by how near they come to allowing.
func nearness(d Decision) int {
	return slices.Index([]Decision{ExplicitDeny, ImplicitDeny, Undetermined, Allowed}, d)
}

// Opaque returns the alternatives of a policy of which the document
// determines nothing.
func Opaque(u *Unknown, at Pos) Alternatives {
	return Alternatives{{Pos: at, Version: Version2012, Statements: []Statement{{Pos: at, Unknown: u}}}}
}

// Found is something that was found in some of a role's alternatives.
type Found[T any] struct {
	What  T
	Given []Assumption // what all of those alternatives hold under
	Count int          // how many there are
}

// Collect adds what was found in the alternative that holds under given,
// unless the same is there already.
func Collect[T any](all []Found[T], what T, given []Assumption, same func(a, b T) bool) []Found[T] {
	i := slices.IndexFunc(all, func(f Found[T]) bool { return same(f.What, what) })
	if i < 0 {
		return append(all, Found[T]{what, given, 1})
	}
	all[i].Count++
	all[i].Given = slices.DeleteFunc(slices.Clone(all[i].Given), func(a Assumption) bool { return !slices.ContainsFunc(given, a.same) })
	return all
}

func (a Assumption) same(b Assumption) bool { return a.Key == b.Key && a.Value == b.Value }

// Under returns what f holds under, of so many alternatives: nothing if it
// holds in all of them.
func (f Found[T]) Under(alternatives int) []Assumption {
	if f.Count >= alternatives {
		return nil
	}
	return f.Given
}
