package oidc

import (
	"encoding/binary"
	"encoding/json"
	"strings"
	"unicode/utf16"

	"github.com/org/aws-oidc-action/internal/secret"
)

// FileToken returns the token in the content of a file: as it is, or as the
// value of an object {"value": …}, the form of the runner's token endpoint.
// White space and a byte-order mark do not count; after one, UTF-16 is read too,
// which PowerShell writes. Whether it is a token, ParseClaims tells.
func FileToken(content string) secret.Value {
	text := strings.TrimSpace(withoutMark(content))
	if strings.HasPrefix(text, "{") {
		var answer struct {
			Value string `json:"value"`
		}
		if json.Unmarshal([]byte(text), &answer) == nil && answer.Value != "" {
			text = strings.TrimSpace(answer.Value)
		}
	}
	return secret.New(text)
}

// withoutMark decodes a text that begins with a byte-order mark.
func withoutMark(text string) string {
	for _, form := range []struct {
		mark  string
		order binary.ByteOrder // nil for UTF-8
	}{
		{"\xef\xbb\xbf", nil}, {"\xff\xfe", binary.LittleEndian}, {"\xfe\xff", binary.BigEndian},
	} {
		rest, found := strings.CutPrefix(text, form.mark)
		if !found {
			continue
		}
		if form.order == nil {
			return rest
		}
		units := make([]uint16, 0, len(rest)/2)
		for i := 0; i+1 < len(rest); i += 2 {
			units = append(units, form.order.Uint16([]byte(rest[i:i+2])))
		}
		return string(utf16.Decode(units))
	}
	return text
}
