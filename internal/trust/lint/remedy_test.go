package lint

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// A remedy keeps what the other conditions pin, and one that they contradict is
// not printed.
func TestRemediesFitTheOtherConditions(t *testing.T) {
	const statement = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
		"Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
		"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com"}, CONDITION}} MORE]}`
	const deny = `, {"Effect": "Deny", "Action": "*", "Principal": "*", "Condition": {"StringEquals": {"G:`
	tests := []struct {
		name, condition, more, rule string
		want                        string // part of the remedy; - for none
	}{
		{name: "nothing else", condition: `"StringLike": {"G:sub": "repo:octo/*"}`, rule: "owner-wide",
			want: `"repo:octo/REPOSITORY:ref:refs/heads/main"`},
		{name: "an environment", condition: `"StringLike": {"G:sub": "repo:octo/*", "G:environment": "prod"}`,
			rule: "owner-wide", want: `"repo:octo/REPOSITORY:environment:prod"`},
		{name: "a branch", condition: `"StringLike": {"G:sub": "repo:octo/*", "G:ref": "refs/heads/next"}`,
			rule: "owner-wide", want: `"repo:octo/REPOSITORY:ref:refs/heads/next"`},
		{name: "the remedy is excluded",
			condition: `"StringLike": {"G:sub": "repo:octo/*"}, "StringNotLike": {"G:sub": "*:ref:refs/heads/main"}`,
			rule:      "owner-wide", want: "-"},
		{name: "the remedy is denied", condition: `"StringLike": {"G:sub": "repo:octo/*"}`,
			more: deny + `ref": "refs/heads/main"}}}`, rule: "owner-wide", want: "-"},
		{name: "something else is denied", condition: `"StringLike": {"G:sub": "repo:octo/*"}`,
			more: deny + `ref": "refs/heads/x"}}}`, rule: "owner-wide", want: "refs/heads/main"},
		{name: "another repository is pinned",
			condition: `"StringLike": {"G:sub": "repo:octo/*:*"}, "StringEquals": {"G:aud": "sts.amazonaws.com", "G:repository": "octo/app", "G:repository_id": "7"}`,
			rule:      "owner-wide"},
		{name: "an idle condition on the issuer",
			condition: `"ForAllValues:StringEquals": {"G:iss": "x"}, "StringLike": {"G:sub": "repo:octo/app:environment:prod"}`,
			rule:      "unknown-key", want: "remove the condition"},
		{name: "the only condition on the subject",
			condition: `"ForAllValues:StringLike": {"G:sub": "repo:octo/app:environment:prod"}`, rule: "for-all-values",
			want: "use StringLike instead"},
		{name: "a value that cannot be by the plain operator",
			condition: `"ForAllValues:StringEquals": {"G:environment": "x"}, "StringLike": {"G:sub": "repo:octo/app:environment:prod"}`,
			rule:      "for-all-values", want: "-"},
		{name: "a claim without a key",
			condition: `"StringEquals": {"G:repository_owner": "octo", "G:aud": "sts.amazonaws.com"}`,
			rule:      "unknown-key", want: `repository_owner_id": "ID"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := strings.NewReplacer("CONDITION", tt.condition, "MORE", tt.more, `"StringEquals": {"G:aud": "sts.amazonaws.com"}, "StringEquals"`, `"StringEquals"`).Replace(statement)
			if strings.Contains(tt.condition, `"StringEquals"`) {
				src = strings.Replace(src, `"StringEquals": {"G:aud": "sts.amazonaws.com"}, `, "", 1)
			}
			p, err := trust.Parse([]byte(strings.ReplaceAll(src, "G:", "token.actions.githubusercontent.com:")))
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, f := range Check(document.Role{Policies: trust.Alternatives{p}}, Options{}) {
				if f.Rule != tt.rule {
					continue
				}
				found = true
				if tt.want == "-" && f.Fix != "" || tt.want != "-" && !strings.Contains(f.Fix, tt.want) {
					t.Errorf("%s: %q", f.Message, f.Fix)
				}
			}
			if found != (tt.want != "") {
				t.Errorf("found: %t", found)
			}
		})
	}
}

// Severity is that of what the whole statement admits.
func TestSeverityFollowsTheStatement(t *testing.T) {
	idle := `"ForAllValues:StringEquals": {"G:aud": "x"}`
	for also, want := range map[string]Severity{
		``:                               Critical,
		`, "StringLike": {"G:sub": "*"}`: Critical,
		`, "StringLike": {"G:sub": "repo:octo*"}`:                 Critical,
		`, "StringLike": {"G:sub": "repo:octo/*"}`:                High,
		`, "StringLike": {"G:sub": "repo:octo/app:*"}`:            Medium,
		`, "StringLike": {"G:sub": "repo:octo/app:pull_request"}`: Low,
		`, "StringLikeIfExists": {"G:sub": "repo:octo/app:*"}`:    Critical,
	} {
		src := `{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/G"}, "Condition": {` + idle + also + `}}}`
		p, err := trust.Parse([]byte(strings.NewReplacer("G:", "token.actions.githubusercontent.com:", "/G", "/token.actions.githubusercontent.com").Replace(src)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range Check(document.Role{Policies: trust.Alternatives{p}}, Options{}) {
			if f.Rule == "for-all-values" && f.Severity != want {
				t.Errorf("%s: %s, want %s", also, f.Severity, want)
			}
		}
	}
}

// A remedy that lets in what the finding complains of is not printed, even if
// the rule itself would be satisfied.
func TestEvaluatorConfirmsRemedies(t *testing.T) {
	const host = "token.actions.githubusercontent.com:"
	p, err := trust.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
		"Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
		"Condition": {"StringLike": {"` + host + `sub": ["repo:octo/app:ref:refs/heads/main", "repo:octo/*"]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	g := grant.Of(p)[0]
	c := g.Constraints[0]
	v := c.Values[1]
	replaced := func(text string) remedy {
		return changeCondition("use it", c.Condition, func(c *trust.Condition) {
			*c = c.With(c.Operator)
			c.Values[1] = trust.NewValue(text, v.Pos)
		})
	}
	for text, want := range map[string]bool{
		"repo:octo/app:environment:prod":  true,
		"repo:octo/*:ref:refs/heads/main": true,  // fewer, if not few
		"repo:octo/*:*":                   false, // the same
		"*":                               false, // more
	} {
		in := &inspection{policy: p, grants: grant.Of(p), rule: Rule{ID: "always satisfied", check: func(*inspection) {}}}
		if got := in.remedied(High, g.Statement, v.Pos, replaced(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}
