package plan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

// FuzzProfilesYAML holds for every text of the inputs profiles and
// profiles-select: they plan profiles that can be walked, or problems that can
// be printed and point into the text; and the same ones each time.
func FuzzProfilesYAML(f *testing.F) {
	for _, profiles := range []string{
		"dev: " + spoke, "a: !!binaryx", "a: &a " + spoke + "\nb: *a", "{}", "- a",
		"prod:\n  role-chain:\n    - role: " + gate + "\n      external-id: x\n    - " + deploy + "\n  region: eu-central-1\n  duration-seconds: 1800\n",
		"p:\n  role-to-assume: " + spoke + "\n  inline-session-policy: { Version: 2012-10-17, Statement: [{ a: !!int 0o7, b: 1e999, c: ~ }] }\n  tags: { a: b, c: \"\" }\n",
		"p: { role-to-assume: " + spoke + ", allowed-account-ids: [044444444444], managed-session-policies: |\n  a\n }",
		"\"\\u2028\": " + spoke, "p:\n\trole: x",
	} {
		f.Add(profiles, "")
		f.Add(profiles, "*")
	}
	f.Fuzz(func(t *testing.T, profiles, selection string) {
		build := func() (Plan, []Problem) {
			return Build(sources(map[string]string{
				"aws-region": "us-east-1", "role-to-assume": hub, "profiles": profiles, "profiles-select": selection,
			}, nil))
		}
		p, problems := build()
		again, problemsAgain := build()
		if fmt.Sprint(problems) != fmt.Sprint(problemsAgain) || len(p.Profiles) != len(again.Profiles) {
			t.Errorf("%v, and then %v", problems, problemsAgain)
		}
		for _, problem := range problems {
			if problem.Message == "" || strings.ContainsFunc(problem.Message, unicode.IsControl) {
				t.Errorf("problem %q", problem.Message)
			}
			if problem.Line < 0 || problem.Line > lineCount(profiles) {
				t.Errorf("line %d of %d: %s", problem.Line, lineCount(profiles), problem.Message)
			}
		}
		if len(problems) > 0 {
			return
		}
		names := map[string]bool{}
		for _, profile := range p.Profiles {
			if names[profile.Name] || profile.Region == "" || len(profile.Chain) == 0 {
				t.Errorf("profile %+v", profile)
			}
			names[profile.Name] = true
			for _, hop := range profile.Chain {
				if hop.Region == "" || hop.SessionName == "" || hop.Duration <= 0 || hop.Policy != "" && !json.Valid([]byte(hop.Policy)) {
					t.Errorf("hop %+v", hop)
				}
			}
		}
	})
}

// lineCount counts lines as YAML does.
func lineCount(text string) int {
	return 1 + len(strings.FieldsFunc(strings.NewReplacer("\r\n", "\n.", "\n", "\n.", "\r", "\n.", "\u0085", "\n.", "\u2028", "\n.", "\u2029", "\n.").Replace("."+text), func(r rune) bool { return r == '\n' }))
}
