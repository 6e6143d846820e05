package trust

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestRefusedActions(t *testing.T) {
	for action, want := range map[string]string{ // the reason, then the action that may be meant
		"sts:AssumeRoleWithWebIdentity": "",
		"STS:assumerole":                "",
		"sts:TagSession":                "",
		"*":                             "",
		"*:*":                           "",
		"sts:*":                         "",
		"s*:Assume*":                    "",
		"sts:Assume????":                "",
		"sts:TagSessions":               "is not an action of STS that assumes a role|sts:TagSession",
		"sts:AsumeRole":                 "is not an action of STS that assumes a role|sts:AssumeRole",
		"sts:GetCallerIdentity":         "is not an action of STS that assumes a role|",
		"sts:Get*":                      "matches no action of STS that assumes a role|",
		"s3:GetObject":                  "belongs to another service; a trust policy takes only actions of STS that assume a role|",
		"iam:*":                         "belongs to another service; a trust policy takes only actions of STS that assume a role|",
		"sst:AssumeRole":                "belongs to another service; a trust policy takes only actions of STS that assume a role|sts:AssumeRole",
	} {
		for _, element := range []string{`"Effect": "Allow", "Action"`, `"Effect": "Deny", "NotAction"`} {
			p := mustParse(t, fmt.Sprintf(`{"Statement": {%s: ["sts:AssumeRole", %q], "Principal": "*"}}`, element, action))
			got := ""
			for _, a := range p.RefusedActions() {
				got += a.Reason + "|" + a.Nearest
			}
			if got != want {
				t.Errorf("%s: %q, want %q", action, got, want)
			}
		}
	}
}

func TestGlobalKeys(t *testing.T) {
	for key, want := range map[string]string{
		"aws:SourceIp":            "an IP address",
		"AWS:sourceip":            "an IP address",
		"aws:CurrentTime":         "a date",
		"aws:PrincipalTag/team":   "text",
		"aws:RequestTag/a/b":      "text",
		"sts:RoleSessionName":     "text",
		"sts:DurationSeconds":     "a number",
		"aws:PrincipalTag":        "",
		"aws:PrincipalTag/":       "",
		"aws:SourceIp/x":          "",
		"aws:SourceIpAddress":     "",
		"sts:SessionName":         "",
		"s3:prefix":               "",
		"awsx:SourceIp":           "",
		"aws:":                    "",
		"iam:ResourceTag/team":    "",
		"token.example.com:aws:x": "",
	} {
		kind, known := GlobalKey(key)
		if !known {
			kind = ""
		}
		if string(kind) != want {
			t.Errorf("%s: %q, want %q", key, kind, want)
		}
		global := strings.HasPrefix(strings.ToLower(key), "aws:") || strings.HasPrefix(key, "sts:")
		if IsGlobalKey(key) != global {
			t.Errorf("%s: global is %t", key, !global)
		}
	}
	for key, want := range map[string]string{"aws:SourceIP4": "aws:SourceIp", "sts:SessionName": "sts:RoleSessionName", "aws:xyzzyplugh": ""} {
		if got := NearestGlobalKey(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

// What a typed operator compares has a form; text has none.
func TestValueFault(t *testing.T) {
	for operator, values := range map[string][2][]string{ // right, wrong
		"DateLessThan":         {{"2026-11-26", "2026-11-26T09:00:00Z", "2026-11-26T09:00Z", "1798675200", "2026"}, {"", "soon", "31.12.2026", "2026-13-01"}},
		"NumericEquals":        {{"0", "-1.5", "123456789012345678901234567890"}, {"", "1e9", "x", "0x10"}},
		"Bool":                 {{"true", "FALSE"}, {"", "yes", "1"}},
		"Null":                 {{"true", "false"}, {"null"}},
		"IpAddress":            {{"203.0.113.7", "203.0.113.7/24", "2001:db8::/32"}, {"", "203.0.113", "203.0.113.256", "203.0.113.0/33", "*"}},
		"NotIpAddressIfExists": {{"::1"}, {"localhost"}},
		"ArnLike":              {{"*", "arn:aws:iam::*:role/x", "arn:*:*:*:*:*"}, {"", "arn:aws:iam", "role/x"}},
		"BinaryEquals":         {{"QUFB", ""}, {"QUFB!"}},
		"StringEquals":         {{"", "x", "2026"}, nil},
	} {
		o, ok := parseOperator(operator)
		if !ok {
			t.Fatal(operator)
		}
		for i, wrong := range []bool{false, true} {
			for _, v := range values[i] {
				if got := ValueFault(o, NewValue(v, Pos{})); (got != "") != wrong {
					t.Errorf("%s %q: %q", operator, v, got)
				}
			}
		}
	}
}

// Policy variables belong to the version: in another one, values are read anew.
func TestWithVersion(t *testing.T) {
	const src = `{"Statement": {"Effect": "Allow", "Action": "*", "Principal": "*", "Condition": {"StringEquals": {"g:sub": "${g:ref}"}}}}`
	request := Request{Context: Context{"g:sub": {"a"}, "g:ref": {"a"}}}
	old := mustParse(t, src)
	newer, err := old.WithVersion(Version2012)
	if err != nil {
		t.Fatal(err)
	}
	again, err := newer.WithVersion(Version2008)
	if err != nil {
		t.Fatal(err)
	}
	got := []Decision{old.Evaluate(request).Decision, newer.Evaluate(request).Decision, again.Evaluate(request).Decision}
	if !slices.Equal(got, []Decision{ImplicitDeny, Allowed, ImplicitDeny}) {
		t.Error(got)
	}
	if _, err := mustParse(t, strings.Replace(src, "${g:ref}", "${g:ref", 1)).WithVersion(Version2012); err == nil {
		t.Error("a broken variable is no error")
	}
}
