package scenario

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust"
)

func TestScenarioIsReadWhole(t *testing.T) {
	const src = `
description: all there is
workflow: {repository: o/r, run-id: 7, env: {A: 1}, claims: {sub: x, aud: [a, b], exp: 12, jti: null}}
steps:
  - with: {aws-region: eu-central-1, mask-aws-account-id: true, role-duration-seconds: 3600, allowed-account-ids: 012345678901, role-chain: }
  - {}
accounts:
  012345678901:
    partition: aws-us-gov
    providers: [{issuer: "https://ghe.example/_services/token", audiences: [a]}]
    roles:
      path/to/r:
        trust-policy: {Version: 2012-10-17, Statement: {Effect: Allow, Principal: {AWS: 012345678901}, Action: "sts:AssumeRole"}}
        max-session-duration: 7200
        may-assume: ["*"]
    users:
      u: {access-key-id: AKIAIOSFODNN7EXAMPLE, secret-access-key: s}
faults:
  - {call: sts, role: "*", fault: http-503, times: 3, after: 1}
  - {fault: reset, times: always}
  - {call: sts, rate: 50}
  - {latency: 80ms}
  - {call: token, fault: clock-skew, offset: -20m}
expect: {code: external-id, hop: 2}
`
	s, err := Parse("s.yml", []byte(src), nil)
	if err != nil {
		t.Fatal(err)
	}
	wantSteps := []map[string]string{
		{"aws-region": "eu-central-1", "mask-aws-account-id": "true", "role-duration-seconds": "3600", "allowed-account-ids": "012345678901", "role-chain": ""},
		{},
	}
	if diff := cmp.Diff(wantSteps, s.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	wantFaults := []Fault{
		{Call: "sts", Role: "*", Kind: "http-503", Times: 3, After: 1},
		{Call: "any", Kind: FaultReset},
		{Call: "sts", Rate: 50, Times: 1},
		{Call: "any", Latency: 80 * time.Millisecond, Times: 1},
		{Call: "token", Kind: FaultClockSkew, Offset: -20 * time.Minute, Times: 1},
	}
	if diff := cmp.Diff(wantFaults, s.Faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	role := s.Role("arn:aws-us-gov:iam::012345678901:role/path/to/r")
	if role == nil || role.Name != "r" || role.MaxSession != 2*time.Hour || role.Trust[0].Version != trust.Version2012 {
		t.Fatalf("role %+v", role)
	}
	a := s.Accounts[0]
	if a.Providers[0].ARN != "arn:aws-us-gov:iam::012345678901:oidc-provider/ghe.example/_services/token" || a.Users[0].ARN != "arn:aws-us-gov:iam::012345678901:user/u" {
		t.Errorf("account %+v", a)
	}
	if diff := cmp.Diff(&Expect{Code: "external-id", Hop: 2}, s.Expect); diff != "" {
		t.Errorf("expect (-want +got):\n%s", diff)
	}
	w := s.Workflow
	claims := w.TokenClaims("z", "id", time.Unix(0, 0))
	if claims["sub"] != "x" || claims["run_id"] != "7" || w.Env["A"] != "1" {
		t.Errorf("workflow %+v", w)
	}
	if _, ok := claims["jti"]; ok {
		t.Error("jti was not removed")
	}
}

func TestScenarioErrors(t *testing.T) {
	const role = "accounts:\n  \"111111111111\":\n    roles:\n      r:\n"
	const policy = "        trust-policy: {Statement: {Effect: Allow, Principal: '*', Action: 'sts:*'}}\n"
	tests := []struct{ name, src, want string }{
		{"not yaml", "a: [", "s.yml:2: the scenario is not valid YAML: did not find expected node content"},
		{"a list", "- a", "s.yml:1: the scenario is a list; expected a mapping"},
		{"empty", "", "s.yml: "},
		{"two documents", "with: {}\n---\nwith: {}", "s.yml:2: the scenario has a second YAML document; use a single document"},
		{"unknown field", "with: {}\nwtih: {}", `s.yml:2: the scenario has unknown field "wtih"; did you mean with?`},
		{"twice", "with: {}\nwith: {}", `s.yml:2: the scenario has duplicate key "with" (first on line 1); keep one`},
		{"unknown in workflow", "workflow:\n  ref: refs/heads/x\n  branch: x", `s.yml:3: workflow has unknown field "branch"; expected actor, actor-id, base-ref, claims, enterprise, enterprise-id, env, environment, event, file, fork, head-ref, id-token, issuer, job, job-workflow-ref, name, owner-id, ref, ref-protected, repository, repository-id, run-attempt, run-id, run-number, runner-environment, server-url, sha, source-ip, subject, tokens-to-forks, triggering-actor, visibility`},
		{"workflow is text", "workflow: x", `s.yml:1: workflow is "x"; expected a mapping`},
		{"repository", "workflow: {repository: app}", `s.yml:1: workflow.repository is "app"; expected owner/name`},
		{"ref", "workflow: {ref: main}", `s.yml:1: workflow.ref is "main"; expected a full ref such as refs/heads/main`},
		{"subject", "workflow: {subject: new}", `s.yml:1: workflow.subject is "new"; expected one of classic, immutable`},
		{"run id", "workflow: {run-id: 007}", `s.yml:1: workflow.run-id is "007"; expected a number without leading zeros`},
		{"boolean", "workflow: {id-token: yes}", `s.yml:1: workflow.id-token is "yes"; expected true or false`},
		{"issuer", "workflow: {issuer: 'http://x'}", `s.yml:1: workflow.issuer is "http://x"; expected an https URL without query and trailing slash`},
		{"claim time", "workflow: {claims: {exp: soon}}", `s.yml:1: workflow.claims.exp is "soon"; expected seconds since 1970`},
		{"claim mapping", "workflow: {claims: {sub: {a: b}}}", "s.yml:1: workflow.claims.sub is a mapping; expected a list"},
		{"with and steps", "with: {}\nsteps: []", "s.yml:2: steps cannot be combined with with; use one of them"},
		{"input list", "with:\n  role-chain:\n    - a", "s.yml:3: with.role-chain is a list; expected text, with | for several lines"},
		{"expression", "with:\n  aws-region: ${{ vars.REGION }}", "s.yml:2: with.aws-region has an expression, which is not evaluated; write its value"},
		{"misspelled input", "with:\n  allowed-accounts: '111111111111'", "s.yml:2: with.allowed-accounts is not an input of the action; did you mean allowed-account-ids?"},
		{"misspelled input of a step", "steps:\n  - with:\n      role-duration-second: 900", "s.yml:3: steps[1].with.role-duration-second is not an input of the action; did you mean role-duration-seconds?"},
		{"input of another action", "with:\n  java-version: 21", "s.yml:2: with.java-version is not an input of the action"},
		{"fork on push", "workflow: {fork: true}", `s.yml:1: workflow has fork: true with the event "push"; use pull_request or pull_request_target`},
		{"tokens without a fork", "workflow: {tokens-to-forks: true}", "s.yml:1: workflow has tokens-to-forks: true, which requires fork: true and a private repository"},
		{"tokens in public", "workflow: {event: pull_request, fork: true, visibility: public, tokens-to-forks: true}", "s.yml:1: workflow has tokens-to-forks: true, which requires fork: true and a private repository"},
		{"step field", "steps:\n  - uses: x", `s.yml:2: steps[1] has unknown field "uses"; expected with`},
		{"account id", "accounts:\n  123: {}", "s.yml:2: accounts.123 is not an account id; use its 12 digits"},
		{"account id letters", "accounts:\n  prod: {}", "s.yml:2: accounts.prod is not an account id; use its 12 digits"},
		{"partition", "accounts: {111111111111: {partition: mars}}", `s.yml:1: accounts.111111111111.partition is "mars"; expected one of aws, aws-cn, aws-us-gov, aws-iso, aws-iso-b, aws-iso-e, aws-iso-f, aws-eusc`},
		{"provider", "accounts: {111111111111: {providers: [{issuer: 'https://x'}]}}", "s.yml:1: accounts.111111111111.providers[1] requires issuer and audiences"},
		{"role name", "accounts: {111111111111: {roles: {'a b': {}}}}", "s.yml:1: accounts.111111111111.roles.a b is not the name of a role; use a path or none, and up to 64 letters, digits and _+=,.@-"},
		{"no policy", role + "        may-assume: []", "s.yml:5: accounts.111111111111.roles.r requires trust-policy or trust-policy-file"},
		{"dialect", "dialect: ceph", `s.yml:1: dialect is "ceph"; expected one of aws, minio`},
		{"policy of MinIO", role + policy + "dialect: minio", "s.yml:5: accounts.111111111111.roles.r has a trust policy; remove it, because roles of MinIO have none"},
		{"role of MinIO twice", "dialect: minio\naccounts:\n  111111111111: {roles: {r: {max-session-duration: 3600}}}\n  222222222222: {roles: {r: {max-session-duration: 3600}}}", "s.yml:4: accounts.222222222222.roles.r has the name of a role of account 111111111111; use another, because MinIO has no accounts"},
		{"key of MinIO", "dialect: minio\naccounts: {111111111111: {users: {u: {access-key-id: 'a,b', secret-access-key: s}}}}", `s.yml:2: accounts.111111111111.users.u.access-key-id is "a,b"; expected 3 or more printable characters without =, commas and blanks`},
		{"two policies", role + policy + "        trust-policy-file: p.json", "s.yml:6: accounts.111111111111.roles.r.trust-policy-file cannot be combined with trust-policy; use one of them"},
		{"policy list", role + "        trust-policy: []", "s.yml:5: accounts.111111111111.roles.r.trust-policy is a list; expected a policy, as a mapping or as JSON text"},
		{"bad policy", role + "        trust-policy:\n          Statement:\n            - Effect: Perhaps\n              Principal: '*'\n              Action: sts:*", "s.yml:7: accounts.111111111111.roles.r.trust-policy: "},
		{"bad policy as text", role + "        trust-policy: |\n          {\n            \"Statement\": 1\n          }", "s.yml:7: accounts.111111111111.roles.r.trust-policy: "},
		{"policy twice", role + "        trust-policy:\n          Statement: {Effect: Allow, Principal: '*', Action: '*'}\n          Statement: []", `s.yml:7: accounts.111111111111.roles.r.trust-policy has duplicate key "Statement" (first on line 6); keep one`},
		{"two policies in turn", role + "        trust-policy-file: p.json\n" + policy, "s.yml:5: accounts.111111111111.roles.r.trust-policy-file cannot be combined with trust-policy; use one of them"},
		{"parameters without a file", role + policy + "        trust-policy-parameters: {A: b}", "s.yml:5: accounts.111111111111.roles.r has trust-policy-parameters, which require trust-policy-file"},
		{"parameter list", role + "        trust-policy-file: p.json\n        trust-policy-parameters: {A: [b]}", "s.yml:6: accounts.111111111111.roles.r.trust-policy-parameters.A is a list; expected text"},
		{"workspace outside", "workspace:\n  ../a: x", "s.yml:2: workspace.../a is not the path of a file inside the workspace; use one such as iam/deploy.json"},
		{"workspace absolute", "workspace: {/etc/passwd: x}", "s.yml:1: workspace./etc/passwd is not the path of a file inside the workspace; use one such as iam/deploy.json"},
		{"workspace itself", "workspace: {.: x}", "s.yml:1: workspace.. is not the path of a file inside the workspace; use one such as iam/deploy.json"},
		{"workspace not clean", "workspace: {a//b: x}", "s.yml:1: workspace.a//b is not the path of a file inside the workspace; use one such as iam/deploy.json"},
		{"workspace of a directory", "workspace: {a: x, a/b: x}", `s.yml:1: workspace.a/b cannot be combined with "a", because a file has no files below it; rename one of them`},
		{"workspace in a file", "workspace: {a/b: x, a: x}", `s.yml:1: workspace.a cannot be combined with "a/b", because a file has no files below it; rename one of them`},
		{"workspace twice", "workspace:\n  a: x\n  a: y", `s.yml:3: workspace has duplicate key "a" (first on line 2); keep one`},
		{"workspace list", "workspace: {a: [b]}", "s.yml:1: workspace.a is a list; expected the text of the file, as a block with |"},
		{"policy file outside", role + "        trust-policy-file: ../p.json", `s.yml:5: accounts.111111111111.roles.r.trust-policy-file is "../p.json"; expected a path inside the scenario's directory`},
		{"policy file absolute", role + "        trust-policy-file: /etc/passwd", `s.yml:5: accounts.111111111111.roles.r.trust-policy-file is "/etc/passwd"; expected a path inside the scenario's directory`},
		{"policy file missing", role + "        trust-policy-file: none.json", `s.yml:5: accounts.111111111111.roles.r.trust-policy-file names "none.json", which cannot be read: file does not exist`},
		{"policy file bad", role + "        trust-policy-file: bad.json", "bad.json:2: "},
		{"session", role + policy + "        max-session-duration: 60", `s.yml:6: accounts.111111111111.roles.r.max-session-duration is "60"; expected a whole number from 3600 to 43200`},
		{"user key", "accounts: {111111111111: {users: {u: {access-key-id: ASIAX, secret-access-key: s}}}}", `s.yml:1: accounts.111111111111.users.u.access-key-id is "ASIAX"; expected AKIA and 12 or more capital letters and digits`},
		{"user without secret", "accounts: {111111111111: {users: {u: {access-key-id: AKIAIOSFODNN7EXAMPLE}}}}", "s.yml:1: accounts.111111111111.users.u requires access-key-id and secret-access-key"},
		{"users share a key", "accounts: {111111111111: {users: {u: {access-key-id: AKIAIOSFODNN7EXAMPLE, secret-access-key: s}, v: {access-key-id: AKIAIOSFODNN7EXAMPLE, secret-access-key: s}}}}", `s.yml:1: accounts.111111111111.users.v has the access-key-id "AKIAIOSFODNN7EXAMPLE" of arn:aws:iam::111111111111:user/u; use another`},
		{"fault name", "faults: [{fault: explode}]", `s.yml:1: faults[1].fault is "explode"; expected one of clock-skew, empty-body, expired-token, hang, http-400, http-401, http-403, http-404, http-429, http-500, http-502, http-503, http-504, idp-communication, idp-rejected-claim, no-value, not-json, packed-policy, region-disabled, request-limit-exceeded, reset, special-characters, throttling, truncated, verification-key, wrong-content-type`},
		{"fault call", "faults: [{call: AssumeRoleWithSAML, fault: reset}]", `s.yml:1: faults[1].call is "AssumeRoleWithSAML"; expected one of any, sts, token, AssumeRoleWithWebIdentity, AssumeRole, GetCallerIdentity`},
		{"nothing wrong", "faults: [{call: any}]", "s.yml:1: faults[1] requires exactly one of fault, rate and latency"},
		{"too much wrong", "faults: [{fault: reset, rate: 5}]", "s.yml:1: faults[1] requires exactly one of fault, rate and latency"},
		{"times of a rate", "faults: [{call: sts, rate: 5, times: 2}]", "s.yml:1: faults[1] has times or after without a fault; remove them"},
		{"rate of tokens", "faults: [{rate: 5}]", "s.yml:1: faults[1] has a rate, which is only for calls of STS; set call to sts or to one of its actions"},
		{"skew without offset", "faults: [{fault: clock-skew}]", "s.yml:1: faults[1] has the fault clock-skew without an offset; add one such as -20m"},
		{"fault of another call", "faults: [{call: token, fault: throttling}]", "s.yml:1: faults[1] has the fault throttling, which is only for AssumeRoleWithWebIdentity, AssumeRole, GetCallerIdentity"},
		{"times", "faults: [{fault: reset, times: 0}]", `s.yml:1: faults[1].times is "0"; expected a whole number from 1 to 1000000`},
		{"latency", "faults: [{latency: 80}]", `s.yml:1: faults[1].latency is "80"; expected a duration such as 80ms or -20m`},
		{"expect", "expect: failure", `s.yml:1: expect is "failure"; expected success, or a mapping with code`},
		{"expect code", "expect: {code: no-such-code}", `s.yml:1: expect.code is "no-such-code", which is not a code; use one that docs/troubleshooting.md lists`},
		{"expect nothing", "expect: {hop: 2}", "s.yml:1: expect requires code"},
		{"alias", "with: &x {audience: b}\nworkflow: *x", "s.yml:2: workflow is an alias; expected a mapping"},
		{"alias in a policy", "with: &x {audience: b}\n" + role + "        trust-policy: {Statement: *x}", "s.yml:6: accounts.111111111111.roles.r.trust-policy.Statement is an alias; write it out, or use trust-policy-file"},
		{"merge", "with: &x {audience: b}\nworkflow: {<<: *x}", "s.yml:2: workflow has a merge key (<<); write its entries out"},
	}
	read := func(name string) ([]byte, error) {
		if name == "bad.json" {
			return []byte("{\n\"Statement\": 1}"), nil
		}
		return nil, fs.ErrNotExist
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("s.yml", []byte(test.src), read)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
		})
	}
}

