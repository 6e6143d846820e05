// Package inventory lists which runs of GitHub Actions can assume which
// roles, for access reviews.
package inventory

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// Entry is one circle of runs that can assume a role, or, of a role that
// GitHub's tokens can assume, another principal that can.
type Entry struct {
	Role       string `json:"role"`
	ARN        string `json:"arn,omitempty"`
	Provider   string `json:"provider"`            // host and path of the issuer; * for any
	Principal  string `json:"principal,omitempty"` // of an entry that is not about runs: its type and name
	Repository string `json:"repository"`          // OWNER/REPOSITORY with ids and wildcards as the policy has them
	Runs       string `json:"runs"`                // branch main, environment prod, every run, …
	Workflow   string `json:"workflow,omitempty"`
	Further    string `json:"further,omitempty"` // what the other conditions demand
	File       string `json:"file,omitempty"`
	trust.Pos

	DependsOn []string           `json:"dependsOn,omitempty"` // what decides where something is unknown
	Given     []trust.Assumption `json:"given,omitempty"`     // what of a template's choices it holds under
}

// List returns the entries of a document in its order. The error is that of
// the iteration. A role whose policy cannot be read has an entry that says so.
func List(roles iter.Seq2[document.Role, error]) ([]Entry, error) {
	var entries []Entry
	for role, err := range roles {
		if err != nil {
			return nil, err
		}
		entries = append(entries, entriesOfRole(role)...)
	}
	return entries, nil
}

func entriesOfRole(role document.Role) []Entry {
	var entries []Entry
	if role.Err != nil {
		entries = append(entries, Entry{Role: role.Name, ARN: role.ARN, File: role.File, Pos: role.Pos, Runs: "unknown",
			Further: fmt.Sprintf("the trust policy cannot be read: %v", role.Err)})
	}
	var found []trust.Found[Entry]
	for _, p := range role.Policies {
		for _, e := range entriesOfPolicy(p) {
			e.Role, e.ARN, e.File = role.Name, role.ARN, role.File
			found = trust.Collect(found, e, p.Given, Entry.same)
		}
	}
	for _, f := range found {
		if f.What.Given = f.Under(len(role.Policies)); len(f.What.Given) > 0 {
			f.What.Further = join("; ", trust.Given(f.What.Given), f.What.Further)
		}
		entries = append(entries, f.What)
	}
	return entries
}

func (e Entry) same(other Entry) bool { return slices.Equal(e.cells(), other.cells()) }

// entriesOfPolicy returns those of a policy that lets GitHub's tokens in, or
// may: of each grant, and of other principals.
func entriesOfPolicy(p *trust.Policy) []Entry {
	if p.Length > trust.MaxLength {
		return []Entry{{Pos: p.Pos, Runs: "unknown", Further: fmt.Sprintf("the trust policy has %d characters; IAM stores at most %d", p.Length, trust.MaxLength)}}
	}
	var entries []Entry
	for _, s := range p.Statements {
		if s.Unknown != nil {
			entries = append(entries, Entry{Pos: s.Pos, Repository: unknown(s.Unknown), Runs: unknown(s.Unknown), DependsOn: s.Unknown.DependsOn})
		}
	}
	grants := grant.Of(p)
	for _, g := range grants {
		entries = append(entries, entriesOfGrant(g, p)...)
	}
	entries = append(entries, otherActions(p)...)
	if len(entries) == 0 {
		return nil
	}
	return append(entries, others(p, grants)...)
}

// otherActions returns an entry for each statement that names a provider of
// GitHub's and allows nothing that its tokens can do.
func otherActions(p *trust.Policy) []Entry {
	var entries []Entry
	for _, s := range p.Statements {
		for _, e := range s.Principal.Entries {
			provider, _ := trust.ProviderOfARN(e.ID)
			who := trust.Principal{Type: e.Type, ID: e.ID}
			if s.Effect == trust.Allow && e.Type == "Federated" && trust.IsGitHub(provider) && !s.MayApply(trust.WebIdentityAction, who) && !s.Principal.Negated {
				entries = append(entries, Entry{Pos: s.Pos, Provider: strings.ToLower(provider),
					Runs: fmt.Sprintf("none: %s does not accept tokens; %s does", strings.Join(texts(s.Action.Values), " or "), trust.WebIdentityAction)})
			}
		}
	}
	return entries
}

