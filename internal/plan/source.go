package plan

import (
	"net/netip"
	"net/url"
	"strings"
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
			b.problem("aws-secret-access-key", "is not given, but aws-access-key-id is: give both, or neither to use OIDC")
		}
		return SourceKeys
	case secretKey != "" || token != "":
		b.problem("aws-access-key-id", "is not given, but aws-secret-access-key or aws-session-token is: give all, or none to use OIDC")
		return SourceKeys
	case tokenFile != "":
		if !role {
			b.problem("web-identity-token-file", "needs a role-to-assume")
		}
		return SourceTokenFile
	case chaining:
		if !role {
			b.problem("role-chaining", "needs a role-to-assume")
		}
		return SourceExisting
	case !role:
		return SourceAmbient
	case skipOIDC:
		b.problem("force-skip-oidc", "leaves no way to assume the role: give aws-access-key-id, web-identity-token-file or role-chaining: true")
	}
	return SourceOIDC
}

// checkKeyID follows AWS's service model: accessKeyIdType.
func (b *builder) checkKeyID(v string) {
	if !made(v, 16, 128, isWord) {
		b.problem("aws-access-key-id", "is not an access key id (16 to 128 letters and digits, such as AKIA…); is the secret's name right?")
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

func (b *builder) network() Network {
	n := Network{Proxy: withScheme(b.input("http-proxy")), NoProxy: b.input("no-proxy"), CABundle: b.env("AWS_CA_BUNDLE")}
	if n.Proxy == "" {
		return n
	}
	u, err := url.Parse(n.Proxy)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
		// Not quoted: it may hold a password.
		b.problem("http-proxy", "is not the URL of a proxy, write http://host:port")
	}
	return n
}

// withScheme reads a proxy as curl and Go do: host:port means http.
func withScheme(proxy string) string {
	if proxy == "" || strings.Contains(proxy, "://") {
		return proxy
	}
	return "http://" + proxy
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
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		b.problem(name, "%s is not the URL of an endpoint, write https://host", quote(v))
	case u.User != nil:
		b.problem(name, "holds a user or password, write https://host without them")
	case u.RawQuery != "" || u.Fragment != "":
		b.problem(name, "%s has a query or fragment, write https://host", quote(v))
	case u.Scheme == "http" && !loopback(u.Hostname()):
		b.problem(name, "%s would send the token unencrypted, write https:// (http:// is for loopback only)", quote(v))
	}
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
