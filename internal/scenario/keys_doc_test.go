package scenario

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/docstest"
)

// documented is a mapping of a scenario in docs/scenarios.md.
type documented struct {
	section string
	probe   string // a scenario with the key nonsense in such a mapping
	keys    []documentedKey
}

type documentedKey struct {
	names string // separated by blanks
	holds string // Markdown
	def   string // YAML values of the defaults, separated by blanks; "" for none
}

var documentedMappings = []documented{
	{"keys", "nonsense: x", []documentedKey{
		{"description", "a text for people", ""},
		{"dialect", "`aws` or `minio`: the server whose STS answers. A role of MinIO is `arn:minio:iam:::role/NAME` and has no trust policy; its account ID only groups providers, roles and users.", "aws"},
		{"workflow", "what GitHub puts into the token and into the runner's variables, see [below](#the-workflow)", ""},
		{"with", "the inputs of one use of the action. An input that you leave out has its default.", ""},
		{"steps", "in place of `with`: a list of uses with a `with` each, which run in turn in one job", ""},
		{"accounts", "account ID → `providers`, `roles` and `users`, see [below](#the-accounts)", ""},
		{"workspace", "path → content of the files that a checkout leaves in the workspace, for `profiles-file`, `trust-policy-file` and other inputs that name a file", ""},
		{"faults", "what goes wrong, see [below](#faults)", ""},
		{"expect", "`success`, or `code` and `hop` of the refusal", ""},
	}},
	{"workflow keys", "workflow: {nonsense: x}", []documentedKey{
		{"repository", "`OWNER/NAME`", "octo-org/octo-repo"},
		{"repository-id owner-id", "the IDs of the repository and of its owner", "74123456 6154722"},
		{"visibility", "`public`, `private` or `internal`", "private"},
		{"ref", "the full ref, such as `refs/heads/main` or `refs/tags/v1`; a pull request has `refs/pull/17/merge` by default", "refs/heads/main"},
		{"ref-protected", "`true` for a protected ref", "false"},
		{"sha", "the commit", "dcd3e7b8a64b9bd4b4f0a9d8f0b6c3a1e2f40517"},
		{"event", "such as `push`, `pull_request`, `schedule` or `workflow_dispatch`", "push"},
		{"base-ref head-ref", "the branches of a pull request, `main` and `feature` by default", ""},
		{"fork", "`true` for a pull request from a fork, which gets no token", "false"},
		{"tokens-to-forks", "`true` if the private repository sends tokens to pull requests from forks", "false"},
		{"environment", "the job's environment", ""},
		{"subject", "the form of the token's subject: `classic`, or `immutable` with the IDs of owner and repository", "classic"},
		{"id-token", "`false` for a job without the permission `id-token: write`", "true"},
		{"claims", "claim → value in place of GitHub's; `null` removes the claim", ""},
		{"env", "variable → value for the job", ""},
		{"job-workflow-ref", "the reusable workflow that defines the job, such as `octo-org/shared/.github/workflows/deploy.yml@refs/tags/v1`; by default the job is the workflow's own", ""},
		{"actor actor-id", "the account that the run belongs to", "octocat 583231"},
		{"triggering-actor", "the account that started the run; by default the actor", ""},
		{"run-id run-number run-attempt", "the run", "9318273645 42 1"},
		{"job", "the ID of the job in the workflow", "deploy"},
		{"name file", "the workflow's name and path", "deploy .github/workflows/deploy.yml"},
		{"enterprise enterprise-id", "the enterprise of the owner", ""},
		{"issuer server-url", "another issuer and server, as of GitHub Enterprise", "https://token.actions.githubusercontent.com https://github.com"},
		{"runner-environment", "`github-hosted` or `self-hosted`", "github-hosted"},
		{"source-ip", "the address for `aws:SourceIp`", "127.0.0.1"},
	}},
	{"account keys", `accounts: {"111111111111": {nonsense: x}}`, []documentedKey{
		{"partition", "the AWS partition, such as `aws-cn`", "aws"},
		{"providers", "a list of identity providers, each with `issuer` and a list of `audiences`", ""},
		{"roles", "role name → keys of the role", ""},
		{"users", "user name → keys of the user", ""},
	}},
	{"role keys", `accounts: {"111111111111": {roles: {r: {nonsense: x}}}}`, []documentedKey{
		{"trust-policy", "the trust policy, as YAML or JSON", ""},
		{"trust-policy-file", "in place of `trust-policy`: a file beside the scenario, in one of the [forms that are read](trust-policies.md#forms-that-are-read), such as the policy alone or a CloudFormation template", ""},
		{"trust-policy-parameters", "parameter → value for the template in the file; a name that it does not have is an error. The outcome is `unknown`, and never the expected one, if it depends on a parameter without a value.", ""},
		{"max-session-duration", "seconds, from 3600 to 43200", "3600"},
		{"may-assume", "a list of patterns of role ARNs that the role's own permissions let it assume", ""},
	}},
	{"user keys", `accounts: {"111111111111": {users: {u: {nonsense: x}}}}`, []documentedKey{
		{"access-key-id secret-access-key", "the user's keys, both required", ""},
		{"may-assume", "as for a role", ""},
	}},
	{"fault keys", "faults: [{nonsense: x}]", []documentedKey{
		{"call", "`token`, `AssumeRoleWithWebIdentity`, `AssumeRole`, `GetCallerIdentity`, `sts` for all calls to STS, or `any`", "any"},
		{"role", "a pattern: only calls that ask for such a role", ""},
		{"fault", "one of the kinds below", ""},
		{"times", "how many calls a `fault` hits, or `always`", "1"},
		{"after", "how many calls a `fault` lets pass first", "0"},
		{"offset", "of the fault `clock-skew`, such as `-20m`", ""},
		{"rate", "in place of `fault`: calls per second that STS answers; it throttles the rest", ""},
		{"latency", "in place of `fault`: how long each call takes, such as `80ms`", ""},
	}},
	{"expect keys", "expect: {nonsense: x}", []documentedKey{
		{"code", "the code of the refusal, one of [Troubleshooting](troubleshooting.md)", ""},
		{"hop", "the hop that is refused, counted from 1; by default any", ""},
	}},
}

