package plan

import (
	"regexp"
	"strings"
)

// RoleARN is the ARN of an IAM role, valid as parseRole checks it.
type RoleARN string

var (
	// IAM's rules for the ARN of a role: a path of printable ASCII between
	// slashes, a name of 1–64 characters (IAM user guide, "IAM identifiers").
	rolePattern   = regexp.MustCompile(`\Aarn:(aws[a-z-]*):iam::([0-9]{12}):role/(?:[\x21-\x7e]{1,510}/)?[\w+=,.@-]{1,64}\z`)
	policyPattern = regexp.MustCompile(`\Aarn:(aws[a-z-]*):iam::([0-9]{12}|aws):policy/(?:[\x21-\x7e]{1,510}/)?[\w+=,.@-]{1,128}\z`)
	regionPattern = regexp.MustCompile(`\A[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-[1-9][0-9]?\z`)
	accountID     = regexp.MustCompile(`\A[0-9]{12}\z`)
)

// Account is the 12 digits of the account that owns the role.
func (r RoleARN) Account() string { return strings.SplitN(string(r), ":", 6)[4] }

// Partition is "aws", "aws-cn", "aws-us-gov" and so on.
func (r RoleARN) Partition() string { return strings.SplitN(string(r), ":", 3)[1] }

// Name is the role's name without its path.
func (r RoleARN) Name() string { return string(r)[strings.LastIndexByte(string(r), '/')+1:] }

// partitionOf tells a region's partition from the prefixes that AWS has given
// to the partitions other than "aws".
func partitionOf(region string) string {
	for _, p := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"},
		{"us-gov-", "aws-us-gov"},
		{"us-iso-", "aws-iso"},
		{"us-isob-", "aws-iso-b"},
		{"eu-isoe-", "aws-iso-e"},
		{"us-isof-", "aws-iso-f"},
		{"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.partition
		}
	}
	return "aws"
}

// defaultAudience is what configure-aws-credentials and AWS's documentation
// register with the provider: one name everywhere but in China.
func defaultAudience(region string) string {
	if partitionOf(region) == "aws-cn" {
		return "sts.amazonaws.com.cn"
	}
	return "sts.amazonaws.com"
}
