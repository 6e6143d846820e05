package runner

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sethvargo/go-githubactions"
)

// Level is the kind of an annotation.
type Level string

// The kinds of annotations. A failing step writes one error.
const (
	LevelNotice  Level = "notice"
	LevelWarning Level = "warning"
	LevelError   Level = "error"
)

// Annotation is shown on the page of the run and in the log. Its texts may come
// from outside.
type Annotation struct {
	Title string

	// Text are paragraphs, the most important first. Those that do not fit into
	// an annotation are left out.
	Text []string

	// Details are for the log only, where they follow in a group. Without
	// Details, a Text that does not fit follows there.
	Details string

	// Link is the URL of a page about the annotation. It ends the annotation and
	// is never left out.
	Link string
}

// maxAnnotation is how much of an annotation the runner keeps, in UTF-16 code
// units (ExecutionContext.AddIssue); it cuts the log at the same place.
const maxAnnotation = 4096

// seeLog ends an annotation whose details are in the log.
const seeLog = "For details, see the log of this step."

// Info prints lines to the log.
func (r *Runner) Info(format string, args ...any) {
	fmt.Fprintln(r.out, r.shown(fmt.Sprintf(format, args...)))
}

// Notice annotates the run with one paragraph.
func (r *Runner) Notice(title, text string) {
	r.Annotate(LevelNotice, Annotation{Title: title, Text: []string{text}})
}

// Warning is like Notice.
func (r *Runner) Warning(title, text string) {
	r.Annotate(LevelWarning, Annotation{Title: title, Text: []string{text}})
}

// Annotate annotates the run and prints what does not fit there to the log.
func (r *Runner) Annotate(level Level, a Annotation) {
	title, text, details := r.shown(a.Title), r.shown(strings.Join(a.Text, "\n")), r.shown(a.Details)
	link := ""
	if a.Link != "" {
		link = "\nSee " + r.shown(a.Link)
	}
	room := maxAnnotation - utf16Len(link)
	switch {
	case details == "" && utf16Len(text) > room:
		details = text
	case details == text && utf16Len(text) <= room:
		details = ""
	}
	if details != "" {
		text = r.fit(a.Text, room)
	}
	var b bytes.Buffer
	writeCommand(&b, string(level), githubactions.CommandProperties{"title": title}, text+link)
	if details != "" {
		writeCommand(&b, "group", nil, "Details of "+title)
		fmt.Fprintln(&b, details)
		writeCommand(&b, "endgroup", nil, "")
	}
	_, _ = r.out.Write(b.Bytes()) // in one write, so that nothing comes between; Err has the error
}

// FileAnnotation is shown beside a line of a file in a pull request. Its texts
// may come from outside.
type FileAnnotation struct {
	Level        Level
	File         string // relative to the repository
	Line, Column int    // from 1
	Title, Text  string
}

// WriteFileAnnotations writes a workflow command for each annotation, in one
// line each: texts cannot begin another. For commands that run in a step but
// are not one.
func WriteFileAnnotations(w io.Writer, annotations []FileAnnotation) error {
	var b bytes.Buffer
	for _, a := range annotations {
		writeCommand(&b, string(a.Level), githubactions.CommandProperties{
			"file": a.File, "line": strconv.Itoa(a.Line), "col": strconv.Itoa(a.Column), "title": a.Title,
		}, a.Text)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeCommand writes a workflow command in the library's form and escapes.
func writeCommand(b *bytes.Buffer, name string, properties githubactions.CommandProperties, message string) {
	fmt.Fprintln(b, &githubactions.Command{Name: name, Properties: properties, Message: message})
}

// fit joins as many paragraphs as fit before seeLog, and the beginning of the
// next one.
func (r *Runner) fit(paragraphs []string, room int) string {
	const least = 200 // shorter beginnings are left out
	room -= utf16Len(seeLog)
	var b strings.Builder
	for _, p := range paragraphs {
		if room < least {
			break
		}
		p = cutUTF16(r.shown(p)+"\n", room)
		b.WriteString(p)
		room -= utf16Len(p)
	}
	return b.String() + seeLog
}

// shown returns the only form in which text reaches the log.
func (r *Runner) shown(text string) string {
	return Sanitize(r.withoutAccounts(text))
}

// withoutAccounts masks account ids where HideAccounts asks for it.
func (r *Runner) withoutAccounts(text string) string {
	if r.hideAccounts {
		return MaskAccounts(text)
	}
	return text
}

// utf16Len is the length of a text as .NET, and so the runner, counts it.
func utf16Len(text string) int {
	n := 0
	for _, c := range text {
		n += utf16Width(c)
	}
	return n
}

func utf16Width(c rune) int {
	if c > 0xffff {
		return 2
	}
	return 1
}

// cutUTF16 shortens a paragraph, whose line end it keeps, to at most n code
// units.
func cutUTF16(p string, n int) string {
	if utf16Len(p) <= n {
		return p
	}
	const end = "…\n"
	n -= utf8.RuneCountInString(end)
	for i, c := range p {
		if n -= utf16Width(c); n < 0 {
			return p[:i] + end
		}
	}
	return p
}
