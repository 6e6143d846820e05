package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/org/aws-oidc-action/internal/arn"
)

const spoke = "arn:aws:iam::333333333333:role/deploy"

// sources returns a plan's sources with inputs and variables, and no file.
func sources(input, env map[string]string) Sources {
	return Sources{
		Input: func(name string) (string, bool) { v, ok := input[name]; return v, ok },
		Names: slices.Sorted(maps.Keys(input)),
		Env:   func(name string) string { return env[name] },
		Path:  func(path string) string { return strings.Replace(path, "/__w/r/r", "/github/workspace", 1) },
		File:  func(string) ([]byte, error) { return nil, errors.New("there is no file") },
	}
}

func TestProfiles(t *testing.T) {
	plan, problems := Build(sources(map[string]string{
		"aws-region": "us-east-1", "role-to-assume": hub, "role-duration-seconds": "7200", "role-external-id": "shared",
		"default-profile": "dev",
		"profiles": `
dev:     ` + spoke + `   # short form
prod:
  role-chain:
    - role: ` + gate + `
      external-id: gate-id
    - ` + deploy + `
  region: eu-central-1
  duration-seconds: 1800
  inline-session-policy: { "Version": "2012-10-17", "Statement": [] }
  allowed-account-ids: 222222222222
govcloud:
  role-to-assume: arn:aws-us-gov:iam::044444444444:role/deploy
  audience: sts.us-gov-west-1.amazonaws.com
  region: us-gov-west-1
  duration-seconds: 14400
  allowed-account-ids: 044444444444   # an unquoted id keeps its zeros
`}, nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	first := Hop{Role: hub, Region: "us-east-1", SessionName: "GitHubActions", Duration: 2 * time.Hour}
	hop := func(role arn.Role, region string, duration time.Duration, externalID string) Hop {
		return Hop{Role: role, Region: region, SessionName: "GitHubActions", Duration: duration, ExternalID: externalID}
	}
	last := hop(deploy, "eu-central-1", 30*time.Minute, "shared")
	last.Policy = `{"Version":"2012-10-17","Statement":[]}`
	want := []Profile{
		{Name: "dev", Region: "us-east-1", Audience: "sts.amazonaws.com",
			Chain: []Hop{first, hop(spoke, "us-east-1", time.Hour, "shared")}},
		{Name: "prod", Region: "eu-central-1", Audience: "sts.amazonaws.com", AllowedAccounts: []string{"222222222222"},
			Chain: []Hop{first, hop(gate, "eu-central-1", time.Hour, "gate-id"), last}},
		{Name: "govcloud", Region: "us-gov-west-1", Audience: "sts.us-gov-west-1.amazonaws.com", AllowedAccounts: []string{"044444444444"},
			Chain: []Hop{hop("arn:aws-us-gov:iam::044444444444:role/deploy", "us-gov-west-1", 4*time.Hour, "")}},
	}
	for i := range want {
		want[i].Source, want[i].OfMany = SourceOIDC, true
	}
	if diff := cmp.Diff(want, plan.Profiles, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if d := plan.Delivery; d.Primary != 0 || plan.Default != "dev" {
		t.Errorf("plan %+v", plan)
	}
}

func TestProfilesWithoutAHub(t *testing.T) {
	plan, problems := Build(sources(map[string]string{"aws-region": "us-east-1", "profiles": "a: {role-to-assume: " + spoke + "}\nb: {role-to-assume: " + hub + ", role-chain: " + deploy + "}"}, nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if a, b := plan.Profiles[0], plan.Profiles[1]; a.Source != SourceOIDC || len(a.Chain) != 1 || len(b.Chain) != 2 || b.Chain[1].Role != deploy {
		t.Errorf("profiles %+v", plan.Profiles)
	}
}

// badProfiles has one mistake in each case, with the line, the field or name
// that the message has to show, and what it says that was expected.
var badProfiles = []struct {
	yaml  string
	line  int
	field string
	want  string
}{
	{"a: [", 2, "profiles", "not valid YAML"},
	{"a: b: c", 1, "profiles", "mapping values are not allowed"},
	{"a:\n\trole: x", 2, "profiles", "not valid YAML"},
	{"- " + spoke, 1, "", "expected a mapping of profile names"},
	{spoke, 1, "", "expected a mapping of profile names"},
	{"{}", 1, "the value", "is empty"},
	{"a: " + spoke + "\na: " + spoke, 2, `"a"`, "duplicate key"},
	{"a: " + spoke + "\n---\nb: " + spoke, 2, "", "single document"},
	{"a b: " + spoke, 1, `"a b"`, "not the name of a profile"},
	{"a/b: " + spoke, 1, `"a/b"`, "not the name of a profile"},
	{"\"[a]\": " + spoke, 1, `"[a]"`, "not the name of a profile"},
	{"DEFAULT: " + spoke, 1, `"DEFAULT"`, "not the name of a profile"},
	{"? [a]\n: " + spoke, 1, "profiles", "expected a name"},
	{"a:", 1, "profiles.a", "is empty"},
	{"a: []", 1, "profiles.a", "is empty"},
	{"a: [x]", 1, `profile "a"`, "expected a mapping"},
	{"a: deploy", 1, `"deploy"`, "arn:aws:iam::"},
	{"a: arn:aws:iam::33333333333:role/deploy", 1, `"arn:aws:iam::33333333333:role/deploy"`, "12-digit"},
	{"x: &r " + spoke + "\na: *r", 2, `profile "a"`, "an alias"},
	{"a:\n  rolle: " + spoke, 2, `"rolle"`, "did you mean role?"},
	{"a:\n  role: " + spoke + "\n  role: " + spoke, 3, `"role"`, "duplicate key"},
	{"a:\n  region: eu-central-1", 2, `profile "a"`, "add role, role-to-assume or role-chain"},
	{"a:\n  role: " + spoke + "\n  role-chain: " + deploy, 2, `profile "a"`, "keep the longer form"},
	{"a:\n  role: [" + spoke + "]", 2, ".role", "expected text"},
	{"a:\n  role: {x: y}", 2, ".role", "expected text"},
	{"a:\n  role: ~", 2, ".role", "is empty"},
	{"a:\n  role: " + spoke + "\n  region: Frankfurt", 3, ".region", "eu-central-1"},
	{"a:\n  role: " + spoke + "\n  region: [eu-central-1]", 3, ".region", "expected text"},
	{"a:\n  role: " + spoke + "\n  duration-seconds: 60", 3, ".duration-seconds", "900 to 43200"},
	{"a:\n  role: " + spoke + "\n  duration-seconds: 1h", 3, ".duration-seconds", "whole number"},
	{"a:\n  role: " + spoke + "\n  duration-seconds: {x: y}", 3, ".duration-seconds", "expected text"},
	{"a:\n  role: " + spoke + "\n  duration-seconds: 7200", 2, "duration-seconds", "more than the hour"},
	{"a:\n  role: " + spoke + "\n  session-name: a b", 3, `"a b"`, "2 to 64"},
	{"a:\n  role: " + spoke + "\n  external-id: x", 3, `"x"`, "2 to 1224"},
	{"a:\n  role: " + spoke + "\n  audience: ''", 3, ".audience", "is empty"},
	{"a:\n  role: " + spoke + "\n  audience: \"a\\nb\"", 3, ".audience", "not an audience"},
	{"a:\n  role: " + spoke + "\n  inline-session-policy: nothing", 3, "", "not a policy in JSON"},
	{"a:\n  role: " + spoke + "\n  inline-session-policy: {Version: x}", 3, "", "no Statement"},
	{"a:\n  role: " + spoke + "\n  inline-session-policy: [x]", 3, ".inline-session-policy", "expected a JSON object"},
	{"a:\n  role: " + spoke + "\n  managed-session-policies: ReadOnly", 2, `"ReadOnly"`, "ARN of a managed policy"},
	{"a:\n  role: " + spoke + "\n  managed-session-policies: {x: y}", 3, ".managed-session-policies", "expected a list"},
	{"a:\n  role: " + spoke + "\n  tags: [x]", 3, ".tags", "expected a mapping"},
	{"a:\n  role: " + spoke + "\n  tags: {Team: x, team: y}", 3, `"team"`, "without regard to case"},
	{"a:\n  role: " + spoke + "\n  transitive-tag-keys: x", 3, `"x"`, "not among the hop's tags"},
	{"a:\n  role: " + spoke + "\n  allowed-account-ids: 3333", 3, `"3333"`, "12 digits"},
	{"a:\n  role: " + spoke + "\n  allowed-account-ids: {x: y}", 3, ".allowed-account-ids", "expected a list"},
	{"a:\n  role: " + spoke + "\n  allowed-account-ids: '222222222222'", 2, `profile "a": allowed-account-ids`, "account 333333333333"},
	{"a:\n  role-chain:\n    - role: x", 3, `"x"`, "not the ARN of a role"},
	{"a:\n  role-chain:\n    - roll: x", 3, `"roll"`, "did you mean role?"},
	{"a:\n  role-chain: {role: x}", 2, ".role-chain", "expected a list"},
	{"a:\n  role-chain:\n    - duration-seconds: 900", 3, "hop 2", "has no role"},
	{"a:\n  role: arn:aws-cn:iam::333333333333:role/deploy", 2, `profile "a"`, "partition aws-cn"},
}

func TestBadProfilesNameLineAndField(t *testing.T) {
	if len(badProfiles) < 40 {
		t.Fatalf("only %d cases", len(badProfiles))
	}
	for i, tt := range badProfiles {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			_, problems := Build(sources(map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "profiles": tt.yaml}, nil))
			if len(problems) != 1 {
				t.Fatalf("%q: want one problem, got %v", tt.yaml, problems)
			}
			text := problems[0].String()
			if problems[0].Input != "profiles" || problems[0].Line != tt.line || !strings.Contains(text, tt.field) || !strings.Contains(text, tt.want) {
				t.Errorf("%q:\n  got  %s\n  want line %d, %s, %s", tt.yaml, text, tt.line, tt.field, tt.want)
			}
		})
	}
}

func TestInputsAroundProfiles(t *testing.T) {
	good := "a: " + spoke + "\nb: " + spoke
	for name, tt := range map[string]struct {
		input map[string]string
		want  string
	}{
		"both sources":           {map[string]string{"profiles": good, "profiles-file": "x"}, "profiles-file: cannot be combined with profiles"},
		"file that is not there": {map[string]string{"profiles-file": "x"}, "profiles-file: there is no file"},
		"with aws-profile":       {map[string]string{"profiles": good, "aws-profile": "x"}, "aws-profile: is for a single login"},
		"default not there":      {map[string]string{"profiles": good, "default-profile": "c"}, `default-profile: "c" is not among the profiles of this step (a, b)`},
		"default not selected":   {map[string]string{"profiles": good, "default-profile": "a", "profiles-select": "b"}, `(b)`},
		"nothing selected":       {map[string]string{"profiles": good, "profiles-select": "x*"}, `profiles-select: "x*" matches none of the profiles (a, b)`},
		"bad pattern":            {map[string]string{"profiles": good, "profiles-select": "[a"}, `profiles-select: "[a" is not a name or pattern`},
		"keys without default":   {map[string]string{"profiles": good, "output-env-credentials": "true"}, "output-env-credentials: requires default-profile"},
		"two defaults":           {map[string]string{"profiles": "default: " + spoke + "\nb: " + spoke, "default-profile": "b"}, "rename one"},
		"select without":         {map[string]string{"role-to-assume": hub, "profiles-select": "a"}, "profiles-select: requires profiles"},
		"default without":        {map[string]string{"role-to-assume": hub, "default-profile": "a"}, "default-profile: requires profiles"},
		"word":                   {map[string]string{"profiles": good, "on-profile-error": "ignore"}, "on-profile-error"},
		"too parallel":           {map[string]string{"profiles": good, "max-parallel": "65"}, "max-parallel"},
		"chain without hub":      {map[string]string{"role-to-assume": NotGiven, "profiles": "a:\n  role-chain: " + deploy}, "role-to-assume is required for the roles of these profiles: a; set it"},
		"tags on a first hop":    {map[string]string{"profiles": "a: {role-to-assume: " + spoke + ", tags: {x: y}}"}, "gets none"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.input["aws-region"] = "eu-central-1"
			if _, ok := tt.input["role-to-assume"]; !ok {
				tt.input["role-to-assume"] = hub
			}
			_, problems := Build(sources(tt.input, nil))
			if len(problems) != 1 || !strings.Contains(problems[0].String(), tt.want) {
				t.Errorf("want one problem with %q, got %v", tt.want, problems)
			}
		})
	}
}
