package scenario

import _ "embed"

//go:embed builtin.yml
var builtin []byte

// BuiltinSource is the YAML of the built-in scenario.
func BuiltinSource() string { return string(builtin) }

// Builtin returns the built-in scenario: a hub role behind GitHub's provider,
// and a role in another account that is assumed from it.
func Builtin() (*Scenario, error) {
	return Parse("built-in hub-and-spoke", builtin, nil)
}