// TestLinesOfInlinePolicies: what the evaluator says of a line is the
// scenario's line.
func TestLinesOfInlinePolicies(t *testing.T) {
	s, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(BuiltinSource(), "\n")
	for _, arn := range []string{"arn:aws:iam::111111111111:role/github-hub", "arn:aws:iam::222222222222:role/deploy"} {
		role := s.Role(arn)
		for _, st := range role.Trust[0].Statements {
			if line := lines[st.Pos.Line-1]; !strings.Contains(line, "- Effect: Allow") {
				t.Errorf("%s: statement in line %d, which is %q", arn, st.Pos.Line, line)
			}
			for _, c := range st.Conditions {
				if line := lines[c.Pos.Line-1]; !strings.Contains(line, c.Key) {
					t.Errorf("%s: %s in line %d, which is %q", arn, c.Key, c.Pos.Line, line)
				}
			}
		}
	}
}

func TestPolicyFilesCannotEscape(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "scenarios")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	policy := []byte(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:*"}}`)
	write := func(path string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "outside.json"), policy)
	write(filepath.Join(inside, "inside.json"), policy)
	if err := os.Symlink("../outside.json", filepath.Join(inside, "link.json")); err != nil {
		t.Fatal(err)
	}
	load := func(file string) error {
		path := filepath.Join(inside, "s.yml")
		write(path, []byte("accounts: {111111111111: {roles: {r: {trust-policy-file: "+file+"}}}}"))
		_, err := Load(path)
		return err
	}
	if err := load("inside.json"); err != nil {
		t.Error(err)
	}
	if err := load("link.json"); err == nil {
		t.Error("a link leads out of the directory")
	}
	if _, err := Load(filepath.Join(inside, "none.yml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing scenario: %v", err)
	}
}

