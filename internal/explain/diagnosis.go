package explain

import (
	"fmt"
	"strings"
)

// Diagnosis is what a person reads when a step is refused, in this order. Its
// texts are bounded, and they may hold what comes from outside: whoever prints
// them makes them harmless.
type Diagnosis struct {
	Code   Code
	What   string   // what happened, one line
	Claims []Claim  `json:",omitempty"` // what the refused token says of the run
	Open   bool     `json:",omitempty"` // the causes are likely ones, none of them certain
	Causes []string // each with its evidence; the likeliest first where they are open
	Cure   string   // what to do; may have several lines
}

// Text is the whole diagnosis in lines.
func (d Diagnosis) Text() string {
	var b strings.Builder
	b.WriteString(d.What)
	if len(d.Claims) > 0 {
		b.WriteString("\nwhat the token claims:")
		for _, c := range d.Claims {
			fmt.Fprintf(&b, "\n  %-17s %s", c.Name, c.Value)
		}
	}
	switch {
	case d.Open && len(d.Causes) == 1:
		b.WriteString("\nlikely cause: " + d.Causes[0])
	case d.Open && len(d.Causes) > 1:
		b.WriteString("\nlikely causes, the likeliest first:")
		for i, c := range d.Causes {
			fmt.Fprintf(&b, "\n  %d. %s", i+1, c)
		}
	case len(d.Causes) == 1:
		b.WriteString("\ncause: " + d.Causes[0])
	case len(d.Causes) > 1:
		b.WriteString("\ncauses:")
		for _, c := range d.Causes {
			b.WriteString("\n  - " + c)
		}
	}
	if d.Cure != "" {
		b.WriteString("\n" + d.Cure)
	}
	return b.String()
}
