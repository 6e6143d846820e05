package trust

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/org/aws-oidc-action/internal/propertytest"
)

// The random policies and requests below share a small world, so that
// statements match about as often as not.
var (
	worldKeys      = []string{"g:sub", "g:aud", "g:ref", "aws:SourceIp", "aws:CurrentTime", "n"}
	worldValues    = []string{"a", "ab", "a/b:c", "10.0.0.1", "2026-11-23T10:00:00Z", "7", "true", "arn:aws:iam::1:role/a"}
	worldPatterns  = append([]string{"*", "a*", "?", "a/*", "*b*", "10.0.0.0/8", "2026-11-24", "9", "${g:aud}", "${none, 'a'}", "arn:aws:*:*:*:*"}, worldValues...)
	worldOperators = func() []string {
		all := []string{"Null"}
		for _, base := range baseOperators {
			if base != "Null" {
				all = append(all, base, base+"IfExists", "ForAnyValue:"+base, "ForAllValues:"+base)
			}
		}
		return all
	}()
	worldActions    = []string{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:*", "*"}
	worldPrincipals = []any{
		"*", map[string]any{"AWS": "*"}, map[string]any{"Federated": provider},
		map[string]any{"AWS": []string{account, "444455556666"}}, map[string]any{"AWS": aUser.ID, "Federated": provider},
	}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// somePolicy is a policy as encoding/json sees it.
type somePolicy struct {
	Version   string
	Statement []map[string]any
}

func randomPolicy(r *rand.Rand) somePolicy {
	p := somePolicy{Version: pick(r, []string{Version2008, Version2012})}
	for range 1 + r.IntN(3) {
		p.Statement = append(p.Statement, randomStatement(r, pick(r, []string{"Allow", "Allow", "Deny"})))
	}
	return p
}

func randomStatement(r *rand.Rand, effect string) map[string]any {
	s := map[string]any{"Effect": effect}
	s[pick(r, []string{"Principal", "Principal", "Principal", "NotPrincipal"})] = pick(r, worldPrincipals)
	s[pick(r, []string{"Action", "Action", "Action", "NotAction"})] = pick(r, worldActions)
	conditions := map[string]map[string]any{}
	for range r.IntN(3) {
		addCondition(r, conditions)
	}
	s["Condition"] = conditions
	return s
}

// addCondition adds a condition that is not there yet.
func addCondition(r *rand.Rand, conditions map[string]map[string]any) {
	for {
		operator, key := pick(r, worldOperators), pick(r, worldKeys)
		if _, there := conditions[operator][key]; there {
			continue
		}
		values := []string{}
		for range r.IntN(3) {
			values = append(values, pick(r, worldPatterns))
		}
		if conditions[operator] == nil {
			conditions[operator] = map[string]any{}
		}
		conditions[operator][key] = values
		return
	}
}

func randomRequest(r *rand.Rand) Request {
	ctx := Context{}
	for _, key := range worldKeys {
		for range max(0, r.IntN(5)-2) {
			ctx[key] = append(ctx[key], pick(r, worldValues))
		}
	}
	return Request{
		Action:    pick(r, worldActions[:2]),
		Principal: pick(r, []Principal{webIdentity, webIdentity, aRole, aUser}),
		Context:   ctx,
	}
}

func (p somePolicy) decide(t *testing.T, q Request) Decision {
	t.Helper()
	return p.parse(t).Evaluate(q).Decision
}

func (p somePolicy) parse(t *testing.T) *Policy {
	t.Helper()
	src, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return mustParse(t, string(src))
}

// worlds is how many policies and requests a property is tried on.
func worlds() uint64 { return propertytest.Cases(20000) }

func TestAllowNeverSurvivesMatchingDeny(t *testing.T) {
	allowed, tried := uint64(0), worlds()
	for seed := range tried {
		r := rand.New(rand.NewPCG(seed, 1))
		p, q := randomPolicy(r), randomRequest(r)
		if p.decide(t, q) == Allowed {
			allowed++
		}
		deny := somePolicy{Version: p.Version, Statement: []map[string]any{randomStatement(r, "Deny")}}
		if deny.decide(t, q) != ExplicitDeny {
			continue
		}
		p.Statement = slices.Insert(p.Statement, r.IntN(len(p.Statement)+1), deny.Statement...)
		if got := p.decide(t, q); got != ExplicitDeny {
			t.Fatalf("seed %d: %s", seed, got)
		}
	}
	if allowed < tried/20 {
		t.Errorf("only %d of %d requests were allowed: the test says little", allowed, tried)
	}
}

func TestConditionNeverWidensAllow(t *testing.T) {
	for seed := range worlds() {
		r := rand.New(rand.NewPCG(seed, 2))
		p, q := randomPolicy(r), randomRequest(r)
		before := p.decide(t, q)
		for _, s := range p.Statement {
			if s["Effect"] == "Allow" {
				addCondition(r, s["Condition"].(map[string]map[string]any))
			}
		}
		after := p.decide(t, q)
		if before != Allowed && after != before {
			t.Fatalf("seed %d: %s became %s", seed, before, after)
		}
	}
}

// The order of statements, operators, keys and values, and the letter case
// of keys, have no meaning.
func TestOrderHasNoMeaning(t *testing.T) {
	for seed := range worlds() / 4 {
		r := rand.New(rand.NewPCG(seed, 3))
		p, q := randomPolicy(r), randomRequest(r)
		before := p.decide(t, q)
		slices.Reverse(p.Statement)
		upper := Context{}
		for key, values := range q.Context {
			slices.Reverse(values)
			upper[fmt.Sprintf("%c%s", key[0]-'a'+'A', key[1:])] = values
		}
		q.Context = upper
		if after := p.decide(t, q); after != before {
			t.Fatalf("seed %d: %s became %s", seed, before, after)
		}
	}
}

// An evaluator written a second time, from the documentation's tables, over
// what encoding/json makes of the policy: without positions, results,
// compiled values or the operators' table of the first.
func TestAgreesWithSecondEvaluator(t *testing.T) {
	for seed := range worlds() {
		r := rand.New(rand.NewPCG(seed, 4))
		p, q := randomPolicy(r), randomRequest(r)
		if got, want := p.decide(t, q), secondOpinion(p, q); got != want {
			src, _ := json.MarshalIndent(p, "", " ")
			t.Fatalf("seed %d: %s, second evaluator says %s\n%s\n%+v", seed, got, want, src, q)
		}
	}
}
