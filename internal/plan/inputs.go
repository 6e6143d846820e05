package plan

// Input is one input of the action. The list below is the only one: action.yml
// and the README's table are rendered from it, and a test compares them.
type Input struct {
	Name        string
	Default     string // as action.yml gives it; where it is empty, Build knows the default
	Required    bool
	Hidden      bool // serves the action itself; nobody sets it
	Multiline   bool
	Description string
}

// Inputs lists every input, in the order of action.yml.
var Inputs = []Input{
	{Name: "aws-region", Required: true,
		Description: "AWS region for the credentials, for example eu-central-1; its STS is asked"},
	{Name: "role-to-assume",
		Description: "ARN of the role that is assumed with the job's OIDC token"},
	{Name: "role-chain", Multiline: true,
		Description: "Roles to walk to from there, each with the credentials of the one before: one ARN a line, or a YAML list of mappings (role, external-id, session-name, duration-seconds, inline-session-policy, managed-session-policies, tags, transitive-tag-keys)"},
	{Name: "audience",
		Description: "Audience of the OIDC token; by default that of the region's partition (sts.amazonaws.com, in China sts.amazonaws.com.cn)"},
	{Name: "role-session-name",
		Description: "Session name, as CloudTrail shows it; by default GitHubActions-<run id>-<attempt>-<job>, with the matrix index if there is a matrix"},
	{Name: "role-duration-seconds",
		Description: "How long the session lasts, 900 to 43200 (default 3600); with a role-chain more than an hour holds for the first hop only"},
	{Name: "role-external-id",
		Description: "External id for every AssumeRole hop that names none of its own"},
	{Name: "source-identity",
		Description: "Source identity that is set at the first AssumeRole hop and stays along the chain"},
	{Name: "inline-session-policy", Multiline: true,
		Description: "IAM policy (JSON) that narrows the exported session"},
	{Name: "managed-session-policies", Multiline: true,
		Description: "ARNs of managed policies that narrow the exported session, one a line, at most 10"},
	{Name: "allowed-account-ids", Multiline: true,
		Description: "Account ids that the credentials may belong to, separated by commas; any other is refused before anything is exported"},
	{Name: "mask-aws-account-id",
		Description: "Mask the account ids in the log (default false); GitHub then drops job outputs that contain one"},
	{Name: "output-credentials",
		Description: "Also give the credentials as step outputs (default false)"},
	{Name: "output-env-credentials",
		Description: "Export the credentials to the environment of later steps (default true)"},
	{Name: "on-missing-token",
		Description: "What to do where the job may not have an OIDC token: fail (default), or skip: succeed, export nothing, and put out authenticated=false"},
	{Name: "job-summary",
		Description: "When to write a table to the step summary: always, failure (default) or never"},
	{Name: "disable-retry",
		Description: "Try every call only once (default false)"},
	{Name: "retry-max-attempts",
		Description: "How often a call is tried at most, 1 to 100 (default 12); refusals are never tried again"},
	{Name: "action-timeout-s",
		Description: "Seconds the whole login may take (default 120)"},
	{Name: "sts-endpoint",
		Description: "URL of the STS endpoint in place of the region's, for example that of a VPC endpoint"},
	{Name: "runner-temp", Hidden: true, Default: "host:${{ runner.temp }}",
		Description: "Leave as it is: the host's path of the job's temporary directory"},
	{Name: "job-container-id", Hidden: true, Default: "${{ job.container.id }}",
		Description: "Leave as it is: tells whether the job runs in a container"},
	{Name: "job-index", Hidden: true, Default: "${{ strategy.job-index }}",
		Description: "Leave as it is: the index of this job in its matrix"},
	{Name: "job-total", Hidden: true, Default: "${{ strategy.job-total }}",
		Description: "Leave as it is: how many jobs the matrix has"},
	{Name: "job-workflow-ref", Hidden: true, Default: "${{ job.workflow_ref }}",
		Description: "Leave as it is: tells whether the job is part of a reusable workflow"},
}

// Output is one output of the action.
type Output struct {
	Name        string
	Description string
}

// Outputs lists every output, in the order of action.yml.
var Outputs = []Output{
	{"authenticated", "true, or false where on-missing-token: skip let the step pass without credentials"},
	{"aws-account-id", "Account id of the exported session"},
	{"authenticated-arn", "ARN of the exported session"},
	{"assumed-role-id", "AWS's id of the exported session (AROA…:session name)"},
	{"role-session-name", "Session name, by which the run is found in CloudTrail"},
	{"aws-expiration", "When the session ends, RFC 3339 in UTC"},
	{"aws-access-key-id", "Access key id, only with output-credentials"},
	{"aws-secret-access-key", "Secret access key, only with output-credentials"},
	{"aws-session-token", "Session token, only with output-credentials"},
}
