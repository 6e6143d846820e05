package explain

import "strings"

// Diagnosis is what a person reads when a step is refused.
type Diagnosis struct {
	Code   Code
	What   string   // what happened, one line
	Causes []string // the likely causes, the likeliest first, each with its evidence
	Cure   string   // what to do; may have several lines
}

// Text is the whole diagnosis in lines.
func (d Diagnosis) Text() string {
	var b strings.Builder
	b.WriteString(d.What)
	if len(d.Causes) == 1 {
		b.WriteString("\ncause: " + d.Causes[0])
	}
	if len(d.Causes) > 1 {
		b.WriteString("\nlikely causes:")
		for _, c := range d.Causes {
			b.WriteString("\n  - " + c)
		}
	}
	if d.Cure != "" {
		b.WriteString("\n" + d.Cure)
	}
	return b.String()
}
