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
	dirs, err := filepath.Glob("testdata/golden/*")
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
		{`"StringNotLike": {"G:ref": "a*"}`, `"StringLike": {"G:ref": "b*"}`, false},
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
		{`"NumericLessThan": {"k": 7}`, `"NumericLessThan": {"k": 6}`, false},
		{`"NumericLessThan": {"k": 7}`, `"NumericLessThan": {"k": 8}`, true},
		{`"NumericLessThanEquals": {"G:actor_id": "10"}`, `"NumericLessThan": {"G:actor_id": "10"}`, false},
		{`"NumericLessThan": {"G:actor_id": "10"}`, `"NumericLessThanEquals": {"G:actor_id": "10"}`, true},
		{`"NumericEquals": {"G:actor_id": "10"}`, `"NumericEquals": {"G:actor_id": "10.0"}`, false},
		{`"NumericNotEquals": {"G:actor_id": "10"}`, `"NumericNotEquals": {"G:actor_id": ["10.0", "11"]}`, false},
		{`"NumericGreaterThan": {"G:actor_id": "10"}`, `"NumericEquals": {"G:actor_id": ["11", "12"]}`, false},
		{`"NumericLessThan": {"G:actor_id": "10"}`, `"NumericGreaterThan": {"G:actor_id": "3"}, "NumericLessThan": {"G:actor_id": "5"}`, false},
		{`"NumericEquals": {"G:repository_id": "7"}`, `"StringEquals": {"G:repository_id": ["7", "7.0"]}`, false},
		{`"NumericEquals": {"G:repository_id": "7"}`, `"StringEquals": {"G:repository_id": ["7", "8"]}`, true},
		{`"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}`, `"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}`, false},
		{`"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}`, `"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}`, true},
		{`"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}`, `"DateLessThan": {"aws:CurrentTime": "2027-01-01"}`, false},
		{`"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}`, `"DateLessThan": {"aws:CurrentTime": "2027-01-01T01:00:00+01:00"}`, false},
		{`"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}`, `"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00-01:00"}`, true},
		{`"DateGreaterThanEquals": {"aws:CurrentTime": "2027-01-01"}`, `"DateGreaterThan": {"aws:CurrentTime": "2027-01-01"}`, false},
		{`"DateGreaterThan": {"aws:CurrentTime": "2027-01-01"}`, `"DateGreaterThanEquals": {"aws:CurrentTime": "2027-01-01"}`, true},
		{`"DateLessThan": {"aws:CurrentTime": "never"}`, `"DateLessThan": {"aws:CurrentTime": "2027-01-01"}`, true},
		{`"IpAddress": {"aws:SourceIp": "10.0.0.0/7"}`, `"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "11.0.0.0/8"]}`, false},
		{`"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "11.0.0.0/8"]}`, `"IpAddress": {"aws:SourceIp": "10.0.0.0/7"}`, false},
		{`"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "11.0.0.0/9"]}`, `"IpAddress": {"aws:SourceIp": "10.0.0.0/7"}`, true},
		{`"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}`, `"IpAddress": {"aws:SourceIp": "10.9.9.9/8"}`, false},
		{`"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}`, `"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}`, false},
		{`"StringEquals": {"G:sub": ["a", "b"]}`, `"StringEquals": {"G:sub": ["b", "a", "b"]}`, false},
		{`"StringLike": {"G:sub": "repo:o/*"}`, `"StringLike": {"G:sub": "repo:*"}, "StringLikeIfExists": {"G:sub": "*o/x"}`, true},
		{`"StringLike": {"G:sub": "a*"}, "StringNotLike": {"G:sub": "*b"}`, `"StringLike": {"G:sub": "a*c"}`, false},
		{`"StringLike": {"G:sub": "a*ac"}`, `"StringLike": {"G:sub": "a*"}, "StringLikeIfExists": {"G:sub": "*ac"}`, true},
		{`"StringLike": {"G:sub": "a*?c"}`, `"StringLike": {"G:sub": "a*"}, "StringLikeIfExists": {"G:sub": "?*?c"}`, false},
		{`"StringEquals": {"G:sub": "x"}`, `"ForAllValues:StringEquals": {"G:sub": "x"}, "Null": {"G:sub": "false"}`, false},
		{`"StringEquals": {"G:sub": "x"}`, `"StringEqualsIfExists": {"G:sub": "x"}, "StringLike": {"G:sub": "*"}`, false},
		{`"StringLike": {"G:sub": "${aws:PrincipalTag/Team}"}`, `"StringLike": {"G:sub": "${aws:principaltag/team}"}`, false},
		{`"StringLike": {"G:sub": "${G:actor}*"}`, `"StringEquals": {"G:sub": "${G:ACTOR}x"}`, false},

		// Keys with several values.
		{`"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o/*"}, "Null": {"aws:PrincipalOrgPaths": "false"}`, `"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o/*"}, "Null": {"aws:PrincipalOrgPaths": "false"}`, true},
		{`"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o/*"}`, `"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o/*"}, "Null": {"aws:PrincipalOrgPaths": "false"}`, false},
		{`"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o/*"}`, `"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o/*"}`, true},
		{`"ForAnyValue:StringEquals": {"aws:CalledVia": ["a", "b"]}`, `"ForAnyValue:StringEquals": {"aws:CalledVia": "a"}`, false},
		{`"ForAnyValue:StringEquals": {"aws:CalledVia": "a"}`, `"ForAnyValue:StringEquals": {"aws:CalledVia": ["a", "b"]}`, true},
		{`"ForAllValues:StringEquals": {"aws:CalledVia": ["a", "b"]}`, `"ForAllValues:StringEquals": {"aws:CalledVia": "a"}`, false},
		{`"ForAllValues:StringEquals": {"aws:CalledVia": "a"}`, `"ForAnyValue:StringEquals": {"aws:CalledVia": "a"}`, true},
		{`"ForAllValues:StringNotEquals": {"aws:CalledVia": "a"}`, `"ForAnyValue:StringNotEquals": {"aws:CalledVia": "a"}`, true},
		{`"ForAnyValue:StringNotEquals": {"aws:CalledVia": "a"}`, `"ForAnyValue:StringEquals": {"aws:CalledVia": "b"}`, false},
		{`"ForAnyValue:StringLike": {"aws:CalledVia": "a*"}`, `"ForAnyValue:StringLike": {"aws:CalledVia": "*"}, "ForAllValues:StringLike": {"aws:CalledVia": "a?"}`, false},
		{`"ForAnyValue:StringLike": {"aws:CalledVia": "a?"}`, `"ForAnyValue:StringLike": {"aws:CalledVia": "a*"}, "ForAnyValue:StringLikeIfExists": {"aws:CalledVia": "??"}`, true}, // not of one value
		{`"ForAnyValue:StringEquals": {"aws:VpceOrgPaths": "a"}`, `"StringEquals": {"aws:VpceOrgPaths": "a"}`, true},
		{`"ForAllValues:StringEquals": {"unheard:of": "a"}`, `"StringEquals": {"unheard:of": "a"}`, true},
		{`"ForAllValues:StringEquals": {"aws:PrincipalTag/Team": "a"}`, `"StringEquals": {"aws:PrincipalTag/Team": "a"}`, false},
		{`"Null": {"aws:CalledVia": "true"}`, `"ForAllValues:StringEquals": {"aws:CalledVia": []}`, false},
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
		{`"Principal": "*", "Action": "sts:AssumeRoleWith*"`, `"Principal": "*", "Action": ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]`, false},
		{`"Principal": "*", "Action": ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]`, `"Principal": "*", "Action": "sts:AssumeRoleWith*"`, false},
		{`"Principal": "*", "Action": ["sts:AssumeRole", "sts:TagSession"]`, `"Principal": "*", "Action": ["sts:AssumeRole*", "sts:TagSession"]`, true},
		{`"Principal": "*", "Action": "sts:AssumeRole"`, `"Principal": "*", "Action": ["sts:AssumeRole", "sts:AssumeRoleAnew"]`, true},
		{`"Principal": "*", "NotAction": ["sts:TagSession", "sts:Set*"]`, `"Principal": "*", "Action": "sts:Assume*"`, false},
		{`"NotPrincipal": {"AWS": "111122223333"}, "Action": "*"`, `"Principal": {"AWS": "444455556666"}, "Action": "*"`, false},
		{`"NotPrincipal": {"AWS": "111122223333"}, "Action": "*"`, `"Principal": {"AWS": "arn:aws:iam::111122223333:role/a"}, "Action": "*"`, true},
		{`"NotPrincipal": {"AWS": "*"}, "Action": "*"`, `"Principal": {"Federated": "p"}, "Action": "*"`, true}, // it may be the same as "*"
		{`"Principal": {"AWS": "a"}, "Action": "*"`, `"NotPrincipal": "*", "Action": "*"`, false},               // nobody
		{`"Principal": {"AWS": "a"}, "Action": "sts:AssumeRole"`, `"Principal": "*", "NotAction": "*"`, false},
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

