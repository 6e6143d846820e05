package arn

import (
	"slices"
	"strings"
	"testing"
)

func TestIsRole(t *testing.T) {
	const hub = "arn:aws:iam::111111111111:role/hub"
	long := strings.Repeat("n", LongestName)
	path := strings.Repeat("p", longestPath)
	for s, want := range map[string]bool{
		hub: true,
		"arn:aws-us-gov:iam::111111111111:role/hub":        true,
		"arn:aws-eusc:iam::111111111111:role/hub":          true,
		"arn:aws:iam::111111111111:role/team/a/hub":        true,
		"arn:aws:iam::111111111111:role/!odd:path~/hub":    true,
		"arn:aws:iam::111111111111:role/" + long:           true,
		"arn:aws:iam::111111111111:role/" + long + "n":     false,
		"arn:aws:iam::111111111111:role/" + path + "/hub":  true,
		"arn:aws:iam::111111111111:role/" + path + "p/hub": false,
		"":                                               false,
		"hub":                                            false,
		"arn:aws:iam::111111111111":                      false,
		"arn:aws:iam::111111111111:role/":                false,
		"arn:aws:iam::111111111111:role/team/":           false,
		"arn:aws:iam::111111111111:role//hub":            false,
		"arn:aws:iam::111111111111:user/hub":             false,
		"arn:aws:iam::11111111111:role/hub":              false,
		"arn:aws:iam::1111111111111:role/hub":            false,
		"arn:aws:iam::11111111111x:role/hub":             false,
		"arn:aws:iam::١١١١١١١١١١١١:role/hub":             false,
		"arn:aws:iam:eu-central-1:111111111111:role/hub": false,
		"arn:aws:sts::111111111111:role/hub":             false,
		"arn:minio:iam:::role/hub":                       false,
		"arn:AWS:iam::111111111111:role/hub":             false,
		"arn:aws_cn:iam::111111111111:role/hub":          false,
		"ARN:aws:iam::111111111111:role/hub":             false,
		" " + hub:                                        false,
		hub + " ":                                        false,
		hub + "\n":                                       false,
		hub + ",":                                        true, // IAM allows commas in names
		hub + "*":                                        false,
		"arn:aws:iam::111111111111:role/a b/hub":         false,
		hub + hub:                                        false,
		hub + "/" + hub:                                  false,
		"arn:aws:iam::111111111111:role/" + strings.Repeat("p/", 1100) + "hub": false,
	} {
		if got := IsRole(s); got != want {
			t.Errorf("IsRole(%q) = %v", s, got)
		}
	}
}

func TestIsRoleName(t *testing.T) {
	for s, want := range map[string]bool{
		"hub": true, "team/hub": true, "a+=,.@-_Z9": true, strings.Repeat("n", 64): true,
		"": false, "team/": false, "/hub": false, "a b": false, "a:b": false, strings.Repeat("n", 65): false, "höb": false,
	} {
		if got := IsRoleName(s); got != want {
			t.Errorf("IsRoleName(%q) = %v", s, got)
		}
	}
}

func TestIsForeignRole(t *testing.T) {
	for s, want := range map[string]bool{
		"arn:minio:iam:::role/hub":                      true,
		"arn:minio:iam:us-east-1::role/hub":             true,
		"arn:aws:iam::tenant:role/hub":                  true,
		"arn:aws:iam::111111111111:role/hub":            true,
		"arn:aws:iam::111111111111:user/hub":            false,
		"arn:minio:sts:::role/hub":                      false,
		"arn::iam:::role/hub":                           false,
		"arn:minio:iam:a/b::role/hub":                   false,
		"arn:minio:iam::a b:role/hub":                   false,
		"arn:minio:iam:::role/":                         false,
		"arn:minio:iam:::role/arn:minio:iam:::role/hub": false,
		"minio:iam:::role/hub":                          false,
	} {
		if got := IsForeignRole(s); got != want {
			t.Errorf("IsForeignRole(%q) = %v", s, got)
		}
	}
}

func TestRole(t *testing.T) {
	for role, want := range map[Role]struct {
		name                   string
		isName                 bool
		account, partition, in string
	}{
		"arn:aws-cn:iam::111111111111:role/team/hub": {"hub", false, "111111111111", "aws-cn", "arn:aws-cn:iam::111111111111:role/team/hub"},
		"team/hub":                 {"hub", true, "", "", "arn:aws:iam::222222222222:role/team/hub"},
		"arn:minio:iam:::role/hub": {"hub", false, "", "minio", "arn:minio:iam:::role/hub"},
		"arn:aws":                  {"arn:aws", false, "", "", "arn:aws"},
	} {
		in := role.In("aws", "222222222222")
		if role.Name() != want.name || role.IsName() != want.isName || role.Account() != want.account ||
			role.Partition() != want.partition || string(in) != want.in {
			t.Errorf("%q: name %q (%v), account %q, partition %q, in another account %q", role, role.Name(), role.IsName(), role.Account(), role.Partition(), in)
		}
	}
}

func TestManagedPolicyAccount(t *testing.T) {
	for s, want := range map[string]string{
		"arn:aws:iam::aws:policy/ReadOnlyAccess":              "aws",
		"arn:aws-cn:iam::aws:policy/service-role/X":           "aws",
		"arn:aws:iam::111111111111:policy/team/a,b":           "111111111111",
		"arn:aws:iam::111111111111:role/hub":                  "",
		"arn:aws:iam::amazon:policy/X":                        "",
		"arn:aws:iam:::policy/X":                              "",
		"arn:aws:iam::aws:policy/":                            "",
		"arn:aws:s3::aws:policy/X":                            "",
		"arn:aws:iam::aws:policy/" + strings.Repeat("n", 129): "",
	} {
		account, ok := ManagedPolicyAccount(s)
		if ok != (want != "") || ok && account != want {
			t.Errorf("ManagedPolicyAccount(%q) = %q, %v", s, account, ok)
		}
	}
}

