package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust"
)

const bare = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*",
 "Principal": {"Federated": "p"}, "Condition": {"StringLike": {"k": "repo:o/*"}}}}`

// outline lists roles in one line each: name, ARN, duration, position and
// what the policy trusts and tests; or the error.
func outline(t *testing.T, src string) []string {
	t.Helper()
	var lines []string
	for role, err := range Roles(context.Background(), iotest.HalfReader(strings.NewReader(src)), Options{}) {
		if err != nil {
			return append(lines, "error: "+err.Error())
		}
		line := fmt.Sprintf("%s %s %d %d:%d", role.Name, role.ARN, role.MaxSessionDuration, role.Pos.Line, role.Pos.Column)
		if role.Err != nil {
			lines = append(lines, line+" "+role.Err.Error())
			continue
		}
		for _, p := range role.Policies {
			lines = append(lines, line+outlinePolicy(p))
		}
	}
	return lines
}

func outlinePolicy(p *trust.Policy) (line string) {
	for _, given := range p.Given {
		line += fmt.Sprintf(" [%s]", given)
	}
	for _, s := range p.Statements {
		if s.Unknown != nil {
			line += fmt.Sprintf(" ?%s %q@%d:%d", s.Unknown.Expression, s.Unknown.DependsOn, s.Pos.Line, s.Pos.Column)
		}
		if s.Principal.Unknown != nil {
			line += " ?" + s.Principal.Unknown.Expression
		}
		for _, e := range s.Principal.Entries {
			line += fmt.Sprintf(" %s@%d:%d", e.ID, e.Pos.Line, e.Pos.Column)
		}
		for _, c := range s.Conditions {
			if c.Unknown != nil {
				line += fmt.Sprintf(" ?%s", c.Unknown.Expression)
			}
			for _, v := range c.Values {
				line += fmt.Sprintf(" %s=%s@%d:%d", c.Key, v.Text, v.Pos.Line, v.Pos.Column)
			}
		}
	}
	return line
}

func TestRoles(t *testing.T) {
	encoded := url.PathEscape(bare)
	broken := `{"Statement": {"Effect": "Allow", "Effect": "Deny", "x": [{}]}}`
	tests := []struct {
		name, src string
		want      []string
	}{
		{"bare", "\ufeff\n" + bare, []string{"  0 2:1 p@3:29 k=repo:o/*@3:69"}},
		{"bare with more", bare + " x", []string{"  0 1:1 p@2:29 k=repo:o/*@2:69", "error: line 2, column 84: unexpected 'x' after the end of the document"}},
		{"bare and broken", broken, []string{`  0 1:1 line 1, column 35: duplicate key "Effect" (first on line 1): IAM silently uses the last one`}},
		{"unknown object", `{"foo": 1}`, []string{`error: line 1, column 1: unknown form: an object with "foo"` + listed}},
		{"role", `{"Role": {"RoleName": "n", "AssumeRolePolicyDocument": ` + bare + `, "Arn": "arn", "MaxSessionDuration": 3600,
			"Tags": [{"Key": "k"}]}}`, []string{"n arn 3600 1:56 p@2:29 k=repo:o/*@2:69"}},
		{"roles", `{"Roles": [{"RoleName": "a", "AssumeRolePolicyDocument": ` + bare + `}]}`, []string{"a  0 1:58 p@2:29 k=repo:o/*@2:69"}},
		{"listing", `{"UserDetailList": [{"a": {}}], "RoleDetailList": [
			{"RoleName": "object", "AssumeRolePolicyDocument": ` + bare + `},
			{"AssumeRolePolicyDocument": "` + encoded + `", "RoleName": "string", "RolePolicyList": [[]]},
			{"RoleName": "json", "AssumeRolePolicyDocument": "{\"Statement\": 1}"},
			{"RoleName": "percent", "AssumeRolePolicyDocument": "%zz"},
			{"RoleName": "broken", "AssumeRolePolicyDocument": ` + broken + `},
			{"RoleName": "list", "AssumeRolePolicyDocument": [[1], 2]},
			{"RoleName": "none"},
			{"RoleName": "last", "AssumeRolePolicyDocument": ` + bare + `}], "Policies": []}`,
			[]string{
				"object  0 2:55 p@3:29 k=repo:o/*@3:69",
				"string  0 4:33 p@4:33 k=repo:o/*@4:33",
				"json  0 5:53 line 5, column 53: expected a statement, got a number",
				"percent  0 6:56 line 6, column 56: trust policy is neither JSON nor URL-encoded JSON",
				`broken  0 7:55 line 7, column 89: duplicate key "Effect" (first on line 7): IAM silently uses the last one`,
				"list  0 8:53 line 8, column 53: expected a trust policy, got a list",
				`none  0 9:4 line 9, column 4: role "none" has no AssumeRolePolicyDocument`,
				"last  0 10:53 p@11:29 k=repo:o/*@11:69",
			}},
		{"listing that breaks off", `{"RoleDetailList": [{"RoleName": "a", "AssumeRolePolicyDocument": ` + bare + `}, {`,
			[]string{"a  0 1:67 p@2:29 k=repo:o/*@2:69", "error: line 2, column 87: unexpected end of the document; expected a key in double quotes"}},
		{"empty", "", []string{"error: line 1, column 1: unexpected end of the document; expected a value"}},
		{"empty list", "[]", nil},
		{"no template", "a: 1", []string{"error: line 1, column 1: unknown form: an object with \"a\"" + listed}},
		{"no YAML", "a: [", []string{"error: line 2, column 1: document is neither JSON nor YAML: did not find expected node content"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := outline(t, tt.src)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTemplates(t *testing.T) {
	yaml := `
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Org: { Type: String, Default: octo }
  Repository: { Type: String }
  Audience: { Type: String, Default: sts.amazonaws.com }
Conditions:
  Create: !Equals [!Ref Org, ""]
Resources:
  Provider:
    Type: AWS::IAM::OIDCProvider
    Properties: { Url: "https://token.actions.githubusercontent.com" }
  Deployer:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "${AWS::StackName}-deployer"
      MaxSessionDuration: 7200
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Action: sts:AssumeRoleWithWebIdentity
            Principal:
              Federated: !If [Create, !Ref Provider, !Ref Given]
            Condition:
              StringEquals:
                g:aud: !Ref Audience
              StringLike:
                g:sub:
                  - !Sub repo:${Org}/${Repository}:*
                  - !Join [":", ["repo", !Ref Org, !ImportValue "x:y"]]
                  - Fn::Sub: ["${A}${!aws:x}${Provider.Arn}", {A: !Ref Org}]
                  - !If [Create, a, b]
                  - !If [Create, c, !Ref AWS::NoValue]
                  - !FindInMap [a, b, c]
          - !If
            - Create
            - { Effect: Deny, Action: "*", Principal: { AWS: !GetAtt Deployer.Arn } }
            - !Ref AWS::NoValue
  Text:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: !Sub |
        {"Statement": {"Effect": "Allow", "Action": "*", "Principal": {"Federated": "${Provider}"}}}
  Elsewhere:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: !Ref Document
  Twice:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Effect: Deny
  Missing: { Type: AWS::IAM::Role }
  Bucket: { Type: AWS::S3::Bucket }
`
	const providerARN = "arn:aws:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com"
	const role, tail = "${AWS::StackName}-deployer  7200 19:9", ` g:sub=${Fn::FindInMap ["a", "b", "c"]}@35:21`
	want := []string{
		role + ` [parameter Org is "octo"] ${Given}@24:54 g:aud=sts.amazonaws.com@27:24 g:sub=repo:octo/${Repository}:*@30:21` +
			` g:sub=repo:octo:${Fn::ImportValue "x:y"}@31:21 g:sub=octo${aws:x}` + providerARN + "@32:21 g:sub=b@33:37" + tail,
		role + ` [parameter Org is ""] ` + providerARN + "@24:39 g:aud=sts.amazonaws.com@27:24 g:sub=repo:/${Repository}:*@30:21" +
			` g:sub=repo::${Fn::ImportValue "x:y"}@31:21 g:sub=${aws:x}` + providerARN + "@32:21 g:sub=a@33:34 g:sub=c@34:34" + tail + " ${Deployer.Arn}@38:62",
		"Text  3600 43:33 " + providerARN + "@43:33",
		`Elsewhere  3600 48:33 ?${Document} ["reference Document"]@48:33`,
		`Twice  3600 53:9 line 55, column 11: duplicate key "Effect" (first on line 54): IAM silently uses the last one`,
		"Missing  3600 56:12 line 56, column 12: expected a trust policy, got null",
	}
	got := outline(t, yaml)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	json := `{"Resources": {
	"P": {"Type": "AWS::IAM::OIDCProvider", "Properties": {"Url": {"Fn::Sub": "https://${Host}.example"}}},
	"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "*",
		"Principal": {"Federated": {"Fn::GetAtt": ["P", "Arn"]}},
		"Condition": {"StringEquals": {"k": {"Fn::Join": ["", ["a", {"Ref": "AWS::Partition"}]]}}}}]}}}}}`
	want = []string{"R  3600 3:77 arn:aws:iam::${AWS::AccountId}:oidc-provider/${Host}.example@4:30 k=aaws@5:39"}
	if diff := cmp.Diff(want, outline(t, json)); diff != "" {
		t.Error(diff)
	}
}

func TestRolesStopsAndTellsReadErrors(t *testing.T) {
	src := `{"RoleDetailList": [{"RoleName": "a"}, {"RoleName": "b"}]}`
	n := 0
	for range Roles(t.Context(), strings.NewReader(src), Options{}) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d roles", n)
	}
	for _, src := range []string{"", "{", `{"RoleDetailList": [`, "a: 1\n"} {
		var last error
		for _, err := range Roles(t.Context(), io.MultiReader(strings.NewReader(src), iotest.ErrReader(io.ErrClosedPipe)), Options{}) {
			last = err
		}
		if !errors.Is(last, io.ErrClosedPipe) {
			t.Errorf("%q: %v", src, last)
		}
	}
}

func TestAliasesAreBounded(t *testing.T) {
	src := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 8 {
		c := string(rune('a' + i))
		d := string(rune('b' + i))
		src += d + ": &" + d + " [" + strings.TrimSuffix(strings.Repeat("*"+c+", ", 10), ", ") + "]\n"
	}
	for _, err := range Roles(t.Context(), strings.NewReader(src+"Resources: *i\n"), Options{}) {
		if err == nil {
			t.Error("no error")
		}
	}
}

func FuzzRoles(f *testing.F) {
	f.Add(bare)
	f.Add(`{"RoleDetailList": [{"RoleName": "a", "AssumeRolePolicyDocument": "%7B%7D"}]}`)
	f.Add("Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: !If [a, {Statement: !Sub ['${a}', {a: !Ref b}]}]\n")
	f.Add("Resources: {P: {Type: AWS::IAM::OIDCProvider, Properties: {Url: !Ref P}}, R: {Type: AWS::IAM::Role, Properties: {RoleName: !Ref P}}}")
	f.Fuzz(func(t *testing.T, src string) {
		for role, err := range Roles(t.Context(), strings.NewReader(src), Options{}) {
			if err != nil {
				return
			}
			if role.Policies == nil && role.Err == nil {
				t.Fatalf("%q: neither policy nor error", src)
			}
			var syntax *trust.SyntaxError
			if role.Err != nil && (!errors.As(role.Err, &syntax) || syntax.Line < 1) {
				t.Fatalf("%q: error without a position: %v", src, role.Err)
			}
		}
	})
}
