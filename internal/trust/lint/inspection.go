package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// inspection is one of the policies that a role can have, or the lack of any,
// under the rules.
type inspection struct {
	document.Role
	policy   *trust.Policy
	options  Options
	grants   []grant.Grant
	rule     Rule
	trial    bool // of a remedy
	findings []Finding
}

// report adds a finding of the current rule for which no remedy is known.
func (in *inspection) report(s Severity, at trust.Pos, message string) { in.add(s, at, message, "") }

// add adds a finding of the current rule, once for each place. What is within
// a text has only the place of the text, with as many findings as it has faults.
func (in *inspection) add(s Severity, at trust.Pos, message, fix string) {
	told := func(f Finding) bool {
		return f.Rule == in.rule.ID && f.Pos == at && (f.Message == message || !in.isText())
	}
	if slices.ContainsFunc(in.findings, told) {
		return
	}
	in.findings = append(in.findings, Finding{
		Rule: in.rule.ID, Severity: s, Pos: at, Role: in.Name, Message: message, Fix: fix,
	})
}

// isText reports whether the policy is the text of a string: its statements
// are where it is itself.
func (in *inspection) isText() bool {
	return in.policy != nil && len(in.policy.Statements) > 0 && in.policy.Statements[0].Pos == in.policy.Pos
}

// statements returns the policy's statements, if it could be read.
func (in *inspection) statements() []trust.Statement {
	if in.policy == nil {
		return nil
	}
	return in.policy.Statements
}

// isGrant reports whether s is the statement of a grant.
func (in *inspection) isGrant(s trust.Statement) bool {
	return slices.ContainsFunc(in.grants, func(g grant.Grant) bool { return g.Statement.Pos == s.Pos })
}

// deciding calls rule with each value that reaches as far as wanted, of the
// constraints that decide whose runs can assume the role. Values that only the
// deployment knows are not judged, nor those that no subject can match.
func (in *inspection) deciding(wanted grant.Reach, rule func(g grant.Grant, c grant.Constraint, v trust.Value)) {
	for _, g := range in.grants {
		c, ok := g.Decisive()
		if !ok {
			continue
		}
		for _, v := range known(c.Values) {
			if s := c.Subject(v); s.Reach == wanted && (c.Claim != "sub" || s.Fault() == "") {
				rule(g, c, v)
			}
		}
	}
}

// subjects calls rule with each value of a positive constraint on sub that
// some subject can match.
func (in *inspection) subjects(rule func(g grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject)) {
	for _, g := range in.grants {
		for _, c := range g.On("sub") {
			if c.Operator.Negated() || c.Operator.Base == "Null" {
				continue
			}
			for _, v := range known(c.Values) {
				if s := c.Subject(v); s.Fault() == "" {
					rule(g, c, v, s)
				}
			}
		}
	}
}

// known leaves out the values that are entirely up to a template's deployment.
func known(values []trust.Value) []trust.Value {
	open := func(v trust.Value) bool { return v.Wholly() != nil }
	if !slices.ContainsFunc(values, open) {
		return values
	}
	return slices.DeleteFunc(slices.Clone(values), open)
}

// line renders a condition as a policy would have it.
func line(key, value string) string { return fmt.Sprintf("%q: %q", key, value) }

// proposedSubject returns a subject in place of s, with placeholders in
// capitals for what s leaves open. Its context is what other conditions pin,
// if they do.
func proposedSubject(g grant.Grant, s grant.Subject) string {
	part := func(text, placeholder string) string {
		if text == "" || strings.ContainsAny(text, "*?") {
			return placeholder
		}
		return text
	}
	owner, repository := part(s.Owner, "OWNER"), part(s.Repository, "REPOSITORY")
	if s.OwnerID != "" || s.RepositoryID != "" {
		owner += "@" + part(s.OwnerID, "OWNER_ID")
		repository += "@" + part(s.RepositoryID, "REPOSITORY_ID")
	}
	name := owner + "/" + repository
	if s.OneName() {
		name = owner
	}
	context := pinnedContext(g)
	switch fixed := prefix(s.Context); {
	case isOpen(s.Context):
	case s.Spanned && !s.Context.Match("ref:refs/heads/main"):
		context = "environment:ENVIRONMENT"
		if name := s.Context[2:]; name.IsLiteral() {
			context = "environment:" + name.String()
		}
	case fixed != "" && strings.HasPrefix("environment:", fixed):
		context = "environment:ENVIRONMENT"
	case strings.HasPrefix(fixed, "ref:refs/t") && strings.HasPrefix("ref:refs/tags/", fixed):
		context = "ref:refs/tags/TAG"
	}
	if !s.Customized && !isOpen(s.Context) && !s.Context.HasWildcards() {
		context = s.Context.String()
	}
	return "repo:" + name + ":" + context
}

// isOpen reports whether the context demands nothing.
func isOpen(context trust.Pattern) bool {
	return !slices.ContainsFunc(context, func(r rune) bool { return !trust.IsWildcard(r) })
}

// prefix returns what is before the first wildcard or unknown part.
func prefix(p trust.Pattern) string {
	if i := slices.IndexFunc(p, func(r rune) bool { return trust.IsWildcard(r) || trust.IsUnknown(r) }); i >= 0 {
		p = p[:i]
	}
	return p.String()
}

// startsOpen reports whether the pattern admits any beginning.
func startsOpen(p trust.Pattern) bool { return len(p) == 0 || trust.IsWildcard(p[0]) }

// narrowed reports whether the grant limits which runs of a repository get
// in, by anything that not every run of it can claim.
func narrowed(g grant.Grant) bool {
	return slices.ContainsFunc(g.Constraints, func(c grant.Constraint) bool {
		if !c.Binding() {
			return false
		}
		switch c.Claim {
		case "sub":
			return !slices.ContainsFunc(c.Values, func(v trust.Value) bool {
				s := c.Subject(v)
				return isOpen(s.Context) || s.Reach == grant.Anyone && v.Pattern(c.Operator).Overlaps(trust.NewPattern("repo:*:pull_request"))
			})
		case "ref", "environment", "job_workflow_ref", "actor", "actor_id":
			return !slices.ContainsFunc(c.Values, func(v trust.Value) bool { return startsOpen(v.Pattern(c.Operator)) })
		}
		return false
	})
}
