// Package inventory lists which runs of GitHub Actions can assume which
// roles, for access reviews.
package inventory

import (
	"fmt"
	"iter"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// Entry is one circle of runs that can assume a role.
type Entry struct {
	Role       string `json:"role"`
	ARN        string `json:"arn,omitempty"`
	Provider   string `json:"provider"`   // host and path of the issuer; * for any
	Repository string `json:"repository"` // OWNER/REPOSITORY with ids and wildcards as the policy has them
	Runs       string `json:"runs"`       // branch main, environment prod, every run, …
	Workflow   string `json:"workflow,omitempty"`
	Further    string `json:"further,omitempty"` // what the other conditions demand
	trust.Pos
}

// List returns the entries of a document in its order. The error is that of
// the iteration. A role whose policy cannot be read has an entry that says so.
func List(roles iter.Seq2[document.Role, error]) ([]Entry, error) {
	var entries []Entry
	for role, err := range roles {
		if err != nil {
			return nil, err
		}
		if role.Policy == nil {
			entries = append(entries, Entry{Role: role.Name, ARN: role.ARN, Pos: role.Pos, Runs: "unknown",
				Further: fmt.Sprintf("the trust policy cannot be read: %v", role.Err)})
			continue
		}
		for _, g := range grant.Of(role.Policy) {
			for _, e := range entriesOf(g, role.Policy) {
				e.Role, e.ARN = role.Name, role.ARN
				entries = append(entries, e)
			}
		}
	}
	return entries, nil
}

// entriesOf returns an entry for each value of the condition that limits
// whose runs get in the most; the other conditions hold for all of them.
func entriesOf(g grant.Grant, p *trust.Policy) []Entry {
	provider := strings.Join(g.Providers, ", ")
	if g.Wildcard {
		provider = "*"
	}
	decisive, ok := g.Decisive()
	base := Entry{Provider: provider, Workflow: workflow(g), Pos: g.Statement.Pos}
	base.Further = strings.Join(append(further(g, decisive), denials(g, p)...), "; ")
	if !ok {
		base.Repository, base.Runs = everyRepository, contextOf(g)
		return []Entry{base}
	}
	var entries []Entry
	for _, v := range decisive.Values {
		e := base
		e.Pos = v.Pos
		e.Repository, e.Runs = describe(g, decisive, v)
		entries = append(entries, e)
	}
	return entries
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
		if d.Effect != trust.Deny || !g.Covered(d) {
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
