package generate

import (
	"regexp"
	"sync"
)

// form is a regular expression that is compiled when it is needed first: most
// processes of this program never generate anything, and those with counted
// repetitions would take most of their start.
type form func() *regexp.Regexp

func pattern(expression string) form {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// MatchString reports whether s is of the form.
func (f form) MatchString(s string) bool { return f().MatchString(s) }
