package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// remedy is what a finding proposes, in words that begin with a verb and as
// the change that is meant.
type remedy struct {
	text string
	edit func(*trust.Statement)

	// whole changes the policy as a whole, in place of edit.
	whole func(*trust.Policy) (*trust.Policy, error)
}

func (r remedy) apply(p *trust.Policy, at trust.Pos) (*trust.Policy, error) {
	if r.whole != nil {
		return r.whole(p)
	}
	return p.Edit(at, r.edit), nil
}

// propose adds a finding about a statement. Its remedy is printed only if the
// evaluator confirms it: if with it the rule has no such finding any more, and
// the runs that the policy's other conditions mean can assume the role.
func (in *inspection) propose(s Severity, st trust.Statement, at trust.Pos, message string, r remedy) {
	if !in.trial && !in.remedied(s, st, at, r) {
		r.text = ""
	}
	in.add(s, at, message, r.text)
}

func (in *inspection) remedied(s Severity, st trust.Statement, at trust.Pos, r remedy) bool {
	if r.text == "" || in.policy.Length > trust.MaxLength {
		return false // IAM would not store it anyway
	}
	p, err := r.apply(in.policy, st.Pos)
	if err != nil {
		return false
	}
	tried := &inspection{Role: in.Role, policy: p, options: in.options, rule: in.rule, grants: grant.Of(p), trial: true}
	in.rule.check(tried)
	if slices.ContainsFunc(tried.findings, func(f Finding) bool { return f.Pos == at && f.Severity >= s }) {
		return false
	}
	for _, after := range tried.grants {
		if !admitsExample(after, p) && (after.Statement.Pos == st.Pos || in.admitted(after.Statement.Pos)) {
			return false
		}
	}
	return s < Medium || s == Error || in.keepsOut(p, st.Pos, at)
}

// admitted reports whether the grant of the statement at a place admits what
// it means as the policy is.
func (in *inspection) admitted(at trust.Pos) bool {
	return slices.ContainsFunc(in.grants, func(g grant.Grant) bool { return g.Statement.Pos == at && admitsExample(g, in.policy) })
}

// admitsExample reports whether a run with the values that the
// grant's conditions demand meets them all: whether they fit together. What
// they demand beyond the token is assumed.
func admitsExample(g grant.Grant, p *trust.Policy) bool {
	ctx := example(g)
	testable := func(s trust.Statement) trust.Statement {
		s.Conditions = slices.DeleteFunc(slices.Clone(s.Conditions), func(c trust.Condition) bool {
			_, ours := g.Claim(c.Key)
			_, absent := g.Absent(c)
			text := strings.HasPrefix(c.Operator.Base, "String") || c.Operator.Base == "Null"
			return !ours || absent || !text || len(c.Values) == 0 || slices.ContainsFunc(c.Values, func(v trust.Value) bool { return literalWildcard(c.Operator, v) })
		})
		return s
	}
	if testable(g.Statement).ConditionsFail(ctx) {
		return false
	}
	return !slices.ContainsFunc(p.Statements, func(d trust.Statement) bool {
		same := testable(d)
		return d.Effect == trust.Deny && g.Covered(d) && len(same.Conditions) == len(d.Conditions) && same.ConditionsHold(ctx)
	})
}

// example returns the condition keys of a run that the grant means.
func example(g grant.Grant) trust.Context {
	claims := map[string]string{"aud": oidc.DefaultAudience, "actor": "x", "actor_id": "1", "workflow": "x", "repository_id": "1", "repository_owner_id": "1"}
	demanded := func(claim string) (trust.Pattern, bool) {
		for _, c := range g.On(claim) {
			if c.Binding() && len(c.Values) > 0 {
				return c.Values[0].Pattern(c.Operator), true
			}
		}
		return nil, false
	}
	if _, demands := demanded("job_workflow_ref"); !demands {
		claims["job_workflow_ref"] = "x"
	}
	for _, claim := range trust.ConditionKeys(g.Provider()) {
		if p, ok := demanded(claim); ok {
			claims[claim] = exampleText(p)
		}
	}
	if p, ok := demanded("sub"); ok {
		s := grant.ParseSubject(p)
		if len(s.Context) > 0 && isOpen(s.Context) {
			claims["sub"] = strings.TrimRight(claims["sub"], "x") + pinnedContext(g)
		}
		if _, there := claims["repository"]; !there && s.Owner != "" && s.Repository != "" {
			claims["repository"] = exampleText(trust.NewPattern(s.Owner + "/" + s.Repository))
		}
		// what a default subject says, the other claims say too
		if _, context, found := strings.Cut(strings.TrimPrefix(claims["sub"], "repo:"), ":"); found && !s.Customized {
			kind, name, _ := strings.Cut(context, ":")
			if kind == "ref" || kind == "environment" {
				claims[kind] = name
			}
		}
	}
	ctx := trust.Context{}
	for claim, text := range claims {
		ctx[g.Key(claim)] = []string{text}
	}
	return ctx
}

// exampleText returns a text that matches the pattern.
func exampleText(p trust.Pattern) string {
	return strings.NewReplacer("*", "x", "?", "x").Replace(p.String())
}

