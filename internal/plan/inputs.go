package plan

// Input is one input of the action. The list below is the only one: action.yml
// and docs/inputs-and-outputs.md are rendered from it, and a test compares them.
type Input struct {
	Name        string
	Default     string // in action.yml; if it is empty or NotGiven, Build has the default
	Required    bool
	Hidden      bool // for the action itself; users leave it alone
	Multiline   bool
	Secret      bool     // never quoted in a message
	URL         bool     // may hold a user name and a password, which are masked and never quoted
	Env         []string // variables that are used if the input is empty, in this order
	Description string
}

// Inputs lists every input, in the order of action.yml.
var Inputs = []Input{
	{Name: "aws-region", Required: true, Env: []string{"AWS_REGION"},
		Description: "AWS region for the credentials, for example eu-central-1; its STS endpoint is used (aws-global: the global one)"},
	{Name: "role-to-assume", Default: NotGiven, Env: []string{"ROLE_TO_ASSUME"},
		Description: "ARN of the role to assume, with the job's OIDC token unless another way is chosen; a bare name is enough where other credentials are used"},
	{Name: "aws-access-key-id", Secret: true,
		Description: "Access key id of a user or session, in place of OIDC; without role-to-assume these keys are exported themselves"},
	{Name: "aws-secret-access-key", Secret: true,
		Description: "Secret access key that belongs to aws-access-key-id"},
	{Name: "aws-session-token", Secret: true,
		Description: "Session token that belongs to aws-access-key-id, if that is temporary"},
	{Name: "web-identity-token-file", Env: []string{"WEB_IDENTITY_TOKEN_FILE"},
		Description: "File with a web identity token, as it is or as {\"value\": …}, in place of the job's own token; relative to the workspace or absolute, as the job's steps, the host or a container action name it"},
	{Name: "role-chaining", Env: []string{"ROLE_CHAINING"},
		Description: "Assume the role with the credentials that the job already has (default false)"},
	{Name: "force-skip-oidc",
		Description: "Never use the job's OIDC token (default false)"},
	{Name: "role-chain", Default: NotGiven, Multiline: true,
		Description: "Further roles to assume, each with the credentials of the one before: one ARN a line, or a YAML list of mappings (role, external-id, session-name, duration-seconds, inline-session-policy, managed-session-policies, tags, transitive-tag-keys)"},
	{Name: "audience", Env: []string{"AUDIENCE"},
		Description: "Audience of the OIDC token; by default that of the region's partition (sts.amazonaws.com, in China sts.amazonaws.com.cn)"},
	{Name: "role-session-name", Env: []string{"ROLE_SESSION_NAME"},
		Description: "Session name, as CloudTrail shows it; by default GitHubActions-<run id>-<attempt>-<job>, with the matrix index if there is a matrix"},
	{Name: "role-session-name-sanitize",
		Description: "Make a usable session name of run data such as branches, actors and matrix values: other characters become a dash, and longer names are cut to 64 characters (default false)"},
	{Name: "role-duration-seconds", Env: []string{"ROLE_DURATION_SECONDS"},
		Description: "How many seconds the session lasts, 900 to 43200 (default 3600); with a role-chain, more than an hour applies to the first hop only, and refresh: true renews the others"},
	{Name: "role-external-id", Env: []string{"ROLE_EXTERNAL_ID"},
		Description: "External id for every AssumeRole hop that names none of its own"},
	{Name: "source-identity",
		Description: "Source identity that is set at the first AssumeRole hop and stays along the chain"},
	{Name: "inline-session-policy", Default: NotGiven, Multiline: true, Env: []string{"INLINE_SESSION_POLICY"},
		Description: "IAM policy (JSON) that narrows the exported session"},
	{Name: "managed-session-policies", Default: NotGiven, Multiline: true, Env: []string{"MANAGED_SESSION_POLICIES"},
		Description: "ARNs of managed policies that narrow the exported session, one a line or separated by commas, at most 10"},
	{Name: "role-skip-session-tagging", Env: []string{"ROLE_SKIP_SESSION_TAGGING"},
		Description: "Send no session tags where the step's first call is an AssumeRole (default false)"},
	{Name: "custom-tags", Multiline: true,
		Description: "More session tags for that call, as a JSON object of texts"},
	{Name: "transitive-tag-keys", Multiline: true, Env: []string{"TRANSITIVE_TAG_KEYS"},
		Description: "Keys of the session tags that stay along a role chain, one a line"},
	{Name: "allowed-account-ids", Default: NotGiven, Multiline: true,
		Description: "Account ids that the credentials may belong to, separated by commas; any other is refused before anything is exported"},
	{Name: "mask-aws-account-id", Env: []string{"MASK_AWS_ACCOUNT_ID"},
		Description: "Mask the account ids in the log (default false); GitHub then drops job outputs that contain one"},
	{Name: "output-credentials", Env: []string{"OUTPUT_CREDENTIALS"},
		Description: "Also set the credentials as step outputs (default false)"},
	{Name: "output-env-credentials",
		Description: "Export the credentials to the environment of later steps (default true; false with aws-profile, profiles or refresh, and for credentials of the machine, which are used without a role and without keys)"},
	{Name: "aws-profile",
		Description: "Write the credentials to a profile of this name in files of the action's own, which AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name"},
	{Name: "overwrite-aws-profile", Env: []string{"OVERWRITE_AWS_PROFILE"},
		Description: "Replace a profile of that name if there is one (default false)"},
	{Name: "profiles", Default: NotGiven, Multiline: true,
		Description: "Many logins in one step: a YAML mapping of profile names to a role that role-to-assume assumes, or to a mapping (role, role-to-assume, role-chain, region, audience, session-name, external-id, duration-seconds, inline-session-policy, managed-session-policies, tags, transitive-tag-keys, allowed-account-ids)"},
	{Name: "profiles-file", Default: NotGiven,
		Description: "File in the workspace with the same YAML, in place of profiles"},
	{Name: "profiles-select", Default: NotGiven, Multiline: true,
		Description: "Names of the profiles to log in to, separated by commas; * matches any characters (default: all)"},
	{Name: "default-profile",
		Description: "Profile that is written as [default] too and whose region becomes AWS_REGION and AWS_DEFAULT_REGION"},
	{Name: "on-profile-error",
		Description: "What to do if some profiles fail: fail (default) and export nothing, or continue with those that work"},
	{Name: "max-parallel",
		Description: "How many calls run at once, 1 to 64 (default 8)"},
	{Name: "refresh",
		Description: "Install a small program from which SDKs get credentials (credential_process), so that they do not expire in a long job; no key enters the environment (default false)"},
	{Name: "unset-current-credentials", Env: []string{"UNSET_CURRENT_CREDENTIALS"},
		Description: "Neither use nor keep the keys that are in the environment (default false)"},
	{Name: "special-characters-workaround", Env: []string{"SPECIAL_CHARACTERS_WORKAROUND"},
		Description: "Retry up to 12 times until the keys have no special characters (default false)"},
	{Name: "use-existing-credentials", Env: []string{"USE_EXISTING_CREDENTIALS"},
		Description: "Keep credentials that the job already has if they work, belong to the expected account and role, and last long enough (default false)"},
	{Name: "min-remaining-seconds",
		Description: "How long they must last for that, as far as it is known (default 900)"},
	{Name: "logout",
		Description: "Remove what earlier steps of this action exported and wrote, and do nothing else (default false)"},
	{Name: "show-claims",
		Description: "Print the claims of the job's OIDC token, never the token, and do nothing else: no role is needed, nothing is exported, and the output authenticated is false (default false)"},
	{Name: "on-missing-token",
		Description: "What to do in runs that never get an OIDC token (pull requests from forks, Dependabot's runs, the runners act and Gitea): fail (default), or skip: succeed, export nothing, and set the output authenticated=false; a missing permission is always an error"},
	{Name: "job-summary",
		Description: "When to write a table to the step summary: always, failure (default) or never"},
	{Name: "trust-policy-file",
		Description: "Path or glob (*, ?, [a-z]) in the workspace to the trust policies of the roles, so that a refusal is explained by the condition that decided: bare policies in files named after their roles, or any other form that trust lint reads, such as answers of aws iam get-role and CloudFormation templates"},
	{Name: "disable-retry", Env: []string{"DISABLE_RETRY"},
		Description: "Never retry (default false)"},
	{Name: "retry-max-attempts", Env: []string{"RETRY_MAX_ATTEMPTS"},
		Description: "How many times a call is tried, 1 to 100 (default 12, also for 0; above 100: 100); refusals are never retried"},
	{Name: "action-timeout-s",
		Description: "Seconds the whole login may take (default 120)"},
	{Name: "sts-endpoint", URL: true,
		Description: "URL of the STS endpoint in place of the region's, for example that of a VPC endpoint or of MinIO; http:// only for servers that are not AWS's on this machine or in a private network"},
	{Name: "http-proxy", URL: true, Env: []string{"HTTPS_PROXY", "HTTP_PROXY"},
		Description: "URL of the proxy for STS (http, https, socks5 or socks5h); the token endpoint is reached by the proxy variables of the environment; percent-encode special characters in its user name and password, such as @ as %40"},
	{Name: "no-proxy", Multiline: true, Env: []string{"NO_PROXY"},
		Description: "Hosts that are reached without that proxy: names, suffixes, addresses and CIDR ranges, with a port or without, separated by commas, blanks or line ends"},
	{Name: "runner-temp", Hidden: true, Default: "host:${{ runner.temp }}",
		Description: "Leave as it is: the host's path of the job's temporary directory"},
	{Name: "job-container-id", Hidden: true, Default: "${{ job.container.id }}",
		Description: "Leave as it is: shows whether the job runs in a container"},
	{Name: "job-index", Hidden: true, Default: "${{ strategy.job-index }}",
		Description: "Leave as it is: the index of this job in its matrix"},
	{Name: "job-total", Hidden: true, Default: "${{ strategy.job-total }}",
		Description: "Leave as it is: how many jobs the matrix has"},
	{Name: "job-workflow-ref", Hidden: true, Default: "${{ job.workflow_ref }}",
		Description: "Leave as it is: shows whether the job is part of a reusable workflow"},
}

// Output is one output of the action.
type Output struct {
	Name        string
	Description string
}

// Outputs lists every output, in the order of action.yml.
var Outputs = []Output{
	{"authenticated", "true; false after logout and show-claims, and if on-missing-token: skip skipped the login"},
	{"aws-account-id", "Account id of the exported session"},
	{"authenticated-arn", "ARN of the exported session"},
	{"assumed-role-id", "AWS's id of the exported session (AROA…:session name)"},
	{"role-session-name", "Session name, as CloudTrail shows it"},
	{"aws-expiration", "When the session ends, RFC 3339 in UTC"},
	{"profiles", "With profiles: JSON object of profile name to account, arn, session-name, region and expiration, or to error"},
	{"profiles-credentials", "With profiles and output-credentials: JSON object of profile name to aws-access-key-id, aws-secret-access-key and aws-session-token"},
	{"aws-access-key-id", "Access key id, only with output-credentials"},
	{"aws-secret-access-key", "Secret access key, only with output-credentials"},
	{"aws-session-token", "Session token, only with output-credentials"},
}
