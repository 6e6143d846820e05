package spelling

import (
	"strings"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"githb-deploy", "github-deploy", 1}, {"deploy", "depoly", 2}, {"kitten", "sitting", 3}, {"prod", "dev", 4},
	} {
		if got := Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("%q, %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := Distance(tt.b, tt.a); got != tt.want {
			t.Errorf("%q, %q: %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}

func TestMost(t *testing.T) {
	for name, want := range map[string]int{"": 0, "hub": 1, "prod": 2, "github-deploy": 4} {
		if got := Most(name); got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, tt := range []struct {
		name string
		most int
		want string
	}{
		{"repositry", 2, "Repository Registry"}, {"Stages", 1, "Stage"}, {"Stage", 9, "Stage Registry Repository"}, {"x", 0, ""},
	} {
		if got := strings.Join(Nearest(tt.name, []string{"Repository", "Stage", "Registry"}, tt.most), " "); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.name, got, tt.want)
		}
	}
}
