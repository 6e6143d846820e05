// Package diagnosis is the vocabulary of refusals: the stable codes with cause and
// remedy, what STS was asked and answered, and what is reported about it. The
// reasoning that leads from one to the other is in explain.
package diagnosis

// Code is the stable name of a diagnosis. It titles the error annotation of a
// failed step and the heading in docs/troubleshooting.md with cause and remedy.
type Code string

// The codes, in the order of docs/troubleshooting.md.
const (
	IDTokenPermissionMissing   Code = "id-token-permission-missing"
	ForkPullRequest            Code = "fork-pull-request"
	DependabotRun              Code = "dependabot-run"
	ReusableWorkflowPermission Code = "reusable-workflow-permission"
	IDTokenEndpoint            Code = "id-token-endpoint"
	ProviderMissing            Code = "provider-missing"
	ProviderOtherIssuer        Code = "provider-other-issuer"
	AudienceNotRegistered      Code = "audience-not-registered"
	AudienceMismatch           Code = "audience-mismatch"
	SubjectEnvironment         Code = "subject-environment"
	SubjectPullRequest         Code = "subject-pull-request"
	SubjectImmutable           Code = "subject-immutable"
	SubjectCase                Code = "subject-case"
	SubjectBranchOrTag         Code = "subject-branch-or-tag"
	SubjectRepository          Code = "subject-repository"
	SubjectCustomized          Code = "subject-customized"
	WildcardInStringEquals     Code = "wildcard-in-string-equals"
	UnknownConditionKey        Code = "unknown-condition-key"
	WebIdentityNotAuthorized   Code = "web-identity-not-authorized"
	ChainedRoleRefused         Code = "chained-role-refused"
	TagSessionRefused          Code = "tag-session-refused"
	SourceIdentityRefused      Code = "source-identity-refused"
	ExternalID                 Code = "external-id"
	DurationOverRoleMaximum    Code = "duration-over-role-maximum"
	DurationOverChainingHour   Code = "duration-over-chaining-hour"
	AccountNotAllowed          Code = "account-not-allowed"
	CredentialsInvalid         Code = "credentials-invalid"
	PartitionMismatch          Code = "partition-mismatch"
	RegionDisabled             Code = "region-disabled"
	TokenExpired               Code = "token-expired"
	ClockSkew                  Code = "clock-skew"
	SessionPolicyTooLarge      Code = "session-policy-too-large"
	Throttled                  Code = "throttled"
	STSUnreachable             Code = "sts-unreachable"
	Deadline                   Code = "deadline"
	ProfilesFailed             Code = "profiles-failed"
	InvalidInput               Code = "invalid-input"
	Failed                     Code = "failed"
)
