package inventory

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGolden(t *testing.T) {
	src, err := os.ReadFile("testdata/account.json")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := List(document.Roles(t.Context(), bytes.NewReader(src), document.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(io.Writer, []Entry, []document.Unread) error{"md": WriteMarkdown, "json": WriteJSON, "csv": WriteCSV} {
		var b bytes.Buffer
		if err := write(&b, entries, nil); err != nil {
			t.Fatal(err)
		}
		file := "testdata/inventory." + name
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

// nasty are texts that break out of a cell if they are written as they are.
var nasty = []string{
	"=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "\n=1", "＝1", "a,b", "a\"b", "a\nb", "a;b",
	"a|b", "a\\|b", "`", "a`b|c", "**x**", "<script>", "[x](y)", "@octo", "www.example.com", " ", "\u202e", "",
}

func TestCellsStayCells(t *testing.T) {
	for _, text := range nasty {
		e := Entry{Role: text, Repository: text, Runs: text, Workflow: text, Further: text, Provider: text, ARN: text}
		var b bytes.Buffer
		if err := WriteCSV(&b, []Entry{e}, nil); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != len(columns) {
			t.Fatalf("%q: %q, %v", text, rows, err)
		}
		for _, cell := range rows[1] {
			if cell != "" && strings.ContainsAny(strings.TrimSpace(cell)[:min(1, len(strings.TrimSpace(cell)))], "=+-@") {
				t.Errorf("%q: cell %q is a formula", text, cell)
			}
			// encoding/csv reads \r\n and \r at a line's end as \n
			if strings.ReplaceAll(strings.TrimPrefix(cell, "'"), "\r", "") != strings.ReplaceAll(text, "\r", "") {
				t.Errorf("%q became %q", text, cell)
			}
		}

		b.Reset()
		if err := WriteMarkdown(&b, []Entry{e}, nil); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) != 3 || strings.Count(lines[2], "|") != len(columns)+1 {
			t.Errorf("%q breaks the table:\n%s", text, b.String())
		}
		for _, cell := range strings.Split(strings.Trim(lines[2], "|"), "|") {
			cell = strings.TrimSpace(cell)
			span := strings.HasPrefix(cell, "`") && strings.HasSuffix(cell, "`") && strings.Count(cell, "`") == 2
			html := strings.HasPrefix(cell, "<code>") && strings.HasSuffix(cell, "</code>") && strings.Count(cell, "<") == 2 && !strings.Contains(cell, "`")
			if cell != "" && !span && !html {
				t.Errorf("%q: cell %q is read as Markdown", text, cell)
			}
		}

		b.Reset()
		if err := WriteJSON(&b, []Entry{e}, nil); err != nil || !json.Valid(b.Bytes()) {
			t.Errorf("%q: %s, %v", text, b.String(), err)
		}
	}
}

func TestListTellsErrors(t *testing.T) {
	if _, err := List(document.Roles(t.Context(), strings.NewReader(`{"RoleDetailList": [`), document.Options{})); err == nil {
		t.Error("no error")
	}
	var b bytes.Buffer
	if err := WriteJSON(&b, nil, nil); err != nil || b.String() != "{\n  \"entries\": []\n}\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}
