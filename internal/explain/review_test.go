package explain

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/trust"
)

// TestPolicyDecides lists policies, and what must come of them: the
// code, whether it is certain, and what the text has to show.
func TestPolicyDecides(t *testing.T) {
	sub := func(operator, value string) string {
		return `{"` + operator + `": {"` + provider + `:sub": "` + value + `"}}`
	}
	key := func(operator, key, value string) string {
		return `{"` + operator + `": {"` + key + `": "` + value + `"}}`
	}
	main := allow(sub("StringEquals", onMain))
	for _, tt := range []struct {
		name, policy string
		claims       oidc.Claims
		code         diagnosis.Code
		open         bool
		text         []string
	}{
		{name: "admitted", policy: policyOf(main), code: diagnosis.WebIdentityNotAuthorized, open: true,
			text: []string{"so the role has another policy in AWS", `has no role "deploy"`, "aws iam get-role"}},
		{name: "nearest of two statements",
			policy: policyOf(allow(sub("StringEquals", "repo:a/b:environment:x")), allow(sub("StringEquals", "repo:octo-org/octo-repo:ref:refs/tags/v1"))),
			code:   diagnosis.SubjectBranchOrTag,
			text:   []string{"deploy.json, line 4: StringEquals", `"repo:octo-org/octo-repo:ref:refs/tags/v1"`}},
		{name: "nearest of many values",
			policy: policyOf(allow(`{"StringLike": {"` + provider + `:sub": ["repo:x/y:*", "a", "b", "c", "d", "repo:octo-org/octo-repo:environment:a", "repo:octo-org/octo-repo:ref:refs/heads/v*", "e", "f"]}}`)),
			code:   diagnosis.SubjectBranchOrTag,
			text:   []string{`or "repo:octo-org/octo-repo:ref:refs/heads/v*" or "e" or 1 more`}},
		{name: "audience before subject",
			policy: policyOf(allow(`{"StringEquals": {"` + provider + `:aud": "octo", "` + provider + `:sub": "repo:a/b:*"}}`)),
			code:   diagnosis.AudienceMismatch, text: []string{"line 2", ":sub: expected"}},
		{name: "several audiences", policy: policyOf(allow(key("StringEquals", provider+":aud", "octo"))),
			claims: oidc.Claims{"aud": []any{"x", "y"}}, code: diagnosis.AudienceMismatch,
			text: []string{`got "x" and "y"`}},
		{name: "wildcard in the audience", policy: policyOf(allow(key("StringEquals", provider+":aud", "sts.*"))),
			code: diagnosis.WildcardInStringEquals},
		{name: "case of a key does not count",
			policy: policyOf(allow(key("StringEquals", strings.ToUpper(provider)+":SUB", "repo:octo-org/other:*"))),
			code:   diagnosis.SubjectRepository},
		{name: "absent environment", policy: policyOf(allow(key("StringEquals", provider+":environment", "prod"))),
			code: diagnosis.SubjectEnvironment, text: []string{`expected "prod", got nothing`}},
		{name: "environment wanted by Null", policy: policyOf(allow(key("Null", provider+":environment", "false"))),
			code: diagnosis.SubjectEnvironment},
		{name: "unknown claim wanted by Null", policy: policyOf(allow(key("Null", provider+":event_name", "false"))),
			code: diagnosis.UnknownConditionKey},
		{name: "key without provider", policy: policyOf(allow(key("StringEquals", "sub", onMain))),
			code: diagnosis.UnknownConditionKey},
		{name: "operator for ARNs", policy: policyOf(allow(sub("ArnLike", "repo:octo-org/octo-repo:*"))),
			code: diagnosis.WebIdentityNotAuthorized, text: []string{"the nearest is on line 1", "ArnLike"}},
		{name: "no value", policy: policyOf(allow(`{"StringEquals": {"` + provider + `:sub": []}}`)),
			code: diagnosis.WebIdentityNotAuthorized, text: []string{"expected nothing"}},
		{name: "excluded branch", policy: policyOf(allow(sub("StringNotLike", "repo:*:ref:refs/heads/*"))),
			code: diagnosis.SubjectBranchOrTag,
			text: []string{`expected anything but "repo:*:ref:refs/heads/*", got "repo:`}},
		{name: "excluded environment", policy: policyOf(allow(key("StringNotEquals", provider+":environment", "a"))),
			claims: oidc.Claims{"environment": "a", "sub": "repo:octo-org/octo-repo:environment:a"},
			code:   diagnosis.SubjectEnvironment},
		{name: "actor", policy: policyOf(allow(key("StringEquals", provider+":actor", "octocat"))),
			claims: oidc.Claims{"actor": "x"}, code: diagnosis.WebIdentityNotAuthorized,
			text: []string{`"octocat"`, `"x"`}},

		{name: "deny of all but",
			policy: policyOf(main, deny(sub("StringNotLike", "repo:octo-org/octo-repo:environment:*"))),
			code:   diagnosis.SubjectEnvironment,
			text:   []string{`"Shut" on line 3`, "denies all but", "no Allow overrides"}},
		{name: "deny by an unseen key",
			policy: policyOf(main, deny(key("StringNotEquals", "aws:SourceVpce", "vpce-1"))),
			code:   diagnosis.WebIdentityNotAuthorized, open: true, text: []string{`"Shut" on line 3`, "only AWS knows"}},
		{name: "deny that is about others",
			policy: policyOf(allow(sub("StringEquals", "repo:octo-org/octo-repo:pull_request")), deny(key("StringEquals", provider+":ref", "refs/heads/x"))),
			code:   diagnosis.SubjectPullRequest},
		{name: "unseen deny beside an Allow that does not match",
			policy: policyOf(allow(sub("StringEquals", "repo:octo-org/octo-repo:pull_request")), deny(key("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"))),
			code:   diagnosis.SubjectPullRequest},
		{name: "allow by an unseen key", policy: policyOf(allow(key("StringEquals", "aws:PrincipalOrgID", "o-1"))),
			code: diagnosis.WebIdentityNotAuthorized, open: true, text: []string{"only AWS knows", "line 2"}},
		{name: "one Allow unseen, the other near",
			policy: policyOf(allow(key("IpAddress", "aws:SourceIp", "10.0.0.0/8")), allow(sub("StringEquals", "repo:octo-org/octo-repo:pull_request"))),
			code:   diagnosis.WebIdentityNotAuthorized, open: true},
		{name: "time", policy: policyOf(allow(key("DateGreaterThan", "aws:CurrentTime", "2027-01-01T00:00:00Z"))),
			code: diagnosis.WebIdentityNotAuthorized, text: []string{"2026-11-23T09:00:00Z"}},
		{name: "seconds", policy: policyOf(allow(key("NumericLessThan", "aws:EpochTime", "1000"))),
			code: diagnosis.WebIdentityNotAuthorized, text: []string{fmt.Sprint(now.Unix())}},
		{name: "session name", policy: policyOf(allow(key("StringLike", "sts:RoleSessionName", "ci-*"))),
			code: diagnosis.WebIdentityNotAuthorized, text: []string{`"run-1"`}},
		{name: "external id", policy: policyOf(allow(key("StringEquals", "sts:ExternalId", "s3cret"))),
			code: diagnosis.ExternalID, text: []string{"gets no external id"}},

		{name: "other provider", policy: policyOf(strings.Replace(main, provider, "gitlab.com", 1)),
			code: diagnosis.ProviderOtherIssuer, text: []string{"oidc-provider/gitlab.com"}},
		{name: "a provider for SAML",
			policy: policyOf(`{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111111111111:saml-provider/idp"}, "Action": "sts:AssumeRoleWithSAML"}`, main),
			claims: oidc.Claims{"aud": "x", "sub": onMain + "x"}, code: diagnosis.SubjectBranchOrTag},
		{name: "users only", policy: policyOf(`{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:*"}`),
			code: diagnosis.WebIdentityNotAuthorized, text: []string{"no statement of deploy.json"}},
		{name: "wrong action", policy: policyOf(strings.Replace(main, "WithWebIdentity", "", 1)),
			code: diagnosis.WebIdentityNotAuthorized, text: []string{`Action: expected "sts:AssumeRole", got`}},
		{name: "variable in the older version",
			policy: strings.Replace(policyOf(allow(sub("StringLike", "repo:${"+provider+":repository}:*"))), "2012-10-17", "2008-10-17", 1),
			code:   diagnosis.WebIdentityNotAuthorized, text: []string{"${"}},
		{name: "another tool's token",
			policy: policyOf(strings.ReplaceAll(allow(key("StringEquals", "gitlab.com:sub", "project_path:a/b")), provider, "gitlab.com")),
			claims: oidc.Claims{"iss": "https://gitlab.com", "sub": "project_path:a/c", "repository": nil},
			code:   diagnosis.WebIdentityNotAuthorized, text: []string{"project_path:a/c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Failure(tokenDenial(claimsOf(tt.claims)), withPolicy(tt.policy))
			if d.Code != tt.code || d.Open != tt.open {
				t.Errorf("%s, open %t; want %s, %t\n%s", d.Code, d.Open, tt.code, tt.open, d.Text())
			}
			for _, want := range tt.text {
				if !strings.Contains(d.Text(), want) {
					t.Errorf("the text lacks %q:\n%s", want, d.Text())
				}
			}
			if strings.Contains(d.Text(), "s3cret") {
				t.Errorf("the external id is shown:\n%s", d.Text())
			}
		})
	}
}

