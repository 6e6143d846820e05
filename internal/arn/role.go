package arn

import "strings"

// Role is the ARN of an IAM role, or its name (with its path) alone: then the
// role is in the account of the credentials that assume it.
type Role string

// IsRole reports whether s is a role's ARN by IAM's rules: an account of 12
// digits, a path of printable ASCII between slashes and a name of 1 to 64
// characters (IAM user guide, "IAM identifiers").
func IsRole(s string) bool {
	a, ok := parseIAM(s)
	name, isRole := strings.CutPrefix(a.Resource, rolePrefix)
	return ok && isRole && IsAccountID(a.AccountID) && isPathAndName(name, LongestName, isPath)
}

// IsRoleName reports whether s is the name of a role, with its path or without
// it: team/deploy.
func IsRoleName(s string) bool {
	return isPathAndName(s, LongestName, func(c rune) bool { return isName(c) || c == '/' })
}

// IsForeignRole reports whether s is the ARN of a role on an STS server that is
// not AWS's: those of MinIO have the partition minio, no account and perhaps a
// region, those of Ceph an account that is a name or missing.
func IsForeignRole(s string) bool {
	a, ok := Parse(s)
	name, isRole := strings.CutPrefix(a.Resource, rolePrefix)
	return ok && isRole && a.Service == "iam" && isPartition(a.Partition) && len(s) <= longestARN && strings.Count(s, "arn:") == 1 &&
		isPathAndName(name, longestPolicyName, isPath) && consists(a.Region, 0, 64, isName) && consists(a.AccountID, 0, 64, isName)
}

const rolePrefix = "role/"

// IsName reports whether r is a name: its account and partition are not known
// yet.
func (r Role) IsName() bool { return !strings.HasPrefix(string(r), "arn:") }

// In returns the ARN of the role that a name means in an account. It leaves an
// ARN as it is.
func (r Role) In(partition, account string) Role {
	if !r.IsName() {
		return r
	}
	return Role(iam(partition, account, rolePrefix+string(r)))
}

// Account returns the account that owns the role, or "" for a name.
func (r Role) Account() string { return Account(string(r)) }

// Partition returns "aws", "aws-cn", "aws-us-gov" and so on, or "" for a name.
func (r Role) Partition() string { return Partition(string(r)) }

// Name returns the role's name without its path.
func (r Role) Name() string { return string(r)[strings.LastIndexByte(string(r), '/')+1:] }
