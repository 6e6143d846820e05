package jsonlex

import (
	"bytes"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// atEnd reports whether nothing is left. It is exact after a peek.
func (l *Lexer) atEnd() bool { return l.off == len(l.buf) && l.readErr != nil }

// peek skips white space and returns the next byte, or 0 at the end.
func (l *Lexer) peek() (byte, error) {
	for {
		for i, c := range l.buf[l.off:] {
			switch c {
			case ' ', '\t', '\r':
				l.pos.Column++
			case '\n':
				l.pos = Pos{l.pos.Line + 1, 1}
			default:
				l.off += i
				return c, nil
			}
		}
		l.off = len(l.buf)
		if !l.fill() {
			return 0, l.failure()
		}
	}
}

// peekKeeping is peek for a caller that holds text from the window: reading
// more of the input would move it.
func (l *Lexer) peekKeeping(text *[]byte) (byte, error) {
	if l.off < len(l.buf) && l.buf[l.off] == ':' {
		return ':', nil
	}
	l.text = append(l.text[:0], *text...)
	*text = l.text
	return l.peek()
}

func (l *Lexer) failure() error {
	if l.readErr != io.EOF {
		return l.readErr
	}
	return nil
}

// advance consumes n bytes that are ASCII and hold no line end.
func (l *Lexer) advance(n int) {
	l.off += n
	l.pos.Column += n
}

// fill reads more of the input behind what is not yet consumed, and reports
// whether there was more.
func (l *Lexer) fill() bool {
	if l.readErr != nil {
		return false
	}
	if l.off > 0 {
		l.buf = l.buf[:copy(l.buf, l.buf[l.off:])]
		l.off = 0
	}
	if len(l.buf) == cap(l.buf) {
		l.buf = append(l.buf, make([]byte, cap(l.buf))...)[:len(l.buf)]
	}
	for range 100 { // a reader may return nothing without an error, but not for ever
		n, err := l.in.Read(l.buf[len(l.buf):cap(l.buf)])
		l.buf = l.buf[:len(l.buf)+n]
		l.readErr = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	l.readErr = io.ErrNoProgress
	return false
}

// str reads the string that begins here.
func (l *Lexer) str() ([]byte, error) {
	end, plain, err := l.stringEnd()
	if err != nil {
		return nil, err
	}
	raw := l.buf[l.off+1 : end]
	start := l.pos
	l.off = end + 1
	if plain {
		l.pos.Column += len(raw) + 2
		return raw, nil
	}
	if !utf8.Valid(raw) {
		return nil, start.Errorf("string is not valid UTF-8")
	}
	l.pos.Column += utf8.RuneCount(raw) + 2
	return l.unescape(raw, start)
}

// stringEnd finds the closing quote and reports whether all before it is
// ASCII without escapes.
func (l *Lexer) stringEnd() (end int, plain bool, err error) {
	plain = true
	for i := 1; ; i++ {
		if l.off+i < len(l.buf) {
			i += ordinary(l.buf[l.off+i:])
		}
		for l.off+i >= len(l.buf) {
			if i > maxToken {
				return 0, false, l.pos.Errorf("string is longer than %d bytes", maxToken)
			}
			if !l.fill() {
				if err := l.failure(); err != nil {
					return 0, false, err
				}
				return 0, false, l.pos.Errorf("string has no closing quote")
			}
		}
		switch c := l.buf[l.off+i]; {
		case c == '"':
			return l.off + i, plain, nil
		case c == '\\':
			plain = false
			i++ // the next byte cannot close the string
		case c < ' ':
			at := l.pos
			at.Column += utf8.RuneCount(l.buf[l.off : l.off+i])
			return 0, false, at.Errorf("control character in a string: write it as \\u%04x", c)
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
}

// isOrdinary has the characters of a string that are ASCII and need no further
// look.
var isOrdinary = func() (ordinary [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		ordinary[c] = c != '"' && c != '\\'
	}
	return ordinary
}()

// ordinary returns how many bytes at the beginning of text are.
func ordinary(text []byte) int {
	for n, c := range text {
		if !isOrdinary[c] {
			return n
		}
	}
	return len(text)
}

func (l *Lexer) unescape(raw []byte, start Pos) ([]byte, error) {
	l.text = l.text[:0]
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			l.text = append(l.text, raw...)
			return l.text, nil
		}
		l.text = append(l.text, raw[:i]...)
		raw = raw[i+1:]
		switch c := raw[0]; c {
		case '"', '\\', '/':
			l.text = append(l.text, c)
		case 'b':
			l.text = append(l.text, '\b')
		case 'f':
			l.text = append(l.text, '\f')
		case 'n':
			l.text = append(l.text, '\n')
		case 'r':
			l.text = append(l.text, '\r')
		case 't':
			l.text = append(l.text, '\t')
		case 'u':
			r, n := decodeEscape(raw)
			if n == 0 {
				return nil, start.Errorf("string has a \\u escape that is not a character")
			}
			l.text = utf8.AppendRune(l.text, r)
			raw = raw[n:]
			continue
		default:
			return nil, start.Errorf("string has an unknown escape %q", `\`+string(raw[:1]))
		}
		raw = raw[1:]
	}
}

// decodeEscape decodes uXXXX, or uXXXX\uXXXX for a surrogate pair, and
// returns its length, which is 0 if it is none.
func decodeEscape(raw []byte) (rune, int) {
	hi, ok := hex4(raw)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(hi) {
		return hi, 5
	}
	if len(raw) < 6 || raw[5] != '\\' {
		return 0, 0
	}
	lo, ok := hex4(raw[6:])
	r := utf16.DecodeRune(hi, lo)
	if !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 11
}

func hex4(raw []byte) (rune, bool) {
	if len(raw) < 5 || raw[0] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(raw[1:5]), 16, 16)
	return rune(n), err == nil
}

// run returns the bytes from here that belong to a number or a word.
func (l *Lexer) run() ([]byte, error) {
	for i := 0; ; i++ {
		for l.off+i >= len(l.buf) {
			if i > maxToken {
				return nil, l.pos.Errorf("number is longer than %d bytes", maxToken)
			}
			if !l.fill() {
				return l.buf[l.off : l.off+i], l.failure()
			}
		}
		switch c := l.buf[l.off+i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '+', c == '-', c == '.':
		default:
			return l.buf[l.off : l.off+i], nil
		}
	}
}

func (l *Lexer) literal(want string) ([]byte, error) {
	got, err := l.run()
	if err != nil {
		return nil, err
	}
	if string(got) != want {
		return nil, l.unexpected("a value")
	}
	l.advance(len(got))
	return got, nil
}

func (l *Lexer) number() ([]byte, error) {
	got, err := l.run()
	if err != nil {
		return nil, err
	}
	if !validNumber(got) {
		return nil, l.pos.Errorf("number is not valid JSON")
	}
	l.advance(len(got))
	return got, nil
}

// validNumber checks s against the number grammar of RFC 8259.
func validNumber(s []byte) bool {
	s = bytes.TrimPrefix(s, []byte("-"))
	digits := func() bool {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	if len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' || !digits() {
		return false
	}
	if len(s) > 0 && s[0] == '.' {
		if s = s[1:]; !digits() {
			return false
		}
	}
	if len(s) > 0 && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if len(s) > 0 && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(s) == 0
}
