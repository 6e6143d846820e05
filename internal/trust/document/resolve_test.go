package document

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/trust"
)

// templateOf has a role whose policy tests a subject.
func templateOf(sections, subject string) string {
	return sections + `
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Action: sts:AssumeRoleWithWebIdentity
            Principal: { Federated: p }
            Condition: { StringLike: { "g:sub": ` + subject + ` } }
`
}

// subjects returns the alternatives of a template's one role: what is given,
// and the values of its condition with what they depend on.
func subjects(t *testing.T, src string, o Options) []string {
	t.Helper()
	var all []string
	for role, err := range Roles(t.Context(), strings.NewReader(src), o) {
		if err == nil {
			err = role.Err
		}
		if err != nil {
			return append(all, "error: "+err.Error())
		}
		for _, p := range role.Policies {
			line := ""
			for _, given := range p.Given {
				line += fmt.Sprintf("[%s] ", given)
			}
			s := p.Statements[0]
			if s.Unknown != nil {
				line += "? " + strings.Join(s.Unknown.DependsOn, ", ")
			}
			for _, c := range s.Conditions {
				for _, v := range c.Values {
					line += v.Text + " "
					if u := v.Unknown(); u != nil {
						line += "(" + strings.Join(u.DependsOn, ", ") + ") "
					}
				}
			}
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

func TestFunctions(t *testing.T) {
	const stages = `
Parameters:
  Stage: { Type: String, AllowedValues: [dev, prod] }
  Owner: { Type: String }
  Org: { Type: String, Default: octo }
  List: { Type: CommaDelimitedList, Default: "a, b" }
  Numbers: { Type: "List<Number>", Default: "1,2" }
  Open: { Type: CommaDelimitedList }
  Stored: { Type: "AWS::SSM::Parameter::Value<String>", Default: /who }
  Empty: { Type: String, Default: "" }
Mappings:
  Who: { dev: { sub: "repo:*" }, prod: { sub: [x, y] } }
  Regions: { eu-west-1: { sub: e }, us-east-1: { sub: u } }
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Other: !Not [!Condition Prod]
  Both: !And [!Condition Prod, !Equals [!Ref "AWS::Region", eu-west-1]]
  Either: !Or [!Condition Prod, !Condition Other]
  Same: !Equals [!Sub "${Owner}x", !Sub "${Owner}x"]
  Never: !Equals [a, b]
  HasOwner: !Not [!Equals [!Ref Owner, ""]]
  ByImport: !Equals [!ImportValue net, live]
  Lists: !Equals [!Split [",", !Ref Owner], live]
  Alias: { Condition: Never }
  Bare: !ImportValue switch
  Text: yes
`
	tests := []struct {
		name, subject string
		want          []string
	}{
		{"FindInMap", `!FindInMap [Who, dev, sub]`, []string{"repo:*"}},
		{"FindInMap of a list", `!FindInMap [Who, prod, sub]`, []string{"x y"}},
		{"FindInMap by a parameter", `!FindInMap [Who, !Ref Stage, sub]`, []string{`[parameter Stage is "dev"] repo:*`, `[parameter Stage is "prod"] x y`}},
		{"FindInMap by a pseudo parameter", `!FindInMap [Regions, !Ref "AWS::Region", sub]`,
			[]string{`[AWS::Region is "eu-west-1"] e`, `[AWS::Region is "us-east-1"] u`}},
		{"FindInMap by an open text", `!FindInMap [Regions, !Sub "${Empty}-east-1", sub]`, []string{`[${Empty}-east-1 is us-east-1] u`}},
		{"FindInMap without the key", `!FindInMap [Who, staging, sub]`, []string{`${Fn::FindInMap ["Who", "staging", "sub"]} (Fn::FindInMap)`}},
		{"FindInMap with a default", `!FindInMap [Who, staging, sub, {DefaultValue: z}]`, []string{"z"}},
		{"Split", `!Split [",", "a,b"]`, []string{"a b"}},
		{"Split of the unknown", `!Split [",", !Ref Owner]`, []string{`[parameter Owner is ""]`, `[parameter Owner is another value] ${Fn::Split [",", ${Owner}]} (parameter Owner)`}},
		{"Select", `!Select [1, !Split [",", "a,b"]]`, []string{"b"}},
		{"Select of a parameter", `!Select [0, !Ref List]`, []string{"a"}},
		{"Select beyond the end", `!Select [2, !Ref List]`, []string{`${Fn::Select ["2", ["a", "b"]]} (Fn::Select)`}},
		{"Select of the unknown", `!Select [0, !Ref Open]`, []string{`${Fn::Select ["0", ${Open}]} (parameter Open)`}},
		{"lists", `[!Ref List, !Ref Numbers]`, []string{"a b 1 2"}},
		{"Join", `!Join ["/", [repo, !Ref Org, !If [Prod, a, b]]]`,
			[]string{`[parameter Stage is "dev"] repo/octo/b`, `[parameter Stage is "prod"] repo/octo/a`}},
		{"Join without a value", `!Join [",", [a, !Ref "AWS::NoValue", b]]`, []string{"a,b"}},
		{"Join of the unknown", `!Join [",", !Ref Open]`, []string{`${Fn::Join [",", ${Open}]} (parameter Open)`}},
		{"Sub", `!Sub "${Org}/${!Org}/${AWS::Partition}/${Role.Arn}"`, []string{"octo/${Org}/aws/${Role.Arn} (placeholder ${Org}, resource Role.Arn)"}},
		{"Sub with a map", `!Sub ["${A}${B}", {A: !If [Prod, a, "*"], B: !Ref Owner}]`,
			[]string{`[parameter Stage is "dev"] [parameter Owner is ""] *`, `[parameter Stage is "dev"] [parameter Owner is another value] *${Owner} (parameter Owner)`,
				`[parameter Stage is "prod"] [parameter Owner is ""] a`, `[parameter Stage is "prod"] [parameter Owner is another value] a${Owner} (parameter Owner)`}},
		{"If in If", `!If [Prod, !If [Other, never, p], d]`, []string{`[parameter Stage is "dev"] d`, `[parameter Stage is "prod"] p`}},
		{"And", `!If [Both, yes, no]`, []string{`[parameter Stage is "dev"] no`, `[parameter Stage is "prod"] [AWS::Region is "eu-west-1"] yes`,
			`[parameter Stage is "prod"] [AWS::Region is another value] no`}},
		{"Or", `!If [Either, yes, no]`, []string{`[parameter Stage is "dev"] yes`, `[parameter Stage is "prod"] yes`}},
		{"equal unknowns", `!If [Same, yes, no]`, []string{`[parameter Owner is ""] yes`, `[parameter Owner is another value] yes`}},
		{"what is never equal", `!If [Never, yes, no]`, []string{"no"}},
		{"a parameter that is given or not", `!If [HasOwner, !Sub "repo:${Owner}/*", "none"]`,
			[]string{`[parameter Owner is ""] none`, `[parameter Owner is another value] repo:${Owner}/* (parameter Owner)`}},
		{"a condition that only the deployment decides", `!If [ByImport, yes, no]`, []string{`[condition ByImport is true] yes`, `[condition ByImport is false] no`}},
		{"a condition that is not there", `!If [Missing, yes, no]`, []string{`[condition Missing is true] yes`, `[condition Missing is false] no`}},
		{"SSM", `!Ref Stored`, []string{"${Stored = SSM parameter /who} (SSM parameter /who)"}},
		{"dynamic reference", `!Sub "{{resolve:ssm:/${Stage}/who}}"`, []string{`[parameter Stage is "dev"] {{resolve:ssm:/dev/who}} (dynamic reference {{resolve:ssm:/dev/who}})`,
			`[parameter Stage is "prod"] {{resolve:ssm:/prod/who}} (dynamic reference {{resolve:ssm:/prod/who}})`}},
		{"an empty default", `!Ref Empty`, []string{"${Empty} (parameter Empty)"}},
		{"import", `!ImportValue net`, []string{`${Fn::ImportValue "net"} (export net)`}},
		{"another function", `!Base64 x`, []string{`${Fn::Base64 "x"} (Fn::Base64)`}},
		{"transform", `{"Fn::Transform": {Name: AWS::Include}}`, []string{`${Fn::Transform {"Name": "AWS::Include"}} (Fn::Transform)`}},
		{"two expressions", `[!GetAtt A.B, !GetAtt [A, C]]`, []string{"${A.B} (reference A.B) ${A.C} (reference A.C)"}},
		{"a condition by another one", `!If [Alias, yes, no]`, []string{"no"}},
		{"a condition that an import decides", `!If [Bare, yes, no]`, []string{`[condition Bare is true] yes`, `[condition Bare is false] no`}},
		{"a condition that is none", `!If [Text, yes, no]`, []string{`[condition Text is true] yes`, `[condition Text is false] no`}},
		{"the domain of AWS", `!Ref "AWS::URLSuffix"`, []string{"amazonaws.com"}},
		{"FindInMap by two parameters", `!FindInMap [Who, !Ref Stage, !Ref Owner]`, []string{
			`[parameter Stage is "dev"] [parameter Owner is ""] ${Fn::FindInMap ["Who", "dev", ""]} (Fn::FindInMap)`, `[parameter Stage is "dev"] [parameter Owner is "sub"] repo:*`,
			`[parameter Stage is "prod"] [parameter Owner is ""] ${Fn::FindInMap ["Who", "prod", ""]} (Fn::FindInMap)`, `[parameter Stage is "prod"] [parameter Owner is "sub"] x y`}},
		{"Ref by an expression", `!Ref {"Fn::ImportValue": net}`, []string{`${Fn::Ref ${Fn::ImportValue "net"}} (export net)`}},
		{"GetAtt by an expression", `!GetAtt [A, !ImportValue net]`, []string{`${Fn::GetAtt ["A", ${Fn::ImportValue "net"}]} (export net)`}},
		{"Sub of a list", `!Sub "x${List}"`, []string{`x${Fn::Sub ["a", "b"]} (Fn::Sub)`}},
		{"Sub of nothing", `!Sub "x${AWS::NoValue}"`, []string{"x"}},
		{"Sub of an object", `{"Fn::Sub": {a: b}}`, []string{`${Fn::Sub {"a": "b"}} (Fn::Sub)`}},
		{"a null in an expression", `!Base64 [null, x]`, []string{`${Fn::Base64 [null, "x"]} (Fn::Base64)`}},
		{"a loop", `{"Fn::ForEach::L": [X, [1, 2], {"k${X}": v}]}`, []string{"error: line 21, column 49: condition key \"g:sub\": expected a value, got an object"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := subjects(t, templateOf(stages, tt.subject), Options{})
			if tt.name == "a loop" && len(got) == 1 { // the place does not matter
				got[0] = "error: line 21, column 49: " + got[0][strings.LastIndex(got[0], "condition key"):]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParametersAreFilledIn(t *testing.T) {
	const sections = `
Parameters:
  Stage: { Type: String, AllowedValues: [dev, prod] }
  List: { Type: CommaDelimitedList }
  Stored: { Type: "AWS::SSM::Parameter::Value<String>" }
Conditions: { Prod: !Equals [!Ref Stage, prod] }
`
	given := Options{Parameters: map[string]string{"Stage": "prod", "List": "a,b", "AWS::AccountId": "111122223333", "Stored": "/x", "ORG": "octo"}}
	for subject, want := range map[string]string{
		`!If [Prod, !Sub "${Stage}", d]`: "prod",
		`!Ref List`:                      "a b",
		`!Sub "${AWS::AccountId}"`:       "111122223333",
		`!Ref Stored`:                    "${Stored = SSM parameter /x} (SSM parameter /x)", // what is given is the name
		`"repo:$ORG/<ORG>/{{ ORG }}"`:    "repo:octo/octo/octo",
	} {
		if diff := cmp.Diff([]string{want}, subjects(t, templateOf(sections, subject), given)); diff != "" {
			t.Errorf("%s: %s", subject, diff)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	for text, want := range map[string]string{
		"repo:${subject}":                  "repo:${subject} (placeholder ${subject})",
		"$OWNER/x":                         "$OWNER/x (placeholder $OWNER)",
		"{{ org }}/{{repo}}":               "{{ org }}/{{repo}} (placeholder {{ org }}, placeholder {{repo}})",
		"<ORG>/<aws_account_id>":           "<ORG>/<aws_account_id> (placeholder <ORG>, placeholder <aws_account_id>)",
		"${aws:PrincipalTag/x}":            "${aws:PrincipalTag/x}",
		"${aws:username, 'x'}${*}${?}${$}": "${aws:username, 'x'}${*}${?}${$}",
		"$5 a<b a < b >":                   "$5 a<b a < b >",
		"{{resolve:ssm:/x}}":               "{{resolve:ssm:/x}} (dynamic reference {{resolve:ssm:/x}})",
	} {
		src := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Principal": "*", "Condition": {"StringLike": {"k": %q}}}}`, text)
		if diff := cmp.Diff([]string{want}, subjects(t, src, Options{})); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// Roles are found wherever a template has them.
func TestPlacesOfRoles(t *testing.T) {
	const trusted = `{"Statement": {"Effect": "Allow", "Action": "*", "Principal": "*", "Condition": {"StringLike": {"k": "%s"}}}}`
	tests := []struct {
		name, src string
		want      []string
	}{
		{"ForEach", `
Parameters: { Names: { Type: CommaDelimitedList, Default: "Blue,Gr een" } }
Resources:
  Fn::ForEach::Outer:
    - Name
    - !Ref Names
    - Fn::ForEach::Inner:
        - Stage
        - [dev, prod]
        - "Role&{Name}${Stage}":
            Type: AWS::IAM::Role
            Properties:
              RoleName: !Sub "${Name}-x"
              AssumeRolePolicyDocument:
                Fn::Sub: '` + fmt.Sprintf(trusted, "${Name}:${Stage}") + `'
`, []string{"RoleBluedev Blue-x Blue:dev", "RoleBlueprod Blue-x Blue:prod", "RoleGreendev Gr een-x Gr een:dev", "RoleGreenprod Gr een-x Gr een:prod"}},
		{"ForEach over the unknown", `
Parameters: { Names: { Type: CommaDelimitedList } }
Resources:
  Fn::ForEach::All: [Name, !Ref Names, {"Role${Name}": {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: !Sub '` + fmt.Sprintf(trusted, "${Name}") + `'}}}]
`, []string{"Role${Fn::ForEach ${Names}} Role${Fn::ForEach ${Names}} ${Fn::ForEach ${Names}}"}},
		{"SAM", `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { AssumeRolePolicyDocument: ` + fmt.Sprintf(trusted, "global") + ` } }
Resources:
  Own: { Type: AWS::Serverless::Function, Properties: { AssumeRolePolicyDocument: ` + fmt.Sprintf(trusted, "own") + ` } }
  Shared: { Type: AWS::Serverless::Function }
  Given: { Type: AWS::Serverless::Function, Properties: { Role: x } }
`, []string{"OwnRole OwnRole own", "SharedRole SharedRole global"}},
		{"stack set", `
Parameters: { Who: { Type: String } }
Resources:
  Set:
    Type: AWS::CloudFormation::StackSet
    Properties:
      Parameters: [{ParameterKey: A, ParameterValue: given}, {ParameterKey: B, ParameterValue: !Ref Who}]
      TemplateBody: |
        Parameters: { A: { Type: String }, B: { Type: String } }
        Resources: { R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: !Sub '` + fmt.Sprintf(trusted, "${A}-${B}") + `' } } }
`, []string{"Set/R Set/R given-${Who}"}},
		{"stack set as JSON", `{"Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateBody":
 "{\"Resources\": {\"R\": {\"Type\": \"AWS::IAM::Role\", \"Properties\": {\"AssumeRolePolicyDocument\": {\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Principal\": \"*\"}}}}}}"}}}}`, []string{"Set/R Set/R"}},
		{"stack set of an unknown body", `{"Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateBody": {"Ref": "Body"}}}}}`, []string{"Set Set ?${Body}"}},
		{"stack set of a broken body", `{"Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateBody": "{"}}}}`, []string{"Set Set error"}},
		{"CfnJson", `
Resources:
  C: { Type: Custom::AWSCDKCfnJson, Properties: { Value: { "Fn::Join": ["", ['{"', !Ref Host, ':sub":"repo:o/*"}']] } } }
  R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { Statement: { Effect: Allow, Action: "*", Principal: "*", Condition: { StringLike: !GetAtt C.Value } } } } }
`, []string{"R R ${Host}:sub=repo:o/*"}},
		{"conditions that only the deployment knows", `
Resources:
  R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { Statement: { Effect: Allow, Action: "*", Principal: "*", Condition: { StringLike: !GetAtt C.Value } } } } }
`, []string{"R R ?${C.Value}"}},
		{"CDK's provider", `
Resources:
  P: { Type: Custom::AWSCDKOpenIdConnectProvider, Properties: { Url: "https://token.actions.githubusercontent.com" } }
  R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { Statement: { Effect: Allow, Action: "*", Principal: { Federated: !Ref P } } } } }
`, []string{"R R arn:aws:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com"}},
		{"text of JSON", `
Parameters: { Who: { Type: String } }
Transform: AWS::LanguageExtensions
Resources:
  R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { "Fn::ToJsonString": { Statement: { Effect: Allow, Action: "*", Principal: "*", Condition: { StringLike: { k: !Ref Who } } } } } } }
`, []string{"R R ${Who}"}},
		{"ForEach with a reference to its name", `
Resources:
  Fn::ForEach::All: [Name, [a, b], {"Role${Name}": {Type: AWS::IAM::Role, Properties: {RoleName: !Ref Name, AssumeRolePolicyDocument: {Statement: {Effect: Allow, Action: "*", Principal: {AWS: !Ref Name}}}}}}]
`, []string{"Rolea a a", "Roleb b b"}},
		{"several merge keys", `
a: &a { Effect: Allow, Action: "*" }
b: &b { Effect: Deny, Principal: { AWS: y } }
Resources:
  R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { Statement: { <<: [*a, *b] } } } }
`, []string{"R R y"}},
		{"merge keys", `
base: &base { Effect: Allow, Action: "*" }
Resources:
  R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { Statement: { <<: *base, Principal: { AWS: x }, Action: "*" } } } }
`, []string{"R R x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for role, err := range Roles(t.Context(), strings.NewReader(tt.src), Options{}) {
				if err != nil {
					t.Fatal(err)
				}
				line := role.LogicalID + " " + role.Name
				if role.Err != nil {
					line += " error"
				}
				for _, p := range role.Policies {
					line += shown(p)
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func shown(p *trust.Policy) (line string) {
	for _, s := range p.Statements {
		if s.Unknown != nil {
			line += " ?" + s.Unknown.Expression
		}
		for _, e := range s.Principal.Entries {
			line += " " + e.ID
		}
		for _, c := range s.Conditions {
			switch {
			case c.Unknown != nil && c.Key == "":
				line += " ?" + c.Unknown.Expression
			case c.Unknown != nil:
				line += " " + c.Key + "=" + c.Values[0].Text
			default:
				line += " " + c.Values[0].Text
			}
		}
	}
	return line
}

// Beyond what is looked at one by one, each branch is seen at least once, and
// that there is more is said.
func TestManyChoices(t *testing.T) {
	sections, list := "Conditions:\n", ""
	for i := range 12 {
		sections += fmt.Sprintf("  C%d: !Equals [!ImportValue x%d, y]\n", i, i)
		list += fmt.Sprintf("!If [C%d, yes%d, no%d], ", i, i, i)
	}
	all := subjects(t, templateOf(sections, "["+list+"]"), Options{})
	if len(all) <= maxAlternatives || len(all) > maxAlternatives+2*12+1 {
		t.Errorf("%d alternatives", len(all))
	}
	joined := strings.Join(all, " ") + " "
	for i := range 12 {
		for _, branch := range []string{"yes", "no"} {
			if !strings.Contains(joined, fmt.Sprintf(" %s%d ", branch, i)) {
				t.Errorf("%s%d was not looked at", branch, i)
			}
		}
	}
	if last := all[len(all)-1]; !strings.HasPrefix(last, "? condition C0, ") {
		t.Errorf("last alternative: %s", last)
	}
}

func TestBudgets(t *testing.T) {
	long := strings.Repeat("p", 60_000)
	tests := []struct{ name, src, want string }{
		{"text", "Parameters: {P: {Type: String, Default: " + long + "}}\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n" +
			strings.Repeat("        - !Sub '${P}'\n", 2000), "budget of 16777216 bytes of resolved text"},
		{"steps", "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n" +
			"d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n" +
			"Resources: {R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: *f}}}\n", "budget of 1000000 steps"},
		{"aliases in a text", "Resources: {S: {Type: AWS::CloudFormation::StackSet, Properties: {TemplateBody: \"a: &a [x,x,x,x,x,x,x,x,x,x]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\\n" +
			"c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\\n\"}}}", "budget of 1000000 steps"},
		{"loops", "Resources: {Fn::ForEach::A: [A, &l [1,2,3,4,5,6,7,8,9,0], {Fn::ForEach::B: [B, *l, {Fn::ForEach::C: [C, *l, {Fn::ForEach::D: [D, *l, " +
			"{Fn::ForEach::E: [E, *l, {Fn::ForEach::F: [F, *l, {\"R${A}${B}${C}${D}${E}${F}\": {Type: AWS::IAM::Role}}]}]}]}]}]}]}", "budget of 1000000 steps"},
		{"size", "a: " + strings.Repeat("x", maxTemplate), "more than 2097152 bytes"},
		{"size of JSON", `{"Resources": {}, "Metadata": "` + strings.Repeat("x", 1000) + strings.Repeat(`", "m": "`+strings.Repeat("x", 1000), 3000) + `"}`, "larger than 2097152 bytes"},
		{"values", "a: [" + strings.Repeat("x,", maxNodes) + "]", "values or more"},
		{"values of JSON", `{"Resources": [` + strings.Repeat("1,", maxNodes) + `1]}`, "more than 250000 values"},
		{"depth", "Resources: " + strings.Repeat("[", 300) + strings.Repeat("]", 300), "more than 200 nested values"},
		{"alias of itself", "Resources: &a {R: *a}", "alias refers to a value that it is itself a part of"},
		{"condition of itself", "Conditions: {A: !Not [!Condition B], B: !And [!Condition A, !Condition A]}\nResources: {R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: !If [A, x, y]}}}",
			"condition A refers to itself"},
		{"provider of itself", "Resources: {P: {Type: AWS::IAM::OIDCProvider, Properties: {Url: !Ref P}}, R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: !Ref P}}}", "resource P refers to itself"},
		{"value of itself", "Resources: {P: {Type: Custom::AWSCDKCfnJson, Properties: {Value: !GetAtt P.Value}}, R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: !GetAtt P.Value}}}", "resource P refers to itself"},
		{"stack sets", nested(5), "more than 3 templates within templates"},
	}
	for i, tt := range tests {
		if propertytest.LeaveOut(i, 5) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			var last error
			for _, err := range Roles(t.Context(), strings.NewReader(tt.src), Options{}) {
				last = err
			}
			if last == nil || !strings.Contains(last.Error(), tt.want) {
				t.Errorf("%v", last)
			}
		})
	}
}

// nested returns a template within so many stack sets.
func nested(n int) string {
	body := `{"Resources": {}}`
	for range n {
		body = fmt.Sprintf(`{"Resources": {"S": {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateBody": %q}}}}`, body)
	}
	return body
}

func TestContextEndsTheWork(t *testing.T) {
	ctx, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	src := "Resources: {R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: [" + strings.Repeat("x,", 3000) + "]}}}"
	var last error
	for _, err := range Roles(ctx, strings.NewReader(src), Options{}) {
		last = err
	}
	if last != context.DeadlineExceeded {
		t.Errorf("%v", last)
	}
}

// Documents that share a budget share what is left of it.
func TestSharedBudget(t *testing.T) {
	// Two thirds of the budget of resolved text.
	src := "Parameters: {P: {Type: String, Default: " + strings.Repeat("p", 60_000) + "}}\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n" +
		"      AssumeRolePolicyDocument:\n" + strings.Repeat("        - !Sub '${P}'\n", 190)
	read := func(o Options) (last error) {
		for _, err := range Roles(t.Context(), strings.NewReader(src), o) {
			last = err
		}
		return last
	}
	if err := read(Options{}); err != nil {
		t.Errorf("alone: %v", err)
	}
	shared := Options{Budget: NewBudget(t.Context())}
	if err := read(shared); err != nil {
		t.Errorf("the first that shares a budget: %v", err)
	}
	if err := read(shared); err == nil || !strings.Contains(err.Error(), "budget of 16777216 bytes of resolved text") {
		t.Errorf("the second: %v", err)
	}
}

func TestMayBeNamed(t *testing.T) {
	for name, want := range map[string]bool{"app-deploy-x": true, "app-deploy-": true, "deploy": false} {
		for role := range Roles(t.Context(), strings.NewReader("Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: !Sub 'app-deploy-${Stage}', AssumeRolePolicyDocument: x}}}"), Options{}) {
			if role.MayBeNamed(name) != want {
				t.Errorf("%s: %t", name, !want)
			}
		}
	}
	for role := range Roles(t.Context(), strings.NewReader("Resources: {Deploy: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: x}}}"), Options{}) {
		if !role.MayBeNamed("stack-Deploy-1ABC") || role.MayBeNamed("other") {
			t.Error("a name that CloudFormation makes")
		}
	}
}

// A null that is written is an error, as for CloudFormation; one that
// AWS::NoValue leaves is as if nothing were written.
func TestNullIsNoValue(t *testing.T) {
	for condition, want := range map[string]string{
		"null":                  "expected the conditions, got null",
		"{ StringLike: null }":  "expected the keys of StringLike, got null",
		"!Ref AWS::NoValue":     "",
		"!If [Never, {}, null]": "",
	} {
		src := "Conditions: { Never: !Equals [a, b] }\nResources: { R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { Statement: { Effect: Allow, Action: '*', Principal: '*', Condition: " + condition + " } } } } }"
		for role, err := range Roles(t.Context(), strings.NewReader(src), Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(role.Err)
			if want == "" && role.Err != nil || want != "" && !strings.Contains(got, want) {
				t.Errorf("%s: %s", condition, got)
			}
		}
	}
}
