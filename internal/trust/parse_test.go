package trust

import (
	"errors"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	const head = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"`
	tests := []struct {
		src          string
		line, column int
		msg          string
	}{
		{``, 1, 1, "unexpected end of the document; expected a value"},
		{`[]`, 1, 1, "expected a trust policy, got a list"},
		{`{}`, 1, 1, "Statement is required"},
		{"{\n  \"Statement\": []\n}", 1, 1, "Statement is required"},
		{`{"Statement": "x"}`, 1, 15, "expected a statement, got a string"},
		{`{"Version": "2012-10-18"}`, 1, 13, `Version "2012-10-18" is invalid; use 2012-10-17 or 2008-10-17`},
		{`{"version": "2012-10-17"}`, 1, 2, `unknown element "version" in a policy; use Version`},
		{"{\"Id\": \"ä\",\n \"Foo\": 1}", 2, 2, `unknown element "Foo" in a policy; valid elements: Version, Id, Statement`},
		{`{"Id": 7}`, 1, 8, "Id: expected a string, got a number"},
		{`{"Id": "ä", "Id": "b"}`, 1, 13, `duplicate key "Id" (first on line 1): IAM silently uses the last one`},
		{head + `}]} x`, 1, 96, `unexpected 'x' after the end of the document`},
		{head + `, "Resource": "*"}]}`, 1, 94, "Resource is invalid in a trust policy: the role itself is the resource; remove it"},
		{head + `, "NotResource": "*"}]}`, 1, 94, "NotResource is invalid in a trust policy: the role itself is the resource; remove it"},
		{head + `, "NotPrincipal": "*"}]}`, 1, 94, "Principal cannot be combined with NotPrincipal"},
		{head + `, "NotAction": "*"}]}`, 1, 94, "Action cannot be combined with NotAction"},
		{head + `, "effect": "Deny"}]}`, 1, 94, `unknown element "effect" in a statement; use Effect`},
		{head + `, "Condition": []}]}`, 1, 107, "expected the conditions, got a list"},
		{head + `, "Condition": {"StringIs": {}}}]}`, 1, 108, `unknown condition operator "StringIs"`},
		{head + `, "Condition": {"NullIfExists": {}}}]}`, 1, 108, `condition operator "NullIfExists" is invalid: Null cannot be combined with ForAllValues, ForAnyValue or IfExists; use Null`},
		{head + `, "Condition": {"ForAnyValue:Null": {}}}]}`, 1, 108, `condition operator "ForAnyValue:Null" is invalid: Null cannot be combined with ForAllValues, ForAnyValue or IfExists; use Null`},
		{head + `, "Condition": {"StringEqual": {}}}]}`, 1, 108, `unknown condition operator "StringEqual"; use StringEquals`},
		{head + `, "Condition": {"ForAnyValue:StringLikeIfExist": {}}}]}`, 1, 108, `unknown condition operator "ForAnyValue:StringLikeIfExist"`},
		{head + `, "Condition": {"ForSome:Bool": {}}}]}`, 1, 108, `unknown condition operator "ForSome:Bool"`},
		{head + `, "Condition": {"Bool": {"k": null}}}]}`, 1, 122, `condition key "k": expected a value, got null`},
		{head + `, "Condition": {"Bool": {"k": [["a"]]}}}]}`, 1, 123, `condition key "k": expected a value, got a list`},
		{head + `, "Condition": {"Bool": {"k": "a", "k": "b"}}}]}`, 1, 127, `duplicate key "k" (first on line 1): IAM silently uses the last one`},
		{head + `, "Condition": {"StringLike": {"k": "${a"}}}]}`, 1, 128, `value "${a": policy variable has no closing brace; add }`},
		{head + `, "Condition": {"StringLike": {"k": "${a, b}"}}}]}`, 1, 128, `value "${a, b}": the default value of policy variable "${a" is incomplete; put it in single quotes before a closing brace`},
		{head + `, "Condition": {"StringLike": {"k": "${}"}}}]}`, 1, 128, `value "${}": policy variable "${}" does not name a condition key; use ${key}`},
		{`{"Statement": {"Principal": "*", "Action": "*"}}`, 1, 15, "Effect is required; use Allow or Deny"},
		{`{"Statement": {"Effect": "allow"}}`, 1, 26, `Effect "allow" is invalid; use Allow or Deny`},
		{`{"Statement": {"Effect": "Allow", "Action": "*"}}`, 1, 15, "Principal is required in a trust policy"},
		{`{"Statement": {"Effect": "Allow", "Principal": "*"}}`, 1, 15, "Action is required; for GitHub use sts:AssumeRoleWithWebIdentity"},
		{`{"Statement": {"Principal": "arn:x"}}`, 1, 29, `principal "arn:x" has no type; use {"AWS": …} or {"Federated": …}`},
		{`{"Statement": {"Principal": {"aws": "*"}}}`, 1, 30, `unknown element "aws" in a principal; use AWS`},
		{`{"Statement": {"Action": "AssumeRoleWithWebIdentity"}}`, 1, 26, `action "AssumeRoleWithWebIdentity" has no service; use sts:AssumeRoleWithWebIdentity`},
		{`{"Statement": {"NotAction": ["sts:AssumeRole", "GetObject"]}}`, 1, 48, `action "GetObject" has no service; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{`{"Statement": {"Effect": "Deny", "Action": "sts:Assume:Role"}}`, 1, 44, `action "sts:Assume:Role" is invalid: unexpected ':'; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{`{"Statement": {"Action": "sts/AssumeRole"}}`, 1, 26, `action "sts/AssumeRole" is invalid: unexpected '/'; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{`{"Statement": {"Action": "sts:AssumeRole "}}`, 1, 26, `action "sts:AssumeRole " is invalid: unexpected ' '; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{`{"Statement": {"Action": "sts:\u200bAssumeRole"}}`, 1, 26, `action "sts:\u200bAssumeRole" is invalid: unexpected U+200B (zero width space); use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{`{"Statement": {"Action": "sts:${aws:username}"}}`, 1, 26, `action "sts:${aws:username}" is invalid: unexpected '$'; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{`{"Statement": {"Action": ":AssumeRole"}}`, 1, 26, `action ":AssumeRole" is incomplete; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{`{"Statement": {"Action": "sts:"}}`, 1, 26, `action "sts:" is incomplete; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{`{"Statement": {"Action": ""}}`, 1, 26, `action "" has no service; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{"{\u00a0\"Version\": \"2012-10-17\"}", 1, 2, "unexpected U+00A0 (no-break space); expected a key in double quotes"},
		{"{\u201cVersion\u201d: \"2012-10-17\"}", 1, 2, "unexpected U+201C (left double quotation mark); expected a key in double quotes"},
		{`{"Statement": {"Action": [1]}}`, 1, 27, "Action: expected a string, got a number"},
	}
	for _, tt := range tests {
		_, err := Parse([]byte(tt.src))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: error is %v", tt.src, err)
			continue
		}
		if syntax.Line != tt.line || syntax.Column != tt.column || syntax.Msg != tt.msg {
			t.Errorf("%s:\n got %v\nwant line %d, column %d: %s", tt.src, err, tt.line, tt.column, tt.msg)
		}
	}
}

func TestParseTellsPositions(t *testing.T) {
	p := mustParse(t, `{
  "Version": "2012-10-17",
  "Statement": {
    "Sid": "ä", "Effect": "Allow",
    "Principal": { "Federated": [ "a", "b" ] },
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {
      "StringEquals": {
        "äöü": "x", "sub": [ "y",
          "z" ]
      }
    }
  }
}`)
	s := p.Statements[0]
	got := []Pos{p.Pos, s.Pos, s.Principal.Pos, s.Principal.Entries[1].Pos, s.Action.Pos, s.Action.Values[0].Pos,
		s.Conditions[0].Pos, s.Conditions[1].Pos, s.Conditions[1].Values[0].Pos, s.Conditions[1].Values[1].Pos}
	want := [][2]int{{1, 1}, {3, 16}, {5, 18}, {5, 40}, {6, 15}, {6, 15}, {9, 9}, {9, 21}, {9, 30}, {10, 11}}
	for i := range want {
		if [2]int{got[i].Line, got[i].Column} != want[i] {
			t.Errorf("position %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": ["a"]}, "Action": "*",
		"Condition": {"ForAnyValue:StringLikeIfExists": {"k": ["${a, 'b'}", 1, true, "${*}"]}}}]}`, "k", "v")
	f.Add(`{"Statement":{"Effect":"Deny","NotPrincipal":"*","NotAction":[],"Condition":{"IpAddress":{"k":"::/0"}}}}`, "k", "::1")
	f.Add(`{"Id": "\u00e4\ud83d\ude00", "Id"`, "", "")
	f.Fuzz(func(t *testing.T, src, key, value string) {
		p, err := Parse([]byte(src))
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 || syntax.Column < 1 || syntax.Line > strings.Count(src, "\n")+1 {
				t.Fatalf("%q: error without a position: %v", src, err)
			}
			return
		}
		r := p.Evaluate(Request{Action: value, Principal: Principal{Type: "AWS", ID: value}, Context: Context{key: {value}}})
		if len(r.Statements) != len(p.Statements) {
			t.Errorf("%q: %d results for %d statements", src, len(r.Statements), len(p.Statements))
		}
	})
}