func TestAssumedRole(t *testing.T) {
	for s, want := range map[string]string{
		"arn:aws:sts::111111111111:assumed-role/hub/me@x":          "hub me@x",
		"arn:aws:sts::111111111111:assumed-role/hub":               "",
		"arn:aws:sts::111111111111:assumed-role/a/b/c":             "",
		"arn:aws:sts::111111111111:assumed-role//c":                "",
		"arn:aws:sts::111111111111:assumed-role/a/":                "",
		"arn:aws:iam::111111111111:role/a/b":                       "",
		"assumed-role/a/b":                                         "",
		"arn:aws:sts::1:assumed-role/a/" + strings.Repeat("s", 65): "",
	} {
		role, session, ok := AssumedRole(s)
		if got := strings.TrimSpace(role + " " + session); ok != (want != "") || got != want {
			t.Errorf("AssumedRole(%q) = %q, %v", s, got, ok)
		}
	}
}

func TestPrincipals(t *testing.T) {
	for s, want := range map[string]struct{ root, provider string }{
		"111111111111":                     {root: "111111111111"},
		"arn:aws:iam::111111111111:root":   {root: "111111111111"},
		"arn:aws:iam::*:root":              {root: "*"},
		"arn:aws:sts::111111111111:root":   {},
		"arn:aws:iam::111111111111:user/x": {},
		"*":                                {},
		OIDCProvider("aws", "111111111111", "token.example/x"):  {provider: "token.example/x"},
		"arn:aws:iam::111111111111:saml-provider/token.example": {},
		"oidc-provider/token.example":                           {},
	} {
		provider, ok := ProviderOf(s)
		if ok != (want.provider != "") || ok && provider != want.provider || AccountOfRoot(s) != want.root {
			t.Errorf("%q: provider %q, %v; root of %q", s, provider, ok, AccountOfRoot(s))
		}
	}
}

// The regions are those that the AWS SDKs list (see partitions).
func TestPartitionOf(t *testing.T) {
	seen := map[string]bool{}
	for region, want := range map[string]string{
		"eu-central-1": "aws", "us-east-1": "aws", "us-west-2": "aws", "mx-central-1": "aws", "il-central-1": "aws", GlobalRegion: "aws", "": "aws",
		"cn-north-1": "aws-cn", "cn-northwest-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b",
		"eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f", "eusc-de-east-1": "aws-eusc",
	} {
		got := PartitionOf(region)
		if got != want || region != "" && !IsRegion(region) {
			t.Errorf("PartitionOf(%q) = %q, is a region: %v", region, got, IsRegion(region))
		}
		seen[got] = true
	}
	if !slices.Equal(Partitions()[:1], []string{"aws"}) {
		t.Errorf("%q is not first", AWS)
	}
	for _, p := range Partitions() {
		if !seen[p] || !IsPartition(p) {
			t.Errorf("%s: no region has it", p)
		}
	}
	for _, p := range []string{"", "AWS", "aws-", "aws-de", "minio"} {
		if IsPartition(p) {
			t.Errorf("%q is taken for a partition", p)
		}
	}
}

func TestIsRegion(t *testing.T) {
	for _, s := range []string{"", "eu", "eu-1", "eu-central", "eu-central-0", "eu-central-01", "eu-central-100", "EU-central-1", "eu_central_1",
		"eu-central-1a", "eu-central-1 ", "europe-west-1", "e-central-1", "us-gov-iso-east-west-1", "eu--1", "aws-globa", "eu-central-١"} {
		if IsRegion(s) {
			t.Errorf("%q is taken for a region", s)
		}
	}
}

// A template leaves parts of an ARN open; the colons within them divide nothing.
func TestParseTakesOpenPartsWhole(t *testing.T) {
	for s, want := range map[string]ARN{
		"arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/host/path": {
			Partition: "${AWS::Partition}", Service: "iam", AccountID: "${AWS::AccountId}", Resource: "oidc-provider/host/path"},
		`arn:aws:iam::${local.of["a:b"] ? "${var.x}:" : "y"}:root`: {
			Partition: "aws", Service: "iam", AccountID: `${local.of["a:b"] ? "${var.x}:" : "y"}`, Resource: "root"},
		"arn:aws:iam::{{resolve:ssm:/account:3}}:oidc-provider/host": {
			Partition: "aws", Service: "iam", AccountID: "{{resolve:ssm:/account:3}}", Resource: "oidc-provider/host"},
		"arn:aws:iam::1:role/a:b": {Partition: "aws", Service: "iam", AccountID: "1", Resource: "role/a:b"},
		"arn:a{b:iam::1:role/a":   {Partition: "a{b", Service: "iam", AccountID: "1", Resource: "role/a"},
	} {
		if got, ok := Parse(s); !ok || got != want {
			t.Errorf("Parse(%q) = %+v, %t; want %+v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "arn", "arn:aws:iam::1", "arn:${a:iam::1:role/x", "urn:aws:iam::1:root"} {
		if got, ok := Parse(s); ok {
			t.Errorf("Parse(%q) = %+v, want none", s, got)
		}
	}
}
