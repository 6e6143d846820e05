package docstest

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// pages returns the Markdown pages of the repository that people are sent to,
// by their path from its root.
func pages(t *testing.T) map[string]string {
	all := map[string]string{}
	root := Root(t)
	read := func(page string) {
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		all[page] = string(content)
	}
	for _, page := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} {
		read(page)
	}
	err := fs.WalkDir(os.DirFS(root), "docs", func(page string, _ fs.DirEntry, err error) error {
		if err == nil && path.Ext(page) == ".md" {
			read(page)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// prose returns the lines of a page outside of fenced blocks.
func prose(content string) []string {
	var lines []string
	fenced := false
	for line := range strings.Lines(content) {
		if strings.HasPrefix(strings.TrimLeft(line, " "), "```") {
			fenced = !fenced
			continue
		}
		if !fenced {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	return lines
}

// anchor returns the fragment of a heading's link on GitHub.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(heading)) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			b.WriteRune(r)
		}
	}
	return b.String()
}

var (
	heading = regexp.MustCompile(`^#{1,6} (.*)`)
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	code    = regexp.MustCompile("`[^`]*`")
)

func TestLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	anchors := map[string]map[string]bool{}
	for page, content := range all {
		anchors[page] = map[string]bool{}
		for _, line := range prose(content) {
			if m := heading.FindStringSubmatch(line); m != nil {
				anchors[page][anchor(m[1])] = true
			}
		}
	}
	checked := 0
	for page, content := range all {
		for _, line := range prose(content) {
			for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
				if strings.Contains(m[1], "://") {
					continue
				}
				checked++
				file, fragment, _ := strings.Cut(m[1], "#")
				target := page
				if file != "" {
					target = path.Join(path.Dir(page), file)
				}
				if _, err := os.Stat(filepath.Join(Root(t), filepath.FromSlash(target))); err != nil {
					t.Errorf("%s: link %s leads to no file", page, m[1])
				} else if fragment != "" && !anchors[target][fragment] {
					t.Errorf("%s: link %s leads to no heading", page, m[1])
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no link was checked")
	}
}

func TestREADMEIsOnePage(t *testing.T) {
	const most = 150
	if n := strings.Count(pages(t)["README.md"], "\n"); n > most {
		t.Errorf("README.md has %d lines, expected at most %d; move details to a page of docs", n, most)
	}
}

// The page of the architecture names every package below internal.
func TestArchitectureNamesEveryRoom(t *testing.T) {
	page := pages(t)["docs/architecture.md"]
	rooms, err := os.ReadDir(filepath.Join(Root(t), "internal"))
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range rooms {
		if !room.IsDir() {
			continue // tests of all rooms
		}
		if row := "| `internal/" + room.Name() + "` |"; !strings.Contains(page, row) {
			t.Errorf("docs/architecture.md has no row %s", row)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(internal/[^`]*)` \\|").FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat(filepath.Join(Root(t), filepath.FromSlash(m[1]))); err != nil {
			t.Errorf("docs/architecture.md describes %s, which does not exist", m[1])
		}
	}
}