// unknown says what something depends on that the document does not determine.
func unknown(u *trust.Unknown) string { return "unknown: " + strings.Join(u.DependsOn, ", ") }

// entriesOfGrant returns an entry for each value of the condition that limits
// whose runs get in the most; the other conditions hold for all of them.
func entriesOfGrant(g grant.Grant, p *trust.Policy) []Entry {
	decisive, ok := g.Decisive()
	base := Entry{Provider: provider(g), Workflow: workflow(g), Pos: g.Statement.Pos, DependsOn: dependsOn(g)}
	base.Further = strings.Join(append(further(g, decisive), denials(g, p)...), "; ")
	if why := never(g, p); why != "" {
		base.Runs = "none: " + why
		base.Further = strings.Join(append(further(g, grant.Constraint{}), denials(g, p)...), "; ")
		return []Entry{base}
	}
	if !ok {
		base.Repository, base.Runs = everyRepository, contextOf(g)+exceptions(g, p, func(trust.Condition, string) bool { return true })
		if len(g.Open) > 0 {
			base.Repository, base.Runs = unknown(g.Open[0].Unknown), unknown(g.Open[0].Unknown)
		}
		return []Entry{base}
	}
	var entries []Entry
	for _, v := range decisive.Values {
		e := base
		e.Pos = v.Pos
		e.Repository, e.Runs = describe(g, decisive, v)
		if !strings.HasPrefix(e.Runs, "none: ") {
			e.Runs += exceptions(g, p, func(c trust.Condition, claim string) bool {
				overlaps := func(w trust.Value) bool { return w.Pattern(c.Operator).Overlaps(v.Pattern(decisive.Operator)) }
				return claim != decisive.Claim || slices.ContainsFunc(c.Values, overlaps)
			})
		}
		entries = append(entries, e)
	}
	return entries
}

func provider(g grant.Grant) string {
	switch {
	case g.Unknown != nil:
		return unknown(g.Unknown)
	case g.Wildcard:
		return "*"
	}
	return strings.Join(g.Providers, ", ")
}

