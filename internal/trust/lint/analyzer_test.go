package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/docstest"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// analyzerCheck is a check of Access Analyzer that can apply to a trust policy
// (IAM user guide, IAM policy validation check reference), with the rules that
// find the same, or why none does. The example breaks it: members of a
// statement, with G for GitHub's host and ARN for its provider's.
type analyzerCheck struct {
	codes, kind, rules, remark, example string
}

var analyzerChecks = []analyzerCheck{
	{"ARN_REGION_NOT_ALLOWED", "error", "provider-form value-form", "", `"Principal": {"Federated": "arn:aws:iam:us-east-1:111122223333:oidc-provider/G"}`},
	{"DATA_TYPE_MISMATCH", "error", "syntax", "", `"Sid": 7`},
	{"DUPLICATE_KEYS_WITH_DIFFERENT_CASE", "error", "key-case", "", `"Condition": {"StringLike": {"G:sub": "repo:octo@1/app@2:*", "G:SUB": "repo:octo@1/app@2:*"}}`},
	{"INVALID_ACTION", "error", "unknown-action syntax", "", `"Action": "sts:AssumeRoleWithWebIdentitty"`},
	{"INVALID_ARN_ACCOUNT MISSING_ARN_ACCOUNT", "error", "provider-form value-form", "", `"Principal": {"Federated": "arn:aws:iam::1111:oidc-provider/G"}`},
	{"INVALID_ARN_PREFIX", "error", "provider-form", "", `"Principal": {"Federated": "G"}`},
	{"INVALID_ARN_RESOURCE", "error", "provider-form", "", `"Principal": {"Federated": "arn:aws:iam::111122223333:oidc/G"}`},
	{"INVALID_ARN_SERVICE_CASE INVALID_SERVICE", "error", "provider-form", "", `"Principal": {"Federated": "arn:aws:IAM::111122223333:oidc-provider/G"}`},
	{"INVALID_CONDITION_DATA_TYPE", "error", "value-form", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "DateLessThan": {"aws:CurrentTime": "soon"}}`},
	{"INVALID_CONDITION_KEY_FORMAT", "error", "unknown-key", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"sub": "x"}}`},
	{"INVALID_CONDITION_MULTIPLE_BOOLEAN", "error", "several-booleans", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "Bool": {"aws:SecureTransport": ["true", "false"]}}`},
	{"INVALID_CONDITION_OPERATOR", "error", "syntax", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringEqual": {"G:ref": "x"}}`},
	{"INVALID_EFFECT", "error", "syntax", "", `"Effect": "allow"`},
	{"INVALID_GLOBAL_CONDITION_KEY", "error", "unknown-key", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"aws:SourceAdress": "x"}}`},
	{"INVALID_PARTITION", "error", "provider-form value-form", "", `"Principal": {"Federated": "arn:awscn:iam::111122223333:oidc-provider/G"}`},
	{"INVALID_POLICY_ELEMENT", "error", "syntax", "", `"Conditions": {}`},
	{"INVALID_PRINCIPAL_FORMAT", "error", "value-form syntax", "", `"Principal": {"Federated": "ARN", "AWS": "11112222333"}`},
	{"INVALID_PRINCIPAL_KEY", "error", "syntax", "", `"Principal": {"federated": "ARN"}`},
	{"INVALID_REGION", "error", "value-form", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"aws:RequestedRegion": "eu_west_1"}}`},
	{"INVALID_SERVICE_CONDITION_KEY", "error", "unknown-key", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"G:repository_owner": "octo"}}`},
	{"INVALID_SERVICE_IN_ACTION UNSUPPORTED_ACTION_IN_POLICY", "error", "unknown-action", "", `"Action": ["sts:AssumeRoleWithWebIdentity", "s3:GetObject"]`},
	{"INVALID_VARIABLE_FOR_OPERATOR", "error", "value-form", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "NumericLessThan": {"aws:EpochTime": "${G:actor_id}"}}`},
	{"INVALID_VERSION", "error", "syntax", "", "VERSION 2012-10-18"},
	{"JSON_SYNTAX_ERROR", "error", "syntax", "", `"Sid": x`},
	{"MISSING_ACTION MISSING_EFFECT MISSING_PRINCIPAL MISSING_STATEMENT", "error", "syntax", "", `"Statement": []`},
	{"MISSING_ARN_FIELD", "error", "value-form", "", `"Principal": {"Federated": "ARN", "AWS": "arn:aws:iam::role/x"}`},
	{"MISSING_QUALIFIER", "error", "", "No key with several values is in a token exchange.", ""},
	{"NULL_WITH_IF_EXISTS", "error", "syntax", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "NullIfExists": {"G:ref": "true"}}`},
	{"UNIQUE_SIDS_REQUIRED", "error", "sid", "", `"Sid": "Same"`},
	{"UNSUPPORTED_ELEMENT_COMBINATION", "error", "syntax", "", `"NotAction": "sts:AssumeRole"`},
	{"UNSUPPORTED_GLOBAL_CONDITION_KEY", "error", "caller-key", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"aws:Arn": "arn:*"}}`},
	{"UNSUPPORTED_SID", "error", "sid", "", `"Sid": "a-b"`},
	{"UNSUPPORTED_WILDCARD_IN_PRINCIPAL", "error", "value-form", "", `"Principal": {"Federated": "ARN", "AWS": "arn:aws:iam::111122223333:role/*"}`},
	{"EMPTY_VARIABLE MISSING_BRACE_IN_VARIABLE MISSING_QUOTE_IN_VARIABLE UNSUPPORTED_SPACE_IN_VARIABLE", "error", "syntax", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"G:ref": "x${G:actor"}}`},
	{"VARIABLE_UNSUPPORTED_IN_ELEMENT", "error", "syntax value-form", "", `"Action": "sts:${aws:username}"`},
	{"VARIABLE_UNSUPPORTED_IN_VERSION", "error", "variable-without-version", "", `VERSION 2008-10-17 "Condition": {"StringLike": {"G:sub": "repo:octo@1/app@2:ref:refs/heads/${G:actor}"}}`},
	{"PRIVATE_IP_ADDRESS", "error", "private-address", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}`},
	{"PRIVATE_NOT_IP_ADDRESS", "error", "private-address", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}`},
	{"MISSING_TAG_KEY_IN_CONDITION", "error", "unknown-key", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"aws:RequestTag": "x"}}`},
	{"INVALID_VPC_FORMAT", "error", "value-form", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"aws:SourceVpc": "vpc_1"}}`},
	{"INVALID_VPCE_FORMAT", "error", "value-form", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"aws:SourceVpce": "vpce_1"}}`},
	{"UNSUPPORTED_ACTION_FOR_CONDITION_KEY", "error", "", "sts:TagSession beside sts:AssumeRoleWithWebIdentity is common and harmless: GitHub's tokens carry no session tags.", ""},
	{"ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", "error", "principal-wildcard", "In an Allow. Whether IAM stores NotPrincipal in a Deny was not verified; it is evaluated as the user guide describes.", `NOT "NotPrincipal": {"AWS": "111122223333"}`},
	{"ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", "error", "principal-wildcard", `The user guide describes "*" in trust policies and advises against it.`, `"Principal": "*"`},
	{"ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", "error", "syntax", "", `"Resource": "*"`},
	{"TYPE_MISMATCH_IP_RANGE", "error", "value-form", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "IpAddress": {"aws:SourceIp": "203.0.113.0/33"}}`},
	{"MISSING_ACTION_FOR_CONDITION_KEY", "error", "", "GitHub's tokens carry no session tags and no source identity.", ""},
	{"INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", "error", "provider-form", "", `"Principal": {"Federated": "https://G"}`},
	{"MISMATCHED_ACTION_FOR_PRINCIPAL", "error", "wrong-action", "", `"Action": "sts:AssumeRole"`},
	{"VARIABLE_USAGE_TOO_PERMISSIVE WILDCARD_USAGE_TOO_PERMISSIVE", "error", "principal-wildcard", "Where a condition on such a key is all that limits AWS principals.", "PRINCIPAL"},
	{"DEPRECATED_GLOBAL_CONDITION_KEY", "warning", "caller-key", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"aws:Arn": "arn:*"}}`},
	{"INVALID_DATE_VALUE", "warning", "", "Seconds since 1970 are valid and have one meaning.", ""},
	{"INVALID_ROLE_REFERENCE INVALID_USER_REFERENCE", "warning", "", "Principals other than GitHub's provider are judged by their form only; an id of a role or user is valid.", ""},
	{"MISSING_VERSION", "warning", "variable-without-version", "Only a policy with policy variables depends on the version.", `VERSION - "Condition": {"StringLike": {"G:sub": "repo:octo@1/app@2:ref:refs/heads/${G:actor}"}}`},
	{"UNIQUE_SIDS_RECOMMENDED", "warning", "sid", "", `"Sid": "Same"`},
	{"WILDCARD_WITHOUT_LIKE_OPERATOR", "warning", "wildcard-in-equals ineffective-deny", "", `"Condition": {"StringEquals": {"G:sub": "repo:octo/app:*"}}`},
	{"POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", "warning", "policy-length", "", "LONG"},
	{"TYPE_MISMATCH", "warning", "operator-type", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"aws:SourceIp": "203.0.113.0/24"}}`},
	{"TYPE_MISMATCH_BOOLEAN", "warning", "value-form", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "Bool": {"aws:SecureTransport": "yes"}}`},
	{"TYPE_MISMATCH_DATE", "warning", "value-form", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "DateLessThan": {"aws:CurrentTime": "31.12.2026"}}`},
	{"TYPE_MISMATCH_NUMBER", "warning", "value-form", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "NumericLessThan": {"aws:EpochTime": "soon"}}`},
	{"TYPE_MISMATCH_STRING", "warning", "operator-type", "No key of a token exchange is binary.", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "BinaryEquals": {"G:ref": "x"}}`},
	{"SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", "warning", "any-run any-subject open-context owner-wide owner-wildcard repository-prefix", "", `"Condition": {"StringLike": {"G:sub": "repo:octo/app:*"}}`},
	{"USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES", "warning", "", "Which services fill aws:VpceAccount and the like changes often.", ""},
	{"UNTRUSTWORTHY_CONDITION_KEY", "security warning", "", "Such a condition narrows beside the claims; no rule takes it for a limit.", ""},
	{"ALLOW_WITH_NOT_PRINCIPAL", "security warning", "principal-wildcard", "", `NOT "NotPrincipal": {"AWS": "111122223333"}`},
	{"FORALLVALUES_WITH_SINGLE_VALUED_KEY", "security warning", "for-all-values", "", `"Condition": {"ForAllValues:StringLike": {"G:sub": "repo:octo/app:*"}}`},
	{"MISSING_PAIRED_CONDITION_KEYS", "security warning", "", "A condition on aws:VpcSourceIp narrows beside the claims; no rule takes it for a limit.", ""},
	{"MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL MISSING_GITHUB_REPO_CONDITION_KEY", "security warning", "no-subject sub-required", "", `"Condition": {}`},
	{"STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", "security warning", "", "In a token exchange, no key holds an ARN that the caller does not have to show otherwise.", ""},
	{"FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE", "security warning", "", "ForAnyValue requires the claim and compares the one audience of a GitHub token like the plain operator.", ""},
	{"EMPTY_ARRAY_ACTION EMPTY_ARRAY_CONDITION EMPTY_ARRAY_CONDITION_FORALLVALUES EMPTY_ARRAY_CONDITION_FORANYVALUE EMPTY_ARRAY_CONDITION_IFEXISTS EMPTY_ARRAY_PRINCIPAL EMPTY_OBJECT_PRINCIPAL", "suggestion", "empty-values", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "ForAllValues:StringLike": {"G:ref": []}}`},
	{"EMPTY_OBJECT_CONDITION", "suggestion", "no-subject", "As a statement without conditions.", `"Condition": {}`},
	{"EMPTY_SID_VALUE", "suggestion", "", "IAM accepts it, and it changes nothing.", ""},
	{"EQUIVALENT_TO_NULL_FALSE EQUIVALENT_TO_NULL_TRUE", "suggestion", "", "Another notation of the same.", ""},
	{"IMPROVE_IP_RANGE", "suggestion", "", "IAM ignores the bits behind the mask, so access is the same.", ""},
	{"NULL_WITH_QUALIFIER", "suggestion", "syntax", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "ForAllValues:Null": {"G:ref": "true"}}`},
	{"PRIVATE_IP_ADDRESS_SUBSET PRIVATE_NOT_IP_ADDRESS_SUBSET", "suggestion", "private-address", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "10.0.0.0/8"]}}`},
	{"REDUNDANT_ACTION REDUNDANT_CONDITION_VALUE_NUM REDUNDANT_STATEMENT REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY", "suggestion", "", "What is redundant changes nothing.", ""},
	{"REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION", "suggestion", "any-subject no-audience", "Where the key is meant to limit access.", `"Condition": {"StringLike": {"G:sub": "*"}}`},
	{"WILDCARD_IN_SERVICE_NAME", "suggestion", "action-wildcard", "", `"Action": "s*:AssumeRoleWithWebIdentity"`},
	{"IRRELEVANT_CONDITION_KEY_IN_POLICY", "suggestion", "caller-key unknown-key", "", `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}, "StringLike": {"s3:prefix": "x"}}`},
	{"CONFIRM_AUDIENCE_CLAIM_TYPE", "suggestion", "for-all-values", "", `"Condition": {"ForAllValues:StringEquals": {"G:aud": "sts.amazonaws.com"}, "StringLike": {"G:sub": "repo:octo/app:*"}}`},
}

