package fakerunner

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode/utf16"
)

// Write is one piece of output as a step wrote it.
type Write struct {
	Step   string // the step's name
	Stream string // stdout or stderr
	Data   []byte
}

// Annotation is an error, a warning or a notice that a step wrote, as it is
// shown on the page of the run: masked and cut.
type Annotation struct {
	Step    string
	Level   string // error, warning or notice
	Title   string
	Message string
}

// The runner's limits for annotations (ExecutionContext.AddIssue).
const (
	maxMessage     = 4096 // UTF-16 code units of a message, after masking
	maxAnnotations = 10   // of each level in a step
)

// jobLog turns the output of steps into the log as it is shown: it processes
// commands line by line and masks all lines after a mask.
type jobLog struct {
	mu          sync.Mutex
	masks       masker
	raw         []Write
	shown       strings.Builder
	annotations []Annotation
	stopped     string // resume word of ::stop-commands::
}

// stream returns a writer for one output of one step, and a function to call at
// the end of the step.
func (l *jobLog) stream(step, name string) (io.Writer, func()) {
	s := &stream{log: l, step: step, name: name}
	return s, s.flush
}

// stream collects a step's output until a line is complete.
type stream struct {
	log        *jobLog
	step, name string
	partial    []byte
}

func (s *stream) Write(p []byte) (int, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.raw = append(s.log.raw, Write{s.step, s.name, bytes.Clone(p)})
	s.partial = append(s.partial, p...)
	for {
		i := bytes.IndexByte(s.partial, '\n')
		if i < 0 {
			return len(p), nil
		}
		s.log.line(s.step, strings.TrimSuffix(string(s.partial[:i]), "\r"))
		s.partial = s.partial[i+1:]
	}
}

// flush handles the rest, which has no line break.
func (s *stream) flush() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if len(s.partial) > 0 {
		s.log.line(s.step, string(s.partial))
		s.partial = nil
	}
}

// hide masks a value from now on.
func (l *jobLog) hide(value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.masks.add(value)
}

func (l *jobLog) maskText(text string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.maskLines(text)
}

func (l *jobLog) maskLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = l.masks.mask(line)
	}
	return strings.Join(lines, "\n")
}

// runnerError is an error of the runner itself.
func (l *jobLog) runnerError(step, message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.annotate(step, "error", "", message)
}

// annotate logs a message and keeps it, up to maxAnnotations. The message is cut
// in the log too.
func (l *jobLog) annotate(step, level, title, message string) {
	message = l.maskLines(message)
	if units := utf16.Encode([]rune(message)); len(units) > maxMessage {
		message = string(utf16.Decode(units[:maxMessage]))
	}
	before := 0
	for _, a := range l.annotations {
		if a.Step == step && a.Level == level {
			before++
		}
	}
	if before < maxAnnotations {
		l.annotations = append(l.annotations, Annotation{step, level, title, message})
	}
	l.show("##[" + level + "]" + message)
}

func (l *jobLog) show(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		l.shown.WriteString(l.masks.mask(strings.TrimSuffix(line, "\r")) + "\n")
	}
}

// line handles one line of output, a command or not.
func (l *jobLog) line(step, line string) {
	c, ok := parseCommand(line)
	if ok && l.stopped != "" {
		if c.name == l.stopped {
			l.stopped = ""
		}
		ok = false
	}
	if !ok {
		l.show(line)
		return
	}
	switch c.name {
	case "add-mask":
		if strings.TrimSpace(c.data) == "" {
			l.annotate(step, "warning", "", "Can't add secret mask for empty string in ##[add-mask] command.")
			return
		}
		l.masks.add(c.data)
	case "error", "warning", "notice":
		l.annotate(step, c.name, c.properties["title"], c.data)
	case "stop-commands":
		l.stopped = c.data
	case "debug":
		l.show("##[debug]" + c.data)
	case "group", "endgroup":
		l.show("##[" + c.name + "]" + c.data)
	default:
		l.show(line)
	}
}

// command is a workflow command: ::name key=value,key=value::data.
type command struct {
	name       string
	properties map[string]string
	data       string
}

var (
	modernCommand = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\A\s*::([^\s:]+)(?:\s+([^\n]*?))?::(.*)\z`)
	})
	olderCommand = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`##\[([^\s\]]+)(?:\s+([^\]]*))?\](.*)\z`)
	})

	unescapeData     = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%")
	unescapeProperty = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%", "%3A", ":", "%2C", ",")
)

// parseCommand reads a line as a workflow command, in both of the runner's
// forms: at the line's beginning, or in the older form anywhere in it.
func parseCommand(line string) (command, bool) {
	separator := ","
	m := modernCommand().FindStringSubmatch(line)
	if m == nil {
		separator = ";"
		m = olderCommand().FindStringSubmatch(line)
	}
	if m == nil {
		return command{}, false
	}
	c := command{name: m[1], properties: map[string]string{}, data: unescapeData.Replace(m[3])}
	for property := range strings.SplitSeq(m[2], separator) {
		if key, text, ok := strings.Cut(property, "="); ok {
			c.properties[strings.TrimSpace(key)] = unescapeProperty.Replace(text)
		}
	}
	return c, true
}
