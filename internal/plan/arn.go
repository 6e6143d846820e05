package plan

import "strings"

// RoleARN is the ARN of an IAM role, or its name (with its path) alone: then
// the role is in the account of the credentials that assume it.
type RoleARN string

// IsName tells that account and partition are still open.
func (r RoleARN) IsName() bool { return !strings.HasPrefix(string(r), "arn:") }

// In completes a name; an ARN stays as it is.
func (r RoleARN) In(partition, account string) RoleARN {
	if !r.IsName() {
		return r
	}
	return RoleARN("arn:" + partition + ":iam::" + account + ":role/" + string(r))
}

// Account is the 12 digits of the account that owns the role, "" for a name.
func (r RoleARN) Account() string { return r.field(4) }

// Partition is "aws", "aws-cn", "aws-us-gov" and so on, "" for a name.
func (r RoleARN) Partition() string { return r.field(1) }

func (r RoleARN) field(n int) string {
	fields := strings.SplitN(string(r), ":", 6)
	if len(fields) != 6 {
		return ""
	}
	return fields[n]
}

// Name is the role's name without its path.
func (r RoleARN) Name() string { return string(r)[strings.LastIndexByte(string(r), '/')+1:] }

// PartitionOf tells a region's partition from the prefixes that AWS has given
// to the partitions other than "aws".
func PartitionOf(region string) string {
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
	if PartitionOf(region) == "aws-cn" {
		return "sts.amazonaws.com.cn"
	}
	return "sts.amazonaws.com"
}
