package lint

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

// WriteText writes one finding in two or three lines: place, severity and
// rule, then the fix.
func WriteText(w io.Writer, findings []Finding) error {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s:%d:%d: %s: ", plain(f.File), f.Line, f.Column, f.Severity)
		if f.Role != "" {
			fmt.Fprintf(&b, "role %s: ", plain(f.Role))
		}
		fmt.Fprintf(&b, "%s [%s]\n", plain(f.Message), f.Rule)
		if f.Fix != "" {
			fmt.Fprintf(&b, "    fix: %s\n", plain(f.Fix))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// plain makes text from a document harmless on a terminal and in a job's log.
func plain(s string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if strings.ContainsFunc(s, odd) || strings.HasPrefix(s, "::") {
		return strconv.Quote(s)
	}
	return s
}

// WriteJSON writes {"findings": […]}, and "unread" with the files that could
// not be read, if there are any.
func WriteJSON(w io.Writer, findings []Finding, unread []document.Unread) error {
	if findings == nil {
		findings = []Finding{}
	}
	out, err := json.MarshalIndent(struct {
		Findings []Finding         `json:"findings"`
		Unread   []document.Unread `json:"unread,omitempty"`
	}{findings, unread}, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(out, '\n'))
	return err
}
