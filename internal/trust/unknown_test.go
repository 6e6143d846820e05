package trust

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// open reads JSON in which {NAME} is unknown.
type open struct{ *jsonlex.Lexer }

func (o open) Next() (Token, error) {
	t, err := o.Lexer.Next()
	token := Token{Token: t}
	if text := string(t.Text); strings.Contains(text, "{x}") || strings.Contains(text, "{y}") {
		opened := openText(text)
		token.Open = &opened
	}
	return token, err
}

func openText(text string) Text {
	var all []Text
	for text != "" {
		i := len(text)
		for _, mark := range []string{"{x}", "{y}"} {
			if at := strings.Index(text, mark); at >= 0 {
				i = min(i, at)
			}
		}
		all = append(all, Known(text[:i]))
		if text = text[i:]; text != "" {
			all = append(all, NewUnknown("${"+text[1:2]+"}", "parameter "+text[1:2]).Text())
			text = text[3:]
		}
	}
	return Concat(all...)
}

func parseOpen(t *testing.T, src string) *Policy {
	t.Helper()
	in := open{jsonlex.FromBytes([]byte(src))}
	first, err := in.Next()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Read(first, in)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return p
}

func TestUnknownDecisions(t *testing.T) {
	const allow, deny = `{"Effect": "Allow", "Action": "sts:*", "Principal": "*"`, `{"Effect": "Deny", "Action": "*", "Principal": "*"`
	statement := func(s string) string { return `{"Version": "2012-10-17", "Statement": [` + s + `]}` }
	condition := func(c string) string { return allow + `, "Condition": {` + c + `}}` }
	x, both := []string{"parameter x"}, []string{"parameter x", "parameter y"}
	tests := []struct {
		name, src string
		decision  Decision
		dependsOn []string
	}{
		{name: "value", src: statement(condition(`"StringLike": {"g:sub": "repo:{x}:*"}`)), decision: Undetermined,
			dependsOn: x},
		{name: "value that cannot match", src: statement(condition(`"StringLike": {"g:sub": "repository:{x}:*"}`)),
			decision: ImplicitDeny},
		{name: "value beside one that matches", src: statement(condition(`"StringLike": {"g:sub": ["{x}", "repo:*"]}`)),
			decision: Allowed},
		{name: "exclusion", src: statement(condition(`"StringNotLike": {"g:sub": "repo:{x}:*"}`)),
			decision: Undetermined, dependsOn: x},
		{name: "exclusion of what cannot match", src: statement(condition(`"StringNotLike": {"g:sub": "x{x}"}`)),
			decision: Allowed},
		{name: "wildcards that count as text", src: statement(condition(`"StringEquals": {"g:sub": "repo:{x}:*"}`)),
			decision: ImplicitDeny},
		{name: "absent key", src: statement(condition(`"StringEquals": {"g:none": "{x}"}`)), decision: ImplicitDeny},
		{name: "absent key with IfExists", src: statement(condition(`"StringEqualsIfExists": {"g:none": "{x}"}`)),
			decision: Allowed},
		{name: "case does not count", src: statement(condition(`"StringEqualsIgnoreCase": {"g:sub": "REPO:{x}:ref"}`)),
			decision: Undetermined, dependsOn: x},
		{name: "number", src: statement(condition(`"NumericLessThan": {"g:n": "{x}"}`)), decision: Undetermined,
			dependsOn: x},
		{name: "address", src: statement(condition(`"IpAddress": {"aws:SourceIp": "10.{x}/8"}`)),
			decision: Undetermined, dependsOn: x},
		{name: "presence", src: statement(condition(`"Null": {"g:sub": "{x}"}`)), decision: Undetermined, dependsOn: x},
		{name: "another condition fails", src: statement(condition(`"StringEquals": {"g:sub": "{x}", "g:n": "8"}`)),
			decision: ImplicitDeny},
		{name: "two of them", src: statement(condition(`"StringEquals": {"g:sub": "{x}", "g:n": "{y}"}`)),
			decision: Undetermined, dependsOn: both},
		{name: "key", src: statement(condition(`"StringEquals": {"{x}:sub": "repo:o/r:ref"}`)), decision: Undetermined,
			dependsOn: x},
		{name: "keys", src: statement(condition(`"StringEquals": "{x}"`)), decision: Undetermined, dependsOn: x},
		{name: "operator", src: statement(condition(`"{x}": {"g:sub": "a"}`)), decision: Undetermined, dependsOn: x},
		{name: "conditions", src: statement(allow + `, "Condition": "{x}"}`), decision: Undetermined, dependsOn: x},
		{name: "conditions and one that fails",
			src:      statement(allow + `, "Condition": {"StringEquals": {"g:n": "8"}, "StringLike": "{x}"}}`),
			decision: ImplicitDeny},
		{name: "action", src: statement(strings.Replace(allow, "sts:*", "sts:{x}", 1) + "}"), decision: Undetermined,
			dependsOn: x},
		{name: "action of another service", src: statement(strings.Replace(allow, "sts:*", "s3:{x}", 1) + "}"),
			decision: ImplicitDeny},
		{name: "principal", src: statement(strings.Replace(allow, `"*"`, `"{x}"`, 1) + "}"), decision: Undetermined,
			dependsOn: x},
		{name: "provider",
			src:      statement(strings.Replace(allow, `"*"`, `{"Federated": "arn:aws:iam::111122223333:oidc-provider/{x}"}`, 1) + "}"),
			decision: Undetermined, dependsOn: x},
		{name: "another account's provider",
			src:      statement(strings.Replace(allow, `"*"`, `{"Federated": "arn:aws:iam::444455556666:oidc-provider/{x}"}`, 1) + "}"),
			decision: ImplicitDeny},
		{name: "type of the principal", src: statement(strings.Replace(allow, `"*"`, `{"{x}": "a"}`, 1) + "}"),
			decision: Undetermined, dependsOn: x},
		{name: "all but an unknown one",
			src:      statement(strings.Replace(allow, `"Principal": "*"`, `"NotPrincipal": {"Federated": "{x}"}`, 1) + "}"),
			decision: Undetermined, dependsOn: x},
		{name: "effect", src: statement(strings.Replace(allow, "Allow", "{x}", 1) + "}"), decision: Undetermined,
			dependsOn: x},
		{name: "statement", src: statement(allow + `}, "{x}"`), decision: Undetermined, dependsOn: x},
		{name: "statement beside a Deny", src: statement(deny + `}, "{x}"`), decision: ExplicitDeny},
		{name: "policy", src: `"{x}"`, decision: Undetermined, dependsOn: x},
		{name: "version", src: strings.Replace(statement(allow+"}"), "2012-10-17", "{x}", 1), decision: Undetermined,
			dependsOn: x},
		{name: "Deny", src: statement(allow + "}, " + deny + `, "Condition": {"StringLike": {"g:sub": "repo:{x}"}}}`),
			decision: Undetermined, dependsOn: x},
		{name: "Deny without an Allow", src: statement(deny + `, "Condition": {"StringLike": {"g:sub": "repo:{x}"}}}`),
			decision: ImplicitDeny},
		{name: "variable and unknown", src: statement(condition(`"StringLike": {"g:sub": "repo:${g:owner}/{x}:*"}`)),
			decision: Undetermined, dependsOn: x},
		{name: "variable without a value", src: statement(condition(`"StringLike": {"g:sub": "repo:${g:none}/{x}:*"}`)),
			decision: ImplicitDeny},
	}
	request := Request{Action: WebIdentityAction, Principal: webIdentity,
		Context: Context{"g:sub": {"repo:o/r:ref"}, "g:n": {"7"}, "g:owner": {"o"}, "aws:SourceIp": {"10.1.2.3"}}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result := parseOpen(t, tt.src).Evaluate(request)
			if result.Decision != tt.decision || !slices.Equal(result.DependsOn, tt.dependsOn) {
				t.Errorf("%s, depends on %q", result.Decision, result.DependsOn)
			}
		})
	}
}

