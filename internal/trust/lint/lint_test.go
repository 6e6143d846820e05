package lint

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

var update = flag.Bool("update", false, "write the golden files anew")

// options of the golden files: octo/new is a repository whose subjects have ids.
var options = Options{Immutable: []trust.Pattern{trust.NewPattern("octo/new")}}

func lintFile(t *testing.T, file string) []Finding {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var findings []Finding
	for role, err := range document.Roles(t.Context(), bytes.NewReader(src), document.Options{}) {
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, f := range Check(role, options) {
			f.File = filepath.Base(file)
			findings = append(findings, f)
		}
	}
	return findings
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: %s", file, diff)
	}
}

func text(t *testing.T, findings []Finding) string {
	t.Helper()
	var b strings.Builder
	if err := WriteText(&b, findings); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Each rule has policies that break it and policies that look alike and do not.
func TestRules(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.ID, func(t *testing.T) {
			breaks := func(f Finding) bool { return f.Rule == r.ID }
			bad, good := inputs(t, r.ID, "bad"), inputs(t, r.ID, "good")
			gravest := Note
			for _, file := range bad {
				findings := lintFile(t, file)
				if !slices.ContainsFunc(findings, breaks) {
					t.Errorf("%s: not found", file)
				}
				for _, f := range findings {
					if breaks(f) {
						gravest = max(gravest, f.Severity)
					}
				}
				golden(t, strings.TrimSuffix(file, filepath.Ext(file))+".txt", text(t, findings))
			}
			if gravest != r.Severity {
				t.Errorf("gravest finding of the golden files is %s, not %s", gravest, r.Severity)
			}
			for _, file := range good {
				findings := lintFile(t, file)
				if slices.ContainsFunc(findings, breaks) {
					t.Errorf("%s: found", file)
				}
				golden(t, strings.TrimSuffix(file, filepath.Ext(file))+".txt", text(t, findings))
			}
		})
	}
}

func inputs(t *testing.T, rule, kind string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "rules", rule, kind+"*.[jy]*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no %s policies: %v", rule, kind, err)
	}
	return files
}

// Policies after published incidents and research, with what they must yield
// at least.
func TestIncidents(t *testing.T) {
	files, err := filepath.Glob("testdata/incidents/*.json")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		findings := lintFile(t, file)
		if highest, _ := Highest(findings); highest < High {
			t.Errorf("%s: highest severity is %s", file, highest)
		}
		golden(t, strings.TrimSuffix(file, ".json")+".txt", text(t, findings))
	}
}

func TestFormats(t *testing.T) {
	findings := lintFile(t, "testdata/formats/template.yaml")
	findings = append(findings, Finding{
		Rule: "any-run", Severity: Medium, File: "a,b:c%\n.json", Pos: trust.Pos{Line: 3, Column: 7},
		Role: "r\n::error::x", Message: "100%\r\nsure", Fix: "x",
	})
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":  func(b *bytes.Buffer) error { return WriteText(b, findings) },
		"json":  func(b *bytes.Buffer) error { return WriteJSON(b, findings, nil) },
		"sarif": func(b *bytes.Buffer) error { return WriteSARIF(b, findings, nil) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, "testdata/formats/"+name+".golden", b.String())
		if name != "text" && !json.Valid(b.Bytes()) {
			t.Errorf("%s is not JSON", name)
		}
		lines := strings.Split(b.String(), "\n")
		if slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "::") }) {
			t.Errorf("%s has a line that is a workflow command", name)
		}
	}
	var b bytes.Buffer
	if err := WriteJSON(&b, nil, nil); err != nil || b.String() != "{\n  \"findings\": []\n}\n" {
		t.Errorf("no findings: %q, %v", b.String(), err)
	}
}

// A role is as bad as its weakest value, wherever that is.
func TestWeakestValueDecides(t *testing.T) {
	const strict, open = `"repo:octo@1/app@2:ref:refs/heads/main"`, `"repo:octo*"`
	for _, values := range []string{strict + "," + open, open + "," + strict, strict + "," + strict + "," + open} {
		findings := lintText(t, `{"token.actions.githubusercontent.com:sub": [`+values+`]}`)
		if highest, _ := Highest(findings); highest != Critical {
			t.Errorf("[%s]: %s", values, highest)
		}
	}
}

// A condition that narrows, added to any of the rules' bad policies with only
// breadth against them, takes the breadth away.
func TestNarrowingTakesBreadthAway(t *testing.T) {
	const narrow = `"token.actions.githubusercontent.com:repository_id": "7", "token.actions.githubusercontent.com:ref": "refs/heads/main"`
	for _, sub := range []string{"*", "repo:*", "repo:octo*", "repo:octo/*", "repo:octo/app*", "repo:octo/app:*", "repo:octo/app:ref:refs/heads/*"} {
		broad := `{"token.actions.githubusercontent.com:sub": "` + sub + `"}`
		if highest, _ := Highest(lintText(t, broad)); highest < Medium {
			t.Errorf("%s: %s", sub, highest)
		}
		both := strings.TrimSuffix(broad, "}") + "," + narrow + "}"
		if highest, ok := Highest(lintText(t, both)); ok && highest > Low {
			t.Errorf("%s with %s: %s", sub, narrow, highest)
		}
	}
}

// A condition on one branch of one repository, added to each bad policy, takes
// the gravity of all that its conditions admit: severity is that of the whole
// statement. What never matches stays an error, and a trusted stranger a finding.
func TestStatementDecidesSeverity(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*/bad*.json")
	if err != nil || len(files) < 100 {
		t.Fatal(len(files), err)
	}
	const narrow = `"Condition": {"ForAnyValue:StringEquals": {"token.actions.githubusercontent.com:sub": "repo:octo@1/app@2:ref:refs/heads/main"},`
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		narrowed := strings.ReplaceAll(string(src), `"Condition": {`, narrow)
		if narrowed == string(src) || strings.Contains(file, "principal-wildcard") {
			continue
		}
		for role, err := range document.Roles(t.Context(), strings.NewReader(narrowed), document.Options{}) {
			if err != nil {
				continue // a listing's or a template's end
			}
			for _, f := range Check(role, Options{}) {
				if f.Severity >= Medium && f.Severity != Error {
					t.Errorf("%s: %s: %s [%s]", file, f.Severity, f.Message, f.Rule)
				}
			}
		}
	}
}

func lintText(t *testing.T, like string) []Finding {
	t.Helper()
	p, err := trust.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
		"Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
		"Condition": {"StringLike": ` + like + `}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return Check(document.Role{Policies: trust.Alternatives{p}}, options)
}

func TestSeverityNames(t *testing.T) {
	for s := Note; s <= Critical; s++ {
		got, err := ParseSeverity(s.String())
		if err != nil || got != s {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if _, err := ParseSeverity("grave"); err == nil {
		t.Error("no error")
	}
}

func FuzzCheck(f *testing.F) {
	files, _ := filepath.Glob("testdata/rules/*/*.json")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	f.Fuzz(func(t *testing.T, src string) {
		for role, err := range document.Roles(t.Context(), strings.NewReader(src), document.Options{}) {
			if err != nil {
				return
			}
			for _, finding := range Check(role, options) {
				if finding.Line < 1 || finding.Column < 1 || finding.Message == "" {
					t.Fatalf("%q: %+v", src, finding)
				}
			}
		}
	})
}
