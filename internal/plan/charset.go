package plan

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The sets of characters in STS's and IAM's rules. They are functions, because
// regular expressions with counted repetitions take longer to compile than all
// the rest of the program's start.

func isWord(c rune) bool { return c == '_' || isAlphanumeric(c) }

func isAlphanumeric(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

// isName is [\w+=,.@-], for the names of roles, policies and sessions.
func isName(c rune) bool { return isWord(c) || strings.ContainsRune("+=,.@-", c) }

// isPath is what IAM allows in a path: printable ASCII.
func isPath(c rune) bool { return c >= 0x21 && c <= 0x7e }

// isTag is [\p{L}\p{Z}\p{N}_.:/=+\-@].
func isTag(c rune) bool {
	return c != utf8.RuneError && unicode.In(c, unicode.L, unicode.Z, unicode.N) || strings.ContainsRune("_.:/=+-@", c)
}

// consists reports whether s has between least and most characters, all of a
// set.
func consists(s string, least, most int, set func(rune) bool) bool {
	n := utf8.RuneCountInString(s)
	return n >= least && n <= most && !strings.ContainsFunc(s, func(c rune) bool { return !set(c) })
}

// isSessionName holds for source identities too.
func isSessionName(s string) bool { return consists(s, 2, 64, isName) }

func isExternalID(s string) bool {
	return consists(s, 2, 1224, func(c rune) bool { return isName(c) || c == ':' || c == '/' })
}
