package trust

import (
	"fmt"
	"testing"
)

// policyWith returns a policy of the given version whose only statement
// admits everyone on one condition.
func policyWith(t testing.TB, version, operator, key, values string) *Policy {
	t.Helper()
	src := fmt.Sprintf(`{"Version": %q, "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*",
		"Condition": {%q: {%q: %s}}}}`, version, operator, key, values)
	p, err := Parse([]byte(src))
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return p
}

func TestConditions(t *testing.T) {
	absent := []string(nil)
	one := func(v ...string) []string { return v }
	tests := []struct {
		operator, values string
		actual           []string
		want             bool
	}{
		{"StringEquals", `"a"`, one("a"), true},
		{"StringEquals", `"a"`, one("A"), false},
		{"StringEquals", `["b", "a"]`, one("a"), true},
		{"StringEquals", `"a*"`, one("ab"), false},
		{"StringEquals", `"a*"`, one("a*"), true},
		{"StringEquals", `"a"`, absent, false},
		{"StringEquals", `[]`, one("a"), false},
		{"StringEquals", `""`, one(""), true},
		{"StringEquals", `true`, one("true"), true},
		{"StringEquals", `65001`, one("65001"), true},
		{"stringequals", `"a"`, one("a"), true},
		{"StringEqualsIfExists", `"a"`, absent, true},
		{"StringEqualsIfExists", `"a"`, one("b"), false},
		{"StringNotEquals", `"a"`, one("b"), true},
		{"StringNotEquals", `"a"`, absent, true},
		{"StringNotEquals", `["a", "b"]`, one("b"), false},
		{"StringNotEquals", `["a", "b"]`, one("c"), true},
		{"StringNotEquals", `[]`, one("c"), true},
		{"StringNotEqualsIfExists", `"a"`, one("a"), false},
		{"StringEqualsIgnoreCase", `"Repo"`, one("rEPO"), true},
		{"StringEqualsIgnoreCase", `"*"`, one("rEPO"), false},
		{"StringNotEqualsIgnoreCase", `"Repo"`, one("rEPO"), false},
		{"StringLike", `"repo:o/*"`, one("repo:o/r:ref:refs/heads/main"), true},
		{"StringLike", `"repo:o/*"`, one("repo:O/r:ref:refs/heads/main"), false},
		{"StringLike", `"repo:o/r?:*"`, one("repo:o/r1:x"), true},
		{"StringLike", `"repo:o/r?:*"`, one("repo:o/r:x"), false},
		{"StringLike", `"*"`, one(""), true},
		{"StringLike", `"?"`, one("ä"), true},
		{"StringLike", `["x", "*y"]`, one("zy"), true},
		{"StringNotLike", `["x", "*y"]`, one("zy"), false},
		{"StringNotLike", `"x*"`, one("y"), true},
		{"StringNotLike", `"x*"`, absent, true},

		{"NumericEquals", `7`, one("7.0"), true},
		{"NumericEquals", `"9007199254740993"`, one("9007199254740992"), false},
		{"NumericEquals", `"x"`, one("x"), false},
		{"NumericEquals", `"1e3"`, one("1000"), false},
		{"NumericNotEquals", `7`, one("8"), true},
		{"NumericNotEquals", `7`, one("7"), false},
		{"NumericNotEquals", `7`, absent, true},
		{"NumericLessThan", `7`, one("6"), true},
		{"NumericLessThan", `7`, one("7"), false},
		{"NumericLessThanEquals", `7`, one("7"), true},
		{"NumericGreaterThan", `7`, one("7.5"), true},
		{"NumericGreaterThan", `7`, absent, false},
		{"NumericGreaterThanEquals", `-7`, one("-7"), true},
		{"NumericGreaterThanEqualsIfExists", `7`, absent, true},

		{"DateEquals", `"2026-11-23T00:00:00Z"`, one("2026-11-23T01:00:00+01:00"), true},
		{"DateEquals", `"2026-11-23"`, one("1795392000"), true},
		{"DateNotEquals", `"2026-11-23"`, one("2026-11-24"), true},
		{"DateLessThan", `"2026-11-23T09:00Z"`, one("2026-11-23T08:59:59Z"), true},
		{"DateLessThan", `"2026-11-23T09:00:00Z"`, one("2026-11-23T09:00:00Z"), false},
		{"DateLessThanEquals", `"2026-11-23T09:00:00Z"`, one("2026-11-23T09:00:00Z"), true},
		{"DateGreaterThan", `"2026-11"`, one("2026-11-01T00:00:01Z"), true},
		{"DateGreaterThanEquals", `"2026"`, one("2026-01-01"), true},
		{"DateGreaterThan", `"2026-11-*"`, one("2026-12-01"), false},
		{"DateGreaterThan", `"2026"`, absent, false},

		{"Bool", `"true"`, one("true"), true},
		{"Bool", `true`, one("True"), true},
		{"Bool", `false`, one("true"), false},
		{"Bool", `false`, absent, false},
		{"BoolIfExists", `true`, absent, true},
		{"BinaryEquals", `"QmluYXJ5"`, one("QmluYXJ5"), true},
		{"BinaryEquals", `"QmluYXJ5"`, one("qmluYXJ5"), false},
		{"BinaryEquals", `"?"`, one("?"), false},

		{"IpAddress", `"203.0.113.0/24"`, one("203.0.113.9"), true},
		{"IpAddress", `"203.0.113.9"`, one("203.0.113.9"), true},
		{"IpAddress", `["10.0.0.0/8", "2001:db8::/32"]`, one("2001:db8::1"), true},
		{"IpAddress", `"203.0.113.0/24"`, one("::ffff:203.0.113.9"), true},
		{"IpAddress", `"203.0.113.0/24"`, one("203.0.114.9"), false},
		{"IpAddress", `"203.0.113.*"`, one("203.0.113.9"), false},
		{"IpAddress", `"203.0.113.0/24"`, absent, false},
		{"NotIpAddress", `"203.0.113.0/24"`, one("203.0.114.9"), true},
		{"NotIpAddress", `["203.0.113.0/24", "10.0.0.0/8"]`, one("10.1.1.1"), false},
		{"NotIpAddress", `"203.0.113.0/24"`, absent, true},

		{"ArnLike", `"arn:aws:iam::*:role/x*"`, one("arn:aws:iam::111122223333:role/x/y"), true},
		{"ArnEquals", `"arn:aws:iam::*:role/x*"`, one("arn:aws:iam::111122223333:role/xy"), true},
		{"ArnLike", `"arn:*:role/x"`, one("arn:aws:iam::111122223333:role/x"), false},
		{"ArnLike", `"arn:aws:sns:*:*:a*"`, one("arn:aws:sns:eu-west-1:1:a:b"), true},
		{"ArnLike", `"arn:aws:s3:::b"`, one("b"), false},
		{"ArnNotEquals", `"arn:aws:s3:::b"`, one("arn:aws:s3:::c"), true},
		{"ArnNotLike", `"arn:aws:s3:::*"`, one("arn:aws:s3:::c"), false},

		{"Null", `"true"`, absent, true},
		{"Null", `true`, one("a"), false},
		{"Null", `false`, one("a"), true},
		{"Null", `"false"`, absent, false},
		{"Null", `["true", "false"]`, absent, true},

		{"ForAnyValue:StringEquals", `["a", "b"]`, one("x", "b"), true},
		{"ForAnyValue:StringEquals", `["a", "b"]`, one("x"), false},
		{"ForAnyValue:StringEquals", `"a"`, absent, false},
		{"ForAnyValue:StringEqualsIfExists", `"a"`, absent, false},
		{"ForAnyValue:StringNotEquals", `"a"`, absent, false},
		{"ForAnyValue:StringNotEquals", `"a"`, one("a", "b"), true},
		{"ForAnyValue:StringNotEquals", `["a", "b"]`, one("a", "b"), false},
		{"ForAllValues:StringLike", `["a*", "b"]`, one("ax", "b"), true},
		{"ForAllValues:StringLike", `["a*", "b"]`, one("ax", "c"), false},
		{"ForAllValues:StringLike", `"a"`, absent, true},
		{"ForAllValues:StringLike", `"a"`, one(), true},
		{"ForAllValues:StringEqualsIfExists", `"a"`, absent, true},
		{"ForAllValues:StringNotEquals", `["a", "b"]`, one("c", "a"), false},
		{"ForAllValues:StringNotEquals", `["a", "b"]`, one("c", "d"), true},
		{"foranyvalue:stringlike", `"A*"`, one("Ab"), true},
	}
	for _, tt := range tests {
		p := policyWith(t, Version2012, tt.operator, "Some:Key", tt.values)
		ctx := Context{"sOME:kEY": tt.actual}
		got := p.Evaluate(Request{Action: "a:b", Context: ctx})
		c := got.Statements[0].Conditions[0]
		if c.Matched != tt.want || c.Present != (len(tt.actual) > 0) {
			t.Errorf("%s %s against %q: matched %v, present %v", tt.operator, tt.values, tt.actual, c.Matched, c.Present)
		}
		if (got.Decision == Allowed) != tt.want {
			t.Errorf("%s %s against %q: %s", tt.operator, tt.values, tt.actual, got.Decision)
		}
	}
}

