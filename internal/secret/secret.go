// Package secret holds values that must never be printed by accident.
package secret

import (
	"fmt"
	"log/slog"
)

const redacted = "***"

// Value is a string that prints as *** under every formatting verb, in JSON,
// in text encodings and in logs. The zero Value is the empty secret. Values
// are comparable with ==; the comparison is not constant-time.
type Value struct{ s string }

// New wraps s.
func New(s string) Value { return Value{s} }

// Reveal returns the secret itself. Every call is a place where it may leave
// the process; keep them few.
func (v Value) Reveal() string { return v.s }

// IsZero reports whether the secret is empty.
func (v Value) IsZero() bool { return v.s == "" }

// Format implements fmt.Formatter, so that no verb and no flag reveals the secret.
func (Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String implements fmt.Stringer for code that asks for it directly.
func (Value) String() string { return redacted }

// MarshalText implements encoding.TextMarshaler; encoding/json uses it too.
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (Value) LogValue() slog.Value { return slog.StringValue(redacted) }
