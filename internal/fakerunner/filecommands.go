package fakerunner

import (
	"fmt"
	"strings"
)

// assignment is one NAME=VALUE of a file command.
type assignment struct{ name, value string }

// formatError is the runner's error about a file, in the runner's words.
type formatError string

func (e formatError) Error() string { return string(e) }

// parseFileCommand reads what a step wrote to GITHUB_ENV, GITHUB_OUTPUT or
// GITHUB_STATE as the runner does: NAME=VALUE, or NAME<<DELIMITER, lines, and
// the delimiter alone on a line. With an error it also returns what came before
// it, because the runner has applied that already.
func parseFileCommand(text string) ([]assignment, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	var all []assignment
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if line == "" {
			continue
		}
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case heredoc >= 0 && (equals < 0 || heredoc < equals):
			name, delimiter := line[:heredoc], line[heredoc+2:]
			if name == "" || delimiter == "" {
				return all, formatError(fmt.Sprintf("Invalid format '%s'. Name must not be empty and delimiter must not be empty", line))
			}
			value, rest, ok := cutHeredoc(text, delimiter)
			if !ok {
				return all, formatError(fmt.Sprintf("Invalid value. Matching delimiter not found '%s'", delimiter))
			}
			all, text = append(all, assignment{name, value}), rest
		case equals > 0:
			all = append(all, assignment{line[:equals], line[equals+1:]})
		case equals == 0:
			return all, formatError(fmt.Sprintf("Invalid format '%s'. Name must not be empty", line))
		default:
			return all, formatError(fmt.Sprintf("Invalid format '%s'", line))
		}
	}
	return all, nil
}

// cutHeredoc splits text at the line that is the delimiter. The line break
// before it does not belong to the value.
func cutHeredoc(text, delimiter string) (value, rest string, ok bool) {
	for at := 0; at < len(text); {
		line, after := text[at:], len(text)
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line, after = line[:i], at+i+1
		}
		if line == delimiter {
			return strings.TrimSuffix(text[:at], "\n"), text[after:], true
		}
		at = after
	}
	return "", "", false
}