// pinnedContext returns what conditions beside the subject say of the context,
// or the main branch.
func pinnedContext(g grant.Grant) string {
	for _, claim := range []string{"environment", "ref"} {
		for _, c := range g.On(claim) {
			if c.Binding() && len(c.Values) > 0 && c.Values[0].Pattern(c.Operator).IsLiteral() {
				return claim + ":" + c.Values[0].Text
			}
		}
	}
	return "ref:refs/heads/main"
}

// narrowValue proposes a subject in place of a value of c. A value of another
// claim than sub stays, and the subject comes besides.
func narrowValue(g grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject) remedy {
	if c.Claim != "sub" {
		return addSubject(g, s)
	}
	subject := proposedSubject(g, s)
	return edited(use(line(g.Key("sub"), subject)), func(st *trust.Statement) {
		for i, other := range st.Conditions {
			if other.Pos == c.Pos && len(other.Values) == 1 {
				st.Conditions[i].Operator = trust.Operator{Base: "StringEquals"}
			}
			values := slices.Clone(other.Values)
			for j, w := range values {
				if w.Pos == v.Pos && w.Text == v.Text {
					values[j] = trust.NewValue(subject, v.Pos)
				}
			}
			st.Conditions[i].Values = values
		}
	})
}

// narrowContext proposes one branch, tag or environment in place of a value of
// c, which is a pattern of them.
func narrowContext(g grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject) remedy {
	if c.Claim == "sub" {
		return narrowValue(g, c, v, s)
	}
	value := "ENVIRONMENT"
	if c.Claim == "ref" {
		value = "refs/heads/main"
	}
	return changeCondition(use(line(c.Key, value)), c.Condition, func(c *trust.Condition) {
		c.Operator, c.Values = trust.Operator{Base: "StringEquals"}, []trust.Value{trust.NewValue(value, v.Pos)}
	})
}

// use and add are the words of a remedy that replaces a condition's value, or
// adds conditions.
func use(line string) string { return "use " + line + " under StringEquals" }
func add(lines ...string) string {
	return "add " + strings.Join(lines, " and ") + " under StringEquals"
}

// edited returns a remedy that changes the statement.
func edited(text string, edit func(*trust.Statement)) remedy { return remedy{text: text, edit: edit} }

// addSubject proposes a condition on sub.
func addSubject(g grant.Grant, s grant.Subject) remedy {
	return addConditions(g, "sub", proposedSubject(g, s))
}

// addConditions proposes conditions by StringEquals, of claims and values.
func addConditions(g grant.Grant, pairs ...string) remedy {
	var lines []string
	for i := 0; i < len(pairs); i += 2 {
		lines = append(lines, line(g.Key(pairs[i]), pairs[i+1]))
	}
	return edited(add(lines...), func(st *trust.Statement) {
		for i := 0; i < len(pairs); i += 2 {
			st.Conditions = append(st.Conditions, trust.Condition{
				Pos: st.Pos, Operator: trust.Operator{Base: "StringEquals"}, Key: g.Key(pairs[i]), Values: []trust.Value{trust.NewValue(pairs[i+1], st.Pos)},
			})
		}
	})
}

// both proposes two changes.
func both(a, b remedy) remedy {
	return edited(a.text+", and "+b.text, func(st *trust.Statement) {
		a.edit(st)
		b.edit(st)
	})
}

// changeCondition proposes a change to one condition.
func changeCondition(text string, c trust.Condition, change func(*trust.Condition)) remedy {
	return edited(text, func(st *trust.Statement) {
		for i := range st.Conditions {
			if st.Conditions[i].Pos == c.Pos {
				change(&st.Conditions[i])
			}
		}
	})
}

// deleteCondition proposes to take a condition out.
func deleteCondition(text string, c trust.Condition) remedy {
	return edited(text, func(st *trust.Statement) {
		st.Conditions = slices.DeleteFunc(st.Conditions, func(other trust.Condition) bool { return other.Pos == c.Pos })
	})
}

// plainOperator proposes the operator without its set and IfExists.
func plainOperator(c trust.Condition) remedy {
	plain := trust.Operator{Base: c.Operator.Base}
	return changeCondition(fmt.Sprintf("use %s instead of %s", plain, c.Operator), c, func(c *trust.Condition) { c.Operator = plain })
}

// removeIdle proposes to take out a condition that limits nothing, and
// removeImpossible one that nothing meets, which widens the statement.
func removeIdle(c trust.Condition) remedy { return deleteCondition("remove the condition", c) }
func removeImpossible(c trust.Condition) remedy {
	return deleteCondition("if the runs that meet the other conditions are meant to assume the role, remove this condition", c)
}

// breadth is how grave it is if a condition of the grant demands nothing: by
// what the other conditions still demand.
func breadth(g grant.Grant, idle trust.Condition) Severity {
	g.Constraints = slices.DeleteFunc(slices.Clone(g.Constraints), func(c grant.Constraint) bool { return c.Pos == idle.Pos })
	decisive, ok := g.Decisive()
	switch {
	case !ok || !decisive.Binding() || decisive.Reach() == grant.Anyone || decisive.Reach() == grant.OwnerPattern:
		return Critical
	case decisive.Reach() < grant.Repository:
		return High
	case narrowed(g):
		return Low
	}
	return Medium
}
