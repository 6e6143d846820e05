package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withNotGiven are the inputs for which empty and not named differ.
var withNotGiven = []string{"role-to-assume", "role-chain", "inline-session-policy", "managed-session-policies", "allowed-account-ids", "profiles", "profiles-file", "profiles-select"}

func TestNotGivenIsTheDefaultWhereEmptyMeansSomething(t *testing.T) {
	var got []string
	for _, in := range Inputs {
		if in.Default == NotGiven {
			got = append(got, in.Name)
		}
		if _, ok := Defaults()[in.Name]; !ok {
			t.Errorf("Defaults lacks %s, which the runner passes", in.Name)
		}
	}
	if diff := cmp.Diff(withNotGiven, got); diff != "" {
		t.Error(diff)
	}
	// Whatever these inputs take, it is never the text itself.
	for _, input := range withNotGiven {
		with := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "profiles": "a: " + spoke}
		if !strings.HasPrefix(input, "profiles") {
			delete(with, "profiles")
		}
		with[input] = NotGiven + "x"
		if _, problems := Build(sources(with, nil)); len(problems) != 1 || problems[0].Input != input {
			t.Errorf("%s: a value like NotGiven is refused by %v", input, problems)
		}
	}
}

// TestNotGivenIsAsNoVariable: with the runner's defaults, without any variable
// as for a bare program, and with an empty variable for each input without a
// default, the plan is the same.
func TestNotGivenIsAsNoVariable(t *testing.T) {
	want := build(t, map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub}, run("deploy"))
	with := Defaults()
	for name := range with {
		if strings.Contains(with[name], "${{") {
			with[name] = ""
		}
	}
	with["aws-region"], with["role-to-assume"] = "eu-central-1", hub
	if diff := cmp.Diff(want, build(t, with, run("deploy"))); diff != "" {
		t.Error(diff)
	}
	env := map[string]string{"AWS_REGION": "eu-central-1", "ROLE_TO_ASSUME": hub, "INLINE_SESSION_POLICY": `{"Statement":[]}`, "MANAGED_SESSION_POLICIES": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
	with["aws-region"], with["role-to-assume"] = "", NotGiven
	bare, defaults := build(t, nil, env), build(t, with, env)
	if diff := cmp.Diff(bare, defaults); diff != "" {
		t.Error(diff)
	}
	if hop := bare.Profiles[0].Chain[0]; hop.Role != hub || hop.Policy != `{"Statement":[]}` || len(hop.ManagedPolicies) != 1 {
		t.Errorf("the variables do not count: %+v", hop)
	}
}

