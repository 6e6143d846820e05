package ambient

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/secret"
)

// announced returns the credentials of the profile that AWS_PROFILE or AWS_DEFAULT_PROFILE names, or
// of the profile default, or of the fallback.
func (c *Chain) announced(ctx context.Context) (found Credentials, ok bool, err error) {
	name := c.getenv(profileNames...)
	if name == "" {
		if found, ok, err = c.Profile(ctx, plan.DefaultProfile); ok || err != nil {
			return found, ok, err
		}
		return c.Profile(ctx, c.Fallback)
	}
	files, err := c.files(ctx)
	if err != nil {
		return Credentials{}, false, err
	}
	if !files.have(name) {
		variable := profileNames[0]
		if c.getenv(variable) == "" {
			variable = profileNames[1]
		}
		return Credentials{}, false, &Error{
			Source: fmt.Sprintf("profile %q (%s)", name, variable),
			Reason: "it is in neither of the profile files that this container sees",
			Remedy: "correct the name, or unset " + variable,
		}
	}
	return c.Profile(ctx, name)
}

// Profile returns the credentials of a profile. It reports false if there is no
// profile of that name, or one that neither has credentials nor says where they
// are.
func (c *Chain) Profile(ctx context.Context, name string) (found Credentials, ok bool, err error) {
	if name == "" {
		return Credentials{}, false, nil
	}
	files, err := c.files(ctx)
	if err != nil {
		return Credentials{}, false, err
	}
	shared, err := files.load(ctx, name)
	if err != nil || shared == nil || !leads(shared) {
		return Credentials{}, false, err
	}
	found, err = c.follow(ctx, files, shared)
	found.From = "profile " + name
	return found, err == nil, err
}

// leads reports whether a profile has credentials or says where they are.
// Without, it only sets a region or the like.
func leads(p *config.SharedConfig) bool {
	return p != nil && (p.Credentials.HasKeys() || p.RoleARN != "" || p.CredentialProcess != "" || p.CredentialSource != "" ||
		p.WebIdentityTokenFile != "" || usesSSO(p) || p.LoginSession != "" || p.Source != nil)
}

// follow returns the credentials of a profile: those that it has or leads to,
// and then those of the role that it assumes with them. The order is that of
// the SDK (resolveCredsFromProfile).
func (c *Chain) follow(ctx context.Context, files *files, p *config.SharedConfig) (Credentials, error) {
	found, err := c.base(ctx, files, p)
	if err != nil || p.RoleARN == "" || p.WebIdentityTokenFile != "" {
		return found, err
	}
	session, err := c.assumeRole(ctx, p, found.Session)
	return Credentials{Session: session, Renewing: true}, err
}

func (c *Chain) base(ctx context.Context, files *files, p *config.SharedConfig) (Credentials, error) {
	source := fmt.Sprintf("profile %q", p.Profile)
	renewing := func(session assume.Session, err error) (Credentials, error) {
		return Credentials{Session: session, Renewing: true}, err
	}
	switch {
	case p.Source != nil:
		return c.follow(ctx, files, p.Source)
	case p.Credentials.HasKeys():
		return Credentials{Session: assume.Session{
			AccessKeyID:     p.Credentials.AccessKeyID,
			SecretAccessKey: secret.New(p.Credentials.SecretAccessKey),
			SessionToken:    secret.New(p.Credentials.SessionToken),
		}}, nil
	case p.CredentialSource != "":
		return c.named(ctx, source+" (credential_source)", p)
	case p.WebIdentityTokenFile != "":
		return renewing(c.webIdentity(ctx, webIdentity{
			source: source + " (web_identity_token_file)", path: p.WebIdentityTokenFile,
			roleFrom: source + " (role_arn)", role: p.RoleARN, name: p.RoleSessionName,
		}))
	case usesSSO(p):
		return renewing(c.sso(ctx, source, p))
	case p.LoginSession != "":
		return renewing(c.login(ctx, source, p))
	case p.CredentialProcess != "":
		return c.process(ctx, source, files, p)
	}
	return c.Machine(ctx)
}

