package plan

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// An expression that comes out empty can leave a gap that YAML's syntax allows: a
// comma before the bracket that closes a flow list, or an empty line in a block
// text. Both are found in the source text.

// source is a text of YAML in which nodes can be found.
type source struct {
	text   string // with \n as the only line end; others than it and \r are refused as control characters
	starts []int  // where its lines begin
}

func newSource(text string) source {
	s := source{text: strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)}
	at := 0
	for line := range strings.Lines(s.text) {
		s.starts = append(s.starts, at)
		at += len(line)
	}
	return s
}

// below returns the text below the first n lines.
func (s source) below(n int) string {
	if n < 0 || n >= len(s.starts) {
		return ""
	}
	return s.text[s.starts[n]:]
}

// from returns the text from the node's first character on.
func (s source) from(n *yaml.Node) string {
	text := s.below(n.Line - 1)
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}

// endsInGap reports whether the last entry of a flow list is missing.
func (s source) endsInGap(n *yaml.Node) bool {
	return n.Style&yaml.FlowStyle != 0 && endsInComma(s.from(n))
}

// endsInComma reports whether a comma precedes the bracket that closes the flow
// list at the beginning of a text.
func endsInComma(text string) bool {
	depth, last, blank := 0, byte(0), false // last is the last character that is neither blank nor comment
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			blank = true
			continue
		case c == '#' && blank:
			i += strings.IndexByte(text[i:]+"\n", '\n') - 1
			continue
		case (c == '"' || c == '\'') && strings.IndexByte("[{,:", last) >= 0:
			i += quotedLength(text[i:]) - 1
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			if depth--; depth == 0 {
				return last == ','
			}
		}
		last, blank = c, false
	}
	return false
}

// quotedLength returns the length of the quoted scalar at the beginning of a
// text, quotes included.
func quotedLength(text string) int {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case quote == '"' && text[i] == '\\':
			i++
		case text[i] != quote:
		case quote == '\'' && strings.HasPrefix(text[i+1:], "'"):
			i++
		default:
			return i + 1
		}
	}
	return len(text)
}

// emptyLine returns the number of the first line of a block text that is empty,
// but as deep as its entries: that is where an expression was. Lines without
// any character only part the others.
func (s source) emptyLine(n *yaml.Node) (line int, found bool) {
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		return 0, false
	}
	depth := 0
	for text := range strings.Lines(s.below(n.Line)) {
		if strings.TrimSpace(text) != "" {
			depth = indentation(text)
			break
		}
	}
	line = n.Line
	for text := range strings.Lines(s.below(n.Line)) {
		line++
		empty := strings.TrimSpace(text) == ""
		switch deep := depth > 0 && indentation(text) >= depth; {
		case deep && empty:
			return line, true
		case !deep && !empty:
			return 0, false
		}
	}
	return 0, false
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
