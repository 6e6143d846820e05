// Package trust reads and evaluates IAM trust policies as STS does, and
// knows which claims of GitHub's tokens a policy can test. It is pure: bytes
// and values in, data out.
package trust

import (
	"slices"

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
}

// PrincipalElement is Principal or NotPrincipal.
type PrincipalElement struct {
	Pos     Pos
	Negated bool // NotPrincipal
	Any     bool // the bare "*", which is everyone, web identities included
	Entries []PrincipalEntry
}

// PrincipalEntry is one principal that an element lists.
type PrincipalEntry struct {
	Type string // AWS, Federated, Service or CanonicalUser
	ID   string // "*", an ARN, an account id, a service's name
	Pos  Pos
}

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
}

// Value is a string of a policy. In a condition it may hold policy variables.
type Value struct {
	Text  string
	Pos   Pos
	parts []part
}

// Applies reports whether the statement is about the action and the
// principal, whatever its conditions.
func (s Statement) Applies(action string, who Principal) bool {
	return s.Principal.evaluate(who).Matched && s.Action.evaluate(action).Matched
}

// ConditionsHold reports whether all conditions of the statement do.
func (s Statement) ConditionsHold(c Context) bool {
	ctx := newLookup(c)
	return !slices.ContainsFunc(s.Conditions, func(c Condition) bool { return !c.evaluate(ctx).Matched })
}
