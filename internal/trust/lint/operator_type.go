package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var operatorType = Rule{
	ID:       "operator-type",
	Severity: Error,
	Summary:  "an operator does not fit the type of the condition key",
	Why: "Claims are text, and a global key has the type that the IAM user guide lists. An operator of another type matches nothing, " +
		"or compares the value as text: an address block, a date or a number then matches only itself. Access Analyzer reports TYPE_MISMATCH. " +
		"A string operator on a Boolean or an ARN is not reported, because its values compare alike as text.",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			for _, c := range s.Conditions {
				if c.Unknown == nil && misfit(c) {
					in.checkType(s, c)
				}
			}
		}
	},
}

// families are the types that operators compare, by the beginnings of their
// names without Not.
var families = []struct {
	prefix string
	kind   trust.KeyType
}{
	{"String", trust.TypeString}, {"Arn", trust.TypeARN}, {"Bool", trust.TypeBool}, {"Date", trust.TypeDate},
	{"Numeric", trust.TypeNumeric}, {"Ip", trust.TypeAddress},
}

func family(o trust.Operator) trust.KeyType {
	base := strings.TrimPrefix(o.Base, "Not")
	for _, f := range families {
		if strings.HasPrefix(base, f.prefix) {
			return f.kind
		}
	}
	return "" // BinaryEquals
}

func (in *inspection) checkType(s trust.Statement, c trust.Condition) {
	if t, known := trust.GlobalKey(c.Key); known {
		follows := ""
		if t != trust.TypeString && family(c.Operator) == trust.TypeString {
			follows = "; it compares the value as text"
		}
		in.propose(Error, s, c.Pos, fmt.Sprintf("%s does not fit %s, which is %s%s", c.Operator, c.Key, t, follows), typedOperator(c, t))
		return
	}
	follows := "never matches"
	if c.Operator.Negated() {
		follows = "always matches and excludes nobody"
	}
	_, claim := trust.SplitKey(strings.ToLower(c.Key))
	in.propose(Error, s, c.Pos, fmt.Sprintf("%s is text; %s %s", claim, c.Operator, follows), typedOperator(c, trust.TypeString))
}

// misfit reports whether the operator of a condition does not fit its key.
func misfit(c trust.Condition) bool {
	if c.Operator.Base == "Null" {
		return false
	}
	have := family(c.Operator)
	if trust.IsGlobalKey(c.Key) {
		t, known := trust.GlobalKey(c.Key)
		return known && !fits(c, t, have)
	}
	if have == trust.TypeString {
		return false
	}
	provider, claim := trust.SplitKey(strings.ToLower(c.Key))
	return trust.IsGitHub(provider) && (have != trust.TypeNumeric || !strings.HasSuffix(claim, "_id"))
}

// fits reports whether an operator of the family can be used on a key of a
// type. An account's number can be compared as one, and aws:EpochTime, in
// seconds, too.
func fits(c trust.Condition, t, have trust.KeyType) bool {
	key := strings.ToLower(c.Key)
	switch {
	case have == t:
		return true
	case have == trust.TypeNumeric:
		return strings.HasSuffix(key, "account") || key == "aws:epochtime"
	case have == trust.TypeString && t == trust.TypeAddress:
		for _, v := range c.Values {
			if strings.Contains(v.Text, "/") {
				return false
			}
		}
		return true
	}
	return have == trust.TypeString && (t == trust.TypeBool || t == trust.TypeARN)
}

// typedOperator proposes the operator of a type that compares like the one of
// the condition.
func typedOperator(c trust.Condition, t trust.KeyType) remedy {
	o := c.Operator
	not := ""
	if o.Negated() {
		not = "Not"
	}
	like := "Equals"
	for _, v := range c.Values {
		if t == trust.TypeString && strings.ContainsAny(v.Text, "*?") {
			like = "Like"
		}
	}
	switch t {
	case trust.TypeAddress:
		o.Base = not + "IpAddress"
	case trust.TypeString:
		o.Base = "String" + not + like
	case trust.TypeDate:
		o.Base = "Date" + not + like
	case trust.TypeNumeric:
		o.Base = "Numeric" + not + like
	case trust.TypeARN:
		o.Base = "Arn" + not + "Like"
	case trust.TypeBool:
		if not != "" {
			return remedy{}
		}
		o.Base = "Bool"
	}
	if !grant.FailsWithoutKey(o) && !o.IfExists && o.Set == "" && not == "" {
		return remedy{}
	}
	return changeCondition(fmt.Sprintf("use %s instead of %s", o, c.Operator), c, func(c *trust.Condition) { *c = c.With(o) })
}
