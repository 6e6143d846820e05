package grant

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// Constraint is one condition of a grant on a claim of the token.
type Constraint struct {
	trust.Condition
	Claim    string // lower case
	FromDeny bool   // a Deny statement enforces it

	subjects []Subject // of the values, as Subject returns them
}

func newConstraint(c trust.Condition, claim string, fromDeny bool) Constraint {
	made := Constraint{Condition: c, Claim: claim, FromDeny: fromDeny}
	if made.Identifies() {
		for _, v := range c.Values {
			s := made.read(v)
			s.fault, s.judged = s.Fault(), true
			made.subjects = append(made.subjects, s)
		}
	}
	return made
}

// Claims by what a condition on them says about whose run it is.
var (
	identifying = []string{"sub", "repository", "repository_id", "repository_owner_id", "enterprise_id"}
	choosable   = []string{"actor", "actor_id", "environment", "ref", "workflow"}
)

// Identifies reports whether the claim says whose run it is, however little.
func (c Constraint) Identifies() bool {
	return slices.Contains(identifying, c.Claim) || slices.Contains(choosable, c.Claim) || c.Claim == "job_workflow_ref"
}

// owned reports whether the claim is about whose run it is, and not a name
// that anyone can choose.
func (c Constraint) owned() bool { return slices.Contains(identifying, c.Claim) }

// Binding reports whether a token must have the claim, with one of the values.
func (c Constraint) Binding() bool {
	switch c.Operator.Base {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "NumericEquals", "ArnEquals", "ArnLike":
		return !c.Operator.IfExists && c.Operator.Set != trust.ForAllValues
	}
	return false
}

// compares reports whether the operator asks for more or for less than a
// value, which many ids meet.
func (c Constraint) compares() bool {
	return strings.Contains(c.Operator.Base, "LessThan") || strings.Contains(c.Operator.Base, "GreaterThan")
}

// Reach returns the widest reach of the values. One that no subject can match
// does not count.
func (c Constraint) Reach() Reach {
	widest := Repository
	for _, v := range c.Values {
		if s := c.Subject(v); c.Claim != "sub" || !s.Malformed {
			widest = min(widest, s.Reach)
		}
	}
	return widest
}

// Open returns what is unknown of the constraint, of its worst value.
func (c Constraint) Open() Openness {
	open := Determined
	if c.Unknown != nil {
		open = OpenOwner
	}
	for _, v := range c.Values {
		open = max(open, c.Subject(v).Open)
	}
	return open
}

// StillOpen returns what stays open where a constraint of g leaves so much
// open, given what the others pin for certain.
func (g *Grant) StillOpen(open Openness) Openness {
	if open == OpenOwner && g.pins(OpenOwner, Enterprise) {
		open = OpenRepository
	}
	if open == OpenRepository && g.pins(OpenRepository, Repository) {
		open = OpenContext
	}
	return open
}

func (g *Grant) pins(open Openness, reach Reach) bool {
	return slices.ContainsFunc(g.Constraints, func(c Constraint) bool {
		return c.Binding() && c.Open() < open && c.Reach() >= reach
	})
}

// Subject reads one of the values as a statement about whose run it is,
// whichever claim it is about.
func (c Constraint) Subject(v trust.Value) Subject {
	for i, s := range c.subjects {
		if w := c.Values[i]; w.Pos == v.Pos && w.Same(v) {
			return s
		}
	}
	return c.read(v)
}

func (c Constraint) read(v trust.Value) Subject {
	p := v.Pattern(c.Operator)
	switch {
	case c.Claim == "sub":
		return ParseSubject(p)
	case c.Claim == "repository":
		return ParseRepository(p)
	case len(p) > 0 && trust.IsWildcard(p[0]) && !slices.Contains(choosable, c.Claim), c.compares():
		return Subject{Reach: Anyone}
	}
	sub := c.subject(p)
	if p.HasUnknown() {
		sub.Open = openness(sub.Reach)
	}
	return sub
}

func (c Constraint) subject(p trust.Pattern) Subject {
	switch {
	case c.Claim == "job_workflow_ref":
		return Subject{Reach: Callers}
	case slices.Contains(choosable, c.Claim):
		return Subject{Reach: Choosable}
	case p.HasWildcards():
		return Subject{Reach: Anyone}
	case c.Claim == "repository_id":
		return Subject{Reach: Repository, RepositoryID: p.String()}
	case c.Claim == "repository_owner_id":
		return Subject{Reach: Owner, OwnerID: p.String()}
	case c.Claim == "enterprise_id":
		return Subject{Reach: Enterprise}
	}
	return Subject{Reach: Anyone}
}