// Where a role is deployed is known from the provider that asks.
func TestAccountOfTheRole(t *testing.T) {
	arn := Concat(Known("arn:"), NewUnknown(Partition, "AWS::Partition").Text(), Known(":iam::"), NewUnknown(AccountID, "AWS::AccountId").Text(), Known(":"))
	for _, tt := range []struct {
		kind, rest string
		who        Principal
		want       answer
	}{
		{"Federated", "oidc-provider/token.actions.githubusercontent.com", webIdentity, yes},
		{"Federated", "oidc-provider/gitlab.com", webIdentity, no},
		{"AWS", "role/path/deployer", aRole, maybe}, // it can be of another account
		{"AWS", "role/other", aRole, no},
	} {
		text := Concat(arn, Known(tt.rest))
		if got := (PrincipalEntry{Type: tt.kind, ID: text.String(), text: text}).matches(tt.who); got != tt.want {
			t.Errorf("%s %s: %d", tt.kind, text, got)
		}
	}
}

// A provider is found in an ARN whose account and partition are unknown: what
// stands for them has colons.
func TestProviderOfUnknownAccount(t *testing.T) {
	for id, want := range map[string]string{
		"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com":                         "token.actions.githubusercontent.com",
		"arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com/octo": "token.actions.githubusercontent.com/octo",
		"arn:aws:iam::${Fn::Select [1, [\"a:b\"]]}:oidc-provider/token.example":                               "token.example",
		"arn:aws:iam::111122223333:role/x":                                                                    "",
		"x:oidc-provider/token.example":                                                                       "",
	} {
		if got, ok := ProviderOfARN(id); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, %v", id, got, ok)
		}
	}
}

