package diagnosis

// Entry is what the documentation says about a code. A diagnosis has the same
// sentences if the cause is certain.
type Entry struct {
	Code  Code
	Cause string
	Cure  string
}

// Reference lists every code once, in the order of the documentation.
var Reference = []Entry{
	{IDTokenPermissionMissing,
		"the job lacks the permission id-token: write, so that GitHub offers it no OIDC token; the runners act and Gitea never offer one, and Forgejo's only with enable-openid-connect: true",
		"add permissions: id-token: write (and contents: read) to the workflow or its job; with act and Gitea use web-identity-token-file, keys or on-missing-token: skip"},
	{ForkPullRequest,
		"the job runs for a pull request from a fork; GitHub provides no token and no secrets to such runs, unless a private repository sends them",
		"run the step only for branches of the repository itself, or set on-missing-token: skip"},
	{DependabotRun,
		"Dependabot triggered the run; its runs have no token unless the workflow raises the permission, and only Dependabot's secrets",
		"add the permission to the workflow's job and the secrets to Dependabot's, or set on-missing-token: skip"},
	{ReusableWorkflowPermission,
		"the job belongs to a reusable workflow whose caller did not grant id-token: write",
		"add permissions: id-token: write to the calling job, which has uses:"},
	{IDTokenEndpoint,
		"GitHub's or the runner's token endpoint returned no token, or a proxy blocked the request",
		"run the job again; if it fails again, check githubstatus.com and the runner's network"},
	{ProviderMissing,
		"the role's account has no identity provider for the token's issuer",
		"check the account id in the role's ARN; if it is right, create the provider in that account (IAM, identity providers)"},
	{ProviderOtherIssuer,
		"the role trusts another identity provider than the one of the token's issuer in the role's own account",
		"name the provider of the token's issuer, in the role's account, as the Federated principal"},
	{AudienceNotRegistered,
		"the provider in the role's account does not list the token's audience",
		"leave the input audience empty, or set it to one that the provider lists; only if this audience is meant, add it to the provider"},
	{AudienceMismatch,
		"the trust policy expects another audience than the token has",
		"set the input audience to the one that the policy expects, or change the policy to expect the token's audience"},
	{SubjectEnvironment,
		"the subject of a job with an environment names that environment and not the branch; the trust policy admits a branch, another environment, or one that the job does not name",
		"let the job name the environment that the policy admits (environment: NAME); if this run is meant to have access, admit the environment of the job"},
	{SubjectPullRequest,
		"the subject of a pull request's run ends in pull_request and names no branch: a policy for branches does not match it, and a policy for pull requests matches no other run",
		"log in on push to the branch, or give pull requests a role of their own that can do little, because they run unreviewed code"},
	{SubjectImmutable,
		"the subject and the trust policy have different forms: one has the ids of owner and repository (repo:OWNER@ID/REPOSITORY@ID:…), and the other has names only",
		"write the policy in the form that the token has"},
	{SubjectCase,
		"the subject and the trust policy differ in upper and lower case only, and IAM compares them exactly",
		"write the value in the policy exactly as the token has it"},
	{SubjectBranchOrTag,
		"the run's branch or tag is not one that the trust policy admits",
		"run on a branch or tag that the policy admits; if this run is meant to have access, admit ref:refs/heads/BRANCH or ref:refs/tags/TAG"},
	{SubjectRepository,
		"the trust policy admits another repository or owner",
		"correct owner and repository in the policy, or assume the role that was made for this repository"},
	{SubjectCustomized,
		"one of subject and trust policy has GitHub's default form, and the other a form that the organization or repository has customized",
		"write the policy in the form that the token has; gh api repos/OWNER/REPOSITORY/actions/oidc/customization/sub shows the setting"},
	{WildcardInStringEquals,
		"the trust policy has * or ? under an operator without wildcards, so that nothing matches",
		"write the value without wildcards; use StringLike only if everything that the wildcard matches is meant to have access: * also matches every branch, environment and pull request"},
	{UnknownConditionKey,
		"the trust policy tests a condition key that the request does not have: a claim that IAM has no key for, a misspelled key, or one of another provider",
		"test a key that exists: sub, aud and, for github.com and ghe.com, actor, actor_id, enterprise_id, environment, job_workflow_ref, ref, repository, repository_id, repository_owner_id, workflow"},
	{WebIdentityNotAuthorized,
		"the role's trust policy does not admit the token, or there is no such role; AWS returns the same message for a dozen different causes",
		"set trust-policy-file to the role's trust policy to learn which condition decides"},
	{ChainedRoleRefused,
		"the caller may not assume the next role: its own permissions or the role's trust policy do not allow it, or there is no such role",
		"allow sts:AssumeRole on the role in the caller's permissions, and name the caller in the role's trust policy"},
	{TagSessionRefused,
		"the hop sends session tags, and the role's trust policy or the caller's permissions do not allow sts:TagSession with them",
		"allow sts:TagSession in addition to sts:AssumeRole on both sides, or send no tags"},
	{SourceIdentityRefused,
		"the session carries a source identity, and the role's trust policy or the caller's permissions do not allow sts:SetSourceIdentity with it",
		"allow sts:SetSourceIdentity in addition to sts:AssumeRole on both sides and at every later hop, or set no source-identity"},
	{ExternalID,
		"the role's trust policy expects an external id, and this hop sends none or another",
		"set external-id on the hop, or role-external-id"},
	{DurationOverRoleMaximum,
		"the requested duration is longer than the role allows",
		"set refresh: true and lower role-duration-seconds, or raise the role's maximum session duration"},
	{DurationOverChainingHour,
		"a role that is assumed with a session's credentials lasts an hour at most",
		"ask for at most 3600 seconds there; for a longer job set refresh: true"},
	{AccountNotAllowed,
		"the credentials belong to an account that is not among allowed-account-ids",
		"correct the role or the keys, or allow the account"},
	{CredentialsInvalid,
		"STS does not accept the credentials that signed the call",
		"check the keys that the login begins with; in a region that is disabled by default, enable it in the caller's account"},
	{PartitionMismatch,
		"role and region are in different partitions of AWS",
		"correct the region or the role's ARN"},
	{RegionDisabled,
		"STS is not active in this region for the role's account",
		"enable the region in the account, or set aws-region to one that is enabled"},
	{TokenExpired,
		"the token was too old when it reached AWS; GitHub's tokens live five minutes",
		"run the job again; if it fails again, check the runner's clock and network"},
	{ClockSkew,
		"the runner's clock and AWS's differ by minutes",
		"set the runner's clock (NTP)"},
	{SessionPolicyTooLarge,
		"session policies and tags together are larger than AWS accepts",
		"shorten inline-session-policy, name fewer managed-session-policies, or send fewer tags"},
	{Throttled,
		"too many calls at once: STS throttles, or could not fetch the issuer's keys in time",
		"run the job again, run fewer jobs at once (strategy.max-parallel), or raise action-timeout-s"},
	{STSUnreachable,
		"no valid response from STS: network, proxy, endpoint, or STS itself",
		"check aws-region, sts-endpoint, the AWS_ENDPOINT_URL variables and the runner's outbound network"},
	{Deadline,
		"the login timed out after action-timeout-s",
		"run the job again, or raise action-timeout-s"},
	{ProfilesFailed,
		"several profiles failed, for different reasons",
		"see the error, which lists each profile with its cause"},
	{InvalidInput,
		"one or more inputs are wrong; no network call was made",
		"see the error, which lists each input with what to do"},
	{Failed,
		"the login failed for another reason, which the error names",
		"see the error"},
}

// Codes lists every code once, in the order of the documentation.
var Codes = func() []Code {
	var all []Code
	for _, e := range Reference {
		all = append(all, e.Code)
	}
	return all
}()

// Entry returns what the documentation says of the code.
func (c Code) Entry() Entry {
	for _, e := range Reference {
		if e.Code == c {
			return e
		}
	}
	return Entry{Code: c}
}
