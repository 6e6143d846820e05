// Package jsonlex reads JSON token by token, each with its position. It is stricter than encoding/json (no invalid UTF-8, no lone
// surrogates), works in memory that does not depend on the length of the
// input, and leaves the meaning of objects, duplicate keys included, to its
// caller.
package jsonlex

import (
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/org/aws-oidc-action/internal/spelling"
)

const (
	maxToken = 1 << 20 // bytes of one string or number, as written
	maxDepth = 512     // nested objects and lists
)

// Pos is a place in a document. Line and Column start at 1; columns count
// characters (code points), not bytes.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Kind says what a token is.
type Kind byte

// The kinds of tokens. Commas and colons are checked and not reported.
const (
	EOF         Kind = 0
	ObjectStart Kind = '{'
	ObjectEnd   Kind = '}'
	ListStart   Kind = '['
	ListEnd     Kind = ']'
	Key         Kind = 'k'
	String      Kind = 's'
	Number      Kind = 'n'
	Bool        Kind = 'b'
	Null        Kind = '0'
)

// String names the kind as an error message would.
func (k Kind) String() string {
	switch k {
	case EOF:
		return "the end of the document"
	case ObjectStart, ObjectEnd:
		return "an object"
	case ListStart, ListEnd:
		return "a list"
	case Key:
		return "a key"
	case String:
		return "a string"
	case Number:
		return "a number"
	case Bool:
		return "a boolean"
	case Null:
		return "null"
	}
	return fmt.Sprintf("token %q", byte(k))
}

// Token is one token. Text is the decoded string or key, or the literal as
// written; it is valid until the next call of the lexer only.
type Token struct {
	Kind Kind
	Text []byte
	Pos  Pos
}

