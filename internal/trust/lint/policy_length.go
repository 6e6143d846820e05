package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
)

var policyLength = Rule{
	ID:       "policy-length",
	Severity: Error,
	Summary:  "the trust policy is longer than IAM accepts",
	Why: "IAM counts the characters of a trust policy without white space. The quota is 2,048 by default, and AWS raises it to at most 8,192 on request. " +
		"A role that is stored in an account has a sufficient quota. Access Analyzer reports POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA.",
	check: func(in *inspection) {
		switch {
		case in.policy == nil:
		case in.policy.Length > trust.MaxLength:
			in.report(Error, in.policy.Pos, fmt.Sprintf("the policy has %d characters without white space; IAM accepts at most %d, and %d by default", in.policy.Length, trust.MaxLength, trust.DefaultLength))
		case in.policy.Length > trust.DefaultLength && in.ARN == "":
			in.report(Warning, in.policy.Pos, fmt.Sprintf("the policy has %d characters without white space; the default quota is %d, which AWS raises to at most %d on request", in.policy.Length, trust.DefaultLength, trust.MaxLength))
		}
	},
}
