package secret

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// part is how many characters in a row of a secret, or of a form of it, count
// as a piece of the secret.
const part = 12

// Redact replaces every piece of the secrets in a text by ***: the whole, and
// any 12 characters in a row, so that the signature of a token is found alone
// and a value that was cut; as it is, percent-encoded, and in base64 (standard
// and URL alphabet) wherever it began in a longer text.
//
// It is for texts of up to some kilobytes from somebody who knows the secrets
// and may say them back, such as the messages of a server.
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

// forms are a secret and its encodings. In base64 a text inside of a longer
// one looks in three ways, by its place in a group of three bytes; the last
// characters depend on what follows and are left out.
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
