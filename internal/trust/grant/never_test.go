package grant

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

func TestNeverForAbsentClaims(t *testing.T) {
	tests := []struct{ name, condition, want string }{
		{"every token has sub", `"Null": {"G:sub": "true"}`, "every token has sub"},
		{"a sub is there", `"Null": {"G:sub": "false"}`, ""},
		{"an environment is optional", `"Null": {"G:environment": "true"}`, ""},
		{"either", `"Null": {"G:sub": ["true", "false"]}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.ReplaceAll(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/G"},
				"Action": "sts:AssumeRoleWithWebIdentity", "Condition": {`+tt.condition+`}}]}`, "G", "token.actions.githubusercontent.com")
			for role, err := range document.Roles(t.Context(), strings.NewReader(text), document.Options{}) {
				if err != nil || len(role.Policies) != 1 {
					t.Fatal(role.Err, err)
				}
				grants := Of(role.Policies[0])
				if got := grants[0].Never(); got != tt.want {
					t.Errorf("%q, want %q", got, tt.want)
				}
			}
		})
	}
}

func TestNever(t *testing.T) {
	const sub = `StringLike: { "G:sub": "repo:octo/app:*" }`
	for _, tt := range []struct{ name, conditions, want string }{
		{"a repository", sub, ""},
		{"a claim without a key", sub + `, StringEquals: { "G:repository_owner": octo }`, "repository_owner is a claim of the token, but IAM has no condition key for it"},
		{"a claim without a key, if it exists", sub + `, StringEqualsIfExists: { "G:repository_owner": octo }`, ""},
		{"a claim without a key, negated", sub + `, StringNotEquals: { "G:repository_owner": octo }`, ""},
		{"a key that does not exist", sub + `, StringEquals: { "G:colour": red }`, `condition key "` + hub + `:colour" does not exist`},
		{"a key of another provider of GitHub's", `StringLike: { "` + hub + `/octo:sub": "repo:octo/app:*" }`, `condition key "` + hub + `/octo:sub" belongs to another provider than the principal`},
		{"a key of another service", sub + `, StringEquals: { "s3:prefix": x }`, `condition key "s3:prefix" is not in the request of a web identity`},
		{"a key of AWS", sub + `, IpAddress: { "aws:SourceIp": "192.0.2.1" }`, ""},
		{"no values", `StringLike: { "G:sub": [] }`, "StringLike on " + hub + ":sub lists no values"},
		{"no values, negated", sub + `, StringNotLike: { "G:sub": [] }`, ""},
		{"two subjects that exclude each other", sub + `, StringEquals: { "G:sub": "repo:octo/site:pull_request" }`, "no sub meets both StringEquals and StringLike"},
		{"two subjects that overlap", sub + `, StringEquals: { "G:sub": ["repo:octo/site:pull_request", "repo:octo/app:pull_request"] }`, ""},
		{"two subjects, one of them optional", sub + `, StringEqualsIfExists: { "G:sub": "repo:octo/site:pull_request" }`, ""},
		{"two subjects, one of them unknown", sub + `, StringEquals: { "G:sub": !Ref Who }`, ""},
		{"two audiences that exclude each other", `StringLike: { "G:aud": "a*" }, StringEquals: { "G:aud": b }`, "no aud meets both StringEquals and StringLike"},
		{"ids are compared as numbers", `StringEquals: { "G:repository_id": "7" }, NumericEquals: { "G:repository_id": "8" }`, ""},
		{"no audience", sub + `, "Null": { "G:aud": "true" }`, "every token has aud"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Of(parse(t, federated(tt.conditions)))[0].Never(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// A key is in the requests of a provider that the statement names as well, and
// anyone's provider may have any key.
func TestAbsentOfSeveralProviders(t *testing.T) {
	const conditions = `StringLike: { "gitlab.com:sub": "x" }`
	for _, tt := range []struct {
		name, principal string
		absent          bool
	}{
		{"GitHub", `{ Federated: "` + provider + `" }`, true},
		{"GitHub and GitLab", `{ Federated: ["` + provider + `", "arn:aws:iam::111122223333:oidc-provider/gitlab.com"] }`, false},
		{"everyone", `"*"`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := Of(parse(t, allow(tt.principal, conditions)))[0]
			why, absent := g.Absent(g.Statement.Conditions[0])
			if absent != tt.absent || (why != "") != tt.absent {
				t.Errorf("absent %v: %q", absent, why)
			}
		})
	}
}

func TestBarred(t *testing.T) {
	const grant = `StringLike: { "G:sub": "repo:octo/app:*" }`
	for _, tt := range []struct {
		name, deny string
		barred     bool
	}{
		{"everything", `{ Effect: Deny, Principal: "*", Action: "*" }`, true},
		{"the provider", `{ Effect: Deny, Principal: { Federated: "` + provider + `" }, Action: "sts:AssumeRoleWithWebIdentity" }`, true},
		{"another action", `{ Effect: Deny, Principal: "*", Action: "sts:TagSession" }`, false},
		{"another provider", `{ Effect: Deny, Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/gitlab.com" }, Action: "*" }`, false},
		{"under a condition", `{ Effect: Deny, Principal: "*", Action: "*", Condition: { StringEquals: { "G:actor": x } } }`, false},
		{"nothing", `{ Effect: Allow, Principal: "*", Action: "sts:TagSession" }`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, federated(grant), tt.deny)
			by, barred := Of(p)[0].Barred(p)
			if barred != tt.barred || barred && by.Pos != p.Statements[1].Pos {
				t.Errorf("barred %v by %+v", barred, by)
			}
		})
	}
}
