package inventory

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

// Several files have a column, and one that cannot be read has a row: what it
// allows is unknown.
func TestTablesOfSeveralFiles(t *testing.T) {
	entries := []Entry{{File: "a.json", Role: "deploy", Repository: "o/r", Runs: "every run"}}
	unread := []document.Unread{{File: "b.json", Message: "line 1: unexpected end"}}
	var markdown, spreadsheet bytes.Buffer
	if err := WriteMarkdown(&markdown, entries, unread); err != nil {
		t.Fatal(err)
	}
	if err := WriteCSV(&spreadsheet, entries, unread); err != nil {
		t.Fatal(err)
	}
	want := `| Role | Repository | Runs | Workflow | Further conditions | Provider or principal | ARN | File |
| --- | --- | --- | --- | --- | --- | --- | --- |
| ` + "`deploy` | `o/r` | `every run` |  |  |  |  | `a.json`" + ` |
|  |  | ` + "`unknown` |  | `the file cannot be read: line 1: unexpected end` |  |  | `b.json`" + ` |
`
	if diff := cmp.Diff(want, markdown.String()); diff != "" {
		t.Error(diff)
	}
	want = `Role,Repository,Runs,Workflow,Further conditions,Provider or principal,ARN,File
deploy,o/r,every run,,,,,a.json
,,unknown,,the file cannot be read: line 1: unexpected end,,,b.json
`
	if diff := cmp.Diff(want, spreadsheet.String()); diff != "" {
		t.Error(diff)
	}
	var one bytes.Buffer
	if err := WriteCSV(&one, entries, nil); err != nil || strings.Contains(one.String(), "a.json") {
		t.Errorf("one file: %v\n%s", err, one.String())
	}
}

// full is a disk without space.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

// A table that cannot be written is an error, in each format.
func TestTablesOnAFullDisk(t *testing.T) {
	entries := []Entry{{Role: "deploy", Repository: "o/r", Runs: "every run"}}
	for name, write := range map[string]func(io.Writer, []Entry, []document.Unread) error{"md": WriteMarkdown, "json": WriteJSON, "csv": WriteCSV} {
		if err := write(full{}, entries, nil); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
