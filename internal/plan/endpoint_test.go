package plan

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/arn"
)

// TestWhyEncrypted has the hosts to which a token may be sent unencrypted, and
// those that only look like one.
func TestWhyEncrypted(t *testing.T) {
	const (
		accepted = ""
		ofAWS    = "endpoint of AWS"
		public   = "could use it with AWS's own STS"
		unclear  = "neither a host name nor an IP address"
		noServer = "not the address of a server"
	)
	for host, want := range map[string]string{
		"localhost": accepted, "LocalHost": accepted,
		"127.0.0.1": accepted, "127.255.255.254": accepted, "::1": accepted, "::ffff:127.0.0.1": accepted, "::ffff:7f00:1": accepted,
		"10.0.0.1": accepted, "172.16.0.1": accepted, "172.31.255.255": accepted, "192.168.1.1": accepted, "::ffff:10.1.2.3": accepted,
		"169.254.10.1": accepted, "fe80::1": accepted, "fe80::1%eth0": accepted, "fc00::1": accepted, "fd12:3456::1": accepted,
		"minio": accepted, "my_minio": accepted, "minio-1": accepted, "MINIO": accepted, "m": accepted, "internal": accepted,
		"sts.internal": accepted, "a.b.internal": accepted, "ip-10-0-0-1.ec2.internal": accepted, "minio.internal.": accepted, "Minio.INTERNAL": accepted,
		"printer.local": accepted, "minio.ns.svc": accepted, "minio.ns.svc.cluster.local": accepted, "minio.cluster.local.": accepted,

		"sts.amazonaws.com": ofAWS, "STS.AmazonAWS.com": ofAWS, "sts.amazonaws.com.": ofAWS, "amazonaws.com": ofAWS,
		"vpce-1.sts.eu-west-1.vpce.amazonaws.com": ofAWS, "sts.cn-north-1.amazonaws.com.cn": ofAWS, "sts.cn-north-1.api.amazonwebservices.com.cn": ofAWS,
		"sts.eu-central-1.api.aws": ofAWS, "api.aws": ofAWS, "sts.eusc-de-east-1.amazonaws.eu": ofAWS, "sts.us-iso-east-1.c2s.ic.gov": ofAWS,
		"sts.us-isob-east-1.sc2s.sgov.gov": ofAWS, "sts.eu-isoe-west-1.cloud.adc-e.uk": ofAWS, "sts.us-isof-south-1.csp.hci.ic.gov": ofAWS,

		"sts.example.invalid": public, "127.0.0.1.evil.invalid": public, "localhost.evil.example": public, "localhost.localstack.cloud": public,
		"evilamazonaws.com": public, "amazonaws.com.evil.example": public, "minio.internal.evil.example": public, "notinternal.example": public,
		"evil-internal.example": public, "xinternal.com": public, "minio.svc.example": public, "minio.localhost": public,
		"8.8.8.8": public, "2001:db8::1": public, "::ffff:8.8.8.8": public, "172.32.0.1": public, "172.15.0.1": public, "169.253.1.1": public,
		"100.64.0.1": public, "224.0.0.1": public, "64:ff9b::7f00:1": public, "::7f00:1": public, "2002:7f00:1::": public,
		"com.": public, "minio.": public, "localhost.": public, // top-level domains, whatever they are called

		"0.0.0.0": noServer, "::": noServer, "::ffff:0.0.0.0": noServer,

		"2130706433": unclear, "127.1": unclear, "0x7f000001": unclear, "0x7f.0.0.1": unclear, "0177.0.0.1": unclear, "127.0.0.1.": unclear,
		"1.2.3.4.5": unclear, "010.0.0.1": unclear, "127.0.0.0x1": unclear, "evil.example.1": unclear, "0X7F": unclear,
		"evil。com": unclear, "ｍinio": unclear, "ⅿinio": unclear, "min io": unclear, "": unclear, ".": unclear, "..": unclear, "minio..": unclear,
		".internal": unclear, "a..internal": unclear, "minio\x00": unclear, "sts.%69nternal": unclear, "localhost..": unclear, "a,b": unclear,
	} {
		got := whyEncrypted(host)
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

// TestIsAWS holds the list of domains to the endpoints that the SDK makes for a
// region of each partition.
func TestIsAWS(t *testing.T) {
	for _, region := range []string{"eu-central-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", arn.GlobalRegion} {
		for _, dualStack := range []bool{false, true} {
			e, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), sts.EndpointParameters{Region: aws.String(region), UseDualStack: aws.Bool(dualStack)})
			if err != nil {
				t.Fatalf("%s, dual-stack %t: %v", region, dualStack, err)
			}
			if !isAWS(e.URI.Hostname()) {
				t.Errorf("%s is not taken for AWS's", e.URI.Hostname())
			}
		}
	}
}

