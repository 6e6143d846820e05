package action

const (
	fork       = "event: pull_request\nfork: true\nactor: contributor"
	dependabot = `actor: "dependabot[bot]"` + "\nid-token: false"

	notAvailable = "is empty; if it comes from an expression, the secret or variable is not available to this job"
)

// skipped is a use that passes without credentials.
func skipped(with inputs) use {
	return use{with: also(with, inputs{"on-missing-token": "skip"}), env: "none", out: "authenticated=false", notes: "notice skipped"}
}

// showsClaims is a use that prints the claims and does nothing else.
func showsClaims(with inputs, calls string, says ...string) use {
	return use{with: also(with, inputs{"show-claims": "true"}), calls: calls, env: "none", out: "authenticated=false", says: says, hides: []string{"eyJ", "CloudTrail"}}
}

// refused is a use that fails before any call.
func refused(with inputs, code string, says ...string) use {
	return use{with: with, code: code, says: says}
}

// inputCases are inputs that came out empty, that the action does not have, and
// that say the same as a default.
var inputCases = []tableCase{
	{name: "empty: role-to-assume", use: refused(inputs{"role-to-assume": ""}, "invalid-input", "input role-to-assume: "+notAvailable, "secrets: inherit")},
	{name: "empty: role-to-assume, where the machine has credentials", job: ciVariables, use: refused(inputs{"role-to-assume": ""}, "invalid-input", "input role-to-assume: "+notAvailable)},
	{name: "empty: role-to-assume, of blanks", use: refused(inputs{"role-to-assume": " \n"}, "invalid-input", "input role-to-assume: "+notAvailable)},
	{name: "empty: role-to-assume beside keys", use: use{with: also(staticKeys, inputs{"role-to-assume": ""}), calls: "GetCallerIdentity by ci", as: "ci"}},
	{name: "empty: role-to-assume beside its variable", job: vars{"ROLE_TO_ASSUME": otherRole}, use: use{with: inputs{"role-to-assume": ""}, calls: "token; AssumeRoleWithWebIdentity other", as: "other"}},
	{name: "empty: role-to-assume beside role-chaining", job: ciVariables, use: refused(inputs{"role-to-assume": "", "role-chaining": "true"}, "invalid-input", "input role-chaining: requires role-to-assume")},
	{name: "empty: role-to-assume with a chain", use: refused(inputs{"role-to-assume": "", "role-chain": deployRole}, "invalid-input", "input role-to-assume: "+notAvailable)},
	{name: "empty: role-to-assume with a chain and keys", use: refused(also(staticKeys, inputs{"role-to-assume": "", "role-chain": deployRole}), "invalid-input", "input role-chain: requires role-to-assume")},
	{name: "empty: role-to-assume above profiles", use: refused(inputs{"role-to-assume": "", "profiles": twoProfiles}, "invalid-input", "input profiles, line 1: role-to-assume is required for the roles of these profiles: web, plain")},
	{name: "empty: role-to-assume beside profiles that need none", use: many(inputs{"role-to-assume": "", "profiles": "a: {role-to-assume: " + otherRole + "}"}, "", announced+overridden, profileFacts("a", "other"), "a", "other").asking("token; AssumeRoleWithWebIdentity other")},
	{name: "empty: role-chain", use: refused(inputs{"role-chain": ""}, "invalid-input", "input role-chain: "+notAvailable)},
	{name: "empty: profiles", use: refused(inputs{"profiles": ""}, "invalid-input", "input profiles: "+notAvailable)},
	{name: "empty: profiles beside profiles-file", files: vars{"{workspace}/aws.yml": twoProfiles}, use: refused(inputs{"profiles": "", "profiles-file": "aws.yml"}, "invalid-input", "input profiles: "+notAvailable)},
	{name: "empty: profiles-select", use: refused(inputs{"profiles": twoProfiles, "profiles-select": ""}, "invalid-input", "input profiles-select: "+notAvailable)},
	{name: "empty: all that narrows", use: use{with: inputs{"allowed-account-ids": "", "inline-session-policy": "", "managed-session-policies": ""}, calls: byOIDC.calls, as: "hub",
		notes: "warning no effect; warning no effect; warning no effect",
		says:  []string{"input allowed-account-ids is empty and has no effect", "input inline-session-policy is empty and has no effect", "input managed-session-policies is empty and has no effect"}}},
	{name: "empty: a session policy beside its variable", job: vars{"INLINE_SESSION_POLICY": `{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}`},
		use: use{with: inputs{"inline-session-policy": ""}, calls: `token; AssumeRoleWithWebIdentity hub policy={"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`, as: "hub",
			notes: "warning no effect", says: []string{"the variable INLINE_SESSION_POLICY is used"}}},
	{name: "empty: a session policy of keys that are exported themselves", use: use{with: also(staticKeys, inputs{"role-to-assume": notGiven, "inline-session-policy": `{"Statement": []}`}), calls: "GetCallerIdentity by ci", as: "ci",
		notes: "warning no effect", says: []string{"input inline-session-policy has no effect: no role is assumed"}}},
	{name: "empty: none of them on logout", use: use{with: inputs{"logout": "true", "role-to-assume": "", "role-chain": "", "profiles": ""}, env: "none", out: "authenticated=false"}},

	{name: "empty: role-to-assume in a fork's run", workflow: fork, use: refused(inputs{"role-to-assume": ""}, "fork-pull-request", "contributor/fork", "input role-to-assume: "+notAvailable)},
	{name: "empty: role-to-assume in a fork's run, skipped", workflow: fork, use: skipped(inputs{"role-to-assume": ""})},
	{name: "empty: everything in a fork's run, skipped", workflow: fork, use: skipped(inputs{"aws-region": "", "role-to-assume": "", "role-chain": "", "profiles": "a: ''\nb:\n  role: ~"})},
	{name: "empty: one in a fork's run, and another one wrong", workflow: fork, use: refused(inputs{"role-to-assume": "", "aws-region": "Frankfurt", "on-missing-token": "skip"}, "invalid-input", "input role-to-assume: is empty", "Frankfurt")},
	{name: "empty: role-to-assume in a fork's run with a token", workflow: fork + "\ntokens-to-forks: true", use: refused(inputs{"role-to-assume": ""}, "fork-pull-request", "inputs are empty, because this job runs for a pull request from a fork")},
	{name: "empty: role-to-assume in Dependabot's run", workflow: dependabot, use: refused(inputs{"role-to-assume": ""}, "dependabot-run", "input role-to-assume: "+notAvailable)},
	{name: "empty: role-to-assume in Dependabot's run, skipped", workflow: dependabot, use: skipped(inputs{"role-to-assume": ""})},
	{name: "empty: role-to-assume in Dependabot's run with a token", workflow: `actor: "dependabot[bot]"`, use: refused(inputs{"role-to-assume": ""}, "dependabot-run", "the Dependabot secrets of the repository")},
	{name: "empty: role-to-assume, not skipped in the repository's own run", use: refused(inputs{"role-to-assume": "", "on-missing-token": "skip"}, "invalid-input", "input role-to-assume: "+notAvailable)},

	{name: "no token in a fork's run", workflow: fork, use: refused(nil, "fork-pull-request", "github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository")},
	{name: "no token in a fork's run, skipped", workflow: fork, use: skipped(nil)},
	{name: "no token in Dependabot's run, skipped", workflow: dependabot, use: skipped(nil)},
	{name: "no token for want of the permission, not skipped", workflow: "id-token: false", use: refused(inputs{"on-missing-token": "skip"}, "id-token-permission-missing", "on-missing-token: skip applies only to pull requests from forks, to Dependabot and to runners without OIDC")},
	{name: "no token with act", workflow: "id-token: false", job: vars{"ACT": "true"}, use: refused(nil, "id-token-permission-missing", "act issues no OIDC token to this job", "act issues no OIDC tokens, whatever permissions", "web-identity-token-file", "aws-oidc-action rehearse")},
	{name: "no token with act, skipped", workflow: "id-token: false", job: vars{"ACT": "true"}, use: skipped(nil)},
	{name: "no token with Forgejo, not skipped", workflow: "id-token: false", job: vars{"FORGEJO_ACTIONS": "true", "GITEA_ACTIONS": "true"}, use: refused(inputs{"on-missing-token": "skip"}, "id-token-permission-missing", "enable-openid-connect: true")},
	{name: "no token in a reusable workflow, not skipped", workflow: "id-token: false\njob-workflow-ref: octo-org/automation/.github/workflows/deploy.yml@refs/heads/main", use: refused(inputs{"on-missing-token": "skip"}, "reusable-workflow-permission", "on-missing-token: skip applies only to")},
	{name: "no token in the run of pull_request_target, not skipped", workflow: "event: pull_request_target\nfork: true\nid-token: false", use: refused(inputs{"on-missing-token": "skip"}, "id-token-permission-missing", "on-missing-token: skip applies only to")},
	{name: "no token, which keys do without", workflow: fork, use: use{with: staticKeys, calls: "GetCallerIdentity by ci", as: "ci"}},

	{name: "unknown inputs", use: use{with: inputs{"allowed-accounts": "111111111111", "role_session_name": "x", "java-version": "21", "args": "", "entrypoint": ""}, calls: byOIDC.calls, as: "hub",
		notes: "warning no effect; warning no effect; warning no effect",
		says: []string{"input allowed-accounts is unknown and ignored; did you mean allowed-account-ids?", "input role_session_name is unknown and ignored; did you mean role-session-name?",
			"input java-version is unknown and ignored; remove it"}}},
	{name: "claims", use: showsClaims(nil, "token", "  sub  ", "Subject, part by part", "Statement for the trust policy of a role; it admits runs of octo-org/octo-repo on refs/heads/main and no others")},
	{name: "claims for an audience", use: showsClaims(inputs{"audience": "https://elsewhere.example"}, "token for https://elsewhere.example", "https://elsewhere.example")},
	{name: "claims in China", use: showsClaims(inputs{"aws-region": "cn-north-1"}, "token for sts.amazonaws.com.cn")},
	{name: "claims where everything else is wrong", use: showsClaims(inputs{"aws-region": "", "role-to-assume": "x", "role-chain": "y", "role-session-name": "a\nb", "profiles": "z", "aws-profile": "[", "sts-endpoint": "ftp://x"}, "token", "  repository_id  ")},
	{name: "claims of a token file", files: vars{"{workspace}/token": "{token}"}, workflow: "", use: showsClaims(inputs{"web-identity-token-file": "token"}, "", "  sub  ")},
	{name: "claims of a token that there is not", workflow: "id-token: false", use: refused(inputs{"show-claims": "true"}, "id-token-permission-missing")},
	{name: "claims of a token that there is not, skipped", workflow: "event: pull_request\nfork: true\nid-token: false", use: skipped(inputs{"show-claims": "true"})},
	{name: "claims, and logout", use: refused(inputs{"show-claims": "true", "logout": "true"}, "invalid-input", "input show-claims: cannot be combined with logout")},
	{name: "claims by a word", use: refused(inputs{"show-claims": "yes"}, "invalid-input", "input show-claims")},
	{name: "unknown inputs beside a problem", use: use{with: inputs{"role-to-assume": notGiven, "role-to-asume": hub, "profiles": twoProfiles}, code: "invalid-input", notes: "warning no effect",
		says: []string{"input role-to-asume is unknown and ignored; did you mean role-to-assume?", "role-to-assume is required for the roles of these profiles: web, plain"}}},
	{name: "inputs in capitals", use: use{with: inputs{"Role-Duration-Seconds": "900"}, calls: "token; AssumeRoleWithWebIdentity hub duration=900", as: "hub", out: factsUntil("hub", "{name}", "{+15m0s}")}},

	{name: "given: the default audience, in China", use: use{with: inputs{"aws-region": "cn-north-1", "role-to-assume": "arn:aws-cn:iam::333333333333:role/china", "audience": "sts.amazonaws.com"},
		calls: "token; AssumeRoleWithWebIdentity china InvalidIdentityToken", code: "audience-not-registered"}},
	{name: "given: the default audience of a profile, in China", use: use{with: inputs{"role-to-assume": notGiven, "profiles": "cn: {role-to-assume: 'arn:aws-cn:iam::333333333333:role/china', region: cn-north-1, audience: sts.amazonaws.com}"},
		calls: "token; AssumeRoleWithWebIdentity china InvalidIdentityToken", code: "audience-not-registered"}},
	{name: "given: the step's session name, by a hop of a profile", use: use{with: inputs{"role-session-name": "mine", "profiles": "a:\n  session-name: theirs\n  role-chain: [{role: " + deployRole + ", session-name: mine}, " + nextRole + "]"},
		calls: "token; AssumeRoleWithWebIdentity hub name=mine; AssumeRole deploy by hub name=mine; AssumeRole next by deploy name=theirs",
		env:   announced + overridden, out: "authenticated=true profiles=" + `{"a":{"account":"222222222222","arn":"arn:aws:sts::222222222222:assumed-role/next/theirs","session-name":"theirs","region":"eu-central-1","expiration":"{+1h0m0s}"}}`,
		files: profileFilesOf("a", "next")}},
}

func (u use) asking(calls string) use {
	u.calls = calls
	return u
}