// TestTablesOfKeysAreRendered: each table has exactly the keys that the parser
// accepts, and the defaults that it uses.
func TestTablesOfKeysAreRendered(t *testing.T) {
	expected := regexp.MustCompile(`unknown field "nonsense"; expected ([a-z, -]+)`)
	for _, m := range documentedMappings {
		t.Run(m.section, func(t *testing.T) {
			_, err := Parse("probe.yml", []byte(m.probe), nil)
			found := expected.FindStringSubmatch(fmt.Sprint(err))
			if found == nil {
				t.Fatalf("no list of keys in: %v", err)
			}
			hasDefaults := slices.ContainsFunc(m.keys, func(k documentedKey) bool { return k.def != "" })
			var names []string
			table := "| key | holds |\n|---|---|\n"
			if hasDefaults {
				table = "| key | holds | default |\n|---|---|---|\n"
			}
			for _, k := range m.keys {
				names = append(names, strings.Fields(k.names)...)
				table += fmt.Sprintf("| %s | %s |", code(k.names), docstest.Escape(k.holds))
				if hasDefaults {
					table += fmt.Sprintf(" %s |", code(k.def))
				}
				table += "\n"
			}
			slices.Sort(names)
			if diff := cmp.Diff(strings.Split(found[1], ", "), names); diff != "" {
				t.Errorf("documented keys (-parser +page):\n%s", diff)
			}
			docstest.Section(t, *update, "docs/scenarios.md", m.section, table)
		})
	}
}

// code shows words as code, separated by commas.
func code(words string) string {
	var all []string
	for _, word := range strings.Fields(words) {
		all = append(all, "`"+word+"`")
	}
	return strings.Join(all, ", ")
}

// TestDocumentedDefaults: a scenario that sets each default is the same as one
// that sets none.
func TestDocumentedDefaults(t *testing.T) {
	const role = `trust-policy: {Statement: [{Effect: Allow, Principal: "*", Action: "sts:AssumeRole"}]}`
	sources := map[string]string{
		"keys":          "workflow: {}\n%s",
		"workflow keys": "workflow: {%s}",
		"account keys":  `accounts: {"111111111111": {%s}}`,
		"role keys":     `accounts: {"111111111111": {roles: {r: {` + role + `, %s}}}}`,
		"fault keys":    "faults: [{fault: reset, %s}]",
	}
	for _, m := range documentedMappings {
		values := map[string]string{}
		for _, k := range m.keys {
			defaults := strings.Fields(k.def)
			for i, name := range strings.Fields(k.names) {
				if k.def != "" {
					values[name] = defaults[i]
				}
			}
		}
		if len(values) == 0 {
			continue
		}
		without := parsed(t, strings.Replace(fmt.Sprintf(sources[m.section], ""), ", }", "}", 1))
		for _, name := range slices.Sorted(maps.Keys(values)) {
			with := parsed(t, fmt.Sprintf(sources[m.section], name+": "+values[name]))
			if with != without {
				t.Errorf("%s: %s is not the default of %s:\n%s\n%s", m.section, values[name], name, with, without)
			}
		}
	}
}

// parsed shows all that a scenario holds.
func parsed(t *testing.T, src string) string {
	t.Helper()
	s, err := Parse("defaults.yml", []byte(src), nil)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	text := fmt.Sprintf("%s %+v %+v", s.Dialect, s.Workflow, s.Faults)
	for _, a := range s.Accounts {
		text += fmt.Sprintf(" %s %s", a.ID, a.Partition)
		for _, r := range a.Roles {
			text += fmt.Sprintf(" %s %s %v", r.ARN, r.MaxSession, r.MayAssume)
		}
	}
	return text
}
