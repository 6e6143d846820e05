package grant

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust"
)

func TestFault(t *testing.T) {
	tests := []struct{ pattern, fault, meant string }{
		{pattern: "repo:octo/app:ref:refs/heads/main"},
		{pattern: "repo:octo-corp_acme@1/.app_x-1.2@2:ref:refs/heads/feature/JIRA-1@v2"},
		{pattern: "repo:octo@*/app@*:*"},
		{pattern: "repo:octo/*"},
		{pattern: "repo:*"},
		{pattern: "*"},
		{pattern: "repo:octo/app:r*"},
		{pattern: "repo:octo/app:pull_request"},
		{pattern: "repo:octo/app:pull*"},
		{pattern: "repo:octo/app:ref:refs/pull/1/merge"},
		{pattern: "repo:octo/app:environment:Produktion Süd"},
		{pattern: "repo:octo/app:environment:*"},
		{pattern: "repo:octo/app:ref:refs/tags/v1.*"},
		{pattern: "repo:octo/app:job_workflow_ref:octo/app/.github/workflows/x.yml@refs/heads/main"},
		{pattern: "repository_id:2:environment:a b"},
		{pattern: "repo:octo/*:prod"},               // an environment
		{pattern: "repo:octo/*ent:prod"},            // the same
		{pattern: "repo:octo/app*:refs/heads/main"}, // a ref
		{pattern: "repo:octo*@2:*"},                 // octo@1/app@2
		{pattern: "repo:octo*(x)"},                  // octo/app:ref:refs/heads/(x)
		{pattern: "repo:octo/*:pull:x", fault: `has the context "pull:x"`, meant: "ref:refs/heads/x"},
		{pattern: "repo:oc.to/app:ref:refs/heads/main", fault: "has '.' in the owner's name"},
		{pattern: "repo: octo/app:ref:refs/heads/main", fault: "has ' ' in the owner's name"},
		{pattern: "repo:octo/a pp:ref:refs/heads/main", fault: "has ' ' in the repository's name"},
		{pattern: "repo:octo/ap\u200bp*:ref:refs/heads/main", fault: "has U+200B (zero width space) in the repository's name"},
		{pattern: "repo:octo/app.GIT:ref:refs/heads/main", fault: "ends with .git"},
		{pattern: "repo:octo/..:ref:refs/heads/main", fault: `has the repository name ".."`},
		{pattern: "repo:octo@me/app@2:ref:refs/heads/main", fault: `has "me" instead of an id`},
		{pattern: "repo:octo/app", fault: "is not repo:OWNER/REPOSITORY:CONTEXT", meant: "ref:refs/heads/main"},
		{pattern: "octo/app:ref:refs/heads/main", fault: "is not repo:OWNER/REPOSITORY:CONTEXT", meant: "ref:refs/heads/main"},
		{pattern: "repo:octo/app:main", fault: `has the context "main"`, meant: "ref:refs/heads/main"},
		{pattern: "repo:octo/app:refs/heads/*", fault: `has the context "refs/heads/*"`, meant: "ref:refs/heads/main"},
		{pattern: "repo:octo/app:branch:next", fault: `has the context "branch:next"`, meant: "ref:refs/heads/next"},
		{pattern: "repo:octo/app:pull_requests", fault: `has the context "pull_requests"`, meant: "pull_request"},
		{pattern: "repo:octo/app:pull-request", fault: `has the context "pull-request"`, meant: "pull_request"},
		{pattern: "repo:octo/app:enviroment:prod", fault: `has the context "enviroment:prod"`, meant: "environment:prod"},
		{pattern: "repo:octo/app:environment:", fault: "has an environment without a name"},
		{pattern: "repo:octo/app:environment:pr\u00a0od", fault: "has U+00A0 (no-break space) in the context", meant: "environment:prod"},
		{pattern: "repo:octo/app:ref:refs/heads/", fault: "has a ref without a name"},
		{pattern: "repo:octo/app:ref:refs/heads/main/", fault: "has a ref that begins or ends with a slash", meant: "ref:refs/heads/main"},
		{pattern: "repo:octo/app:ref:refs/heads//main", fault: "has a ref that begins or ends with a slash"},
		{pattern: "repo:octo/app:ref:refs/heads/a..b", fault: "has a ref that git does not allow"},
		{pattern: "repo:octo/app:ref:refs/tags/v1.lock", fault: "has a ref that git does not allow"},
		{pattern: "repo:octo/app:ref:refs/heads/a~1", fault: "has '~' in the ref"},
		{pattern: "repo:octo/app:ref:refs/heads/a b*", fault: "has ' ' in the ref"},
	}
	for _, tt := range tests {
		s := ParseSubject(trust.NewPattern(tt.pattern))
		fault := s.Fault()
		if (fault != "") != (tt.fault != "") || !strings.Contains(fault, tt.fault) {
			t.Errorf("%q: %q, want %q", tt.pattern, fault, tt.fault)
		}
		if fault == "" {
			continue
		}
		if got := s.MeantContext(); got != tt.meant {
			t.Errorf("%q: %q may be meant, want %q", tt.pattern, got, tt.meant)
		}
		s.Context = trust.NewPattern(s.MeantContext())
		if tt.meant != "" && contextFault(s.Context) != "" {
			t.Errorf("%q: what is meant is at fault too: %s", tt.pattern, contextFault(s.Context))
		}
	}
}

// A value that no subject can match opens nothing.
func TestMalformedValueReachesNobody(t *testing.T) {
	p, err := trust.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "*", "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"},
		"Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": ["octo/app", "repo:octo/app:ref:refs/heads/main"]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	g := Of(p)[0]
	if c, ok := g.Decisive(); !ok || c.Reach() != Repository {
		t.Errorf("%+v", c)
	}
}
