package spelling

import (
	"fmt"
	"strconv"
	"unicode"
)

// hidden are characters that look like others or like nothing and get into
// files by copying from a web page, a document or a chat, by their names in
// the Unicode standard.
var hidden = map[rune]string{
	'\u00a0': "no-break space",
	'\u00ad': "soft hyphen",
	'\u200b': "zero width space",
	'\u200c': "zero width non-joiner",
	'\u200d': "zero width joiner",
	'\u200e': "left-to-right mark",
	'\u200f': "right-to-left mark",
	'\u2010': "hyphen",
	'\u2011': "non-breaking hyphen",
	'\u2013': "en dash",
	'\u2014': "em dash",
	'\u2018': "left single quotation mark",
	'\u2019': "right single quotation mark",
	'\u201c': "left double quotation mark",
	'\u201d': "right double quotation mark",
	'\u2028': "line separator",
	'\u202a': "left-to-right embedding",
	'\u202b': "right-to-left embedding",
	'\u202c': "pop directional formatting",
	'\u202d': "left-to-right override",
	'\u202e': "right-to-left override",
	'\u202f': "narrow no-break space",
	'\u2060': "word joiner",
	'\u2066': "left-to-right isolate",
	'\u2067': "right-to-left isolate",
	'\u2068': "first strong isolate",
	'\u2069': "pop directional isolate",
	'\u3000': "ideographic space",
	'\ufeff': "byte order mark",
}

// Character names a character: one that is printable ASCII in quotes, any
// other by its code point, with its name if it is one that readers overlook.
func Character(r rune) string {
	name, known := hidden[r]
	switch {
	case known:
		return fmt.Sprintf("U+%04X (%s)", r, name)
	case r < unicode.MaxASCII && unicode.IsPrint(r):
		return strconv.QuoteRune(r)
	}
	return fmt.Sprintf("U+%04X", r)
}

// Invisible reports whether a reader cannot see a character in a text: white
// space other than the plain space, control and format characters.
func Invisible(r rune) bool { return (r < ' ' || r > '~') && !unicode.IsPrint(r) }