// named gets credentials from the source that credential_source names.
func (c *Chain) named(ctx context.Context, source string, p *config.SharedConfig) (Credentials, error) {
	switch p.CredentialSource {
	case "Ec2InstanceMetadata":
		session, err := c.instance(ctx, instanceOptions{p.EC2IMDSEndpoint, p.EC2IMDSEndpointMode})
		return Credentials{Session: session, Renewing: true}, err
	case "EcsContainer":
		if c.getenv(relativeURI) == "" && c.getenv(fullURI) == "" {
			return Credentials{}, &Error{Source: source, Reason: "this container has neither " + relativeURI + " nor " + fullURI}
		}
		return c.Machine(ctx)
	case "Environment":
		found, ok := c.Environment()
		if !ok {
			return Credentials{}, &Error{Source: source, Reason: "the environment has no keys", Remedy: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"}
		}
		return found, nil
	}
	return Credentials{}, &Error{Source: source, Reason: fmt.Sprintf("%q is invalid", p.CredentialSource), Remedy: "use Ec2InstanceMetadata, EcsContainer or Environment"}
}

// assumeRole assumes the role of a profile, with the walker's client and limits.
func (c *Chain) assumeRole(ctx context.Context, p *config.SharedConfig, by assume.Session) (assume.Session, error) {
	source := fmt.Sprintf("profile %q", p.Profile)
	if p.MFASerial != "" {
		return assume.Session{}, &Error{Source: source, Reason: "mfa_serial requires a code, which a job cannot enter", Remedy: "use a role without MFA"}
	}
	hop, err := c.hop(source+" (role_arn)", p.RoleARN, p.RoleSessionName)
	if err != nil {
		return assume.Session{}, err
	}
	hop.ExternalID = p.ExternalID
	if d := p.RoleDurationSeconds; d != nil && *d > 0 {
		hop.Duration = min(max(*d, plan.MinDuration), plan.MaxDuration)
	}
	walker := c.Walker()
	walker.Origin = func(context.Context, plan.Profile) (assume.Session, error) { return by, nil }
	return walker.Walk(ctx, plan.Profile{Region: hop.Region, Source: plan.SourceExisting, Chain: []plan.Hop{hop}})
}

// files are the two files of profiles, as far as they exist.
type files struct {
	config, credentials file
}

type file struct {
	path    string // as this process sees it; empty if there can be none
	content []byte
	parsed  *profile.File
}

// files reads both: those that variables name, else those of the home
// directory. One that is missing is empty.
func (c *Chain) files(ctx context.Context) (*files, error) {
	var f files
	var err error
	if f.config, err = c.file(ctx, "AWS_CONFIG_FILE", "config", profile.ParseConfig); err != nil {
		return nil, err
	}
	f.credentials, err = c.file(ctx, "AWS_SHARED_CREDENTIALS_FILE", "credentials", profile.ParseCredentials)
	return &f, err
}

func (c *Chain) file(ctx context.Context, variable, name string, parse func([]byte) (*profile.File, error)) (file, error) {
	path, source := c.getenv(variable), "variable "+variable
	switch home := c.getenv("HOME"); {
	case path != "":
		path = c.Path(path)
	case home != "":
		path = filepath.Join(home, ".aws", name)
		source = "~/.aws/" + name
	}
	f := file{path: path}
	if path != "" {
		var err error
		if f.content, err = c.Files.ReadFile(ctx, path, profile.MaxSize); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return file{}, &Error{Source: source, Reason: err.Error(), cause: err}
		}
	}
	var err error
	if f.parsed, err = parse(f.content); err != nil {
		return file{}, &Error{Source: source, Reason: "it is not a valid profile file", Remedy: "check " + path}
	}
	return f, nil
}

