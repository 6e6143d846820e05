package profile

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The JavaScript SDK finds a profile of the config file only by a name of these
// characters (and the slash, which is not allowed because other tools use names as
// file names).
var validName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_@+.%:-]+$`) })

// ValidateName rejects a name that is not, for every SDK, the name of one profile
// in both files.
func ValidateName(name string) error {
	switch {
	case name == "":
		return errors.New("the profile name is empty; set a name")
	case !validName().MatchString(name):
		return fmt.Errorf("profile name %q is invalid; use only letters, digits and the characters : _ - . + @ %% (SDKs read others differently)", name)
	case strings.EqualFold(name, Default) && name != Default:
		return fmt.Errorf("profile name %q is invalid, because botocore applies the entries of [DEFAULT] to every profile; use %q", name, Default)
	case name == "__proto__":
		return fmt.Errorf("profile name %q is invalid, because the JavaScript SDK rejects it; use another one", name)
	}
	return nil
}

// validKey matches the keys that every SDK finds: JavaScript distinguishes case,
// the others convert to lower case.
var validKey = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_]*$`) })

// validate rejects an entry that some SDK would read as another key or value. The
// error never contains the value.
func (e Entry) validate() error {
	if !validKey().MatchString(e.Key) {
		return fmt.Errorf("entry %q is invalid; use lower-case letters, digits and _", e.Key)
	}
	if problem := problemOf(e.Value.Reveal()); problem != "" {
		return fmt.Errorf("the value of entry %s %s, which SDKs read differently; use another value", e.Key, problem)
	}
	return nil
}

func problemOf(value string) string {
	first, last := "", ""
	if value != "" {
		first, last = value[:1], value[len(value)-1:]
	}
	switch {
	case value == "":
		return "is empty"
	case !utf8.ValidString(value):
		return "is not UTF-8" // botocore cannot read the file
	case strings.ContainsFunc(value, unicode.IsControl):
		return "has a line break or another control character"
	case strings.TrimFunc(value, isJavaScriptSpace) != value:
		return "begins or ends with a blank"
	case cutComment(value) != value:
		return "has a # or ; at its beginning or after a blank" // a comment, but not to botocore
	case first == last && (first == `"` || first == "'"):
		return "begins and ends with a quote" // which Go removes
	}
	return ""
}
