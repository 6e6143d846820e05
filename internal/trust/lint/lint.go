// Package lint finds what is wrong with trust policies for GitHub's OIDC
// providers: what admits too much, what admits no run, and what IAM refuses. Of
// statements for other principals it judges the form, and whether they trust
// everyone.
package lint

import (
	"cmp"
	"fmt"
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
	Fix     string `json:"rewrite,omitempty"` // what to do, beginning with a verb; confirmed by the evaluator

	// Count is how many findings of the rule this one represents, itself
	// included, if the policy has so many that only the first is reported.
	Count int `json:"count,omitempty"`

	// Given is what of a template's choices the finding holds under; empty if
	// it holds in any case.
	Given []trust.Assumption `json:"given,omitempty"`

	// nth counts, in one policy, the findings of a rule at one place: all that
	// is within a string is at the place of the string.
	nth int
}

// Rule is one thing to look for.
type Rule struct {
	ID       string
	Severity Severity // of its gravest finding
	Summary  string   // what it finds, as a sentence without a full stop
	Why      string   // why that matters, and where sources disagree
	check    func(*inspection)
}

// Options are facts that a policy itself does not have.
type Options struct {
	// Immutable lists repositories, OWNER/REPOSITORY with IAM's wildcards,
	// whose tokens have subjects with ids.
	Immutable []trust.Pattern
}

// Rules returns all rules, sorted by id.
func Rules() []Rule {
	rules := []Rule{
		syntax, duplicateKey, cannotTell, sid, variableWithoutVersion, principalWildcard, providerForm, wrongAction, actionWildcard,
		noSubject, anySubject, ownerWildcard, ownerWide, repositoryPrefix, choosableNames, workflowWithoutRepository, onlyNegated,
		forAllValues, ifExists, unknownKey, callerKey, operatorType, wildcardInEquals, emptyValues, ineffectiveDeny,
		anyRun, openContext, pullRequest, workflowWildcard, mutableIDs, namesOnly, noAudience, oddSubject, oldSubject,
		environmentProtection, unknownAction, keyCase, invisibleCharacter, valueForm, privateAddress, severalBooleans, policyLength, subRequired,
	}
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules
}

var allRules = Rules()

// Check returns the findings of one role, in the order of their positions. A
// role that certainly does not trust a provider of GitHub has none. Of a
// template's alternatives each is judged.
func Check(role document.Role, o Options) []Finding {
	var findings []Finding
	if role.Err != nil {
		findings = (&inspection{Role: role, options: o}).run()
	}
	var found []trust.Found[Finding]
	for _, p := range role.Policies {
		in := &inspection{Role: role, policy: p, options: o}
		in.Err = nil
		if in.grants = grant.Of(p); !trustsGitHub(p, in.grants) {
			continue
		}
		in.grants = slices.DeleteFunc(in.grants, func(g grant.Grant) bool {
			_, barred := g.Barred(p)
			return barred
		})
		for _, f := range numbered(in.run()) {
			found = trust.Collect(found, f, p.Given, Finding.same)
		}
	}
	for _, f := range found {
		if f.What.Given = f.Under(len(role.Policies)); len(f.What.Given) > 0 {
			f.What.Message += " (" + trust.Given(f.What.Given) + ")"
		}
		findings = append(findings, f.What)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(b.Severity, a.Severity))
	})
	return findings
}

// same reports whether two findings of a role report the same, if not in
// the same words.
func (f Finding) same(other Finding) bool {
	return f.Rule == other.Rule && f.Pos == other.Pos && f.Severity == other.Severity && f.nth == other.nth
}

// numbered counts the findings of a policy that would be the same.
func numbered(findings []Finding) []Finding {
	for i := range findings {
		for _, other := range findings[:i] {
			if other.same(findings[i]) {
				findings[i].nth++
			}
		}
	}
	return findings
}

// run applies all rules.
func (in *inspection) run() []Finding {
	for _, in.rule = range allRules {
		in.rule.check(in)
	}
	return condense(in.findings)
}

// fewEnough is how many findings of one rule and severity are reported each.
const fewEnough = 5

// condense leaves of too many findings of one rule and severity the first, with
// their count.
func condense(all []Finding) []Finding {
	if len(all) <= fewEnough {
		return all
	}
	type kind struct {
		rule     string
		severity Severity
	}
	groups := map[kind][]Finding{}
	for _, f := range all {
		k := kind{f.Rule, f.Severity}
		groups[k] = append(groups[k], f)
	}
	var left []Finding
	for _, f := range all {
		group := groups[kind{f.Rule, f.Severity}]
		if len(group) <= fewEnough {
			left = append(left, f)
			continue
		}
		if f.Pos != group[0].Pos {
			continue
		}
		f.Count = len(group)
		last := slices.MaxFunc(group, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
		f.Message += fmt.Sprintf(" (and %d more like this, up to line %d)", len(group)-1, last.Line)
		left = append(left, f)
	}
	return left
}

// trustsGitHub reports whether the policy is about GitHub at all: it names a
// provider of GitHub, or a key under one, or may let its tokens in.
func trustsGitHub(p *trust.Policy, grants []grant.Grant) bool {
	if len(grants) > 0 {
		return true
	}
	for _, s := range p.Statements {
		if s.Unknown != nil {
			return true
		}
		for _, e := range s.Principal.Entries {
			provider, _ := trust.ProviderOfARN(e.ID)
			if trust.IsGitHub(provider) || trust.IsGitHub(trust.ProviderOfIssuer(e.ID)) || isLookalike(provider) {
				return true
			}
		}
		for _, c := range s.Conditions {
			if provider, _ := trust.SplitKey(c.Key); trust.IsGitHub(provider) {
				return true
			}
		}
	}
	return false
}

// Highest returns the gravest severity among the findings; false without any.
func Highest(findings []Finding) (Severity, bool) {
	if len(findings) == 0 {
		return 0, false
	}
	gravest := slices.MaxFunc(findings, func(a, b Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	return gravest.Severity, true
}
