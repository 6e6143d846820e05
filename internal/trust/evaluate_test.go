package trust

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/oidc"
)

const (
	account  = "111122223333"
	provider = "arn:aws:iam::" + account + ":oidc-provider/token.actions.githubusercontent.com"
)

var (
	webIdentity = Principal{Type: "Federated", ID: provider}
	aRole       = Principal{Type: "AWS", ID: "arn:aws:iam::" + account + ":role/path/deployer",
		Session: "arn:aws:sts::" + account + ":assumed-role/deployer/run-1", Account: account}
	aUser    = Principal{Type: "AWS", ID: "arn:aws:iam::" + account + ":user/ann", Account: account}
	aService = Principal{Type: "Service", ID: "ec2.amazonaws.com"}
)

func TestPrincipals(t *testing.T) {
	tests := []struct {
		element string
		who     Principal
		want    bool
	}{
		{`"Principal": "*"`, webIdentity, true},
		{`"Principal": "*"`, aRole, true},
		{`"Principal": "*"`, aService, true},
		{`"Principal": {"AWS": "*"}`, aRole, true},
		{`"Principal": {"AWS": "*"}`, webIdentity, false},
		{`"Principal": {"AWS": "*"}`, aService, false},
		{`"Principal": {"AWS": "111122223333"}`, aRole, true},
		{`"Principal": {"AWS": "111122223333"}`, aUser, true},
		{`"Principal": {"AWS": "111122223333"}`, webIdentity, false},
		{`"Principal": {"AWS": "444455556666"}`, aRole, false},
		{`"Principal": {"AWS": "arn:aws:iam::111122223333:root"}`, aRole, true},
		{`"Principal": {"AWS": "arn:aws:iam::444455556666:root"}`, aRole, false},
		{`"Principal": {"AWS": ["arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:role/path/deployer"]}`, aRole, true},
		{`"Principal": {"AWS": "arn:aws:iam::111122223333:role/*"}`, aRole, false},
		{`"Principal": {"AWS": "arn:aws:iam::111122223333:role/deployer"}`, aRole, false},
		{`"Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/deployer/run-1"}`, aRole, true},
		{`"Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/deployer/run-2"}`, aRole, false},
		{`"Principal": {"AWS": "arn:aws:iam::111122223333:user/ann"}`, aUser, true},
		{`"Principal": {"AWS": ""}`, Principal{Type: "AWS", ID: "x"}, false},
		{`"Principal": {"Federated": "` + provider + `"}`, webIdentity, true},
		{`"Principal": {"Federated": "` + provider + `/octo"}`, webIdentity, false},
		{`"Principal": {"Federated": "arn:aws:iam::444455556666:oidc-provider/token.actions.githubusercontent.com"}`, webIdentity, false},
		{`"Principal": {"AWS": "` + provider + `"}`, webIdentity, false},
		{`"Principal": {"Federated": "` + provider + `", "AWS": "111122223333"}`, aUser, true},
		{`"Principal": {"Service": "ec2.amazonaws.com"}`, aService, true},
		{`"Principal": {}`, webIdentity, false},
		{`"NotPrincipal": {"Federated": "` + provider + `"}`, webIdentity, false},
		{`"NotPrincipal": {"Federated": "` + provider + `"}`, aRole, true},
		{`"NotPrincipal": {"AWS": "111122223333"}`, webIdentity, true},
		{`"NotPrincipal": "*"`, webIdentity, false},
	}
	for _, tt := range tests {
		p := mustParse(t, `{"Statement": {"Effect": "Allow", "Action": "*", `+tt.element+`}}`)
		got := p.Evaluate(Request{Action: "sts:AssumeRole", Principal: tt.who})
		if (got.Decision == Allowed) != tt.want || got.Statements[0].Principal.Matched != tt.want {
			t.Errorf("%s, %s: %s", tt.element, tt.who.ID, got.Decision)
		}
	}
}

func TestActions(t *testing.T) {
	tests := []struct {
		element, action string
		want            bool
	}{
		{`"Action": "sts:AssumeRoleWithWebIdentity"`, WebIdentityAction, true},
		{`"Action": "STS:assumerolewithwebidentity"`, WebIdentityAction, true},
		{`"Action": "sts:AssumeRole"`, WebIdentityAction, false},
		{`"Action": "sts:AssumeRole*"`, WebIdentityAction, true},
		{`"Action": "sts:assumerole?ithWebIdentity"`, WebIdentityAction, true},
		{`"Action": "*"`, WebIdentityAction, true},
		{`"Action": ["sts:TagSession", "sts:AssumeRole"]`, "sts:TagSession", true},
		{`"Action": []`, WebIdentityAction, false},
		{`"NotAction": "sts:AssumeRole"`, WebIdentityAction, true},
		{`"NotAction": "sts:*"`, WebIdentityAction, false},
		{`"NotAction": ["sts:TagSession", "sts:SetSourceIdentity"]`, "sts:settSourceIdentity", true},
	}
	for _, tt := range tests {
		p := mustParse(t, `{"Statement": {"Effect": "Allow", "Principal": "*", `+tt.element+`}}`)
		got := p.Evaluate(Request{Action: tt.action, Principal: webIdentity})
		if (got.Decision == Allowed) != tt.want {
			t.Errorf("%s, %s: %s", tt.element, tt.action, got.Decision)
		}
	}
}