// notForTrust are the checks about elements and services that a trust policy
// has not, or about principals that this linter does not judge.
const notForTrust = "ARN_ACCOUNT_NOT_ALLOWED, INVALID_ARN_REGION, MISSING_ARN_REGION, MISSING_RESOURCE, UNSUPPORTED_PRINCIPAL, UNSUPPORTED_RESOURCE_ARN_IN_POLICY, " +
	"FEDERATED_PRINCIPAL_NOT_SUPPORTED, INVALID_KMS_KEY_VALUE, EMPTY_ARRAY_RESOURCE, REDUNDANT_RESOURCE, DYNAMODB_ATTRIBUTES_WITHOUT_SELECT, S3_PREFIX_IN_NEGATIVE_CONTEXT, " +
	"those of service control and resource control policies (SCP_…, RCP_…), of iam:PassRole and iam:CreateServiceLinkedRole (PASS_ROLE_…, CREATE_SLR_…), " +
	"of the quotas of other policies, of tags of resources (…_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE) and of service principals " +
	"(INVALID_SERVICE_PRINCIPAL_FORMAT, …_FOR_SERVICE_PRINCIPAL, RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL, MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY)"

// policy returns the policy of the example.
func (c analyzerCheck) policy() string {
	const subject = `{"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}}`
	version, example := `"Version": "2012-10-17", `, c.example
	if rest, ok := strings.CutPrefix(example, "VERSION "); ok {
		version, example, _ = strings.Cut(rest, " ")
		version = strings.ReplaceAll(fmt.Sprintf(`"Version": %q, `, version), `"Version": "-", `, "")
	}
	members := map[string]string{
		"Effect": `"Allow"`, "Principal": `{"Federated": "ARN"}`, "Action": `"sts:AssumeRoleWithWebIdentity"`, "Condition": subject,
	}
	more := ""
	switch {
	case example == "LONG":
		example = `"Condition": {"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/` + strings.Repeat("x", 2048) + `"}}`
	case example == "PRINCIPAL":
		example = ""
		more = `, {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": {"ArnLike": {"aws:PrincipalArn": "*"}}}`
	case example == `"Statement": []`:
		return `{"Statement": []}`
	case strings.HasPrefix(example, "NOT "):
		delete(members, "Principal")
		example = strings.TrimPrefix(example, "NOT ")
	}
	if name := regexp.MustCompile(`^"(\w+)": `).FindStringSubmatch(example); name != nil {
		delete(members, name[1])
		example = ", " + example
	}
	var base []string
	for name, value := range members {
		base = append(base, fmt.Sprintf("%q: %s", name, value))
	}
	slices.Sort(base)
	statement := "{" + strings.Join(base, ", ") + example + "}"
	second := strings.ReplaceAll(statement, `"a-b"`, `"other"`)
	src := "{" + version + `"Statement": [` + statement + ", " + second + more + "]}"
	src = strings.ReplaceAll(src, `"ARN"`, `"arn:aws:iam::111122223333:oidc-provider/G"`)
	return regexp.MustCompile(`\bG\b`).ReplaceAllString(src, "token.actions.githubusercontent.com")
}

