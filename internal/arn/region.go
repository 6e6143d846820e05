package arn

import (
	"slices"
	"strings"
)

// The partitions whose roles and regions differ from those of "aws" in more
// than their name.
const (
	AWS   = "aws"
	China = "aws-cn"
)

// partitions are those of AWS, with the prefix of their regions, as the AWS SDKs
// list them (aws-sdk-go-v2, internal/endpoints/awsrulesfn/partitions.json). The
// regions of "aws" have no prefix in common.
var partitions = []struct{ name, regionPrefix string }{
	{AWS, ""},
	{China, "cn-"},
	{"aws-us-gov", "us-gov-"},
	{"aws-iso", "us-iso-"},
	{"aws-iso-b", "us-isob-"},
	{"aws-iso-e", "eu-isoe-"},
	{"aws-iso-f", "us-isof-"},
	{"aws-eusc", "eusc-"},
}

// Partitions returns the names of AWS's partitions, "aws" first.
func Partitions() []string {
	var names []string
	for _, p := range partitions {
		names = append(names, p.name)
	}
	return names
}

// IsPartition reports whether s is the name of a partition of AWS.
func IsPartition(s string) bool { return slices.Contains(Partitions(), s) }

// PartitionOf returns the partition of a region: "aws" for a region with no
// other partition's prefix, also for an unknown one.
func PartitionOf(region string) string {
	for _, p := range partitions[1:] {
		if strings.HasPrefix(region, p.regionPrefix) {
			return p.name
		}
	}
	return AWS
}

// GlobalRegion is the SDKs' name of no region: its STS is the global one.
const GlobalRegion = "aws-global"

// IsRegion reports whether s has the form of a region: a partition or continent,
// one to three words, a number. It does not know which regions exist.
func IsRegion(s string) bool {
	if s == GlobalRegion {
		return true
	}
	parts := strings.Split(s, "-")
	if len(parts) < 3 || len(parts) > 5 {
		return false
	}
	last := len(parts) - 1
	for i, part := range parts[:last] {
		most := 12
		if i == 0 {
			most = 4
		}
		if !consists(part, 2, most, isLower) {
			return false
		}
	}
	return consists(parts[last], 1, 2, isDigit) && parts[last][0] != '0'
}
