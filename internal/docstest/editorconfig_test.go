package docstest

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// editorRule is a section of .editorconfig.
type editorRule struct {
	pattern string
	applies *regexp.Regexp // to paths from the root
	set     map[string]string
}

func editorRules(t *testing.T) []editorRule {
	t.Helper()
	var rules []editorRule
	for line := range strings.Lines(repositoryFile(t, ".editorconfig")) {
		line = strings.TrimSpace(line)
		key, value, isPair := strings.Cut(line, " = ")
		switch {
		case line == "" || line[0] == '#' || line == "root = true":
		case line[0] == '[' && line[len(line)-1] == ']':
			pattern := line[1 : len(line)-1]
			rules = append(rules, editorRule{pattern, editorGlob(pattern), map[string]string{}})
		case isPair && len(rules) > 0:
			rules[len(rules)-1].set[key] = value
		default:
			t.Fatalf(".editorconfig has the line %q", line)
		}
	}
	return rules
}

// editorGlob compiles a pattern of editorconfig.org: one without a slash is
// about names in any directory.
func editorGlob(pattern string) *regexp.Regexp {
	expression := strings.NewReplacer("**", ".*", "*", "[^/]*", ".", `\.`, "{", "(?:", "}", ")", ",", "|").Replace(pattern)
	if !strings.Contains(pattern, "/") {
		expression = "(?:.*/)?" + expression
	}
	return regexp.MustCompile("^" + expression + "$")
}

func TestEditorGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"*", "a/b.go", true},
		{"*.go", "a/b.go", true},
		{"*.go", "a/b.mod", false},
		{"*.go", "a/bgo", false},
		{"{go.mod,Makefile}", "release/go.mod", true},
		{"{go.mod,Makefile}", "a/Makefile.x", false},
		{"**/testdata/**", "internal/a/testdata/b/c", true},
		{"**/testdata/**", "internal/a/testdata.go", false},
	} {
		if got := editorGlob(tt.pattern).MatchString(tt.path); got != tt.want {
			t.Errorf("%s of %s: %t", tt.pattern, tt.path, got)
		}
	}
}

// TestEditorConfigHolds reads every file of the repository as .editorconfig
// describes it to editors.
func TestEditorConfigHolds(t *testing.T) {
	out, err := exec.Command("git", "-C", Root(t), "ls-files", "-z").Output()
	if err != nil {
		t.Skip("not in a clone of the repository: ", err)
	}
	rules := editorRules(t)
	used := map[string]bool{}
	for file := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if info, err := os.Lstat(filepath.Join(Root(t), filepath.FromSlash(file))); err != nil || !info.Mode().IsRegular() {
			continue // a symbolic link, or removed and not committed yet
		}
		set := map[string]string{}
		for _, rule := range rules {
			if rule.applies.MatchString(file) {
				used[rule.pattern] = true
				for key, value := range rule.set {
					set[key] = value
				}
			}
		}
		for _, problem := range editorProblems(file, []byte(repositoryFile(t, file)), set) {
			t.Errorf("%s %s", file, problem)
		}
	}
	for _, rule := range rules {
		if !used[rule.pattern] {
			t.Errorf(".editorconfig has rules for [%s], which no file matches", rule.pattern)
		}
	}
}

// formatted are the extensions of languages in which a blank or a tab at the
// beginning of a line can be part of a text or a block of code.
var formatted = []string{".go", ".md"}

// editorProblems are what differs from the settings of a file.
func editorProblems(file string, content []byte, set map[string]string) []string {
	var problems []string
	check := func(key, value string, broken bool, problem string) {
		if set[key] == value && broken {
			problems = append(problems, problem)
		}
	}
	check("charset", "utf-8", !utf8.Valid(content), "is not UTF-8")
	check("end_of_line", "lf", bytes.Contains(content, []byte("\r")), "has carriage returns")
	check("insert_final_newline", "true", len(content) > 0 && !bytes.HasSuffix(content, []byte("\n")), "does not end with a line feed")
	check("trim_trailing_whitespace", "true", regexp.MustCompile(`(?m)[ \t]$`).Match(content), "has blanks at the end of a line")
	for _, extension := range formatted {
		if path.Ext(file) == extension {
			return problems
		}
	}
	check("indent_style", "space", bytes.Contains(content, []byte("\n\t")), "is indented by tabs")
	check("indent_style", "tab", bytes.Contains(content, []byte("\n  ")), "is indented by blanks")
	return problems
}

func TestEditorProblems(t *testing.T) {
	set := map[string]string{"charset": "utf-8", "end_of_line": "lf", "insert_final_newline": "true", "trim_trailing_whitespace": "true", "indent_style": "space"}
	for content, want := range map[string]string{
		"a\n  b\n":  "",
		"":          "",
		"a\xff\n":   "is not UTF-8",
		"a\r\nb\n":  "has carriage returns",
		"a":         "does not end with a line feed",
		"a \nb\n":   "has blanks at the end of a line",
		"a:\n\tb\n": "is indented by tabs",
	} {
		if got := strings.Join(editorProblems("x.yml", []byte(content), set), ", "); got != want {
			t.Errorf("%q: %s, want %q", content, got, want)
		}
	}
}
