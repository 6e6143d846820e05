//go:build clients

package clients

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/ci/containerstep"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/sandbox/sandboxtest"
	"github.com/org/aws-oidc-action/internal/scenario"
)

var (
	program = flag.String("program", "", "the action's program")
	slow    = flag.Bool("slow", false, "also try the clients that take long to install")
)

// TestWhichClientFindsCredentials lets every client act in every mode, each in
// a job of its own, and compares what comes of it with the table.
func TestWhichClientFindsCredentials(t *testing.T) {
	for _, c := range all {
		if c.slow && !*slow {
			continue
		}
		for _, m := range modes {
			t.Run(c.name+"/"+m.title, func(t *testing.T) {
				t.Parallel()
				want := "arn:aws:sts::111111111111:assumed-role/hub/"
				if m.profile != "" && m.with["profiles"] != "" {
					want = "arn:aws:sts::222222222222:assumed-role/deploy/"
				}
				got, output := act(t, c, m)
				works := len(got) > 0 && !slices.ContainsFunc(got, func(arn string) bool { return !strings.HasPrefix(arn, want) })
				if works != c.worksIn(m) {
					t.Errorf("it acts as %q, want %s: %t\n%s", got, want, c.worksIn(m), output)
				}
			})
		}
	}
}

// act logs in and lets the client act in a later step. It returns the ARNs
// that the client acted as.
func act(t *testing.T, c client, m mode) (arns []string, output string) {
	t.Helper()
	server := sandboxtest.ServeFile(t, "../testdata/scenario.yml", sandbox.Options{})
	job := sandboxtest.NewJob(t, server, t.TempDir())
	metadata, err := containerstep.ReadMetadata("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	with := metadata.Defaults(map[string]string{"runner.temp": job.Temp()})
	with["aws-region"] = "eu-central-1"
	with["role-to-assume"] = "arn:aws:iam::111111111111:role/hub"
	for name, value := range m.with {
		with[name] = value
	}
	result, err := job.Run(t.Context(), onHost, with)
	if err != nil || result.Failed {
		t.Fatalf("exit code %d, %v\n%s", result.ExitCode, err, job.Log())
	}

	s3 := newS3(t, server)
	words := []string{filepath.Join(*dir, c.program)}
	if m.exec {
		words = append([]string{filepath.Join(job.Temp(), "aws-oidc-action", "aws-oidc-action"), "exec", "--profile", "default", "--"}, words...)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var text bytes.Buffer
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = append(job.Environ(), "PATH="+*dir+":"+os.Getenv("PATH"), "HOME="+t.TempDir(), "S3_ENDPOINT="+s3.URL, "AWS_EC2_METADATA_DISABLED=true")
	if m.profile != "" {
		cmd.Env = append(cmd.Env, "AWS_PROFILE="+m.profile)
	}
	cmd.Dir = t.TempDir()
	cmd.Stdout, cmd.Stderr = &text, &text
	before := len(server.Calls())
	ran := cmd.Run()
	if c.signs {
		return s3.arns(), text.String()
	}
	for _, call := range server.Calls()[before:] {
		if call.Kind == scenario.CallIdentity {
			arns = append(arns, call.Session)
		}
	}
	if ran != nil {
		return nil, fmt.Sprintf("%v\n%s", ran, text.String())
	}
	return arns, text.String()
}

// onHost is a fakerunner.Step that runs the program as a process.
func onHost(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
	cmd := exec.CommandContext(ctx, *program)
	cmd.Env, cmd.Stdout, cmd.Stderr = environ, stdout, stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		fmt.Fprintln(stderr, err)
	}
	return cmd.ProcessState.ExitCode()
}

// s3 is a server that refuses every request and notes who signed it.
type s3 struct {
	*httptest.Server
	mu      sync.Mutex
	signers []string // access key ids; empty where the request is not signed
	sandbox *sandbox.Server
}

var credential = regexp.MustCompile(`Credential=([A-Z0-9]+)/`)

func newS3(t *testing.T, server *sandbox.Server) *s3 {
	t.Helper()
	s := &s3{sandbox: server}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signer := ""
		if m := credential.FindStringSubmatch(r.Header.Get("Authorization")); m != nil && r.Header.Get("X-Amz-Security-Token") != "" {
			signer = m[1]
		}
		s.mu.Lock()
		s.signers = append(s.signers, signer)
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)
	}))
	t.Cleanup(s.Close)
	return s
}

// arns returns the sessions that the requests were signed by, and "" for one
// that no session signed.
func (s *s3) arns() (arns []string) {
	sessions := map[string]string{}
	for _, call := range s.sandbox.Calls() {
		if call.AccessKey != "" {
			sessions[call.AccessKey] = call.Session
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, signer := range s.signers {
		arns = append(arns, sessions[signer])
	}
	return arns
}
