package action

// staticKeys are those of a user, with no role to assume.
var staticKeys = inputs{"role-to-assume": notGiven, "aws-access-key-id": "{ci.id}", "aws-secret-access-key": "{ci.secret}"}

// sessionKeys are those of an earlier step's session.
var sessionKeys = inputs{"role-to-assume": notGiven, "aws-access-key-id": "{hub.id}", "aws-secret-access-key": "{hub.secret}", "aws-session-token": "{hub.token}"}

const (
	deployRole = "arn:aws:iam::222222222222:role/deploy"
	nextRole   = "arn:aws:iam::222222222222:role/next"
	lostRole   = "arn:aws:iam::111111111111:role/lost"
	otherRole  = "arn:aws:iam::111111111111:role/other"
)

// toRole adds a role to inputs.
func toRole(base inputs, role string) inputs { return also(base, inputs{"role-to-assume": role}) }

// also adds inputs to inputs.
func also(base inputs, more inputs) inputs {
	all := inputs{}
	for _, part := range []inputs{base, more} {
		for name, value := range part {
			all[name] = value
		}
	}
	return all
}

// byOIDC is a plain login by OIDC, for cases that are about what follows it.
var byOIDC = use{calls: "token; AssumeRoleWithWebIdentity hub", as: "hub"}

var ciVariables = vars{"AWS_ACCESS_KEY_ID": "{ci.id}", "AWS_SECRET_ACCESS_KEY": "{ci.secret}"}

