package inventory

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

var columns = []string{"Role", "Repository", "Runs", "Workflow", "Further conditions", "Provider or principal", "ARN"}

func (e Entry) cells() []string {
	return []string{e.Role, e.Repository, e.Runs, e.Workflow, e.Further, e.Provider + e.Principal, e.ARN}
}

// table returns the rows of a table, the heading first. Entries of several
// files have a column for it, and each file that could not be read has a row.
func table(entries []Entry, unread []document.Unread) [][]string {
	files := map[string]bool{}
	for _, e := range entries {
		files[e.File] = true
	}
	for _, u := range unread {
		files[u.File] = true
		entries = append(entries, Entry{File: u.File, Runs: "unknown", Further: "the file cannot be read: " + u.Message})
	}
	rows := [][]string{columns}
	for _, e := range entries {
		rows = append(rows, e.cells())
	}
	if len(files) < 2 {
		return rows
	}
	rows[0] = append(slices.Clone(columns), "File")
	for i, e := range entries {
		rows[i+1] = append(rows[i+1], e.File)
	}
	return rows
}

// WriteMarkdown writes a table of GitHub's Markdown.
func WriteMarkdown(w io.Writer, entries []Entry, unread []document.Unread) error {
	var b strings.Builder
	rows := table(entries, unread)
	b.WriteString("| " + strings.Join(rows[0], " | ") + " |\n|" + strings.Repeat(" --- |", len(rows[0])) + "\n")
	for _, row := range rows[1:] {
		b.WriteByte('|')
		for _, cell := range row {
			b.WriteString(" " + code(cell) + " |")
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// code makes text that neither ends its table cell nor is read as Markdown: a
// code span, or, with characters that a code span in a table cannot hold,
// HTML with those characters as references.
func code(text string) string {
	if text == "" {
		return ""
	}
	if !strings.ContainsFunc(text, unfitForSpan) && strings.TrimSpace(text) != "" {
		return "`" + text + "`"
	}
	var b strings.Builder
	for _, r := range text {
		if r == ' ' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		} else if unicode.IsPrint(r) {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteString("&#65533;")
		}
	}
	return "<code>" + b.String() + "</code>"
}

func unfitForSpan(r rune) bool { return r == '|' || r == '`' || r == '\\' || !unicode.IsPrint(r) }

// WriteJSON writes {"entries": […]}, and "unread" with the files that could not
// be read, if there are any.
func WriteJSON(w io.Writer, entries []Entry, unread []document.Unread) error {
	if entries == nil {
		entries = []Entry{}
	}
	out, err := json.MarshalIndent(struct {
		Entries []Entry           `json:"entries"`
		Unread  []document.Unread `json:"unread,omitempty"`
	}{entries, unread}, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(out, '\n'))
	return err
}

// WriteCSV writes a table for spreadsheets, none of whose cells is a formula.
func WriteCSV(w io.Writer, entries []Entry, unread []document.Unread) error {
	out := csv.NewWriter(w)
	rows := table(entries, unread)
	for _, cells := range rows[1:] {
		for i, cell := range cells {
			cells[i] = inert(cell)
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return err
	}
	return out.Error()
}

// inert keeps a spreadsheet from running a cell: an apostrophe in front of
// what begins as a formula does, blanks before it included.
func inert(cell string) string {
	begin := strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	if begin != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(begin)[0]) || cell != "" && (cell[0] == '\t' || cell[0] == '\r') {
		return "'" + cell
	}
	return cell
}
