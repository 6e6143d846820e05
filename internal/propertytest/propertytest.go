// Package propertytest decides how many cases tests with very many of them try:
// random ones, and the products of two lists.
package propertytest

import (
	"os"
	"testing"
)

const (
	shortShare = 10 // of the cases, with -short
	inCI       = 2  // times the cases, with CI=true
)

// Cases returns how many cases a test tries that tries full of them by default:
// a tenth with -short, twice as many if the environment has CI=true, as on
// GitHub. A test derives each case from its number, so that a failure can be
// repeated, and measures what it found by the number of cases.
func Cases(full int) uint64 {
	switch {
	case testing.Short():
		return uint64(max(1, full/shortShare))
	case os.Getenv("CI") == "true":
		return uint64(full * inCI)
	}
	return uint64(full)
}

// LeaveOut reports whether a test leaves out case i: with -short all but one in
// of. For the product of two lists i is the sum of both places, so that each
// member of each list is tried with some of the other.
func LeaveOut(i, of int) bool {
	return testing.Short() && i%of != 0
}
