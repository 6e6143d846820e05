// Package diff tells what a new set of trust policies makes possible that the
// old one did not. It compares meanings, not texts, and where it cannot tell
// that something was possible before, it says that it was not: it may report
// too much, never too little.
package diff

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// Change is one way in which a role was opened wider.
type Change struct {
	Role      string `json:"role,omitempty"`
	trust.Pos        // in the new document
	Kind      Kind   `json:"kind"`
	Message   string `json:"message"` // what became possible
}

// Kind says what a Change is about.
type Kind string

// The kinds of changes.
const (
	NewRole    Kind = "role"
	Statement  Kind = "statement"
	Principal  Kind = "principal"
	Action     Kind = "action"
	Condition  Kind = "condition"
	DenyGone   Kind = "deny"
	Session    Kind = "session-duration"
	Unreadable Kind = "unreadable"
)

// Compare returns what the new document widens, in its order. Roles are
// matched by ARN, else by name; two documents of one role each are about the
// same role. Of roles that are new, only those that trust a web identity
// provider are told. The error is that of the iterations.
func Compare(before, after iter.Seq2[document.Role, error]) ([]Change, error) {
	old, err := collect(before)
	if err != nil {
		return nil, fmt.Errorf("read the old document: %w", err)
	}
	fresh, err := collect(after)
	if err != nil {
		return nil, fmt.Errorf("read the new document: %w", err)
	}
	var changes []Change
	for _, role := range fresh {
		former, found := find(old, role)
		if len(old) == 1 && len(fresh) == 1 {
			former, found = old[0], true
		}
		c := comparison{role: role, old: former}
		if found {
			c.compare()
		} else {
			c.reportNew()
		}
		changes = append(changes, c.changes...)
	}
	return changes, nil
}

func collect(roles iter.Seq2[document.Role, error]) ([]document.Role, error) {
	var all []document.Role
	for role, err := range roles {
		if err != nil {
			return nil, err
		}
		all = append(all, role)
	}
	return all, nil
}

func find(roles []document.Role, wanted document.Role) (document.Role, bool) {
	i := slices.IndexFunc(roles, func(r document.Role) bool {
		if r.ARN != "" && wanted.ARN != "" {
			return r.ARN == wanted.ARN
		}
		return r.Name == wanted.Name
	})
	if i < 0 {
		return document.Role{}, false
	}
	return roles[i], true
}

// comparison is that of one role.
type comparison struct {
	role, old document.Role
	changes   []Change
}

func (c *comparison) report(at trust.Pos, kind Kind, format string, args ...any) {
	change := Change{Role: c.role.Name, Pos: at, Kind: kind, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(c.changes, change) {
		c.changes = append(c.changes, change)
	}
}

func (c *comparison) reportNew() {
	switch {
	case c.role.Policy == nil:
		c.report(c.role.Pos, Unreadable, "new role whose trust policy cannot be read: %v", c.role.Err)
	case slices.ContainsFunc(c.role.Policy.Statements, trustsProvider):
		c.report(c.role.Pos, NewRole, "new role that trusts %s", strings.Join(principals(c.role.Policy), ", "))
	}
}

// trustsProvider reports whether a statement lets web identities in.
func trustsProvider(s trust.Statement) bool {
	federated := func(e trust.PrincipalEntry) bool { return e.Type == "Federated" }
	e := s.Principal
	return s.Effect == trust.Allow && (e.Any || e.Negated || slices.ContainsFunc(e.Entries, federated))
}

// principals names whom the Allow statements trust.
func principals(p *trust.Policy) []string {
	var names []string
	for _, s := range p.Statements {
		if s.Effect != trust.Allow {
			continue
		}
		for _, a := range split(s) {
			if name := a.principal(); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (c *comparison) compare() {
	before, after := c.old.MaxSessionDuration, c.role.MaxSessionDuration
	if before > 0 && after > before {
		c.report(c.role.Pos, Session, "sessions of %d seconds instead of %d", after, before)
	}
	switch {
	case c.role.Policy == nil:
		c.report(c.role.Pos, Unreadable, "the trust policy cannot be read: %v", c.role.Err)
		return
	case c.old.Policy == nil:
		c.report(c.role.Pos, Unreadable, "the old trust policy cannot be read, so that all of the new one counts as new: %v", c.old.Err)
		return
	}
	allowed := effective(c.role.Policy)
	for _, a := range allowed {
		c.explain(a)
	}
	c.compareDenials(allowed)
}

// effective returns the parts of the Allow statements, each with the
// conditions added that the policy's Deny statements demand of it.
func effective(p *trust.Policy) []atom {
	var allowed []atom
	for _, s := range p.Statements {
		if s.Effect != trust.Allow {
			continue
		}
		for _, a := range split(s) {
			a.Conditions = slices.Clone(a.Conditions)
			for _, d := range p.Statements {
				if demanded, ok := demandedBy(d); ok && len(a.outside(d)) == 0 {
					a.Conditions = append(a.Conditions, demanded)
				}
			}
			allowed = append(allowed, a)
		}
	}
	return allowed
}

// demandedBy is grant.Demanded, but for keys with several values, of which
// ForAnyValue in a Deny demands more than a condition can say.
func demandedBy(d trust.Statement) (trust.Condition, bool) {
	c, ok := grant.Demanded(d)
	return c, ok && (singleValued(c.Key) || d.Conditions[0].Operator.Set != trust.ForAnyValue)
}

// explain reports in what a differs from the old Allow statement that it
// differs from the least, unless it is within one.
func (c *comparison) explain(a atom) {
	var best []difference
	for _, s := range c.old.Policy.Statements {
		if s.Effect != trust.Allow {
			continue
		}
		differences := append(a.outside(s), a.beyond(s)...)
		if len(differences) == 0 {
			return
		}
		if best == nil || weight(differences) < weight(best) {
			best = differences
		}
	}
	if best == nil || best[0].kind == Principal && len(best) > 1 {
		c.report(a.Pos, Statement, "%s may %s%s", a.principal(), a.action(), a.terms())
		return
	}
	for _, d := range best {
		c.report(d.Pos, d.kind, "%s", d.message)
	}
}

// compareDenials reports what old Deny statements kept out and no new one
// does, if the new policy may let it in.
func (c *comparison) compareDenials(allowed []atom) {
	for _, s := range c.old.Policy.Statements {
		if s.Effect != trust.Deny {
			continue
		}
		for _, d := range split(s) {
			denied := func(n trust.Statement) bool {
				return n.Effect == trust.Deny && len(d.outside(n))+len(d.beyond(n)) == 0
			}
			apart := func(a atom) bool { return a.disjoint(d) }
			if !slices.ContainsFunc(c.role.Policy.Statements, denied) && !all(allowed, apart) {
				c.report(c.role.Pos, DenyGone, "no longer denied: %s may %s%s", d.principal(), d.action(), d.terms())
			}
		}
	}
}