func (f *files) have(name string) bool {
	return f.config.parsed.Has(name) || f.credentials.parsed.Has(name)
}

// ofProcess returns the paths of the files in which a profile has a
// credential_process.
func (f *files) ofProcess(name string) []string {
	var paths []string
	for _, file := range []file{f.config, f.credentials} {
		if _, ok := file.parsed.Get(name, "credential_process"); ok {
			paths = append(paths, file.path)
		}
	}
	return paths
}

// load reads a profile and those that it refers to with the SDK's parser. It is
// nil if there is no profile of that name.
func (f *files) load(ctx context.Context, name string) (*config.SharedConfig, error) {
	inConfig, err := serve(f.config.content)
	if err != nil {
		return nil, err
	}
	defer inConfig.Close()
	inCredentials, err := serve(f.credentials.content)
	if err != nil {
		return nil, err
	}
	defer inCredentials.Close()
	shared, err := config.LoadSharedConfigProfile(ctx, name, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = inConfig.paths(), inCredentials.paths()
	})
	if err == nil {
		return &shared, nil
	}
	return nil, f.explain(name, err)
}

// explain returns nil if there is no such profile.
func (f *files) explain(name string, err error) error {
	source := fmt.Sprintf("profile %q", name)
	if e, ok := errors.AsType[config.SharedConfigAssumeRoleError](err); ok {
		return &Error{Source: source, Reason: fmt.Sprintf("source_profile %q is missing or has no credentials", e.Profile), Remedy: "correct source_profile"}
	}
	if _, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return nil
	}
	if e, ok := errors.AsType[config.CredentialRequiresARNError](err); ok {
		return &Error{Source: fmt.Sprintf("profile %q", e.Profile), Reason: e.Type + " needs role_arn", Remedy: "add role_arn"}
	}
	return &Error{Source: source, Reason: f.defect(name), Remedy: "correct it; 'aws configure list --profile " + name + "' shows what the AWS CLI reads"}
}

// defect finds why the SDK refuses a profile, whose error has no type.
func (f *files) defect(name string) string {
	get := func(key string) string {
		for _, file := range []file{f.credentials, f.config} {
			if value, ok := file.parsed.Get(name, key); ok {
				return value.Reveal()
			}
		}
		return ""
	}
	var sources []string
	for _, key := range []string{"source_profile", "credential_source", "credential_process", "web_identity_token_file"} {
		if get(key) != "" {
			sources = append(sources, key)
		}
	}
	switch session := get("sso_session"); {
	case (get("aws_access_key_id") == "") != (get("aws_secret_access_key") == ""):
		return "it has only one of aws_access_key_id and aws_secret_access_key"
	case len(sources) > 1:
		return strings.Join(sources, " and ") + " cannot be combined"
	case session != "":
		return fmt.Sprintf("its sso_session has no section [sso-session %s]", session)
	}
	return "it, or a profile that it refers to, has an invalid entry"
}

// served is content that can be opened once by a path. The SDK's parser accepts
// paths only, and would read files without a bound and through any link.
type served struct{ read *os.File }

func serve(content []byte) (served, error) {
	if len(content) == 0 {
		return served{}, nil
	}
	read, write, err := os.Pipe()
	if err != nil {
		return served{}, fmt.Errorf("read profiles: %w", err)
	}
	s := served{read}
	if _, err := os.Stat(s.path()); err != nil {
		return served{}, errors.Join(errors.New("read profiles: this system has no /dev/fd"), read.Close(), write.Close())
	}
	go func() {
		_, _ = write.Write(content) // fails once the reader is closed
		_ = write.Close()
	}()
	return s, nil
}

func (s served) path() string { return fmt.Sprintf("/dev/fd/%d", s.read.Fd()) }

func (s served) paths() []string {
	if s.read == nil {
		return []string{} // and not nil, for which the SDK reads its own files
	}
	return []string{s.path()}
}

func (s served) Close() {
	if s.read != nil {
		_ = s.read.Close()
	}
}
