package plan

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/transport"
)

// Endpoint is a URL of STS in place of the region's own.
type Endpoint struct {
	URL     string // empty for the region's own
	From    string // for messages: "input sts-endpoint" or "variable AWS_ENDPOINT_URL"
	Foreign bool   // a server that is not AWS's, such as MinIO or a simulation: AWS's limits do not apply
}

// Unencrypted reports whether requests are sent without TLS, and whether they
// leave this machine.
func (e Endpoint) Unencrypted() (plain, leave bool) {
	u, err := url.Parse(e.URL)
	plain = err == nil && u.Scheme == "http"
	return plain, plain && !transport.IsLoopback(u.Hostname())
}

// awsDomains are those of AWS's endpoints: the DNS suffix of each partition,
// and that of its dual-stack endpoints (partitions.json in AWS's SDKs).
var awsDomains = []string{
	"amazonaws.com", "api.aws", // aws, aws-us-gov
	"amazonaws.com.cn", "api.amazonwebservices.com.cn", // aws-cn
	"amazonaws.eu", "api.amazonwebservices.eu", // aws-eusc
	"c2s.ic.gov", "api.aws.ic.gov", // aws-iso
	"sc2s.sgov.gov", "api.aws.scloud", // aws-iso-b
	"cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", // aws-iso-e
	"csp.hci.ic.gov", "api.aws.hci.ic.gov", // aws-iso-f
}

// isAWS reports whether a host is one of AWS's, VPC endpoints included.
func isAWS(host string) bool { return inDomain(host, awsDomains) }

// inDomain reports whether a host is one of the domains or below one.
func inDomain(host string, domains []string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.ContainsFunc(domains, func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) })
}

// privateDomains are domains of private networks: for private use (ICANN),
// for multicast DNS (RFC 6762), for services in Kubernetes.
var privateDomains = []string{"internal", "local", "svc", "cluster.local"}

const (
	encrypt = "use https://"
	nearby  = "http:// is accepted for loopback, private and link-local addresses, names without a dot, and names below .internal, .local, .svc and .cluster.local"
)

// whyEncrypted says why http:// is not accepted for a host and what to do about
// it, or "" for hosts of this machine or its own network. It accepts only hosts
// that certainly are: no name that a resolver may read as a number or complete to
// another name, and no top-level domain.
func whyEncrypted(host string) string {
	if isAWS(host) {
		return "is an endpoint of AWS, where a token or key must not be sent unencrypted; " + encrypt
	}
	if transport.IsLoopback(host) {
		return ""
	}
	const public = "would send the token unencrypted, and anyone who reads it could use it with AWS's own STS; " + encrypt + " (" + nearby + ")"
	if addr, err := netip.ParseAddr(host); err == nil {
		addr = addr.Unmap()
		switch {
		case addr.IsPrivate(), addr.IsLinkLocalUnicast():
			return ""
		case addr.IsUnspecified():
			return "is not the address of a server; use 127.0.0.1 for this machine"
		}
		return public
	}
	name, rooted := strings.CutSuffix(host, ".")
	labels := strings.Split(name, ".")
	last := labels[len(labels)-1]
	switch {
	case slices.ContainsFunc(labels, func(label string) bool {
		return !consists(label, 1, 63, func(c rune) bool { return isWord(c) || c == '-' })
	}), isNumber(last):
		return "has neither a host name nor an IP address in its usual form; correct the host or " + encrypt
	case len(labels) == 1 && !rooted, inDomain(name, privateDomains) && len(labels) > 1:
		return ""
	}
	return public
}

// isNumber reports whether resolvers may read a name that ends in this label as
// an IPv4 address: 2130706433, 127.1 and 0x7f.1 are loopback for many (URL
// standard, "ends in a number").
func isNumber(label string) bool {
	return consists(label, 1, 63, isDigit) || strings.HasPrefix(strings.ToLower(label), "0x")
}

// readEndpoint follows the order of AWS's SDKs: an explicit setting, the
// service's own variable, the variable for all services.
func (b *builder) readEndpoint() Endpoint {
	if v := b.input("sts-endpoint"); v != "" {
		return b.checkEndpoint("sts-endpoint", v)
	}
	if b.envTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
		return Endpoint{}
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"} {
		if v := b.env(name); v != "" {
			return b.checkEndpoint(name, v)
		}
	}
	return Endpoint{}
}

// envTrue reports whether a variable of AWS's SDKs is true, in any case.
func (b *builder) envTrue(name string) bool { return strings.EqualFold(b.env(name), "true") }

func (b *builder) checkEndpoint(name, v string) Endpoint {
	for _, variable := range []string{"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"} {
		if b.envTrue(variable) { // AWS's SDKs refuse this without a call
			b.problem(name, "cannot be combined with %s; unset one of them", variable)
		}
	}
	u, err := url.Parse(v)
	switch {
	case strings.Contains(v, "@"):
		b.problem(name, "has a user name or password; use https://host without them")
	case strings.ContainsAny(v, "?#"):
		b.problem(name, "has a query or fragment; use https://host without them")
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		b.problem(name, "%s is not the URL of an endpoint; use https://host", quote(v))
	case u.Scheme == "http":
		if why := whyEncrypted(u.Hostname()); why != "" {
			b.problem(name, "%s %s", quote(v), why)
		}
	}
	return Endpoint{URL: v, From: origin(name), Foreign: err == nil && !isAWS(u.Hostname()) && v != b.rehearsed}
}

// noteEndpoint logs which of AWS's endpoints is used, if it is not the standard
// one of the region.
func (b *builder) noteEndpoint() {
	var kinds, variables []string
	if b.fips {
		kinds, variables = append(kinds, "FIPS"), append(variables, "AWS_USE_FIPS_ENDPOINT")
	}
	if b.dualStack {
		kinds, variables = append(kinds, "dual-stack"), append(variables, "AWS_USE_DUALSTACK_ENDPOINT")
	}
	switch {
	case len(kinds) > 0:
		b.notice("STS endpoint: the region's " + strings.Join(kinds, " ") + " endpoint (variable " + strings.Join(variables, ", variable ") + ")")
	case b.endpoint.URL == "" && b.step.region == arn.GlobalRegion:
		b.notice("STS endpoint: the global one, https://sts.amazonaws.com (" + origin(b.report.named("aws-region")) + ")")
	}
}

// mayHoldCredentials reports whether a URL has a part that can hold secrets. Such
// a URL is never quoted, and is refused as an endpoint.
func mayHoldCredentials(url string) bool { return strings.ContainsAny(url, "@?#") }
