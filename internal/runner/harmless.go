package runner

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Harmless makes text from outside safe to print where the runner reads along:
// no line of the result is a workflow command (a line that starts with
// "::", blanks before it allowed, or that contains "##["), and no control
// character reaches the terminal. Line ends and tabs stay.
func Harmless(text string) string {
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

// hidden is what a terminal or a log viewer would act on instead of showing:
// control and format characters (escape sequences, bidirectional overrides)
// and the Unicode line separators.
func hidden(c rune) bool {
	return c != '\t' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029' || c == utf8.RuneError)
}
