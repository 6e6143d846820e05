package diff

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/trust"
)

// A small world, so that random policies are often comparable.
var (
	keys      = []string{"g:sub", "g:aud", "g:ref", "aws:CalledVia"} // the last one with several values
	values    = []string{"a", "ab", "a/b", "B"}
	patterns  = []string{"a", "ab", "A", "*", "a*", "?", "*b", "a/*", "${g:aud}"}
	operators = []string{
		"StringEquals", "StringLike", "StringEqualsIgnoreCase", "StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase",
		"StringEqualsIfExists", "StringLikeIfExists", "StringNotLikeIfExists", "ForAllValues:StringLike", "ForAnyValue:StringLike",
		"ForAllValues:StringNotEquals", "ForAnyValue:StringNotLike", "Null",
	}
	numeric = []string{
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEqualsIfExists", "StringEquals",
	}
	numbers    = []string{"1", "1.0", "2", "2.5", "x"}
	actions    = []string{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:*", "*"}
	whom       = []any{"*", map[string]any{"AWS": "*"}, map[string]any{"Federated": "p"}, map[string]any{"Federated": []string{"p", "q"}}, map[string]any{"AWS": "111122223333"}}
	requesters = []trust.Principal{
		{Type: "Federated", ID: "p"}, {Type: "Federated", ID: "q"},
		{Type: "AWS", ID: "arn:aws:iam::111122223333:user/a", Account: "111122223333"},
	}
)

type statement struct {
	Effect       string
	Principal    any                            `json:",omitempty"`
	NotPrincipal any                            `json:",omitempty"`
	Action       any                            `json:",omitempty"`
	NotAction    any                            `json:",omitempty"`
	Condition    map[string]map[string][]string `json:",omitempty"`
}

type policy struct {
	Version   string
	Statement []statement
}

func (p policy) String() string {
	b, _ := json.Marshal(p)
	return string(b)
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func randomStatement(r *rand.Rand) statement {
	s := statement{Effect: pick(r, []string{"Allow", "Allow", "Allow", "Deny"}), Condition: map[string]map[string][]string{}}
	if r.IntN(6) == 0 {
		s.NotPrincipal = pick(r, whom)
	} else {
		s.Principal = pick(r, whom)
	}
	if r.IntN(6) == 0 {
		s.NotAction = pick(r, actions[:2])
	} else {
		s.Action = pick(r, actions)
	}
	for range r.IntN(3) {
		s.condition(r)
	}
	return s
}

func (s statement) condition(r *rand.Rand) {
	operator, key, from := pick(r, operators), pick(r, keys), patterns
	if r.IntN(6) == 0 {
		operator, key, from = pick(r, numeric), "aws:MultiFactorAuthAge", numbers
	}
	list := []string{}
	for range 1 + r.IntN(2) {
		v := pick(r, from)
		if operator == "Null" {
			v = fmt.Sprint(r.IntN(2) == 0)
		}
		list = append(list, v)
	}
	if s.Condition[operator] == nil {
		s.Condition[operator] = map[string][]string{}
	}
	s.Condition[operator][key] = list
}

func randomPolicy(r *rand.Rand) policy {
	p := policy{Version: pick(r, []string{trust.Version2008, trust.Version2012, trust.Version2012})}
	for range 1 + r.IntN(3) {
		p.Statement = append(p.Statement, randomStatement(r))
	}
	return p
}

// clone copies a policy by way of its text.
func (p policy) clone(t *testing.T) policy {
	t.Helper()
	var c policy
	if err := json.Unmarshal([]byte(p.String()), &c); err != nil {
		t.Fatal(err)
	}
	for i := range c.Statement {
		if c.Statement[i].Condition == nil {
			c.Statement[i].Condition = map[string]map[string][]string{}
		}
	}
	return c
}

// mutate changes one thing.
func (p *policy) mutate(r *rand.Rand) {
	i := r.IntN(len(p.Statement))
	s := &p.Statement[i]
	switch r.IntN(6) {
	case 0:
		p.Statement = append(p.Statement, randomStatement(r))
	case 1:
		if len(p.Statement) > 1 {
			p.Statement = slices.Delete(p.Statement, i, i+1)
		}
	case 2:
		s.condition(r)
	case 3:
		for operator := range s.Condition {
			delete(s.Condition, operator)
			break
		}
	case 4:
		for operator, byKey := range s.Condition {
			for key := range byKey {
				if operator != "Null" {
					byKey[key] = append(byKey[key], pick(r, patterns))
				}
			}
		}
	case 5:
		if s.Principal != nil {
			s.Principal = pick(r, whom)
		}
	}
}

func randomRequest(r *rand.Rand) trust.Request {
	ctx := trust.Context{}
	for _, key := range keys {
		if r.IntN(4) > 0 {
			ctx[key] = []string{pick(r, values)}
		}
	}
	for range r.IntN(3) {
		ctx["aws:CalledVia"] = append(ctx["aws:CalledVia"], pick(r, values))
	}
	if r.IntN(4) > 0 {
		ctx["aws:MultiFactorAuthAge"] = []string{pick(r, []string{"0", "1", "1.5", "2.0", "2.5", "3", "x", "1.0"})}
	}
	return trust.Request{Action: pick(r, actions[:2]), Principal: pick(r, requesters), Context: ctx}
}

func parse(t *testing.T, p policy) *trust.Policy {
	t.Helper()
	parsed, err := trust.Parse([]byte(p.String()))
	if err != nil {
		t.Fatalf("%s: %v", p, err)
	}
	return parsed
}

func TestSameIsNeverWider(t *testing.T) {
	for seed := range propertytest.Cases(500) {
		r := rand.New(rand.NewPCG(seed, 11))
		p := randomPolicy(r)
		if changes := compare(t, p.String(), p.String()); len(changes) > 0 {
			t.Fatalf("seed %d: %s\n%+v", seed, p, changes)
		}
		other := p.clone(t)
		slices.Reverse(other.Statement)
		for _, s := range other.Statement {
			for _, byKey := range s.Condition {
				for _, list := range byKey {
					slices.Reverse(list)
				}
			}
		}
		if changes := compare(t, p.String(), other.String()); len(changes) > 0 {
			t.Fatalf("seed %d: another order of %s\n%+v", seed, p, changes)
		}
	}
}

// If nothing is reported, whatever the new policy allows, the old one did.
func TestSilenceIsSound(t *testing.T) {
	silent, wider, tried := uint64(0), uint64(0), propertytest.Cases(1200)
	for seed := range tried {
		r := rand.New(rand.NewPCG(seed, 12))
		before := randomPolicy(r)
		after := before.clone(t)
		for range 1 + r.IntN(2) {
			after.mutate(r)
		}
		if len(compare(t, before.String(), after.String())) > 0 {
			wider++
			continue
		}
		silent++
		old, fresh := parse(t, before), parse(t, after)
		for range 100 {
			q := randomRequest(r)
			if fresh.Evaluate(q).Decision == trust.Allowed && old.Evaluate(q).Decision != trust.Allowed {
				t.Fatalf("seed %d: nothing reported, but %+v is allowed now\nold %s\nnew %s", seed, q, before, after)
			}
		}
	}
	t.Logf("%d silent, %d wider", silent, wider)
	if silent < tried/4 || wider < tried/4 {
		t.Error("the policies are too alike or too different to say much")
	}
}

// A statement less, or a condition more on every Allow, is never wider.
func TestNarrowingIsSilent(t *testing.T) {
	for seed := range propertytest.Cases(600) {
		r := rand.New(rand.NewPCG(seed, 13))
		before := randomPolicy(r)
		after := before.clone(t)
		after.Statement = slices.DeleteFunc(after.Statement, func(s statement) bool { return s.Effect == "Allow" && r.IntN(3) == 0 })
		for _, s := range after.Statement {
			operator, key := pick(r, operators[:8]), pick(r, keys)
			if s.Effect == "Allow" && s.Condition[operator][key] == nil {
				if s.Condition[operator] == nil {
					s.Condition[operator] = map[string][]string{}
				}
				s.Condition[operator][key] = []string{pick(r, patterns)}
			}
		}
		if len(after.Statement) == 0 {
			continue
		}
		if changes := compare(t, before.String(), after.String()); len(changes) > 0 {
			t.Fatalf("seed %d: %s to %s\n%+v", seed, before, after, changes)
		}
	}
}