func TestAlternatives(t *testing.T) {
	policy := func(sub string, given ...Assumption) *Policy {
		p := parseOpen(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Principal": "*", "Condition": {"StringLike": {"g:sub": "`+sub+`"}}}]}`)
		p.Given = given
		return p
	}
	live := func(value string) Assumption {
		return Assumption{Choice: "condition Live", Value: value, Key: "k", DependsOn: []string{"parameter Stage"}}
	}
	request := Request{Action: "a", Principal: webIdentity, Context: Context{"g:sub": {"a"}}}
	for _, tt := range []struct {
		name      string
		policies  Alternatives
		decision  Decision
		dependsOn []string
		given     string
	}{
		{name: "one", policies: Alternatives{policy("a")}, decision: Allowed},
		{name: "all allow", policies: Alternatives{policy("a", live("true")), policy("*", live("false"))},
			decision: Allowed, given: "true"},
		{name: "none allows", policies: Alternatives{policy("b", live("true")), policy("c", live("false"))},
			decision: ImplicitDeny, given: "true"},
		{name: "one allows", policies: Alternatives{policy("b", live("true")), policy("a", live("false"))},
			decision: Undetermined, dependsOn: []string{"parameter Stage"}, given: "false"},
		{name: "one cannot be told", policies: Alternatives{policy("b", live("true")), policy("{x}", live("false"))},
			decision: Undetermined, dependsOn: []string{"parameter Stage", "parameter x"}, given: "false"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			result := tt.policies.Evaluate(request)
			given := ""
			if len(result.Given) > 0 {
				given = result.Given[0].Value
			}
			if result.Decision != tt.decision || !slices.Equal(result.DependsOn, tt.dependsOn) || given != tt.given {
				t.Errorf("%+v", result)
			}
		})
	}
}