// SyntaxError says what is wrong with a document, and where. That of a Lexer
// quotes one character at most: a document may hold secrets.
type SyntaxError struct {
	Line, Column int
	Msg          string
	Duplicate    string // the key that is duplicated, if that is what is wrong
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// Errorf makes a SyntaxError at p.
func (p Pos) Errorf(format string, args ...any) error {
	return &SyntaxError{Line: p.Line, Column: p.Column, Msg: fmt.Sprintf(format, args...)}
}

// A Lexer reads one JSON value and refuses what follows it.
type Lexer struct {
	in      io.Reader
	buf     []byte // window of the input: buf[off:] is not yet consumed
	off     int
	readErr error // what ended the input, io.EOF included

	pos    Pos    // of buf[off]
	open   []byte // '{' and '[' not yet closed
	expect state
	text   []byte // decoded string that had escapes
}

// state says what may come next.
type state byte

const (
	value        state = iota // a value
	firstElement              // a value or ]
	firstKey                  // a key or }
	nextKey                   // a key, after a comma
	afterValue                // a comma or the end of the list or object
	done                      // the end of the document
)

// New returns a lexer for the JSON value in r.
func New(r io.Reader) *Lexer {
	return &Lexer{in: r, buf: make([]byte, 0, 64<<10), pos: Pos{1, 1}}
}

// FromBytes returns a lexer for the JSON value in src.
func FromBytes(src []byte) *Lexer {
	return &Lexer{buf: src, readErr: io.EOF, pos: Pos{1, 1}}
}

// Next returns the next token, or a token of kind EOF after the value's end.
// Errors are *SyntaxError, or what the reader returned.
func (l *Lexer) Next() (Token, error) {
	c, err := l.peek()
	if err != nil {
		return Token{}, err
	}
	if l.expect == afterValue {
		if c, err = l.separator(c); err != nil {
			return Token{}, err
		}
	}
	pos := l.pos
	switch l.expect {
	case done:
		if c != 0 || !l.atEnd() {
			return Token{}, pos.Errorf("unexpected %s after the end of the document", spelling.Character(l.rune()))
		}
		return Token{Kind: EOF, Pos: pos}, nil
	case firstElement, firstKey, afterValue:
		if c == '}' || c == ']' {
			return l.end(c)
		}
	}
	if l.expect == firstKey || l.expect == nextKey {
		return l.key(c)
	}
	return l.value(c)
}

// Skip reads over the value that begins with the token first.
func (l *Lexer) Skip(first Token) error {
	if first.Kind != ObjectStart && first.Kind != ListStart {
		return nil
	}
	return l.Leave(len(l.open) - 1)
}

// Depth returns how many objects and lists are open.
func (l *Lexer) Depth() int { return len(l.open) }

// Leave reads on until no more than depth objects and lists are open.
func (l *Lexer) Leave(depth int) error {
	for len(l.open) > depth {
		if _, err := l.Next(); err != nil {
			return err
		}
	}
	return nil
}

// separator consumes the comma after a value, if there is one, and returns
// the character that follows. Without one, only the end of the enclosing
// object or list is left, and the state stays afterValue.
func (l *Lexer) separator(c byte) (byte, error) {
	if c != ',' {
		if c == '}' || c == ']' {
			return c, nil
		}
		return 0, l.unexpected("a comma or the end of " + l.container())
	}
	l.advance(1)
	l.expect = value
	if l.open[len(l.open)-1] == '{' {
		l.expect = nextKey
	}
	return l.peek()
}

func (l *Lexer) container() string {
	return Kind(l.open[len(l.open)-1]).String()
}

func (l *Lexer) end(c byte) (Token, error) {
	top := l.open[len(l.open)-1]
	if top == '{' && c != '}' || top == '[' && c != ']' {
		return Token{}, l.unexpected("the end of " + l.container())
	}
	t := Token{Kind: Kind(c), Pos: l.pos}
	l.advance(1)
	l.open = l.open[:len(l.open)-1]
	l.valueEnds()
	return t, nil
}

func (l *Lexer) valueEnds() {
	l.expect = afterValue
	if len(l.open) == 0 {
		l.expect = done
	}
}

func (l *Lexer) key(c byte) (Token, error) {
	if c != '"' {
		return Token{}, l.unexpected("a key in double quotes")
	}
	t := Token{Kind: Key, Pos: l.pos}
	var err error
	if t.Text, err = l.str(); err != nil {
		return Token{}, err
	}
	colon, err := l.peekKeeping(&t.Text)
	if err != nil {
		return Token{}, err
	}
	if colon != ':' {
		return Token{}, l.unexpected("a colon after the key")
	}
	l.advance(1)
	l.expect = value
	return t, nil
}

func (l *Lexer) value(c byte) (Token, error) {
	t := Token{Pos: l.pos}
	var err error
	switch {
	case c == '{' || c == '[':
		if len(l.open) == maxDepth {
			return Token{}, l.pos.Errorf("more than %d nested objects and lists", maxDepth)
		}
		l.open = append(l.open, c)
		l.advance(1)
		l.expect = firstElement
		if c == '{' {
			l.expect = firstKey
		}
		t.Kind = Kind(c)
		return t, nil
	case c == '"':
		t.Kind = String
		t.Text, err = l.str()
	case c == '-' || c >= '0' && c <= '9':
		t.Kind = Number
		t.Text, err = l.number()
	case c == 't':
		t.Kind = Bool
		t.Text, err = l.literal("true")
	case c == 'f':
		t.Kind = Bool
		t.Text, err = l.literal("false")
	case c == 'n':
		t.Kind = Null
		t.Text, err = l.literal("null")
	default:
		err = l.unexpected("a value")
	}
	if err != nil {
		return Token{}, err
	}
	l.valueEnds()
	return t, nil
}

func (l *Lexer) unexpected(want string) error {
	if l.atEnd() {
		return l.pos.Errorf("unexpected end of the document; expected %s", want)
	}
	return l.pos.Errorf("unexpected %s; expected %s", spelling.Character(l.rune()), want)
}

// rune returns the character that comes next, of which more than the first
// byte may have to be read.
func (l *Lexer) rune() rune {
	for len(l.buf)-l.off < utf8.UTFMax && l.fill() {
	}
	r, _ := utf8.DecodeRune(l.buf[l.off:])
	return r
}
