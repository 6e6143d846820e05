package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var openContext = Rule{
	ID:       "open-context",
	Severity: Medium,
	Summary:  "a wildcard admits several branches, tags or environments",
	Why:      "Who can push a matching branch or tag, or use a matching environment, is decided by the settings of the repository, which the policy does not show.",
	check: func(in *inspection) {
		in.subjects(func(g grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject) {
			if !s.Customized && s.Reach >= grant.Owner && !pinnedOtherwise(g, c) {
				in.checkContext(g, c, v, s)
			}
		})
		for _, g := range in.grants {
			for _, c := range g.On("ref", "environment") {
				if !c.Binding() || pinnedOtherwise(g, c) {
					continue
				}
				context := map[string]string{"ref": "ref:", "environment": "environment:"}[c.Claim]
				for _, v := range known(c.Values) {
					s := grant.Subject{Context: append(trust.NewPattern(context), v.Pattern(c.Operator)...)}
					in.checkContext(g, c, v, s)
				}
			}
		}
	},
}

// pinnedOtherwise reports whether another constraint than c pins the context.
func pinnedOtherwise(g grant.Grant, c grant.Constraint) bool {
	others := g
	others.Constraints = nil
	for _, other := range g.Constraints {
		if other.Pos != c.Pos {
			others.Constraints = append(others.Constraints, other)
		}
	}
	return narrowed(others)
}

// secondContext reports whether the rule odd-subject has something to say of
// what follows an environment.
func secondContext(context trust.Pattern) bool {
	why, _, _ := afterEnvironment(context)
	return why != ""
}

func (in *inspection) checkContext(g grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject) {
	fixed := prefix(s.Context)
	if isOpen(s.Context) || !s.Context.HasWildcards() || s.Spanned || secondContext(s.Context) {
		return
	}
	severity, admitted := Note, "every branch, tag or environment with a matching name"
	switch {
	case strings.HasPrefix("ref:refs/", fixed):
		severity, admitted = Medium, "every branch, tag and pull request"
	case strings.HasPrefix("ref:refs/heads/", fixed):
		severity, admitted = Medium, "every branch; anyone who can push one can assume the role"
	case strings.HasPrefix("environment:", fixed):
		severity, admitted = Medium, "every environment; a workflow creates one by naming it"
	case strings.HasPrefix("ref:refs/tags/", fixed):
		severity, admitted = Low, "every tag; anyone who can push one, on any commit, can assume the role"
	case isPullRequest(s.Context), !slices.ContainsFunc(grant.Contexts, func(c string) bool { return strings.HasPrefix(fixed, c) }):
		return // the rules pull-request and odd-subject report it
	}
	in.propose(severity, g.Statement, v.Pos, fmt.Sprintf("%s %q admits %s", c.Claim, v.Text, admitted), narrowContext(g, c, v, s))
}