// Whatever the unknown turns out to be, a decision that is made without it
// stands; and one that is not made can go either way.
func TestDecisionsHoldForEveryValue(t *testing.T) {
	fill := []string{"a", "*", "", "b/c", "a*", "7", "10.0.0.1", "arn:aws:iam::1:role/a", "true", "2026-11-24"}
	undetermined, split, tried := uint64(0), uint64(0), worlds()/4
	for seed := range tried {
		r := rand.New(rand.NewPCG(seed, 6))
		p, q := randomPolicy(r), randomRequest(r)
		for _, s := range p.Statement {
			for _, keys := range s["Condition"].(map[string]map[string]any) {
				for _, key := range worldKeys {
					if values, ok := keys[key].([]string); ok && len(values) > 0 && r.IntN(2) == 0 {
						values[0] = pick(r, []string{"{x}", "a{x}", "{x}*", "{x}{y}", "*{x}b"})
					}
				}
			}
			if r.IntN(4) == 0 {
				if _, ok := s["Action"]; ok {
					s["Action"] = "sts:{y}"
				}
			}
		}
		src, _ := json.Marshal(p)
		got := parseOpen(t, string(src)).Evaluate(q).Decision
		seen := map[bool]bool{}
		for range 20 {
			concrete := strings.NewReplacer("{x}", pick(r, fill), "{y}", pick(r, []string{"a", "*", "AssumeRole", "AssumeRoleWithWebIdentity"})).Replace(string(src))
			filled, err := Parse([]byte(concrete))
			if err != nil {
				continue
			}
			want := filled.Evaluate(q).Decision
			seen[want == Allowed] = true
			if got != Undetermined && (got == Allowed) != (want == Allowed) {
				t.Fatalf("seed %d: %s, but %s for\n%s\nof\n%s\n%+v", seed, got, want, concrete, src, q)
			}
		}
		if got == Undetermined {
			undetermined++
			if len(seen) == 2 {
				split++
			}
		}
	}
	t.Logf("%d undetermined, of which %d go both ways", undetermined, split)
	if undetermined < tried/50 || split < undetermined/4 {
		t.Error("the test says little")
	}
}

func TestText(t *testing.T) {
	x, y := NewUnknown("${x}", "b", "a", "b"), NewUnknown("${y}", "c")
	mixed := Concat(Known("a"), Known("b:"), x.Text(), Known(":c"), y.Text())
	if got := mixed.String(); got != "ab:${x}:c${y}" {
		t.Error(got)
	}
	if diff := cmp.Diff(&Unknown{Expression: "ab:${x}:c${y}", DependsOn: []string{"a", "b", "c"}}, mixed.Unknown()); diff != "" {
		t.Error(diff)
	}
	if mixed.Wholly() != nil || x.Text().Wholly() != x || Known("a").Unknown() != nil {
		t.Error("which unknown is all of a text")
	}
	if mixed.Equal(Known(mixed.String())) || !mixed.Equal(Concat(Known("ab:"), x.Text(), Known(":c"), y.Text())) || Concat(Known("a"), Known("b")).String() != "ab" {
		t.Error("equality")
	}
	before, after := mixed.Cut(":c")
	if before.String() != "ab:${x}" || after.String() != "${y}" {
		t.Errorf("%s, %s", before, after)
	}
	if before, after := mixed.Cut("z"); !before.Equal(mixed) || !after.Equal(mixed) {
		t.Errorf("%s, %s", before, after)
	}
	if before, after := Known("a:b").Cut("z"); before.String() != "a:b" || after.String() != "" {
		t.Errorf("%s, %s", before, after)
	}
}

func TestUnknownPatterns(t *testing.T) {
	like := func(text string) Pattern { return openText(text).Pattern(true) }
	exact := func(text string) Pattern { return openText(text).Pattern(false) }
	tests := []struct {
		outer, inner Pattern
		contains     bool
	}{
		{like("{x}"), like("{x}"), true},
		{like("{x}"), like("{y}"), false},
		{like("{x}"), exact("{x}"), true},
		{exact("{x}"), like("{x}"), false}, // it may be a wildcard
		{like("*"), like("a{x}b"), true},
		{like("a*"), like("a{x}"), true},
		{like("a*"), like("{x}"), false},
		{like("repo:{x}:*"), like("repo:{x}:ref"), true},
		{like("repo:{x}:*"), like("repo:{y}:ref"), false},
		{like("repo:{x}*"), like("repo:{x}"), true},
		{like("?x?"), like("{x}"), false},
		{like("*x*"), like("{x}"), false},
		{like("*$*"), like("{x}"), false},
		{like("${x}"), like("{x}"), false}, // the text that the unknown is shown as
		{like("{x}"), like("${x}"), false},
		{like("{x}{y}"), like("{x}*{y}"), false},
		{like("{x}*{y}"), like("{x}a{y}"), true},
		{like("{x}*"), like("*"), false},
	}
	for _, tt := range tests {
		if got := tt.inner.Within(tt.outer); got != tt.contains {
			t.Errorf("%s contains %s: %t", tt.outer, tt.inner, got)
		}
	}
	p := like("a{x}*")
	if p.Match("ab") || !p.MayMatch("ab") || p.MayMatch("b") || !p.HasUnknown() || p.IsLiteral() || p.String() != "a${x}*" || p.Literals() != "a" {
		t.Errorf("%s", p)
	}
}

