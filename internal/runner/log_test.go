package runner

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// annotated returns the message of the one annotation and the log behind it.
func annotated(t *testing.T, r *Runner, out *bytes.Buffer, a Annotation) (message, log string) {
	t.Helper()
	out.Reset()
	r.Annotate(LevelError, a)
	message, log, _ = strings.Cut(out.String(), "\n")
	message, ok := strings.CutPrefix(message, "::error title=code::")
	if !ok {
		t.Fatalf("the first line is %q", message)
	}
	return strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(message), log
}

func TestAnAnnotationHoldsWhatTheRunnerKeeps(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	const room = maxAnnotation - len(seeLog)
	for name, tt := range map[string]struct {
		of           Annotation
		message, log string
	}{
		"all of it":                         {Annotation{Text: []string{"a", "b"}}, "a\nb", ""},
		"as much as it can":                 {Annotation{Text: []string{x(2000), x(2095)}}, x(2000) + "\n" + x(2095), ""},
		"one too many":                      {Annotation{Text: []string{x(2000), x(2096)}}, x(2000) + "\n" + x(room-2001-2) + "…\n" + seeLog, x(2000) + "\n" + x(2096)},
		"one paragraph":                     {Annotation{Text: []string{x(5000)}}, x(room-2) + "…\n" + seeLog, x(5000)},
		"two units each":                    {Annotation{Text: []string{strings.Repeat("😀", 2049)}}, strings.Repeat("😀", (room-2)/2) + "…\n" + seeLog, strings.Repeat("😀", 2049)},
		"two units each, as many as it can": {Annotation{Text: []string{strings.Repeat("😀", 2048)}}, strings.Repeat("😀", 2048), ""},
		"one unit, three bytes":             {Annotation{Text: []string{strings.Repeat("€", 4096)}}, strings.Repeat("€", 4096), ""},
		"no room for a beginning":           {Annotation{Text: []string{x(room - 100), x(200)}}, x(room-100) + "\n" + seeLog, x(room-100) + "\n" + x(200)},
		"longer when sanitized":             {Annotation{Text: []string{strings.Repeat("\x1b", 700)}}, strings.Repeat(`\u001b`, (room-2)/6) + `\u001b`[:(room-2)%6] + "…\n" + seeLog, strings.Repeat(`\u001b`, 700)},
		"details":                           {Annotation{Text: []string{"a"}, Details: "a\n::b"}, "a\n" + seeLog, "a\n: :b"},
		"details that say the same":         {Annotation{Text: []string{"a", "b"}, Details: "a\nb"}, "a\nb", ""},
		"long details that say the same":    {Annotation{Text: []string{x(5000)}, Details: x(5000)}, x(room-2) + "…\n" + seeLog, x(5000)},
		"link":                              {Annotation{Text: []string{"a"}, Link: "https://x"}, "a\nSee https://x", ""},
		"link behind details":               {Annotation{Text: []string{"a"}, Details: "b", Link: "https://x"}, "a\n" + seeLog + "\nSee https://x", "b"},
		"link, as much as it can":           {Annotation{Text: []string{x(4082)}, Link: "https://x"}, x(4082) + "\nSee https://x", ""},
		"link, one too many":                {Annotation{Text: []string{x(4083)}, Link: "https://x"}, x(room-14-2) + "…\n" + seeLog + "\nSee https://x", x(4083)},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			tt.of.Title = "code"
			message, log := annotated(t, New(nil, &out), &out, tt.of)
			if diff := cmp.Diff(tt.message, message); diff != "" {
				t.Errorf("message: %s", diff)
			}
			want := ""
			if tt.log != "" {
				want = "::group::Details of code\n" + tt.log + "\n::endgroup::\n"
			}
			if diff := cmp.Diff(want, log); diff != "" {
				t.Errorf("log: %s", diff)
			}
		})
	}
}

func TestMaskAccounts(t *testing.T) {
	for text, want := range map[string]string{
		"arn:aws:iam::123456789012:role/x":       "arn:aws:iam::***:role/x",
		"arn%3Aaws%3Aiam%3A%3A123456789012%3Ax":  "arn%3Aaws%3Aiam%3A%3A***%3Ax",
		"deploy_123456789012_x, 111122223333.":   "deploy_***_x, ***.",
		"account 1234-5678-9012":                 "account ***",
		`"\x01123456789012" %20123456789012`:     `"\x***" %***`,
		"run 12345678901 at 2026-11-26T09:00:00": "run 12345678901 at 2026-11-26T09:00:00",
		"12345678901\n23456789012":               "12345678901\n23456789012",
	} {
		if got := MaskAccounts(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// With HideAccounts, no id leaves by any way; without, each does.
func TestHideAccounts(t *testing.T) {
	const id = "123456789012"
	for _, hide := range []bool{false, true} {
		environ, path := files(t)
		var out bytes.Buffer
		r := New(environ, &out)
		if hide {
			r.HideAccounts()
		}
		r.Info("info %s", id)
		r.Notice("notice "+id, id)
		r.Warning("warning "+id, id)
		r.Annotate(LevelError, Annotation{Title: "error " + id, Text: []string{id, strings.Repeat(id+" ", 400)}})
		r.Annotate(LevelError, Annotation{Title: "error", Text: []string{"x"}, Details: id})
		if err := r.Publish(Publication{Summary: "summary " + id, Outputs: []Pair{NewPair("aws-account-id", id)}}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), id); got == hide {
			t.Errorf("hide %v, log:\n%s", hide, out.String())
		}
		if got := strings.Contains(read(t, path("STEP_SUMMARY")), id); got == hide {
			t.Errorf("hide %v, summary %q", hide, read(t, path("STEP_SUMMARY")))
		}
		if !strings.Contains(read(t, path("OUTPUT")), id) {
			t.Error("the output lacks the id")
		}
		out.Reset()
		r.MaskAccountsIn("arn:aws:iam::" + id + ":role/x, 1111-2222-3333, 1234567890123")
		want := ""
		if hide {
			want = "::add-mask::" + id + "\n::add-mask::111122223333\n"
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Error(diff)
		}
	}
}

// TestFileAnnotations: texts stay inside of their command, and nothing is
// written at all where the writer fails.
func TestFileAnnotations(t *testing.T) {
	var out bytes.Buffer
	err := WriteFileAnnotations(&out, []FileAnnotation{
		{Level: LevelError, File: "a,b:c%.json", Line: 3, Column: 7, Title: "x: y", Text: "100%\r\n::warning::z"},
		{Level: LevelNotice, File: "d", Line: 1, Column: 1},
	})
	want := "::error col=7,file=a%2Cb%3Ac%25.json,line=3,title=x%3A y::100%25%0D%0A::warning::z\n::notice col=1,file=d,line=1,title=::\n"
	if err != nil || out.String() != want {
		t.Errorf("%v\n%q, want\n%q", err, out.String(), want)
	}
	if err := WriteFileAnnotations(brokenWriter{}, []FileAnnotation{{Level: LevelError}}); err == nil {
		t.Error("a failing write is no error")
	}
}
