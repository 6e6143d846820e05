package runner

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteState(t *testing.T) {
	environ, path := files(t)
	if err := New(environ, nil).WriteState(NewPair("isPost", "true"), NewPair("lines", "a\nb")); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(read(t, path("STATE")), "\n"), "\n")
	if len(lines) != 8 || lines[0] != "before" || !strings.HasPrefix(lines[1], "isPost<<ghadelimiter_") || lines[2] != "true" || lines[5] != "a" || lines[6] != "b" {
		t.Errorf("state %q", lines)
	}
	for name, pair := range map[string]Pair{"a name": NewPair("a b", "x"), "a zero byte": NewPair("a", "x\x00y")} {
		before := read(t, path("STATE"))
		if err := New(environ, nil).WriteState(pair); err == nil || read(t, path("STATE")) != before {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := New(nil, nil).WriteState(NewPair("a", "x"))
	if want := "variable GITHUB_STATE is not set; run the action as a step of a workflow"; err == nil || err.Error() != want {
		t.Errorf("outside a workflow: %v", err)
	}
	if err := New([]string{"GITHUB_STATE=/dev/full"}, nil).WriteState(NewPair("a", "x")); err == nil || !strings.Contains(err.Error(), "GITHUB_STATE") {
		t.Errorf("a device: %v", err)
	}
}

func TestNamesOfInputs(t *testing.T) {
	r := New([]string{"INPUT_AWS-REGION=x", "INPUT_=y", "INPUT_EMPTY=", "INPUTS=z"}, nil)
	names := r.InputNames()
	slices.Sort(names)
	if diff := cmp.Diff([]string{"AWS-REGION", "EMPTY"}, names); diff != "" {
		t.Error(diff)
	}
	if value, found := r.LookupEnv("INPUT_EMPTY"); value != "" || !found {
		t.Errorf("an empty variable: %q, %t", value, found)
	}
	if value, found := r.LookupEnv("NONE"); value != "" || found {
		t.Errorf("a missing variable: %q, %t", value, found)
	}
	if r.HidesAccounts() {
		t.Error("accounts are hidden although nobody demands it")
	}
	if r.HideAccounts(); !r.HidesAccounts() {
		t.Error("accounts are not hidden")
	}
}

func TestJoinOfShared(t *testing.T) {
	got := Shared{"/github/home", "/home/runner/work/_temp/_github_home", "/__w/_temp/_github_home"}.Join("x")
	want := Shared{"/github/home/x", "/home/runner/work/_temp/_github_home/x", "/__w/_temp/_github_home/x"}
	if got != want {
		t.Errorf("%+v", got)
	}
}

// A container action has a home of its own, which it shares only with a job in a
// container.
func TestLaterHome(t *testing.T) {
	for _, tt := range []struct {
		name      string
		environ   []string
		container bool
		want      string
	}{
		{name: "job on the machine", environ: []string{"HOME=/github/home", "GITHUB_WORKSPACE=/github/workspace"}},
		{name: "job in a container", environ: []string{"HOME=/github/home"}, container: true, want: "/github/home"},
		{name: "act", environ: []string{"HOME=/github/home", "ACT=true", "GITHUB_ENV=/var/run/act/env"}, container: true},
		{name: "outside a container", environ: []string{"HOME=/home/runner"}, container: true},
	} {
		if got := New(tt.environ, nil).LaterHome(tt.container); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
