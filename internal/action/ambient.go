package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

// How long one answer may take of what gives a machine its credentials. Where
// it is not reachable at all, nothing answers. An agent of a container may have
// to ask AWS first.
const (
	metadataTimeout  = 2 * time.Second
	containerTimeout = 5 * time.Second
)

// ambient looks where the SDK for Go looks by default, in its order, for
// self-hosted runners. What is configured but does not work is an error, so
// that no job goes on with other credentials than it was given.
//
// It is not the SDK's own chain because the packages of that one, which also
// logs people in, cost every start of this program more than all others do.
func (p *phase) ambient(ctx context.Context, s *store, of plan.Profile) (session assume.Session, from string, err error) {
	if !p.plan.UnsetCurrent {
		if session, from, err = p.configured(ctx, s, of); err != nil {
			return assume.Session{}, "", err
		}
	}
	if from == "" {
		if session, from, err = p.machine(ctx); err != nil {
			return assume.Session{}, "", err
		}
	}
	return session, "the default chain (" + from + ")", nil
}

// configured returns what variables and profile files give. An empty from says
// that they give nothing.
func (p *phase) configured(ctx context.Context, s *store, of plan.Profile) (session assume.Session, from string, err error) {
	if session, found := p.environmentKeys(); found {
		return session, "environment", nil
	}
	if path := p.runner.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"); path != "" {
		session, err = p.webIdentity(ctx, s, of, path)
		return session, "token file", err
	}
	return p.sharedProfile(ctx, s)
}

// webIdentity assumes the role of AWS_ROLE_ARN with the token in a file, as
// Kubernetes prepares it for a service account.
func (p *phase) webIdentity(ctx context.Context, s *store, of plan.Profile, path string) (assume.Session, error) {
	role := plan.RoleARN(p.runner.Getenv("AWS_ROLE_ARN"))
	if role.Account() == "" {
		return assume.Session{}, fmt.Errorf("variable AWS_ROLE_ARN: %q is not the ARN of a role; AWS_WEB_IDENTITY_TOKEN_FILE needs one, unset both to use other credentials", role)
	}
	name := p.runner.Getenv("AWS_ROLE_SESSION_NAME")
	if name == "" {
		name = plan.DefaultSessionName(p.runner.Input, p.runner.Getenv)
	}
	hop := ownSTS(of)
	hop.Role, hop.SessionName, hop.Duration = role, name, plan.DefaultDuration
	walker := p.walker(s, nil)
	walker.Done = nil // it is no hop of the plan's
	walker.Token = func(ctx context.Context, _ plan.Profile, _ oidc.Token) (oidc.Token, error) {
		return p.readTokenFile(ctx, "variable AWS_WEB_IDENTITY_TOKEN_FILE", path)
	}
	return walker.Walk(ctx, plan.Profile{
		Region: of.Region, Endpoint: of.Endpoint, FIPS: of.FIPS,
		Source: plan.SourceTokenFile, TokenFile: path, Chain: []plan.Hop{hop},
	})
}

// beyondKeys are the entries by which a profile without keys gets credentials
// from somewhere else.
var beyondKeys = []string{
	"credential_process", "sso_session", "sso_start_url", "sso_account_id", "login_session",
	"web_identity_token_file", "credential_source", "source_profile",
}

// sharedProfile returns the keys of the profile that AWS_PROFILE names, or of
// [default].
func (p *phase) sharedProfile(ctx context.Context, s *store) (session assume.Session, from string, err error) {
	config, credentials, err := p.sharedFiles(ctx, s)
	if err != nil {
		return assume.Session{}, "", err
	}
	name := p.runner.Getenv("AWS_PROFILE")
	if name == "" {
		name = plan.DefaultProfile
	} else if !config.Has(name) && !credentials.Has(name) {
		return assume.Session{}, "", fmt.Errorf("found no credentials: profile %q of AWS_PROFILE is in neither profile file that the container sees: correct the name, or unset AWS_PROFILE", name)
	}
	from = "profile " + name
	has := func(key string) bool {
		_, inCredentials := credentials.Get(name, key)
		_, inConfig := config.Get(name, key)
		return inCredentials || inConfig
	}
	if has("role_arn") { // keys beside it would only be its beginning
		return assume.Session{}, "", needsMore(name, "role_arn")
	}
	for _, file := range []*profile.File{credentials, config} {
		if session, found := keysIn(file, name); found {
			return session, from, nil
		}
	}
	for _, key := range beyondKeys {
		if !has(key) {
			continue
		}
		if key == "credential_process" {
			// Perhaps it is ours, and left by an earlier step.
			if session, found := p.refreshed(s, name); found {
				return session, from, nil
			}
		}
		return assume.Session{}, "", needsMore(name, key)
	}
	return assume.Session{}, "", nil
}

func needsMore(profileName, key string) error {
	return fmt.Errorf("found no credentials: profile %q needs more than keys (%s), which the action does not follow: "+
		"give it aws_access_key_id and aws_secret_access_key, or give the step credentials to begin with (aws-access-key-id, or AWS_ACCESS_KEY_ID with role-chaining: true) and the role as role-to-assume", profileName, key)
}

func (p *phase) sharedFiles(ctx context.Context, s *store) (config, credentials *profile.File, err error) {
	content, err := p.sharedFile(ctx, s, "AWS_CONFIG_FILE", "config")
	if err != nil {
		return nil, nil, err
	}
	if config, err = profile.ParseConfig(content); err != nil {
		return nil, nil, err
	}
	if content, err = p.sharedFile(ctx, s, "AWS_SHARED_CREDENTIALS_FILE", "credentials"); err != nil {
		return nil, nil, err
	}
	credentials, err = profile.ParseCredentials(content)
	return config, credentials, err
}

