// Package grant reads from a trust policy which runs of GitHub Actions it
// admits: the Allow statements for web identities of GitHub's provider, what
// each demands of the token, and how far that reaches.
package grant

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
)

// Grant is an Allow statement that admits GitHub's tokens.
type Grant struct {
	Statement   trust.Statement
	Providers   []string // GitHub's providers (host and path, lower case) that it names
	Wildcard    bool     // it trusts every provider, not only those
	Constraints []Constraint

	// Unknown is set if it is unknown which provider is trusted: it may be
	// GitHub's. Providers then has it as it is shown.
	Unknown *trust.Unknown

	// Open are the conditions of which not even the keys are known.
	Open []trust.Condition

	principals []trust.Principal // to ask which Deny statements apply as well
	shown      string            // the provider, if it is unknown
}

// Of returns the grants of a policy, those included that may be for GitHub's
// tokens. A Deny statement whose only condition is negated, such as
// StringNotLike on sub, narrows every grant it applies to, as if each had the
// opposite condition.
func Of(p *trust.Policy) []Grant {
	var grants []Grant
	for _, s := range p.Statements {
		g := Grant{Statement: s, Wildcard: trustsAnyone(s.Principal)}
		g.addProviders()
		if g.Wildcard {
			g.principals = append(g.principals, trust.Principal{Type: "Federated", ID: "any"})
		}
		if s.Effect != trust.Allow || len(g.principals) == 0 || g.excludes(s) {
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

// excludes reports whether some principal of the grant certainly is none of s.
func (g *Grant) excludes(s trust.Statement) bool {
	return slices.ContainsFunc(g.principals, func(who trust.Principal) bool {
		return !s.MayApply(trust.WebIdentityAction, who)
	})
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
// ARN, or unknown, counts as the provider of which the conditions speak.
func (g *Grant) addProviders() {
	e := g.Statement.Principal
	if e.Unknown != nil && g.mayBeGitHub(e.Unknown.Text()) {
		g.addUnknown(e.Unknown, e.Unknown.Expression, e.Unknown.Expression)
	}
	if e.Negated {
		return
	}
	for _, e := range e.Entries {
		if e.Type != "Federated" || e.ID == "*" {
			continue
		}
		provider, isARN := trust.ProviderOfARN(e.ID)
		if !isARN {
			provider = e.ID
		}
		switch u := providerUnknown(e); {
		case u != nil && g.mayBeGitHub(e.Text()):
			g.addUnknown(u, e.ID, provider)
		case u == nil && isARN:
			g.addKnown(e.ID, provider)
		case u == nil:
			g.addKnown(e.ID, append(g.providersInConditions(), provider)...)
		}
	}
}

// providerUnknown returns what is unknown of the provider in an ARN, as far
// as it is one.
func providerUnknown(e trust.PrincipalEntry) *trust.Unknown {
	_, provider := e.Text().Cut(":oidc-provider/")
	return provider.Unknown()
}

func (g *Grant) addKnown(id string, providers ...string) {
	providers = slices.DeleteFunc(providers, func(p string) bool { return !trust.IsGitHub(p) })
	if len(providers) == 0 {
		return
	}
	g.principals = append(g.principals, trust.Principal{Type: "Federated", ID: id})
	for _, provider := range providers {
		g.addProvider(provider)
	}
}

// addUnknown adds a provider that is unknown. If conditions speak of
// GitHub's, only its tokens are admitted.
func (g *Grant) addUnknown(u *trust.Unknown, id, provider string) {
	g.principals = append(g.principals, trust.Principal{Type: "Federated", ID: id})
	named := slices.DeleteFunc(g.providersInConditions(), func(p string) bool { return !trust.IsGitHub(p) })
	for _, p := range named {
		g.addProvider(p)
	}
	if len(named) == 0 {
		g.Unknown, g.shown = u, provider
		g.addProvider(provider)
	}
}

func (g *Grant) addProvider(provider string) {
	if provider = strings.ToLower(provider); !slices.Contains(g.Providers, provider) {
		g.Providers = append(g.Providers, provider)
	}
}

// mayBeGitHub reports whether an unknown provider can be GitHub's: by what is
// known of it, and by the keys of the conditions, which no token of GitHub's
// fills if they are another provider's.
func (g *Grant) mayBeGitHub(principal trust.Text) bool {
	if _, provider := principal.Cut(":oidc-provider/"); provider.Unknown() != nil {
		like := provider.Pattern(false)
		if !trust.MayBeGitHub(like) {
			return false
		}
	}
	return !slices.ContainsFunc(g.Statement.Conditions, keepsGitHubOut)
}

// keepsGitHubOut reports whether no token of GitHub's can meet a condition:
// its key is another provider's, or its subjects are, such as those of
// Kubernetes.
func keepsGitHubOut(c trust.Condition) bool {
	provider, claim := trust.SplitKey(c.Key)
	switch {
	case !FailsWithoutKey(c.Operator):
		return false
	case c.Unknown == nil:
		return provider != "" && !trust.IsGitHub(provider) && !trust.IsGlobalKey(c.Key)
	}
	elsewhere := func(v trust.Value) bool {
		s := ParseSubject(v.Pattern(c.Operator))
		return s.Malformed && s.Reach == Anyone
	}
	return claim == "sub" && len(c.Values) > 0 && !slices.ContainsFunc(c.Values, func(v trust.Value) bool { return !elsewhere(v) })
}

// FailsWithoutKey reports whether a condition with the operator is false when
// the key is missing.
func FailsWithoutKey(o trust.Operator) bool {
	if o.Set != "" {
		return o.Set == trust.ForAnyValue
	}
	return !o.IfExists && !o.Negated() && o.Base != "Null"
}

func (g *Grant) providersInConditions() []string {
	var providers []string
	for _, c := range g.Statement.Conditions {
		provider, _ := trust.SplitKey(c.Key)
		providers = append(providers, provider)
	}
	return providers
}

// Principal returns the first principal that the grant is about.
func (g *Grant) Principal() trust.Principal { return g.principals[0] }

// Names reports whether the grant is about the principal.
func (g *Grant) Names(e trust.PrincipalEntry) bool {
	return slices.ContainsFunc(g.principals, func(who trust.Principal) bool { return who.Type == e.Type && who.ID == e.ID })
}

// Covered reports whether s applies to everything that the grant is about.
func (g *Grant) Covered(s trust.Statement) bool {
	return !slices.ContainsFunc(g.principals, func(who trust.Principal) bool {
		return !s.Applies(trust.WebIdentityAction, who)
	})
}

// MayCover reports whether s may apply to something that the grant is about.
func (g *Grant) MayCover(s trust.Statement) bool {
	return slices.ContainsFunc(g.principals, func(who trust.Principal) bool { return s.MayApply(trust.WebIdentityAction, who) })
}

// Demanded returns the condition that a Deny statement enforces by denying
// everything else, which it does if its only condition is negated.
func Demanded(d trust.Statement) (trust.Condition, bool) {
	if d.Effect != trust.Deny || len(d.Conditions) != 1 || d.Conditions[0].Unknown != nil {
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
	if c.Unknown != nil {
		_, claim := trust.SplitKey(strings.ToLower(c.Key))
		if slices.Contains(trust.ConditionKeys(oidc.GitHubHost), claim) { // of an unknown provider, which may be this one
			g.Constraints = append(g.Constraints, newConstraint(c, claim, fromDeny))
		} else {
			g.Open = append(g.Open, c)
		}
		return
	}
	if claim, ok := g.Claim(c.Key); ok {
		g.Constraints = append(g.Constraints, newConstraint(c, claim, fromDeny))
	}
}

// Claim returns the claim, in lower case, that a condition key is about, and
// whether it is one under a provider of the grant. The key need not exist.
func (g *Grant) Claim(key string) (string, bool) {
	provider, claim := trust.SplitKey(strings.ToLower(key))
	return claim, slices.Contains(g.Providers, provider) || g.Wildcard && trust.IsGitHub(provider)
}

// Key returns the condition key of a claim under the grant's first provider.
func (g *Grant) Key(claim string) string { return g.Provider() + ":" + claim }

// Provider returns the grant's first provider; GitHub's if it names none.
func (g *Grant) Provider() string {
	switch {
	case g.Unknown != nil:
		return g.shown
	case len(g.Providers) > 0:
		return g.Providers[0]
	}
	return oidc.GitHubHost
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

// Decisive returns the constraint that limits the most whose runs are admitted;
// false if none says anything. One that does not bind counts only if none
// does, and of several that limit as much, one about whose run it is.
func (g *Grant) Decisive() (Constraint, bool) {
	var best Constraint
	farthest := Anyone // reach of the best
	found := false
	for _, c := range g.Constraints {
		if c.Operator.Negated() || c.Operator.Base == "Null" || !c.Identifies() {
			continue
		}
		reach := c.Reach()
		better := reach > farthest || reach == farthest && c.owned() && !best.owned()
		if c.Binding() != best.Binding() {
			better = c.Binding()
		}
		if !found || better {
			best, farthest, found = c, reach, true
		}
	}
	return best, found
}
