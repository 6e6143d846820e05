package inventory

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

var columns = []string{"Role", "Repository", "Runs", "Workflow", "Further conditions", "Provider or principal", "ARN"}

func (e Entry) cells() []string {
	return []string{e.Role, e.Repository, e.Runs, e.Workflow, e.Further, e.Provider + e.Principal, e.ARN}
}

// WriteMarkdown writes a table of GitHub's Markdown.
func WriteMarkdown(w io.Writer, entries []Entry) error {
	var b strings.Builder
	b.WriteString("| " + strings.Join(columns, " | ") + " |\n|" + strings.Repeat(" --- |", len(columns)) + "\n")
	for _, e := range entries {
		b.WriteByte('|')
		for _, cell := range e.cells() {
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

// WriteJSON writes {"entries": […]}.
func WriteJSON(w io.Writer, entries []Entry) error {
	if entries == nil {
		entries = []Entry{}
	}
	out, err := json.MarshalIndent(map[string]any{"entries": entries}, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(out, '\n'))
	return err
}

// WriteCSV writes a table for spreadsheets, none of whose cells is a formula.
func WriteCSV(w io.Writer, entries []Entry) error {
	out := csv.NewWriter(w)
	rows := [][]string{columns}
	for _, e := range entries {
		cells := e.cells()
		for i, cell := range cells {
			cells[i] = inert(cell)
		}
		rows = append(rows, cells)
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
