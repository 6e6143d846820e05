// Package oidc asks the runner for the job's OpenID Connect token and reads
// its claims. It does not verify signatures: STS does, and what is decoded
// here serves explanations and the clock only.
package oidc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxToken is the length STS accepts for a web identity token, in characters.
const maxToken = 20000

// Claims are the decoded claims of a token, by name. Numbers are json.Number.
type Claims map[string]any

// ParseClaims decodes the payload of a compact JWS. The errors never contain
// any part of the token.
func ParseClaims(token string) (Claims, error) {
	if len(token) > maxToken {
		return nil, fmt.Errorf("token has %d characters, more than the %d that STS accepts", len(token), maxToken)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("token has %d parts, not the three of a JWT", len(parts))
	}
	if strings.ContainsFunc(token, func(c rune) bool { return c != '.' && !isBase64URL(c) }) {
		return nil, errors.New("token has characters that are not base64url")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errors.New("token payload is not base64url")
	}
	return DecodeClaims(payload)
}

// DecodeClaims reads claims from a JSON object.
func DecodeClaims(object []byte) (Claims, error) {
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.UseNumber()
	var c Claims
	if err := dec.Decode(&c); err != nil || c == nil {
		return nil, errors.New("claims are not a JSON object")
	}
	if dec.More() {
		return nil, errors.New("claims are followed by other text")
	}
	return c, nil
}

// Text returns a scalar claim as text, and whether there is one. Lists and objects
// have no text.
func (c Claims) Text(name string) (string, bool) {
	switch v := c[name].(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// Get returns the text of a scalar claim, or "".
func (c Claims) Get(name string) string {
	s, _ := c.Text(name)
	return s
}

// Audiences returns the aud claim, which may be one string or a list.
func (c Claims) Audiences() []string {
	switch v := c["aud"].(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}

// Expires returns the time of the exp claim, or the zero time without one.
func (c Claims) Expires() time.Time { return c.when("exp") }

// IssuedAt returns the time of the iat claim, or the zero time without one.
func (c Claims) IssuedAt() time.Time { return c.when("iat") }

func (c Claims) when(name string) time.Time {
	n, ok := c[name].(json.Number)
	if !ok {
		return time.Time{}
	}
	seconds, err := n.Float64()
	if err != nil || seconds <= 0 || seconds > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}
