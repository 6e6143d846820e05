package diff

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// templateOf has a role with the statements.
func templateOf(sections, statements string) string {
	return `
Parameters: { Who: { Type: String }, Repo: { Type: String }, List: { Type: CommaDelimitedList }, Stage: { Type: String, AllowedValues: [dev, prod] } }
` + sections + `
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: ` + statements + "\n"
}

func allow(conditions string) string {
	return `{ Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity", Principal: { Federated: p }, Condition: ` + conditions + " }"
}

// onlyIf makes the role of templateOf depend on a condition.
func onlyIf(condition, template string) string {
	return strings.Replace(template, "    Properties:", "    Condition: "+condition+"\n    Properties:", 1)
}

// withResource adds a resource C to templateOf.
func withResource(kind, property, statements string) string {
	return templateOf("", statements) + "  C: { Type: " + kind + ", Properties: { P: " + property + " } }\n"
}

// many has a role with more combinations of choices than are looked at one by
// one, of which one that is not looked at has the value.
func many(value string) string {
	conditions, values := "Conditions:\n", ""
	for i := range 8 {
		conditions += fmt.Sprintf("  C%d: !Equals [!ImportValue v%d, x]\n", i, i)
		values += fmt.Sprintf(", !If [C%d, a, b]", i)
	}
	rare := "!If [C0, a, !If [C1, a, " + value + "]]"
	return templateOf(conditions, allow(`{ StringEquals: { "g:sub": [`+strings.TrimPrefix(values, ", ")+", "+rare+"] } }"))
}

// lasting sets a duration of sessions for the role of templateOf.
func lasting(seconds, template string) string {
	return strings.Replace(template, "    Properties:", "    Properties:\n      MaxSessionDuration: "+seconds, 1)
}

