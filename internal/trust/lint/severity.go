package lint

import (
	"fmt"
	"slices"
	"strings"
)

// Severity says how grave a finding is; greater is graver.
type Severity int

// The severities. Error means that the policy does not do what it says,
// mostly by never matching; those above it let strangers in.
const (
	Note Severity = iota
	Low
	Warning
	Medium
	Error
	High
	Critical
)

var severityNames = []string{"note", "low", "warning", "medium", "error", "high", "critical"}

// ParseSeverity reads a severity's name.
func ParseSeverity(name string) (Severity, error) {
	i := slices.Index(severityNames, name)
	if i < 0 {
		return 0, fmt.Errorf("severity %q is invalid; use %s", name, strings.Join(severityNames, ", "))
	}
	return Severity(i), nil
}

func (s Severity) String() string { return severityNames[s] }

// MarshalText writes the name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *Severity) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSeverity(string(text))
	return err
}
