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
		{src: ``, line: 1, column: 1, msg: "unexpected end of the document; expected a value"},
		{src: `[]`, line: 1, column: 1, msg: "expected a trust policy, got a list"},
		{src: `{}`, line: 1, column: 1, msg: "Statement is required"},
		{src: "{\n  \"Statement\": []\n}", line: 1, column: 1, msg: "Statement is required"},
		{src: `{"Statement": "x"}`, line: 1, column: 15, msg: "expected a statement, got a string"},
		{src: `{"Version": "2012-10-18"}`, line: 1, column: 13,
			msg: `Version "2012-10-18" is invalid; use 2012-10-17 or 2008-10-17`},
		{src: `{"version": "2012-10-17"}`, line: 1, column: 2,
			msg: `unknown element "version" in a policy; use Version`},
		{src: "{\"Id\": \"ä\",\n \"Foo\": 1}", line: 2, column: 2,
			msg: `unknown element "Foo" in a policy; valid elements: Version, Id, Statement`},
		{src: `{"Id": 7}`, line: 1, column: 8, msg: "Id: expected a string, got a number"},
		{src: `{"Id": "ä", "Id": "b"}`, line: 1, column: 13,
			msg: `duplicate key "Id" (first on line 1): IAM silently uses the last one`},
		{src: head + `}]} x`, line: 1, column: 96, msg: `unexpected 'x' after the end of the document`},
		{src: head + `, "Resource": "*"}]}`, line: 1, column: 94,
			msg: "Resource is invalid in a trust policy: the role itself is the resource; remove it"},
		{src: head + `, "NotResource": "*"}]}`, line: 1, column: 94,
			msg: "NotResource is invalid in a trust policy: the role itself is the resource; remove it"},
		{src: head + `, "NotPrincipal": "*"}]}`, line: 1, column: 94,
			msg: "Principal cannot be combined with NotPrincipal"},
		{src: head + `, "NotAction": "*"}]}`, line: 1, column: 94, msg: "Action cannot be combined with NotAction"},
		{src: head + `, "effect": "Deny"}]}`, line: 1, column: 94,
			msg: `unknown element "effect" in a statement; use Effect`},
		{src: head + `, "Condition": []}]}`, line: 1, column: 107, msg: "expected the conditions, got a list"},
		{src: head + `, "Condition": {"StringIs": {}}}]}`, line: 1, column: 108,
			msg: `unknown condition operator "StringIs"`},
		{src: head + `, "Condition": {"NullIfExists": {}}}]}`, line: 1, column: 108,
			msg: `condition operator "NullIfExists" is invalid: Null cannot be combined with ForAllValues, ForAnyValue or IfExists; use Null`},
		{src: head + `, "Condition": {"ForAnyValue:Null": {}}}]}`, line: 1, column: 108,
			msg: `condition operator "ForAnyValue:Null" is invalid: Null cannot be combined with ForAllValues, ForAnyValue or IfExists; use Null`},
		{src: head + `, "Condition": {"StringEqual": {}}}]}`, line: 1, column: 108,
			msg: `unknown condition operator "StringEqual"; use StringEquals`},
		{src: head + `, "Condition": {"ForAnyValue:StringLikeIfExist": {}}}]}`, line: 1, column: 108,
			msg: `unknown condition operator "ForAnyValue:StringLikeIfExist"`},
		{src: head + `, "Condition": {"ForSome:Bool": {}}}]}`, line: 1, column: 108,
			msg: `unknown condition operator "ForSome:Bool"`},
		{src: head + `, "Condition": {"Bool": {"k": null}}}]}`, line: 1, column: 122,
			msg: `condition key "k": expected a value, got null`},
		{src: head + `, "Condition": {"Bool": {"k": [["a"]]}}}]}`, line: 1, column: 123,
			msg: `condition key "k": expected a value, got a list`},
		{src: head + `, "Condition": {"Bool": {"k": "a", "k": "b"}}}]}`, line: 1, column: 127,
			msg: `duplicate key "k" (first on line 1): IAM silently uses the last one`},
		{src: head + `, "Condition": {"StringLike": {"k": "${a"}}}]}`, line: 1, column: 128,
			msg: `value "${a": policy variable has no closing brace; add }`},
		{src: head + `, "Condition": {"StringLike": {"k": "${a, b}"}}}]}`, line: 1, column: 128,
			msg: `value "${a, b}": the default value of policy variable "${a" is incomplete; put it in single quotes before a closing brace`},
		{src: head + `, "Condition": {"StringLike": {"k": "${}"}}}]}`, line: 1, column: 128,
			msg: `value "${}": policy variable "${}" does not name a condition key; use ${key}`},
		{src: `{"Statement": {"Principal": "*", "Action": "*"}}`, line: 1, column: 15,
			msg: "Effect is required; use Allow or Deny"},
		{src: `{"Statement": {"Effect": "allow"}}`, line: 1, column: 26,
			msg: `Effect "allow" is invalid; use Allow or Deny`},
		{src: `{"Statement": {"Effect": "Allow", "Action": "*"}}`, line: 1, column: 15,
			msg: "Principal is required in a trust policy"},
		{src: `{"Statement": {"Effect": "Allow", "Principal": "*"}}`, line: 1, column: 15,
			msg: "Action is required; for GitHub use sts:AssumeRoleWithWebIdentity"},
		{src: `{"Statement": {"Principal": "arn:x"}}`, line: 1, column: 29,
			msg: `principal "arn:x" has no type; use {"AWS": …} or {"Federated": …}`},
		{src: `{"Statement": {"Principal": {"aws": "*"}}}`, line: 1, column: 30,
			msg: `unknown element "aws" in a principal; use AWS`},
		{src: `{"Statement": {"Action": "AssumeRoleWithWebIdentity"}}`, line: 1, column: 26,
			msg: `action "AssumeRoleWithWebIdentity" has no service; use sts:AssumeRoleWithWebIdentity`},
		{src: `{"Statement": {"NotAction": ["sts:AssumeRole", "GetObject"]}}`, line: 1, column: 48,
			msg: `action "GetObject" has no service; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{src: `{"Statement": {"Effect": "Deny", "Action": "sts:Assume:Role"}}`, line: 1, column: 44,
			msg: `action "sts:Assume:Role" is invalid: unexpected ':'; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{src: `{"Statement": {"Action": "sts/AssumeRole"}}`, line: 1, column: 26,
			msg: `action "sts/AssumeRole" is invalid: unexpected '/'; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{src: `{"Statement": {"Action": "sts:AssumeRole "}}`, line: 1, column: 26,
			msg: `action "sts:AssumeRole " is invalid: unexpected ' '; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{src: `{"Statement": {"Action": "sts:\u200bAssumeRole"}}`, line: 1, column: 26,
			msg: `action "sts:\u200bAssumeRole" is invalid: unexpected U+200B (zero width space); use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{src: `{"Statement": {"Action": "sts:${aws:username}"}}`, line: 1, column: 26,
			msg: `action "sts:${aws:username}" is invalid: unexpected '$'; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{src: `{"Statement": {"Action": ":AssumeRole"}}`, line: 1, column: 26,
			msg: `action ":AssumeRole" is incomplete; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{src: `{"Statement": {"Action": "sts:"}}`, line: 1, column: 26,
			msg: `action "sts:" is incomplete; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{src: `{"Statement": {"Action": ""}}`, line: 1, column: 26,
			msg: `action "" has no service; use SERVICE:ACTION, such as sts:AssumeRoleWithWebIdentity`},
		{src: "{\u00a0\"Version\": \"2012-10-17\"}", line: 1, column: 2,
			msg: "unexpected U+00A0 (no-break space); expected a key in double quotes"},
		{src: "{\u201cVersion\u201d: \"2012-10-17\"}", line: 1, column: 2,
			msg: "unexpected U+201C (left double quotation mark); expected a key in double quotes"},
		{src: `{"Statement": {"Action": [1]}}`, line: 1, column: 27, msg: "Action: expected a string, got a number"},
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