// dependsOn returns what all that is unknown of a grant depends on.
func dependsOn(g grant.Grant) []string {
	var all []string
	add := func(u *trust.Unknown) {
		if u != nil {
			all = append(all, u.DependsOn...)
		}
	}
	add(g.Unknown)
	for _, c := range g.Statement.Conditions {
		add(c.Unknown)
		for _, v := range c.Values {
			add(v.Unknown())
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// never returns why no run gets in, or "".
func never(g grant.Grant, p *trust.Policy) string {
	if d, barred := g.Barred(p); barred {
		return fmt.Sprintf("the Deny statement on line %d has no condition", d.Pos.Line)
	}
	return g.Never()
}

// workflow returns the reusable workflows that a run must be of.
func workflow(g grant.Grant) string {
	var all []string
	for _, c := range g.On("job_workflow_ref") {
		if c.Binding() {
			all = append(all, strings.Join(texts(c.Values), " or "))
		}
	}
	return strings.Join(all, " and ")
}

// further renders the conditions that no other column shows.
func further(g grant.Grant, decisive grant.Constraint) []string {
	var all []string
	for _, c := range g.Statement.Conditions {
		claim, ours := g.Claim(c.Key)
		binding := grant.Constraint{Condition: c, Claim: claim}.Binding()
		switch {
		case c.Unknown != nil && c.Key == "":
			all = append(all, "conditions "+unknown(c.Unknown))
		case ours && claim == "aud" && binding, ours && claim == "job_workflow_ref" && binding:
		case c.Pos == decisive.Pos && binding:
		case ours && decisive.Claim != "sub" && binding && (claim == "ref" || claim == "environment"):
		default:
			all = append(all, render(c))
		}
	}
	return all
}

// denials renders the Deny statements that apply, whose effect the other
// columns do not show.
func denials(g grant.Grant, p *trust.Policy) []string {
	var all []string
	for _, d := range p.Statements {
		if d.Effect != trust.Deny || !g.Covered(d) || len(d.Conditions) == 0 {
			continue
		}
		var conditions []string
		for _, c := range d.Conditions {
			conditions = append(conditions, render(c))
		}
		all = append(all, strings.TrimSpace("not if "+strings.Join(conditions, " and ")))
	}
	return all
}

// exceptions says which runs negated conditions and Deny statements keep out
// of those that the others admit, if the conditions concern them.
func exceptions(g grant.Grant, p *trust.Policy, concerns func(c trust.Condition, claim string) bool) string {
	var all []string
	for _, c := range g.Statement.Conditions {
		if claim, ours := g.Claim(c.Key); ours && c.Operator.Negated() && concerns(excluded(c), claim) {
			all = append(all, claim+" "+strings.Join(texts(c.Values), " or "))
		}
	}
	for _, d := range p.Statements {
		if d.Effect != trust.Deny || !g.Covered(d) || slices.ContainsFunc(d.Conditions, func(c trust.Condition) bool { return c.Operator.Negated() }) {
			continue
		}
		var terms []string
		applies := true
		for _, c := range d.Conditions {
			claim, ours := g.Claim(c.Key)
			if !ours {
				claim = c.Key
			}
			applies = applies && concerns(c, claim)
			terms = append(terms, claim+" "+strings.Join(texts(c.Values), " or "))
		}
		if applies {
			all = append(all, strings.Join(terms, " with "))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return ", except " + strings.Join(all, ", ")
}

// excluded returns c with the operator that it negates.
func excluded(c trust.Condition) trust.Condition {
	c.Operator, _ = c.Operator.Opposite()
	return c
}

// others returns the principals that may assume the role without a token of
// GitHub's.
func others(p *trust.Policy, grants []grant.Grant) []Entry {
	var entries []Entry
	for _, s := range p.Statements {
		if s.Effect != trust.Allow {
			continue
		}
		var conditions []string
		for _, c := range s.Conditions {
			conditions = append(conditions, render(c))
		}
		add := func(pos trust.Pos, principal string) {
			entries = append(entries, Entry{Pos: pos, Principal: principal, Runs: "none: another principal, by " + strings.Join(texts(s.Action.Values), " or "),
				Further: strings.Join(conditions, "; ")})
		}
		if s.Principal.Any && !s.Principal.Negated && !s.Applies(trust.WebIdentityAction, trust.Principal{Type: "Federated", ID: "any"}) {
			add(s.Principal.Pos, "everyone (*)")
		}
		for _, e := range s.Principal.Entries {
			named := func(g grant.Grant) bool { return g.Names(e) }
			provider, _ := trust.ProviderOfARN(e.ID)
			if s.Principal.Negated || slices.ContainsFunc(grants, named) || e.Type == "Federated" && trust.IsGitHub(provider) {
				continue
			}
			add(e.Pos, e.Type+" "+e.ID)
		}
	}
	return entries
}

func render(c trust.Condition) string {
	_, claim := trust.SplitKey(c.Key)
	if provider, _ := trust.SplitKey(c.Key); !trust.IsGitHub(provider) {
		claim = c.Key
	}
	return fmt.Sprintf("%s %s %s", claim, c.Operator, strings.Join(texts(c.Values), " or "))
}

func texts(values []trust.Value) []string {
	var all []string
	for _, v := range values {
		all = append(all, v.Text)
	}
	return all
}

// join joins what is not empty.
func join(separator string, all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), separator)
}
