package ambient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

// How long one response of the machine's services may take. Without a metadata
// service there is no response at all. A container's agent may have to call AWS
// first.
const (
	metadataTimeout  = 2 * time.Second
	containerTimeout = 5 * time.Second
)

// The variables in which ECS and EKS pass the address of a container's agent.
const (
	relativeURI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
	fullURI     = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
)

// container gets credentials from the agent of ECS or EKS.
func (c *Chain) container(ctx context.Context) (assume.Session, error) {
	relative, full := c.getenv(relativeURI), c.getenv(fullURI)
	endpoint, err := containerEndpoint(relative, full)
	if err != nil {
		return assume.Session{}, err
	}
	token, err := c.containerToken(ctx)
	if err != nil {
		return assume.Session{}, err
	}
	client := c.HTTP
	if strings.HasPrefix(endpoint, "http:") {
		client = c.Direct
	}
	session, err := c.retrieve(ctx, containerTimeout, endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
		o.HTTPClient, o.AuthorizationToken, o.Retryer = client, token.Reveal(), aws.NopRetryer{}
	}))
	if err != nil {
		variable := relativeURI
		if relative == "" {
			variable = fullURI
		}
		return assume.Session{}, failed("the container's credentials endpoint ("+variable+")", err, "check that this container may use it, or set role-to-assume")
	}
	return session, nil
}

// containerToken is the token for the agent, or nothing. The file comes first,
// as in the SDKs: it is replaced while it is in use.
func (c *Chain) containerToken(ctx context.Context) (secret.Value, error) {
	const variable, fileVariable = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
	if path := c.getenv(fileVariable); path != "" {
		token, err := c.readSecret(ctx, path)
		switch {
		case err != nil:
			return token, unread("variable "+fileVariable, err)
		case token.IsZero() || strings.ContainsAny(token.Reveal(), lineEnds):
			return token, &Error{Source: "variable " + fileVariable, Reason: "the file does not contain a token", Remedy: "check " + path}
		}
		return token, nil
	}
	token := c.getenv(variable)
	c.Mask(token)
	if strings.ContainsAny(token, lineEnds) {
		return secret.Value{}, &Error{Source: "variable " + variable, Reason: "it has more than one line", Remedy: "set it to the token only"}
	}
	return secret.New(token), nil
}

// lineEnds are not allowed in an HTTP header.
const lineEnds = "\r\n"

// ecsAgent is the host of a relative URI (ECS developer guide, "Task IAM role").
const ecsAgent = "169.254.170.2"

// containerEndpoint returns the URL of the two variables. The rules are those of
// the SDKs, except for host names: localhost is the only one that counts as
// loopback, because DNS can resolve another one to a different address later.
func containerEndpoint(relative, full string) (string, error) {
	if relative != "" {
		if _, err := url.Parse(relative); err != nil || relative[0] != '/' {
			return "", &Error{Source: "variable " + relativeURI, Reason: fmt.Sprintf("%q is not a path", relative), Remedy: "set a path such as /v2/credentials/ID"}
		}
		return "http://" + ecsAgent + relative, nil
	}
	const source = "variable " + fullURI
	u, err := parseURL(source, full)
	if err != nil {
		return "", err
	}
	if u.Scheme == "http" && !onMachine(u.Hostname()) {
		return "", &Error{Source: source, Reason: fmt.Sprintf("%q would fetch credentials unencrypted", full), Remedy: "use https:// (http:// is for loopback and the agents of ECS and EKS only)"}
	}
	return full, nil
}

// parseURL parses the URL of a service that returns credentials. Its errors do
// not quote a URL that may contain a password.
func parseURL(source, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	e := &Error{Source: source, Reason: fmt.Sprintf("%q is not a URL", raw), Remedy: "set a URL such as https://host/path"}
	switch {
	case err == nil && u.User != nil:
		e.Reason = "it contains a user or password"
	case err == nil && u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http"):
		return u, nil
	case strings.Contains(raw, "@"):
		e.Reason = "it is not a URL"
	}
	return nil, e
}

// onMachine reports whether a host is on this machine: loopback, and the
// addresses of the agents of ECS and EKS.
func onMachine(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	switch addr.Unmap().String() {
	case ecsAgent, "169.254.170.23", "fd00:ec2::23":
		return true
	}
	return addr.Unmap().IsLoopback()
}

// instanceOptions are a profile's settings for the metadata service.
type instanceOptions struct {
	endpoint string
	mode     imds.EndpointModeState
}

// instance gets credentials from the metadata service of EC2, in its second
// version only.
func (c *Chain) instance(ctx context.Context, o instanceOptions) (assume.Session, error) {
	const source = "instance metadata service"
	const instead = "set role-to-assume (with permissions: id-token: write) or aws-access-key-id; for the instance's role, "
	if strings.EqualFold(c.getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		return assume.Session{}, &Error{Source: source, Reason: "AWS_EC2_METADATA_DISABLED is true", Remedy: instead + "unset it"}
	}
	if v := c.getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT"); v != "" {
		o.endpoint = v
	}
	if v := c.getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"); v != "" {
		if err := o.mode.SetFromString(v); err != nil {
			return assume.Session{}, &Error{Source: source, Reason: fmt.Sprintf("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE %q is invalid", v), Remedy: "use IPv4 or IPv6"}
		}
	}
	switch {
	case o.endpoint != "":
		if _, err := parseURL(source, o.endpoint); err != nil {
			return assume.Session{}, err
		}
	case o.mode == imds.EndpointModeStateIPv6:
		o.endpoint = "http://[fd00:ec2::254]"
	default:
		o.endpoint = "http://169.254.169.254"
	}
	direct := &witness{Client: c.Direct}
	client := imds.New(imds.Options{
		Endpoint:          o.endpoint, // without the mode, for which the SDK would read the process's environment
		ClientEnableState: imds.ClientEnabled,
		HTTPClient:        direct,
		Retryer:           aws.NopRetryer{},
		EnableFallback:    aws.FalseTernary,
	})
	session, err := c.retrieve(ctx, metadataTimeout, ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client }))
	if err == nil {
		return session, nil
	}
	if _, late := errors.AsType[timedOut](err); !late && direct.err != nil {
		err = direct.err
	}
	e := failed(source, err, instead+"raise the hop limit, which containers need: aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2")
	if transport.Classify(err).Status == http.StatusNotFound {
		e.Reason, e.Remedy = "the instance has no role", instead+"attach an instance profile"
	}
	return assume.Session{}, e
}

// witness is a client that records why its last request failed, because the
// SDK's client for the metadata service does not return it.
type witness struct {
	*http.Client
	err error
}

// Do is http.Client.Do.
func (w *witness) Do(r *http.Request) (*http.Response, error) {
	response, err := w.Client.Do(r)
	w.err = err
	return response, err
}
