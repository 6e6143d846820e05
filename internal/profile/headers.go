package profile

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// The SDKs read section headers differently. What is written here follows
//
//   - Go: internal/ini of github.com/aws/aws-sdk-go-v2/config v1.33.15,
//   - botocore 1.29 with Python's configparser,
//   - JavaScript: parseIni of @smithy/core 3.41.
//
// Headers are compared as these SDKs read them, because a header that only one
// SDK reads as a profile's section still shadows that profile in that SDK.

// Default is the profile that SDKs use if no other is named.
const Default = "default"

// reader is how one SDK reads a line that may start a section.
type reader struct {
	// header returns the name of the section, or false if the line starts none.
	header func(line string) (string, bool)
	// profile returns the profile whose section has this name, or "".
	profile func(k kind, header string) string
}

const (
	golang = iota
	botocore
	javascript
)

var readers = [...]reader{
	golang:     {goHeader, goProfile},
	botocore:   {botocoreHeader, botocoreProfile},
	javascript: {javascriptHeader, javascriptProfile},
}

// reading is how the readers interpret a line that is a header for at least one.
type reading struct {
	profiles [len(readers)]string // by reader; "" if it sees no profile
	plain    bool                 // the line is a header for every reader
	defaults bool                 // botocore applies its entries to every section
}

func (r reading) anySees(profile string) bool {
	return profile != "" && slices.Contains(r.profiles[:], profile)
}

func (r reading) agreeOn(profile string) bool {
	return !slices.ContainsFunc(r.profiles[:], func(p string) bool { return p != profile })
}

func readHeader(k kind, line string) (r reading, ok bool) {
	if !strings.HasPrefix(strings.TrimSpace(line), "[") {
		return reading{}, false
	}
	// Where it is indented, botocore may take it for a part of the value above.
	r.plain = line[0] == '['
	for i, reader := range readers {
		header, isHeader := reader.header(line)
		if !isHeader {
			r.plain = false
			continue
		}
		ok = true
		r.profiles[i] = reader.profile(k, header)
		r.defaults = r.defaults || i == botocore && header == "DEFAULT"
	}
	return r, ok
}

func brackets(text string) (string, bool) {
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return "", false
	}
	return text[1 : len(text)-1], true
}

// goHeader: a comment begins anywhere, blanks inside the brackets do not count.
func goHeader(line string) (string, bool) {
	if i := strings.IndexAny(line, "#;"); i >= 0 {
		line = line[:i]
	}
	header, ok := brackets(strings.TrimSpace(line))
	header = strings.TrimSpace(header)
	if i := strings.IndexAny(header, " \t"); i >= 0 {
		header = header[:i] + " " + strings.TrimLeft(header[i:], " \t")
	}
	return header, ok
}

// goProfile: quotes are part of the name.
func goProfile(k kind, header string) string {
	name, prefixed := strings.CutPrefix(header, "profile ")
	if prefixed == (k == configFile) || header == Default {
		return name
	}
	return ""
}

// botocoreHeader: everything up to the last bracket of the line counts, blanks
// and comments too.
func botocoreHeader(line string) (string, bool) {
	line = strings.TrimSpace(line)
	end := strings.LastIndexByte(line, ']')
	if !strings.HasPrefix(line, "[") || end < 2 {
		return "", false
	}
	return line[1:end], true
}

// botocoreProfile: two words as a shell splits them, the first beginning with
// "profile".
func botocoreProfile(k kind, header string) string {
	if k == credentialsFile || header == Default {
		return header
	}
	if words := shellWords(header); strings.HasPrefix(header, "profile") && len(words) == 2 {
		return words[1]
	}
	return ""
}

// shellWords splits as Python's shlex.split does; nil if a quote is not closed.
func shellWords(text string) []string {
	var words []string
	var word strings.Builder
	var quote rune // the open quote, or 0
	var inWord, escaped bool
	for _, c := range text {
		switch {
		case escaped:
			if quote != 0 && c != '\\' && c != quote {
				word.WriteByte('\\')
			}
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, inWord = true, true
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, inWord = c, true
		case quote == 0 && strings.ContainsRune(" \t\r\n", c):
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if quote != 0 || escaped {
		return nil
	}
	if inWord {
		words = append(words, word.String())
	}
	return words
}

// javascriptHeader: a comment begins after a blank, blanks inside count.
func javascriptHeader(line string) (string, bool) {
	return brackets(strings.TrimFunc(cutComment(line), isJavaScriptSpace))
}

var javascriptPrefix = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([\w-]+)[\s\v\pZ` + byteOrderMark + `](["']?)([\w@+.%:/-]+)(["']?)$`)
})

// javascriptProfile: one blank after the prefix, which may also be a dot;
// names of few characters only, in quotes or not.
func javascriptProfile(k kind, header string) string {
	if m := javascriptPrefix().FindStringSubmatch(header); m != nil && m[2] == m[4] {
		switch m[1] {
		case "profile", "sso-session", "services":
			header = m[1] + "." + m[3]
		default:
			return ""
		}
	}
	if k == credentialsFile || header == Default {
		return header
	}
	name, ok := strings.CutPrefix(header, "profile.")
	if !ok {
		return ""
	}
	return name
}

// cutComment drops a comment as the JavaScript SDK sees it: from a # or ; at
// the beginning of the line or after a blank. Go requires a space or a tab there,
// and botocore supports only lines that are comments as a whole.
func cutComment(line string) string {
	blank := true
	for i, c := range line {
		if blank && (c == '#' || c == ';') {
			return line[:i]
		}
		blank = isJavaScriptSpace(c)
	}
	return line
}

func isJavaScriptSpace(c rune) bool { return unicode.IsSpace(c) || c == '\ufeff' }

func isBlank(line string) bool { return strings.TrimSpace(line) == "" }

func isComment(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";")
}

// splitEntry returns the key, in lower case, and the value of a line that is
// neither blank nor comment nor header.
func splitEntry(line string) (key, value string) {
	line = cutComment(line)
	i := strings.IndexAny(line, "=:")
	if i < 0 {
		return "", ""
	}
	return strings.ToLower(strings.TrimSpace(line[:i])), strings.TrimSpace(line[i+1:])
}
