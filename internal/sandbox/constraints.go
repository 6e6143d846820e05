package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// rule is a constraint of STS's service model on one parameter, or on every
// member of a list.
type rule struct {
	parameter string // "RoleArn", or a list's name
	field     string // ".Key" of a list of structures
	list      bool
	required  bool
	number    bool // low and high bound the value instead of the length
	sensitive bool // the value is not repeated in the message
	low, high int
	most      int // members of the list
	pattern   lazyPattern
	shown     string // the pattern as AWS writes it
}

// lazyPattern is compiled when it is needed first: most processes of this
// program never start a sandbox, and should not wait for its patterns.
type lazyPattern func() *regexp.Regexp

// pattern anchors an expression over the whole value.
func pattern(expression string) lazyPattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\A(?:` + expression + `)\z`) })
}

func (p lazyPattern) MatchString(s string) bool { return p().MatchString(s) }

const (
	namePattern     = `[\w+=,.@-]*`
	externalPattern = `[\w+=,.@:\/-]*`
	tagKeyPattern   = `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`
	tagValuePattern = `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`
	policyPattern   = `[\u0009\u000A\u000D\u0020-\u00FF]+`
)

var (
	policyText = pattern(`[\t\n\r\x{20}-\x{FF}]+`) // policyPattern as Go writes it

	commonRules = []rule{
		{parameter: "RoleArn", required: true, low: 20, high: 2048},
		{parameter: "RoleSessionName", required: true, low: 2, high: 64, pattern: pattern(namePattern), shown: namePattern},
		{parameter: "DurationSeconds", number: true, low: 900, high: 43200},
		{parameter: "Policy", low: 1, high: 2048, pattern: policyText, shown: policyPattern},
		{parameter: "PolicyArns", field: ".arn", list: true, most: 10, low: 20, high: 2048},
	}
	webIdentityRules = append([]rule{
		{parameter: "WebIdentityToken", required: true, sensitive: true, low: 4, high: 20000},
	}, commonRules...)
	assumeRoleRules = append([]rule{
		{parameter: "Tags", field: ".Key", list: true, most: 50, low: 1, high: 128, pattern: pattern(tagKeyPattern), shown: tagKeyPattern},
		{parameter: "Tags", field: ".Value", list: true, most: 50, low: 0, high: 256, pattern: pattern(tagValuePattern), shown: tagValuePattern},
		{parameter: "TransitiveTagKeys", list: true, most: 50, low: 1, high: 128, pattern: pattern(tagKeyPattern), shown: tagKeyPattern},
		{parameter: "ExternalId", low: 2, high: 1224, pattern: pattern(externalPattern), shown: externalPattern},
		{parameter: "SourceIdentity", low: 2, high: 64, pattern: pattern(namePattern), shown: namePattern},
	}, commonRules...)
)

// checkConstraints returns one ValidationError with everything that breaks a
// rule, or nil.
func checkConstraints(form url.Values, rules []rule) error {
	var broken []string
	for _, r := range rules {
		if r.list {
			broken = append(broken, r.checkList(form)...)
			continue
		}
		label := lowerFirst(r.parameter)
		switch {
		case form.Has(r.parameter):
			broken = append(broken, r.check(label, form.Get(r.parameter))...)
		case r.required:
			broken = append(broken, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", label))
		}
	}
	switch len(broken) {
	case 0:
		return nil
	case 1:
		return validationError("1 validation error detected: " + broken[0])
	default:
		return validationError(fmt.Sprintf("%d validation errors detected: %s", len(broken), strings.Join(broken, "; ")))
	}
}

func validationError(message string) apiError {
	return apiError{http.StatusBadRequest, "ValidationError", message}
}

func (r rule) checkList(form url.Values) []string {
	values := formList(form, r.parameter, r.field)
	var broken []string
	if len(values) > r.most && r.field != ".Value" { // the same list is counted once
		broken = append(broken, fmt.Sprintf("Value '[%s]' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d",
			strings.Join(values, ", "), lowerFirst(r.parameter), r.most))
	}
	for i, text := range values {
		label := fmt.Sprintf("%s.%d.member", lowerFirst(r.parameter), i+1)
		if r.field != "" {
			label += "." + lowerFirst(r.field[1:])
		}
		broken = append(broken, r.check(label, text)...)
	}
	return broken
}

// check returns what is wrong with one value.
func (r rule) check(label, text string) []string {
	var broken []string
	fail := func(format string, args ...any) {
		shown := "Value '" + text + "'"
		if r.sensitive {
			shown = "Value"
		}
		broken = append(broken, fmt.Sprintf("%s at '%s' failed to satisfy constraint: %s", shown, label, fmt.Sprintf(format, args...)))
	}
	size, what := utf8.RuneCountInString(text), "length"
	if r.number {
		n, err := strconv.Atoi(text)
		if err != nil {
			fail("Member must be a number")
			return broken
		}
		size, what = n, "value"
	}
	switch {
	case size < r.low:
		fail("Member must have %s greater than or equal to %d", what, r.low)
	case size > r.high:
		fail("Member must have %s less than or equal to %d", what, r.high)
	}
	if r.pattern != nil && !r.pattern.MatchString(text) {
		fail("Member must satisfy regular expression pattern: %s", r.shown)
	}
	return broken
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
