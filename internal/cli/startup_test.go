package cli

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/secret"
)

// TestStartIsCheap reads what each package of ours allocates before main
// begins. SDKs start this program for every question for credentials, and a
// regular expression with counted repetitions can cost more than all the rest.
func TestStartIsCheap(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const most = 100 << 10 // bytes
	seen := false
	for _, m := range regexp.MustCompile(`(?m)^init (\S+) .* ([0-9]+) bytes`).FindAllStringSubmatch(string(out), -1) {
		seen = true
		bytes, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(m[1], "aws-oidc-action") && bytes > most {
			t.Errorf("package %s allocates %d bytes before main begins, more than %d", m[1], bytes, most)
		}
	}
	if !seen {
		t.Errorf("no package was traced:\n%s", out)
	}
}

// TestTheCacheAnswersEarly reads which packages begin before credential-process
// prints a young session: none of those that take longest.
func TestTheCacheAnswersEarly(t *testing.T) {
	state := t.TempDir()
	store, err := refresh.Open(state)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	now := time.Now()
	session := assume.Session{
		AccessKeyID: "ASIAEXAMPLEEXAMPLE12", SecretAccessKey: secret.New("a+/key"), SessionToken: secret.New("<token>&"),
		Expires: now.Add(time.Hour), ARN: "arn:aws:sts::222222222222:assumed-role/deploy/x", Account: "222222222222",
	}
	login := refresh.Login{Profile: plan.Profile{Source: plan.SourceOIDC, Chain: []plan.Hop{{Role: "arn:aws:iam::222222222222:role/deploy"}}}, Attempts: 1, Timeout: time.Minute}
	if _, err := store.Put(t.Context(), "deploy", login, session, now); err != nil {
		t.Fatal(err)
	}
	want, err := refresh.Answer(session)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// This test's program has the packages of the real one, and more.
	cmd := exec.Command(self, "credential-process", "--profile", "deploy", "--state", state)
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	cmd.Stderr = &trace
	got, err := cmd.Output()
	if err != nil || string(got) != string(want) {
		t.Fatalf("%v: %q, want %q", err, got, want)
	}
	if !strings.Contains(trace.String(), "init os @") {
		t.Fatalf("no package was traced:\n%s", trace.String())
	}
	for _, late := range []string{"net/http", "go.yaml.in/yaml/v4", "github.com/aws/aws-sdk-go-v2/service/sts", "github.com/aws/aws-sdk-go-v2/config", "github.com/org/aws-oidc-action/internal/sandbox",
		"github.com/hashicorp/hcl/v2/hclsyntax", "github.com/zclconf/go-cty/cty/function/stdlib"} {
		if regexp.MustCompile(`(?m)^init ` + regexp.QuoteMeta(late) + `[ /]`).MatchString(trace.String()) {
			t.Errorf("package %s began before the answer", late)
		}
	}
}
