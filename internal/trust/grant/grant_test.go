package grant

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust"
)

func TestParseSubject(t *testing.T) {
	tests := []struct {
		pattern    string
		reach      Reach
		owner, oID string
		repo, rID  string
		context    string
		flags      string // c customized, m malformed
	}{
		{"*", Anyone, "", "", "", "", "*", ""},
		{"r*", Anyone, "", "", "", "", "r*", ""},
		{"repo*", Anyone, "", "", "", "", "repo*", ""},
		{"repo:*", Anyone, "", "", "", "", "", ""},
		{"repo:*:ref:x", Anyone, "", "", "", "", "ref:x", ""},
		{"repo:?/app:x", Anyone, "", "", "", "", "x", ""},
		{"*octo/app:*", Anyone, "", "", "", "", "*octo/app:*", ""},
		{"repo:octo*", OwnerPattern, "octo*", "", "", "", "", ""},
		{"repo:octo-*/app:x", OwnerPattern, "octo-*", "", "app", "", "x", ""},
		{"repo:oct?/app:x", OwnerPattern, "oct?", "", "app", "", "x", ""},
		{"repo:octo/*", Owner, "octo", "", "", "", "", ""},
		{"repo:octo/?*:environment:prod", Owner, "octo", "", "", "", "environment:prod", ""},
		{"repo:octo@*", Owner, "octo", "*", "", "", "", ""},
		{"repo:octo@1/*", Owner, "octo", "1", "", "", "", ""},
		{"repo:octo/app*", RepositoryPattern, "octo", "", "app*", "", "", ""},
		{"repo:octo/a?p:x", RepositoryPattern, "octo", "", "a?p", "", "x", ""},
		{"repo:octo@1/app*@*:x", RepositoryPattern, "octo", "1", "app*", "*", "x", ""},
		{"repo:octo/app:*", Repository, "octo", "", "app", "", "*", ""},
		{"repo:octo/app:ref:refs/heads/main", Repository, "octo", "", "app", "", "ref:refs/heads/main", ""},
		{"repo:octo@1/app@2:ref:refs/heads/a@b", Repository, "octo", "1", "app", "2", "ref:refs/heads/a@b", ""},
		{"repo:octo@*/app@*", Repository, "octo", "*", "app", "*", "", ""},
		{"repo:octo@*/app@*:environment:x", Repository, "octo", "*", "app", "*", "environment:x", ""},
		{"repo:octo/app", Repository, "octo", "", "app", "", "", "m"},
		{"repo:octo/app:", Repository, "octo", "", "app", "", "", "m"},
		{"repo:octo/", Repository, "octo", "", "", "", "", "m"},
		{"repo:octo", Owner, "octo", "", "", "", "", "m"},
		{"repo:", Owner, "", "", "", "", "", "m"},
		{"", Anyone, "", "", "", "", "", "m"},
		{"octo/app:ref:x", Anyone, "", "", "", "", "octo/app:ref:x", "m"},
		{"repository:octo/app:environment:x", Repository, "octo", "", "app", "", "repository:octo/app:environment:x", "c"},
		{"repository:octo*/app", OwnerPattern, "octo*", "", "app", "", "repository:octo*/app", "c"},
		{"repository_id:2:environment:x", Repository, "", "", "", "2", "repository_id:2:environment:x", "c"},
		{"repository_owner_id:1:*", Owner, "", "1", "", "", "repository_owner_id:1:*", "c"},
		{"repository_owner_id:*", Anyone, "", "*", "", "", "repository_owner_id:*", "c"},
		{"job_workflow_ref:octo/a/.github/workflows/b.yml@refs/heads/main", Callers, "", "", "", "", "job_workflow_ref:octo/a/.github/workflows/b.yml@refs/heads/main", "c"},
		{"actor:ann", Choosable, "", "", "", "", "actor:ann", "c"},
	}
	for _, tt := range tests {
		s := ParseSubject(trust.NewPattern(tt.pattern))
		flags := ""
		if s.Customized {
			flags += "c"
		}
		if s.Malformed {
			flags += "m"
		}
		got := [6]string{s.Owner, s.OwnerID, s.Repository, s.RepositoryID, s.Context.String(), flags}
		want := [6]string{tt.owner, tt.oID, tt.repo, tt.rID, tt.context, tt.flags}
		if s.Reach != tt.reach || got != want {
			t.Errorf("%q: reach %d %q\nwant %d %q", tt.pattern, s.Reach, got, tt.reach, want)
		}
	}
}