func TestStatements(t *testing.T) {
	allow := func(sub string) string {
		return `{"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {"StringLike": {"sub": "` + sub + `"}}}`
	}
	deny := func(sub string) string {
		return `{"Effect": "Deny", "Principal": "*", "Action": "*", "Condition": {"StringLike": {"sub": "` + sub + `"}}}`
	}
	tests := []struct {
		statements string
		want       Decision
	}{
		{allow("x"), ImplicitDeny},
		{allow("a"), Allowed},
		{deny("x"), ImplicitDeny},
		{deny("a"), ExplicitDeny},
		{allow("a") + "," + deny("x"), Allowed},
		{allow("a") + "," + deny("a"), ExplicitDeny},
		{deny("a") + "," + allow("a"), ExplicitDeny},
		{allow("x") + "," + allow("a"), Allowed},
		// AND over keys and over operators, OR over values.
		{`{"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {
			"StringEquals": {"sub": ["x", "a"], "aud": "b"}, "StringNotEquals": {"env": "prod"}}}`, Allowed},
		{`{"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {
			"StringEquals": {"sub": ["x", "a"], "aud": "c"}}}`, ImplicitDeny},
		{`{"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {
			"StringEquals": {"sub": "a"}, "StringLike": {"sub": "b*"}}}`, ImplicitDeny},
		{`{"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {}}`, Allowed},
	}
	for _, tt := range tests {
		p := mustParse(t, `{"Version": "2012-10-17", "Statement": [`+tt.statements+`]}`)
		got := p.Evaluate(Request{Action: "a", Context: Context{"sub": {"a"}, "aud": {"b"}}})
		if got.Decision != tt.want {
			t.Errorf("%s: %s", tt.statements, got.Decision)
		}
	}
}

func TestWebIdentityContext(t *testing.T) {
	claims, err := oidc.DecodeClaims([]byte(`{
		"iss": "https://token.actions.githubusercontent.com/octo", "sub": "repo:o/r:environment:prod",
		"aud": "sts.amazonaws.com", "exp": 1, "repository": "o/r", "repository_id": "7", "actor_id": 8,
		"repository_owner": "o", "event_name": "push", "environment": "prod", "ref_type": "branch"}`))
	if err != nil {
		t.Fatal(err)
	}
	const prefix = "token.actions.githubusercontent.com/octo:"
	want := Context{
		prefix + "sub": {"repo:o/r:environment:prod"}, prefix + "aud": {"sts.amazonaws.com"},
		prefix + "repository": {"o/r"}, prefix + "repository_id": {"7"}, prefix + "actor_id": {"8"},
		prefix + "environment": {"prod"},
	}
	if diff := cmp.Diff(want, WebIdentityContext(claims)); diff != "" {
		t.Error(diff)
	}

	// Of other issuers IAM knows the claims of every provider only.
	claims["iss"] = "https://ghes.example.com/_services/token"
	claims["aud"] = []any{"a", "b"}
	want = Context{
		"ghes.example.com/_services/token:sub": {"repo:o/r:environment:prod"},
		"ghes.example.com/_services/token:aud": {"a", "b"},
	}
	if diff := cmp.Diff(want, WebIdentityContext(claims)); diff != "" {
		t.Error(diff)
	}
}

func TestKeys(t *testing.T) {
	tests := []struct {
		key            string
		github, exists bool
		claimOnly      bool
	}{
		{"token.actions.githubusercontent.com:sub", true, true, false},
		{"Token.Actions.GithubUserContent.com:SUB", true, true, false},
		{"token.actions.githubusercontent.com/slug:job_workflow_ref", true, true, false},
		{"token.actions.octo.ghe.com:environment", true, true, false},
		{"token.actions.githubusercontent.com:repository_owner", true, false, true},
		{"token.actions.githubusercontent.com:repo_property_tier", true, false, true},
		{"token.actions.githubusercontent.com:event_name", true, false, true},
		{"token.actions.githubusercontent.com:subject", true, false, false},
		{"ghes.example.com/_services/token:sub", true, true, false},
		{"ghes.example.com/_services/token:repository", true, false, false},
		{"token.actions.githubusercontent.com.evil.example:sub", false, false, false},
		{"aws:SourceIp", false, false, false},
		{"sub", false, false, false},
	}
	for _, tt := range tests {
		provider, claim := SplitKey(tt.key)
		if got := IsGitHub(provider); got != tt.github {
			t.Errorf("IsGitHub(%q) = %v", provider, got)
		}
		if got := IsConditionKey(tt.key); got != tt.exists {
			t.Errorf("IsConditionKey(%q) = %v", tt.key, got)
		}
		if got := IsClaimOnly(claim); got != tt.claimOnly {
			t.Errorf("IsClaimOnly(%q) = %v", claim, got)
		}
	}
}

func mustParse(t testing.TB, src string) *Policy {
	t.Helper()
	p, err := Parse([]byte(src))
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return p
}
