package diagnosis

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBrief(t *testing.T) {
	claims := []Claim{{"sub", "repo:o/r"}}
	for name, tt := range map[string]struct {
		of   Diagnosis
		want []string
	}{
		"certain":                      {Diagnosis{What: "w", Claims: claims, Causes: []string{"one"}, Cure: "do\nthis"}, []string{"w", "cause: one", "do\nthis"}},
		"several":                      {Diagnosis{What: "w", Causes: []string{"one", "two"}, Cure: "do"}, []string{"w", "cause: one", "do"}},
		"open":                         {Diagnosis{What: "w", Open: true, Causes: []string{"one", "two", "three"}, Cure: "do"}, []string{"w", "possible cause, the most likely of 3: one", "do"}},
		"not ruled out":                {Diagnosis{Code: WebIdentityNotAuthorized, What: "w", Open: true, NotRuledOut: []string{"one", "two"}, Cure: "do"}, []string{"w", "not ruled out: one; two", "do"}},
		"not ruled out, nothing to do": {Diagnosis{What: "w", Open: true, NotRuledOut: []string{"one"}}, []string{"w", "not ruled out: one"}},
		"open, and not ruled out":      {Diagnosis{What: "w", Open: true, Causes: []string{"one"}, NotRuledOut: []string{"two"}, Cure: "do"}, []string{"w", "possible cause: one", "do"}},
		"code":                         {Diagnosis{Code: Throttled, What: "w", Causes: []string{"one"}}, []string{"w", "cause (throttled): one"}},
		"open code":                    {Diagnosis{Code: Throttled, What: "w", Open: true, Causes: []string{"one"}}, []string{"w", "possible cause: one"}},
		"no cure":                      {Diagnosis{What: "w", Causes: []string{"one"}}, []string{"w", "cause: one"}},
		"no cause":                     {Diagnosis{Code: AccountNotAllowed, What: "w", Cure: "do"}, []string{"w", "code: account-not-allowed", "do"}},
		"a problem":                    {Diagnosis{Code: PartitionMismatch, What: "input a: x"}, []string{"input a: x", "code: partition-mismatch"}},
		"no code":                      {Diagnosis{Code: Failed, What: "w"}, []string{"w"}},
		"problems":                     {Diagnosis{What: "input a: x\ninput b: y"}, []string{"input a: x", "input b: y"}},
		"long":                         {Diagnosis{What: strings.Repeat("w", 2000), Causes: []string{strings.Repeat("c", 2000)}, Cure: strings.Repeat("do this\n", 200)}, []string{strings.Repeat("w", 1199) + "…", "cause: " + strings.Repeat("c", 592) + "…", strings.TrimSuffix(strings.Repeat("do this\n", 99), "\n") + "\n…"}},
		"one reason":                   {Several([]Reason{{[]string{"a"}, Diagnosis{Code: Throttled, What: "w", Cure: "do"}}, {[]string{"b"}, Diagnosis{Code: Throttled, What: "w", Cure: "do"}}}), []string{"profiles a, b: w\ncode: throttled\ndo"}},
		"two reasons":                  {Several([]Reason{{[]string{"a"}, Diagnosis{Code: Throttled, What: "w"}}, {[]string{"b"}, Diagnosis{Code: Throttled, What: "v"}}, {[]string{"c"}, Diagnosis{Code: Deadline, What: "v"}}}), []string{"throttled: a, b\ndeadline: c", "profile a: w\ncode: throttled", "profile b: v\ncode: throttled", "profile c: v\ncode: deadline"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.of.Brief()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The index of very many profiles leaves room for the first reason.
func TestBriefOfManyProfiles(t *testing.T) {
	var failed []Reason
	for i := range 500 {
		code := Codes[i%5]
		failed = append(failed, Reason{[]string{fmt.Sprintf("a-profile-with-a-long-name-%03d", i)}, Diagnosis{Code: code, What: strings.Repeat("w", 1000+i), Cure: "do"}})
	}
	brief := Several(failed).Brief()
	if n := len(brief[0]); n < 1500 || n > 2300 {
		t.Errorf("the index has %d characters", n)
	}
	for _, code := range Codes[:5] {
		if !strings.Contains(brief[0], string(code)+": a-profile-with") {
			t.Errorf("%s is not named in:\n%s", code, brief[0])
		}
	}
	named := strings.Count(brief[0], "-name-")
	for _, m := range regexp.MustCompile(` and ([0-9]+) more(\n|$)`).FindAllStringSubmatch(brief[0], -1) {
		more, _ := strconv.Atoi(m[1])
		named += more
	}
	if named != 500 {
		t.Errorf("the index counts %d profiles, want 500:\n%s", named, brief[0])
	}
	if text := Several(failed).Text(); strings.Contains(text, " more") || strings.Count(text, "-499") != 2 {
		t.Error("the whole text leaves profiles out")
	}
}

func TestTextOfOpenCauses(t *testing.T) {
	for want, d := range map[string]Diagnosis{
		"w\nnot ruled out: a; b\ndo":                                                   {Code: WebIdentityNotAuthorized, What: "w", Open: true, NotRuledOut: []string{"a", "b"}, Cure: "do"},
		"w\npossible cause: c\nnot ruled out: a\ndo":                                   {What: "w", Open: true, Causes: []string{"c"}, NotRuledOut: []string{"a"}, Cure: "do"},
		"w\npossible causes, most likely first:\n  1. c\n  2. d\nnot ruled out: a\ndo": {What: "w", Open: true, Causes: []string{"c", "d"}, NotRuledOut: []string{"a"}, Cure: "do"},
	} {
		if got := d.Text(); got != want {
			t.Errorf("got\n%s\nexpected\n%s", got, want)
		}
		if got, want := Several([]Reason{{[]string{"p"}, d}}).Text(), "profile p: "+want; got != want {
			t.Errorf("got\n%s\nexpected\n%s", got, want)
		}
	}
}

func TestSharedClaimsAreToldOnce(t *testing.T) {
	claims := func(aud string) []Claim { return []Claim{{"sub", "repo:o/r"}, {"aud", aud}} }
	d := Several([]Reason{
		{[]string{"a"}, Diagnosis{Code: Throttled, What: "w", Claims: claims("x")}},
		{[]string{"b"}, Diagnosis{Code: Throttled, What: "v", Claims: claims("y")}},
		{[]string{"c"}, Diagnosis{Code: Throttled, What: "u", Claims: claims("x")}},
	})
	const want = `throttled: a, b, c

profile a: w
token claims:
  sub               repo:o/r
  aud               x
code: throttled

profile b: v
token claims:
  sub               repo:o/r
  aud               y
code: throttled

profile c: u
code: throttled`
	if diff := cmp.Diff(want, d.Text()); diff != "" {
		t.Error(diff)
	}
}
