package ambient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/sandbox/sandboxtest"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

// world is a machine with a home and a workspace, the sandbox's STS, and a
// server that plays whatever else hands out credentials.
type world struct {
	*testing.T
	home, workspace string
	environ         []string
	server          *sandbox.Server
	mux             *http.ServeMux
	url             string // of what mux serves
	stored          func(command string) (assume.Session, bool, error)

	mu     sync.Mutex
	masked []string
	sleeps int
}

const (
	keyID     = "AKIAIOSFODNN7CIUSER1"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	keys      = "aws_access_key_id = " + keyID + "\naws_secret_access_key = " + secretKey + "\n"
	deploy    = "arn:aws:iam::111111111111:role/deploy"
	pod       = "arn:aws:iam::111111111111:role/pod"
)

const accounts = `
workflow: {repository: octo-org/octo-repo}
with: {aws-region: eu-central-1}
accounts:
  "111111111111":
    providers:
      - issuer: https://token.actions.githubusercontent.com
        audiences: [sts.amazonaws.com]
    users:
      ci: {access-key-id: ` + keyID + `, secret-access-key: "` + secretKey + `", may-assume: ["*"]}
    roles:
      deploy:
        may-assume: ["*"]
        trust-policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:root"}, Action: "sts:AssumeRole", Condition: {StringEquals: {"sts:ExternalId": "x7"}}}]}
      chained:
        trust-policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:role/deploy"}, Action: "sts:AssumeRole"}]}
      pod:
        trust-policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"}, Action: "sts:AssumeRoleWithWebIdentity", Condition: {StringEquals: {"token.actions.githubusercontent.com:sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}}}]}
`

func newWorld(t *testing.T) *world {
	t.Helper()
	server := sandboxtest.Serve(t, accounts, sandbox.Options{})
	w := &world{T: t, home: t.TempDir(), workspace: t.TempDir(), server: server, mux: http.NewServeMux()}
	machine := httptest.NewServer(w.mux)
	t.Cleanup(machine.Close)
	w.url = machine.URL
	w.environ = []string{"HOME=" + w.home, "PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true", "AWS_REGION=nowhere"}
	return w
}

func (w *world) set(name, value string) { w.environ = append(w.environ, name+"="+value) }

func (w *world) write(path, content string) {
	w.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		w.Fatal(err)
	}
}

func (w *world) chain() *Chain {
	files := safefile.Files{Workspace: w.workspace}
	return &Chain{
		Environ: w.environ,
		Files:   files,
		Path: func(path string) string {
			if filepath.IsAbs(path) {
				return path
			}
			return filepath.Join(w.workspace, path)
		},
		Foreign: files.Inside,
		Stored: func(_ context.Context, command string) (assume.Session, bool, error) {
			if w.stored == nil {
				return assume.Session{}, false, nil
			}
			return w.stored(command)
		},
		STS: plan.Hop{Region: "eu-central-1", Endpoint: w.server.URL(), SessionName: "job"},
		Walker: func() *assume.Walker {
			return &assume.Walker{HTTP: transport.New(transport.Options{}), Retry: retry.Default(1)}
		},
		Mask: func(text string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.masked = append(w.masked, text)
		},
		HTTP:   transport.New(transport.Options{}),
		Direct: transport.New(transport.Options{}),
		Retry: retry.Policy{Attempts: 12, PerAttempt: time.Minute, Sleep: func(context.Context, time.Duration) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.sleeps++
			return nil
		}},
	}
}

// whose asks STS whose credentials these are.
func (w *world) whose(found Credentials) string {
	w.Helper()
	s, err := w.chain().Walker().Identify(w.Context(), w.chain().STS, found.Session)
	if err != nil {
		w.Fatalf("%s: %v", found.From, err)
	}
	return s.ARN
}

