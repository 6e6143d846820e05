package action

import "time"

var keeping = inputs{"use-existing-credentials": "true"}

var existingCases = []tableCase{
	{name: "existing: kept", use: byOIDC, then: []use{
		{with: keeping, calls: "GetCallerIdentity by hub", env: "none", out: facts("hub"), says: []string{"Using existing credentials (environment)"}}}},
	{name: "existing: kept, and put out", use: byOIDC, then: []use{
		{with: also(keeping, inputs{"output-credentials": "true"}), calls: "GetCallerIdentity by hub", env: "none", out: facts("hub") + " aws-access-key-id={hub.id} aws-secret-access-key={hub.secret} aws-session-token={hub.token}"}}},
	{name: "existing: kept, and masked", use: byOIDC.withInputs(inputs{"mask-aws-account-id": "true"}), then: []use{
		{with: also(keeping, inputs{"mask-aws-account-id": "true"}), calls: "GetCallerIdentity by hub", env: "none", out: facts("hub"), hides: []string{"111111111111"}}}},
	{name: "existing: kept of a chain", use: use{with: inputs{"role-chain": deployRole}, calls: byOIDC.calls + "; AssumeRole deploy by hub", as: "deploy"}, then: []use{
		{with: also(keeping, inputs{"role-chain": deployRole}), calls: "GetCallerIdentity by deploy", env: "none", out: facts("deploy")}}},
	{name: "existing: kept of a user", job: ciVariables, use: use{with: also(keeping, inputs{"role-to-assume": notGiven}), calls: "GetCallerIdentity by ci", env: "AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1", out: facts("ci")}},
	{name: "existing: kept of a role by its name", use: use{with: toRole(staticKeys, "team/local"), calls: "GetCallerIdentity by ci; AssumeRole local by ci tags=default", as: "local"}, then: []use{
		{with: also(toRole(staticKeys, "team/local"), keeping), calls: "GetCallerIdentity by local", env: "none", out: facts("local")}}},
	{name: "existing: kept of a profile", use: inProfile, then: []use{
		{with: also(keeping, inputs{"aws-profile": "p"}), calls: "GetCallerIdentity by hub", env: "none", out: facts("hub"), says: []string{"profile p"}, files: inProfile.files}}},
	{name: "existing: kept of the profile of AWS_PROFILE", job: vars{"AWS_PROFILE": "p"}, use: inProfile, then: []use{
		{with: keeping, calls: "GetCallerIdentity by hub", env: "AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1", out: facts("hub"), says: []string{"profile p"}, files: inProfile.files}}},
	{name: "existing: kept of the only profile that the job has", use: inProfile, then: []use{
		{with: keeping, calls: "GetCallerIdentity by hub", env: "AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1", out: facts("hub"), says: []string{"profile p"}, files: inProfile.files}}},
	{name: "existing: a profile of another role, which is replaced", use: inProfile, then: []use{
		{with: also(keeping, inputs{"aws-profile": "p", "role-to-assume": otherRole}), calls: "GetCallerIdentity by hub; token; AssumeRoleWithWebIdentity other", env: announced, out: facts("other"), files: profileFilesOf("p", "other")}}},
	{name: "existing: kept where the job may have no token", workflow: "id-token: false", use: use{with: toRole(staticKeys, deployRole), calls: "AssumeRole deploy by ci tags=default", as: "deploy"}, then: []use{
		{with: also(toRole(staticKeys, deployRole), keeping), calls: "GetCallerIdentity by deploy", env: "none", out: facts("deploy")}}},
	{name: "existing: kept of an instance", job: instance, use: aside, then: []use{
		{with: keeping, calls: "GetCallerIdentity by hub", env: justRegion, out: factsUntil("hub", "{name}", ""), says: []string{"Using existing credentials (instance)"}}}},
	{name: "existing: kept of a container", job: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{machine}/container"}, use: aside, then: []use{
		{with: also(keeping, inputs{"min-remaining-seconds": "43200"}), calls: "GetCallerIdentity by hub", env: justRegion, out: factsUntil("hub", "{name}", ""), says: []string{"Using existing credentials (container)"}}}},
	{name: "existing: of a container, to be put out, with too little left", job: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{machine}/container"}, use: aside, then: []use{
		{with: also(keeping, inputs{"min-remaining-seconds": "43200", "output-credentials": "true", "output-env-credentials": "false"}), calls: "GetCallerIdentity by hub; " + byOIDC.calls, env: "none",
			out: facts("hub2") + " aws-access-key-id={hub2.id} aws-secret-access-key={hub2.secret} aws-session-token={hub2.token}", says: []string{"less than min-remaining-seconds"}}}},
	{name: "existing: of a container that refuses", job: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{machine}/guarded"}, use: use{with: keeping, calls: byOIDC.calls, as: "hub", says: []string{"No existing credentials (the container's credentials endpoint (AWS_CONTAINER_CREDENTIALS_FULL_URI): unexpected response (status 403)"}}},
	{name: "existing: STS does not answer", job: ciVariables, faults: "{call: GetCallerIdentity, fault: hang, times: always}",
		use: use{with: also(keeping, inputs{"action-timeout-s": "2"}), calls: "GetCallerIdentity hang; " + byOIDC.calls, as: "hub", says: []string{"Existing credentials (environment) cannot be checked: no response from", "timed out"}, hides: []string{"no longer work"}}},
	{name: "existing: STS has no time", job: ciVariables, faults: "{call: GetCallerIdentity, fault: throttling, times: always}",
		use: use{with: also(keeping, inputs{"retry-max-attempts": "1"}), calls: "GetCallerIdentity Throttling throttling; " + byOIDC.calls, as: "hub", says: []string{"Existing credentials (environment) cannot be checked: Throttling"}, hides: []string{"no longer work"}}},
	{name: "existing: false means false", use: byOIDC, then: []use{
		{with: inputs{"use-existing-credentials": "false"}, calls: byOIDC.calls, as: "hub2"}}},
	{name: "existing: none", use: use{with: keeping, calls: byOIDC.calls, as: "hub", says: []string{"No existing credentials"}}},
	{name: "existing: of another role", use: byOIDC, then: []use{
		{with: also(keeping, inputs{"role-to-assume": otherRole}), calls: "GetCallerIdentity by hub; token; AssumeRoleWithWebIdentity other", as: "other", says: []string{"expected role other"}}}},
	{name: "existing: in another account", use: byOIDC, then: []use{
		{with: also(byKeys, keeping), calls: "GetCallerIdentity by hub; AssumeRole deploy by ci tags=default", as: "deploy", says: []string{"account 111111111111, expected 222222222222"}}}},
	{name: "existing: in an account that is not allowed", job: ciVariables, use: use{with: also(keeping, inputs{"role-to-assume": notGiven, "allowed-account-ids": "222222222222"}), calls: "GetCallerIdentity by ci; GetCallerIdentity by ci", code: "account-not-allowed", says: []string{"do not fit: ", "which is not in allowed-account-ids"}}},
	{name: "existing: a user's where a role is wanted", job: ciVariables, use: use{with: keeping, calls: "GetCallerIdentity by ci; " + byOIDC.calls, as: "hub"}},
	{name: "existing: broken", job: vars{"AWS_ACCESS_KEY_ID": "AKIANOBODYKNOWSME000", "AWS_SECRET_ACCESS_KEY": "x"}, use: use{with: keeping, calls: "GetCallerIdentity InvalidClientTokenId; " + byOIDC.calls, as: "hub", says: []string{"no longer work"}}},
	{name: "existing: expired", use: use{at: -14 * time.Minute, with: inputs{"role-duration-seconds": "900"}, calls: "token; AssumeRoleWithWebIdentity hub duration=900", as: "hub", out: factsUntil("hub", "{name}", "{+1m0s}")}, then: []use{
		{at: 2 * time.Minute, with: keeping, calls: "GetCallerIdentity by hub ExpiredToken; " + byOIDC.calls, as: "hub2", out: factsUntil("hub", "{name}", "{+1h2m0s}")}}},
	{name: "existing: with too little left", use: byOIDC.withInputs(inputs{"role-duration-seconds": "900"}).until("duration=900", "{+15m0s}"), then: []use{
		{with: keeping, calls: "GetCallerIdentity by hub; " + byOIDC.calls, as: "hub2", says: []string{"less than min-remaining-seconds"}}}},
	{name: "existing: with little left, which is enough", use: byOIDC.withInputs(inputs{"role-duration-seconds": "900"}).until("duration=900", "{+15m0s}"), then: []use{
		{with: also(keeping, inputs{"min-remaining-seconds": "600"}), calls: "GetCallerIdentity by hub", env: "none", out: factsUntil("hub", "{name}", "{+15m0s}")}}},
	{name: "existing: with just too little left", use: byOIDC, then: []use{
		{at: 5 * time.Minute, with: also(keeping, inputs{"min-remaining-seconds": "3301"}), calls: "GetCallerIdentity by hub; " + byOIDC.calls, as: "hub2", out: factsUntil("hub", "{name}", "{+1h5m0s}")}}},
	{name: "existing: with just enough left", use: byOIDC, then: []use{
		{at: 5 * time.Minute, with: also(keeping, inputs{"min-remaining-seconds": "3299"}), calls: "GetCallerIdentity by hub", env: "none", out: facts("hub")}}},
	{name: "existing: unset", use: byOIDC, then: []use{
		{with: also(keeping, inputs{"unset-current-credentials": "true"}), calls: byOIDC.calls, as: "hub2"}}},
	{name: "existing: less than no time", use: use{with: also(keeping, inputs{"min-remaining-seconds": "-1"}), code: "invalid-input", says: []string{"input min-remaining-seconds"}}},
}

// until completes a login whose session ends otherwise.
func (u use) until(parameter, end string) use {
	u.calls += " " + parameter
	u.out = factsUntil(u.as, "{name}", end)
	return u
}
