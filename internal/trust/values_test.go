package trust

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/propertytest"
)

// conditionOf reads the condition OPERATOR on the key k of a policy.
func conditionOf(t testing.TB, operator string, values ...string) Condition {
	t.Helper()
	list, err := json.Marshal(append([]string{}, values...))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(fmt.Appendf(nil, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {%q: {"k": %s}}}}`, operator, list))
	if err != nil {
		t.Fatal(err)
	}
	return p.Statements[0].Conditions[0]
}

// combine returns all texts with one piece of each list.
func combine(lists ...[]string) []string {
	texts := []string{""}
	for _, list := range lists {
		var longer []string
		for _, text := range texts {
			for _, piece := range list {
				longer = append(longer, text+piece)
			}
		}
		texts = longer
	}
	return texts
}

// Operators of one type, with values of which many are neighbors, and texts
// that tell all sets of them apart.
var valueTypes = []struct {
	name      string
	operators []string
	values    []string
	texts     []string
}{
	{name: "text", operators: []string{"StringEquals", "StringLike", "StringEqualsIgnoreCase", "Bool"},
		values: []string{"a", "A", "ab", "aB", "a*", "*b", "?", "k*", "*", "", "ſ", "a?b"},
		texts:  combine([]string{"", "a", "A", "b", "B", "z", "k", "K", "\u212a", "s", "\u017f", "*", "?"}, []string{"", "a", "A", "b", "B", "z", "*", "?"}, []string{"", "a", "b", "B", "z"})},
	{name: "ARN", operators: []string{"ArnLike", "ArnEquals", "StringLike", "StringEquals"},
		values: []string{"a:b:c:d:e:f", "a:*:c:d:e:f", "a:*:f", "*", "a:?:*:*:*:*", "a:b:c:d:e:*", "*:f:g"},
		texts:  combine([]string{"a:", "x:", "a", ""}, []string{"b:", "x:", "bb:", ":", "*:", "?:", "b:b:", "::", ""}, []string{"c:d:e:", "x:d:e:", "c:d:", "*:*:*:", ""}, []string{"f", "", "*", "x", "f:g", "x:f:g"})},
	{name: "number",
		operators: []string{"NumericEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"},
		values:    []string{"1", "1.0", "+1", "1.5", "10", "-3", "x", ""},
		texts:     []string{"-4", "-3", "0", "1", "1.000", "1.2", "1.5", "2", "10.0", "11", "x", ""}},
	{name: "date",
		operators: []string{"DateEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"},
		values:    []string{"2026-01-01T00:00:00Z", "2026-01-01", "2026", "1767225600", "2026-01-01T01:00:00+01:00", "2027-01-01T00:00:00Z", "never"},
		texts:     []string{"2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z", "never"}},
	{name: "address", operators: []string{"IpAddress"},
		values: []string{"10.0.0.0/8", "10.9.9.9/8", "10.1.0.0/16", "10.1.2.3", "10.1.2.3/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1", "::ffff:10.1.2.3", "x", "255.255.255.255"},
		texts:  []string{"9.255.255.255", "10.0.0.0", "10.1.2.3", "10.1.2.4", "10.1.0.0", "10.2.0.0", "11.0.0.0", "::", "2001:db8::", "2001:db8::1", "2001:db8::2", "::ffff:10.1.2.3", "255.255.255.255", "x"}},
	{name: "bytes", operators: []string{"BinaryEquals"}, values: []string{"YQ==", "YR==", "Yg==", "?"},
		texts: []string{"YQ==", "YR==", "Yg==", "YWI=", "?"}},
}

// member returns the test whether a text is in the set, by the evaluator.
func (v Values) member() func(text string) bool {
	c := Condition{Operator: Operator{Base: v.Operator}, Values: v.Values}
	wants, _ := c.wanted(newLookup(nil))
	fits := c.Operator.fits(wants)
	return func(text string) bool { return (fits(text) == yes) != v.Negated }
}

// Sets of one type are disjoint if and only if no text is in all of them.
func TestDisjointAgreesWithEvaluator(t *testing.T) {
	for _, of := range valueTypes {
		t.Run(of.name, func(t *testing.T) {
			yes, tried := uint64(0), propertytest.Cases(400)
			for seed := range tried {
				r := rand.New(rand.NewPCG(seed, 21))
				var sets []Values
				var members []func(string) bool
				for range 1 + r.IntN(3) {
					var values []string
					for range r.IntN(4) {
						values = append(values, of.values[r.IntN(len(of.values))])
					}
					c := conditionOf(t, of.operators[r.IntN(len(of.operators))], values...)
					v := c.Accepts()
					if r.IntN(2) == 0 {
						v = v.Not()
					}
					sets, members = append(sets, v), append(members, v.member())
				}
				common := slices.IndexFunc(of.texts, func(text string) bool {
					return !slices.ContainsFunc(members, func(member func(string) bool) bool { return !member(text) })
				})
				if got := NewEffort(1 << 20).Disjoint(sets...); got != (common < 0) {
					t.Fatalf("seed %d: %+v disjoint: %t, text in common: %d", seed, sets, got, common)
				}
				if common < 0 {
					yes++
				}
			}
			if yes < tried/12 {
				t.Errorf("only %d are disjoint", yes)
			}
		})
	}
}

// What is unknown is the same in all sets, and a policy variable in all
// policies.
func TestDisjointUnknown(t *testing.T) {
	open := func(operator string, negated bool, texts ...string) Values {
		v := Values{Operator: operator, Negated: negated}
		for _, text := range texts {
			v.Values = append(v.Values, newValue(openText(text), Pos{}))
		}
		return v
	}
	is := func(operator string, texts ...string) Values { return open(operator, false, texts...) }
	not := func(operator string, texts ...string) Values { return open(operator, true, texts...) }
	variable := func(operator, text string) Values { return conditionOf(t, operator, text).Accepts() }
	tests := []struct {
		name string
		sets []Values
		want bool
	}{
		{"itself", []Values{is("StringLike", "a{x}"), not("StringLike", "a{x}")}, true},
		{"literal", []Values{is("StringEquals", "a{x}"), not("StringLike", "a{x}")}, true},
		{"wildcards in it", []Values{is("StringLike", "a{x}"), not("StringEquals", "a{x}")}, false},
		{"another", []Values{is("StringLike", "a{x}"), not("StringLike", "a{y}")}, false},
		{"text that it can be", []Values{is("StringLike", "a{x}"), is("StringEquals", "ab")}, false},
		{"text that it cannot be", []Values{is("StringLike", "a{x}"), is("StringEquals", "b")}, true},
		{"pattern that it can match", []Values{is("StringLike", "a{x}c"), is("StringLike", "*b*")}, false},
		{"all of a pattern but what is excluded", []Values{is("StringLike", "a{x}*"), is("StringLike", "*b"), not("StringLike", "a{x}*")}, true},
		{"two of them", []Values{is("StringLike", "{x}"), is("StringLike", "{y}"), not("StringLike", "{y}")}, true},
		{"in either case", []Values{is("StringEquals", "{x}A"), not("StringEqualsIgnoreCase", "{x}a")}, true},
		{"in one case", []Values{is("StringEqualsIgnoreCase", "{x}"), not("StringEquals", "{x}")}, false},
		{"in either case, itself", []Values{is("StringEqualsIgnoreCase", "{x}"), not("StringEqualsIgnoreCase", "{x}")}, true},
		{"ARN", []Values{is("ArnLike", "arn:aws:iam::{x}:role/a"), not("ArnLike", "arn:aws:iam::{x}:role/*")}, true},
		{"ARN of text", []Values{is("StringEquals", "arn:aws:iam::{x}:role/a"), not("ArnLike", "arn:aws:iam::{x}:role/*")}, true},
		{"ARN with a colon in the unknown", []Values{is("ArnLike", "arn:aws:{x}:*:e:f"), not("ArnLike", "arn:aws:{x}:*:e:f")}, false}, // the * may be in the last component
		{"ARN that is a text", []Values{is("ArnLike", "arn:aws:iam::{x}:role/a"), not("StringLike", "arn:aws:iam::{x}:role/*")}, true},
		{"no component", []Values{is("ArnLike", "arn:aws:iam::{x}:role/a"), not("ArnLike", "arn:aws:iam::*:role/a")}, false},
		{"whole ARN", []Values{is("ArnLike", "{x}"), not("ArnEquals", "{x}")}, true},
		{"text that may be no ARN", []Values{is("StringEquals", "{x}"), not("ArnEquals", "{x}")}, false},
		{"number", []Values{is("NumericLessThan", "{x}"), not("NumericLessThan", "{x}")}, true},
		{"another number", []Values{is("NumericLessThan", "{x}"), not("NumericLessThan", "{y}")}, false},
		{"number and a known one", []Values{is("NumericLessThan", "{x}", "5"), not("NumericLessThan", "{x}")}, false},
		{"number in a known range", []Values{is("NumericEquals", "{x}"), is("NumericLessThan", "5"), not("NumericLessThan", "6")}, true},
		{"variable", []Values{variable("StringLike", "a${k2}*"), variable("StringLike", "a${K2}*").Not()}, true},
		{"another variable", []Values{variable("StringLike", "a${k2}"), variable("StringLike", "a${k3}").Not()}, false},
		{"variable with a default", []Values{variable("StringLike", "${k2, 'a'}"), variable("StringLike", "${k2}").Not()}, false},
		{"variable within a pattern", []Values{variable("StringLike", "a${k2}"), variable("StringLike", "a*").Not()}, true},
		{"pattern beyond a variable", []Values{variable("StringLike", "ab"), variable("StringLike", "a${k2}").Not()}, false},
		{"text of a variable's name", []Values{variable("StringEquals", "${$}{k2}"), variable("StringLike", "${k2}").Not()}, false},
		{"listed texts under another type", []Values{is("StringEquals", "10.0"), not("NumericEquals", "10")}, true},
		{"listed texts out of another type", []Values{is("StringEquals", "10.0.0.1"), not("IpAddress", "10.0.0.0/8")}, true},
		{"patterns under another type", []Values{is("StringLike", "1?"), not("NumericLessThan", "100")}, false},
		{"nothing listed", []Values{is("StringEquals")}, true},
		{"all but nothing", []Values{not("StringEquals"), Values{}.Not()}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := NewEffort(1 << 20).Disjoint(tt.sets...); got != tt.want {
				t.Errorf("%t", got)
			}
			slices.Reverse(tt.sets)
			if got := NewEffort(1 << 20).Disjoint(tt.sets...); got != tt.want {
				t.Errorf("in the other order: %t", got)
			}
		})
	}
}

// If sets with unknown parts are disjoint, they are whatever these are.
func TestDisjointWhateverIsUnknown(t *testing.T) {
	fill := []string{"", "a", "b", "ab", "a:b", "*", "?", "B", "${k}"}
	pieces := []string{"{x}", "{y}", "a", "b", ":", "*", "?", "a:b:c:d:", "e:f"}
	operators := []string{"StringEquals", "StringLike", "StringEqualsIgnoreCase", "ArnLike", "StringLike", "ArnLike"}
	texts := append(allTexts(3), "a:b", "a:b:c:d:e:f", "a:b:c:d:a:b", "a:b:c:d:ab:e:f", "a:b:c:d::b:e:f", "A", "aB", "a:b:c:d:e:f:a", "${k}", "a${k}", "*", "a?")
	yes, tried := uint64(0), propertytest.Cases(1000)
	for seed := range tried {
		r := rand.New(rand.NewPCG(seed, 22))
		var sets []Values
		var written [][]string
		for range 2 + r.IntN(2) {
			v := Values{Operator: operators[r.IntN(len(operators))], Negated: r.IntN(2) == 0}
			var all []string
			for range 1 + r.IntN(2) {
				text := ""
				for range 1 + r.IntN(4) {
					text += pieces[r.IntN(len(pieces))]
				}
				if len(written) > 0 && r.IntN(3) == 0 { // often the same as before, and a little more
					text = written[0][0] + pieces[r.IntN(len(pieces))][:1]
					text = strings.TrimSuffix(text, "{")
				}
				all = append(all, text)
				v.Values = append(v.Values, newValue(openText(text), Pos{}))
			}
			sets, written = append(sets, v), append(written, all)
		}
		if !NewEffort(1 << 20).Disjoint(sets...) {
			continue
		}
		yes++
		for range 12 {
			x, y := fill[r.IntN(len(fill))], fill[r.IntN(len(fill))]
			var members []func(string) bool
			for i, v := range sets {
				known := Values{Operator: v.Operator, Negated: v.Negated}
				for _, text := range written[i] {
					known.Values = append(known.Values, NewValue(strings.NewReplacer("{x}", x, "{y}", y).Replace(text), Pos{}))
				}
				members = append(members, known.member())
			}
			for _, text := range texts {
				if !slices.ContainsFunc(members, func(member func(string) bool) bool { return !member(text) }) {
					t.Fatalf("seed %d: %q under %+v are disjoint, but with %q and %q all have %q", seed, written, sets, x, y, text)
				}
			}
		}
	}
	if yes < tried/14 {
		t.Errorf("only %d are disjoint", yes)
	}
}

// What is spent is bounded, and then nothing is said to be disjoint.
func TestEffort(t *testing.T) {
	a, b := conditionOf(t, "StringLike", "a*").Accepts(), conditionOf(t, "StringLike", "b*").Accepts()
	tangled := conditionOf(t, "StringLike", strings.Repeat("*a?b", 400)).Accepts()
	opposite := conditionOf(t, "StringLike", strings.Repeat("*b?a", 400)).Accepts().Not()
	e := NewEffort(3 * maxWalk)
	for range 3 {
		if !e.Disjoint(a, b) || e.Disjoint(tangled, opposite) {
			t.Error("an effort is spent too early, or tangled patterns are disjoint")
		}
	}
	if !e.Spent() || e.Disjoint(a, b) {
		t.Errorf("an effort is not spent: %+v", e)
	}
	var numbers []string
	for i := range 1000 {
		numbers = append(numbers, fmt.Sprint(i))
	}
	many := conditionOf(t, "NumericEquals", numbers...).Accepts()
	if e := NewEffort(1 << 20); e.Disjoint(many, many.Not()) || !e.Spent() {
		t.Error("an effort is not spent by many values")
	}
	if e := NewEffort(1 << 23); !e.Disjoint(many, many.Not()) || e.Spent() {
		t.Error("numbers and all others are not disjoint")
	}
}
