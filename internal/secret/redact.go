package secret

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// part is how many consecutive characters of a secret, or of an encoding of it, are
// a piece of the secret.
const part = 12

// Redact replaces every piece of the secrets in a text by ***: a whole secret, and
// any 12 consecutive characters of one, so that it also finds the signature of a
// token alone and a value that was cut. It finds them as they are,
// percent-encoded, and in base64 (standard and URL alphabet) at any offset of a
// longer text.
//
// It is for texts of up to some kilobytes from a peer that knows the secrets and
// may repeat them, such as the messages of a server.
func Redact(text string, secrets ...Value) string {
	places := map[string][]int{}
	for i := 0; i+part <= len(text); i++ {
		places[text[i:i+part]] = append(places[text[i:i+part]], i)
	}
	hidden := make([]bool, len(text))
	hide := func(from, n int) {
		for i := range n {
			hidden[from+i] = true
		}
	}
	for _, s := range secrets {
		if s.IsZero() {
			continue
		}
		for i := 0; ; i++ { // those shorter than a part too
			next := strings.Index(text[i:], s.s)
			if next < 0 {
				break
			}
			i += next
			hide(i, len(s.s))
		}
		for _, form := range forms(s.s) {
			for i := 0; i+part <= len(form); i++ {
				piece := form[i : i+part]
				for _, place := range places[piece] {
					hide(place, part)
				}
				delete(places, piece)
			}
		}
	}
	return replaced(text, hidden)
}

func replaced(text string, hidden []bool) string {
	var b strings.Builder
	for i := range len(text) {
		switch {
		case !hidden[i]:
			b.WriteByte(text[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString(redacted)
		}
	}
	return b.String()
}

// forms returns a secret and its encodings. In base64, a text inside a longer one
// has three forms, by its offset in a group of three bytes; the last characters
// depend on what follows and are left out.
func forms(s string) []string {
	all := []string{s}
	for _, escape := range []func(string) string{url.QueryEscape, url.PathEscape} {
		escaped := escape(s)
		all = append(all, escaped, lowerHex(escaped))
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for skip := 0; skip < 3 && skip < len(s); skip++ {
			tail := s[skip:]
			all = append(all, encoding.EncodeToString([]byte(tail[:len(tail)/3*3])))
		}
	}
	return all
}

// lowerHex turns %2F into %2f.
func lowerHex(escaped string) string {
	b := []byte(escaped)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(escaped[i+1:i+3]))
		}
	}
	return string(b)
}
