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
		{"admitted", policyOf(main), nil, diagnosis.WebIdentityNotAuthorized, true, []string{"so the role has another policy in AWS", `has no role "deploy"`, "aws iam get-role"}},
		{"nearest of two statements", policyOf(allow(sub("StringEquals", "repo:a/b:environment:x")), allow(sub("StringEquals", "repo:octo-org/octo-repo:ref:refs/tags/v1"))), nil,
			diagnosis.SubjectBranchOrTag, false, []string{"deploy.json, line 4: StringEquals", `"repo:octo-org/octo-repo:ref:refs/tags/v1"`}},
		{"nearest of many values", policyOf(allow(`{"StringLike": {"` + provider + `:sub": ["repo:x/y:*", "a", "b", "c", "d", "repo:octo-org/octo-repo:environment:a", "repo:octo-org/octo-repo:ref:refs/heads/v*", "e", "f"]}}`)), nil,
			diagnosis.SubjectBranchOrTag, false, []string{`or "repo:octo-org/octo-repo:ref:refs/heads/v*" or "e" or 1 more`}},
		{"audience before subject", policyOf(allow(`{"StringEquals": {"` + provider + `:aud": "octo", "` + provider + `:sub": "repo:a/b:*"}}`)), nil, diagnosis.AudienceMismatch, false, []string{"line 2", ":sub: expected"}},
		{"several audiences", policyOf(allow(key("StringEquals", provider+":aud", "octo"))), oidc.Claims{"aud": []any{"x", "y"}}, diagnosis.AudienceMismatch, false, []string{`got "x" and "y"`}},
		{"wildcard in the audience", policyOf(allow(key("StringEquals", provider+":aud", "sts.*"))), nil, diagnosis.WildcardInStringEquals, false, nil},
		{"case of a key does not count", policyOf(allow(key("StringEquals", strings.ToUpper(provider)+":SUB", "repo:octo-org/other:*"))), nil, diagnosis.SubjectRepository, false, nil},
		{"absent environment", policyOf(allow(key("StringEquals", provider+":environment", "prod"))), nil, diagnosis.SubjectEnvironment, false, []string{`expected "prod", got nothing`}},
		{"environment wanted by Null", policyOf(allow(key("Null", provider+":environment", "false"))), nil, diagnosis.SubjectEnvironment, false, nil},
		{"unknown claim wanted by Null", policyOf(allow(key("Null", provider+":event_name", "false"))), nil, diagnosis.UnknownConditionKey, false, nil},
		{"key without provider", policyOf(allow(key("StringEquals", "sub", onMain))), nil, diagnosis.UnknownConditionKey, false, nil},
		{"operator for ARNs", policyOf(allow(sub("ArnLike", "repo:octo-org/octo-repo:*"))), nil, diagnosis.WebIdentityNotAuthorized, false, []string{"the nearest is on line 1", "ArnLike"}},
		{"no value", policyOf(allow(`{"StringEquals": {"` + provider + `:sub": []}}`)), nil, diagnosis.WebIdentityNotAuthorized, false, []string{"expected nothing"}},
		{"excluded branch", policyOf(allow(sub("StringNotLike", "repo:*:ref:refs/heads/*"))), nil, diagnosis.SubjectBranchOrTag, false, []string{`expected anything but "repo:*:ref:refs/heads/*", got "repo:`}},
		{"excluded environment", policyOf(allow(key("StringNotEquals", provider+":environment", "a"))), oidc.Claims{"environment": "a", "sub": "repo:octo-org/octo-repo:environment:a"}, diagnosis.SubjectEnvironment, false, nil},
		{"actor", policyOf(allow(key("StringEquals", provider+":actor", "octocat"))), oidc.Claims{"actor": "x"}, diagnosis.WebIdentityNotAuthorized, false, []string{`"octocat"`, `"x"`}},

		{"deny of all but", policyOf(main, deny(sub("StringNotLike", "repo:octo-org/octo-repo:environment:*"))), nil, diagnosis.SubjectEnvironment, false, []string{`"Shut" on line 3`, "denies all but", "no Allow overrides"}},
		{"deny by an unseen key", policyOf(main, deny(key("StringNotEquals", "aws:SourceVpce", "vpce-1"))), nil, diagnosis.WebIdentityNotAuthorized, true, []string{`"Shut" on line 3`, "only AWS knows"}},
		{"deny that is about others", policyOf(allow(sub("StringEquals", "repo:octo-org/octo-repo:pull_request")), deny(key("StringEquals", provider+":ref", "refs/heads/x"))), nil, diagnosis.SubjectPullRequest, false, nil},
		{"unseen deny beside an Allow that does not match", policyOf(allow(sub("StringEquals", "repo:octo-org/octo-repo:pull_request")), deny(key("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"))), nil, diagnosis.SubjectPullRequest, false, nil},
		{"allow by an unseen key", policyOf(allow(key("StringEquals", "aws:PrincipalOrgID", "o-1"))), nil, diagnosis.WebIdentityNotAuthorized, true, []string{"only AWS knows", "line 2"}},
		{"one Allow unseen, the other near", policyOf(allow(key("IpAddress", "aws:SourceIp", "10.0.0.0/8")), allow(sub("StringEquals", "repo:octo-org/octo-repo:pull_request"))), nil, diagnosis.WebIdentityNotAuthorized, true, nil},
		{"time", policyOf(allow(key("DateGreaterThan", "aws:CurrentTime", "2027-01-01T00:00:00Z"))), nil, diagnosis.WebIdentityNotAuthorized, false, []string{"2026-11-23T09:00:00Z"}},
		{"seconds", policyOf(allow(key("NumericLessThan", "aws:EpochTime", "1000"))), nil, diagnosis.WebIdentityNotAuthorized, false, []string{fmt.Sprint(now.Unix())}},
		{"session name", policyOf(allow(key("StringLike", "sts:RoleSessionName", "ci-*"))), nil, diagnosis.WebIdentityNotAuthorized, false, []string{`"run-1"`}},
		{"external id", policyOf(allow(key("StringEquals", "sts:ExternalId", "s3cret"))), nil, diagnosis.ExternalID, false, []string{"gets no external id"}},

		{"other provider", policyOf(strings.Replace(main, provider, "gitlab.com", 1)), nil, diagnosis.ProviderOtherIssuer, false, []string{"oidc-provider/gitlab.com"}},
		{"a provider for SAML", policyOf(`{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111111111111:saml-provider/idp"}, "Action": "sts:AssumeRoleWithSAML"}`, main), oidc.Claims{"aud": "x", "sub": onMain + "x"}, diagnosis.SubjectBranchOrTag, false, nil},
		{"users only", policyOf(`{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:*"}`), nil, diagnosis.WebIdentityNotAuthorized, false, []string{"no statement of deploy.json"}},
		{"wrong action", policyOf(strings.Replace(main, "WithWebIdentity", "", 1)), nil, diagnosis.WebIdentityNotAuthorized, false, []string{`Action: expected "sts:AssumeRole", got`}},
		{"variable in the older version", strings.Replace(policyOf(allow(sub("StringLike", "repo:${"+provider+":repository}:*"))), "2012-10-17", "2008-10-17", 1), nil, diagnosis.WebIdentityNotAuthorized, false, []string{"${"}},
		{"another tool's token", policyOf(strings.ReplaceAll(allow(key("StringEquals", "gitlab.com:sub", "project_path:a/b")), provider, "gitlab.com")), oidc.Claims{"iss": "https://gitlab.com", "sub": "project_path:a/c", "repository": nil}, diagnosis.WebIdentityNotAuthorized, false, []string{"project_path:a/c"}},
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
