package trust

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Values is a set of what a request can have for a condition key, one value
// taken by itself: what the operator of a condition, or the opposite of a
// negated one, matches with one of the condition's values. Negated makes it
// the set of all else. The zero Values is empty.
type Values struct {
	Operator string // one that is not negated, without prefix or IfExists
	Values   []Value
	Negated  bool
}

// Accepts returns which single values the condition accepts. Null accepts
// none, because it asks about the key.
func (c Condition) Accepts() Values {
	v := Values{Operator: c.Operator.Base, Values: c.Values}
	if opposite, ok := c.Operator.Opposite(); ok {
		v.Operator, v.Negated = opposite.Base, true
	}
	if v.Operator == "Null" {
		return Values{}
	}
	return v
}

// Not returns the set of all other values.
func (v Values) Not() Values {
	v.Negated = !v.Negated
	return v
}

// Effort bounds what comparisons cost together. Once it is spent, they say
// that they do not know.
type Effort struct{ left int }

// NewEffort returns an effort of so many steps, each of which looks at one
// position of a pattern or at one value.
func NewEffort(steps int) *Effort { return &Effort{steps} }

// Spent reports whether nothing is left.
func (e *Effort) Spent() bool { return e.left <= 0 }

// Disjoint reports whether no value is in all of the sets, whatever their
// unknown parts and policy variables are. It says no where it does not know:
// where patterns are too tangled, and where it would have to compare operators
// of different types, unless one of the sets lists single texts.
func (e *Effort) Disjoint(sets ...Values) bool {
	byType := map[string][]Values{}
	for _, v := range sets {
		texts, ok := v.texts()
		e.left -= len(v.Values) + 1
		if ok && !slices.ContainsFunc(texts, func(text string) bool {
			return !slices.ContainsFunc(sets, func(other Values) bool {
				e.left -= len(other.Values)
				return other.excludes(text)
			})
		}) {
			return true
		}
		of := v.operatorType()
		byType[of] = append(byType[of], v)
	}
	for of, sets := range byType {
		if !e.Spent() && e.disjointBy(of, sets) {
			return true
		}
	}
	return false
}

// texts returns the texts of a set that has only so many and names them.
func (v Values) texts() ([]string, bool) {
	if v.Negated || v.Operator != "" && v.Operator != "StringEquals" && v.Operator != "StringLike" {
		return nil, false
	}
	var texts []string
	for _, value := range v.Values {
		p := v.pattern(value)
		if !p.IsLiteral() {
			return nil, false
		}
		texts = append(texts, p.String())
	}
	return texts, true
}

// excludes reports whether text is certainly not in the set.
func (v Values) excludes(text string) bool {
	matched := some(v.Values, func(value Value) answer {
		p := v.pattern(value)
		if p.HasUnknown() {
			return possible(v.Operator, p, text)
		}
		return certain(comparisons[v.Operator](p, text))
	})
	if v.Negated {
		return matched == yes
	}
	return matched == no
}

// pattern returns what a value of the set matches, with policy variables as
// unknown parts: they are the same in all policies that one request is held
// against.
func (v Values) pattern(value Value) Pattern {
	o := Operator{Base: v.Operator}
	return value.pattern(o.Wildcards(), func(p part) Pattern {
		name := strings.ToLower(p.variable)
		if p.fallback != nil {
			name += ", '" + *p.fallback + "'"
		}
		return NewUnknown("${"+name+"}", "policy variable").pattern(false)
	})
}

// The types of operators: those of one type can be compared.
const (
	ofText    = "text"
	ofNumber  = "Numeric"
	ofDate    = "Date"
	ofAddress = "IpAddress"
	ofBytes   = "BinaryEquals"
)

func (v Values) operatorType() string {
	for _, of := range []string{ofNumber, ofDate, ofAddress, ofBytes} {
		if strings.HasPrefix(v.Operator, of) {
			return of
		}
	}
	return ofText
}

func (e *Effort) disjointBy(operatorType string, sets []Values) bool {
	switch operatorType {
	case ofNumber:
		return disjointInOrder(e, sets, ofNumber, parseNumber, (*big.Rat).Cmp)
	case ofDate:
		return disjointInOrder(e, sets, ofDate, parseDate, time.Time.Compare)
	case ofAddress:
		return disjointAt(e, sets, addresses(sets), func(_, text string) func(netip.Addr) bool { return parseBlock(text) })
	case ofBytes:
		return disjointAt(e, sets, encodings(sets), func(operator, text string) func(string) bool {
			return func(at string) bool { return comparisons[operator](literal(text), at) }
		})
	}
	var languages []language
	for _, v := range sets {
		l := language{
			fold:    v.Operator == "StringEqualsIgnoreCase" || v.Operator == "Bool",
			arn:     strings.HasPrefix(v.Operator, "Arn"),
			negated: v.Negated,
		}
		for _, value := range v.Values {
			l.patterns = append(l.patterns, v.pattern(value))
		}
		languages = append(languages, l)
	}
	return e.disjoint(languages)
}