// TestEndpoint has what the plan says of an endpoint, wherever it was set.
func TestEndpoint(t *testing.T) {
	const sandboxURL = "http://127.0.0.1:8080"
	for name, tt := range map[string]struct {
		with, env map[string]string
		want      Endpoint
		problem   string
		notice    string
	}{
		"none":              {},
		"input":             {with: map[string]string{"sts-endpoint": "https://minio.example"}, want: Endpoint{"https://minio.example", "input sts-endpoint", true}},
		"variable":          {env: map[string]string{"AWS_ENDPOINT_URL_STS": "http://localstack:4566"}, want: Endpoint{"http://localstack:4566", "variable AWS_ENDPOINT_URL_STS", true}},
		"all services":      {env: map[string]string{"AWS_ENDPOINT_URL": "http://192.168.0.7"}, want: Endpoint{"http://192.168.0.7", "variable AWS_ENDPOINT_URL", true}},
		"a VPC's":           {with: map[string]string{"sts-endpoint": "https://vpce-1.sts.eu-central-1.vpce.amazonaws.com"}, want: Endpoint{"https://vpce-1.sts.eu-central-1.vpce.amazonaws.com", "input sts-endpoint", false}},
		"ignored":           {env: map[string]string{"AWS_ENDPOINT_URL": "http://192.168.0.7", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"}},
		"rehearsed":         {env: map[string]string{"AWS_ENDPOINT_URL_STS": sandboxURL}, want: Endpoint{sandboxURL, "variable AWS_ENDPOINT_URL_STS", false}},
		"AWS in the clear":  {with: map[string]string{"sts-endpoint": "http://sts.eu-central-1.amazonaws.com"}, problem: `input sts-endpoint: "http://sts.eu-central-1.amazonaws.com" is an endpoint of AWS`},
		"public":            {env: map[string]string{"AWS_ENDPOINT_URL": "http://minio.example"}, problem: `variable AWS_ENDPOINT_URL: "http://minio.example" would send the token unencrypted`},
		"a user":            {with: map[string]string{"sts-endpoint": "http://localhost@evil.example"}, problem: "has a user name or password"},
		"no scheme":         {with: map[string]string{"sts-endpoint": "minio:9000"}, problem: "is not the URL of an endpoint; use https://host"},
		"another scheme":    {with: map[string]string{"sts-endpoint": "ftp://minio"}, problem: "is not the URL of an endpoint; use https://host"},
		"no host":           {with: map[string]string{"sts-endpoint": "http://:9000"}, problem: "is not the URL of an endpoint; use https://host"},
		"with FIPS":         {with: map[string]string{"sts-endpoint": "https://minio.example"}, env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, problem: "cannot be combined with AWS_USE_FIPS_ENDPOINT"},
		"with dual-stack":   {with: map[string]string{"sts-endpoint": "https://minio.example"}, env: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "True"}, problem: "cannot be combined with AWS_USE_DUALSTACK_ENDPOINT"},
		"FIPS":              {env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, notice: "STS endpoint: the region's FIPS endpoint (variable AWS_USE_FIPS_ENDPOINT)"},
		"dual-stack":        {env: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}, notice: "STS endpoint: the region's dual-stack endpoint (variable AWS_USE_DUALSTACK_ENDPOINT)"},
		"both":              {env: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_USE_FIPS_ENDPOINT": "true"}, notice: "STS endpoint: the region's FIPS dual-stack endpoint (variable AWS_USE_FIPS_ENDPOINT, variable AWS_USE_DUALSTACK_ENDPOINT)"},
		"neither":           {env: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "false", "AWS_USE_FIPS_ENDPOINT": "false"}},
		"the global region": {with: map[string]string{"aws-region": arn.GlobalRegion}, notice: "STS endpoint: the global one, https://sts.amazonaws.com (input aws-region)"},
	} {
		t.Run(name, func(t *testing.T) {
			with := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub}
			for name, value := range tt.with {
				with[name] = value
			}
			s := sources(with, tt.env)
			s.Rehearsed = sandboxURL
			p, problems := Build(s)
			if tt.problem != "" {
				if len(problems) != 1 || !strings.Contains(problems[0].String(), tt.problem) {
					t.Errorf("problems %v", problems)
				}
				return
			}
			hop := p.Profiles[0].Chain[0]
			if len(problems) > 0 || p.Endpoint != tt.want || hop.Endpoint != tt.want.URL || hop.Foreign != tt.want.Foreign || p.Profiles[0].Foreign != tt.want.Foreign {
				t.Errorf("endpoint %+v, hop %+v, problems %v", p.Endpoint, hop, problems)
			}
			if hop.FIPS != (tt.env["AWS_USE_FIPS_ENDPOINT"] == "true") || hop.DualStack != (tt.env["AWS_USE_DUALSTACK_ENDPOINT"] == "true") || p.Profiles[0].DualStack != hop.DualStack {
				t.Errorf("FIPS %t, dual-stack %t", hop.FIPS, hop.DualStack)
			}
			if got := strings.Join(p.Notices, "\n"); got != tt.notice {
				t.Errorf("notices %q, want %q", got, tt.notice)
			}
		})
	}
}

