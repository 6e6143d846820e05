package lint

import "testing"

func TestFormsOfIDs(t *testing.T) {
	for key, rows := range map[string]map[string]bool{
		"aws:sourcevpc": {
			"vpc-11223344": true, "vpc-0a1b2c3d4e5f60718": true,
			"": false, "vpc-": false, "vpc-1122334": false, "vpc-112233445": false, "vpc-1122334A": false, "vpce-11223344": false, "Vpc-11223344": false,
		},
		"aws:sourcevpce": {"vpce-11223344": true, "vpc-11223344": false},
		"aws:principalorgid": {
			"o-1234567890": true, "o-12345678901234567890123456789012": true,
			"": false, "o": false, "o-": false, "o-123456789": false, "o-123456789012345678901234567890123": false, "o-123456789A": false,
		},
	} {
		for value, want := range rows {
			if got := keyForms[key].valid(value); got != want {
				t.Errorf("%s %q: %t, want %t", key, value, got, want)
			}
		}
	}
}
