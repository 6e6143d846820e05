package propertytest

import (
	"flag"
	"testing"
)

func TestCases(t *testing.T) {
	for _, tt := range []struct {
		short, ci string
		want      uint64
	}{
		{"false", "", 500},
		{"false", "false", 500},
		{"false", "true", 1000},
		{"true", "", 50},
		{"true", "true", 50}, // who asks for a short run gets one
	} {
		setShort(t, tt.short)
		t.Setenv("CI", tt.ci)
		if got := Cases(500); got != tt.want {
			t.Errorf("-short=%s, CI=%q: %d cases, expected %d", tt.short, tt.ci, got, tt.want)
		}
	}
	setShort(t, "true")
	if got := Cases(3); got != 1 {
		t.Errorf("a small test tries %d cases with -short, expected 1", got)
	}
}

func TestLeaveOut(t *testing.T) {
	tried := map[string]int{}
	for _, short := range []string{"false", "true"} {
		setShort(t, short)
		for i := range 12 {
			if !LeaveOut(i, 3) {
				tried[short]++
			}
		}
	}
	if tried["false"] != 12 || tried["true"] != 4 {
		t.Errorf("of 12 cases %d are tried, with -short %d; expected 12 and 4", tried["false"], tried["true"])
	}
}

func setShort(t *testing.T, value string) {
	t.Helper()
	before := flag.Lookup("test.short").Value.String()
	if err := flag.Set("test.short", value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("test.short", before) })
}