// sharedFile reads one of the two files in which SDKs look for profiles:
// the one that a variable announces, else that of the home directory. One that
// is missing is empty.
func (p *phase) sharedFile(ctx context.Context, s *store, variable, name string) ([]byte, error) {
	path := p.runner.Getenv(variable)
	switch home := p.runner.Getenv("HOME"); {
	case path == "" && home == "":
		return nil, nil
	case path == "":
		path = filepath.Join(home, ".aws", name)
	case path == s.shared.Join(name).Value: // which only later steps see so
		path = s.shared.Join(name).Here
	default:
		path = p.inJob(path)
	}
	content, err := p.runner.Files().ReadFile(ctx, path, profile.MaxSize)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the %s file of profiles: %w", name, err)
	}
	return content, nil
}

// machine returns the credentials that the container or the instance has by
// what runs it.
func (p *phase) machine(ctx context.Context) (assume.Session, string, error) {
	relative, full := p.runner.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), p.runner.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	if relative != "" || full != "" {
		session, err := p.container(ctx, relative, full)
		return session, "container", err
	}
	session, err := p.instance(ctx)
	return session, "instance", err
}

// container asks the agent of ECS or EKS.
func (p *phase) container(ctx context.Context, relative, full string) (assume.Session, error) {
	endpoint, err := containerEndpoint(relative, full)
	if err != nil {
		return assume.Session{}, err
	}
	token, err := p.containerToken(ctx)
	if err != nil {
		return assume.Session{}, err
	}
	client := *p.client
	if strings.HasPrefix(endpoint, "http:") {
		client = *p.HTTP(transport.Options{}) // no proxy leads there
	}
	client.Timeout = containerTimeout
	c, err := endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
		o.HTTPClient, o.AuthorizationToken = &client, token.Reveal()
	}).Retrieve(ctx)
	switch {
	case err != nil:
		err = transport.Classify(err)
	case !c.HasKeys():
		err = errors.New("the answer holds no keys")
	}
	if err != nil {
		return assume.Session{}, fmt.Errorf("found no credentials: the endpoint of AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI gave none: %w", err)
	}
	return sessionOf(c), nil
}

// containerToken is what the agent wants to see, or nothing. The file comes
// first, as in the SDKs: it is replaced while it is in use.
func (p *phase) containerToken(ctx context.Context) (secret.Value, error) {
	token := secret.New(p.runner.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN"))
	if path := p.runner.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); path != "" {
		var err error
		if token, err = p.readSecretFile(ctx, path); err != nil {
			return token, fmt.Errorf("variable AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: %w", err)
		}
	}
	p.runner.Mask(token.Reveal())
	return token, nil
}

// ecsAgent is where a relative URI leads (task IAM roles of ECS).
const ecsAgent = "169.254.170.2"

// containerEndpoint is the URL that the two variables give. The rules are
// those of the SDKs, but for names: only localhost may stand for loopback, as
// whoever answers for another name can change the answer.
func containerEndpoint(relative, full string) (string, error) {
	if relative != "" {
		if _, err := url.Parse(relative); err != nil || relative[0] != '/' {
			return "", fmt.Errorf("variable AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: %q is not a path, write /…, or use AWS_CONTAINER_CREDENTIALS_FULL_URI", relative)
		}
		return "http://" + ecsAgent + relative, nil
	}
	const variable = "variable AWS_CONTAINER_CREDENTIALS_FULL_URI: "
	u, err := url.Parse(full)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", fmt.Errorf(variable+"%q is not a URL, write https://host/path", full)
	case u.User != nil: // not quoted: it may hold a password
		return "", errors.New(variable + "holds a user or password, write https://host/path without them")
	case u.Scheme == "http" && !onMachine(u.Hostname()):
		return "", fmt.Errorf(variable+"%q would fetch credentials unencrypted, write https:// (http:// is for loopback and the agents of ECS and EKS only)", full)
	}
	return full, nil
}

// onMachine tells whether what is sent to a host stays on the machine:
// loopback, and the addresses of the agents of ECS and EKS.
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

// instanceEndpoint is the instance metadata service.
const instanceEndpoint = "http://169.254.169.254"

func (p *phase) instance(ctx context.Context) (assume.Session, error) {
	const otherwise = "found no credentials: give role-to-assume (and permissions: id-token: write) or aws-access-key-id; "
	if strings.EqualFold(p.runner.Getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		return assume.Session{}, errors.New(otherwise + "for an instance's role, unset AWS_EC2_METADATA_DISABLED")
	}
	endpoint := p.runner.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")
	if endpoint == "" {
		endpoint = instanceEndpoint
	}
	client := p.HTTP(transport.Options{}) // no proxy leads there
	client.Timeout = metadataTimeout
	metadata := imds.New(imds.Options{
		Endpoint:          endpoint,
		ClientEnableState: imds.ClientEnabled, // or it would ask the process's environment
		HTTPClient:        client,
		Retryer:           aws.NopRetryer{},
		EnableFallback:    aws.FalseTernary,
	})
	c, err := ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = metadata }).Retrieve(ctx)
	if err != nil || !c.HasKeys() {
		return assume.Session{}, errors.New(otherwise +
			"for an instance's role, its metadata service did not answer this container within two seconds, which takes a hop limit of 2: " +
			"aws ec2 modify-instance-metadata-options --instance-id <id> --http-put-response-hop-limit 2")
	}
	return sessionOf(c), nil
}

func sessionOf(c aws.Credentials) assume.Session {
	session := assume.Session{
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: secret.New(c.SecretAccessKey),
		SessionToken:    secret.New(c.SessionToken),
	}
	if c.CanExpire {
		session.Expires = c.Expires.UTC()
	}
	return session
}
