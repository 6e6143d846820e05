package jsonlex

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// write renders the tokens of l as compact JSON, keys and strings encoded
// anew, and checks that positions only grow.
func write(t *testing.T, l *Lexer) (string, error) {
	t.Helper()
	var b strings.Builder
	var last Pos
	comma := false
	for {
		tok, err := l.Next()
		if err != nil {
			return "", err
		}
		if tok.Pos.Line < last.Line || tok.Pos.Line == last.Line && tok.Pos.Column <= last.Column {
			t.Fatalf("position %v after %v", tok.Pos, last)
		}
		last = tok.Pos
		end := tok.Kind == ObjectEnd || tok.Kind == ListEnd
		if comma && !end && tok.Kind != EOF {
			b.WriteByte(',')
		}
		comma = true
		switch tok.Kind {
		case EOF:
			return b.String(), nil
		case ObjectStart, ListStart:
			b.WriteByte(byte(tok.Kind))
			comma = false
		case ObjectEnd, ListEnd:
			b.WriteByte(byte(tok.Kind))
		case Key, String:
			text, err := json.Marshal(string(tok.Text))
			if err != nil {
				t.Fatal(err)
			}
			b.Write(text)
			if tok.Kind == Key {
				b.WriteByte(':')
				comma = false
			}
		default:
			b.Write(tok.Text)
		}
	}
}

func TestLexerRefuses(t *testing.T) {
	tests := []struct{ src, want string }{
		{``, "line 1, column 1: unexpected end of the document; expected a value"},
		{"\n ", "line 2, column 2: unexpected end of the document; expected a value"},
		{`{"a":1,}`, `line 1, column 8: unexpected '}'; expected a key in double quotes`},
		{`[1,]`, `line 1, column 4: unexpected ']'; expected a value`},
		{`[1 2]`, `line 1, column 4: unexpected '2'; expected a comma or the end of a list`},
		{`[1}`, `line 1, column 3: unexpected '}'; expected the end of a list`},
		{`{"a"}`, `line 1, column 5: unexpected '}'; expected a colon after the key`},
		{`{"a":}`, `line 1, column 6: unexpected '}'; expected a value`},
		{`{a:1}`, `line 1, column 2: unexpected 'a'; expected a key in double quotes`},
		{`{"a":1`, `line 1, column 7: unexpected end of the document; expected a comma or the end of an object`},
		{`[`, `line 1, column 2: unexpected end of the document; expected a value`},
		{`,`, `line 1, column 1: unexpected ','; expected a value`},
		{`]`, `line 1, column 1: unexpected ']'; expected a value`},
		{`1 1`, `line 1, column 3: unexpected '1' after the end of the document`},
		{"1\x00", `line 1, column 2: unexpected U+0000 after the end of the document`},
		{`01`, `line 1, column 1: number is not valid JSON`},
		{`1.`, `line 1, column 1: number is not valid JSON`},
		{`-`, `line 1, column 1: number is not valid JSON`},
		{`1e+`, `line 1, column 1: number is not valid JSON`},
		{`truee`, `line 1, column 1: unexpected 't'; expected a value`},
		{`"ä`, `line 1, column 1: string has no closing quote`},
		{`"ä\`, `line 1, column 1: string has no closing quote`},
		{"[\"ä\n\"]", `line 1, column 4: control character in a string: write it as \u000a`},
		{"\"\xff\"", `line 1, column 1: string is not valid UTF-8`},
		{`"\x"`, `line 1, column 1: string has an unknown escape "\\x"`},
		{`"\ud800"`, `line 1, column 1: string has a \u escape that is not a character`},
		{`"\ud800\u0041"`, `line 1, column 1: string has a \u escape that is not a character`},
		{`"\u12g4"`, `line 1, column 1: string has a \u escape that is not a character`},
		{"\ufeff1", `line 1, column 1: unexpected U+FEFF (byte order mark); expected a value`},
		{strings.Repeat("[", 600), `line 1, column 513: more than 512 nested objects and lists`},
		{`"` + strings.Repeat("a", 3<<20) + `"`, `line 1, column 1: string is longer than 1048576 bytes`},
	}
	for _, tt := range tests {
		src := tt.src
		if len(src) > 40 {
			src = src[:40]
		}
		for _, l := range []*Lexer{New(strings.NewReader(tt.src)), New(iotest.OneByteReader(strings.NewReader(tt.src)))} {
			_, err := write(t, l)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || err.Error() != tt.want {
				t.Errorf("%q: %v\nwant %s", src, err, tt.want)
			}
		}
	}
}

func TestLexerTellsReadErrors(t *testing.T) {
	for _, src := range []string{`[1, `, `["a`, `[tru`, `{"a"`} {
		in := io.MultiReader(strings.NewReader(src), iotest.ErrReader(io.ErrClosedPipe))
		if _, err := write(t, New(in)); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%q: %v", src, err)
		}
	}
}

func TestSkip(t *testing.T) {
	l := FromBytes([]byte(`{"a": {"x": [1, {"y": 2}]}, "b": [[], {}], "c": 3, "d": 4}`))
	var keys []string
	for l.Depth() == 0 {
		if _, err := l.Next(); err != nil {
			t.Fatal(err)
		}
	}
	for {
		k, err := l.Next()
		if err != nil {
			t.Fatal(err)
		}
		if k.Kind == ObjectEnd {
			break
		}
		keys = append(keys, string(k.Text))
		v, err := l.Next()
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Skip(v); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(keys, ""); got != "abcd" {
		t.Errorf("keys %q", got)
	}
}

// What the lexer accepts, encoding/json accepts with the same meaning; and
// reading in pieces makes no difference.
func FuzzLexer(f *testing.F) {
	for _, src := range []string{
		`{"a": [1, -2.5e+3, true, false, null], "ä\u00e4\ud83d\ude00\n": {"": {}}}`,
		"[ \"x\",\r\n\t{}, [] ]", `"\"\\\/\b\f\n\r\t"`, `{"a" : 1}`, `1`, `[1}`,
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		got, err := write(t, FromBytes([]byte(src)))
		pieces, err2 := write(t, New(iotest.OneByteReader(strings.NewReader(src))))
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() || got != pieces {
			t.Fatalf("%q: %q, %v; in pieces %q, %v", src, got, err, pieces, err2)
		}
		if err != nil {
			return
		}
		want, have := decode(t, src), decode(t, got)
		if !reflect.DeepEqual(want, have) {
			t.Fatalf("%q became %q", src, got)
		}
	})
}

func decode(t *testing.T, src string) any {
	dec := json.NewDecoder(strings.NewReader(src))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%q: encoding/json: %v", src, err)
	}
	return v
}