// TestForeignEndpointsHaveRolesAndKeysOfTheirOwn: what AWS would not have is
// accepted for another server, and refused for AWS.
func TestForeignEndpointsHaveRolesAndKeysOfTheirOwn(t *testing.T) {
	keys := map[string]string{"aws-access-key-id": "test", "aws-secret-access-key": "test"}
	for name, tt := range map[string]struct {
		with    map[string]string
		problem string // also with a foreign endpoint
	}{
		"MinIO's role":                   {with: map[string]string{"role-to-assume": "arn:minio:iam:::role/idmp-github"}},
		"MinIO's role, a region":         {with: map[string]string{"role-to-assume": "arn:minio:iam:eu-west-1::role/nOybJqMNzNmroqEKq5D0EUsRZw0"}},
		"a role without account":         {with: map[string]string{"role-to-assume": "arn:aws:iam:::role/S3Access"}},
		"a role of a tenant":             {with: map[string]string{"role-to-assume": "arn:aws:iam::tenant-1:role/path/S3Access"}},
		"a role in a chain":              {with: map[string]string{"role-to-assume": "arn:aws:iam:::role/a", "role-chain": "arn:minio:iam:::role/b"}},
		"a role of a profile":            {with: map[string]string{"role-to-assume": "arn:aws:iam:::role/a", "profiles": "p: arn:minio:iam:::role/b"}},
		"another partition":              {with: map[string]string{"role-to-assume": "arn:aws-cn:iam::111111111111:role/hub"}},
		"short keys":                     {with: keys},
		"a key with other signs":         {with: map[string]string{"aws-access-key-id": "minio.admin-1", "aws-secret-access-key": "test"}},
		"a key with a blank":             {with: map[string]string{"aws-access-key-id": "min io", "aws-secret-access-key": "test"}, problem: "is not an access key id"},
		"no role":                        {with: map[string]string{"role-to-assume": "arn:minio:iam:::policy/x"}, problem: "is not the ARN of a role; use arn:<partition>:iam:<region>:<account>:role/<name>, as the server of input sts-endpoint shows it"},
		"two glued together":             {with: map[string]string{"role-to-assume": "arn:minio:iam:::role/aarn:minio:iam:::role/b"}, problem: "is not the ARN of a role"},
		"another service":                {with: map[string]string{"role-to-assume": "arn:minio:s3:::role/a"}, problem: "is not the ARN of a role"},
		"a blank in the name":            {with: map[string]string{"role-to-assume": "arn:minio:iam:::role/a b"}, problem: "is not the ARN of a role"},
		"an account that is not allowed": {with: map[string]string{"role-to-assume": "arn:aws:iam::111111111111:role/a", "allowed-account-ids": "222222222222"}, problem: "account 111111111111"},
	} {
		t.Run(name, func(t *testing.T) {
			with := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub}
			for name, value := range tt.with {
				with[name] = value
			}
			if _, problems := Build(sources(with, nil)); len(problems) == 0 {
				t.Error("accepted for AWS too")
			}
			with["sts-endpoint"] = "https://minio.example"
			p, problems := Build(sources(with, nil))
			if tt.problem == "" {
				if len(problems) > 0 {
					t.Errorf("problems %v", problems)
				}
				return
			}
			if len(problems) != 1 || !strings.Contains(problems[0].String(), tt.problem) {
				t.Errorf("problems %v, plan %+v", problems, p)
			}
		})
	}
	// Where the ARN has no account, STS's response is held against the guard.
	build(t, map[string]string{"aws-region": "eu-central-1", "role-to-assume": "arn:minio:iam:::role/a", "allowed-account-ids": "222222222222", "sts-endpoint": "https://minio.example"}, nil)
}

