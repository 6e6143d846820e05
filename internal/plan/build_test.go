package plan

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/transport"
)

const (
	hub    = "arn:aws:iam::111111111111:role/hub"
	gate   = "arn:aws:iam::222222222222:role/gates/gate"
	deploy = "arn:aws:iam::222222222222:role/deploy"
)

func build(t *testing.T, input, env map[string]string) Plan {
	t.Helper()
	p, problems := Build(sources(input, env))
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	return p
}

func run(job string) map[string]string {
	return map[string]string{"GITHUB_RUN_ID": "4711", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_JOB": job}
}

func TestDefaults(t *testing.T) {
	p := build(t, map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub}, run("deploy"))
	exported := []Variable{
		{Name: "AWS_ACCESS_KEY_ID", Content: ContentAccessKeyID},
		{Name: "AWS_SECRET_ACCESS_KEY", Content: ContentSecretAccessKey},
		{Name: "AWS_SESSION_TOKEN", Content: ContentSessionToken},
	}
	want := Plan{
		Profiles: []Profile{{
			Region:   "eu-central-1",
			Source:   SourceOIDC,
			Audience: "sts.amazonaws.com",
			Chain: []Hop{{
				Role: hub, Region: "eu-central-1", SessionName: "GitHubActions-4711-2-deploy", Duration: time.Hour,
			}},
		}},
		MinRemaining: 15 * time.Minute,
		Timeout:      2 * time.Minute, Attempts: 12, Parallel: 8, Summary: SummaryFailure,
		Delivery: Delivery{TakeOver: true, Variables: exported, Region: set("eu-central-1", "AWS_REGION", "AWS_DEFAULT_REGION")},
	}
	if diff := cmp.Diff(want, p, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestAudienceFollowsThePartition(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "sts.amazonaws.com", "us-gov-west-1": "sts.amazonaws.com", "cn-north-1": "sts.amazonaws.com.cn",
	} {
		role := "arn:" + arn.PartitionOf(region) + ":iam::111111111111:role/hub"
		p := build(t, map[string]string{"aws-region": region, "role-to-assume": role}, nil)
		if got := p.Profiles[0].Audience; got != want {
			t.Errorf("%s: audience %q, want %q", region, got, want)
		}
	}
	p := build(t, map[string]string{"aws-region": "cn-north-1", "role-to-assume": "arn:aws-cn:iam::111111111111:role/hub", "audience": "mine"}, nil)
	if got := p.Profiles[0].Audience; got != "mine" {
		t.Errorf("a given audience became %q", got)
	}
}

func TestChainForms(t *testing.T) {
	policy := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}`
	common := map[string]string{
		"aws-region": "eu-central-1", "role-to-assume": hub, "role-external-id": "shared", "source-identity": "octocat",
		"role-duration-seconds": "7200", "inline-session-policy": policy,
	}
	with := func(chain string) map[string]string {
		m := map[string]string{"role-chain": chain}
		for k, v := range common {
			m[k] = v
		}
		return m
	}
	hop := func(role arn.Role, change func(*Hop)) Hop {
		h := Hop{Role: role, Region: "eu-central-1", SessionName: "GitHubActions", Duration: time.Hour, ExternalID: "shared"}
		change(&h)
		return h
	}
	compact := strings.ReplaceAll(policy, " ", "")
	first := Hop{Role: hub, Region: "eu-central-1", SessionName: "GitHubActions", Duration: 2 * time.Hour}
	plain := []Hop{first,
		hop(gate, func(h *Hop) { h.SourceIdentity = "octocat" }),
		hop(deploy, func(h *Hop) { h.Policy = compact }),
	}
	for name, tt := range map[string]struct {
		chain string
		want  []Hop
	}{
		"lines":             {gate + "\n" + deploy + "\n", plain},
		"lines and comment": {"# to production\n  " + gate + "  \n\n" + deploy, plain},
		"list of ARNs":      {"- " + gate + "\n- " + deploy, plain},
		"flow list":         {"[" + gate + ", " + deploy + "]", plain},
		"mappings": {`
- role: ` + gate + `
  external-id: "0012"
  session-name: gate
  duration-seconds: 900
- role: ` + deploy + `
  inline-session-policy: {Version: "2012-10-17", Statement: {Effect: Deny, Action: "*", Resource: [a, "<b>"], n: 012, x: 12, yes: true, empty: {}}}
  managed-session-policies:
    - arn:aws:iam::aws:policy/ReadOnlyAccess
    - arn:aws:iam::222222222222:policy/p
  tags: {Team: blue, cost center: "007"}
  transitive-tag-keys: team
`, []Hop{first,
			hop(gate, func(h *Hop) {
				h.ExternalID, h.SessionName, h.Duration, h.SourceIdentity = "0012", "gate", 15*time.Minute, "octocat"
			}),
			hop(deploy, func(h *Hop) {
				h.Policy = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":["a","<b>"],"n":"012","x":12,"yes":true,"empty":{}}}`
				h.ManagedPolicies = []string{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::222222222222:policy/p"}
				h.Tags = []Tag{{Key: "Team", Value: "blue"}, {Key: "cost center", Value: "007"}}
				h.TransitiveTagKeys = []string{"team"}
			}),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := build(t, with(tt.chain), nil)
			if diff := cmp.Diff(tt.want, p.Profiles[0].Chain); diff != "" {
				t.Error(diff)
			}
			if len(p.Notices) > 0 || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "first hop only") {
				t.Errorf("no warning of the hour: %q", p.Warnings)
			}
		})
	}
}

