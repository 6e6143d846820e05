//go:build unix

package ambient

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/secret"
)

func TestContainer(t *testing.T) {
	for _, tt := range []struct {
		name  string
		make  func(*world)
		tries int32
		err   []string
	}{
		{name: "with a token", tries: 1, make: func(w *world) { w.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer pod") }},
		{name: "with a token in a file, as Kubernetes projects it", tries: 1, make: func(w *world) {
			w.write(filepath.Join(w.home, "pod/..2026/token"), "Bearer pod\n")
			if err := errors.Join(os.Symlink("..2026", filepath.Join(w.home, "pod/..data")), os.Symlink("..data/token", filepath.Join(w.home, "pod/token"))); err != nil {
				w.Fatal(err)
			}
			w.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "stale")
			w.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", filepath.Join(w.home, "pod/token"))
		}},
		{name: "with a token in a pipe", make: func(w *world) {
			if err := syscall.Mkfifo(filepath.Join(w.home, "token"), 0o600); err != nil {
				w.Fatal(err)
			}
			w.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", filepath.Join(w.home, "token"))
		}, err: []string{"variable AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "is a named pipe"}},
		{name: "with a token of two lines", make: func(w *world) { w.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "h4nter2\nX-Other: h4nter2") },
			err: []string{"variable AWS_CONTAINER_AUTHORIZATION_TOKEN: it has more than one line"}},
		{name: "with a token of two lines in a file", make: func(w *world) {
			w.write(filepath.Join(w.home, "token"), "h4nter2\r\nX-Other: h4nter2\n")
			w.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", filepath.Join(w.home, "token"))
		}, err: []string{"variable AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: the file does not contain a token; check "}},
		{name: "with a token in an empty file", make: func(w *world) {
			w.write(filepath.Join(w.home, "token"), "\n")
			w.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", filepath.Join(w.home, "token"))
		}, err: []string{"the file does not contain a token"}},
		{name: "with a token in a missing file", make: func(w *world) {
			w.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", filepath.Join(w.home, "token"))
		}, err: []string{"variable AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "does not exist", "which the action's container sees"}},
		{name: "refused", tries: 1, make: func(*world) {}, err: []string{"unexpected response (status 403), AccessDenied; check that this container may use it"}},
		{name: "overloaded twice", tries: 3, make: func(w *world) { w.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", w.url+"/busy?2") }},
		{name: "overloaded", tries: 3, make: func(w *world) { w.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", w.url+"/busy?9") }, err: []string{"unexpected response (status 503)"}},
		{name: "empty", tries: 1, make: func(w *world) { w.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", w.url+"/empty") }, err: []string{"the response contains no keys"}},
		{name: "not JSON", tries: 1, make: func(w *world) { w.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", w.url+"/page") }, err: []string{"the response is invalid"}},
		{name: "endless", tries: 1, make: func(w *world) { w.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", w.url+"/endless") }, err: []string{"response too large"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var tries atomic.Int32
			handle := func(path string, f http.HandlerFunc) {
				w.mux.HandleFunc(path, func(out http.ResponseWriter, r *http.Request) {
					tries.Add(1)
					f(out, r)
				})
			}
			keys := func(out http.ResponseWriter) {
				fmt.Fprintf(out, `{"AccessKeyId": %q, "SecretAccessKey": %q}`, keyID, secretKey)
			}
			handle("/guarded", func(out http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == "Bearer pod" {
					keys(out)
					return
				}
				out.Header().Set("Content-Type", "application/json")
				out.WriteHeader(http.StatusForbidden)
				fmt.Fprint(out, `{"code": "AccessDenied", "message": "h4nter2"}`)
			})
			handle("/busy", func(out http.ResponseWriter, r *http.Request) {
				if fmt.Sprint(tries.Load()) <= r.URL.RawQuery {
					http.Error(out, "h4nter2", http.StatusServiceUnavailable)
					return
				}
				keys(out)
			})
			handle("/empty", func(out http.ResponseWriter, _ *http.Request) { fmt.Fprint(out, "{}") })
			handle("/page", func(out http.ResponseWriter, _ *http.Request) { fmt.Fprint(out, "<p>h4nter2</p>") })
			handle("/endless", func(out http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(out, `{"AccessKeyId": "`)
				for range 64 { // MiB
					if _, err := out.Write([]byte(strings.Repeat("h4nter2 ", 1<<17))); err != nil {
						return
					}
				}
			})
			w.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", w.url+"/guarded")
			tt.make(w)
			found, err := w.chain().Resolve(t.Context())
			if tries.Load() != tt.tries {
				t.Errorf("%d tries, want %d", tries.Load(), tt.tries)
			}
			if tt.err != nil {
				w.refused(err, tt.err...)
				return
			}
			if err != nil || w.whose(found) != userARN {
				t.Fatalf("%+v, %v", found, err)
			}
			if strings.Contains(tt.name, "token") && !strings.Contains(strings.Join(w.masked, " "), "Bearer pod") {
				t.Error("the token is not masked")
			}
		})
	}
}

// A source that hangs ends with the step, which an error of the source's own
// limit is not mistaken for.
func TestDeadline(t *testing.T) {
	w := newWorld(t)
	w.mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	w.set("AWS_EC2_METADATA_DISABLED", "")
	w.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", w.url)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := w.chain().Machine(ctx)
	if w.refused(err, "instance metadata service: timed out"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is not the deadline's", err)
	}
	_, err = w.chain().retrieve(t.Context(), 50*time.Millisecond, hanging{})
	if err := failed("it", err, ""); err.Reason != "timed out after 50ms" || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the attempt: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = w.chain().Machine(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestProcess(t *testing.T) {
	printKeys := fmt.Sprintf(`printf '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s"}'`, keyID, secretKey)
	for _, tt := range []struct {
		name    string
		command string
		make    func(*world)
		err     []string
	}{
		{name: "keys", command: printKeys},
		{name: "the variables of the job", command: `test "$MINE" = 1 && test "$AWS_REGION" = nowhere && ` + printKeys},
		{name: "no right to mint tokens, no inputs, no state", command: `if env | grep -qE '^(ACTIONS|INPUT|STATE)_'; then exit 3; fi; ` + printKeys},
		{name: "what it says besides is not shown", command: "echo '::error::h4nter2' >&2; " + printKeys},
		{name: "an error", command: "echo h4nter2; echo h4nter2 >&2; exit 7", err: []string{`profile "default" (credential_process): the program failed with exit status 7; run the command in a run step`}},
		{name: "no program", command: "/nonexistent/program", err: []string{"the program failed with exit status 127"}},
		{name: "something else than keys", command: "echo h4nter2", err: []string{"the response is invalid"}},
		{name: "no keys", command: `echo '{"Version": 1}'`, err: []string{"the response is invalid"}},
		{name: "endless output", command: "yes h4nter2", err: []string{"the program printed more than 64 KiB"}},
		{name: "a file of the workspace", command: printKeys, make: func(w *world) {
			w.write(filepath.Join(w.workspace, "config"), "[default]\ncredential_process = touch "+filepath.Join(w.home, "started")+"\n")
			w.set("AWS_CONFIG_FILE", "config")
		}, err: []string{`profile "default" (credential_process): programs in profile files of the workspace are not started; move the profile`}},
		{name: "a file of the workspace by another name of it", command: printKeys, make: func(w *world) {
			w.write(filepath.Join(w.workspace, "config"), "[default]\ncredential_process = touch "+filepath.Join(w.home, "started")+"\n")
			if err := os.Symlink(w.workspace, filepath.Join(w.home, "alias")); err != nil {
				w.Fatal(err)
			}
			w.set("AWS_CONFIG_FILE", filepath.Join(w.home, "alias/config"))
		}, err: []string{"profile files of the workspace"}},
		{name: "a file of the workspace behind a link outside", command: printKeys, make: func(w *world) {
			w.write(filepath.Join(w.workspace, "dir/config"), "[default]\ncredential_process = touch "+filepath.Join(w.home, "started")+"\n")
			if err := os.Symlink(filepath.Join(w.workspace, "dir/config"), filepath.Join(w.home, "linked")); err != nil {
				w.Fatal(err)
			}
			w.set("AWS_CONFIG_FILE", filepath.Join(w.home, "linked"))
		}, err: []string{"profile files of the workspace"}},
		{name: "a home whose .aws is a directory of the workspace", make: func(w *world) {
			w.write(filepath.Join(w.workspace, "aws/config"), "[default]\ncredential_process = touch "+filepath.Join(w.home, "started")+"\n")
			home := filepath.Join(w.home, "other")
			if err := errors.Join(os.Mkdir(home, 0o755), os.Symlink(filepath.Join(w.workspace, "aws"), filepath.Join(home, ".aws"))); err != nil {
				w.Fatal(err)
			}
			w.set("HOME", home)
		}, err: []string{"profile files of the workspace"}},
		{name: "a file of the workspace beside another", command: printKeys, make: func(w *world) {
			w.write(filepath.Join(w.workspace, "credentials"), "[default]\ncredential_process = touch "+filepath.Join(w.home, "started")+"\n")
			w.set("AWS_SHARED_CREDENTIALS_FILE", "credentials")
		}, err: []string{"profile files of the workspace"}},
		{name: "a source profile in a file of the workspace", make: func(w *world) {
			w.config("[default]\nsource_profile = theirs\nrole_arn = " + deploy + "\n")
			w.write(filepath.Join(w.workspace, "credentials"), "[theirs]\ncredential_process = touch "+filepath.Join(w.home, "started")+"\n")
			w.set("AWS_SHARED_CREDENTIALS_FILE", "credentials")
		}, err: []string{`profile "theirs" (credential_process): programs in profile files of the workspace`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, name := range []string{"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_RUNTIME_TOKEN", "INPUT_AWS-SECRET-ACCESS-KEY", "STATE_isPost"} {
				w.set(name, "h4nter2")
			}
			w.set("MINE", "1")
			if tt.command != "" {
				w.config("[default]\ncredential_process = " + tt.command + "\n")
			}
			if tt.make != nil {
				tt.make(w)
			}
			found, err := w.chain().Resolve(t.Context())
			if _, err := os.Lstat(filepath.Join(w.home, "started")); err == nil {
				t.Error("the program was started")
			}
			if tt.err != nil {
				w.refused(err, tt.err...)
				return
			}
			if err != nil || w.whose(found) != userARN || found.From != "profile default" || !found.Renewing {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
}

func TestNoShell(t *testing.T) {
	if err := checkShell("it", "/bin/sh"); err != nil {
		t.Error(err)
	}
	w := &world{T: t}
	w.refused(checkShell("it", filepath.Join(t.TempDir(), "sh")), "no credentials from it: it requires a shell, and this container has no /", "in a run step before")
}

// A program that leaves a child with its output open does not keep the step.
func TestProcessEndsWithTheStep(t *testing.T) {
	w := newWorld(t)
	w.config("[default]\ncredential_process = sleep 60\n")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := w.chain().Resolve(ctx)
	if w.refused(err, "timed out"); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 30*time.Second {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
}

func TestStoredSessions(t *testing.T) {
	w := newWorld(t)
	w.write(filepath.Join(w.workspace, "config"), "[default]\ncredential_process = /state/aws-oidc-action credential-process --profile x\n")
	w.set("AWS_CONFIG_FILE", "config")
	w.stored = func(command string) (assume.Session, bool, error) {
		if command != "/state/aws-oidc-action credential-process --profile x" {
			t.Errorf("asked for %q", command)
		}
		return assume.Session{AccessKeyID: keyID, SecretAccessKey: secret.New(secretKey)}, true, nil
	}
	found, err := w.chain().Resolve(t.Context())
	if err != nil || w.whose(found) != userARN || found.Renewing {
		t.Errorf("%+v, %v", found, err)
	}
	w.stored = func(string) (assume.Session, bool, error) { return assume.Session{}, true, errors.New("it has ended") }
	_, err = w.chain().Resolve(t.Context())
	w.refused(err, "it has ended")
}

const ssoProfile = "[default]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = dev\n[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example\n"

// portal plays IAM Identity Center for a login with the token "living".
func (w *world) portal() {
	w.set("AWS_ENDPOINT_URL_SSO", w.url)
	w.set("AWS_ENDPOINT_URL_SSO_OIDC", w.url)
	w.mux.HandleFunc("GET /federation/credentials", func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "application/json")
		if r.Header.Get("X-Amz-Sso_bearer_token") == "garbled" {
			fmt.Fprint(out, "<p>h4nter2</p>")
			return
		}
		if r.Header.Get("X-Amz-Sso_bearer_token") != "living" || r.URL.Query().Get("role_name") != "dev" || r.URL.Query().Get("account_id") != "111111111111" {
			out.Header().Set("X-Amzn-Errortype", "UnauthorizedException")
			out.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(out, `{"message": "h4nter2"}`)
			return
		}
		fmt.Fprintf(out, `{"roleCredentials": {"accessKeyId": %q, "secretAccessKey": %q, "sessionToken": "", "expiration": %d}}`, keyID, secretKey, time.Now().Add(time.Hour).UnixMilli())
	})
	w.mux.HandleFunc("POST /token", func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "application/json")
		var in struct{ RefreshToken, ClientID, ClientSecret string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.RefreshToken != "again" {
			out.Header().Set("X-Amzn-Errortype", "InvalidGrantException")
			out.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(out, `{"error": "invalid_grant", "error_description": "h4nter2"}`)
			return
		}
		fmt.Fprint(out, `{"accessToken": "living", "expiresIn": 3600, "refreshToken": "again", "tokenType": "Bearer"}`)
	})
}

// login caches a login as the AWS CLI does.
func (w *world) login(key, token string, ends time.Duration, more string) {
	sum := sha1.Sum([]byte(key))
	w.write(filepath.Join(w.home, ".aws/sso/cache", hex.EncodeToString(sum[:])+".json"),
		fmt.Sprintf(`{"accessToken": %q, "expiresAt": %q%s}`, token, time.Now().Add(ends).UTC().Format(time.RFC3339), more))
}

func TestSSO(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(*world)
		err  []string
	}{
		{name: "a login", make: func(w *world) { w.config(ssoProfile); w.login("corp", "living", time.Hour, "") }},
		{name: "a login of the older form", make: func(w *world) {
			w.config("[default]\nsso_start_url = https://corp.example\nsso_region = eu-west-1\nsso_account_id = 111111111111\nsso_role_name = dev\n")
			w.login("https://corp.example", "living", time.Hour, "")
		}},
		{name: "a login that is renewed", make: func(w *world) {
			w.config(ssoProfile)
			w.login("corp", "dead", -time.Hour, `, "refreshToken": "again", "clientId": "c", "clientSecret": "s"`)
		}},
		{name: "a role on top", make: func(w *world) {
			w.config(strings.Replace(ssoProfile, "[default]", "[profile base]", 1) + "[default]\nsource_profile = base\nexternal_id = x7\nrole_arn = " + deploy + "\n")
			w.login("corp", "living", time.Hour, "")
		}},
		{name: "no login", make: func(w *world) { w.config(ssoProfile) }, err: []string{`profile "default" (sso_session): `, "contains no login", "'aws sso login' needs a person"}},
		{name: "an old login", make: func(w *world) { w.config(ssoProfile); w.login("corp", "living", -time.Hour, "") }, err: []string{"the login has expired or is invalid; run 'aws sso login' on the machine"}},
		{name: "a login that cannot be renewed", make: func(w *world) {
			w.config(ssoProfile)
			w.login("corp", "dead", -time.Hour, `, "refreshToken": "h4nter2", "clientId": "c", "clientSecret": "s"`)
		}, err: []string{"unexpected response (status 400), InvalidGrantException"}},
		{name: "a login that is refused", make: func(w *world) { w.config(ssoProfile); w.login("corp", "dead", time.Hour, "") }, err: []string{"unexpected response (status 401), UnauthorizedException"}},
		{name: "a portal that is none", make: func(w *world) {
			w.config(ssoProfile)
			w.login("corp", "garbled", time.Hour, "")
		}, err: []string{"(sso_session): the response is invalid"}},
		{name: "a portal at no URL", make: func(w *world) {
			w.config(ssoProfile)
			w.login("corp", "living", time.Hour, "")
			w.set("AWS_ENDPOINT_URL_SSO", "http://u:h4nter2@portal.example")
		}, err: []string{"variable AWS_ENDPOINT_URL_SSO: it contains a user or password"}},
		{name: "a login without a home", make: func(w *world) {
			w.config(ssoProfile)
			w.login("corp", "living", time.Hour, "") // moved to where a path without a home begins
			if err := os.Rename(filepath.Join(w.home, ".aws"), filepath.Join(w.workspace, ".aws")); err != nil {
				w.Fatal(err)
			}
			w.set("AWS_CONFIG_FILE", filepath.Join(w.workspace, ".aws/config"))
			w.set("HOME", "")
		}, err: []string{`profile "default" (sso_session): HOME is "", expected an absolute path; set HOME`}},
		{name: "a login in a pipe", make: func(w *world) {
			w.config(ssoProfile)
			w.login("corp", "x", time.Hour, "")
			sum := sha1.Sum([]byte("corp"))
			path := filepath.Join(w.home, ".aws/sso/cache", hex.EncodeToString(sum[:])+".json")
			if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
				w.Fatal(err)
			}
		}, err: []string{"is a named pipe"}},
		{name: "no account", make: func(w *world) { w.config(strings.Replace(ssoProfile, "sso_account_id", "x", 1)) }, err: []string{"sso_account_id is required"}},
		{name: "no session of that name", make: func(w *world) { w.config(strings.Replace(ssoProfile, "session corp", "session other", 1)) },
			err: []string{"its sso_session has no section [sso-session corp]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.portal()
			tt.make(w)
			found, err := w.chain().Resolve(t.Context())
			if tt.err != nil {
				w.refused(err, tt.err...)
				return
			}
			want := userARN
			if tt.name == "a role on top" {
				want = deployARN
			}
			if err != nil || w.whose(found) != want || !found.Renewing || found.Expires.IsZero() {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
}

func TestLoginSession(t *testing.T) {
	w := newWorld(t)
	w.config("[default]\nlogin_session = arn:aws:iam::111111111111:user/ci\n")
	_, err := w.chain().Resolve(t.Context())
	w.refused(err, `profile "default" (login_session): `+filepath.Join(w.home, ".aws/login/cache"), "'aws login' needs a person")
	sum := sha256.Sum256([]byte("arn:aws:iam::111111111111:user/ci"))
	cache := t.TempDir()
	w.set("AWS_LOGIN_CACHE_DIRECTORY", cache)
	token := func(ends time.Duration) {
		w.write(filepath.Join(cache, hex.EncodeToString(sum[:])+".json"), fmt.Sprintf(`{"accessToken": {"accessKeyId": %q, "secretAccessKey": %q, "sessionToken": "none", "accountId": "111111111111", "expiresAt": %q}, "tokenType": "aws_sigv4", "refreshToken": "again", "identityToken": "x", "clientId": "arn:aws:signin:::devtools/same-device", "dpopKey": "h4nter2"}`,
			keyID, secretKey, time.Now().Add(ends).UTC().Format(time.RFC3339)))
	}
	token(time.Hour)
	found, err := w.chain().Resolve(t.Context())
	if err != nil || found.AccessKeyID != keyID || !found.Renewing {
		t.Errorf("%+v, %v", found, err)
	}
	token(-time.Hour) // with a key on which the SDK panics
	_, err = w.chain().Resolve(t.Context())
	w.refused(err, "the login has expired or is invalid; run 'aws login' on the machine")
}
