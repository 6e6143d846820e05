// Package grant reads from a trust policy which runs of GitHub Actions it
// lets in: the Allow statements for web identities of GitHub's provider, what
// each demands of the token, and how far that reaches.
package grant

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// Grant is an Allow statement that lets GitHub's tokens in.
type Grant struct {
	Statement   trust.Statement
	Providers   []string // GitHub's providers (host and path, lower case) that it names
	Wildcard    bool     // it trusts every provider, not only those
	Constraints []Constraint

	principals []trust.Principal // to ask which Deny statements apply as well
}

// Of returns the grants of a policy. A Deny statement whose only condition is
// negated, such as StringNotLike on sub, narrows every grant it applies to,
// as if each had the opposite condition.
func Of(p *trust.Policy) []Grant {
	var grants []Grant
	for _, s := range p.Statements {
		g := Grant{Statement: s, Wildcard: trustsAnyone(s.Principal)}
		g.addProviders()
		if g.Wildcard {
			g.principals = append(g.principals, trust.Principal{Type: "Federated", ID: "any"})
		}
		if s.Effect != trust.Allow || len(g.principals) == 0 || !g.Covered(s) {
			continue
		}
		for _, c := range s.Conditions {
			g.constrain(c, false)
		}
		for _, d := range p.Statements {
			if demanded, ok := Demanded(d); ok && g.Covered(d) {
				g.constrain(demanded, true)
			}
		}
		grants = append(grants, g)
	}
	return grants
}

// trustsAnyone reports whether every provider is trusted: the bare "*", any
// federated one, or all but some.
func trustsAnyone(e trust.PrincipalElement) bool {
	if e.Negated {
		return !e.Any
	}
	return e.Any || slices.ContainsFunc(e.Entries, func(p trust.PrincipalEntry) bool {
		return p.Type == "Federated" && p.ID == "*"
	})
}

// addProviders finds GitHub's providers among the principals. One that is no
// ARN, such as a parameter of a template, counts as the provider of which the
// conditions speak.
func (g *Grant) addProviders() {
	if g.Statement.Principal.Negated {
		return
	}
	for _, e := range g.Statement.Principal.Entries {
		if e.Type != "Federated" || e.ID == "*" {
			continue
		}
		var named []string
		if provider, isARN := trust.ProviderOfARN(e.ID); isARN {
			named = []string{provider}
		} else {
			named = append(g.providersInConditions(), e.ID)
		}
		named = slices.DeleteFunc(named, func(p string) bool { return !trust.IsGitHub(p) })
		if len(named) == 0 {
			continue
		}
		g.principals = append(g.principals, trust.Principal{Type: "Federated", ID: e.ID})
		for _, provider := range named {
			if provider = strings.ToLower(provider); !slices.Contains(g.Providers, provider) {
				g.Providers = append(g.Providers, provider)
			}
		}
	}
}

func (g *Grant) providersInConditions() []string {
	var providers []string
	for _, c := range g.Statement.Conditions {
		provider, _ := trust.SplitKey(c.Key)
		providers = append(providers, provider)
	}
	return providers
}

// Covered reports whether s applies to everything that the grant is about.
func (g *Grant) Covered(s trust.Statement) bool {
	return !slices.ContainsFunc(g.principals, func(who trust.Principal) bool {
		return !s.Applies(trust.WebIdentityAction, who)
	})
}

// Demanded returns the condition that a Deny statement enforces by denying
// everything else, which it does if its only condition is negated.
func Demanded(d trust.Statement) (trust.Condition, bool) {
	if d.Effect != trust.Deny || len(d.Conditions) != 1 {
		return trust.Condition{}, false
	}
	c := d.Conditions[0]
	o, ok := c.Operator.Opposite()
	o.IfExists = o.Set == trust.ForAnyValue // that one does not deny where the key is missing
	o.Set = ""
	c.Operator = o
	return c, ok
}

// constrain adds a condition that is about a claim of the token.
func (g *Grant) constrain(c trust.Condition, fromDeny bool) {
	if claim, ok := g.Claim(c.Key); ok {
		g.Constraints = append(g.Constraints, Constraint{Condition: c, Claim: claim, FromDeny: fromDeny})
	}
}

// Claim returns the claim, in lower case, that a condition key is about, and
// whether it is one under a provider of the grant. The key need not exist.
func (g *Grant) Claim(key string) (string, bool) {
	provider, claim := trust.SplitKey(strings.ToLower(key))
	return claim, slices.Contains(g.Providers, provider) || g.Wildcard && trust.IsGitHub(provider)
}

// Key returns the condition key of a claim under the grant's first provider.
func (g *Grant) Key(claim string) string {
	provider := "token.actions.githubusercontent.com"
	if len(g.Providers) > 0 {
		provider = g.Providers[0]
	}
	return provider + ":" + claim
}

// On returns the constraints on any of the claims.
func (g *Grant) On(claims ...string) []Constraint {
	var found []Constraint
	for _, c := range g.Constraints {
		if slices.Contains(claims, c.Claim) {
			found = append(found, c)
		}
	}
	return found
}

// Binds reports whether a constraint on one of the claims binds.
func (g *Grant) Binds(claims ...string) bool {
	return slices.ContainsFunc(g.On(claims...), Constraint.Binding)
}

// Tests reports whether there is a positive constraint on one of the claims,
// binding or not.
func (g *Grant) Tests(claims ...string) bool {
	return slices.ContainsFunc(g.On(claims...), func(c Constraint) bool {
		return !c.Operator.Negated() && c.Operator.Base != "Null"
	})
}

// Decisive returns the constraint that limits whose runs get in the most;
// false if none tells anything. One that does not bind counts only if none
// does.
func (g *Grant) Decisive() (Constraint, bool) {
	var best Constraint
	found := false
	for _, c := range g.Constraints {
		if c.Operator.Negated() || c.Operator.Base == "Null" || !c.Identifies() {
			continue
		}
		better := c.Reach() > best.Reach()
		if c.Binding() != best.Binding() {
			better = c.Binding()
		}
		if !found || better {
			best, found = c, true
		}
	}
	return best, found
}
