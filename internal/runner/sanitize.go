package runner

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Sanitize makes text from outside safe to print in a job's log: no line of the result is a workflow command (a line that starts with "::",
// leading blanks allowed, or that contains "##["), and no control character
// reaches the terminal. Line ends and tabs are kept.
func Sanitize(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		line = printable(line)
		if rest := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(rest, "::") {
			line = line[:len(line)-len(rest)] + ": :" + rest[len("::"):]
		}
		b.WriteString(strings.ReplaceAll(line, "##[", "## ["))
	}
	return b.String()
}

func printable(line string) string {
	if strings.IndexFunc(line, hidden) < 0 {
		return line
	}
	var b strings.Builder
	for _, c := range line {
		if hidden(c) {
			fmt.Fprintf(&b, `\u%04x`, c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// hidden reports whether a terminal or a log viewer would act on a character
// instead of showing it: control and format characters (escape sequences,
// bidirectional overrides) and the Unicode line separators.
func hidden(c rune) bool {
	return c != '\t' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029' || c == utf8.RuneError)
}

// accountID matches an account id: 12 digits, or with hyphens as the console
// shows it. More than 12 digits match too: an escaped character before an id
// (%20, \x01) ends in digits of its own.
var accountID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[0-9]{12,}|\b[0-9]{4}-[0-9]{4}-[0-9]{4}\b`)
})

// MaskAccounts replaces the account ids in a text by ***.
func MaskAccounts(text string) string { return accountID().ReplaceAllLiteralString(text, "***") }

// SanitizeJSON is Sanitize for JSON: what would be a workflow command or act on
// a terminal is written as an escape, so that a parser reads the same. JSON has
// such text in strings only.
func SanitizeJSON(text string) string {
	text = strings.ReplaceAll(text, "##[", `\u0023\u0023[`)
	odd := func(c rune) bool { return hidden(c) && c != '\n' && c != utf8.RuneError }
	if strings.IndexFunc(text, odd) < 0 {
		return text
	}
	var b strings.Builder
	for _, c := range text {
		switch {
		case !odd(c):
			b.WriteRune(c)
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}
