// Package trust reads and evaluates IAM trust policies as STS does, and
// knows which claims of GitHub's tokens a policy can test. It is pure: bytes
// and values in, data out.
package trust

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// Pos is a place in a policy document, counted from line 1, column 1.
type Pos = jsonlex.Pos

// SyntaxError is the error of Parse: what is wrong and where.
type SyntaxError = jsonlex.SyntaxError

// The versions of the policy language. A policy without one is of the older.
const (
	Version2008 = "2008-10-17"
	Version2012 = "2012-10-17"
)

// Policy is a parsed trust policy.
type Policy struct {
	Pos        Pos
	Version    string // Version2008 if the document names none
	Statements []Statement

	// Given is what of a template's choices this policy holds under, in the
	// order in which it matters; empty if there is no choice.
	Given []Assumption

	// Length is how many characters IAM counts: all but white space between
	// the tokens. Of what is no JSON it is what JSON would take, and what is
	// unknown does not count.
	Length int
}

// The most characters that a trust policy can have without a raised quota, and
// with the highest (IAM and STS quotas, IAM user guide).
const (
	DefaultLength = 2048
	MaxLength     = 8192
)

// Edit returns a copy of p in which the statements at a place are changed.
func (p *Policy) Edit(at Pos, change func(*Statement)) *Policy {
	edited := *p
	edited.Statements = slices.Clone(p.Statements)
	for i := range edited.Statements {
		if s := &edited.Statements[i]; s.Pos == at {
			s.Conditions = slices.Clone(s.Conditions)
			change(s)
		}
	}
	return &edited
}

// WithVersion returns p in another version of the policy language, which
// decides whether values have policy variables.
func (p *Policy) WithVersion(version string) (*Policy, error) {
	other := *p
	other.Version = version
	other.Statements = slices.Clone(p.Statements)
	for i := range other.Statements {
		s := &other.Statements[i]
		s.Conditions = slices.Clone(s.Conditions)
		for j := range s.Conditions {
			c := s.Conditions[j].With(s.Conditions[j].Operator)
			for k, v := range c.Values {
				c.Values[k] = newValue(v.text, v.Pos)
			}
			s.Conditions[j] = c
		}
	}
	return &other, other.compile()
}

// Assumption is one choice of a template: what is chosen, and how.
type Assumption struct {
	Choice    string   `json:"choice"` // such as condition Live, or parameter Stage
	Value     string   `json:"value"`  // such as true, or "prod"
	DependsOn []string `json:"-"`      // what decides it

	// Key is the expression that decides, written one way: choices of two
	// documents are the same if their keys are.
	Key string `json:"-"`
}

func (a Assumption) String() string { return a.Choice + " is " + a.Value }

// Given renders assumptions: "if condition Live is true and …".
func Given(all []Assumption) string {
	var terms []string
	for _, a := range all {
		terms = append(terms, a.String())
	}
	return "if " + strings.Join(terms, " and ")
}

// Effect is what a statement does to a request that it matches.
type Effect string

// The two effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Statement is one statement of a policy.
type Statement struct {
	Pos        Pos
	Sid        string
	Effect     Effect
	Principal  PrincipalElement
	Action     ActionElement
	Conditions []Condition // in the document's order; all of them must hold

	// Unknown is set if the document does not determine the statement at all:
	// it can allow or deny anything, and the other fields are empty.
	Unknown *Unknown
}

// PrincipalElement is Principal or NotPrincipal.
type PrincipalElement struct {
	Pos     Pos
	Negated bool // NotPrincipal
	Any     bool // the bare "*", which is everyone, web identities included
	Entries []PrincipalEntry
	Unknown *Unknown // set if there may be others, or all are unknown
}

// NewPrincipal returns an element that lists one principal, which is known.
func NewPrincipal(kind, id string, at Pos) PrincipalElement {
	return PrincipalElement{Pos: at, Entries: []PrincipalEntry{{Type: kind, ID: id, Pos: at, text: Known(id)}}}
}

// PrincipalEntry is one principal that an element lists.
type PrincipalEntry struct {
	Type string // AWS, Federated, Service or CanonicalUser
	ID   string // "*", an ARN, an account id, a service's name; as Text.String shows it
	Pos  Pos
	text Text
}

// Text returns the ID with its unknown parts.
func (e PrincipalEntry) Text() Text { return e.text }

// ActionElement is Action or NotAction.
type ActionElement struct {
	Pos     Pos
	Negated bool // NotAction
	Values  []Value
}

// Condition is one key under one operator.
type Condition struct {
	Pos      Pos // of the key
	Operator Operator
	Key      string // as written; keys compare case-insensitively
	Values   []Value

	// Unknown is set if the key is unknown in part, or, with an empty Key, if
	// the document does not determine which keys there are, and with an empty
	// Operator.Base, not even under which operators.
	Unknown *Unknown
}

// With returns c under another operator, with values of its own.
func (c Condition) With(o Operator) Condition {
	c.Operator = o
	c.Values = slices.Clone(c.Values)
	return c
}

// Value is a string of a policy. In a condition it may hold policy variables.
type Value struct {
	Text  string // as Text.String shows it
	Pos   Pos
	text  Text
	parts []part // nil for plain text
}

// NewValue returns a value that is known and has no policy variables.
func NewValue(text string, at Pos) Value { return newValue(Known(text), at) }

func newValue(text Text, at Pos) Value {
	parts, _ := partsOf(text, false)
	return Value{Text: text.String(), Pos: at, text: text, parts: parts}
}

// Unknown returns what is unknown in v, or nil.
func (v Value) Unknown() *Unknown { return v.text.Unknown() }

// Wholly returns the one unknown that is all of v, or nil.
func (v Value) Wholly() *Unknown { return v.text.Wholly() }

// Same reports whether v and w are written alike, unknown parts and policy
// variables included.
func (v Value) Same(w Value) bool {
	return v.text.Equal(w.text) && v.special() == w.special()
}

// special reports whether v has policy variables or escapes, or may have.
func (v Value) special() bool {
	return slices.ContainsFunc(v.parts, func(p part) bool { return p.variable != "" || p.literal || p.expanded })
}

// Applies reports whether the statement is certainly about the action and the
// principal, whatever its conditions.
func (s Statement) Applies(action string, who Principal) bool { return s.about(action, who) == yes }

// MayApply reports whether the statement can be about the action and the
// principal, whatever its conditions.
func (s Statement) MayApply(action string, who Principal) bool { return s.about(action, who) != no }

func (s Statement) about(action string, who Principal) answer {
	if s.Unknown != nil {
		return maybe
	}
	return min(s.Principal.evaluate(who).answer(), s.Action.evaluate(action).answer())
}

// ConditionsHold reports whether all conditions of the statement certainly do.
func (s Statement) ConditionsHold(c Context) bool { return s.conditions(c) == yes }

// ConditionsFail reports whether some condition of the statement certainly
// does not hold.
func (s Statement) ConditionsFail(c Context) bool { return s.conditions(c) == no }

func (s Statement) conditions(c Context) answer {
	ctx, all := newLookup(c), yes
	for _, condition := range s.Conditions {
		all = min(all, condition.evaluate(ctx).answer())
	}
	return all
}
