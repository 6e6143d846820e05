package action

import "strings"

// variableCases let the variables replace empty inputs, one by one; the
// two of the network are in TestProxy.
var variableCases = []tableCase{
	{name: "AWS_REGION", job: vars{"AWS_REGION": "us-west-2"}, use: use{with: inputs{"aws-region": ""}, calls: byOIDC.calls, env: keys("hub", "us-west-2"), out: facts("hub")}},
	{name: "AWS_REGION behind the input", job: vars{"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-1"}, use: byOIDC},
	{name: "AWS_DEFAULT_REGION, which stands in for nothing", job: vars{"AWS_DEFAULT_REGION": "us-west-2"}, use: use{with: inputs{"aws-region": ""}, code: "invalid-input", says: []string{"input aws-region: is required"}}},
	{name: "ROLE_TO_ASSUME", job: vars{"ROLE_TO_ASSUME": otherRole}, use: use{with: inputs{"role-to-assume": notGiven}, calls: "token; AssumeRoleWithWebIdentity other", as: "other"}},
	{name: "ROLE_TO_ASSUME behind the input", job: vars{"ROLE_TO_ASSUME": otherRole}, use: byOIDC},
	{name: "WEB_IDENTITY_TOKEN_FILE", files: vars{"{temp}/token": "{token}"}, job: vars{"WEB_IDENTITY_TOKEN_FILE": "{temp}/token"}, use: use{calls: "AssumeRoleWithWebIdentity hub", as: "hub"}},
	{name: "ROLE_CHAINING", job: also(ciVariables, vars{"ROLE_CHAINING": "true"}), use: use{with: inputs{"role-to-assume": deployRole}, calls: "AssumeRole deploy by ci tags=default", as: "deploy"}},
	{name: "ROLE_CHAINING behind the input", job: also(ciVariables, vars{"ROLE_CHAINING": "true"}), use: use{with: inputs{"role-chaining": "false"}, calls: byOIDC.calls, as: "hub"}},
	{name: "ROLE_CHAINING that is no boolean", job: vars{"ROLE_CHAINING": "yes"}, use: use{code: "invalid-input", says: []string{`"yes" is not a boolean`}}},
	{name: "AUDIENCE", job: vars{"AUDIENCE": "https://aws.example.com"}, use: use{calls: "token for https://aws.example.com; AssumeRoleWithWebIdentity hub", as: "hub"}},
	{name: "MASK_AWS_ACCOUNT_ID", job: vars{"MASK_AWS_ACCOUNT_ID": "true"}, use: use{with: inputs{"job-summary": "always"}, calls: byOIDC.calls, as: "hub", hides: []string{"111111111111"}}},
	{name: "ROLE_DURATION_SECONDS", job: vars{"ROLE_DURATION_SECONDS": "900"}, use: use{calls: "token; AssumeRoleWithWebIdentity hub duration=900", as: "hub", out: factsUntil("hub", "{name}", "{+15m0s}")}},
	{name: "ROLE_EXTERNAL_ID", job: vars{"ROLE_EXTERNAL_ID": "customer/42"}, use: use{with: toRole(staticKeys, "arn:aws:iam::222222222222:role/external"), calls: "AssumeRole external by ci external=customer/42 tags=default", as: "external"}},
	{name: "ROLE_SESSION_NAME", job: vars{"ROLE_SESSION_NAME": "mine"}, use: use{calls: "token; AssumeRoleWithWebIdentity hub name=mine", as: "hub", out: factsUntil("hub", "mine", "{+1h0m0s}")}},
	{name: "ROLE_SKIP_SESSION_TAGGING", job: vars{"ROLE_SKIP_SESSION_TAGGING": "true"}, use: use{with: byKeys, calls: "AssumeRole deploy by ci", as: "deploy"}},
	{name: "TRANSITIVE_TAG_KEYS", job: vars{"TRANSITIVE_TAG_KEYS": "Repository\nActor"}, use: use{with: byKeys, calls: "AssumeRole deploy by ci tags=default transitive=Repository,Actor", as: "deploy"}},
	{name: "INLINE_SESSION_POLICY", job: vars{"INLINE_SESSION_POLICY": `{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}`},
		use: use{calls: `token; AssumeRoleWithWebIdentity hub policy={"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`, as: "hub"}},
	{name: "MANAGED_SESSION_POLICIES", job: vars{"MANAGED_SESSION_POLICIES": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, use: use{calls: "token; AssumeRoleWithWebIdentity hub policies=arn:aws:iam::aws:policy/ReadOnlyAccess", as: "hub"}},
	{name: "OUTPUT_CREDENTIALS", job: vars{"OUTPUT_CREDENTIALS": "true"}, use: use{calls: byOIDC.calls, as: "hub", out: "+ aws-access-key-id={hub.id} aws-secret-access-key={hub.secret} aws-session-token={hub.token}"}},
	{name: "UNSET_CURRENT_CREDENTIALS", job: also(ciVariables, vars{"UNSET_CURRENT_CREDENTIALS": "true"}), use: use{with: inputs{"output-env-credentials": "false"}, calls: byOIDC.calls, env: "AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY=", out: facts("hub")}},
	{name: "DISABLE_RETRY", job: vars{"DISABLE_RETRY": "true"}, faults: "{call: sts, fault: throttling, times: always}", use: use{calls: "token; AssumeRoleWithWebIdentity hub Throttling throttling", code: "throttled"}},
	{name: "RETRY_MAX_ATTEMPTS", job: vars{"RETRY_MAX_ATTEMPTS": "2"}, faults: "{call: sts, fault: throttling, times: always}",
		use: use{calls: "token; AssumeRoleWithWebIdentity hub Throttling throttling; AssumeRoleWithWebIdentity hub Throttling throttling", code: "throttled"}},
	{name: "SPECIAL_CHARACTERS_WORKAROUND", job: vars{"SPECIAL_CHARACTERS_WORKAROUND": "true"}, faults: alwaysSpecial, use: use{calls: "token" + strings.Repeat("; AssumeRoleWithWebIdentity hub special-characters", 12), code: "failed", says: []string{"each of 12 sessions"}}},
	{name: "USE_EXISTING_CREDENTIALS", job: vars{"USE_EXISTING_CREDENTIALS": "true"}, use: byOIDC, then: []use{
		{calls: "GetCallerIdentity by hub", env: "none", out: facts("hub")}}},
	{name: "OVERWRITE_AWS_PROFILE", job: vars{"OVERWRITE_AWS_PROFILE": "true"}, use: use{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: profileFilesOf("p", "hub")}, then: []use{
		{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: profileFilesOf("p", "hub2")}}},

	{name: "keys in the environment stand in for no input", job: also(ciVariables, vars{"AWS_SESSION_TOKEN": "stale"}), use: byOIDC},
	{name: "AWS_PROFILE stands in for no input", job: vars{"AWS_PROFILE": "mine"}, use: use{calls: byOIDC.calls, as: "hub", notes: "warning AWS_PROFILE"}},
	{name: "AWS_WEB_IDENTITY_TOKEN_FILE stands in for no input", job: vars{"AWS_WEB_IDENTITY_TOKEN_FILE": "{temp}/token", "AWS_ROLE_ARN": otherRole}, use: byOIDC},
	{name: "what is no variable of the action", job: vars{"CUSTOM_TAGS": "x", "ALLOWED_ACCOUNT_IDS": "x", "FORCE_SKIP_OIDC": "x", "OUTPUT_ENV_CREDENTIALS": "false", "STS_ENDPOINT": "x", "ACTION_TIMEOUT_S": "x", "ROLE_CHAIN": "x", "LOGOUT": "true"}, use: byOIDC},
}

// alwaysSpecial makes every secret key have special characters.
const alwaysSpecial = "{call: sts, fault: special-characters, times: always}"
