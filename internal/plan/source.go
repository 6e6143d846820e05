package plan

import (
	"slices"

	"github.com/org/aws-oidc-action/internal/transport"
)

// source chooses what the chain begins with. The inputs alone decide, so that no
// job falls back to other credentials.
func (b *builder) source() Source {
	role := b.input("role-to-assume") != "" || b.many()
	tokenFile := b.input("web-identity-token-file")
	chaining := b.boolean("role-chaining", false)
	skipOIDC := b.boolean("force-skip-oidc", false)
	keyID, secretKey, token := b.input("aws-access-key-id"), b.input("aws-secret-access-key"), b.input("aws-session-token")
	leftOver := keyID == "" && (secretKey != "" || token != "")
	if leftOver && role && (tokenFile != "" || chaining || !skipOIDC) {
		leftOver = false
		for _, input := range []string{"aws-secret-access-key", "aws-session-token"} {
			if b.input(input) != "" {
				b.warn("input " + input + " has no effect without aws-access-key-id; remove it, or set aws-access-key-id to use keys")
			}
		}
	}
	switch {
	case keyID != "":
		b.checkKeyID(keyID)
		if secretKey == "" {
			b.problem("aws-secret-access-key", "is required with aws-access-key-id; set both, or neither to use OIDC")
		}
		return SourceKeys
	case leftOver:
		b.problem("aws-access-key-id", "is required with aws-secret-access-key or aws-session-token; set all of them, or none to use OIDC")
		return SourceKeys
	case tokenFile != "":
		if !role {
			b.problem("web-identity-token-file", "requires role-to-assume; set it")
		}
		return SourceTokenFile
	case chaining:
		if !role {
			b.problem("role-chaining", "requires role-to-assume; set it")
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

// checkKeyID follows AWS's service model: accessKeyIdType. Other servers have
// shorter ids, and some with a hyphen or a dot.
func (b *builder) checkKeyID(v string) {
	switch {
	case b.endpoint.Foreign:
		if !consists(v, 1, 128, isPath) {
			b.problem("aws-access-key-id", "is not an access key id; check the secret's name (expected 1 to 128 printable ASCII characters without blanks)")
		}
	case !consists(v, 16, 128, isWord):
		b.problem("aws-access-key-id", "is not an access key id; check the secret's name (expected 16 to 128 letters and digits, such as AKIA…)")
	}
}

// signedBySession reports whether the inputs and the environment show that
// temporary credentials sign the first hop, which makes it a chained one.
func (b *builder) signedBySession(source Source) bool {
	switch source {
	case SourceKeys:
		return b.input("aws-session-token") != ""
	case SourceExisting:
		return b.env("AWS_ACCESS_KEY_ID") != "" && b.env("AWS_SESSION_TOKEN") != ""
	}
	return false
}

// network reads how STS is reached, and checks the proxies of the environment
// that are used: that for https, which the token endpoint is reached by, and both
// if the input names none.
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
