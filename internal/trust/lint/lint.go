// Package lint finds what is wrong with trust policies for GitHub's OIDC
// providers: what lets in too much, and what lets in nothing. Statements for
// other principals are not judged.
package lint

import (
	"cmp"
	"slices"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// Finding is one thing that is wrong with a role's trust policy.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	trust.Pos
	Role    string `json:"role,omitempty"`
	Message string `json:"message"`           // what is wrong, and what follows from it
	Rewrite string `json:"rewrite,omitempty"` // what to write instead
}

// Rule is one thing to look for.
type Rule struct {
	ID       string
	Severity Severity // of its gravest finding
	Summary  string
	check    func(*inspection)
}

// Options are what a policy itself cannot tell.
type Options struct {
	// Immutable lists repositories, OWNER/REPOSITORY with IAM's wildcards,
	// whose tokens have subjects with ids.
	Immutable []trust.Pattern
}

// Rules returns all rules, sorted by id.
func Rules() []Rule {
	rules := []Rule{
		syntax, duplicateKey, sid, variableWithoutVersion, principalWildcard, providerForm, wrongAction, actionWildcard,
		noSubject, anySubject, ownerWildcard, ownerWide, repositoryPrefix, choosableNames, workflowWithoutRepository, onlyNegated,
		forAllValues, ifExists, unknownKey, callerKey, operatorType, wildcardInEquals, emptyValues, ineffectiveDeny,
		anyRun, openContext, pullRequest, workflowWildcard, mutableIDs, namesOnly, noAudience, oddSubject, oldSubject,
		environmentProtection,
	}
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules
}

var allRules = Rules()

// Check returns the findings of one role, in the order of their positions. A
// role that does not trust a provider of GitHub has none.
func Check(role document.Role, o Options) []Finding {
	in := &inspection{Role: role, options: o}
	if role.Policy != nil {
		if !trustsGitHub(role.Policy) {
			return nil
		}
		in.grants = grant.Of(role.Policy)
	}
	for _, in.rule = range allRules {
		in.rule.check(in)
	}
	slices.SortStableFunc(in.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(b.Severity, a.Severity))
	})
	return in.findings
}

// trustsGitHub reports whether the policy is about GitHub at all: it names a
// provider of GitHub, or a key under one, or lets every provider in.
func trustsGitHub(p *trust.Policy) bool {
	for _, s := range p.Statements {
		for _, e := range s.Principal.Entries {
			provider, _ := trust.ProviderOfARN(e.ID)
			if trust.IsGitHub(provider) || trust.IsGitHub(trust.ProviderOfIssuer(e.ID)) {
				return true
			}
		}
		for _, c := range s.Conditions {
			if provider, _ := trust.SplitKey(c.Key); trust.IsGitHub(provider) {
				return true
			}
		}
	}
	return slices.ContainsFunc(grant.Of(p), func(g grant.Grant) bool { return g.Wildcard })
}

// Highest returns the gravest severity among the findings; false without any.
func Highest(findings []Finding) (Severity, bool) {
	if len(findings) == 0 {
		return 0, false
	}
	gravest := slices.MaxFunc(findings, func(a, b Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	return gravest.Severity, true
}
