package trust

import "testing"

func TestRunClaims(t *testing.T) {
	tests := []struct {
		run       Run
		sub, want string // error
	}{
		{Run{Repository: "octo/app"}, "repo:octo/app:ref:refs/heads/main", ""},
		{Run{Repository: "octo/app", Ref: "next"}, "repo:octo/app:ref:refs/heads/next", ""},
		{Run{Repository: "octo/app", Ref: "refs/tags/v1"}, "repo:octo/app:ref:refs/tags/v1", ""},
		{Run{Repository: "octo/app", Event: "pull_request", Ref: "refs/pull/1/merge"}, "repo:octo/app:pull_request", ""},
		{Run{Repository: "octo/app", Event: "pull_request", Environment: "a:b"}, "repo:octo/app:environment:a%3Ab", ""},
		{Run{Repository: "octo/app", OwnerID: "1", RepositoryID: "2"}, "repo:octo@1/app@2:ref:refs/heads/main", ""},
		{Run{Repository: "octo/app", OwnerID: "1", RepositoryID: "2", ClassicSubject: true}, "repo:octo/app:ref:refs/heads/main", ""},
		{Run{Repository: "octo/app", Subject: "actor:ann"}, "actor:ann", ""},
		{Run{Repository: "octo"}, "", "repository is invalid; use OWNER/REPOSITORY"},
		{Run{Repository: "octo/a/b"}, "", "repository is invalid; use OWNER/REPOSITORY"},
		{Run{Repository: "octo/app", OwnerID: "1"}, "", "the ids of owner and repository are required together"},
	}
	for _, tt := range tests {
		claims, err := tt.run.Claims()
		if tt.want != "" {
			if err == nil || err.Error() != tt.want {
				t.Errorf("%+v: %v", tt.run, err)
			}
			continue
		}
		if err != nil || claims.Get("sub") != tt.sub || claims.Get("aud") != "sts.amazonaws.com" || claims.Get("repository_owner") != "octo" {
			t.Errorf("%+v: %v, %v", tt.run, claims, err)
		}
		if _, there := claims["actor"]; there {
			t.Errorf("%+v: a claim without a value is there", tt.run)
		}
	}
}

// A policy that tests the ref beside an environment must not seem to admit pull
// requests.
func TestRunOfAPullRequestHasItsOwnRef(t *testing.T) {
	for _, tt := range []struct {
		run Run
		ref string
	}{
		{Run{Repository: "octo/app"}, "refs/heads/main"},
		{Run{Repository: "octo/app", Event: "pull_request"}, "refs/pull/1/merge"},
		{Run{Repository: "octo/app", Event: "pull_request", Environment: "prod"}, "refs/pull/1/merge"},
		{Run{Repository: "octo/app", Event: "pull_request", Ref: "refs/pull/7/merge"}, "refs/pull/7/merge"},
		{Run{Repository: "octo/app", Event: "pull_request_target"}, "refs/heads/main"},
	} {
		claims, err := tt.run.Claims()
		if got := claims.Get("ref"); err != nil || got != tt.ref {
			t.Errorf("%+v: got ref %q, %v, expected %q", tt.run, got, err, tt.ref)
		}
	}
}

func TestDeciding(t *testing.T) {
	allow := func(who, conditions string) string {
		return `{"Effect": "Allow", "Principal": {"Federated": "` + who + `"}, "Action": "*", "Condition": {"StringEquals": {` + conditions + `}}}`
	}
	tests := []struct {
		name, statements string
		index            int // of the statement, from 1; 0 if none
		failing          int
	}{
		{name: "admitted", statements: allow("p", `"a": "2"`) + "," + allow("p", `"a": "1"`), index: 2},
		{name: "one condition off",
			statements: allow("p", `"a": "2", "b": "2"`) + "," + allow("p", `"a": "1", "b": "2"`), index: 2, failing: 1},
		{name: "another principal is further",
			statements: allow("q", `"a": "1"`) + "," + allow("p", `"a": "2", "b": "2"`), index: 2, failing: 2},
		{name: "denied",
			statements: allow("p", `"a": "1"`) + `,{"Effect": "Deny", "Principal": "*", "Action": "sts:x"},{"Effect": "Deny", "Principal": "*", "Action": "*"}`,
			index:      3},
		{name: "nothing allows", statements: `{"Effect": "Deny", "Principal": "*", "Action": "sts:x"}`},
	}
	for _, tt := range tests {
		p := mustParse(t, `{"Statement": [`+tt.statements+`]}`)
		r := p.Evaluate(Request{Action: "y", Principal: Principal{Type: "Federated", ID: "p"}, Context: Context{"a": {"1"}, "b": {"1"}}})
		got, ok := r.Deciding()
		if ok != (tt.index > 0) || ok && (got.Pos != p.Statements[tt.index-1].Pos || len(got.Failing()) != tt.failing) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}