func TestAttempts(t *testing.T) {
	for text, want := range map[string]int{"": 12, "0": 12, "1": 1, "100": 100, "101": 100, "1000": 100, "99999999999999999999": 100} {
		p := build(t, map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "retry-max-attempts": text}, nil)
		clamped := slices.ContainsFunc(p.Notices, func(n string) bool { return strings.Contains(n, "is above the maximum; 100 is used") })
		if p.Attempts != want || clamped != (len(text) > 2 && text != "100") {
			t.Errorf("%q: %d attempts, notices %q", text, p.Attempts, p.Notices)
		}
	}
}

func TestManagedPoliciesAreSeparatedByCommasToo(t *testing.T) {
	const one, two, odd = "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111111111111:policy/x", "arn:aws:iam::111111111111:policy/a,b,c"
	for text, want := range map[string][]string{
		one:                                   {one},
		one + "\n" + two:                      {one, two},
		one + "," + two:                       {one, two},
		one + " , " + two + ",":               {one, two},
		one + ",\n" + two + ",\n" + odd:       {one, two, odd},
		odd + ", " + one:                      {odd, one},
		"# none of these\n" + one + "," + two: {one, two},
	} {
		p := build(t, map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "managed-session-policies": text}, nil)
		if diff := cmp.Diff(want, p.Profiles[0].Chain[0].ManagedPolicies); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	p := build(t, map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "role-chain": "- {role: " + deploy + ", managed-session-policies: '" + one + ", " + one + "'}"}, nil)
	if got := p.Profiles[0].Last().ManagedPolicies; len(got) != 2 {
		t.Errorf("a hop has %q", got)
	}
	for _, text := range []string{",", " , ,", one + ", x y"} {
		_, problems := Build(sources(map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "managed-session-policies": text}, nil))
		if len(problems) != 1 || problems[0].Input != "managed-session-policies" {
			t.Errorf("%q: problems %v", text, problems)
		}
	}
}

// The input comes before the variable, and may have several lines.
func TestNoProxy(t *testing.T) {
	env := map[string]string{"NO_PROXY": "variable.test"}
	for text, want := range map[string]string{"": "variable.test", "a.test b.test": "a.test b.test", "a.test\nb.test": "a.test\nb.test"} {
		p := build(t, map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "no-proxy": text}, env)
		if p.Network.NoProxy != want {
			t.Errorf("%q: %q", text, p.Network.NoProxy)
		}
	}
}
