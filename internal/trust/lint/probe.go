package lint

import (
	"iter"
	"maps"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// keepsOut reports whether the evaluator confirms of a changed policy that it
// admits less than before: of the runs that the statement st admits besides the
// one that is meant, some no longer. One that was kept out must not be admitted
// before that is found. What other values than the one at the place of the
// finding admit does not count.
func (in *inspection) keepsOut(after *trust.Policy, st, at trust.Pos) bool {
	before, after := focus(in.policy, st, at), focus(after, st, at)
	admitted := 0
	for _, g := range in.grants {
		if g.Statement.Pos != st {
			continue
		}
		meant := example(g)
		for _, run := range probes(g, meant) {
			was, is := admits(before, g, run), admits(after, g, run)
			switch sub := g.Key("sub"); {
			case was && !is:
				return true
			case is && !was && first(run[sub]) != first(meant[sub]):
				return false
			case was:
				admitted++
			}
		}
	}
	return admitted == 0
}

// focus returns the policy with the value at a place alone in its condition.
func focus(p *trust.Policy, st, at trust.Pos) *trust.Policy {
	return p.Edit(st, func(s *trust.Statement) {
		for i, c := range s.Conditions {
			for _, v := range c.Values {
				if v.Pos == at {
					s.Conditions[i] = c.With(c.Operator)
					s.Conditions[i].Values = []trust.Value{v}
				}
			}
		}
	})
}

// admits reports whether a policy may admit the run.
func admits(p *trust.Policy, g grant.Grant, run trust.Context) bool {
	decision := p.Evaluate(trust.Request{Action: trust.WebIdentityAction, Principal: g.Principal(), Context: run}).Decision
	return decision == trust.Allowed || decision == trust.Undetermined
}

// probes are runs like the one that the grant means, each of which differs in
// what a finding can complain of: another repository or owner, another branch,
// a pull request, another environment, or a claim that is missing.
func probes(g grant.Grant, meant trust.Context) iter.Seq2[int, trust.Context] {
	sub := first(meant[g.Key("sub")])
	name, context, _ := strings.Cut(strings.TrimPrefix(sub, "repo:"), ":")
	owner, _, _ := strings.Cut(name, "/")
	changes := []map[string]string{
		{"sub": "repo:stranger/probe:" + context, "repository": "stranger/probe", "repository_id": "987654321", "repository_owner_id": "987654321", "enterprise_id": "987654321"},
		{"sub": "repo:" + owner + "/probe:" + context, "repository": strings.Split(owner, "@")[0] + "/probe", "repository_id": "987654321"},
		{"sub": "repo:" + name + ":ref:refs/heads/probe", "ref": "refs/heads/probe"},
		{"sub": "repo:" + name + ":ref:refs/tags/probe", "ref": "refs/tags/probe"},
		{"sub": "repo:" + name + ":pull_request", "ref": "refs/pull/1/merge"},
		{"sub": "repo:" + name + ":environment:probe", "environment": "probe"},
		{"job_workflow_ref": "stranger/probe/.github/workflows/probe.yml@refs/heads/main"},
		{"job_workflow_ref": workflowOf(first(meant[g.Key("job_workflow_ref")])) + "@refs/heads/probe"},
	}
	for _, c := range g.Constraints {
		changes = append(changes, map[string]string{c.Claim: ""})
	}
	return func(yield func(int, trust.Context) bool) {
		for i, change := range changes {
			run := maps.Clone(meant)
			for claim, value := range change {
				if run[g.Key(claim)] = []string{value}; value == "" {
					delete(run, g.Key(claim))
				}
			}
			if !yield(i, run) {
				return
			}
		}
	}
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func workflowOf(ref string) string {
	workflow, _, _ := strings.Cut(ref, "@")
	return workflow
}