// What is unknown is reported as such, and two different expressions are
// never the same.
func TestUnknown(t *testing.T) {
	sub := func(value string) string { return allow(`{ StringLike: { "g:sub": ` + value + " } }") }
	const prod = "Conditions: { Prod: !Equals [!Ref Stage, prod] }"
	tests := []struct {
		name, before, after string
		want                []string
	}{
		{name: "same parameter", before: templateOf("", sub("!Ref Who")), after: templateOf("", sub("!Ref Who"))},
		{name: "other parameter", before: templateOf("", sub("!Ref Who")), after: templateOf("", sub("!Ref Repo")),
			want: []string{"might parameter Repo, parameter Who"}},
		{name: "other element", before: templateOf("", sub("!Select [0, !Ref List]")),
			after: templateOf("", sub("!Select [1, !Ref List]")), want: []string{"might parameter List"}},
		{name: "other import", before: templateOf("", sub("!ImportValue a")),
			after: templateOf("", sub("!ImportValue b")), want: []string{"might export a, export b"}},
		{name: "parameter to text", before: templateOf("", sub("!Ref Who")), after: templateOf("", sub("a")),
			want: []string{"might parameter Who"}},
		{name: "text to parameter", before: templateOf("", sub("a")), after: templateOf("", sub("!Ref Who")),
			want: []string{"might parameter Who"}},
		{name: "text that contains the parameter", before: templateOf("", sub("'*'")),
			after: templateOf("", sub("!Ref Who"))},
		{name: "parameter to all", before: templateOf("", sub("!Ref Who")), after: templateOf("", sub("'*'")),
			want: []string{"might parameter Who"}},
		{name: "narrower beside a parameter", before: templateOf("", sub("!Sub 'repo:${Repo}:*'")),
			after: templateOf("", sub("!Sub 'repo:${Repo}:ref:refs/heads/main'"))},
		{name: "wider beside a parameter", before: templateOf("", sub("!Sub 'repo:${Repo}:ref:refs/heads/main'")),
			after: templateOf("", sub("!Sub 'repo:${Repo}:*'")), want: []string{"might parameter Repo"}},
		{name: "one value more", before: templateOf("", sub("!Ref Who")), after: templateOf("", sub("[!Ref Who, a]")),
			want: []string{"might parameter Who"}},
		{name: "text that looks like the expression", before: templateOf("", sub("!Ref Who")),
			after: templateOf("", sub("'${Who}'")), want: []string{"might parameter Who, placeholder ${Who}"}},
		{name: "stricter operator", before: templateOf("", sub("!Ref Who")),
			after: templateOf("", strings.Replace(sub("!Ref Who"), "StringLike", "StringEquals", 1))},
		{name: "laxer operator",
			before: templateOf("", strings.Replace(sub("!Ref Who"), "StringLike", "StringEquals", 1)),
			after:  templateOf("", sub("!Ref Who")), want: []string{"might parameter Who"}},
		{name: "same conditions", before: templateOf("", allow("!GetAtt C.Value")),
			after: templateOf("", allow("!GetAtt C.Value"))},
		{name: "other conditions", before: templateOf("", allow("!GetAtt C.Value")),
			after: templateOf("", allow("!GetAtt D.Value")),
			want:  []string{"might reference C.Value, reference D.Value"}},
		{name: "conditions dropped", before: templateOf("", allow("!GetAtt C.Value")),
			after: templateOf("", allow("{}")), want: []string{"certain "}},
		{name: "same statement", before: templateOf("", "[!Ref Who]"), after: templateOf("", "[!Ref Who]")},
		{name: "unknown statement", before: templateOf("", "["+sub("a")+"]"),
			after: templateOf("", "["+sub("a")+", !Ref Who]"), want: []string{"might parameter Who"}},
		{name: "statement in place of an unknown one", before: templateOf("", "[!Ref Who]"),
			after: templateOf("", "["+sub("a")+"]"), want: []string{"might parameter Who"}},
		{name: "unknown statement gone", before: templateOf("", "["+sub("a")+", !Ref Who]"),
			after: templateOf("", "["+sub("a")+"]"), want: []string{"might parameter Who"}},
		{name: "denial gone beside an unknown statement",
			before: templateOf("", "[!Ref Who, { Effect: Deny, Principal: '*', Action: '*' }]"),
			after:  templateOf("", "[!Ref Who]"), want: []string{"might parameter Who"}},
		{name: "same unknown key", before: templateOf("", allow(`{ StringLike: { "${Who}:sub": ["a*", "b"] } }`)),
			after: templateOf("", allow(`{ StringLike: { "${Who}:sub": "ab" } }`))},
		{name: "unknown key, wider", before: templateOf("", allow(`{ StringLike: { "${Who}:sub": "a" } }`)),
			after: templateOf("", allow(`{ StringLike: { "${Who}:sub": "a*" } }`)),
			want:  []string{"might placeholder ${Who}"}},
		{name: "another unknown key", before: templateOf("", allow(`{ StringLike: { "${Who}:sub": "a" } }`)),
			after: templateOf("", allow(`{ StringLike: { "${Repo}:sub": "a" } }`)),
			want:  []string{"might placeholder ${Repo}, placeholder ${Who}"}},
		{name: "expanded in one version only",
			before: strings.Replace(templateOf("", sub("!Ref Who")), "2012-10-17", "2008-10-17", 1),
			after:  templateOf("", sub("!Ref Who")), want: []string{"might parameter Who"}},
		{name: "unknown principal", before: templateOf("", sub("a")),
			after: templateOf("", strings.Replace(sub("a"), "{ Federated: p }", "!Ref Who", 1)),
			want:  []string{"might parameter Who"}},
		{name: "action", before: templateOf("", sub("a")),
			after: templateOf("", strings.Replace(sub("a"), `"sts:AssumeRoleWithWebIdentity"`, "!Ref Who", 1)),
			want:  []string{"might parameter Who"}},
		{name: "both branches", before: templateOf(prod, sub("!If [Prod, a, b]")),
			after: templateOf(prod, sub("!If [Prod, a, b]"))},
		{name: "branches swapped", before: templateOf(prod, sub("!If [Prod, a, b]")),
			after: templateOf(prod, sub("!If [Prod, b, a]")),
			want:  []string{`certain  (if parameter Stage is "dev")`, `certain  (if parameter Stage is "prod")`}},
		{name: "one branch", before: templateOf(prod, sub("!If [Prod, a, b]")),
			after: templateOf(prod, sub("!If [Prod, a, c]")), want: []string{`certain  (if parameter Stage is "dev")`}},
		{name: "a branch less", before: templateOf(prod, sub("!If [Prod, [a, b], b]")),
			after: templateOf(prod, sub("b"))},
		{name: "a choice more", before: templateOf(prod, sub("a")), after: templateOf(prod, sub("!If [Prod, a, b]")),
			want: []string{`certain  (if parameter Stage is "dev")`}},
		{name: "another condition",
			before: templateOf("Conditions: { Prod: !Equals [!ImportValue x, y] }", sub("!If [Prod, a, b]")),
			after:  templateOf("Conditions: { Prod: !Equals [!ImportValue z, y] }", sub("!If [Prod, a, b]")),
			want:   []string{"certain  (if condition Prod is true and condition Prod is false)", "certain  (if condition Prod is false and condition Prod is true)"}},
		{name: "existing sometimes", before: onlyIf("Prod", templateOf(prod, sub("a"))),
			after: onlyIf("Prod", templateOf(prod, sub("a")))},
		{name: "existing less often", before: templateOf(prod, sub("a")),
			after: onlyIf("Prod", templateOf(prod, sub("a")))},
		{name: "existing always", before: onlyIf("Prod", templateOf(prod, sub("a"))), after: templateOf(prod, sub("a")),
			want: []string{`certain  (if parameter Stage is "dev")`}},
		{name: "existing otherwise", before: onlyIf("Prod", templateOf(prod, sub("a"))),
			after: onlyIf("Prod", templateOf("Conditions: { Prod: !Not [!Equals [!Ref Stage, prod]] }", sub("a"))),
			want:  []string{"certain "}},
		{name: "longer sessions for some", before: templateOf("", sub("a")),
			after: lasting("!Ref Who", templateOf("", sub("a"))), want: []string{"might parameter Who"}},
		{name: "sessions as before", before: lasting("!Ref Who", templateOf("", sub("a"))),
			after: lasting("!Ref Who", templateOf("", sub("a")))},
		{name: "same custom resource", before: withResource("Custom::Subject", "a", sub("!GetAtt C.Value")),
			after: withResource("Custom::Subject", "a", sub("!GetAtt C.Value"))},
		{name: "another content of a custom resource", before: withResource("Custom::Subject", "a", sub("!GetAtt C.Value")),
			after: withResource("Custom::Subject", "b", sub("!GetAtt C.Value")), want: []string{"might resource C.Value"}},
		{name: "another content within a text", before: withResource("Custom::Subject", "a", sub("!Sub '${C.Value}:*'")),
			after: withResource("Custom::Subject", "b", sub("!Sub '${C.Value}:*'")), want: []string{"might resource C.Value"}},
		{name: "another content of a bucket", before: withResource("AWS::S3::Bucket", "a", sub("!GetAtt C.Arn")),
			after: withResource("AWS::S3::Bucket", "b", sub("!GetAtt C.Arn"))},
		{name: "another content of a nested stack", before: withResource("AWS::CloudFormation::Stack", "a", sub("a")),
			after: withResource("AWS::CloudFormation::Stack", "b", sub("a")), want: []string{"might nested template of C"}},
		{name: "same of many combinations", before: many("x"), after: many("x")},
		{name: "one of many combinations", before: many("x"), after: many("y"),
			want: []string{"might condition C0, condition C1, condition C2, condition C3, condition C4, condition C5, condition C6, condition C7"}},
		{name: "a value more to choose",
			before: templateOf("", sub("!FindInMap [M, !Ref Stage, s]")+"\nMappings: { M: { dev: { s: a }, prod: { s: b } } }"),
			after:  strings.Replace(templateOf("", sub("!FindInMap [M, !Ref Stage, s]")+"\nMappings: { M: { dev: { s: a }, prod: { s: b }, test: { s: '*' } } }"), "[dev, prod]", "[dev, prod, test]", 1),
			want:   []string{`certain  (if parameter Stage is "test")`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range compare(t, tt.before, tt.after) {
				line := map[bool]string{true: "might ", false: "certain "}[c.Might] + strings.Join(c.DependsOn, ", ")
				if len(c.Given) > 0 {
					line += " (" + trust.Given(c.Given) + ")"
				}
				if c.Might != strings.Contains(c.Message, "might be wider") {
					t.Errorf("%+v", c)
				}
				if len(got) == 0 || got[len(got)-1] != line {
					got = append(got, line)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// If nothing is reported, whatever the parameters are, what the new template
// allows, the old one did.
func TestSilenceIsSoundForEveryValue(t *testing.T) {
	silent, wider, tried := uint64(0), uint64(0), propertytest.Cases(400)
	for seed := range tried {
		r := rand.New(rand.NewPCG(seed, 14))
		before := randomPolicy(r)
		before.openUp(r)
		after := before.clone(t)
		for range 1 + r.IntN(2) {
			after.mutate(r)
		}
		if r.IntN(3) == 0 {
			after.openUp(r)
		}
		old, fresh := before.template(), after.template()
		if len(compare(t, old, fresh)) > 0 {
			wider++
			continue
		}
		silent++
		for range 5 {
			o := document.Options{Parameters: map[string]string{"X": pick(r, patterns), "Y": pick(r, patterns)}}
			p, q := onePolicy(t, old, o), onePolicy(t, fresh, o)
			if p == nil || q == nil {
				continue
			}
			for range 30 {
				request := randomRequest(r)
				if q.Evaluate(request).Decision == trust.Allowed && p.Evaluate(request).Decision != trust.Allowed {
					t.Fatalf("seed %d: nothing reported, but with %v %+v is allowed now\nold %s\nnew %s", seed, o.Parameters, request, old, fresh)
				}
			}
		}
	}
	t.Logf("%d silent, %d wider", silent, wider)
	if silent < tried/5 || wider < tried/5 {
		t.Error("the policies are too alike or too different to say much")
	}
}

// openUp puts parameters into values.
func (p policy) openUp(r *rand.Rand) {
	for _, s := range p.Statement {
		for operator, byKey := range s.Condition {
			for _, list := range byKey {
				if operator != "Null" && r.IntN(2) == 0 {
					list[r.IntN(len(list))] = pick(r, []string{"«X»", "a«X»", "«X»*", "«X»«Y»", "«Y»"})
				}
			}
		}
	}
}

// template makes references of the marks in p.
func (p policy) template() string {
	var tree any
	if err := json.Unmarshal([]byte(p.String()), &tree); err != nil {
		panic(err)
	}
	out, err := json.Marshal(references(tree))
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"Parameters": {"X": {"Type": "String"}, "Y": {"Type": "String"}},
		"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": %s}}}}`, out)
}

func references(tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = references(value)
		}
	case []any:
		for i, value := range v {
			v[i] = references(value)
		}
	case string:
		if strings.Contains(v, "«") {
			return map[string]any{"Fn::Sub": strings.NewReplacer("«", "${", "»", "}").Replace(v)}
		}
	}
	return tree
}

func onePolicy(t *testing.T, src string, o document.Options) *trust.Policy {
	t.Helper()
	for role, err := range document.Roles(t.Context(), strings.NewReader(src), o) {
		if err != nil {
			t.Fatal(err)
		}
		if role.Err == nil {
			return role.Policies[0]
		}
	}
	return nil
}

func TestTooLongToCompare(t *testing.T) {
	long := fmt.Sprintf(`{"Statement": {"Effect": "Allow", "Action": "*", "Principal": {"AWS": %q}}}`, strings.Repeat("x", trust.MaxLength))
	changes := compare(t, long, long)
	if len(changes) != 1 || changes[0].Kind != Unreadable || !strings.Contains(changes[0].Message, "IAM stores at most 8192") {
		t.Errorf("%+v", changes)
	}
}

// A comparison that takes too long is said to be cut short, and what it does
// not get to is not called the same.
func TestEffort(t *testing.T) {
	read := func(subject string) document.Role {
		return rolesOf(t, `{"Statement": {"Effect": "Allow", "Action": "*", "Principal": "*", "Condition": {"StringLike": {"k": "`+subject+`"}}}}`, document.Options{})[0]
	}
	tangled, other := read(strings.Repeat("*a?b", 400)), read(strings.Repeat("*b?a", 400))
	e := trust.NewEffort(1000)
	changes := compareRoles(e, tangled, other)
	if len(changes) != 2 || changes[1].Kind != Unreadable || !strings.Contains(changes[1].Message, "in full") {
		t.Errorf("%+v", changes)
	}
	changes = compareRoles(e, tangled, tangled)
	if len(changes) != 1 || changes[0].Kind != Unreadable || !changes[0].Widens() {
		t.Errorf("%+v", changes)
	}
}
