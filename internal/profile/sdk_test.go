package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
)

// files are a pair of files on disk, which an SDK is to read.
type files struct {
	Config      string `json:"config"`
	Credentials string `json:"credentials"`
	Resolve     string `json:"resolve,omitempty"` // only this profile, down to its credentials
}

func onDisk(t testing.TB, dir string, config, credentials []byte) files {
	t.Helper()
	f := files{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")}
	for path, data := range map[string][]byte{f.Config: config, f.Credentials: credentials} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// view is what an SDK reads: profile → key → value. The name "" means
// files that it cannot read at all.
type view map[string]map[string]string

// sdk reads files with one of the real SDKs, or skips the test where that SDK
// is not installed. Names are the profiles to look for, where one must ask.
type sdk struct {
	name string
	read func(t testing.TB, list []files, names []string) []view
}

var sdks = []sdk{
	{"go", readGo},
	{"botocore", pythonSDK.read},
	{"javascript", nodeSDK.read},
}

var (
	pythonSDK = &script{command: []string{"/usr/bin/python3", "testdata/read.py"}}
	// It needs NODE_PATH to lead to a node_modules with @aws-sdk/credential-provider-ini.
	nodeSDK = &script{command: []string{"node", "testdata/read.js"}}
)

func TestMain(m *testing.M) {
	code := m.Run()
	for _, s := range []*script{pythonSDK, nodeSDK} {
		if err := s.stop(); err != nil {
			fmt.Fprintln(os.Stderr, s.command, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// script is an SDK in its own language. Loading it takes longer than all tests
// of this package, so that one process answers them all.
type script struct {
	command []string
	start   sync.Once
	process *exec.Cmd
	ask     io.WriteCloser
	answers *json.Decoder
	missing string // why there is no such SDK
}

func (s *script) run(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath(s.command[0]); err != nil {
		s.missing = err.Error()
		return
	}
	s.process = exec.Command(s.command[0], s.command[1:]...)
	s.process.Env = sdkEnviron()
	s.process.Stderr = os.Stderr
	var err error
	if s.ask, err = s.process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := s.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	s.answers = json.NewDecoder(out)
	var ready struct{ Missing string }
	if err := s.answers.Decode(&ready); err != nil {
		t.Fatalf("%s does not start: %v", s.command, err)
	}
	s.missing = ready.Missing
}

func (s *script) read(t testing.TB, list []files, _ []string) []view {
	t.Helper()
	s.start.Do(func() { s.run(t) })
	if s.missing != "" {
		t.Skip(s.missing)
	}
	if err := json.NewEncoder(s.ask).Encode(list); err != nil {
		t.Fatal(err)
	}
	var views []view
	if err := s.answers.Decode(&views); err != nil || len(views) != len(list) {
		t.Fatalf("%s: %d answers to %d files, %v", s.command, len(views), len(list), err)
	}
	return views
}

func (s *script) stop() error {
	if s.process == nil {
		return nil
	}
	return errors.Join(s.ask.Close(), s.process.Wait())
}

// sdkEnviron is the environment without what would change an SDK's mind.
func sdkEnviron() []string {
	environ := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "AWS_") })
	return append(environ, "AWS_EC2_METADATA_DISABLED=true")
}

func readGo(t testing.TB, list []files, names []string) []view {
	t.Helper()
	var views []view
	for _, f := range list {
		v := view{}
		if f.Resolve != "" {
			v[f.Resolve] = resolveGo(t, f)
		} else {
			for _, name := range names {
				if values := loadGo(f, name); values != nil {
					v[name] = values
				}
			}
		}
		views = append(views, v)
	}
	return views
}

// loadGo returns nil if there is no such profile.
func loadGo(f files, name string) (values map[string]string) {
	defer func() {
		if p := recover(); p != nil { // a value of one quote, for instance
			values = map[string]string{"error": fmt.Sprint(p)}
		}
	}()
	c, err := config.LoadSharedConfigProfile(context.Background(), name, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{f.Config}, []string{f.Credentials}
	})
	if _, missing := err.(config.SharedConfigProfileNotExistError); missing {
		return nil
	} else if err != nil {
		return map[string]string{"error": err.Error()}
	}
	values = map[string]string{
		"region":                c.Region,
		"credential_process":    c.CredentialProcess,
		"aws_access_key_id":     c.Credentials.AccessKeyID,
		"aws_secret_access_key": c.Credentials.SecretAccessKey,
		"aws_session_token":     c.Credentials.SessionToken,
		"role_arn":              c.RoleARN,
		"sso_session":           c.SSOSessionName,
	}
	maps.DeleteFunc(values, func(_, v string) bool { return v == "" })
	return values
}

func resolveGo(t testing.TB, f files) map[string]string {
	t.Helper()
	if tt, ok := t.(*testing.T); ok {
		for _, e := range os.Environ() {
			if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "AWS_") {
				tt.Setenv(name, "")
			}
		}
	}
	c, err := config.LoadDefaultConfig(t.Context(),
		config.WithSharedConfigProfile(f.Resolve),
		config.WithSharedConfigFiles([]string{f.Config}),
		config.WithSharedCredentialsFiles([]string{f.Credentials}))
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	found, err := c.Credentials.Retrieve(t.Context())
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return map[string]string{
		"aws_access_key_id":     found.AccessKeyID,
		"aws_secret_access_key": found.SecretAccessKey,
		"aws_session_token":     found.SessionToken,
		"region":                c.Region,
	}
}