func (w *world) answerKeys(pattern string) {
	w.mux.HandleFunc(pattern, func(out http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(out, `{"Code": "Success", "AccessKeyId": %q, "SecretAccessKey": %q, "Token": "", "Expiration": %q}`,
			keyID, secretKey, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	})
}

func (w *world) instance() {
	w.set("AWS_EC2_METADATA_DISABLED", "")
	w.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", w.url)
	w.mux.HandleFunc("PUT /latest/api/token", func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		fmt.Fprint(out, "metadata-token")
	})
	const path = "GET /latest/meta-data/iam/security-credentials/"
	w.mux.HandleFunc(path+"{$}", func(out http.ResponseWriter, _ *http.Request) { fmt.Fprint(out, "machine") })
	w.answerKeys(path + "machine")
}

func (w *world) config(text string) { w.write(filepath.Join(w.home, ".aws", "config"), text) }

func (w *world) token() string {
	w.Helper()
	env := map[string]string{}
	for _, pair := range w.server.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	source := oidc.Source{URL: env["ACTIONS_ID_TOKEN_REQUEST_URL"], Bearer: secret.New(env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]), Client: transport.New(transport.Options{}), Retry: retry.Default(1)}
	token, err := source.Token(w.Context(), "sts.amazonaws.com")
	if err != nil {
		w.Fatal(err)
	}
	return token.Raw.Reveal()
}

const (
	userARN    = "arn:aws:iam::111111111111:user/ci"
	deployARN  = "arn:aws:sts::111111111111:assumed-role/deploy/job"
	chainedARN = "arn:aws:sts::111111111111:assumed-role/chained/job"
	podARN     = "arn:aws:sts::111111111111:assumed-role/pod/job"
)

