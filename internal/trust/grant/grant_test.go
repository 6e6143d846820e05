package grant

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust"
)

func TestParseSubject(t *testing.T) {
	tests := []struct {
		pattern        string
		reach          Reach
		owner, ownerID string
		repo, repoID   string
		context        string
		flags          string // c customized, m malformed
	}{
		{pattern: "*", reach: Anyone, context: "*"},
		{pattern: "r*", reach: Anyone, context: "r*"},
		{pattern: "repo*", reach: Anyone, context: "repo*"},
		{pattern: "repo:*", reach: Anyone},
		{pattern: "repo:*:ref:x", reach: Anyone, context: "ref:x"},
		{pattern: "repo:?/app:x", reach: Anyone, context: "x"},
		{pattern: "*octo/app:*", reach: Anyone, context: "*octo/app:*"},
		{pattern: "repo:octo*", reach: OwnerPattern, owner: "octo*"},
		{pattern: "repo:octo-*/app:x", reach: OwnerPattern, owner: "octo-*", repo: "app", context: "x"},
		{pattern: "repo:oct?/app:x", reach: OwnerPattern, owner: "oct?", repo: "app", context: "x"},
		{pattern: "repo:octo/*", reach: Owner, owner: "octo"},
		{pattern: "repo:octo/?*:environment:prod", reach: Owner, owner: "octo", context: "environment:prod"},
		{pattern: "repo:octo@*", reach: Owner, owner: "octo", ownerID: "*"},
		{pattern: "repo:octo@1/*", reach: Owner, owner: "octo", ownerID: "1"},
		{pattern: "repo:octo/app*", reach: RepositoryPattern, owner: "octo", repo: "app*"},
		{pattern: "repo:octo/a?p:x", reach: RepositoryPattern, owner: "octo", repo: "a?p", context: "x"},
		{pattern: "repo:octo@1/app*@*:x", reach: RepositoryPattern, owner: "octo", ownerID: "1", repo: "app*", repoID: "*",
			context: "*:x"},
		{pattern: "repo:octo/*:prod", reach: Owner, owner: "octo", context: "*:prod"},
		{pattern: "repo:octo/*ent:prod", reach: Owner, owner: "octo", context: "*:prod"},
		{pattern: "repo:octo/*:refs/heads/main", reach: Owner, owner: "octo", context: "*:refs/heads/main"},
		{pattern: "repo:octo/app-*:environment:prod", reach: RepositoryPattern, owner: "octo", repo: "app-*", context: "environment:prod"},
		{pattern: "repo:octo/app:*", reach: Repository, owner: "octo", repo: "app", context: "*"},
		{pattern: "repo:octo/app:ref:refs/heads/main", reach: Repository, owner: "octo", repo: "app",
			context: "ref:refs/heads/main"},
		{pattern: "repo:octo@1/app@2:ref:refs/heads/a@b", reach: Repository, owner: "octo", ownerID: "1", repo: "app",
			repoID: "2", context: "ref:refs/heads/a@b"},
		{pattern: "repo:octo@*/app@*", reach: Repository, owner: "octo", ownerID: "*", repo: "app", repoID: "*"},
		{pattern: "repo:octo@*/app@*:environment:x", reach: Repository, owner: "octo", ownerID: "*", repo: "app", repoID: "*",
			context: "environment:x"},
		{pattern: "repo:octo/app", reach: Repository, owner: "octo", repo: "app", flags: "m"},
		{pattern: "repo:octo/app:", reach: Repository, owner: "octo", repo: "app", flags: "m"},
		{pattern: "repo:octo/", reach: Repository, owner: "octo", flags: "m"},
		{pattern: "repo:octo", reach: Owner, owner: "octo", flags: "m"},
		{pattern: "repo:", reach: Owner, flags: "m"},
		{pattern: "", reach: Anyone, flags: "m"},
		{pattern: "octo/app:ref:x", reach: Anyone, context: "octo/app:ref:x", flags: "m"},
		{pattern: "repository:octo/app:environment:x", reach: Repository, owner: "octo", repo: "app",
			context: "repository:octo/app:environment:x", flags: "c"},
		{pattern: "repository:octo*/app", reach: OwnerPattern, owner: "octo*", repo: "app",
			context: "repository:octo*/app", flags: "c"},
		{pattern: "repository_id:2:environment:x", reach: Repository, repoID: "2",
			context: "repository_id:2:environment:x", flags: "c"},
		{pattern: "repository_owner_id:1:*", reach: Owner, ownerID: "1", context: "repository_owner_id:1:*", flags: "c"},
		{pattern: "repository_owner_id:*", reach: Anyone, ownerID: "*", context: "repository_owner_id:*", flags: "c"},
		{pattern: "job_workflow_ref:octo/a/.github/workflows/b.yml@refs/heads/main", reach: Callers,
			context: "job_workflow_ref:octo/a/.github/workflows/b.yml@refs/heads/main", flags: "c"},
		{pattern: "workflow:ci:repo:octo/app:ref:refs/heads/main", reach: Repository, owner: "octo", repo: "app",
			context: "workflow:ci:repo:octo/app:ref:refs/heads/main", flags: "c"},
		{pattern: "actor:ann", reach: Choosable, context: "actor:ann", flags: "c"},
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
		want := [6]string{tt.owner, tt.ownerID, tt.repo, tt.repoID, tt.context, tt.flags}
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
		{name: "federated",
			statements: `{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "` + arn + `"},
			"Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}}}`, providers: 1,
			reach: Repository, grants: 1},
		{name: "two providers",
			statements: `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": ["` + arn + `", "` + arn + `/octo", "arn:aws:iam::1:oidc-provider/gitlab.com"]},
			"Condition": {"StringLike": {"token.actions.githubusercontent.com/octo:sub": "repo:o/*"}}}`, providers: 2,
			reach: Owner, grants: 1},
		{name: "deny narrows",
			statements: `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": "` + arn + `"}},
			{"Effect": "Deny", "Action": "sts:*", "Principal": "*", "Condition": {"StringNotLike": {"token.actions.githubusercontent.com:sub": "repo:o*"}}}`,
			providers: 1, reach: OwnerPattern, grants: 1},
		{name: "deny of another action does not",
			statements: `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": "` + arn + `"},
			"Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "*"}}},
			{"Effect": "Deny", "Action": "sts:TagSession", "Principal": "*", "Condition": {"StringNotLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}}}`,
			providers: 1, reach: Anyone, grants: 1},
		{name: "deny of two conditions does not",
			statements: `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": "` + arn + `"},
			"Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "*"}}},
			{"Effect": "Deny", "Action": "*", "Principal": "*", "Condition": {"StringNotLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"},
				"StringEquals": {"token.actions.githubusercontent.com:ref": "x"}}}`, providers: 1, reach: Anyone,
			grants: 1},
		{name: "everyone",
			statements: `{"Effect": "Allow", "Action": "sts:*", "Principal": "*", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:repository_id": "7"}}}`,
			wildcard:   true, reach: Repository, grants: 1},
		{name: "template's parameter",
			statements: `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": "<Provider>"},
			"Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:o/r:x"}}}`, providers: 1,
			reach: Repository, grants: 1},
		{name: "role", statements: `{"Effect": "Allow", "Action": "*", "Principal": {"AWS": "*"}}`},
		{name: "wrong action",
			statements: `{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": "` + arn + `"}}`},
		{name: "deny", statements: `{"Effect": "Deny", "Action": "*", "Principal": {"Federated": "` + arn + `"}}`},
		{name: "other provider",
			statements: `{"Effect": "Allow", "Action": "*", "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/gitlab.com"}}`},
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

// The reach of a condition by its claim and its operator.
func TestReachOfClaims(t *testing.T) {
	for _, tt := range []struct {
		condition string
		reach     Reach
		binding   bool
	}{
		{`StringEquals: { "G:repository": "octo/app" }`, Repository, true},
		{`StringLike: { "G:repository": "octo/*" }`, Owner, true},
		{`StringEquals: { "G:repository_id": "7" }`, Repository, true},
		{`StringLike: { "G:repository_id": "7*" }`, Anyone, true},
		{`StringLike: { "G:repository_id": "*" }`, Anyone, true},
		{`NumericEquals: { "G:repository_id": "7" }`, Repository, true},
		{`NumericGreaterThan: { "G:repository_id": "7" }`, Anyone, false},
		{`StringEquals: { "G:repository_owner_id": "1" }`, Owner, true},
		{`StringEqualsIfExists: { "G:repository_owner_id": "1" }`, Owner, false},
		{`StringEquals: { "G:enterprise_id": "1" }`, Enterprise, true},
		{`"ForAllValues:StringEquals": { "G:enterprise_id": "1" }`, Enterprise, false},
		{`StringLike: { "G:job_workflow_ref": "octo/app/.github/workflows/x.yml@*" }`, Callers, true},
		{`StringLike: { "G:environment": "*" }`, Choosable, true},
		{`StringEquals: { "G:aud": "sts.amazonaws.com" }`, Anyone, true},
		{`StringEquals: { "G:sub": ["repo:octo/app:pull_request", "repo:octo-*"] }`, Repository, true},
		{`StringLike: { "G:sub": ["repo:octo/app:pull_request", "repo:octo-*"] }`, OwnerPattern, true},
	} {
		t.Run(tt.condition, func(t *testing.T) {
			c := Of(parse(t, federated(tt.condition)))[0].Constraints[0]
			if c.Reach() != tt.reach || c.Binding() != tt.binding {
				t.Errorf("reach %d, binding %v; want %d, %v", c.Reach(), c.Binding(), tt.reach, tt.binding)
			}
		})
	}
}

func TestConstraintsOnClaims(t *testing.T) {
	g := Of(parse(t, federated(`StringLike: { "G:sub": "repo:octo/app:*" }, StringEqualsIfExists: { "G:environment": prod }, StringNotEquals: { "G:actor": x }, "Null": { "G:ref": "false" }`)))[0]
	for _, tt := range []struct {
		claims       []string
		found        int
		binds, tests bool
	}{
		{[]string{"sub"}, 1, true, true},
		{[]string{"environment"}, 1, false, true},
		{[]string{"actor"}, 1, false, false},
		{[]string{"ref"}, 1, false, false},
		{[]string{"workflow"}, 0, false, false},
		{[]string{"actor", "environment", "sub"}, 3, true, true},
	} {
		if on := g.On(tt.claims...); len(on) != tt.found || g.Binds(tt.claims...) != tt.binds || g.Tests(tt.claims...) != tt.tests {
			t.Errorf("%q: %d constraints, binds %v, tests %v", tt.claims, len(on), g.Binds(tt.claims...), g.Tests(tt.claims...))
		}
	}
}

// Whom a grant is about decides which other statements apply to it.
func TestPrincipalsOfAGrant(t *testing.T) {
	other := provider + "/octo"
	p := parse(t, allow(`{ Federated: ["`+provider+`", "`+other+`"] }`, `StringLike: { "G:sub": "repo:octo/app:*" }`),
		`{ Effect: Deny, Principal: { Federated: "`+other+`" }, Action: "*" }`,
		`{ Effect: Deny, Principal: "*", Action: "*" }`,
		`{ Effect: Deny, Principal: { AWS: "*" }, Action: "sts:AssumeRole" }`)
	g := Of(p)[0]
	if who := g.Principal(); who.Type != "Federated" || who.ID != provider {
		t.Errorf("the first principal is %+v", who)
	}
	for _, tt := range []struct {
		statement     int
		all, anything bool
	}{{0, true, true}, {1, false, true}, {2, true, true}, {3, false, false}} {
		if s := p.Statements[tt.statement]; g.Covered(s) != tt.all || g.MayCover(s) != tt.anything {
			t.Errorf("statement %d covers all: %v, may cover some: %v", tt.statement, g.Covered(s), g.MayCover(s))
		}
	}
	for id, named := range map[string]bool{provider: true, other: true, provider + "/site": false} {
		if g.Names(trust.PrincipalEntry{Type: "Federated", ID: id}) != named || g.Names(trust.PrincipalEntry{Type: "AWS", ID: id}) {
			t.Errorf("%s is named: want %v", id, named)
		}
	}
	if everyone := Of(parse(t, allow(`"*"`, `StringLike: { "G:sub": "repo:octo/app:*" }`)))[0]; everyone.Provider() != hub || everyone.Key("sub") != hub+":sub" {
		t.Errorf("provider %q of a grant that names none", everyone.Provider())
	}
	if but := Of(parse(t, `{ Effect: Allow, NotPrincipal: { AWS: "111122223333" }, Action: "*" }`)); len(but) != 1 || !but[0].Wildcard || len(but[0].Providers) > 0 {
		t.Errorf("all but one account: %+v", but)
	}
}
