package plan

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/transport"
)

// source chooses what the chain begins with, in the order of the design; the
// inputs alone decide, so that no job falls back to other credentials.
func (b *builder) source() Source {
	role := b.input("role-to-assume") != "" || b.many()
	tokenFile := b.input("web-identity-token-file")
	chaining := b.boolean("role-chaining", false)
	skipOIDC := b.boolean("force-skip-oidc", false)
	keyID, secretKey, token := b.input("aws-access-key-id"), b.input("aws-secret-access-key"), b.input("aws-session-token")
	switch {
	case keyID != "":
		b.checkKeyID(keyID)
		if secretKey == "" {
			b.problem("aws-secret-access-key", "is required with aws-access-key-id; set both, or neither to use OIDC")
		}
		return SourceKeys
	case secretKey != "" || token != "":
		b.problem("aws-access-key-id", "is required with aws-secret-access-key or aws-session-token; set all of them, or none to use OIDC")
		return SourceKeys
	case tokenFile != "":
		if !role {
			b.problem("web-identity-token-file", "needs a role-to-assume; set it")
		}
		return SourceTokenFile
	case chaining:
		if !role {
			b.problem("role-chaining", "needs a role-to-assume; set it")
		}
		return SourceExisting
	case !role:
		if b.values.empty["role-to-assume"] {
			b.report.addEmpty("role-to-assume", 0, "is empty; %s (to use the credentials of the machine, remove the input)", unavailable)
		}
		return SourceAmbient
	case skipOIDC:
		b.problem("force-skip-oidc", "leaves no way to assume the role; set aws-access-key-id, web-identity-token-file or role-chaining: true")
	}
	return SourceOIDC
}

// checkKeyID follows AWS's service model: accessKeyIdType.
func (b *builder) checkKeyID(v string) {
	if !made(v, 16, 128, isWord) {
		b.problem("aws-access-key-id", "is not an access key id; check the secret's name (expected 16 to 128 letters and digits, such as AKIA…)")
	}
}

// signedBySession tells whether the inputs and the environment already show
// that temporary credentials sign the first hop, which makes it a chained one.
func (b *builder) signedBySession(source Source) bool {
	switch source {
	case SourceKeys:
		return b.input("aws-session-token") != ""
	case SourceExisting:
		return b.env("AWS_ACCESS_KEY_ID") != "" && b.env("AWS_SESSION_TOKEN") != ""
	}
	return false
}

// network reads the way to STS, and checks the proxies of the environment that
// are used: for https on the way to the token endpoint, and both where the input
// names none.
func (b *builder) network() Network {
	n := Network{NoProxy: b.input("no-proxy")}
	used := [][]string{{"HTTPS_PROXY", "https_proxy"}}
	if v := b.input("http-proxy"); v != "" {
		n.Proxy = transport.Proxy{URL: v, From: origin(b.report.named("http-proxy"))}
		b.checkProxy("http-proxy", v)
	} else {
		used = append(used, []string{"HTTP_PROXY", "http_proxy"})
	}
	for _, variables := range used {
		if i := slices.IndexFunc(variables, func(name string) bool { return b.env(name) != "" }); i >= 0 {
			b.checkProxy(variables[i], b.env(variables[i]))
		}
	}
	return n
}

func (b *builder) checkProxy(name, v string) {
	if problem := transport.CheckProxy(v); problem != "" {
		b.problem(name, "%s", problem)
	}
}

// readEndpoint follows the order of AWS's SDKs: what is given explicitly, the
// service's own variable, the one for all services.
func (b *builder) readEndpoint() string {
	if v := b.input("sts-endpoint"); v != "" {
		b.checkEndpoint("sts-endpoint", v)
		return v
	}
	if b.env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true" {
		return ""
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"} {
		if v := b.env(name); v != "" {
			b.checkEndpoint(name, v)
			return v
		}
	}
	return ""
}

func (b *builder) checkEndpoint(name, v string) {
	if b.env("AWS_USE_FIPS_ENDPOINT") == "true" { // AWS's SDKs refuse this without a call
		b.problem(name, "cannot be combined with AWS_USE_FIPS_ENDPOINT; unset one of them")
		return
	}
	u, err := url.Parse(v)
	switch {
	case strings.Contains(v, "@"):
		b.problem(name, "has a user name or password; use https://host without them")
	case strings.ContainsAny(v, "?#"):
		b.problem(name, "has a query or fragment; use https://host without them")
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		b.problem(name, "%s is not the URL of an endpoint, write https://host", quote(v))
	case u.Scheme == "http" && !loopback(u.Hostname()):
		b.problem(name, "%s would send the token unencrypted, write https:// (http:// is for loopback only)", quote(v))
	}
}

// mayHoldCredentials reports whether a URL has a part in which secrets stand.
// Such a one is never quoted, and refused where it is an endpoint's.
func mayHoldCredentials(url string) bool { return strings.ContainsAny(url, "@?#") }

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
