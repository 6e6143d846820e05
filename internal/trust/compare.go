package trust

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// comparison reports whether a value of the request is what a policy expects.
type comparison func(want Pattern, got string) bool

// orders are what operators on numbers and dates want of the order of the
// request's value and the policy's.
var orders = map[string]func(order int) bool{
	"Equals":            func(order int) bool { return order == 0 },
	"LessThan":          func(order int) bool { return order < 0 },
	"LessThanEquals":    func(order int) bool { return order <= 0 },
	"GreaterThan":       func(order int) bool { return order > 0 },
	"GreaterThanEquals": func(order int) bool { return order >= 0 },
}

// comparisons are the operators that are not the negation of another one.
// A value that is not of the operator's type equals nothing.
var comparisons = map[string]comparison{
	"StringEquals":             func(want Pattern, got string) bool { return want.String() == got },
	"StringEqualsIgnoreCase":   func(want Pattern, got string) bool { return strings.EqualFold(want.String(), got) },
	"StringLike":               Pattern.Match,
	"ArnEquals":                matchARN,
	"ArnLike":                  matchARN,
	"Bool":                     func(want Pattern, got string) bool { return strings.EqualFold(want.String(), got) },
	"BinaryEquals":             equalBinary,
	"IpAddress":                containsAddress,
	"NumericEquals":            numeric(orders["Equals"]),
	"NumericLessThan":          numeric(orders["LessThan"]),
	"NumericLessThanEquals":    numeric(orders["LessThanEquals"]),
	"NumericGreaterThan":       numeric(orders["GreaterThan"]),
	"NumericGreaterThanEquals": numeric(orders["GreaterThanEquals"]),
	"DateEquals":               date(orders["Equals"]),
	"DateLessThan":             date(orders["LessThan"]),
	"DateLessThanEquals":       date(orders["LessThanEquals"]),
	"DateGreaterThan":          date(orders["GreaterThan"]),
	"DateGreaterThanEquals":    date(orders["GreaterThanEquals"]),
}

// matchARN compares the six components of an ARN one by one, so that a
// wildcard does not reach beyond the colon; the last one may hold colons.
func matchARN(want Pattern, got string) bool {
	const components = 6
	wants := want.Split(':', components)
	gots := strings.SplitN(got, ":", components)
	if len(wants) != components || len(gots) != components {
		return false
	}
	for i, w := range wants {
		if !w.Match(gots[i]) {
			return false
		}
	}
	return true
}

func equalBinary(want Pattern, got string) bool {
	w, errW := base64.StdEncoding.DecodeString(want.String())
	g, errG := base64.StdEncoding.DecodeString(got)
	return errW == nil && errG == nil && bytes.Equal(w, g)
}

func containsAddress(want Pattern, got string) bool {
	address, err := netip.ParseAddr(got)
	return err == nil && parseBlock(want.String())(address)
}

// parseBlock returns the test whether an address is in a block, or is a single
// one. No address is in what is neither.
func parseBlock(text string) func(netip.Addr) bool {
	if single, err := netip.ParseAddr(text); err == nil {
		return func(a netip.Addr) bool { return single.Unmap() == a.Unmap() }
	}
	block, err := netip.ParsePrefix(text)
	return func(a netip.Addr) bool { return err == nil && block.Contains(a.Unmap()) }
}

// numeric and date compare the request's value with the policy's.
func numeric(holds func(order int) bool) comparison {
	return func(want Pattern, got string) bool {
		w, okW := parseNumber(want.String())
		g, okG := parseNumber(got)
		return okW && okG && holds(g.Cmp(w))
	}
}

func date(holds func(order int) bool) comparison {
	return func(want Pattern, got string) bool {
		w, okW := parseDate(want.String())
		g, okG := parseDate(got)
		return okW && okG && holds(g.Compare(w))
	}
}

// parseNumber reads an integer or decimal. It is exact, since identifiers
// exceed what a float holds, and takes no exponent, which could make a short
// text a huge number.
func parseNumber(s string) (*big.Rat, bool) {
	if s == "" || len(s) > 64 || strings.Trim(s, "+-.0123456789") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// ValueFault returns what a value under a typed operator should be and is not,
// or "". A value with a policy variable can be anything.
func ValueFault(o Operator, v Value) string {
	if v.text.Unknown() != nil || v.HasVariables() {
		return ""
	}
	fault := func(valid bool, want string) string {
		if valid {
			return ""
		}
		return want
	}
	switch base := strings.TrimPrefix(o.Base, "Not"); {
	case strings.HasPrefix(base, "Date"):
		_, valid := parseDate(v.Text)
		return fault(valid, "a date in ISO 8601, such as 2026-11-26T09:00:00Z")
	case strings.HasPrefix(base, "Numeric"):
		_, valid := parseNumber(v.Text)
		return fault(valid, "a number")
	case base == "Bool" || base == "Null":
		return fault(strings.EqualFold(v.Text, "true") || strings.EqualFold(v.Text, "false"), "true or false")
	case base == "IpAddress":
		_, notAddress := netip.ParseAddr(v.Text)
		_, notBlock := netip.ParsePrefix(v.Text)
		return fault(notAddress == nil || notBlock == nil, "an IP address or a block of addresses, such as 203.0.113.0/24")
	case strings.HasPrefix(base, "Arn"):
		return fault(v.Text == "*" || strings.HasPrefix(v.Text, "arn:") && strings.Count(v.Text, ":") >= 5, "an ARN with its six parts")
	case strings.HasPrefix(base, "Binary"):
		_, err := base64.StdEncoding.DecodeString(v.Text)
		return fault(err == nil, "Base64")
	}
	return ""
}

var dateLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "20060102T150405Z",
	time.DateOnly, "2006-01", "2006",
}

// parseDate reads the forms of ISO 8601 that IAM documents (the W3C profile)
// and seconds since 1970. Without a zone it is UTC.
func parseDate(s string) (time.Time, bool) {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(seconds, 0), true
	}
	return time.Time{}, false
}
