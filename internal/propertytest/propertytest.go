// Package propertytest decides how many random cases a property test tries.
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
