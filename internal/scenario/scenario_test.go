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
		{"not yaml", "a: [", "s.yml: "},
		{"a list", "- a", "s.yml: is not a mapping"},
		{"empty", "", "s.yml: "},
		{"two documents", "with: {}\n---\nwith: {}", "s.yml: "},
		{"unknown field", "with: {}\nwtih: {}", "s.yml:2: wtih: no such field; known here: accounts, description, dialect, expect, faults, steps, with, workflow"},
		{"twice", "with: {}\nwith: {}", "s.yml:2: \"with\" stands here twice, first in line 1"},
		{"unknown in workflow", "workflow:\n  ref: refs/heads/x\n  branch: x", "s.yml:3: workflow.branch: no such field"},
		{"workflow is text", "workflow: x", `s.yml:1: workflow: must be a mapping, not "x"`},
		{"repository", "workflow: {repository: app}", `s.yml:1: workflow.repository: "app" must be owner/name`},
		{"ref", "workflow: {ref: main}", `s.yml:1: workflow.ref: "main" must be a full ref`},
		{"subject", "workflow: {subject: new}", `s.yml:1: workflow.subject: must be one of classic, immutable, not "new"`},
		{"run id", "workflow: {run-id: 007}", `s.yml:1: workflow.run-id: must be a number without leading zeros, not "007"`},
		{"boolean", "workflow: {id-token: yes}", `s.yml:1: workflow.id-token: must be true or false, not "yes"`},
		{"issuer", "workflow: {issuer: 'http://x'}", `s.yml:1: workflow.issuer: "http://x" must be an https URL`},
		{"claim time", "workflow: {claims: {exp: soon}}", `s.yml:1: workflow.claims.exp: must be seconds since 1970, not "soon"`},
		{"claim mapping", "workflow: {claims: {sub: {a: b}}}", "s.yml:1: workflow.claims.sub: must be a list, not a mapping"},
		{"with and steps", "with: {}\nsteps: []", "s.yml:2: steps: cannot be combined with with; use one of them"},
		{"input list", "with:\n  role-chain:\n    - a", "s.yml:3: with.role-chain: an input is text, not a list; use a block with |"},
		{"expression", "with:\n  aws-region: ${{ vars.REGION }}", "s.yml:2: with.aws-region: expressions are not evaluated here"},
		{"misspelled input", "with:\n  allowed-accounts: '111111111111'", "s.yml:2: with.allowed-accounts: the action has no such input; did you mean allowed-account-ids?"},
		{"misspelled input of a step", "steps:\n  - with:\n      role-duration-second: 900", "s.yml:3: steps[0].with.role-duration-second: the action has no such input; did you mean role-duration-seconds?"},
		{"input of another action", "with:\n  java-version: 21", "s.yml:2: with.java-version: the action has no such input"},
		{"fork on push", "workflow: {fork: true}", `s.yml:1: workflow: fork needs event: pull_request or pull_request_target, not "push"`},
		{"tokens without a fork", "workflow: {tokens-to-forks: true}", "s.yml:1: workflow: tokens-to-forks needs fork: true and a private repository"},
		{"tokens in public", "workflow: {event: pull_request, fork: true, visibility: public, tokens-to-forks: true}", "s.yml:1: workflow: tokens-to-forks needs fork: true and a private repository"},
		{"step field", "steps:\n  - uses: x", "s.yml:2: steps[0].uses: no such field; known here: with"},
		{"account id", "accounts:\n  123: {}", `s.yml:2: accounts.123: an account id has 12 digits; "123" does not`},
		{"account id letters", "accounts:\n  prod: {}", `s.yml:2: accounts.prod: an account id has 12 digits`},
		{"partition", "accounts: {111111111111: {partition: mars}}", `s.yml:1: accounts.111111111111.partition: must be one of aws, aws-cn, aws-us-gov`},
		{"provider", "accounts: {111111111111: {providers: [{issuer: 'https://x'}]}}", "s.yml:1: accounts.111111111111.providers[0]: a provider needs issuer and audiences"},
		{"role name", "accounts: {111111111111: {roles: {'a b': {}}}}", `s.yml:1: accounts.111111111111.roles.a b: "a b" is no name of a role`},
		{"no policy", role + "        may-assume: []", "s.yml:5: accounts.111111111111.roles.r: a role needs trust-policy or trust-policy-file"},
		{"dialect", "dialect: ceph", `s.yml:1: dialect: must be one of aws, minio, not "ceph"`},
		{"policy of MinIO", role + policy + "dialect: minio", "s.yml:5: accounts.111111111111.roles.r: roles of MinIO have no trust policy"},
		{"role of MinIO twice", "dialect: minio\naccounts:\n  111111111111: {roles: {r: {max-session-duration: 3600}}}\n  222222222222: {roles: {r: {max-session-duration: 3600}}}", "s.yml:4: accounts.222222222222.roles.r: account 111111111111 has a role of this name"},
		{"key of MinIO", "dialect: minio\naccounts: {111111111111: {users: {u: {access-key-id: 'a,b', secret-access-key: s}}}}", `"a,b" must have 3 or more printable characters`},
		{"two policies", role + policy + "        trust-policy-file: p.json", "s.yml:6: accounts.111111111111.roles.r.trust-policy-file: cannot be combined with trust-policy"},
		{"policy list", role + "        trust-policy: []", "s.yml:5: accounts.111111111111.roles.r.trust-policy: must be a policy"},
		{"bad policy", role + "        trust-policy:\n          Statement:\n            - Effect: Perhaps\n              Principal: '*'\n              Action: sts:*", "s.yml:7: accounts.111111111111.roles.r.trust-policy: "},
		{"bad policy as text", role + "        trust-policy: |\n          {\n            \"Statement\": 1\n          }", "s.yml:7: accounts.111111111111.roles.r.trust-policy: "},
		{"policy twice", role + "        trust-policy:\n          Statement: {Effect: Allow, Principal: '*', Action: a}\n          Statement: []", "s.yml:7: accounts.111111111111.roles.r.trust-policy: "},
		{"two policies in turn", role + "        trust-policy-file: p.json\n" + policy, "s.yml:5: accounts.111111111111.roles.r.trust-policy-file: cannot be combined with trust-policy"},
		{"parameters without a file", role + policy + "        trust-policy-parameters: {A: b}", "s.yml:5: accounts.111111111111.roles.r: trust-policy-parameters needs trust-policy-file"},
		{"parameter list", role + "        trust-policy-file: p.json\n        trust-policy-parameters: {A: [b]}", "s.yml:6: accounts.111111111111.roles.r.trust-policy-parameters.A: must be text, not a list"},
		{"workspace outside", "workspace:\n  ../a: x", `s.yml:2: workspace.../a: "../a" must be the path of a file inside the workspace`},
		{"workspace absolute", "workspace: {/etc/passwd: x}", `"/etc/passwd" must be the path of a file inside`},
		{"workspace itself", "workspace: {.: x}", `"." must be the path of a file inside`},
		{"workspace not clean", "workspace: {a//b: x}", `"a//b" must be the path of a file inside`},
		{"workspace of a directory", "workspace: {a: x, a/b: x}", `s.yml:1: workspace.a/b: "a/b" cannot be a file and a directory ("a")`},
		{"workspace in a file", "workspace: {a/b: x, a: x}", `s.yml:1: workspace.a: "a" cannot be a file and a directory ("a/b")`},
		{"workspace twice", "workspace:\n  a: x\n  a: y", `s.yml:3: workspace: "a" stands here twice`},
		{"workspace list", "workspace: {a: [b]}", "s.yml:1: workspace.a: a file is text, not a list; use a block with |"},
		{"policy file outside", role + "        trust-policy-file: ../p.json", `s.yml:5: accounts.111111111111.roles.r.trust-policy-file: "../p.json" must be a path inside`},
		{"policy file absolute", role + "        trust-policy-file: /etc/passwd", `"/etc/passwd" must be a path inside`},
		{"policy file missing", role + "        trust-policy-file: none.json", `s.yml:5: accounts.111111111111.roles.r.trust-policy-file: cannot read "none.json": file does not exist`},
		{"policy file bad", role + "        trust-policy-file: bad.json", "bad.json:2: "},
		{"session", role + policy + "        max-session-duration: 60", "s.yml:6: accounts.111111111111.roles.r.max-session-duration: must be a whole number from 3600 to 43200, not \"60\""},
		{"user key", "accounts: {111111111111: {users: {u: {access-key-id: ASIAX, secret-access-key: s}}}}", `"ASIAX" must be AKIA and`},
		{"user without secret", "accounts: {111111111111: {users: {u: {access-key-id: AKIAIOSFODNN7EXAMPLE}}}}", "accounts.111111111111.users.u: a user needs access-key-id and secret-access-key"},
		{"users share a key", "accounts: {111111111111: {users: {u: {access-key-id: AKIAIOSFODNN7EXAMPLE, secret-access-key: s}, v: {access-key-id: AKIAIOSFODNN7EXAMPLE, secret-access-key: s}}}}", "belongs to arn:aws:iam::111111111111:user/u already"},
		{"fault name", "faults: [{fault: explode}]", `s.yml:1: faults[0].fault: must be one of clock-skew, empty-body,`},
		{"fault call", "faults: [{call: AssumeRoleWithSAML, fault: reset}]", "s.yml:1: faults[0].call: must be one of any, sts, token, AssumeRoleWithWebIdentity"},
		{"nothing wrong", "faults: [{call: any}]", "s.yml:1: faults[0]: needs exactly one of fault, rate and latency"},
		{"too much wrong", "faults: [{fault: reset, rate: 5}]", "s.yml:1: faults[0]: needs exactly one of"},
		{"times of a rate", "faults: [{call: sts, rate: 5, times: 2}]", "s.yml:1: faults[0]: times and after go with fault only"},
		{"rate of tokens", "faults: [{rate: 5}]", "s.yml:1: faults[0]: rate is for calls of STS"},
		{"skew without offset", "faults: [{fault: clock-skew}]", "s.yml:1: faults[0]: offset and the fault clock-skew need each other"},
		{"fault of another call", "faults: [{call: token, fault: throttling}]", "s.yml:1: faults[0]: throttling is a fault of AssumeRoleWithWebIdentity, AssumeRole, GetCallerIdentity only"},
		{"times", "faults: [{fault: reset, times: 0}]", "s.yml:1: faults[0].times: must be a whole number from 1 to 1000000"},
		{"latency", "faults: [{latency: 80}]", `s.yml:1: faults[0].latency: "80" must be a duration`},
		{"expect", "expect: failure", `s.yml:1: expect: must be success, or a mapping with code, not "failure"`},
		{"expect code", "expect: {code: no-such-code}", `s.yml:1: expect.code: "no-such-code" is no code of a refusal`},
		{"expect nothing", "expect: {hop: 2}", "s.yml:1: expect: needs code, or success in its place"},
		{"alias", "with: &x {audience: b}\nworkflow: *x", "s.yml:2: workflow: must be a mapping, not an alias"},
		{"alias in a policy", "with: &x {audience: b}\n" + role + "        trust-policy: {Statement: *x}", "s.yml:6: accounts.111111111111.roles.r.trust-policy.Statement: must not be an alias"},
		{"merge", "with: &x {audience: b}\nworkflow: {<<: *x}", "s.yml:2: workflow: a key must be a plain word"},
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
