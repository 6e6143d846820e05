package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/spelling"
	"github.com/org/aws-oidc-action/internal/trust"
)

var invisibleCharacter = Rule{
	ID:       "invisible-character",
	Severity: Error,
	Summary:  "a text has an invisible character",
	Why: "Text that is copied from a web page, a document or a chat can bring along a zero width space, a no-break space or a mark of text direction. " +
		"IAM compares it like any other character.",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			for _, e := range s.Principal.Entries {
				if e.Text().Unknown() == nil {
					in.checkVisible(e.Pos, "principal", e.ID)
				}
			}
			for _, c := range s.Conditions {
				if c.Unknown != nil {
					continue
				}
				in.checkVisible(c.Pos, "condition key", c.Key)
				if _, claim := trust.SplitKey(strings.ToLower(c.Key)); claim == "sub" {
					continue // odd-subject says more
				}
				for _, v := range c.Values {
					if v.Unknown() == nil {
						in.checkVisible(v.Pos, "value", v.Text)
					}
				}
			}
		}
	},
}

func (in *inspection) checkVisible(at trust.Pos, what, text string) {
	previous := ' '
	for _, r := range text {
		if spelling.Invisible(r) && !(r == joiner && previous > lastPlain) {
			in.report(Error, at, fmt.Sprintf("%s %q has the invisible character %s; remove it", what, text, spelling.Character(r)))
			return
		}
		previous = r
	}
}

// An emoji can be joined of several, all of which are beyond lastPlain.
const (
	joiner    = '\u200d'
	lastPlain = '\u2000'
)
