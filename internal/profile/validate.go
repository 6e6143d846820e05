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
// characters (and the slash, which is kept out of names as other tools make
// file names of them).
var validName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_@+.%:-]+$`) })

// ValidateName refuses what is not, to every SDK, the name of one profile in
// both files.
func ValidateName(name string) error {
	switch {
	case name == "":
		return errors.New("the profile name is empty: give it a name")
	case !validName().MatchString(name):
		return fmt.Errorf("profile name %q: use only letters, digits and the characters : _ - . + @ %%, as SDKs read others differently", name)
	case strings.EqualFold(name, Default) && name != Default:
		return fmt.Errorf("profile name %q: write it %q; botocore gives the entries of [DEFAULT] to every profile", name, Default)
	case name == "__proto__":
		return fmt.Errorf("profile name %q: the JavaScript SDK refuses it; choose another one", name)
	}
	return nil
}

// validKey describes the keys that every SDK finds: JavaScript distinguishes
// case, the others make it lower.
var validKey = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_]*$`) })

// validate refuses an entry that some SDK would read as anything but this key
// and this value. The error never holds the value.
func (e Entry) validate() error {
	if !validKey().MatchString(e.Key) {
		return fmt.Errorf("entry %q: a key is of lower-case letters, digits and _", e.Key)
	}
	if problem := problemOf(e.Value.Reveal()); problem != "" {
		return fmt.Errorf("the value of entry %s %s, which SDKs do not read alike: use another one", e.Key, problem)
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
