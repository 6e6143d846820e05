package oidc

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"strings"
	"unicode/utf16"

	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/secret"
)

// MaxTokenFile bounds a file with a token, in bytes. STS takes 20,000
// characters (AssumeRoleWithWebIdentity, WebIdentityToken).
const MaxTokenFile = 64 << 10

// TokenFileError means that the content of a file is not a token. It contains no
// part of it.
type TokenFileError struct {
	Path   string
	Reason error
}

func (e *TokenFileError) Error() string {
	return "file " + e.Path + " does not contain a token: " + e.Reason.Error()
}

// ReadTokenFile reads a web identity token. Callers read it anew for each call,
// because what projects a token into a job also replaces it. mask is called
// with what the file holds before anything else is done with it; it may be nil.
// The error is a *TokenFileError if the file was read.
func ReadTokenFile(ctx context.Context, files safefile.Files, path string, mask func(string)) (Token, error) {
	content, err := files.ReadProjected(ctx, path, MaxTokenFile)
	if err != nil {
		return Token{}, err
	}
	raw := FileToken(string(content))
	if mask != nil {
		mask(strings.TrimSpace(string(content)))
		mask(raw.Reveal())
	}
	claims, err := ParseClaims(raw.Reveal())
	if err != nil {
		return Token{}, &TokenFileError{path, err}
	}
	return Token{Raw: raw, Claims: claims}, nil
}

// FileToken returns the token in the content of a file: as it is, or as the
// value of an object {"value": …}, the form of the runner's token endpoint.
// White space and a byte-order mark are ignored; after a mark, UTF-16 is read too,
// which PowerShell writes. FileToken does not check the token; ParseClaims does.
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