func TestOf(t *testing.T) {
	const arn = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
	tests := []struct {
		name, statements string
		providers        int
		wildcard         bool
		reach            Reach
		grants           int
	}{
		{"federated", `{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "` + arn + `"},
			"Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}}}`, 1, false, Repository, 1},
		{"two providers", `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": ["` + arn + `", "` + arn + `/octo", "arn:aws:iam::1:oidc-provider/gitlab.com"]},
			"Condition": {"StringLike": {"token.actions.githubusercontent.com/octo:sub": "repo:o/*"}}}`, 2, false, Owner, 1},
		{"deny narrows", `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": "` + arn + `"}},
			{"Effect": "Deny", "Action": "sts:*", "Principal": "*", "Condition": {"StringNotLike": {"token.actions.githubusercontent.com:sub": "repo:o*"}}}`, 1, false, OwnerPattern, 1},
		{"deny of another action does not", `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": "` + arn + `"},
			"Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "*"}}},
			{"Effect": "Deny", "Action": "sts:TagSession", "Principal": "*", "Condition": {"StringNotLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}}}`, 1, false, Anyone, 1},
		{"deny of two conditions does not", `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": "` + arn + `"},
			"Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "*"}}},
			{"Effect": "Deny", "Action": "*", "Principal": "*", "Condition": {"StringNotLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"},
				"StringEquals": {"token.actions.githubusercontent.com:ref": "x"}}}`, 1, false, Anyone, 1},
		{"everyone", `{"Effect": "Allow", "Action": "sts:*", "Principal": "*", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:repository_id": "7"}}}`, 0, true, Repository, 1},
		{"template's parameter", `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": "<Provider>"},
			"Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:o/r:x"}}}`, 1, false, Repository, 1},
		{"role", `{"Effect": "Allow", "Action": "*", "Principal": {"AWS": "*"}}`, 0, false, 0, 0},
		{"wrong action", `{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": "` + arn + `"}}`, 0, false, 0, 0},
		{"deny", `{"Effect": "Deny", "Action": "*", "Principal": {"Federated": "` + arn + `"}}`, 0, false, 0, 0},
		{"other provider", `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/gitlab.com"}}`, 0, false, 0, 0},
	}
	for _, tt := range tests {
		p, err := trust.Parse([]byte(`{"Version": "2012-10-17", "Statement": [` + tt.statements + `]}`))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		grants := Of(p)
		if len(grants) != tt.grants {
			t.Errorf("%s: %d grants", tt.name, len(grants))
			continue
		}
		if len(grants) == 0 {
			continue
		}
		g := grants[0]
		c, ok := g.Decisive()
		if len(g.Providers) != tt.providers || g.Wildcard != tt.wildcard || !ok || c.Reach() != tt.reach {
			t.Errorf("%s: providers %q, wildcard %v, decisive %+v", tt.name, g.Providers, g.Wildcard, c)
		}
	}
}

// A constraint that does not bind decides only where none does.
func TestDecisive(t *testing.T) {
	tests := []struct {
		conditions string
		claim      string
	}{
		{`"StringLike": {"G:sub": "repo:o/*", "G:repository": "o/r"}`, "repository"},
		{`"StringLike": {"G:sub": ["repo:o/r:*", "*"], "G:repository_owner_id": "1"}`, "repository_owner_id"},
		{`"StringLike": {"G:sub": "repo:o/*"}, "StringEqualsIfExists": {"G:repository": "o/r"}`, "sub"},
		{`"StringEqualsIfExists": {"G:repository": "o/r"}`, "repository"},
		{`"StringEquals": {"G:job_workflow_ref": "o/r/.github/workflows/x.yml@y", "G:ref": "x"}`, "job_workflow_ref"},
		{`"StringNotEquals": {"G:sub": "x"}, "StringEquals": {"G:aud": "x"}`, ""},
		{`"NumericGreaterThan": {"G:repository_id": 7}, "StringEquals": {"G:ref": "x"}`, "ref"},
	}
	for _, tt := range tests {
		conditions := strings.ReplaceAll(tt.conditions, "G:", "token.actions.githubusercontent.com:")
		p, err := trust.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "*", "Principal": {"Federated":
			"arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"}, "Condition": {` + conditions + `}}}`))
		if err != nil {
			t.Fatal(err)
		}
		g := Of(p)[0]
		if c, _ := g.Decisive(); c.Claim != tt.claim {
			t.Errorf("%s: %q decides", tt.conditions, c.Claim)
		}
	}
}
