package document

import (
	"bufio"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// UTF8 returns what r holds as UTF-8 without a byte-order mark. Windows
// PowerShell writes what it redirects in UTF-16 with one.
func UTF8(r io.Reader) *bufio.Reader {
	in := bufio.NewReader(r)
	head, _ := in.Peek(3)
	switch {
	case string(head) == "\ufeff":
		_, _ = in.Discard(3)
	case len(head) >= 2 && head[0] == 0xff && head[1] == 0xfe:
		_, _ = in.Discard(2)
		return bufio.NewReader(&wide{in: in, high: 1})
	case len(head) >= 2 && head[0] == 0xfe && head[1] == 0xff:
		_, _ = in.Discard(2)
		return bufio.NewReader(&wide{in: in, high: 0})
	}
	return in
}

// wide reads UTF-16 as UTF-8; high is the place of a unit's higher byte.
type wide struct {
	in   *bufio.Reader
	high int
}

var errUTF16 = errors.New("text is not valid UTF-16, as its byte-order mark says")

func (w *wide) Read(p []byte) (n int, err error) {
	if len(p) < utf8.UTFMax {
		return 0, io.ErrShortBuffer
	}
	for n+utf8.UTFMax <= len(p) {
		if n > 0 && w.in.Buffered() < 4 {
			return n, nil
		}
		c, err := w.unit()
		if err != nil {
			return n, err
		}
		if utf16.IsSurrogate(c) {
			low, err := w.unit()
			if c = utf16.DecodeRune(c, low); err != nil || c == utf8.RuneError {
				return n, errUTF16
			}
		}
		n += utf8.EncodeRune(p[n:], c)
	}
	return n, nil
}

func (w *wide) unit() (rune, error) {
	var unit [2]byte
	if _, err := io.ReadFull(w.in, unit[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errUTF16
		}
		return 0, err
	}
	return rune(unit[w.high])<<8 | rune(unit[1-w.high]), nil
}