// Each check that a rule covers has an example that the rule finds.
func TestCoversAccessAnalyzer(t *testing.T) {
	for _, c := range analyzerChecks {
		t.Run(strings.Fields(c.codes)[0], func(t *testing.T) {
			if c.rules == "" {
				if c.remark == "" || c.example != "" {
					t.Error("neither a rule nor a reason")
				}
				return
			}
			var found []string
			for role, err := range document.Roles(t.Context(), strings.NewReader(c.policy()), document.Options{}) {
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range Check(role, Options{}) {
					found = append(found, f.Rule)
				}
			}
			if !slices.ContainsFunc(strings.Fields(c.rules), func(rule string) bool { return slices.Contains(found, rule) }) {
				t.Errorf("%s\nfinds %q, want one of %q", c.policy(), found, c.rules)
			}
			for _, rule := range strings.Fields(c.rules) {
				if !slices.ContainsFunc(allRules, func(r Rule) bool { return r.ID == rule }) {
					t.Errorf("there is no rule %s", rule)
				}
			}
		})
	}
}

func TestPageComparesWithAccessAnalyzer(t *testing.T) {
	var b strings.Builder
	b.WriteString("| check | kind | rules | remark |\n|---|---|---|---|\n")
	for _, c := range analyzerChecks {
		var rules []string
		for _, rule := range strings.Fields(c.rules) {
			rules = append(rules, fmt.Sprintf("[%s](#%s)", rule, rule))
		}
		covered := strings.Join(rules, ", ")
		if covered == "" {
			covered = "none"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", docstest.Escape(strings.ReplaceAll(c.codes, " ", ", ")), c.kind, covered, docstest.Escape(c.remark))
	}
	fmt.Fprintf(&b, "\nNot for trust policies of GitHub's provider: %s.\n", docstest.Escape(notForTrust))
	docstest.Section(t, *update, "docs/lint-rules.md", "analyzer", b.String())
}