// TestDurationOfAChain: that a longer duration ends with the first hop is a
// warning that names what helps.
func TestDurationOfAChain(t *testing.T) {
	keys := map[string]string{"aws-access-key-id": "AKIAIOSFODNN7EXAMPLE", "aws-secret-access-key": "secret"}
	for name, tt := range map[string]struct {
		more            map[string]string
		warning, notice string
	}{
		"an hour":         {map[string]string{"role-duration-seconds": "3600"}, "", ""},
		"four hours":      {map[string]string{"role-duration-seconds": "14400"}, "role-duration-seconds 14400 applies to the first hop only: AWS ends a chained session after an hour (3600); set refresh: true", ""},
		"with refresh":    {map[string]string{"role-duration-seconds": "14400", "refresh": "true"}, "", "refresh renews it"},
		"keys of a user":  {map[string]string{"role-duration-seconds": "14400", "aws-access-key-id": keys["aws-access-key-id"], "aws-secret-access-key": keys["aws-secret-access-key"]}, "log in again in a later step", ""},
		"without a chain": {map[string]string{"role-duration-seconds": "14400", "role-chain": ""}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inputs := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "role-chain": gate}
			maps.Copy(inputs, tt.more)
			if inputs["role-chain"] == "" {
				delete(inputs, "role-chain")
			}
			p := build(t, inputs, nil)
			for what, got := range map[string][2]string{"warning": {tt.warning, strings.Join(p.Warnings, "\n")}, "notice": {tt.notice, strings.Join(p.Notices, "\n")}} {
				if want, told := got[0], got[1]; !strings.Contains(told, want) || (want == "") != (told == "") {
					t.Errorf("%s %q, want %q", what, told, want)
				}
			}
		})
	}
}

// TestSanitizedSessionName: names that STS takes stay as they are; others are
// refused with the name that would pass, or replaced by it.
func TestSanitizedSessionName(t *testing.T) {
	long := strings.Repeat("x", 70)
	for _, tt := range []struct{ given, usable, says string }{
		{"release@v1.2", "release@v1.2", ""},
		{"-a-", "-a-", ""},
		{"deploy-octo-org/octo-repo-dependabot[bot]", "deploy-octo-org-octo-repo-dependabot-bot", `it has "/", "[", "]"; use "deploy-octo-org-octo-repo-dependabot-bot"`},
		{"feature//a b", "feature-a-b", `it has "/", " "`},
		{"größe", "gr-e", `it has "ö", "ß"`},
		{"main\r\nnext\x07", "main-next", `it has "\r", "\n", "\a"`},
		{long, long[:64], "it has 70 characters"},
		{long[:63] + "/y", long[:63] + "-", `it has "/"`},
		{"x", "GitHubActions-7-1-deploy", "it has 1 character;"},
		{"/x/", "GitHubActions-7-1-deploy", `it has "/"`},
		{"\u202e\U0001f600", "GitHubActions-7-1-deploy", `it has "\u202e", "😀"`},
		{"!\"#$%&'()*", "GitHubActions-7-1-deploy", "and other characters"},
	} {
		env := map[string]string{"GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "deploy"}
		hop, err := json.Marshal([]map[string]string{{"role": gate, "session-name": tt.given}})
		if err != nil {
			t.Fatal(err)
		}
		inputs := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "role-session-name": tt.given, "role-chain": string(hop)}
		_, problems := Build(sources(inputs, env))
		if (len(problems) == 0) != (tt.says == "") || len(problems) != 0 && (len(problems) != 2 || !strings.Contains(problems[0].Message, tt.says)) {
			t.Errorf("%q: %v, want %s", tt.given, problems, tt.says)
		}
		inputs["role-session-name-sanitize"] = "true"
		chain := build(t, inputs, env).Profiles[0].Chain
		if chain[0].SessionName != tt.usable || chain[1].SessionName != tt.usable || !isSessionName(tt.usable) {
			t.Errorf("%q: %q and %q, want %q", tt.given, chain[0].SessionName, chain[1].SessionName, tt.usable)
		}
	}
	_, problems := Build(sources(map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "role-session-name-sanitize": "yes"}, nil))
	if len(problems) != 1 || problems[0].Input != "role-session-name-sanitize" {
		t.Error(problems)
	}
}

