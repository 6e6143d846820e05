// Package arn reads Amazon Resource Names, and has the list of partitions and the
// form of regions. Every package that reads an ARN uses it, so that all accept the
// same ARNs.
package arn

import (
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws/arn"
)

// ARN is a name in its parts. Its String method joins them again.
type ARN = sdk.ARN

// Parse splits an ARN at its first five colons, and reports whether it has
// them. The parts are not validated; any of them may be empty, or hold a part
// that a template leaves open, such as ${AWS::AccountId} or
// {{resolve:ssm:/account}}, whose colons count as its own.
func Parse(s string) (ARN, bool) {
	var parts [6]string
	depth, start, n := 0, 0, 0
	for i := 0; i < len(s) && n < len(parts)-1; i++ {
		switch c := s[i]; {
		case c == '{' && (depth > 0 || i > 0 && s[i-1] == '$' || strings.HasPrefix(s[i:], "{{")):
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == ':' && depth == 0:
			parts[n] = s[start:i]
			start = i + 1
			n++
		}
	}
	if n < len(parts)-1 || parts[0] != "arn" {
		return ARN{}, false
	}
	return ARN{Partition: parts[1], Service: parts[2], Region: parts[3], AccountID: parts[4], Resource: s[start:]}, true
}

// Account returns the account of an ARN, or "" if it has none or is not an ARN.
func Account(s string) string {
	a, _ := Parse(s)
	return a.AccountID
}

// Partition returns the partition of an ARN, or "" if it is not an ARN.
func Partition(s string) string {
	a, _ := Parse(s)
	return a.Partition
}

// IsAccountID reports whether s has the 12 digits of an account.
func IsAccountID(s string) bool { return consists(s, 12, 12, isDigit) }

// AccountOfRoot returns the account that an AWS principal names as a whole,
// as 12 digits or as arn:PARTITION:iam::ACCOUNT:root, or "". The account in
// such an ARN may hold a wildcard or an unknown part; it is not validated.
func AccountOfRoot(principal string) string {
	if IsAccountID(principal) {
		return principal
	}
	if a, ok := Parse(principal); ok && a.Service == "iam" && a.Resource == "root" {
		return a.AccountID
	}
	return ""
}

// OIDCProvider returns the ARN of an OpenID Connect provider, which IAM names
// by the issuer's host and path.
func OIDCProvider(partition, account, provider string) string {
	return iam(partition, account, providerPrefix+provider)
}

// ProviderOf returns the host and path of the issuer in the ARN of an OpenID
// Connect provider, and whether s is one.
func ProviderOf(s string) (provider string, ok bool) {
	a, _ := Parse(s)
	return strings.CutPrefix(a.Resource, providerPrefix)
}

const providerPrefix = "oidc-provider/"

func iam(partition, account, resource string) string {
	return ARN{Partition: partition, Service: "iam", AccountID: account, Resource: resource}.String()
}

// ManagedPolicyAccount returns the account of a managed policy's ARN ("aws" for
// a policy of AWS), and whether s is one.
func ManagedPolicyAccount(s string) (account string, ok bool) {
	a, ok := parseIAM(s)
	name, isPolicy := strings.CutPrefix(a.Resource, "policy/")
	return a.AccountID, ok && isPolicy && (a.AccountID == "aws" || IsAccountID(a.AccountID)) && isPathAndName(name, longestPolicyName, isPath)
}

// AssumedRole returns the names in the ARN of a role's session,
// arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION, and whether s is one. Such
// an ARN leaves out the path of the role. That of a server that is not AWS's may
// leave out a field.
func AssumedRole(s string) (role, session string, ok bool) {
	parts := strings.Split(s[strings.LastIndexByte(s, ':')+1:], "/")
	isNamed := func(name string) bool { return consists(name, 1, LongestName, isPath) }
	if !strings.HasPrefix(s, "arn:") || len(parts) != 3 || parts[0] != "assumed-role" || !isNamed(parts[1]) || !isNamed(parts[2]) {
		return "", "", false
	}
	return parts[1], parts[2], true
}

// Lengths in characters (IAM user guide, "IAM and AWS STS quotas").
const (
	LongestName       = 64 // of roles, users and sessions
	longestPolicyName = 128
	longestPath       = 510 // without its two slashes
	longestARN        = 2048
)

// parseIAM returns the parts of an ARN of IAM in one of AWS's partitions.
func parseIAM(s string) (ARN, bool) {
	a, ok := Parse(s)
	return a, ok && a.Service == "iam" && a.Region == "" && strings.HasPrefix(a.Partition, "aws") && isPartition(a.Partition) &&
		len(s) <= longestARN && strings.Count(s, "arn:") == 1 // two ARNs glued together would pass as a path
}

func isPartition(s string) bool {
	return consists(s, 1, 20, func(c rune) bool { return isLower(c) || c == '-' })
}