// What a Deny statement kept out, where the new policy lacks it or has another.
func TestDenials(t *testing.T) {
	const (
		allowRuns = `{"Effect": "Allow", "Principal": {"Federated": "p"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringLike": {"g:sub": "repo:o/r:*"}}}`
		allowRole = `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/a"}, "Action": "sts:AssumeRole"}`
	)
	deny := func(principal, conditions string) string {
		return fmt.Sprintf(`{"Effect": "Deny", "Principal": %s, "Action": "sts:*", "Condition": {%s}}`, principal, conditions)
	}
	tests := []struct {
		name                  string
		allow, denied, denies string // in both, in the old policy, in the new one
		want                  string // "", wider or might
	}{
		{name: "everyone", allow: allowRuns, denied: deny(`"*"`, `"StringLike": {"g:sub": "*:pull_request"}`),
			want: "wider"},
		{name: "everyone of AWS", allow: allowRuns,
			denied: deny(`{"AWS": "*"}`, `"StringLike": {"g:sub": "*:pull_request"}`), want: "might"},
		{name: "everyone in place of everyone of AWS", allow: allowRuns,
			denied: deny(`{"AWS": "*"}`, `"StringLike": {"g:sub": "*:x"}`),
			denies: deny(`"*"`, `"StringLike": {"g:sub": "*:x"}`)},
		{name: "everyone of AWS in place of everyone", allow: allowRuns,
			denied: deny(`"*"`, `"StringLike": {"g:sub": "*:x"}`),
			denies: deny(`{"AWS": "*"}`, `"StringLike": {"g:sub": "*:x"}`), want: "wider"},
		{name: "the provider", allow: allowRuns, denied: deny(`{"Federated": "p"}`, `"StringLike": {"g:sub": "*:x"}`),
			want: "wider"},
		{name: "another provider", allow: allowRuns,
			denied: deny(`{"Federated": "q"}`, `"StringLike": {"g:sub": "*:x"}`)},
		{name: "an account, for runs", allow: allowRuns,
			denied: deny(`{"AWS": "111122223333"}`, `"StringLike": {"g:sub": "*:x"}`)},
		{name: "the account", allow: allowRole,
			denied: deny(`{"AWS": "111122223333"}`, `"StringEquals": {"sts:ExternalId": "x"}`), want: "wider"},
		{name: "another account", allow: allowRole,
			denied: deny(`{"AWS": "444455556666"}`, `"StringEquals": {"sts:ExternalId": "x"}`)},
		{name: "a session of the role", allow: allowRole,
			denied: deny(`{"AWS": "arn:aws:sts::111122223333:assumed-role/a/s"}`, ""), want: "wider"},
		{name: "another role", allow: allowRole, denied: deny(`{"AWS": "arn:aws:iam::111122223333:role/b"}`, "")},
		{name: "everyone but the provider", allow: allowRuns,
			denied: strings.Replace(deny(`{"Federated": "p"}`, ""), "Principal", "NotPrincipal", 1)},
		{name: "everyone but another", allow: allowRuns,
			denied: strings.Replace(deny(`{"Federated": "q"}`, `"StringLike": {"g:sub": "*:x"}`), "Principal", "NotPrincipal", 1),
			want:   "wider"},
		{name: "out of reach", allow: allowRuns, denied: deny(`"*"`, `"StringLike": {"g:sub": "repo:other/*"}`)},
		{name: "without the claim", allow: allowRuns, denied: deny(`"*"`, `"Null": {"g:sub": "true"}`)},
		{name: "by two conditions", allow: allowRuns,
			denied: deny(`"*"`, `"StringLike": {"g:sub": "*:x"}, "StringEquals": {"g:ref": "y"}`), want: "wider"},
		{name: "by fewer conditions now", allow: allowRuns,
			denied: deny(`"*"`, `"StringLike": {"g:sub": "*:x"}, "StringEquals": {"g:ref": "y"}`),
			denies: deny(`"*"`, `"StringLike": {"g:sub": "*:x"}`)},
		{name: "more subjects now", allow: allowRuns, denied: deny(`"*"`, `"StringLike": {"g:sub": "*:x"}`),
			denies: deny(`"*"`, `"StringLike": {"g:sub": "*x"}`)},
		{name: "as many as matter", allow: allowRuns, denied: deny(`"*"`, `"StringLike": {"g:sub": "*:x"}`),
			denies: deny(`"*"`, `"StringLike": {"g:sub": "repo:o/*:x"}`)},
		{name: "an exception more", allow: allowRuns, denied: deny(`"*"`, `"StringNotLike": {"g:sub": "*:x"}`),
			denies: deny(`"*"`, `"StringNotLike": {"g:sub": ["*:x", "*:y"]}`), want: "wider"},
		{name: "said by Allow", allow: strings.Replace(allowRuns, "repo:o/r:*", "repo:o/r:x", 1),
			denied: deny(`"*"`, `"StringNotLike": {"g:sub": "*:x"}`)},
		{name: "everything denied", allow: allowRuns, denied: deny(`"*"`, ""), denies: deny(`"*"`, "")},
		{name: "everything no longer denied", allow: allowRuns, denied: deny(`"*"`, ""), want: "wider"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			policy := func(deny string) string {
				if deny != "" {
					deny = ", " + deny
				}
				return `{"Version": "2012-10-17", "Statement": [` + tt.allow + deny + "]}"
			}
			got := ""
			for _, c := range compare(t, policy(tt.denied), policy(tt.denies)) {
				if got = "wider"; c.Might {
					got = "might"
				}
				if !strings.Contains(c.Message, "no longer denied") && tt.name != "an exception more" {
					t.Errorf("%+v", c)
				}
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
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

// Statements for one value each are together not the same as one for both, on
// a key with several values under an operator that does not say how they count.
func TestSeveralValuesUnsaid(t *testing.T) {
	statement := func(key, values string) string {
		return `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"` + key + `": ` + values + `}}}`
	}
	for key, wider := range map[string]bool{"aws:CalledVia": true, "sts:ExternalId": false} {
		before := `{"Statement": [` + statement(key, `"a"`) + ", " + statement(key, `"b"`) + "]}"
		if changes := compare(t, before, `{"Statement": `+statement(key, `["a", "b"]`)+"}"); (len(changes) > 0) != wider {
			t.Errorf("%s: %+v", key, changes)
		}
	}
}