// TestHopNumbers: problems count hops as the log does.
func TestHopNumbers(t *testing.T) {
	const bad = "- duration-seconds: 900"
	for name, tt := range map[string]struct {
		inputs map[string]string
		want   string
	}{
		"after the first role":           {map[string]string{"role-chain": "- " + gate + "\n" + bad}, "hop 3 has no role"},
		"of a profile":                   {map[string]string{"profiles": "a:\n  role-chain:\n    " + bad}, "hop 2 has no role"},
		"of a profile below a long hub":  {map[string]string{"role-chain": gate, "profiles": "a:\n  role-chain:\n    " + bad}, "hop 3 has no role"},
		"of a profile with its own role": {map[string]string{"role-chain": gate, "profiles": "a:\n  role-chain:\n    " + bad + "\n  role-to-assume: " + hub}, "hop 2 has no role"},
	} {
		t.Run(name, func(t *testing.T) {
			inputs := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub}
			maps.Copy(inputs, tt.inputs)
			_, problems := Build(sources(inputs, nil))
			if len(problems) != 1 || !strings.Contains(problems[0].Message, tt.want) {
				t.Errorf("%v, want %s", problems, tt.want)
			}
		})
	}
}

func TestEndpointFollowsTheSDKs(t *testing.T) {
	for name, tt := range map[string]struct {
		input string
		env   map[string]string
		want  string
	}{
		"none":              {},
		"service before":    {env: map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.test", "AWS_ENDPOINT_URL": "https://all.test"}, want: "https://sts.test"},
		"all services":      {env: map[string]string{"AWS_ENDPOINT_URL": "https://all.test"}, want: "https://all.test"},
		"ignored":           {env: map[string]string{"AWS_ENDPOINT_URL": "https://all.test", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}},
		"input wins":        {input: "https://in.test", env: map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.test"}, want: "https://in.test"},
		"loopback in clear": {input: "http://127.0.0.1:8080", want: "http://127.0.0.1:8080"},
		"IPv6 loopback":     {input: "http://[::1]:8080", want: "http://[::1]:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			p := build(t, map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "sts-endpoint": tt.input}, tt.env)
			if got := p.Profiles[0].Chain[0].Endpoint; got != tt.want {
				t.Errorf("endpoint %q, want %q", got, tt.want)
			}
		})
	}
}

// TestProxyComesFrom: the proxy is that of the input, or of the variables that
// replace it, in their order, and only those that count are checked.
func TestProxyComesFrom(t *testing.T) {
	const good, bad = "http://proxy.test:3128", "http://ci:p@ss#word@127.0.0.1:9"
	for name, tt := range map[string]struct {
		input    string
		env      map[string]string
		want     transport.Proxy
		problems []string // what they name
	}{
		"none":                    {},
		"input":                   {input: "proxy.test:3128", want: transport.Proxy{URL: "proxy.test:3128", From: "input http-proxy"}},
		"variable":                {env: map[string]string{"HTTPS_PROXY": good}, want: transport.Proxy{URL: good, From: "variable HTTPS_PROXY"}},
		"second variable":         {env: map[string]string{"HTTP_PROXY": good}, want: transport.Proxy{URL: good, From: "variable HTTP_PROXY"}},
		"lower case":              {env: map[string]string{"https_proxy": good, "http_proxy": good}},
		"wrong input":             {input: bad, want: transport.Proxy{URL: bad, From: "input http-proxy"}, problems: []string{"input http-proxy"}},
		"wrong variable":          {env: map[string]string{"HTTPS_PROXY": bad}, want: transport.Proxy{URL: bad, From: "variable HTTPS_PROXY"}, problems: []string{"variable HTTPS_PROXY"}},
		"wrong in lower case":     {env: map[string]string{"https_proxy": bad, "http_proxy": bad}, problems: []string{"variable https_proxy", "variable http_proxy"}},
		"wrong but not used":      {input: good, env: map[string]string{"HTTPS_PROXY": good, "https_proxy": bad, "HTTP_PROXY": bad, "http_proxy": bad}, want: transport.Proxy{URL: good, From: "input http-proxy"}},
		"wrong for the token":     {input: good, env: map[string]string{"HTTPS_PROXY": bad, "https_proxy": bad}, want: transport.Proxy{URL: good, From: "input http-proxy"}, problems: []string{"variable HTTPS_PROXY"}},
		"wrong but not the first": {env: map[string]string{"HTTPS_PROXY": good, "HTTP_PROXY": bad}, want: transport.Proxy{URL: good, From: "variable HTTPS_PROXY"}},
	} {
		t.Run(name, func(t *testing.T) {
			inputs := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "http-proxy": tt.input}
			p, problems := Build(sources(inputs, tt.env))
			if p.Network.Proxy != tt.want {
				t.Errorf("proxy %q of %s", p.Network.Proxy.URL, p.Network.Proxy)
			}
			if len(problems) != len(tt.problems) {
				t.Fatalf("problems %v", problems)
			}
			for i, want := range tt.problems {
				if text := problems[i].String(); !strings.HasPrefix(text, want+": has a special character") || strings.Contains(text, "p@ss") {
					t.Errorf("problem %q", text)
				}
			}
		})
	}
}

