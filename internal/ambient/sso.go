package ambient

import (
	"context"
	"crypto/sha1" // names the file, as the SDKs do; protects nothing
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/smithy-go"

	"github.com/org/aws-oidc-action/internal/assume"
)

// loginTimeout bounds one attempt to turn a person's login into credentials,
// which may take two calls.
const loginTimeout = 20 * time.Second

// maxLogin bounds a cached login, in bytes.
const maxLogin = 1 << 20

func usesSSO(p *config.SharedConfig) bool {
	return p.SSOSessionName != "" || p.SSORegion != "" || p.SSOAccountID != "" || p.SSOStartURL != "" || p.SSORoleName != ""
}

// sso returns the credentials that IAM Identity Center issues for a person's
// login, which the AWS CLI has cached. An expired login is renewed if possible.
func (c *Chain) sso(ctx context.Context, source string, p *config.SharedConfig) (assume.Session, error) {
	region, startURL, key := p.SSORegion, p.SSOStartURL, p.SSOStartURL
	source += " (sso_start_url)"
	if p.SSOSession != nil {
		region, startURL, key = p.SSOSession.SSORegion, p.SSOSession.SSOStartURL, p.SSOSession.Name
		source = fmt.Sprintf("profile %q (sso_session)", p.Profile)
	}
	for name, value := range map[string]string{"sso_region": region, "sso_start_url": startURL, "sso_account_id": p.SSOAccountID, "sso_role_name": p.SSORoleName} {
		if value == "" {
			return assume.Session{}, &Error{Source: source, Reason: name + " is required", Remedy: "add it"}
		}
	}
	sum := sha1.Sum([]byte(key))
	path, err := c.homeFile(source, ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json")
	if err != nil {
		return assume.Session{}, err
	}
	endpoint, err := c.endpoint("SSO")
	if err != nil {
		return assume.Session{}, err
	}
	oidcEndpoint, err := c.endpoint("SSO_OIDC")
	if err != nil {
		return assume.Session{}, err
	}
	if err := c.checkLogin(ctx, source, path, "aws sso login"); err != nil {
		return assume.Session{}, err
	}
	options := func(o *ssocreds.Options) {
		o.CachedTokenFilepath = path
		if p.SSOSession != nil {
			o.SSOTokenProvider = ssocreds.NewSSOTokenProvider(ssooidc.New(ssooidc.Options{
				Region: region, BaseEndpoint: oidcEndpoint, HTTPClient: c.HTTP, Retryer: aws.NopRetryer{},
			}), path)
		}
	}
	client := sso.New(sso.Options{Region: region, BaseEndpoint: endpoint, HTTPClient: c.HTTP, Retryer: aws.NopRetryer{}})
	session, err := c.retrieve(ctx, loginTimeout, ssocreds.New(client, p.SSOAccountID, p.SSORoleName, startURL, options))
	if err != nil {
		return assume.Session{}, loginFailed(source, err, "aws sso login")
	}
	return session, nil
}

// login returns the credentials of a session of aws login, which the AWS CLI
// has cached.
func (c *Chain) login(ctx context.Context, source string, p *config.SharedConfig) (assume.Session, error) {
	source += " (login_session)"
	dir := c.getenv("AWS_LOGIN_CACHE_DIRECTORY")
	if dir == "" {
		var err error
		if dir, err = c.homeFile(source, ".aws", "login", "cache"); err != nil {
			return assume.Session{}, err
		}
	}
	path, err := logincreds.StandardCachedTokenFilepath(p.LoginSession, c.Path(dir))
	if err != nil {
		return assume.Session{}, failed(source, err, "")
	}
	endpoint, err := c.endpoint("SIGNIN")
	if err != nil {
		return assume.Session{}, err
	}
	if err := c.checkLogin(ctx, source, path, "aws login"); err != nil {
		return assume.Session{}, err
	}
	client := signin.New(signin.Options{Region: c.STS.Region, BaseEndpoint: endpoint, HTTPClient: c.HTTP, Retryer: aws.NopRetryer{}})
	session, err := c.retrieve(ctx, loginTimeout, logincreds.New(client, path, func(o *logincreds.Options) { o.RestrictPermissions = true }))
	if err != nil {
		return assume.Session{}, loginFailed(source, err, "aws login")
	}
	return session, nil
}

// checkLogin reads a cached login before the SDK does, which would wait for a
// pipe and read without end.
func (c *Chain) checkLogin(ctx context.Context, source, path, command string) error {
	_, err := c.Files.ReadFile(ctx, path, maxLogin)
	if err == nil {
		return nil
	}
	e := &Error{Source: source, Reason: err.Error(), cause: err}
	if errors.Is(err, fs.ErrNotExist) {
		e.Reason = fmt.Sprintf("%s contains no login", path)
		e.Remedy = "use a role that a job can assume, such as role-to-assume with the job's OIDC token: '" + command + "' needs a person"
	}
	return e
}

func loginFailed(source string, err error, command string) error {
	e := failed(source, err, "run '"+command+"' on the machine, or set role-to-assume")
	if _, answered := errors.AsType[*smithy.OperationError](err); e.Reason == invalidAnswer && !answered {
		// No call was made. The SDK's error has no type.
		e.Reason = "the login has expired or is invalid"
	}
	return e
}

// endpoint is the URL that replaces a service's own, or nil.
func (c *Chain) endpoint(service string) (*string, error) {
	if c.getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true" {
		return nil, nil
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if raw := c.getenv(name); raw != "" {
			_, err := parseURL("variable "+name, raw)
			return &raw, err
		}
	}
	return nil, nil
}
