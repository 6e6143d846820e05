package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var pullRequest = Rule{
	ID:       "pull-request",
	Severity: High,
	Summary:  "pull requests can assume the role",
	Why: "A pull request runs proposed code before anyone has reviewed it. If pull requests need access to AWS, " +
		"give them a role of their own with read access.",
	check: func(in *inspection) {
		in.subjects(func(g grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject) {
			if isPullRequest(s.Context) && !reviewedWorkflow(g) && !keepsPullRequestsOut(g, c) && !in.denied(g, v.Pattern(c.Operator)) {
				in.reportPullRequest(g, c, v)
			}
		})
		for _, g := range in.grants {
			for _, c := range g.On("ref") {
				for _, v := range c.Values {
					if c.Binding() && strings.HasPrefix(v.Text, "refs/pull") && !reviewedWorkflow(g) && !keepsPullRequestsOut(g, c) {
						in.reportPullRequest(g, c, v)
					}
				}
			}
		}
	},
}

func (in *inspection) reportPullRequest(g grant.Grant, c grant.Constraint, v trust.Value) {
	s := c.Subject(v)
	s.Context = nil
	in.propose(High, g.Statement, v.Pos, fmt.Sprintf("%s %q admits pull requests, whose code nobody has reviewed", c.Claim, v.Text), narrowContext(g, c, v, s))
}

// isPullRequest reports whether the context speaks of pull requests, as pull*
// and p* do, rather than admitting them among everything else.
func isPullRequest(context trust.Pattern) bool {
	fixed := prefix(context)
	return strings.HasPrefix(fixed, "p") && (context.MayMatch("pull_request") || strings.HasPrefix(fixed, "pull_request:")) ||
		strings.HasPrefix(fixed, "ref:refs/pull")
}

// keepsPullRequestsOut reports whether another constraint than c admits no run
// of a pull request: another subject, the ref of a branch, or, since such a run
// with an environment has that in its subject, beside a subject an environment.
func keepsPullRequestsOut(g grant.Grant, c grant.Constraint) bool {
	admitted := map[string][]string{"ref": {"refs/pull/*"}, "sub": {"*:pull_request", "*:ref:refs/pull/*"}}
	if c.Claim == "ref" {
		admitted["sub"] = append(admitted["sub"], "*:environment:*")
	}
	return slices.ContainsFunc(g.Constraints, func(other grant.Constraint) bool {
		if other.Pos == c.Pos || !other.Binding() || other.Unknown != nil {
			return false
		}
		if other.Claim == "environment" {
			return c.Claim == "sub"
		}
		patterns, about := admitted[other.Claim]
		return about && !slices.ContainsFunc(other.Values, func(v trust.Value) bool {
			return slices.ContainsFunc(patterns, func(p string) bool { return v.Pattern(other.Operator).Overlaps(trust.NewPattern(p)) })
		})
	})
}

// reviewedWorkflow reports whether only one version of one reusable workflow
// can assume the role: then not the pull request says what runs.
func reviewedWorkflow(g grant.Grant) bool {
	unpinned := func(v trust.Value) bool {
		_, ref, found := strings.Cut(v.Text, "@")
		return !found || strings.HasPrefix(ref, "refs/pull/") || strings.ContainsAny(v.Text, "*?")
	}
	return slices.ContainsFunc(g.On("job_workflow_ref"), func(c grant.Constraint) bool {
		return c.Binding() && !slices.ContainsFunc(c.Values, unpinned)
	})
}

// denied reports whether a Deny statement about nothing but sub keeps out an
// example of what the pattern admits.
func (in *inspection) denied(g grant.Grant, p trust.Pattern) bool {
	example := strings.NewReplacer("*", "1", "?", "1").Replace(p.String())
	for _, d := range in.statements() {
		if d.Effect != trust.Deny || len(d.Conditions) == 0 || !g.Covered(d) {
			continue
		}
		aboutSub := true
		for _, c := range d.Conditions {
			claim, ok := g.Claim(c.Key)
			aboutSub = aboutSub && ok && claim == "sub"
		}
		if aboutSub && d.ConditionsHold(trust.Context{g.Key("sub"): {example}}) {
			return true
		}
	}
	return false
}
