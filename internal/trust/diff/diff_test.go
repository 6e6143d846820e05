package diff

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

var update = flag.Bool("update", false, "write the golden files anew")

func compare(t testing.TB, before, after string) []Change {
	t.Helper()
	changes, err := Compare(document.Roles(t.Context(), strings.NewReader(before), document.Options{}), document.Roles(t.Context(), strings.NewReader(after), document.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Each directory holds old.json, new.json and what the one widens of the
// other, and of the other way round.
func TestGolden(t *testing.T) {
	dirs, err := filepath.Glob("testdata/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	for _, dir := range dirs {
		before, after := readFile(t, filepath.Join(dir, "old.json")), readFile(t, filepath.Join(dir, "new.json"))
		var b strings.Builder
		for _, way := range []struct{ name, before, after string }{{"old to new", before, after}, {"new to old", after, before}} {
			fmt.Fprintf(&b, "%s:\n", way.name)
			for _, c := range compare(t, way.before, way.after) {
				fmt.Fprintf(&b, "  %d:%d %s %s: %s\n", c.Line, c.Column, c.Role, c.Kind, c.Message)
			}
			for _, c := range compare(t, way.before, way.before) {
				if c.Kind != Unreadable { // what cannot be read cannot be called the same
					t.Errorf("%s: differs from itself: %+v", dir, c)
				}
			}
		}
		file := filepath.Join(dir, "widened.txt")
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(readFile(t, file), b.String()); diff != "" {
			t.Errorf("%s: %s", dir, diff)
		}
	}
}

// Conditions one by one: does the new one leave open more than the old one?
func TestConditions(t *testing.T) {
	tests := []struct {
		before, after string
		wider         bool
	}{
		{`"StringLike": {"G:sub": "repo:o/*"}`, `"StringLike": {"G:sub": "repo:o/r:*"}`, false},
		{`"StringLike": {"G:sub": "repo:o/r:*"}`, `"StringLike": {"G:sub": "repo:o/*"}`, true},
		{`"StringLike": {"G:sub": "repo:o/r:*"}`, `"StringEquals": {"G:SUB": "repo:o/r:x"}`, false},
		{`"StringEquals": {"G:sub": "repo:o/r:x"}`, `"StringLike": {"G:sub": "repo:o/r:x"}`, false},
		{`"StringEquals": {"G:sub": "repo:o/*"}`, `"StringLike": {"G:sub": "repo:o/*"}`, true},
		{`"StringEquals": {"G:sub": ["a", "b"]}`, `"StringEquals": {"G:sub": "b"}`, false},
		{`"StringEquals": {"G:sub": "a"}`, `"StringEquals": {"G:sub": ["a", "b"]}`, true},
		{`"StringEquals": {"G:sub": "a"}`, `"StringEqualsIgnoreCase": {"G:sub": "a"}`, true},
		{`"StringEqualsIgnoreCase": {"G:sub": "A"}`, `"StringEquals": {"G:sub": "a"}`, false},
		{`"StringEquals": {"G:sub": "a"}`, `"StringEqualsIfExists": {"G:sub": "a"}`, true},
		{`"StringEqualsIfExists": {"G:sub": "a"}`, `"StringEquals": {"G:sub": "a"}`, false},
		{`"StringEquals": {"G:sub": "a"}`, `"ForAllValues:StringEquals": {"G:sub": "a"}`, true},
		{`"StringEquals": {"G:sub": "a"}`, `"ForAnyValue:StringEquals": {"G:sub": "a"}`, false},
		{`"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}`, `"StringEquals": {"aws:TagKeys": "a"}`, true},
		{`"StringNotEquals": {"G:ref": ["a", "b"]}`, `"StringNotEquals": {"G:ref": "a"}`, true},
		{`"StringNotEquals": {"G:ref": "a"}`, `"StringNotEquals": {"G:ref": ["a", "b"]}`, false},
		{`"StringNotEquals": {"G:ref": "a"}`, `"StringNotLike": {"G:ref": "a*"}`, false},
		{`"StringNotEquals": {"G:ref": "a"}`, `"StringEquals": {"G:ref": "b"}`, false},
		{`"StringNotEquals": {"G:ref": "a"}`, `"StringEquals": {"G:ref": "a"}`, true},
		{`"StringNotLike": {"G:ref": "a*"}`, `"StringLike": {"G:ref": "b*"}`, true}, // conservative
		{`"StringEquals": {"G:ref": "a"}`, `"StringNotEquals": {"G:ref": "b"}`, true},
		{`"StringEquals": {"G:sub": "a"}`, ``, true},
		{``, `"StringEquals": {"G:sub": "a"}`, false},
		{`"StringLikeIfExists": {"G:sub": "*"}`, ``, false},
		{`"StringLike": {"G:sub": "*"}`, ``, true},
		{`"StringLike": {"G:sub": "*"}`, `"StringEquals": {"G:sub": "a"}`, false},
		{`"Null": {"G:sub": "false"}`, `"StringEquals": {"G:sub": "a"}`, false},
		{`"Null": {"G:sub": "false"}`, `"StringNotEquals": {"G:sub": "a"}`, true},
		{`"Null": {"G:sub": "true"}`, `"Null": {"G:sub": true}`, false},
		{`"Null": {"G:sub": "true"}`, `"Null": {"G:sub": [true, false]}`, true},
		{`"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}`, `"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}`, false},
		{`"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}`, `"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}`, true},
		{`"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}`, `"IpAddress": {"aws:SourceIp": "10.1.2.3"}`, false},
		{`"NotIpAddress": {"aws:SourceIp": "10.1.0.0/16"}`, `"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}`, false},
		{`"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}`, `"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::1:role/a"}`, false},
		{`"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/a"}`, `"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::?:role/a"}`, true},
		{`"NumericEquals": {"G:repository_id": 7}`, `"NumericEquals": {"G:repository_id": "7"}`, false},
		{`"NumericLessThan": {"k": 7}`, `"NumericLessThan": {"k": 6}`, true}, // conservative
		{`"Bool": {"aws:SecureTransport": "true"}`, `"Bool": {"aws:SecureTransport": true}`, false},
		{`"StringLike": {"G:sub": "x-*"}`, `"StringLike": {"G:sub": "x-${G:actor}"}`, false},
		{`"StringLike": {"G:sub": "x-${G:actor}"}`, `"StringLike": {"G:sub": "x-a"}`, true},
		{`"StringLike": {"G:sub": "x-${G:actor}"}`, `"StringLike": {"G:sub": "x-${G:actor}"}`, false},
	}
	policy := func(conditions string) string {
		return `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
			"Principal": {"Federated": "p"}, "Condition": {` + strings.ReplaceAll(conditions, "G:", "token.actions.githubusercontent.com:") + `}}}`
	}
	for _, tt := range tests {
		if changes := compare(t, policy(tt.before), policy(tt.after)); (len(changes) > 0) != tt.wider {
			t.Errorf("%s to %s: %+v", tt.before, tt.after, changes)
		}
	}
}

func TestPrincipalsAndActions(t *testing.T) {
	tests := []struct {
		before, after string
		wider         bool
	}{
		{`"Principal": "*", "Action": "*"`, `"Principal": {"Federated": "p"}, "Action": "sts:AssumeRole"`, false},
		{`"Principal": {"Federated": "p"}, "Action": "*"`, `"Principal": "*", "Action": "*"`, true},
		{`"Principal": {"Federated": "p"}, "Action": "*"`, `"Principal": {"Federated": ["p", "q"]}, "Action": "*"`, true},
		{`"Principal": {"AWS": "111122223333"}, "Action": "*"`, `"Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "*"`, false},
		{`"Principal": {"AWS": "111122223333"}, "Action": "*"`, `"Principal": {"AWS": "arn:aws:iam::111122223333:role/a"}, "Action": "*"`, false},
		{`"Principal": {"AWS": "111122223333"}, "Action": "*"`, `"Principal": {"AWS": "arn:aws:iam::444455556666:role/a"}, "Action": "*"`, true},
		{`"Principal": {"AWS": "*"}, "Action": "*"`, `"Principal": {"AWS": "arn:aws:iam::444455556666:role/a"}, "Action": "*"`, false},
		{`"Principal": {"AWS": "*"}, "Action": "*"`, `"Principal": {"Federated": "p"}, "Action": "*"`, true},
		{`"NotPrincipal": {"AWS": ["a", "b"]}, "Action": "*"`, `"NotPrincipal": {"AWS": "a"}, "Action": "*"`, true},
		{`"NotPrincipal": {"AWS": "a"}, "Action": "*"`, `"NotPrincipal": {"AWS": ["a", "b"]}, "Action": "*"`, false},
		{`"NotPrincipal": {"AWS": "a"}, "Action": "*"`, `"Principal": {"Federated": "p"}, "Action": "*"`, false},
		{`"Principal": "*", "Action": "sts:Assume*"`, `"Principal": "*", "Action": ["STS:AssumeRole", "sts:assumeRoleWith*"]`, false},
		{`"Principal": "*", "Action": "sts:AssumeRole"`, `"Principal": "*", "Action": ["sts:AssumeRole", "sts:TagSession"]`, true},
		{`"Principal": "*", "NotAction": "sts:TagSession"`, `"Principal": "*", "Action": "sts:AssumeRole"`, false},
		{`"Principal": "*", "NotAction": "sts:TagSession"`, `"Principal": "*", "Action": "sts:*"`, true},
		{`"Principal": "*", "NotAction": "sts:TagSession"`, `"Principal": "*", "NotAction": "sts:T*"`, false},
		{`"Principal": "*", "Action": "*"`, `"Principal": "*", "NotAction": "sts:T*"`, false},
		{`"Principal": "*", "Action": "sts:*"`, `"Principal": "*", "NotAction": "sts:T*"`, true},
	}
	policy := func(s string) string { return `{"Statement": {"Effect": "Allow", ` + s + `}}` }
	for _, tt := range tests {
		if changes := compare(t, policy(tt.before), policy(tt.after)); (len(changes) > 0) != tt.wider {
			t.Errorf("%s to %s: %+v", tt.before, tt.after, changes)
		}
	}
}

func TestErrors(t *testing.T) {
	good := document.Roles(t.Context(), strings.NewReader(`{"RoleDetailList": []}`), document.Options{})
	bad := document.Roles(t.Context(), strings.NewReader(`{"RoleDetailList": [`), document.Options{})
	if _, err := Compare(bad, good); err == nil || !strings.HasPrefix(err.Error(), "read the old document: line 1") {
		t.Error(err)
	}
	if _, err := Compare(good, bad); err == nil || !strings.HasPrefix(err.Error(), "read the new document: line 1") {
		t.Error(err)
	}
}
