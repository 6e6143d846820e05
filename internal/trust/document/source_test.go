package document

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

func text(s string) Value { return Scalar(jsonlex.String, trust.Known(s), trust.Pos{Line: 1}) }

func object(pairs ...Value) Value {
	var keys, items []Value
	for i := 0; i < len(pairs); i += 2 {
		keys, items = append(keys, pairs[i]), append(items, pairs[i+1])
	}
	return Object(keys, items, trust.Pos{Line: 1})
}

func policyTo(who Value) Value {
	return object(text("Statement"), List([]Value{object(text("Effect"), text("Allow"), text("Action"), text("sts:AssumeRole"), text("Principal"), object(text("AWS"), who))}, trust.Pos{Line: 1}))
}

// A role of a source has a policy for each alternative in which it exists.
func TestSource(t *testing.T) {
	const stage = "variable stage"
	s := NewSource(t.Context(), Options{})
	choose := func() int { return s.Choose("var.stage", stage, []string{stage}, []string{"dev", "prod", "none"}) }
	accounts := []string{"111111111111", "222222222222"}
	role := s.Role(Role{}, func() (trust.Text, int, bool) {
		i := choose()
		return trust.Known("deploy"), 3600 * (i + 1), i < len(accounts)
	}, func() (Value, bool) {
		i := choose()
		if i >= len(accounts) {
			return Value{}, false
		}
		return policyTo(text(accounts[i])), true
	})
	if role.Name != "deploy" || role.MaxSessionDuration != 7200 || len(role.Policies) != 2 || role.Err != nil {
		t.Fatalf("%+v", role)
	}
	for i, account := range accounts {
		who := trust.Principal{Type: "AWS", ID: "arn:aws:iam::" + account + ":root", Account: account}
		result := role.Policies.Evaluate(trust.Request{Action: "sts:AssumeRole", Principal: who})
		if result.Decision != trust.Undetermined || !slices.Contains(result.DependsOn, stage) {
			t.Errorf("%s: %s, depends on %q", account, result.Decision, result.DependsOn)
		}
		if decision := role.Policies[i].Evaluate(trust.Request{Action: "sts:AssumeRole", Principal: who}).Decision; decision != trust.Allowed {
			t.Errorf("%s in its own alternative: %s", account, decision)
		}
	}
	before := s.Chosen()
	if s.Depend(); s.Chosen() == before {
		t.Error("an outcome that is used again does not count as chosen")
	}
}

func TestSourceDecodes(t *testing.T) {
	s := NewSource(t.Context(), Options{})
	value, err := s.Decode(trust.Known(`{"a": ["b"]}`), func(p trust.Pos) trust.Pos { return p })
	if err != nil {
		t.Fatal(err)
	}
	kind, _, keys, items := value.Parts()
	if kind != jsonlex.ObjectStart || len(keys) != 1 || len(items) != 1 {
		t.Fatalf("%v with %d keys", kind, len(keys))
	}
	kind, _, _, items = items[0].Parts()
	if _, b, _, _ := items[0].Parts(); kind != jsonlex.ListStart || b.String() != "b" {
		t.Errorf("%v with %s", kind, b)
	}
	if _, err := s.Decode(trust.Known(`{"a": [`), func(p trust.Pos) trust.Pos { return p }); err == nil {
		t.Error("what is cut is read")
	}
}

func TestSourceEnds(t *testing.T) {
	s := NewSource(t.Context(), Options{})
	if !s.Spend(trust.Pos{Line: 1}, 1) || s.Err() != nil {
		t.Errorf("at the beginning: %v", s.Err())
	}
	first := errors.New("first")
	s.Fail(first)
	s.Fail(errors.New("second"))
	if s.Spend(trust.Pos{Line: 1}, 1) || !errors.Is(s.Err(), first) {
		t.Errorf("after a failure: %v", s.Err())
	}
}

func TestWhatUnknownsDependOn(t *testing.T) {
	all := []string{"parameter Stage", "variable repository", "AWS::Region", "placeholder ${x}", "export a"}
	if got := Parameters(all); !slices.Equal(got, []string{"Stage", "repository", "AWS::Region"}) {
		t.Errorf("parameters %q", got)
	}
	if got := Placeholders(all); !slices.Equal(got, []string{"placeholder ${x}"}) {
		t.Errorf("placeholders %q", got)
	}
}

// What a source says of something makes unknowns of two sources the same, or
// not.
func TestSourceDefines(t *testing.T) {
	const account = "data source aws_caller_identity.me"
	unknown := func(definitions ...string) *trust.Unknown {
		s := NewSource(t.Context(), Options{})
		for _, d := range definitions {
			s.Define(account, d)
		}
		who := Scalar(jsonlex.String, trust.NewUnknown("${data.aws_caller_identity.me.account_id}", account).Text(), trust.Pos{Line: 1})
		role := s.Role(Role{}, func() (trust.Text, int, bool) { return trust.Known("deploy"), 0, true }, func() (Value, bool) { return policyTo(who), true })
		if len(role.Policies) != 1 {
			t.Fatalf("%+v", role)
		}
		return role.Policies[0].Statements[0].Principal.Entries[0].Text().Unknown()
	}
	one := unknown("provider = aws.a")
	for _, tt := range []struct {
		name        string
		definitions []string
		same        bool
	}{
		{"the same definition", []string{"provider = aws.a"}, true},
		{"the same definition twice", []string{"provider = aws.a", "provider = aws.a"}, true},
		{"another definition", []string{"provider = aws.b"}, false},
		{"one more definition", []string{"provider = aws.a", "provider = aws.b"}, false},
		{"none", nil, false},
	} {
		if got := unknown(tt.definitions...); got.Same(one) != tt.same {
			t.Errorf("%s: %q is the same as %q: want %v", tt.name, got.Definition, one.Definition, tt.same)
		}
	}
}

// Of too many combinations the rest is unknown, and the same in another source
// only if all that it says of choices is the same.
func TestSourceDefinesChoices(t *testing.T) {
	rest := func(definition string, choices int) *trust.Unknown {
		s := NewSource(t.Context(), Options{})
		s.DefineChoices(func() string { return definition })
		return s.Alternatives(func() {
			for i := range choices {
				name := fmt.Sprintf("local x%d", i)
				s.Choose(name, name, []string{name}, []string{"a", "b"})
			}
		})
	}
	if all := rest("x = 1", 6); all != nil {
		t.Errorf("open after 64 combinations: %+v", all)
	}
	one, other := rest("x = 1", 7), rest("x = 2", 7)
	if one == nil || other == nil || len(one.DependsOn) != 7 {
		t.Fatalf("open after more than 64 combinations: %+v, %+v", one, other)
	}
	if one.Definition == other.Definition || one.Definition != rest("x = 1", 7).Definition {
		t.Errorf("definitions %q and %q", one.Definition, other.Definition)
	}
}