func TestOverlaps(t *testing.T) {
	for _, tt := range []struct {
		p, q string
		want bool
	}{
		{"a*", "*b", true}, {"a*", "b*", false}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"", "*", true}, {"", "?", false},
		{"*a*", "*b*", true}, {"a*b", "ab*c", false}, {"a*b*", "ab*c", true}, {"repo:o/r:*", "*:pull_request", true}, {"x", "x", true}, {"x", "y", false}, {"**", "a", true},
	} {
		if got := NewPattern(tt.p).Overlaps(NewPattern(tt.q)); got != tt.want || NewPattern(tt.q).Overlaps(NewPattern(tt.p)) != tt.want {
			t.Errorf("%s and %s: %t", tt.p, tt.q, got)
		}
	}
	// a text that matches both proves it
	r := rand.New(rand.NewPCG(1, 7))
	alphabet := []string{"a", "b", "*", "?"}
	random := func(from []string) string {
		s := ""
		for range r.IntN(6) {
			s += pick(r, from)
		}
		return s
	}
	for range propertytest.Cases(20_000) {
		p, q := random(alphabet), random(alphabet)
		text := random(alphabet[:2])
		if NewPattern(p).Match(text) && NewPattern(q).Match(text) && !NewPattern(p).Overlaps(NewPattern(q)) {
			t.Fatalf("%q matches %s and %s", text, p, q)
		}
	}
}

func TestLength(t *testing.T) {
	for src, want := range map[string]int{
		` { "Version" : "2012-10-17", "Statement" : [ {"Effect":"Allow","Action":["s:a","s:b"],"Principal":{"AWS":"1"},"Condition":{"Bool":{"k":true}}} ] } `: len(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s:a","s:b"],"Principal":{"AWS":"1"},"Condition":{"Bool":{"k":true}}}]}`),
		`{"Statement":{"Effect":"Allow","Sid":"ä","Action":"*","Principal":"*"}}`: len(`{"Statement":{"Effect":"Allow","Sid":"a","Action":"*","Principal":"*"}}`),
	} {
		if got := mustParse(t, src).Length; got != want {
			t.Errorf("%s: %d, want %d", src, got, want)
		}
	}
}

// What is not known of the request is as open as what is not known of the
// policy, under the condition key itself and in a policy variable.
func TestUnknownKeys(t *testing.T) {
	for condition, want := range map[string]Decision{
		`"StringEquals": {"g:ref": "a"}`:               Undetermined,
		`"StringNotEquals": {"G:REF": "a"}`:            Undetermined,
		`"StringLike": {"g:sub": "a/${g:ref}"}`:        Undetermined,
		`"StringEquals": {"g:sub": "b", "g:ref": "a"}`: ImplicitDeny,
		`"StringEquals": {"g:sub": "a/b"}`:             Allowed,
		`"StringEquals": {"g:aud": "c"}`:               Allowed, // known after all
		`"StringEquals": {"g:none": "a"}`:              ImplicitDeny,
	} {
		p := mustParse(t, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Principal": "*", "Condition": {`+condition+`}}}`)
		result := p.Evaluate(Request{Principal: webIdentity, Context: Context{"g:sub": {"a/b"}, "g:aud": {"c"}}, Unknown: []string{"g:ref", "g:aud"}})
		if result.Decision != want || want == Undetermined && !slices.Equal(result.DependsOn, []string{"claim ref"}) {
			t.Errorf("%s: %s, %q", condition, result.Decision, result.DependsOn)
		}
	}
}
