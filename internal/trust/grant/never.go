package grant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// Absent reports whether the key of c is never in a request with a token of
// the grant's providers, and why.
func (g *Grant) Absent(c trust.Condition) (why string, absent bool) {
	provider, claim := trust.SplitKey(c.Key)
	_, ours := g.Claim(c.Key)
	switch {
	case c.Unknown != nil || ours && trust.IsConditionKey(c.Key):
		return "", false
	case ours && trust.IsClaimOnly(claim):
		return fmt.Sprintf("%s is a claim of the token, but IAM has no condition key for it", claim), true
	case ours:
		return fmt.Sprintf("condition key %q does not exist", c.Key), true
	case trust.IsGlobalKey(c.Key) || g.Wildcard || slices.ContainsFunc(g.Statement.Principal.Entries, func(e trust.PrincipalEntry) bool {
		named, _ := trust.ProviderOfARN(e.ID)
		return strings.EqualFold(named, provider)
	}):
		return "", false
	case trust.IsGitHub(provider):
		return fmt.Sprintf("condition key %q belongs to another provider than the principal", c.Key), true
	}
	return fmt.Sprintf("condition key %q is not in the request of a web identity", c.Key), true
}

// Barred returns the statement of the policy that denies everything that the
// grant allows, if there is one.
func (g *Grant) Barred(p *trust.Policy) (trust.Statement, bool) {
	for _, d := range p.Statements {
		if d.Effect == trust.Deny && len(d.Conditions) == 0 && g.Covered(d) {
			return d, true
		}
	}
	return trust.Statement{}, false
}

// Never returns why the grant admits no run, as far as can be seen from one
// condition or two, or "".
func (g *Grant) Never() string {
	for _, c := range g.Statement.Conditions {
		if c.Unknown != nil || !FailsWithoutKey(c.Operator) {
			continue
		}
		if why, absent := g.Absent(c); absent {
			return why
		}
		if len(c.Values) == 0 {
			return fmt.Sprintf("%s on %s lists no values", c.Operator, c.Key)
		}
	}
	for i, c := range g.Constraints {
		if c.demandsAbsence() && (c.Claim == "sub" || c.Claim == "aud") {
			return "every token has " + c.Claim
		}
		for _, other := range g.Constraints[:i] {
			if c.Claim == other.Claim && c.Binding() && other.Binding() && c.contradicts(other) {
				return fmt.Sprintf("no %s meets both %s and %s", c.Claim, c.Operator, other.Operator)
			}
		}
	}
	return ""
}

// demandsAbsence reports whether only a token without the claim meets it.
func (c Constraint) demandsAbsence() bool {
	return c.Operator.Base == "Null" && len(c.Values) == 1 && c.Values[0].Text == "true"
}

// contradicts reports whether no text matches a value of each.
func (c Constraint) contradicts(other Constraint) bool {
	if c.Unknown != nil || other.Unknown != nil || !textual(c) || !textual(other) {
		return false
	}
	for _, v := range c.Values {
		for _, w := range other.Values {
			if v.Pattern(c.Operator).Overlaps(w.Pattern(other.Operator)) {
				return false
			}
		}
	}
	return true
}

func textual(c Constraint) bool {
	return c.Operator.Base == "StringEquals" || c.Operator.Base == "StringLike"
}
