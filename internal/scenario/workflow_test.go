package scenario

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func workflow(t *testing.T, fields string) *Workflow {
	t.Helper()
	s, err := Parse("s.yml", []byte("workflow: {"+fields+"}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return &s.Workflow
}

// TestRunsAreToldAlike: the token's claims, the runner's variables and the
// event's payload are of one run.
func TestRunsAreToldAlike(t *testing.T) {
	for _, test := range []struct {
		workflow string
		claims   map[string]any
		environ  map[string]string
		audience string
	}{
		{workflow: "repository: Octo/app",
			claims:   map[string]any{"sub": "repo:Octo/app:ref:refs/heads/main", "ref_type": "branch", "base_ref": "", "environment": nil, "enterprise": nil, "workflow_ref": "Octo/app/.github/workflows/deploy.yml@refs/heads/main"},
			environ:  map[string]string{"GITHUB_REF_NAME": "main", "GITHUB_REF_TYPE": "branch", "GITHUB_REPOSITORY_OWNER": "Octo", "GITHUB_API_URL": "https://api.github.com"},
			audience: "https://github.com/Octo"},
		{workflow: "ref: refs/tags/v1, subject: immutable",
			claims:   map[string]any{"sub": "repo:octo-org@6154722/octo-repo@74123456:ref:refs/tags/v1", "ref_type": "tag"},
			environ:  map[string]string{"GITHUB_REF_NAME": "v1", "GITHUB_REF_TYPE": "tag"},
			audience: "https://github.com/octo-org"},
		{workflow: "ref: 'refs/heads/a:b', environment: 'x:y', enterprise: octo",
			claims:  map[string]any{"sub": "repo:octo-org/octo-repo:environment:x%3Ay", "environment": "x:y", "environment_node_id": "EN_kwDOABcd74123456", "enterprise": "octo"},
			environ: map[string]string{"GITHUB_REF": "refs/heads/a:b"}, audience: "https://github.com/octo-org"},
		{workflow: "event: pull_request, head-ref: topic",
			claims:   map[string]any{"sub": "repo:octo-org/octo-repo:pull_request", "ref": "refs/pull/17/merge", "head_ref": "topic", "base_ref": "main"},
			environ:  map[string]string{"GITHUB_REF_NAME": "17/merge", "GITHUB_HEAD_REF": "topic", "GITHUB_BASE_REF": "main"},
			audience: "https://github.com/octo-org"},
		{workflow: "event: pull_request_target",
			claims:   map[string]any{"sub": "repo:octo-org/octo-repo:ref:refs/heads/main", "head_ref": "feature"},
			environ:  map[string]string{"GITHUB_REF": "refs/heads/main", "GITHUB_HEAD_REF": "feature"},
			audience: "https://github.com/octo-org"},
		{workflow: "ref: refs/notes/x, ref-protected: true, actor: ann, triggering-actor: bob",
			claims:   map[string]any{"ref_protected": "true", "actor": "ann"},
			environ:  map[string]string{"GITHUB_REF_NAME": "refs/notes/x", "GITHUB_REF_PROTECTED": "true", "GITHUB_ACTOR": "ann", "GITHUB_TRIGGERING_ACTOR": "bob"},
			audience: "https://github.com/octo-org"},
		{workflow: "issuer: 'https://ghe.example/_services/token', server-url: 'https://ghe.example', runner-environment: self-hosted, env: {GITHUB_JOB: mine}",
			claims:   map[string]any{"iss": "https://ghe.example/_services/token", "runner_environment": "self-hosted"},
			environ:  map[string]string{"GITHUB_API_URL": "https://ghe.example/api/v3", "GITHUB_GRAPHQL_URL": "https://ghe.example/api/graphql", "GITHUB_JOB": "mine", "RUNNER_ENVIRONMENT": "self-hosted"},
			audience: "https://ghe.example/octo-org"},
		{workflow: "visibility: public, claims: {iss: 'https://other.example', jti: , amr: [a, b], exp: 7}",
			claims:   map[string]any{"iss": "https://other.example", "jti": nil, "exp": json.Number("7"), "repository_visibility": "public"},
			audience: "https://github.com/octo-org"},
	} {
		w := workflow(t, test.workflow)
		claims := w.TokenClaims("audience", "id", time.Unix(1_800_000_000, 0))
		for name, want := range test.claims {
			if got, present := claims[name]; got != want || present == (want == nil) {
				t.Errorf("%s: claim %s is %v, want %v", test.workflow, name, got, want)
			}
		}
		environ := w.Environ()
		for name, want := range test.environ {
			if environ[name] != want {
				t.Errorf("%s: %s=%s, want %s", test.workflow, name, environ[name], want)
			}
		}
		if got := w.DefaultAudience(); got != test.audience {
			t.Errorf("%s: default audience %s, want %s", test.workflow, got, test.audience)
		}
	}
	if w := workflow(t, "claims: {iss: 'https://other.example'}"); w.Issuer != "https://other.example" {
		t.Errorf("the issuer is %s, its tokens say otherwise", w.Issuer)
	}
}

func TestTokensLiveFiveMinutes(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	claims := workflow(t, "").TokenClaims("audience", "id", now)
	if claims["iat"] != now.Unix() || claims["nbf"] != now.Unix()-600 || claims["exp"] != now.Unix()+300 || claims["aud"] != "audience" || claims["jti"] != "id" {
		t.Errorf("claims %v", claims)
	}
}

func TestWhoHasAToken(t *testing.T) {
	for fields, want := range map[string]bool{
		"":                                true,
		"id-token: false":                 false,
		"event: pull_request":             true,
		"event: pull_request, fork: true": false,
		"event: pull_request, fork: true, tokens-to-forks: true": true,
		"event: pull_request_target, fork: true":                 true,
	} {
		if got := workflow(t, fields).HasToken(); got != want {
			t.Errorf("%s: %t, want %t", fields, got, want)
		}
	}
}

func TestPayload(t *testing.T) {
	type repository struct {
		FullName string `json:"full_name"`
		Fork     bool
		Private  bool
	}
	type event struct {
		Repository  repository
		PullRequest *struct {
			Number int
			Head   struct {
				Ref  string
				Repo repository
			}
		} `json:"pull_request"`
	}
	read := func(fields string) event {
		var e event
		if err := json.Unmarshal(workflow(t, fields).Payload(), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := read("visibility: public"); e.Repository.FullName != "octo-org/octo-repo" || e.Repository.Private || e.PullRequest != nil {
		t.Errorf("push: %+v", e)
	}
	fork := read("event: pull_request, fork: true, actor: someone")
	if pr := fork.PullRequest; pr == nil || !fork.Repository.Private || pr.Number != 17 || !pr.Head.Repo.Fork || pr.Head.Repo.FullName != "someone/fork" || pr.Head.Ref != "feature" {
		t.Errorf("fork: %+v", fork)
	}
	if own := read("event: pull_request"); own.PullRequest == nil || own.PullRequest.Head.Repo.Fork || own.PullRequest.Head.Repo.FullName != "octo-org/octo-repo" {
		t.Errorf("own: %+v", own)
	}
}

func TestContexts(t *testing.T) {
	contexts := workflow(t, "job-workflow-ref: a/b/.github/workflows/c.yml@v1").Contexts()
	if contexts["job.workflow_ref"] != "a/b/.github/workflows/c.yml@v1" || contexts["strategy.job-total"] != "1" {
		t.Errorf("contexts %v", contexts)
	}
}

func TestFaultsMatch(t *testing.T) {
	for _, test := range []struct {
		fault string
		hits  []string // calls
	}{
		{"{fault: reset}", []string{CallToken, CallWebIdentity, CallAssumeRole, CallIdentity}},
		{"{call: sts, fault: reset}", []string{CallWebIdentity, CallAssumeRole, CallIdentity}},
		{"{call: AssumeRole, fault: reset}", []string{CallAssumeRole}},
		{"{fault: packed-policy}", []string{CallWebIdentity, CallAssumeRole}}, // the others hold no policy
		{"{fault: no-value}", []string{CallToken}},
		{"{call: sts, latency: 1ms}", []string{CallWebIdentity, CallAssumeRole, CallIdentity}},
		{"{fault: reset, role: 'arn:aws:iam::*:role/deploy'}", nil},
		{"{fault: reset, role: 'arn:aws:iam::*:role/h?b'}", []string{CallToken, CallWebIdentity, CallAssumeRole, CallIdentity}},
	} {
		s, err := Parse("s.yml", []byte("faults: ["+test.fault+"]"), nil)
		if err != nil {
			t.Fatal(err)
		}
		var hits []string
		for _, call := range append([]string{CallToken}, STSCalls...) {
			if s.Faults[0].Matches(call, "arn:aws:iam::111111111111:role/hub") {
				hits = append(hits, call)
			}
		}
		if !slices.Equal(hits, test.hits) {
			t.Errorf("%s hits %s, want %s", test.fault, strings.Join(hits, ", "), strings.Join(test.hits, ", "))
		}
	}
}

func TestLookUps(t *testing.T) {
	s, err := Parse("s.yml", []byte("accounts: {111111111111: {users: {u: {access-key-id: AKIAIOSFODNN7EXAMPLE, secret-access-key: s}}}}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := s.Account("111111111111"); a == nil || s.User("AKIAIOSFODNN7EXAMPLE") != a.Users[0] {
		t.Error("the account or its user is not found")
	}
	if s.Account("222222222222") != nil || s.User("AKIAIOSFODNN7EXAMPLF") != nil || s.Role("arn:aws:iam::111111111111:role/x") != nil {
		t.Error("what is not there is found")
	}
}