func TestResolve(t *testing.T) {
	for _, tt := range []struct {
		name     string
		make     func(*world)
		from     string
		arn      string
		renewing bool
		err      []string // parts of the error
	}{
		{name: "the environment first", make: func(w *world) {
			w.set("AWS_ACCESS_KEY_ID", keyID)
			w.set("AWS_SECRET_ACCESS_KEY", secretKey)
			w.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent")
		}, from: "environment", arn: userARN},
		{name: "the environment by the older names", make: func(w *world) {
			w.set("AWS_ACCESS_KEY", keyID)
			w.set("AWS_SECRET_KEY", secretKey)
		}, from: "environment", arn: userARN},
		{name: "nothing", make: func(*world) {},
			err: []string{"no credentials from environment, profiles, container or instance: instance metadata service: AWS_EC2_METADATA_DISABLED is true; set role-to-assume"}},
		{name: "a key without its secret, on an instance", make: func(w *world) {
			w.instance()
			w.set("AWS_ACCESS_KEY_ID", keyID)
			w.set("AWS_SECRET_ACCESS_KEY", "")
		}, err: []string{"no credentials from environment: it has only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; set AWS_SECRET_ACCESS_KEY, or unset the other one"}},
		{name: "a secret without its key, on an instance", make: func(w *world) { w.instance(); w.set("AWS_SECRET_ACCESS_KEY", "h4nter2") },
			err: []string{"set AWS_ACCESS_KEY_ID, or unset the other one"}},
		{name: "both keys empty, as a clean-up leaves them", make: func(w *world) {
			w.instance()
			w.set("AWS_ACCESS_KEY_ID", "")
			w.set("AWS_SECRET_ACCESS_KEY", "")
		}, from: "instance", arn: userARN, renewing: true},
		{name: "a token file", make: func(w *world) {
			w.write(filepath.Join(w.workspace, "token"), w.token()+"\n")
			w.set("AWS_WEB_IDENTITY_TOKEN_FILE", "token")
			w.set("AWS_ROLE_ARN", pod)
			w.config("[default]\n" + keys)
		}, from: "token file", arn: podARN, renewing: true},
		{name: "a token file with a session name", make: func(w *world) {
			w.write(filepath.Join(w.home, "token"), w.token())
			w.set("AWS_WEB_IDENTITY_TOKEN_FILE", filepath.Join(w.home, "token"))
			w.set("AWS_ROLE_ARN", pod)
			w.set("AWS_ROLE_SESSION_NAME", "pod-7")
		}, from: "token file", arn: strings.Replace(podARN, "/job", "/pod-7", 1), renewing: true},
		{name: "a token file for no role", make: func(w *world) { w.set("AWS_WEB_IDENTITY_TOKEN_FILE", "token") },
			err: []string{`no credentials from variable AWS_ROLE_ARN: "" is not the ARN of a role`}},
		{name: "a token file that is missing", make: func(w *world) {
			w.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent")
			w.set("AWS_ROLE_ARN", pod)
		}, err: []string{`variable AWS_WEB_IDENTITY_TOKEN_FILE: "/nonexistent" does not exist`}},
		{name: "a token file with something else", make: func(w *world) {
			w.write(filepath.Join(w.home, "token"), "h4nter2")
			w.set("AWS_WEB_IDENTITY_TOKEN_FILE", filepath.Join(w.home, "token"))
			w.set("AWS_ROLE_ARN", pod)
		}, err: []string{"variable AWS_WEB_IDENTITY_TOKEN_FILE: the file does not contain a token"}},

		{name: "keys of the profile default", make: func(w *world) { w.config("[default]\n" + keys) }, from: "profile default", arn: userARN},
		{name: "keys in the credentials file", make: func(w *world) {
			w.write(filepath.Join(w.home, ".aws/credentials"), "[machine]\n"+keys)
			w.set("AWS_PROFILE", "machine")
		}, from: "profile machine", arn: userARN},
		{name: "files that variables name", make: func(w *world) {
			w.write(filepath.Join(w.workspace, "aws/config"), "[profile machine]\nsource_profile = other\nrole_arn = "+deploy+"\nexternal_id = x7\n")
			w.write(filepath.Join(w.home, "credentials"), "[other]\n"+keys)
			w.set("AWS_CONFIG_FILE", "aws/config")
			w.set("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(w.home, "credentials"))
			w.set("AWS_PROFILE", "machine")
		}, from: "profile machine", arn: deployARN, renewing: true},
		{name: "a chain of profiles", make: func(w *world) {
			w.config("[default]\nsource_profile = mid\nrole_arn = arn:aws:iam::111111111111:role/chained\nduration_seconds = 1800\n" +
				"[profile mid]\nsource_profile = base\nrole_arn = " + deploy + "\nexternal_id = x7\nrole_session_name = between\n[profile base]\n" + keys)
		}, from: "profile default", arn: chainedARN, renewing: true},
		{name: "a profile that is its own source", make: func(w *world) {
			w.config("[default]\nsource_profile = default\nrole_arn = " + deploy + "\nexternal_id = x7\n" + keys)
		}, from: "profile default", arn: deployARN, renewing: true},
		{name: "a role that refuses", make: func(w *world) { w.config("[default]\nsource_profile = default\nrole_arn = " + deploy + "\n" + keys) },
			err: []string{"AccessDenied", deploy}},
		{name: "a role of the environment's keys", make: func(w *world) {
			w.set("AWS_PROFILE", "p")
			w.config("[profile p]\ncredential_source = Environment\nrole_arn = " + deploy + "\n")
		}, err: []string{`profile "p" (credential_source): the environment has no keys`}},
		{name: "a role of the instance", make: func(w *world) {
			w.instance()
			w.config("[default]\ncredential_source = Ec2InstanceMetadata\nexternal_id = x7\nrole_arn = " + deploy + "\n")
		}, from: "profile default", arn: deployARN, renewing: true},
		{name: "a role of the container", make: func(w *world) {
			w.answerKeys("GET /container")
			w.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", w.url+"/container")
			w.config("[default]\ncredential_source = EcsContainer\nexternal_id = x7\nrole_arn = " + deploy + "\n")
		}, from: "profile default", arn: deployARN, renewing: true},
		{name: "a role of a container that has none", make: func(w *world) { w.config("[default]\ncredential_source = EcsContainer\nrole_arn = " + deploy + "\n") },
			err: []string{`profile "default" (credential_source): this container has neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`}},
		{name: "a role of nothing that is known", make: func(w *world) { w.config("[default]\ncredential_source = Pocket\nrole_arn = " + deploy + "\n") },
			err: []string{`(credential_source): "Pocket" is invalid; use Ec2InstanceMetadata, EcsContainer or Environment`}},
		{name: "a role of what the machine has", make: func(w *world) {
			w.instance()
			w.config("[default]\nexternal_id = x7\nrole_arn = " + deploy + "\n")
		}, from: "profile default", arn: deployARN, renewing: true},
		{name: "a role for a token in a file", make: func(w *world) {
			w.write(filepath.Join(w.home, "token"), w.token())
			w.config("[default]\nweb_identity_token_file = " + filepath.Join(w.home, "token") + "\nrole_arn = " + pod + "\n")
		}, from: "profile default", arn: podARN, renewing: true},
		{name: "a role with a code", make: func(w *world) {
			w.config("[default]\nmfa_serial = arn:aws:iam::111111111111:mfa/me\nsource_profile = default\nrole_arn = " + deploy + "\n" + keys)
		}, err: []string{"mfa_serial requires a code, which a job cannot enter"}},
		{name: "no role", make: func(w *world) { w.config("[default]\nsource_profile = default\nrole_arn = deploy\n" + keys) },
			err: []string{`profile "default" (role_arn): "deploy" is not the ARN of a role`}},

		{name: "the missing profile of AWS_PROFILE", make: func(w *world) { w.instance(); w.set("AWS_PROFILE", "gone") },
			err: []string{`profile "gone" (AWS_PROFILE): it is in neither of the profile files that this container sees; correct the name`}},
		{name: "the profile of AWS_DEFAULT_PROFILE", make: func(w *world) {
			w.instance()
			w.config("[profile other]\n" + keys)
			w.set("AWS_DEFAULT_PROFILE", "other")
		}, from: "profile other", arn: userARN},
		{name: "AWS_PROFILE before AWS_DEFAULT_PROFILE", make: func(w *world) {
			w.config("[profile other]\n" + keys)
			w.set("AWS_DEFAULT_PROFILE", "gone")
			w.set("AWS_PROFILE", "other")
		}, from: "profile other", arn: userARN},
		{name: "the missing profile of AWS_DEFAULT_PROFILE", make: func(w *world) { w.instance(); w.set("AWS_DEFAULT_PROFILE", "gone") },
			err: []string{`profile "gone" (AWS_DEFAULT_PROFILE)`, "unset AWS_DEFAULT_PROFILE"}},
		{name: "the missing source of a profile", make: func(w *world) { w.config("[default]\nsource_profile = gone\nrole_arn = " + deploy + "\n") },
			err: []string{`source_profile "gone" is missing or has no credentials`}},
		{name: "half of a profile's keys", make: func(w *world) { w.config("[default]\naws_access_key_id = " + keyID + "\n") },
			err: []string{`profile "default": it has only one of aws_access_key_id and aws_secret_access_key`}},
		{name: "two sources of a profile", make: func(w *world) {
			w.config("[default]\ncredential_process = true\ncredential_source = Environment\nrole_arn = " + deploy + "\n")
		},
			err: []string{"credential_source and credential_process cannot be combined"}},
		{name: "a source without a role", make: func(w *world) { w.config("[default]\ncredential_source = Environment\n") },
			err: []string{`profile "default": credential_source needs role_arn`}},
		{name: "a value that no SDK reads", make: func(w *world) { w.config("[default]\nretry_mode = h4nter2\n" + keys) },
			err: []string{`profile "default": it, or a profile that it refers to, has an invalid entry`}},
		{name: "a profile with nothing but a region", make: func(w *world) { w.instance(); w.config("[default]\nregion = us-west-2\n") }, from: "instance", arn: userARN, renewing: true},
		{name: "a large file", make: func(w *world) {
			w.config("[default]\n" + keys + strings.Repeat("# "+strings.Repeat("x", 98)+"\n", 2000))
		}, from: "profile default", arn: userARN},
		{name: "an endless file", make: func(w *world) {
			w.config("")
			if err := os.Truncate(filepath.Join(w.home, ".aws/config"), 1<<40); err != nil {
				w.Fatal(err)
			}
		}, err: []string{"~/.aws/config", "is larger than"}},

		{name: "the container before the instance", make: func(w *world) {
			w.instance()
			w.answerKeys("GET /container")
			w.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", w.url+"/container")
		}, from: "container", arn: userARN, renewing: true},
		{name: "the instance", make: func(w *world) { w.instance() }, from: "instance", arn: userARN, renewing: true},
		{name: "an instance without a role", make: func(w *world) {
			w.set("AWS_EC2_METADATA_DISABLED", "")
			w.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", w.url)
			w.mux.HandleFunc("PUT /latest/api/token", func(out http.ResponseWriter, _ *http.Request) {
				out.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
				fmt.Fprint(out, "metadata-token")
			})
		}, err: []string{"instance metadata service: the instance has no role", "attach an instance profile"}},
		{name: "an instance that nothing leads to", make: func(w *world) {
			w.set("AWS_EC2_METADATA_DISABLED", "")
			w.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
		}, err: []string{"instance metadata service: connection refused"}},
		{name: "an instance at no URL", make: func(w *world) {
			w.set("AWS_EC2_METADATA_DISABLED", "")
			w.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "169.254.169.254")
		}, err: []string{`instance metadata service: "169.254.169.254" is not a URL; set a URL`}},
		{name: "an instance at a password", make: func(w *world) {
			w.set("AWS_EC2_METADATA_DISABLED", "")
			w.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "user:h4nter2@169.254.169.254")
		}, err: []string{"instance metadata service: it is not a URL; set a URL"}},
		{name: "an instance in a mode that is none", make: func(w *world) {
			w.set("AWS_EC2_METADATA_DISABLED", "")
			w.set("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5")
		}, err: []string{`AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE "IPv5" is invalid; use IPv4 or IPv6`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.make(w)
			found, err := w.chain().Resolve(t.Context())
			if len(tt.err) > 0 {
				w.refused(err, tt.err...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if arn := w.whose(found); arn != tt.arn || found.From != tt.from || found.Renewing != tt.renewing {
				t.Errorf("%s from %q, renewing %v; want %s from %q, %v", arn, found.From, found.Renewing, tt.arn, tt.from, tt.renewing)
			}
			if found.Renewing == found.Expires.IsZero() {
				t.Errorf("it ends at %v", found.Expires)
			}
		})
	}
}

// refused checks an error, and that it shows nothing secret.
func (w *world) refused(err error, parts ...string) {
	w.Helper()
	if err == nil {
		w.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			w.Errorf("the error lacks %q: %v", part, err)
		}
	}
	for _, hidden := range []string{"h4nter2", secretKey, "/dev/fd", "operation error", "smithy"} {
		if strings.Contains(err.Error(), hidden) {
			w.Errorf("the error shows %q: %v", hidden, err)
		}
	}
}