// A proxy that cannot be used keeps no job from cleaning up.
func TestLogoutNeedsNoProxy(t *testing.T) {
	_, problems := Build(sources(map[string]string{"logout": "true"}, map[string]string{"https_proxy": "http://ci:p@ss#word@127.0.0.1:9"}))
	if len(problems) > 0 {
		t.Errorf("problems %v", problems)
	}
}

func TestSessionName(t *testing.T) {
	for _, tt := range []struct{ run, attempt, job, index, want string }{
		{run: "17238423423", attempt: "1", job: "deploy", want: "GitHubActions-17238423423-1-deploy"},
		{run: "17238423423", attempt: "1", job: "deploy", index: "7", want: "GitHubActions-17238423423-1-deploy-7"},
		{run: "17238423423", attempt: "12", job: "deploy to prod/eu ü",
			want: "GitHubActions-17238423423-12-deploy-to-prod-eu"},
		{run: "17238423423", attempt: "1", job: strings.Repeat("j", 80), index: "123",
			want: "GitHubActions-17238423423-1-jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj-123"},
		{run: "17238423423", attempt: "1", job: "build-the-image-and-push-it-to-the-regi_stry",
			want: "GitHubActions-17238423423-1-build-the-image-and-push-it-to-the-r"},
		{want: "GitHubActions"},
		{run: "1", attempt: "1", index: "0", want: "GitHubActions-1-1-0"},
		{run: strings.Repeat("9", 100), attempt: "1", job: "x", index: "1",
			want: ("GitHubActions-" + strings.Repeat("9", 100))[:64]},
	} {
		got := sessionName(tt.run, tt.attempt, tt.job, tt.index)
		if got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
		if !isSessionName(got) {
			t.Errorf("%q is not a session name", got)
		}
	}
	matrix := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "job-index": "3", "job-total": "9"}
	if got := build(t, matrix, run("deploy")).Profiles[0].Chain[0].SessionName; got != "GitHubActions-4711-2-deploy-3" {
		t.Errorf("in a matrix: %q", got)
	}
	matrix["job-total"] = "1"
	if got := build(t, matrix, run("deploy")).Profiles[0].Chain[0].SessionName; got != "GitHubActions-4711-2-deploy" {
		t.Errorf("without a matrix: %q", got)
	}
}

func FuzzSessionName(f *testing.F) {
	f.Add("1", "2", "job", "3")
	f.Add("17238423423", "12", "dä/ploy", "")
	f.Fuzz(func(t *testing.T, run, attempt, job, index string) {
		got := sessionName(run, attempt, job, index)
		if !isSessionName(got) {
			t.Fatalf("%q is not a session name", got)
		}
		if len(run)+len(attempt) < 40 && !strings.HasPrefix(got, "GitHubActions") {
			t.Fatalf("%q lost its head", got)
		}
	})
}

func FuzzRoleChain(f *testing.F) {
	for _, seed := range []string{hub, "- " + hub, "- role: " + hub + "\n  tags: {a: b}", "[{role: x, duration-seconds: 9}]", "- &a b\n- *a", "a: [", "- role: {a: b}\n  inline-session-policy: {a: [1, {b: ~}]}",
		"- " + hub + "\n- ''", "[" + hub + ", '']", "[" + hub + ", # ]\n]", hub + "\n\n", "- role: " + hub + "\n  transitive-tag-keys: ['']", "''", "# x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, chain string) {
		input := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "role-chain": chain}
		p, problems := Build(sources(input, nil))
		for _, problem := range problems {
			if problem.Message == "" || problem.Input == "" || strings.ContainsAny(problem.String(), "\n\x1b") {
				t.Errorf("a problem is not one clear line: %q", problem)
			}
		}
		if len(problems) == 0 {
			if strings.TrimSpace(chain) != "" && len(p.Profiles[0].Chain) < 2 {
				t.Errorf("the chain %q is dropped", chain)
			}
			for _, hop := range p.Profiles[0].Chain {
				if !arn.IsRole(string(hop.Role)) || hop.Duration < MinDuration {
					t.Errorf("a hop passed that STS would refuse: %+v", hop)
				}
			}
		}
	})
}
