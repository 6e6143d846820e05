package oidc

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

func inUTF16(text string, order binary.AppendByteOrder) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

func TestFileToken(t *testing.T) {
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"
	for name, tt := range map[string]struct{ content, want string }{
		"as it is":                     {token, token},
		"with blanks and a line end":   {" " + token + "\r\n", token},
		"after a byte-order mark":      {"\ufeff" + token + "\n", token},
		"as UTF-16, little-endian":     {inUTF16(token+"\r\n", binary.LittleEndian), token},
		"as UTF-16, big-endian":        {inUTF16(token, binary.BigEndian), token},
		"as UTF-16 that is cut":        {inUTF16(token, binary.LittleEndian) + "x", token},
		"an answer of the endpoint":    {`{"count":1984,"value":"` + token + `"}`, token},
		"an answer with a mark":        {"\ufeff{\n  \"value\": \"" + token + "\"\n}\n", token},
		"an answer in UTF-16":          {inUTF16(`{"value": "`+token+`"}`, binary.LittleEndian), token},
		"an answer without a value":    {`{"message": "no"}`, `{"message": "no"}`},
		"an answer that is no text":    {`{"value": 1}`, `{"value": 1}`},
		"an answer that is not whole":  {`{"value": "` + token, `{"value": "` + token},
		"nothing":                      {"", ""},
		"a mark alone":                 {"\ufeff", ""},
		"another form":                 {`"` + token + `"`, `"` + token + `"`},
		"a mark of UTF-16 and no text": {"\xff\xfe", ""},
	} {
		if got := FileToken(tt.content).Reveal(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func FuzzFileToken(f *testing.F) {
	for _, seed := range []string{"", "a.b.c", `{"value":"a.b.c"}`, "\ufeffa.b.c", "\xff\xfea\x00", "{", `{"value":" "}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		token := FileToken(content).Reveal()
		if token != strings.TrimSpace(token) {
			t.Errorf("%q: white space around %q", content, token)
		}
		if claims, err := ParseClaims(content); err == nil && claims != nil && token != content {
			t.Errorf("a token that is read as %q", token)
		}
	})
}