func TestEmptyInputs(t *testing.T) {
	keys := map[string]string{"aws-access-key-id": "AKIAIOSFODNN7EXAMPLE", "aws-secret-access-key": "s"}
	for name, tt := range map[string]struct {
		input   map[string]string
		more    map[string]string
		env     map[string]string
		problem string // "" for none
		warning string
	}{
		"role":                        {input: map[string]string{"role-to-assume": ""}, problem: "input role-to-assume: is empty; if it comes from an expression, the secret or variable is not available to this job"},
		"role, forced away from OIDC": {input: map[string]string{"role-to-assume": "", "force-skip-oidc": "true"}, problem: "input role-to-assume: is empty"},
		"role with keys":              {input: map[string]string{"role-to-assume": ""}, more: keys},
		"role with its variable":      {input: map[string]string{"role-to-assume": ""}, env: map[string]string{"ROLE_TO_ASSUME": hub}},
		"role with a token file":      {input: map[string]string{"role-to-assume": "", "web-identity-token-file": "t"}, problem: "input web-identity-token-file: requires role-to-assume"},
		"role with profiles":          {input: map[string]string{"role-to-assume": "", "profiles": "a: {role-to-assume: " + spoke + "}"}},
		"role above spokes":           {input: map[string]string{"role-to-assume": "", "profiles": "a: " + spoke}, problem: "role-to-assume is required for the roles of these profiles: a"},
		"role above spokes of keys":   {input: map[string]string{"role-to-assume": "", "profiles": "a: " + spoke}, more: keys},
		"chain":                       {input: map[string]string{"role-to-assume": hub, "role-chain": ""}, problem: "input role-chain: is empty"},
		"chain of an empty role":      {input: map[string]string{"role-to-assume": "", "role-chain": deploy}, problem: "input role-to-assume: is empty"},
		"profiles":                    {input: map[string]string{"role-to-assume": hub, "profiles": "", "default-profile": "a"}, problem: "input profiles: is empty"},
		"profiles file":               {input: map[string]string{"role-to-assume": hub, "profiles-file": "", "default-profile": "a"}, problem: "input profiles-file: is empty"},
		"profiles file with profiles": {input: map[string]string{"role-to-assume": hub, "profiles": "a: " + spoke, "profiles-file": ""}},
		"selection":                   {input: map[string]string{"role-to-assume": hub, "profiles": "a: " + spoke, "profiles-select": ""}, problem: "input profiles-select: is empty"},
		"accounts":                    {input: map[string]string{"role-to-assume": hub, "allowed-account-ids": ""}, warning: "input allowed-account-ids is empty and has no effect; if it comes from an expression"},
		"policy":                      {input: map[string]string{"role-to-assume": hub, "inline-session-policy": ""}, warning: "input inline-session-policy is empty and has no effect"},
		"policies":                    {input: map[string]string{"role-to-assume": hub, "managed-session-policies": ""}, warning: "input managed-session-policies is empty and has no effect"},
		"policies with their variable": {input: map[string]string{"role-to-assume": hub, "managed-session-policies": ""}, env: map[string]string{"MANAGED_SESSION_POLICIES": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
			warning: "input managed-session-policies is empty and has no effect; the variable MANAGED_SESSION_POLICIES is used"},
		"those without the default NotGiven": {input: map[string]string{"role-to-assume": hub, "audience": "", "role-session-name": "", "default-profile": "", "role-external-id": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			with := map[string]string{"aws-region": "eu-central-1"}
			for _, m := range []map[string]string{tt.input, tt.more} {
				for k, v := range m {
					with[k] = v
				}
			}
			p, problems := Build(sources(with, tt.env))
			switch {
			case tt.problem == "" && len(problems) > 0:
				t.Errorf("problems %v", problems)
			case tt.problem != "" && (len(problems) != 1 || !strings.Contains(problems[0].String(), tt.problem)):
				t.Errorf("want one problem with %q, got %v", tt.problem, problems)
			}
			if got := strings.Join(p.Warnings, "\n"); !strings.HasPrefix(got, tt.warning) || (got == "") != (tt.warning == "") {
				t.Errorf("warnings %q, want %q", got, tt.warning)
			}
		})
	}
}

func TestLookupInput(t *testing.T) {
	for _, in := range Inputs {
		for _, name := range []string{in.Name, strings.ToUpper(in.Name)} {
			if _, known := LookupInput(name); !known {
				t.Errorf("%s is not known", name)
			}
		}
	}
	for name, want := range map[string]string{
		"role-to-asume":         "role-to-assume",
		"ROLE-TO-ASUME":         "role-to-assume",
		"role to assume":        "role-to-assume",
		"role_to_assume":        "role-to-assume",
		"allowed-accounts":      "allowed-account-ids",
		"allowed-account-id":    "allowed-account-ids",
		"role-duration-second":  "role-duration-seconds",
		"role-duration":         "role-duration-seconds",
		"duration-seconds":      "role-duration-seconds",
		"session-name":          "role-session-name",
		"external-id":           "role-external-id",
		"region":                "aws-region",
		"profile":               "aws-profile",
		"inline-session-polciy": "inline-session-policy",
		"role-chains":           "role-chain",
		"on-missing-tokens":     "on-missing-token",
		"java-version":          "",
		"x":                     "",
		"":                      "",
	} {
		nearest, known := LookupInput(name)
		if known || nearest != want {
			t.Errorf("%q: %q, %t, want %q", name, nearest, known, want)
		}
	}
	for _, name := range []string{"args", "ARGS", "entryPoint"} {
		if _, known := LookupInput(name); !known {
			t.Errorf("%s, which every container action has, is not known", name)
		}
	}
}

func TestUnknownInputsAreWarnings(t *testing.T) {
	s := sources(map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub}, nil)
	s.Names = []string{strings.Repeat("X", 1<<20), "AWS-REGION", "ROLE-TO-ASSUME", "ALLOWED-ACCOUNTS", "JAVA-VERSION", "ARGS", "RUNNER-TEMP"}
	p, problems := Build(s)
	want := []string{"input allowed-accounts is unknown and ignored; did you mean allowed-account-ids?", "input java-version is unknown and ignored; remove it", "input " + strings.Repeat("x", 100) + " is unknown and ignored; remove it"}
	if len(problems) > 0 || !slices.Equal(p.Warnings, want) {
		t.Errorf("problems %v, warnings %q", problems, p.Warnings)
	}
}

