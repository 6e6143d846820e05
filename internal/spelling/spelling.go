// Package spelling measures how far a name is from the one that may be meant.
package spelling

import (
	"cmp"
	"slices"
	"strings"
)

// Distance returns how many bytes have to be added, left out or exchanged to
// make b of a.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			exchanged := diagonal
			if a[i] != b[j] {
				exchanged++
			}
			diagonal = row[j+1]
			row[j+1] = min(exchanged, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Most returns how far a name may be from another to be taken for a
// misspelling of it.
func Most(name string) int { return max(min(2, len(name)/2), len(name)/3) }

// Nearest returns the known names that are the nearest to name, whatever their
// case, the nearest first, and no more than so many.
func Nearest(name string, known []string, most int) []string {
	distance := func(other string) int { return Distance(strings.ToLower(name), strings.ToLower(other)) }
	sorted := slices.SortedFunc(slices.Values(known), func(a, b string) int {
		return cmp.Or(cmp.Compare(distance(a), distance(b)), cmp.Compare(a, b))
	})
	return sorted[:min(most, len(sorted))]
}