func TestPolicyVariables(t *testing.T) {
	ctx := Context{
		"k":                     {"team-a/x"},
		"aws:PrincipalTag/Team": {"team-a"},
		"star":                  {"*"},
		"many":                  {"team-a", "team-b"},
		"arn":                   {"arn:aws:iam::1:role/team-a"},
	}
	tests := []struct {
		operator, key, value string
		in2012, in2008       bool
	}{
		{"StringEquals", "k", `"${aws:PrincipalTag/Team}/x"`, true, false},
		{"StringEquals", "k", `"${AWS:principaltag/team}/x"`, true, false},
		{"StringLike", "k", `"${aws:PrincipalTag/Team}/*"`, true, false},
		{"StringLike", "k", `"${star}"`, false, false},
		{"StringLike", "star", `"${star}"`, true, false},
		{"StringLike", "k", `"${*}"`, false, false},
		{"StringLike", "star", `"${*}"`, true, false},
		{"StringEquals", "star", `"${*}"`, true, false},
		{"StringEquals", "k", `"${missing}"`, false, false},
		{"StringNotEquals", "k", `"${missing}"`, true, true},
		{"StringNotEquals", "k", `["${missing}", "team-a/x"]`, false, false},
		{"StringEquals", "k", `"${missing, 'team-a'}/x"`, true, false},
		{"StringEquals", "k", `"${missing,'team-a'}/${ missing , 'x' }"`, true, false},
		{"StringEquals", "k", `"${aws:PrincipalTag/Team, 'other'}/x"`, true, false},
		{"StringEquals", "k", `"${many}/x"`, false, false},
		{"StringEquals", "k", `"${many, 'team-a'}/x"`, true, false},
		{"ArnLike", "arn", `"arn:aws:iam::*:role/${aws:PrincipalTag/Team}"`, true, false},
		{"BinaryEquals", "k", `"${aws:PrincipalTag/Team}/x"`, false, false},
	}
	for _, tt := range tests {
		for version, want := range map[string]bool{Version2012: tt.in2012, Version2008: tt.in2008} {
			p := policyWith(t, version, tt.operator, tt.key, tt.value)
			if got := p.Evaluate(Request{Action: "a", Context: ctx}).Decision == Allowed; got != want {
				t.Errorf("%s: %s %s %s: %v", version, tt.operator, tt.key, tt.value, got)
			}
		}
	}

	// Without the newer version the text itself is compared, wildcards and all.
	literal := Context{"k": {"${aws:x}", "${y}"}}
	for _, version := range []string{Version2008, Version2012} {
		p := policyWith(t, version, "ForAnyValue:StringLike", "k", `"${aws:x}"`)
		if got := p.Evaluate(Request{Action: "a", Context: literal}).Decision == Allowed; got != (version == Version2008) {
			t.Errorf("%s: literal ${aws:x}: %v", version, got)
		}
	}
}