// disjointAt reports whether none of the points is in all of the sets. The
// points are to be such that what is in all of the sets has one of them.
// Matching returns the test whether a value of the policy matches a point.
func disjointAt[P any](e *Effort, sets []Values, points []P, matching func(operator, text string) func(P) bool) bool {
	tests := make([][]func(P) bool, len(sets))
	for i, s := range sets {
		for _, v := range s.Values {
			switch {
			case v.Unknown() == nil:
				tests[i] = append(tests[i], matching(s.Operator, v.Text))
			case !s.Negated && !s.excluded(v, sets):
				tests[i] = append(tests[i], func(P) bool { return true })
			}
		}
		e.left -= len(points) * len(tests[i])
	}
	return !e.Spent() && !slices.ContainsFunc(points, func(at P) bool {
		for i, s := range sets {
			if slices.ContainsFunc(tests[i], func(test func(P) bool) bool { return test(at) }) == s.Negated {
				return false
			}
		}
		return true
	})
}

// excluded reports whether what an unknown value of s matches is in the
// opposite of one of the sets.
func (s Values) excluded(v Value, sets []Values) bool {
	return slices.ContainsFunc(sets, func(other Values) bool {
		return other.Negated && other.Operator == s.Operator && slices.ContainsFunc(other.Values, v.Same)
	})
}

// disjointInOrder places the values of the sets in their order: the nth at
// 2n+1, what is between them at even numbers, and what has no place at -1.
func disjointInOrder[T any](e *Effort, sets []Values, typeName string, parse func(string) (T, bool), compare func(a, b T) int) bool {
	var line []T
	for _, s := range sets {
		for _, v := range s.Values {
			if known, ok := parse(v.Text); ok && v.Unknown() == nil {
				line = append(line, known)
			}
		}
	}
	slices.SortFunc(line, compare)
	line = slices.CompactFunc(line, func(a, b T) bool { return compare(a, b) == 0 })
	points := make([]int, 0, 2*len(line)+2)
	for at := -1; at <= 2*len(line); at++ {
		points = append(points, at)
	}
	return disjointAt(e, sets, points, func(operator, text string) func(int) bool {
		wanted, ok := parse(text)
		if !ok {
			return func(int) bool { return false }
		}
		n, _ := slices.BinarySearchFunc(line, wanted, compare)
		holds := orders[strings.TrimPrefix(operator, typeName)]
		return func(at int) bool { return at >= 0 && holds(at-(2*n+1)) }
	})
}

// addresses returns the least address of each region that the blocks of the
// sets make, and the zero one, which is none.
func addresses(sets []Values) []netip.Addr {
	all := []netip.Addr{{}, netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	for _, s := range sets {
		for _, v := range s.Values {
			block, err := netip.ParsePrefix(v.Text)
			if single, errSingle := netip.ParseAddr(v.Text); errSingle == nil {
				block, err = single.Prefix(single.BitLen())
				all = append(all, single)
			}
			if err != nil {
				continue
			}
			all = append(all, block.Masked().Addr())
			if behind := last(block).Next(); behind.IsValid() {
				all = append(all, behind)
			}
		}
	}
	return all
}

// last returns the highest address of a block.
func last(block netip.Prefix) netip.Addr {
	bytes := block.Addr().AsSlice()
	for i := range bytes {
		free := min(max(8*(i+1)-block.Bits(), 0), 8) // bits of this byte that the block leaves open
		bytes[i] |= byte(1<<free - 1)
	}
	highest, _ := netip.AddrFromSlice(bytes)
	return highest
}

// encodings returns one encoding of all that the sets list, and one more.
func encodings(sets []Values) []string {
	all := []string{"?"}
	for _, s := range sets {
		for _, v := range s.Values {
			if content, err := base64.StdEncoding.DecodeString(v.Text); err == nil {
				all = append(all, base64.StdEncoding.EncodeToString(content))
			}
		}
	}
	return all
}
