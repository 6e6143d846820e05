package cli

import (
	"io"

	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

// writeAnnotations writes findings, and the files that could not be read, as
// workflow commands, by which GitHub shows them in the files of a pull request.
func writeAnnotations(w io.Writer, findings []lint.Finding, unread []document.Unread) error {
	annotations := make([]runner.FileAnnotation, 0, len(findings)+len(unread))
	for _, f := range findings {
		text := f.Message
		if f.Role != "" {
			text = "role " + f.Role + ": " + text
		}
		if f.Fix != "" {
			text += "\nFix: " + f.Fix
		}
		annotations = append(annotations, runner.FileAnnotation{
			Level: annotationLevel(f.Severity),
			File:  f.File, Line: f.Line, Column: f.Column,
			Title: f.Severity.String() + ": " + f.Rule,
			Text:  text,
		})
	}
	for _, u := range unread {
		annotations = append(annotations, runner.FileAnnotation{Level: runner.LevelError, File: u.File, Line: 1, Column: 1, Title: "error: unread", Text: u.Message})
	}
	return runner.WriteFileAnnotations(w, annotations)
}

func annotationLevel(s lint.Severity) runner.Level {
	switch {
	case s >= lint.Error:
		return runner.LevelError
	case s >= lint.Warning:
		return runner.LevelWarning
	}
	return runner.LevelNotice
}