var authCases = []tableCase{
	// 1. Keys among the inputs.
	{name: "keys alone", use: use{with: staticKeys, calls: "GetCallerIdentity by ci", as: "ci", says: []string{"Using the credentials of input aws-access-key-id"}}},
	{name: "keys beat a token file, role-chaining and OIDC", files: vars{"{temp}/token": "{token}"},
		use: use{with: also(toRole(staticKeys, deployRole), inputs{"web-identity-token-file": "{temp}/token", "role-chaining": "true"}), calls: "AssumeRole deploy by ci tags=default", as: "deploy"}},
	{name: "keys that are a session's", use: byOIDC, then: []use{
		{with: sessionKeys, calls: "GetCallerIdentity by hub", as: "hub", out: factsUntil("hub", "{name}", "")}}},
	{name: "keys with a role", use: use{with: toRole(staticKeys, deployRole), calls: "AssumeRole deploy by ci tags=default", as: "deploy"}},
	{name: "keys with a role and a long session", use: use{with: also(toRole(staticKeys, deployRole), inputs{"role-duration-seconds": "43200"}),
		calls: "AssumeRole deploy by ci duration=43200 tags=default", as: "deploy", out: factsUntil("deploy", "{name}", "{+12h0m0s}")}},
	{name: "keys with a role and an external id", use: use{with: also(toRole(staticKeys, "arn:aws:iam::222222222222:role/external"), inputs{"role-external-id": "customer/42"}),
		calls: "AssumeRole external by ci external=customer/42 tags=default", as: "external"}},
	{name: "keys with a role and no external id", use: use{with: toRole(staticKeys, "arn:aws:iam::222222222222:role/external"),
		calls: "AssumeRole external by ci tags=default AccessDenied", code: "chained-role-refused", says: []string{"sts:ExternalId"}}},
	{name: "keys with a role and a source identity", use: use{with: also(toRole(staticKeys, deployRole), inputs{"source-identity": "octocat"}),
		calls: "AssumeRole deploy by ci source=octocat tags=default", as: "deploy"}},
	{name: "keys with a role and a chain", use: use{with: also(toRole(staticKeys, deployRole), inputs{"role-chain": nextRole}),
		calls: "AssumeRole deploy by ci tags=default; AssumeRole next by deploy", as: "next"}},
	{name: "keys of a session with a role", use: byOIDC, then: []use{
		{with: toRole(sessionKeys, deployRole), calls: "AssumeRole deploy by hub tags=default", as: "deploy"}}},
	{name: "keys of a session with a role for two hours", use: byOIDC, then: []use{
		{with: also(toRole(sessionKeys, deployRole), inputs{"role-duration-seconds": "7200"}), code: "duration-over-chaining-hour", says: []string{"3600"}}}},
	{name: "a role by its name, with keys", use: use{with: toRole(staticKeys, "team/local"), calls: "GetCallerIdentity by ci; AssumeRole local by ci tags=default", as: "local"}},
	{name: "a role by its name, in China", use: use{with: inputs{"aws-region": "cn-north-1", "role-to-assume": "china", "aws-access-key-id": "{beijing.id}", "aws-secret-access-key": "{beijing.secret}"},
		calls: "GetCallerIdentity by beijing in cn-north-1; AssumeRole china by beijing in cn-north-1 tags=default", as: "china"}},
	{name: "a role by its name, which is missing", use: use{with: toRole(staticKeys, "lcoal"), calls: "GetCallerIdentity by ci; AssumeRole arn:aws:iam::111111111111:role/lcoal by ci tags=default AccessDenied",
		code: "chained-role-refused", says: []string{"arn:aws:iam::111111111111:role/lcoal"}}},
	{name: "a role by its name, with OIDC", use: use{with: inputs{"role-to-assume": "hub"}, code: "invalid-input", says: []string{"input role-to-assume"}}},
	{name: "keys without the secret", use: use{with: inputs{"aws-access-key-id": "{ci.id}"}, code: "invalid-input", says: []string{"input aws-secret-access-key: is required"}}},
	{name: "a secret without key id and role", use: use{with: inputs{"role-to-assume": notGiven, "aws-secret-access-key": "{ci.secret}"}, code: "invalid-input", says: []string{"input aws-access-key-id: is required"}}},
	{name: "a secret without key id and token", use: use{with: inputs{"aws-secret-access-key": "{ci.secret}", "force-skip-oidc": "true"}, code: "invalid-input", says: []string{"input aws-access-key-id: is required"}}},
	{name: "a secret that is left over", use: use{with: inputs{"aws-secret-access-key": "{ci.secret}"}, calls: byOIDC.calls, as: "hub", notes: "warning no effect", says: []string{"input aws-secret-access-key has no effect without aws-access-key-id"}}},
	{name: "a secret and a token that are left over", use: use{with: inputs{"aws-secret-access-key": "{ci.secret}", "aws-session-token": "opaque"}, calls: byOIDC.calls, as: "hub", notes: "warning no effect; warning no effect", says: []string{"input aws-session-token has no effect without aws-access-key-id"}}},
	{name: "a secret beside a token file", files: vars{"{temp}/token": "{token}"}, use: use{with: inputs{"aws-secret-access-key": "{ci.secret}", "web-identity-token-file": "{temp}/token", "force-skip-oidc": "true"}, calls: "AssumeRoleWithWebIdentity hub", as: "hub", notes: "warning no effect"}},
	{name: "a secret in place of the key id", use: use{with: inputs{"aws-access-key-id": "{ci.secret}", "aws-secret-access-key": "{ci.id}"}, code: "invalid-input", says: []string{"is not an access key id"}}},
	{name: "keys with a role, a profile and role-chaining", job: vars{"AWS_PROFILE": "mine"}, use: use{with: also(toRole(staticKeys, deployRole), inputs{"aws-profile": "mine", "role-chaining": "true"}),
		calls: "AssumeRole deploy by ci tags=default", env: announced, out: facts("deploy"), files: profileFilesOf("mine", "deploy")}},
	{name: "keys that nobody knows", use: use{with: also(staticKeys, inputs{"aws-access-key-id": "AKIANOBODYKNOWSME000"}), calls: "GetCallerIdentity InvalidClientTokenId", code: "credentials-invalid"}},
	{name: "keys with a wrong secret", use: use{with: also(staticKeys, inputs{"aws-secret-access-key": "notTheSecret"}), calls: "GetCallerIdentity by ci SignatureDoesNotMatch", code: "credentials-invalid", says: []string{"does not accept the credentials"}, hides: []string{"notTheSecret"}}},
	{name: "keys with force-skip-oidc", use: use{with: also(toRole(staticKeys, deployRole), inputs{"force-skip-oidc": "true"}), calls: "AssumeRole deploy by ci tags=default", as: "deploy"}},
	{name: "keys where the job may have no token", workflow: "id-token: false", use: use{with: toRole(staticKeys, deployRole), calls: "AssumeRole deploy by ci tags=default", as: "deploy"}},

	// 2. A token file.
	{name: "a token file", files: vars{"{temp}/token": "{token}\n"},
		use: use{with: inputs{"web-identity-token-file": "{temp}/token"}, calls: "AssumeRoleWithWebIdentity hub", as: "hub", says: []string{"the token of web-identity-token-file"}}},
	{name: "a token file in the workspace", files: vars{"{workspace}/secrets/token": "{token}"},
		use: use{with: inputs{"web-identity-token-file": "secrets/token"}, calls: "AssumeRoleWithWebIdentity hub", as: "hub"}},
	{name: "a token file where the job may have no token", workflow: "id-token: false", files: vars{"{temp}/token": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2V4YW1wbGUuY29tIiwic3ViIjoibWUifQ.AAAA"},
		use: use{with: inputs{"web-identity-token-file": "{temp}/token"}, calls: "AssumeRoleWithWebIdentity hub InvalidIdentityToken", code: "provider-missing"}},
	{name: "a token file beats role-chaining and OIDC", files: vars{"{temp}/token": "{token}"}, job: ciVariables,
		use: use{with: inputs{"web-identity-token-file": "{temp}/token", "role-chaining": "true"}, calls: "AssumeRoleWithWebIdentity hub", as: "hub"}},
	{name: "a token file with force-skip-oidc and a chain", files: vars{"{temp}/token": "{token}"},
		use: use{with: inputs{"web-identity-token-file": "{temp}/token", "force-skip-oidc": "true", "role-chain": deployRole}, calls: "AssumeRoleWithWebIdentity hub; AssumeRole deploy by hub", as: "deploy"}},
	{name: "a token file as Kubernetes projects it", files: vars{"{temp}/tokens/..2026_11_23/token": "{token}"}, links: vars{"{temp}/tokens/..data": "..2026_11_23", "{temp}/tokens/token": "..data/token"},
		use: use{with: inputs{"web-identity-token-file": "{temp}/tokens/token"}, calls: "AssumeRoleWithWebIdentity hub", as: "hub"}},
	{name: "a token file that is another link", files: vars{"{temp}/real": "{token}"}, links: vars{"{temp}/token": "real"},
		use: use{with: inputs{"web-identity-token-file": "{temp}/token"}, code: "failed", says: []string{"symbolic link", "{temp}/token"}}},
	{name: "a token file by the name that a job container has for it", files: vars{"{temp}/token": "{token}"},
		use: use{with: inputs{"web-identity-token-file": "/__w/_temp/token"}, calls: "AssumeRoleWithWebIdentity hub", as: "hub"}},
	{name: "a token file by the name that a container action has for it", files: vars{"{workspace}/token": "{token}"},
		use: use{with: inputs{"web-identity-token-file": "/github/workspace/token"}, calls: "AssumeRoleWithWebIdentity hub", as: "hub"}},
	{name: "a token file with a byte-order mark", files: vars{"{temp}/token": "\ufeff{token}\r\n"},
		use: use{with: inputs{"web-identity-token-file": "{temp}/token"}, calls: "AssumeRoleWithWebIdentity hub", as: "hub"}},
	{name: "a token file as the endpoint answers", files: vars{"{temp}/token": "{\"value\": \"{token}\"}\n"},
		use: use{with: inputs{"web-identity-token-file": "{temp}/token"}, calls: "AssumeRoleWithWebIdentity hub", as: "hub", hides: []string{"eyJ"}}},
	{name: "a token file that is missing", use: use{with: inputs{"web-identity-token-file": "{temp}/token"}, code: "failed", says: []string{"{temp}/token\" does not exist", "workspace"}}},
	{name: "a token file without a token", files: vars{"{temp}/token": "not a token"},
		use: use{with: inputs{"web-identity-token-file": "{temp}/token"}, code: "failed", says: []string{"does not contain a token"}, hides: []string{"not a token"}}},
	{name: "a token file without a role", use: use{with: inputs{"role-to-assume": notGiven, "web-identity-token-file": "{temp}/token"}, code: "invalid-input", says: []string{"requires role-to-assume"}}},

	// 3. Credentials that are there already.
	{name: "role-chaining with the environment's keys", use: byOIDC, then: []use{
		{with: inputs{"role-chaining": "true", "role-to-assume": deployRole}, calls: "AssumeRole deploy by hub tags=default", as: "deploy", says: []string{"Using the credentials of the default chain (environment)"}}}},
	{name: "role-chaining for two hours, signed by a session", use: byOIDC, then: []use{
		{with: inputs{"role-chaining": "true", "role-to-assume": deployRole, "role-duration-seconds": "7200"}, code: "duration-over-chaining-hour"}}},
	{name: "role-chaining for two hours, signed by a user", job: ciVariables,
		use: use{with: inputs{"role-chaining": "true", "role-to-assume": deployRole, "role-duration-seconds": "7200"}, calls: "AssumeRole deploy by ci duration=7200 tags=default", as: "deploy", out: factsUntil("deploy", "{name}", "{+2h0m0s}")}},
	{name: "role-chaining to a role by its name", job: ciVariables,
		use: use{with: inputs{"role-chaining": "true", "role-to-assume": "team/local"}, calls: "GetCallerIdentity by ci; AssumeRole local by ci tags=default", as: "local"}},
	{name: "role-chaining with the default profile of an earlier step", use: use{with: inputs{"aws-profile": "default"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: profileFilesOf("default", "hub")}, then: []use{
		{with: inputs{"role-chaining": "true", "role-to-assume": deployRole}, calls: "AssumeRole deploy by hub tags=default", as: "deploy", env: "+ " + announced, says: []string{"profile default"}, files: profileFilesOf("default", "deploy")}}},
	{name: "role-chaining with the profile of AWS_PROFILE", job: vars{"AWS_PROFILE": "first"},
		use: use{with: inputs{"aws-profile": "first"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: profileFilesOf("first", "hub")}, then: []use{
			{with: inputs{"aws-profile": "second", "role-to-assume": otherRole}, calls: "token; AssumeRoleWithWebIdentity other", env: announced, out: facts("other"), files: profileFilesOf("first", "hub", "second", "other")},
			{with: inputs{"role-chaining": "true", "role-to-assume": deployRole}, calls: "AssumeRole deploy by hub tags=default", as: "deploy", notes: "warning AWS_PROFILE", files: profileFilesOf("first", "hub", "second", "other")}}},
	{name: "role-chaining with what the machine has", files: vars{"{home}/.aws/credentials": "[default]\n" + profileKeys("ci")},
		use: use{with: inputs{"role-chaining": "true", "role-to-assume": deployRole}, calls: "AssumeRole deploy by ci tags=default", as: "deploy", says: []string{"Using the credentials of the default chain (profile default)"}}},
	{name: "role-chaining with nothing there", use: use{with: inputs{"role-chaining": "true", "role-to-assume": deployRole}, code: "failed", says: []string{"no credentials from environment, profiles, container or instance"}}},
	{name: "role-chaining with force-skip-oidc", job: ciVariables,
		use: use{with: inputs{"role-chaining": "true", "role-to-assume": deployRole, "force-skip-oidc": "true"}, calls: "AssumeRole deploy by ci tags=default", as: "deploy"}},
	{name: "role-chaining without a role", use: use{with: inputs{"role-chaining": "true", "role-to-assume": notGiven}, code: "invalid-input", says: []string{"input role-chaining: requires role-to-assume"}}},
	{name: "role-chaining through a whole chain", use: byOIDC, then: []use{
		{with: inputs{"role-chaining": "true", "role-to-assume": deployRole, "role-chain": nextRole}, calls: "AssumeRole deploy by hub tags=default; AssumeRole next by deploy", as: "next"}}},

	// 4. OIDC.
	{name: "OIDC", use: byOIDC},
	{name: "OIDC for another audience", use: use{with: inputs{"audience": "https://aws.example.com"}, calls: "token for https://aws.example.com; AssumeRoleWithWebIdentity hub", as: "hub"}},
	{name: "OIDC for an audience that is not registered", use: use{with: inputs{"audience": "https://elsewhere.example"}, calls: "token for https://elsewhere.example; AssumeRoleWithWebIdentity hub InvalidIdentityToken", code: "audience-not-registered"}},
	{name: "OIDC in China", use: use{with: inputs{"aws-region": "cn-north-1", "role-to-assume": "arn:aws-cn:iam::333333333333:role/china"}, calls: "token for sts.amazonaws.com.cn; AssumeRoleWithWebIdentity china", as: "china"}},
	{name: "OIDC in GovCloud", use: use{with: inputs{"aws-region": "us-gov-west-1", "role-to-assume": "arn:aws-us-gov:iam::444444444444:role/gov"}, calls: "token; AssumeRoleWithWebIdentity gov", as: "gov"}},
	{name: "OIDC for twelve hours", use: use{with: inputs{"role-duration-seconds": "43200"}, calls: "token; AssumeRoleWithWebIdentity hub duration=43200", as: "hub", out: factsUntil("hub", "{name}", "{+12h0m0s}")}},
	{name: "OIDC for longer than the role allows", use: use{with: inputs{"role-duration-seconds": "7200", "role-to-assume": otherRole}, calls: "token; AssumeRoleWithWebIdentity other duration=7200 ValidationError", code: "duration-over-role-maximum"}},
	{name: "OIDC with a session name", use: use{with: inputs{"role-session-name": "release@v1.2"}, calls: "token; AssumeRoleWithWebIdentity hub name=release@v1.2", env: keys("hub", "eu-central-1"), out: factsUntil("hub", "release@v1.2", "{+1h0m0s}")}},
	{name: "OIDC with a session name made of run data", use: use{with: inputs{"role-session-name": "deploy-octo-org/octo-repo-dependabot[bot]", "role-session-name-sanitize": "true"},
		calls: "token; AssumeRoleWithWebIdentity hub name=deploy-octo-org-octo-repo-dependabot-bot", env: keys("hub", "eu-central-1"), out: factsUntil("hub", "deploy-octo-org-octo-repo-dependabot-bot", "{+1h0m0s}")}},
	{name: "OIDC in a matrix", use: use{with: inputs{"job-index": "3", "job-total": "5"}, calls: "token; AssumeRoleWithWebIdentity hub name={name}-3", env: keys("hub", "eu-central-1"), out: factsUntil("hub", "{name}-3", "{+1h0m0s}")}},
	{name: "OIDC with session policies", use: use{
		with:  inputs{"inline-session-policy": "{\n  \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}]\n}", "managed-session-policies": "arn:aws:iam::aws:policy/ReadOnlyAccess\narn:aws:iam::111111111111:policy/own"},
		calls: `token; AssumeRoleWithWebIdentity hub policy={"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]} policies=arn:aws:iam::aws:policy/ReadOnlyAccess,arn:aws:iam::111111111111:policy/own`, as: "hub"}},
	{name: "OIDC with a chain", use: use{
		with:  inputs{"role-chain": deployRole + "\n" + nextRole, "role-duration-seconds": "7200", "source-identity": "octocat", "inline-session-policy": `{"Statement":[]}`, "role-external-id": "ab"},
		calls: `token; AssumeRoleWithWebIdentity hub duration=7200; AssumeRole deploy by hub external=ab source=octocat; AssumeRole next by deploy external=ab policy={"Statement":[]} MalformedPolicyDocument`, code: "invalid-input",
		notes: "warning no effect", says: []string{"role-duration-seconds 7200 applies to the first hop only", "set refresh: true"}}},
	{name: "OIDC with a chain that says everything itself", use: use{with: inputs{"role-chain": `
- role: arn:aws:iam::222222222222:role/deploy
  external-id: its-own
  session-name: first
  duration-seconds: 900
  tags: {Team: web, Stage: prod}
  transitive-tag-keys: [Team]
- role: arn:aws:iam::222222222222:role/next
  session-name: second
  managed-session-policies: [arn:aws:iam::aws:policy/ReadOnlyAccess]
  inline-session-policy: {Statement: {Effect: Allow, Action: "s3:*", Resource: "*"}}`},
		calls: `token; AssumeRoleWithWebIdentity hub; AssumeRole deploy by hub name=first duration=900 external=its-own tags=Team:web,Stage:prod transitive=Team; ` +
			`AssumeRole next by deploy name=second policy={"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}} policies=arn:aws:iam::aws:policy/ReadOnlyAccess`,
		env: keys("next", "eu-central-1"), out: factsUntil("next", "second", "{+1h0m0s}")}},
	{name: "OIDC wins over keys in the environment", job: ciVariables, use: byOIDC},
	{name: "OIDC without the permission", workflow: "id-token: false", use: use{code: "id-token-permission-missing", says: []string{"id-token: write", "role-chaining: true"}}},
	{name: "OIDC without the permission, with keys in the environment", workflow: "id-token: false", job: ciVariables, use: use{code: "id-token-permission-missing"}},
	{name: "OIDC with a trust policy at hand, which is not needed", files: vars{"{workspace}/iam/hub.json": forProduction}, use: byOIDC.withInputs(inputs{"trust-policy-file": "iam/*.json"})},
	{name: "OIDC refused, with the role's trust policy at hand", files: vars{"{workspace}/iam/lost.json": forProduction},
		use: use{with: inputs{"role-to-assume": lostRole, "trust-policy-file": "iam/*.json"}, calls: "token; AssumeRoleWithWebIdentity " + lostRole + " AccessDenied", code: "subject-environment", says: []string{"iam/lost.json"}}},
	{name: "OIDC refused, with a trust policy that is missing", use: use{with: inputs{"role-to-assume": lostRole, "trust-policy-file": "iam/*.json"}, calls: "token; AssumeRoleWithWebIdentity " + lostRole + " AccessDenied",
		code: "web-identity-not-authorized", says: []string{"matches no file in the workspace"}}},
	{name: "OIDC refused, with a trust policy by another name of the workspace", files: vars{"{workspace}/iam/lost.json": forProduction},
		use: use{with: inputs{"role-to-assume": lostRole, "trust-policy-file": "/__w/octo-repo/octo-repo/iam/*.json"}, calls: "token; AssumeRoleWithWebIdentity " + lostRole + " AccessDenied", code: "subject-environment", says: []string{"iam/lost.json"}}},
	{name: "OIDC with a trust policy outside the workspace", use: use{with: inputs{"trust-policy-file": "../iam.json"}, code: "invalid-input", says: []string{"input trust-policy-file"}}},
	{name: "OIDC skipped with nothing else", use: use{with: inputs{"force-skip-oidc": "true"}, code: "invalid-input", says: []string{"aws-access-key-id, web-identity-token-file or role-chaining"}}},
	{name: "OIDC at an endpoint of one's own", job: vars{"AWS_ENDPOINT_URL_STS": "https://unreachable.invalid"}, use: use{with: inputs{"sts-endpoint": "{server}"}, calls: byOIDC.calls, as: "hub"}},
	{name: "OIDC at the endpoint of all services", job: vars{"AWS_ENDPOINT_URL_STS": "", "AWS_ENDPOINT_URL": "{server}"}, use: byOIDC},

	// 5. What the machine has.
	{name: "the default chain's environment", job: ciVariables, use: use{with: inputs{"role-to-assume": notGiven}, calls: "GetCallerIdentity by ci", as: "ci", env: justRegion, says: []string{"Using the credentials of the default chain (environment)"}}},
	{name: "the default chain with force-skip-oidc", job: ciVariables, use: use{with: inputs{"role-to-assume": notGiven, "force-skip-oidc": "true"}, calls: "GetCallerIdentity by ci", as: "ci", env: justRegion}},
	{name: "the default chain with nothing in it", use: use{with: inputs{"role-to-assume": notGiven}, code: "failed", says: []string{"no credentials from environment, profiles, container or instance", "AWS_EC2_METADATA_DISABLED"}}},

	// Whose account it is, on every way.
	{name: "keys of an account that is allowed", use: use{with: also(staticKeys, inputs{"allowed-account-ids": "999999999999, 111111111111"}), calls: "GetCallerIdentity by ci", as: "ci"}},
	{name: "keys of an account that is not", use: use{with: also(staticKeys, inputs{"allowed-account-ids": "222222222222"}), calls: "GetCallerIdentity by ci", code: "account-not-allowed", says: []string{"nothing was exported"}}},
	{name: "a role by its name in an account that is not", use: use{with: also(toRole(staticKeys, "team/local"), inputs{"allowed-account-ids": "222222222222"}), calls: "GetCallerIdentity by ci; AssumeRole local by ci tags=default", code: "account-not-allowed"}},
	{name: "a token file for an account that is not", files: vars{"{temp}/token": "{token}"}, use: use{with: inputs{"web-identity-token-file": "{temp}/token", "allowed-account-ids": "222222222222"}, code: "account-not-allowed"}},
	{name: "role-chaining into an account that is not", use: byOIDC, then: []use{{with: inputs{"role-chaining": "true", "role-to-assume": deployRole, "allowed-account-ids": "111111111111"}, code: "account-not-allowed"}}},
	{name: "OIDC into an account that is not", use: use{with: inputs{"allowed-account-ids": "222222222222"}, code: "account-not-allowed"}},
	{name: "a chain through an account that is not", use: use{with: inputs{"role-chain": deployRole, "allowed-account-ids": "222222222222"}, calls: "token; AssumeRoleWithWebIdentity hub; AssumeRole deploy by hub", as: "deploy"}},
	{name: "the machine's account, which is not", job: ciVariables, use: use{with: inputs{"role-to-assume": notGiven, "allowed-account-ids": "222222222222"}, calls: "GetCallerIdentity by ci", code: "account-not-allowed"}},
}

const announced = "AWS_CONFIG_FILE={temp}/aws-oidc-action/config AWS_SDK_LOAD_CONFIG=1 AWS_SHARED_CREDENTIALS_FILE={temp}/aws-oidc-action/credentials"

// profileFilesOf are the two files of the action's own with pairs of profile
// and identity.
func profileFilesOf(pairs ...string) vars {
	var config, credentials string
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			config, credentials = config+"\n", credentials+"\n"
		}
		header := "profile " + pairs[i]
		if pairs[i] == "default" {
			header = "default"
		}
		config += "[" + header + "]\nregion = eu-central-1\n"
		credentials += "[" + pairs[i] + "]\n" + profileKeys(pairs[i+1])
	}
	return vars{"{temp}/aws-oidc-action/config": config, "{temp}/aws-oidc-action/credentials": credentials}
}

func profileKeys(as string) string {
	text := "aws_access_key_id = {" + as + ".id}\naws_secret_access_key = {" + as + ".secret}\n"
	if as != "ci" {
		text += "aws_session_token = {" + as + ".token}\n"
	}
	return text
}

// forProduction is the trust policy of a role for one environment.
const forProduction = `{"Version": "2012-10-17", "Statement": [{
  "Effect": "Allow",
  "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
  "Action": "sts:AssumeRoleWithWebIdentity",
  "Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:octo-org/octo-repo:environment:production"}}
}]}`
