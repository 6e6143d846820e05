package trust

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/spelling"
)

// Operator is a condition operator, such as ForAnyValue:StringLikeIfExists.
type Operator struct {
	Set      string // "", ForAnyValue or ForAllValues
	Base     string // StringLike, Null, …, in the documentation's spelling
	IfExists bool
}

// The prefixes that make an operator compare sets.
const (
	ForAnyValue  = "ForAnyValue"
	ForAllValues = "ForAllValues"
)

// String returns the operator as policies write it.
func (o Operator) String() string {
	s := o.Base
	if o.Set != "" {
		s = o.Set + ":" + s
	}
	if o.IfExists {
		s += "IfExists"
	}
	return s
}

// Negated reports whether the operator holds when no value matches.
func (o Operator) Negated() bool { return strings.Contains(o.Base, "Not") }

// Wildcards reports whether * and ? in values have their meaning.
func (o Operator) Wildcards() bool {
	return strings.HasPrefix(o.Base, "Arn") || o.Base == "StringLike" || o.Base == "StringNotLike"
}

// variables reports whether policy variables are replaced in values.
func (o Operator) variables() bool {
	return strings.HasPrefix(o.Base, "String") || strings.HasPrefix(o.Base, "Arn") || o.Base == "Bool"
}

// negations are the operators that hold when their opposite does not.
var negations = map[string]string{
	"StringNotEquals":           "StringEquals",
	"StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike":             "StringLike",
	"NumericNotEquals":          "NumericEquals",
	"DateNotEquals":             "DateEquals",
	"NotIpAddress":              "IpAddress",
	"ArnNotEquals":              "ArnEquals",
	"ArnNotLike":                "ArnLike",
}

// Opposite returns the operator that a negated one negates, such as
// StringLike for StringNotLike, without IfExists; false if o is not negated.
func (o Operator) Opposite() (Operator, bool) {
	base, ok := negations[o.Base]
	return Operator{Set: o.Set, Base: base}, ok
}

// parseOperator reads an operator's name. Like IAM it ignores case.
func parseOperator(name string) (Operator, bool) {
	var o Operator
	if set, rest, ok := strings.Cut(name, ":"); ok {
		switch {
		case strings.EqualFold(set, ForAnyValue):
			o.Set = ForAnyValue
		case strings.EqualFold(set, ForAllValues):
			o.Set = ForAllValues
		default:
			return Operator{}, false
		}
		name = rest
	}
	const suffix = "IfExists"
	if i := len(name) - len(suffix); i > 0 && strings.EqualFold(name[i:], suffix) {
		o.IfExists = true
		name = name[:i]
	}
	known := slices.IndexFunc(baseOperators, func(b string) bool { return strings.EqualFold(b, name) })
	if known < 0 {
		return Operator{}, false
	}
	o.Base = baseOperators[known]
	if o.Base == "Null" && (o.Set != "" || o.IfExists) {
		return Operator{}, false // Null asks whether the key exists: neither makes sense
	}
	return o, true
}

// unknownOperator is the error of a name that parseOperator refuses.
func unknownOperator(at Pos, name string) error {
	plain := name[strings.LastIndexByte(name, ':')+1:]
	if i := len(plain) - len("IfExists"); i > 0 && strings.EqualFold(plain[i:], "IfExists") {
		plain = plain[:i]
	}
	if strings.EqualFold(plain, "Null") {
		return at.Errorf("condition operator %q is invalid: Null cannot be combined with ForAllValues, ForAnyValue or IfExists; use Null", name)
	}
	best, least := "", spelling.Most(plain)+1
	for _, known := range baseOperators {
		if d := spelling.Distance(strings.ToLower(plain), strings.ToLower(known)); d < least {
			best, least = known, d
		}
	}
	if best == "" || least == 0 { // what is wrong is the prefix
		return at.Errorf("unknown condition operator %q", name)
	}
	return at.Errorf("unknown condition operator %q; use %s", name, best)
}

var baseOperators = func() []string {
	names := []string{"Null"}
	for name := range comparisons {
		names = append(names, name)
	}
	for name := range negations {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()
