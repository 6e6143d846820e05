package action

import "strings"

const region = " AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1"

// The files that a job has announced in the publish cases.
const (
	ownConfig      = "# mine\n[default]\nregion=us-east-1   ; home\n\n[profile old]\ns3 =\n  max_concurrent_requests = 20\n# end"
	ownCredentials = "; mine\n[old]\naws_access_key_id=AKIAOLDOLDOLDOLDOLD1\naws_secret_access_key=old"
)

var announcedByJob = vars{"AWS_CONFIG_FILE": "{temp}/mine/config", "AWS_SHARED_CREDENTIALS_FILE": "{temp}/mine/credentials"}

// emptied are the action's own files after a clean-up.
var emptied = vars{"{temp}/aws-oidc-action/config": "", "{temp}/aws-oidc-action/credentials": ""}

var inProfile = use{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: profileFilesOf("p", "hub")}

// with returns a use with more inputs.
func (u use) withInputs(more inputs) use {
	u.with = also(u.with, more)
	return u
}

var publishCases = []tableCase{
	// Environment and profile.
	{name: "no environment", use: use{with: inputs{"output-env-credentials": "false"}, calls: byOIDC.calls, env: "none", out: facts("hub")}},
	{name: "no environment, but outputs", use: use{with: inputs{"output-env-credentials": "false", "output-credentials": "true"}, calls: byOIDC.calls, env: "none",
		out: facts("hub") + " aws-access-key-id={hub.id} aws-secret-access-key={hub.secret} aws-session-token={hub.token}"}},
	{name: "outputs of a user's keys", use: use{with: also(staticKeys, inputs{"output-credentials": "true"}), calls: "GetCallerIdentity by ci", as: "ci", out: "+ aws-access-key-id={ci.id} aws-secret-access-key={ci.secret}"}},
	{name: "a profile", use: inProfile},
	{name: "a profile and the environment", use: use{with: inputs{"aws-profile": "p", "output-env-credentials": "true"}, calls: byOIDC.calls, as: "hub", env: "+ AWS_PROFILE=p " + announced, files: profileFilesOf("p", "hub")}},
	{name: "a profile and no environment, as said", use: inProfile.withInputs(inputs{"output-env-credentials": "False"})},
	{name: "a profile and outputs", use: use{with: inputs{"aws-profile": "p", "output-credentials": "true"}, calls: byOIDC.calls, env: announced,
		out: facts("hub") + " aws-access-key-id={hub.id} aws-secret-access-key={hub.secret} aws-session-token={hub.token}", files: profileFilesOf("p", "hub")}},
	{name: "the default profile", use: use{with: inputs{"aws-profile": "default"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: profileFilesOf("default", "hub")}},
	{name: "a profile of a user's keys", use: use{with: also(staticKeys, inputs{"aws-profile": "ci"}), calls: "GetCallerIdentity by ci", env: announced, out: facts("ci"), files: profileFilesOf("ci", "ci")}},
	{name: "a profile with an odd name", use: use{with: inputs{"aws-profile": "team.prod-1_x@y"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: profileFilesOf("team.prod-1_x@y", "hub")}},
	{name: "two profiles", use: inProfile, then: []use{
		{with: inputs{"aws-profile": "q", "role-to-assume": otherRole}, calls: "token; AssumeRoleWithWebIdentity other", env: announced, out: facts("other"), files: profileFilesOf("p", "hub", "q", "other")}}},
	{name: "a profile that is there", use: inProfile, then: []use{
		{with: inputs{"aws-profile": "p"}, code: "invalid-input", says: []string{`profile "p" already exists`, "overwrite-aws-profile"}, files: inProfile.files}}},
	{name: "a profile that is overwritten", use: inProfile, then: []use{
		{with: inputs{"aws-profile": "p", "overwrite-aws-profile": "true", "role-to-assume": otherRole}, calls: "token; AssumeRoleWithWebIdentity other", env: announced, out: facts("other"), files: profileFilesOf("p", "other")}}},
	{name: "a profile with a blank", use: use{with: inputs{"aws-profile": "my profile"}, code: "invalid-input", says: []string{"input aws-profile", `"my profile"`}}},
	{name: "a profile with a bracket", use: use{with: inputs{"aws-profile": "p]"}, code: "invalid-input", says: []string{"input aws-profile"}}},
	{name: "a profile with a slash", use: use{with: inputs{"aws-profile": "a/b"}, code: "invalid-input", says: []string{"input aws-profile"}}},
	{name: "a profile with a backslash", use: use{with: inputs{"aws-profile": `a\b`}, code: "invalid-input", says: []string{"input aws-profile"}}},
	{name: "a profile beside keys of an earlier step", use: byOIDC, then: []use{
		{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: profileFilesOf("p", "hub2"), notes: "warning AWS_ACCESS_KEY_ID", says: []string{"unset-current-credentials: true"}}}},
	{name: "a profile beside a token file of the environment's", job: vars{"AWS_WEB_IDENTITY_TOKEN_FILE": "{temp}/token", "AWS_ROLE_ARN": otherRole},
		use: use{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: inProfile.files, notes: "warning AWS_WEB_IDENTITY_TOKEN_FILE"}},

	// Files that the job has announced.
	{name: "announced files", job: announcedByJob, files: vars{"{temp}/mine/config": ownConfig, "{temp}/mine/credentials": ownCredentials},
		use: use{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: "AWS_SDK_LOAD_CONFIG=1", out: facts("hub"), files: vars{
			"{temp}/mine/config":      ownConfig + "\n\n[profile p]\nregion = eu-central-1",
			"{temp}/mine/credentials": ownCredentials + "\n\n[p]\n" + strings.TrimSuffix(profileKeys("hub"), "\n")}}},
	{name: "announced files that hold the profile", job: announcedByJob, files: vars{"{temp}/mine/config": ownConfig, "{temp}/mine/credentials": ownCredentials},
		use: use{with: inputs{"aws-profile": "old"}, code: "invalid-input", says: []string{`profile "old" already exists`}}},
	{name: "announced files with Windows' line ends", job: announcedByJob, files: vars{"{temp}/mine/config": "[default]\r\nregion = us-east-1\r\n", "{temp}/mine/credentials": ""},
		use: use{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: "AWS_SDK_LOAD_CONFIG=1", out: facts("hub"), files: vars{
			"{temp}/mine/config":      "[default]\r\nregion = us-east-1\r\n\r\n[profile p]\r\nregion = eu-central-1\r\n",
			"{temp}/mine/credentials": "[p]\n" + profileKeys("hub")}}},
	{name: "an announced file beside one of the action's own", job: vars{"AWS_CONFIG_FILE": "{temp}/mine/config"}, files: vars{"{temp}/mine/config": ownConfig},
		use: use{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: "AWS_SDK_LOAD_CONFIG=1 AWS_SHARED_CREDENTIALS_FILE={temp}/aws-oidc-action/credentials", out: facts("hub"), files: vars{
			"{temp}/mine/config":                 ownConfig + "\n\n[profile p]\nregion = eu-central-1",
			"{temp}/aws-oidc-action/credentials": "[p]\n" + profileKeys("hub")}}},
	{name: "announced files in the workspace", job: vars{"AWS_CONFIG_FILE": "{workspace}/aws/config", "AWS_SHARED_CREDENTIALS_FILE": "{workspace}/aws/credentials"},
		files: vars{"{workspace}/aws/config": ownConfig, "{workspace}/aws/credentials": ownCredentials},
		use: use{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: announced, out: facts("hub"), says: []string{"AWS_CONFIG_FILE names a file in the workspace", "AWS_SHARED_CREDENTIALS_FILE names a file in the workspace"}, files: vars{
			"{temp}/aws-oidc-action/config":      ownConfig + "\n\n[profile p]\nregion = eu-central-1",
			"{temp}/aws-oidc-action/credentials": ownCredentials + "\n\n[p]\n" + strings.TrimSuffix(profileKeys("hub"), "\n")}}},

	{name: "announced files in the workspace, by paths from there", job: vars{"AWS_CONFIG_FILE": "aws/config", "AWS_SHARED_CREDENTIALS_FILE": "aws/credentials"}, files: vars{"{workspace}/aws/config": ownConfig},
		use: use{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: vars{
			"{temp}/aws-oidc-action/config":      ownConfig + "\n\n[profile p]\nregion = eu-central-1",
			"{temp}/aws-oidc-action/credentials": "[p]\n" + profileKeys("hub")}}},
	{name: "an announced file that is a link", job: announcedByJob, files: vars{"{temp}/real": "[a]\n", "{temp}/mine/config": ""}, links: vars{"{temp}/mine/credentials": "../real"},
		use: use{with: inputs{"aws-profile": "p"}, code: "failed", says: []string{"AWS_SHARED_CREDENTIALS_FILE", "symbolic link"}}},

	// What is there already.
	{name: "a stale session token", job: vars{"AWS_SESSION_TOKEN": "stale"}, use: use{with: staticKeys, calls: "GetCallerIdentity by ci", as: "ci", env: "+ AWS_SESSION_TOKEN="}},
	{name: "no stale session token", use: use{with: staticKeys, calls: "GetCallerIdentity by ci", as: "ci"}},
	{name: "the session token of an earlier step", use: byOIDC, then: []use{{with: staticKeys, calls: "GetCallerIdentity by ci", as: "ci", env: "+ AWS_SESSION_TOKEN="}}},
	{name: "another region later", use: byOIDC, then: []use{{with: inputs{"aws-region": "us-west-2"}, calls: byOIDC.calls, env: keys("hub2", "us-west-2"), out: facts("hub")}}},
	{name: "regions of the job", job: vars{"AWS_REGION": "sa-east-1", "AWS_DEFAULT_REGION": "sa-east-1"}, use: byOIDC},
	{name: "a profile and regions of the job", job: vars{"AWS_REGION": "sa-east-1", "AWS_PROFILE": "mine"},
		use: use{with: inputs{"aws-profile": "p", "output-env-credentials": "true"}, calls: byOIDC.calls, as: "hub", env: "+ AWS_PROFILE=p " + announced, files: inProfile.files}},
	{name: "a failure after a success", use: byOIDC, then: []use{{with: inputs{"role-to-assume": "arn:aws:iam::111111111111:role/missing"}, calls: "token; AssumeRoleWithWebIdentity arn:aws:iam::111111111111:role/missing AccessDenied", code: "web-identity-not-authorized"}}},
	{name: "unset-current-credentials", job: also(ciVariables, vars{"AWS_SESSION_TOKEN": "stale"}), use: use{with: inputs{"unset-current-credentials": "true"}, calls: byOIDC.calls, as: "hub"}},
	{name: "unset-current-credentials with a profile", job: also(ciVariables, vars{"AWS_SESSION_TOKEN": "stale"}),
		use: use{with: inputs{"unset-current-credentials": "true", "aws-profile": "p"}, calls: byOIDC.calls, env: "AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_SESSION_TOKEN= " + announced, out: facts("hub"), files: inProfile.files}},
	{name: "unset-current-credentials with role-chaining", job: ciVariables, use: use{with: inputs{"unset-current-credentials": "true", "role-chaining": "true", "role-to-assume": deployRole}, code: "failed", says: []string{"no credentials from environment, profiles, container or instance"}}},
	{name: "unset-current-credentials on the machine's own", job: ciVariables, use: use{with: inputs{"unset-current-credentials": "true", "role-to-assume": notGiven}, code: "failed", says: []string{"no credentials from environment, profiles, container or instance"}}},
	{name: "AWS_SKIP_CLEANUP_STEP", job: vars{"AWS_SKIP_CLEANUP_STEP": "True"}, use: inProfile},

	// Masks and summary.
	{name: "a masked account", use: use{with: inputs{"mask-aws-account-id": "true", "job-summary": "always", "role-chain": deployRole}, calls: byOIDC.calls + "; AssumeRole deploy by hub", as: "deploy", hides: []string{"111111111111", "222222222222"}}},
	{name: "a masked account of keys", use: use{with: also(staticKeys, inputs{"mask-aws-account-id": "true", "job-summary": "always"}), calls: "GetCallerIdentity by ci", as: "ci", hides: []string{"111111111111"}}},
	{name: "a masked account in a failure", use: use{with: inputs{"mask-aws-account-id": "true", "role-chain": untaggedRole + "-missing"}, calls: byOIDC.calls + "; AssumeRole " + untaggedRole + "-missing by hub AccessDenied", code: "chained-role-refused", hides: []string{"111111111111", "222222222222"}}},
	{name: "no masked account", use: use{calls: byOIDC.calls, as: "hub", says: []string{"in account 111111111111"}}},
	{name: "a summary", use: use{with: inputs{"job-summary": "always"}, calls: byOIDC.calls, as: "hub", says: []string{"### AWS credentials\n", "| 111111111111 | hub | {name} | {+1h0m0s} |"}}},
	{name: "no summary of a success", use: use{calls: byOIDC.calls, as: "hub", hides: []string{"### AWS"}}},
	{name: "a summary of a failure", use: use{with: inputs{"audience": "x"}, calls: "token for x; AssumeRoleWithWebIdentity hub InvalidIdentityToken", code: "audience-not-registered", says: []string{"### AWS credentials: [audience-not-registered](https:"}}},
	{name: "no summary at all", use: use{with: inputs{"audience": "x", "job-summary": "never"}, calls: "token for x; AssumeRoleWithWebIdentity hub InvalidIdentityToken", code: "audience-not-registered", hides: []string{"### AWS"}}},

	// Keys without special characters, tries, time.
	{name: "special characters for ever", faults: alwaysSpecial, use: use{with: also(byKeys, inputs{"special-characters-workaround": "true"}),
		calls: strings.TrimPrefix(strings.Repeat("; AssumeRole deploy by ci tags=default special-characters", 12), "; "), code: "failed", says: []string{"each of 12 sessions", "special-characters-workaround: false"}}},
	{name: "special characters at the end of a chain only", faults: "{call: AssumeRole, fault: special-characters, times: always}", use: use{with: inputs{"special-characters-workaround": "true", "role-chain": deployRole},
		calls: byOIDC.calls + strings.Repeat("; AssumeRole deploy by hub special-characters", 12), code: "failed"}},
	{name: "special characters that do not matter", faults: alwaysSpecial, use: use{calls: "token; AssumeRoleWithWebIdentity hub special-characters", as: "hub"}},
	{name: "a second try", faults: "{call: token, fault: http-500}, {call: AssumeRoleWithWebIdentity, fault: throttling}", use: use{calls: "token http-500; token; AssumeRoleWithWebIdentity hub Throttling throttling; AssumeRoleWithWebIdentity hub", as: "hub"}},
	{name: "no second try", faults: "{call: token, fault: http-500}", use: use{with: inputs{"disable-retry": "true"}, calls: "token http-500", code: "id-token-endpoint"}},
	{name: "three tries", faults: "{call: AssumeRoleWithWebIdentity, fault: throttling, times: always}", use: use{with: inputs{"retry-max-attempts": "3"}, calls: "token" + strings.Repeat("; AssumeRoleWithWebIdentity hub Throttling throttling", 3), code: "throttled"}},
	{name: "no time", faults: "{call: AssumeRoleWithWebIdentity, fault: hang}", use: use{with: inputs{"action-timeout-s": "1"}, calls: "token; AssumeRoleWithWebIdentity hub hang", code: "deadline", says: []string{"action-timeout-s"}}},

	// logout.
	{name: "logout", use: byOIDC, then: []use{{with: inputs{"logout": "true"}, env: "AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_SESSION_TOKEN=", out: "authenticated=false"}}},
	{name: "logout after two uses", job: vars{"AWS_REGION": "sa-east-1"}, use: byOIDC, then: []use{
		{with: inputs{"aws-profile": "p", "output-env-credentials": "true", "aws-region": "us-west-2"}, calls: byOIDC.calls, env: keys("hub2", "us-west-2") + " AWS_PROFILE=p " + announced, out: facts("hub"),
			files: vars{"{temp}/aws-oidc-action/config": "[profile p]\nregion = us-west-2\n", "{temp}/aws-oidc-action/credentials": "[p]\n" + profileKeys("hub2")}},
		{with: inputs{"logout": "true"}, env: "AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_SESSION_TOKEN= AWS_REGION=sa-east-1 AWS_DEFAULT_REGION=eu-central-1 AWS_SDK_LOAD_CONFIG=", out: "authenticated=false", files: emptied}}},
	{name: "logout and login", use: byOIDC, then: []use{
		{with: inputs{"logout": "true"}, env: "AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_SESSION_TOKEN=", out: "authenticated=false"},
		{with: inputs{"role-to-assume": otherRole}, calls: "token; AssumeRoleWithWebIdentity other", as: "other"}}},
	{name: "logout from announced files", job: announcedByJob, files: vars{"{temp}/mine/config": ownConfig, "{temp}/mine/credentials": ownCredentials},
		use: use{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: "AWS_SDK_LOAD_CONFIG=1", out: facts("hub"), files: vars{
			"{temp}/mine/config":      ownConfig + "\n\n[profile p]\nregion = eu-central-1",
			"{temp}/mine/credentials": ownCredentials + "\n\n[p]\n" + strings.TrimSuffix(profileKeys("hub"), "\n")}}, then: []use{
			{with: inputs{"logout": "true"}, env: "AWS_SDK_LOAD_CONFIG=", out: "authenticated=false"}}},
	{name: "logout where the job reads the config file by itself", job: vars{"AWS_SDK_LOAD_CONFIG": "true"}, use: use{with: inputs{"aws-profile": "p"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: vars{
		"{temp}/aws-oidc-action/config": "[profile p]\nregion = eu-central-1\n", "{temp}/aws-oidc-action/credentials": "[p]\n" + profileKeys("hub")}}, then: []use{
		{with: inputs{"logout": "true"}, env: "AWS_SDK_LOAD_CONFIG=true", out: "authenticated=false", files: emptied}}},
	{name: "logout with nothing to clean up", use: use{with: inputs{"logout": "true", "aws-region": "", "role-to-assume": notGiven}, env: "none", out: "authenticated=false", says: []string{"Nothing to clean up"}}},
	{name: "logout that is false", use: use{with: inputs{"logout": "false"}, calls: byOIDC.calls, as: "hub"}},
}
