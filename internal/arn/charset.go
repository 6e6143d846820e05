package arn

import (
	"strings"
	"unicode/utf8"
)

// The character sets are functions, because regular expressions with counted
// repetitions take longer to compile than all the rest of the program's start.

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

func isLower(c rune) bool { return c >= 'a' && c <= 'z' }

// isName is [\w+=,.@-], for the names of roles, policies and sessions.
func isName(c rune) bool {
	return isDigit(c) || isLower(c) || c >= 'A' && c <= 'Z' || strings.ContainsRune("_+=,.@-", c)
}

// isPath is what IAM allows in a path: printable ASCII.
func isPath(c rune) bool { return c >= 0x21 && c <= 0x7e }

// consists reports whether s has between least and most characters, all of a
// set.
func consists(s string, least, most int, set func(rune) bool) bool {
	n := utf8.RuneCountInString(s)
	return n >= least && n <= most && !strings.ContainsFunc(s, func(c rune) bool { return !set(c) })
}

func isNameOf(s string, longest int) bool { return consists(s, 1, longest, isName) }

// isPathAndName reports whether s is a name, or a path with its slash and a name.
func isPathAndName(s string, longest int, path func(rune) bool) bool {
	slash := strings.LastIndexByte(s, '/')
	return isNameOf(s[slash+1:], longest) && (slash < 0 || consists(s[:slash], 1, longestPath, path))
}