// TestReviewAgreesWithTheEvaluator: where nothing is unseen, the verdict is
// the evaluator's decision, and a policy that does not admit has a reason.
func TestReviewAgreesWithTheEvaluator(t *testing.T) {
	conditions := []string{
		`{}`, `{"StringEquals": {"` + provider + `:sub": "` + onMain + `"}}`, `{"StringLike": {"` + provider + `:sub": "repo:octo-org/*"}}`,
		`{"StringNotLike": {"` + provider + `:sub": "*:pull_request"}}`, `{"StringEquals": {"` + provider + `:ref": "refs/heads/x"}}`,
		`{"ForAllValues:StringEquals": {"` + provider + `:actor": "x"}}`, `{"StringEqualsIfExists": {"` + provider + `:environment": "a"}}`,
		`{"Null": {"` + provider + `:environment": "true"}}`, `{"StringEquals": {"` + provider + `:repository_owner": "octo-org"}}`,
		`{"StringNotEquals": {"` + provider + `:repository_id": ["1", "74123456"]}}`, `{"Bool": {"aws:SecureTransport": "true"}}`,
	}
	subjects := []oidc.Claims{nil, {"sub": "repo:octo-org/octo-repo:pull_request"}, {"sub": "repo:octo-org/octo-repo:environment:a", "environment": "a"}, {"sub": withIDs}}
	random := rand.New(rand.NewPCG(1, 2))
	outcomes := map[outcome]int{}
	for range propertytest.Cases(3000) {
		var statements []string
		for range 1 + random.IntN(3) {
			statement := allow
			if random.IntN(3) == 0 {
				statement = deny
			}
			statements = append(statements, statement(conditions[random.IntN(len(conditions))]))
		}
		policy := mustParse(t, policyOf(statements...))
		w := newWebIdentity(claimsOf(subjects[random.IntN(len(subjects))]), tokenDenial(nil), Evidence{Now: now})
		v := review(trust.Alternatives{policy}, w)
		outcomes[v.outcome]++
		want := map[trust.Decision][]outcome{
			trust.Allowed: {admitted}, trust.ExplicitDeny: {denied}, trust.ImplicitDeny: {refused, unmentioned},
		}[policy.Evaluate(w.request()).Decision]
		if !strings.Contains(fmt.Sprint(want), fmt.Sprint(v.outcome)) {
			t.Fatalf("outcome %v where the evaluator says %v:\n%v", v.outcome, want, statements)
		}
		if v.outcome == refused && len(v.findings) == 0 {
			t.Fatalf("refused for no reason: %v", statements)
		}
	}
	for _, o := range []outcome{unmentioned, refused, admitted, denied} {
		if outcomes[o] == 0 {
			t.Errorf("outcome %d never came", o)
		}
	}
}