func TestFallback(t *testing.T) {
	w := newWorld(t)
	w.config("[default]\nregion = us-west-2\n[profile only]\n" + keys)
	chain := w.chain()
	chain.Fallback = "only"
	found, err := chain.Resolve(t.Context())
	if err != nil || found.From != "profile only" || w.whose(found) != userARN {
		t.Errorf("%+v, %v", found, err)
	}
	chain.Environ = append(chain.Environ, "AWS_PROFILE=default")
	_, err = chain.Resolve(t.Context())
	w.refused(err, "AWS_EC2_METADATA_DISABLED")
}

func TestProfile(t *testing.T) {
	w := newWorld(t)
	w.config("[profile a]\n" + keys + "[profile b]\nregion = us-west-2\n")
	for name, known := range map[string]bool{"a": true, "b": false, "c": false, "": false} {
		found, ok, err := w.chain().Profile(t.Context(), name)
		if err != nil || ok != known || ok && found.From != "profile "+name {
			t.Errorf("%q: %+v, %v, %v", name, found, ok, err)
		}
	}
}

func TestMachineLooksAtNothingElse(t *testing.T) {
	w := newWorld(t)
	w.instance()
	w.set("AWS_ACCESS_KEY_ID", "AKIAOTHER")
	w.set("AWS_SECRET_ACCESS_KEY", "x")
	w.config("[default]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = x\n")
	found, err := w.chain().Machine(t.Context())
	if err != nil || found.From != "instance" || w.whose(found) != userARN {
		t.Errorf("%+v, %v", found, err)
	}
}

// hanging is a provider that waits for its context.
type hanging struct{}

func (hanging) Retrieve(ctx context.Context) (aws.Credentials, error) {
	<-ctx.Done()
	return aws.Credentials{}, errors.New("the end of it")
}