func TestWorkedScenarios(t *testing.T) {
	files, err := filepath.Glob("../../testdata/scenarios/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	var successes, refusals int
	for _, file := range files {
		s, err := Load(file)
		if err != nil {
			t.Error(err)
			continue
		}
		switch {
		case s.Description == "" || s.Expect == nil:
			t.Errorf("%s: says not what it shows, or how it ends", file)
		case s.Expect.Success:
			successes++
		default:
			refusals++
		}
	}
	if successes < 3 || refusals < 5 {
		t.Errorf("%d scenarios that succeed and %d that are refused are too few", successes, refusals)
	}
}

func FuzzParseScenario(f *testing.F) {
	f.Add(BuiltinSource())
	f.Add("with: {a: b}\nfaults: [{call: sts, rate: 5}, {fault: reset, times: always}]\nexpect: {code: deadline}")
	f.Add("accounts: {012345678901: {roles: {r: {trust-policy: '{}'}}}}")
	f.Add("workspace: {a: b}\naccounts: {012345678901: {roles: {r: {trust-policy-file: p, trust-policy-parameters: {A: b}}}}}")
	f.Add("steps: [{with: {x: |\n  a\n  b\n}}]")
	f.Add("accounts: {012345678901: {roles: {r: {may-assume: []}}}}\ndialect: minio")
	f.Fuzz(func(t *testing.T, src string) {
		s, err := Parse("f.yml", []byte(src), nil)
		if err != nil {
			if s != nil || !strings.HasPrefix(err.Error(), "f.yml:") || strings.Contains(err.Error(), "\n") {
				t.Errorf("scenario %v, error %q", s != nil, err)
			}
			return
		}
		for _, a := range s.Accounts {
			for _, r := range a.Roles {
				if (r.Trust == nil) != (s.Dialect == MinIO) || s.Role(r.ARN) != r {
					t.Errorf("role %q is not whole", r.ARN)
				}
			}
		}
	})
}
