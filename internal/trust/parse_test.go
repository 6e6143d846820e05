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
		{``, 1, 1, "the document ends where a value should stand"},
		{`[]`, 1, 1, "expected a trust policy, got a list"},
		{`{}`, 1, 1, "policy has no Statement"},
		{"{\n  \"Statement\": []\n}", 1, 1, "policy has no Statement"},
		{`{"Statement": "x"}`, 1, 15, "expected a statement, got a string"},
		{`{"Version": "2012-10-18"}`, 1, 13, `Version is "2012-10-18": write 2012-10-17 or 2008-10-17`},
		{`{"version": "2012-10-17"}`, 1, 2, `unknown element "version" in a policy: write Version`},
		{"{\"Id\": \"ä\",\n \"Foo\": 1}", 2, 2, `unknown element "Foo" in a policy: it takes Version, Id, Statement`},
		{`{"Id": 7}`, 1, 8, "Id should be a string, not a number"},
		{`{"Id": "ä", "Id": "b"}`, 1, 13, `duplicate key "Id" (first on line 1): IAM silently uses the last one`},
		{head + `}]} x`, 1, 96, `unexpected 'x' after the end of the document`},
		{head + `, "Resource": "*"}]}`, 1, 94, "Resource has no place in a trust policy: the role itself is the resource"},
		{head + `, "NotResource": "*"}]}`, 1, 94, "NotResource has no place in a trust policy: the role itself is the resource"},
		{head + `, "NotPrincipal": "*"}]}`, 1, 94, "statement has both Principal and NotPrincipal"},
		{head + `, "NotAction": "*"}]}`, 1, 94, "statement has both Action and NotAction"},
		{head + `, "effect": "Deny"}]}`, 1, 94, `unknown element "effect" in a statement: write Effect`},
		{head + `, "Condition": []}]}`, 1, 107, "expected the conditions, got a list"},
		{head + `, "Condition": {"StringIs": {}}}]}`, 1, 108, `unknown condition operator "StringIs"`},
		{head + `, "Condition": {"NullIfExists": {}}}]}`, 1, 108, `unknown condition operator "NullIfExists"`},
		{head + `, "Condition": {"ForAnyValue:Null": {}}}]}`, 1, 108, `unknown condition operator "ForAnyValue:Null"`},
		{head + `, "Condition": {"ForSome:Bool": {}}}]}`, 1, 108, `unknown condition operator "ForSome:Bool"`},
		{head + `, "Condition": {"Bool": {"k": null}}}]}`, 1, 122, `condition key "k" has null where a value should stand`},
		{head + `, "Condition": {"Bool": {"k": [["a"]]}}}]}`, 1, 123, `condition key "k" has a list where a value should stand`},
		{head + `, "Condition": {"Bool": {"k": "a", "k": "b"}}}]}`, 1, 127, `duplicate key "k" (first on line 1): IAM silently uses the last one`},
		{head + `, "Condition": {"StringLike": {"k": "${a"}}}]}`, 1, 128, `value "${a": policy variable has no closing brace`},
		{head + `, "Condition": {"StringLike": {"k": "${a, b}"}}}]}`, 1, 128, `value "${a, b}": policy variable "${a" needs its default value in single quotes and a closing brace`},
		{head + `, "Condition": {"StringLike": {"k": "${}"}}}]}`, 1, 128, `value "${}": "" is not the name of a condition key: a policy variable is written ${key}`},
		{`{"Statement": {"Principal": "*", "Action": "*"}}`, 1, 15, "statement has no Effect: write Allow or Deny"},
		{`{"Statement": {"Effect": "allow"}}`, 1, 26, `Effect is "allow": write Allow or Deny`},
		{`{"Statement": {"Effect": "Allow", "Action": "*"}}`, 1, 15, "statement has no Principal: a trust policy says whom it trusts"},
		{`{"Statement": {"Effect": "Allow", "Principal": "*"}}`, 1, 15, "statement has no Action: for GitHub it is sts:AssumeRoleWithWebIdentity"},
		{`{"Statement": {"Principal": "arn:x"}}`, 1, 29, `principal "arn:x" needs its type: write {"AWS": …} or {"Federated": …}`},
		{`{"Statement": {"Principal": {"aws": "*"}}}`, 1, 30, `unknown element "aws" in a principal: write AWS`},
		{`{"Statement": {"Action": [1]}}`, 1, 27, "Action should be a string, not a number"},
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