// TestGivenIsNotDefault: a value that is set and equals a default, or the value
// of the level above, is not replaced.
func TestGivenIsNotDefault(t *testing.T) {
	china := "arn:aws-cn:iam::111111111111:role/hub"
	chain := func(fields string) string {
		return "role-chain: [{role: " + gate + "}, {role: " + deploy + fields + "}]"
	}
	type want struct {
		audience, first, name, policy, externalID string
		seconds                                   int
		managed                                   int
		tag                                       string
	}
	for name, tt := range map[string]struct {
		step    map[string]string
		profile string
		want    want // of the last hop; first is the session name of the hop before it
	}{
		"default audience of a profile":            {map[string]string{"role-to-assume": NotGiven}, "{role-to-assume: '" + china + "', region: cn-north-1, audience: sts.amazonaws.com}", want{audience: "sts.amazonaws.com"}},
		"default audience of the step":             {map[string]string{"role-to-assume": NotGiven, "audience": "sts.amazonaws.com"}, "{role-to-assume: '" + china + "', region: cn-north-1}", want{audience: "sts.amazonaws.com"}},
		"China's default audience of the step":     {map[string]string{"role-to-assume": NotGiven, "audience": "sts.amazonaws.com.cn"}, "{role-to-assume: '" + spoke + "'}", want{audience: "sts.amazonaws.com.cn"}},
		"no audience in China":                     {map[string]string{"role-to-assume": NotGiven}, "{role-to-assume: '" + china + "', region: cn-north-1}", want{audience: "sts.amazonaws.com.cn"}},
		"hop's name, the same as the step's":       {map[string]string{"role-session-name": "mine"}, "{session-name: theirs, " + chain(", session-name: mine") + "}", want{name: "mine", first: "theirs"}},
		"hop's name, the same as the default":      {nil, "{session-name: theirs, " + chain(", session-name: GitHubActions") + "}", want{name: "GitHubActions", first: "theirs"}},
		"profile's name, the same as the default":  {map[string]string{"role-session-name": "mine"}, "{session-name: GitHubActions, " + chain("") + "}", want{name: "GitHubActions", first: "GitHubActions"}},
		"hop's duration, the same as the default":  {nil, "{duration-seconds: 900, " + chain(", duration-seconds: 3600") + "}", want{seconds: 3600}},
		"profile's duration, the same as ours":     {map[string]string{"role-duration-seconds": "900"}, "{duration-seconds: 3600, " + chain("") + "}", want{seconds: 3600}},
		"step's duration":                          {map[string]string{"role-duration-seconds": "900"}, "{" + chain("") + "}", want{seconds: 900}},
		"hop's external id":                        {map[string]string{"role-external-id": "step"}, "{external-id: profile, " + chain(", external-id: step") + "}", want{externalID: "step"}},
		"profile's external id":                    {map[string]string{"role-external-id": "step"}, "{external-id: profile, " + chain("") + "}", want{externalID: "profile"}},
		"hop's policy before the profile's":        {map[string]string{"inline-session-policy": `{"Statement":1}`}, `{inline-session-policy: {Statement: 2}, ` + chain(", inline-session-policy: {Statement: 3}") + "}", want{policy: `{"Statement":3}`}},
		"profile's policy before the step's":       {map[string]string{"inline-session-policy": `{"Statement":1}`}, `{inline-session-policy: {Statement: 2}, ` + chain("") + "}", want{policy: `{"Statement":2}`}},
		"hop's policies before the profile's":      {nil, `{managed-session-policies: [arn:aws:iam::aws:policy/a, arn:aws:iam::aws:policy/b], ` + chain(", managed-session-policies: arn:aws:iam::aws:policy/c") + "}", want{managed: 1}},
		"hop's tags before the profile's":          {nil, `{tags: {a: profile}, ` + chain(", tags: {a: hop}") + "}", want{tag: "hop"}},
		"profile's tags":                           {nil, `{tags: {a: profile}, ` + chain("") + "}", want{tag: "profile"}},
		"profile's audience below a hub in Europe": {nil, "{audience: sts.amazonaws.com.cn, " + chain("") + "}", want{audience: "sts.amazonaws.com.cn"}},
	} {
		t.Run(name, func(t *testing.T) {
			with := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "profiles": "a: " + tt.profile}
			for k, v := range tt.step {
				with[k] = v
			}
			p := build(t, with, nil).Profiles[0]
			last := p.Last()
			got := want{audience: p.Audience, name: last.SessionName, policy: last.Policy, externalID: last.ExternalID, seconds: int(last.Duration.Seconds()), managed: len(last.ManagedPolicies)}
			if n := len(p.Chain); n > 1 {
				got.first = p.Chain[n-2].SessionName
			}
			if len(last.Tags) > 0 {
				got.tag = last.Tags[0].Value
			}
			// Only what the case is about.
			if tt.want.audience == "" {
				got.audience = ""
			}
			if tt.want.name == "" {
				got.name, got.first = "", ""
			}
			if tt.want.seconds == 0 {
				got.seconds = 0
			}
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// TestProtectedTags: the thirteen, in any case, whether the run sends them or
// not.
func TestProtectedTags(t *testing.T) {
	protected := []string{"GitHub", "Repository", "Workflow", "Action", "Actor", "Commit", "Branch", "EventName", "BaseRef", "HeadRef", "RunId", "Job", "TriggeringActor"}
	if len(protected) != 13 || len(defaultTags) != 12 {
		t.Fatalf("%d protected, %d default tags", len(protected), len(defaultTags))
	}
	with := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "aws-access-key-id": "AKIAIOSFODNN7EXAMPLE", "aws-secret-access-key": "s"}
	for _, key := range protected {
		for _, spelled := range []string{key, strings.ToLower(key), strings.ToUpper(key)} {
			with["custom-tags"] = `{"` + spelled + `": "x"}`
			if _, problems := Build(sources(with, nil)); len(problems) != 1 || !strings.Contains(problems[0].Message, "the action sets itself") {
				t.Errorf("%s: %v", spelled, problems)
			}
		}
	}
	with["custom-tags"] = `{"Ref": "x", "Jobs": "y", "RefName": "z"}`
	if _, problems := Build(sources(with, nil)); len(problems) > 0 {
		t.Errorf("other keys: %v", problems)
	}
}

// TestCustomTagsWithoutRole: tags that cannot be sent are checked all the same,
// and a warning says that they have no effect.
func TestCustomTagsWithoutRole(t *testing.T) {
	keys := map[string]string{"aws-access-key-id": "AKIAIOSFODNN7EXAMPLE", "aws-secret-access-key": "s"}
	for name, with := range map[string]map[string]string{"machine": {}, "keys": keys} {
		t.Run(name, func(t *testing.T) {
			with["aws-region"] = "eu-central-1"
			with["custom-tags"] = `{"team": "blue"}`
			p, problems := Build(sources(with, nil))
			if want := "custom-tags have no effect: no role is assumed"; len(problems) > 0 || !slices.Contains(p.Warnings, want) {
				t.Errorf("warnings %q, problems %v; want the warning %q", p.Warnings, problems, want)
			}
			with["custom-tags"] = `{"team": {}}`
			if _, problems := Build(sources(with, nil)); len(problems) != 1 || problems[0].Input != "custom-tags" {
				t.Errorf("a nested tag: %v", problems)
			}
			delete(with, "custom-tags")
			if p, problems := Build(sources(with, nil)); len(problems) > 0 || len(p.Warnings) > 0 {
				t.Errorf("without tags: %q, %v", p.Warnings, problems)
			}
		})
	}
}

// TestPathsInTheWorkspace: an absolute path may have any name by which the job
// knows the workspace, and stays inside.
func TestPathsInTheWorkspace(t *testing.T) {
	env := map[string]string{"GITHUB_WORKSPACE": "/github/workspace"}
	for given, want := range map[string]string{
		"iam/*.json":                     "iam/*.json",
		"/__w/r/r/iam/*.json":            "iam/*.json",
		"/github/workspace/./a/../b":     "b",
		"/__w/r/r/../x":                  "",
		"/__w/other/x":                   "",
		"../x":                           "",
		"/github/workspace2/x":           "",
		"/github/workspace/../x/x.json":  "",
		"/github/workspace/[a-b]?*.json": "[a-b]?*.json",
	} {
		p, problems := Build(sources(map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "trust-policy-file": given}, env))
		if refused := len(problems) > 0; refused != (want == "") || !refused && p.TrustPolicyFile != want {
			t.Errorf("%s: %q, %v; want %q", given, p.TrustPolicyFile, problems, want)
		}
	}
}
