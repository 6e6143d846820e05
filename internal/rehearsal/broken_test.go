package rehearsal_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/rehearsal"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// leastNamed is the least share of diagnoses without a policy that have the cause
// among the first three.
const leastNamed = 0.9

// general are the codes that leave the cause open.
var general = []string{string(diagnosis.WebIdentityNotAuthorized), string(diagnosis.ChainedRoleRefused)}

// TestBrokenSetUps runs each broken set-up through the real step with the roles'
// trust policies: the code must be that of the cause.
func TestBrokenSetUps(t *testing.T) {
	paths := brokenSetUps(t)
	if len(paths) < 60 {
		t.Errorf("only %d broken set-ups", len(paths))
	}
	for i, path := range paths {
		if propertytest.LeaveOut(i, 4) {
			continue
		}
		with := rehearsed(t, path, true)
		if !with.AsExpected {
			t.Errorf("%s: the outcome is %s, expected %s:\n%s", path, with.Outcome, with.Expected, with.Steps[0].Message)
		}
	}
}

// TestBrokenSetUpsWithoutPolicies runs them again without the trust policies:
// the cause has to be named.
func TestBrokenSetUpsWithoutPolicies(t *testing.T) {
	if testing.Short() {
		t.Skip("rehearses every broken set-up once more, without its policies")
	}
	paths := brokenSetUps(t)
	var found, open, foundOpen int
	for _, path := range paths {
		cause := rehearsed(t, path, true).Steps[0].Code
		without := rehearsed(t, path, false).Steps[0]
		isNamed := slices.Contains(firstNamed(without), cause)
		if isNamed {
			found++
		} else {
			t.Logf("%s: without the policy, %s is not among %v", path, cause, firstNamed(without))
		}
		if slices.Contains(general, without.Code) && !slices.Contains(general, cause) {
			open++
			if isNamed {
				foundOpen++
			}
		}
	}
	t.Logf("%d broken set-ups; without the policy the cause is among the first three named in %d (%.1f%%); of the %d whose cause AWS leaves open, in %d (%.1f%%)",
		len(paths), found, percent(found, len(paths)), open, foundOpen, percent(foundOpen, open))
	if float64(found) < leastNamed*float64(len(paths)) || float64(foundOpen) < leastNamed*float64(open) {
		t.Error("too few are explained")
	}
}

func percent(part, whole int) float64 { return 100 * float64(part) / float64(whole) }

func brokenSetUps(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/scenarios/broken/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// rehearsals are those that several tests look at, by path.
var rehearsals = map[bool]map[string]*rehearsal.Report{false: {}, true: {}}

// rehearsed runs a broken set-up, with the trust policies in the workspace or
// without.
func rehearsed(t *testing.T, path string, policies bool) *rehearsal.Report {
	t.Helper()
	if r := rehearsals[policies][path]; r != nil {
		return r
	}
	r := run(t, load(t, path, policies))
	rehearsals[policies][path] = r
	return r
}

// named finds the codes of possible causes: in the numbered list of those with
// evidence, and in the line of those that are not ruled out.
var named = regexp.MustCompile(`(?m)^  [0-9]\. ([a-z-]+): |(?:^possible cause: )([a-z-]+): |(?:^not ruled out: |; )([a-z-]+) \(`)

// firstNamed returns the code of a failed step and the codes of the first three
// possible causes.
func firstNamed(s rehearsal.StepReport) []string {
	names := []string{s.Code}
	for _, m := range named.FindAllStringSubmatch(s.Message, -1) {
		if len(names) <= 3 {
			names = append(names, m[1]+m[2]+m[3])
		}
	}
	return names
}

// TestDiagnosisGolden holds the whole text of each code against its golden
// file. The set-up that is called like the code produces it.
func TestDiagnosisGolden(t *testing.T) {
	const dir = "../explain/testdata/"
	var want []string
	for _, code := range diagnosis.Codes {
		name := string(code)
		want = append(want, name+".txt")
		t.Run(name, func(t *testing.T) {
			step := rehearsed(t, "../../testdata/scenarios/broken/"+name+".yml", true).Steps[0]
			if step.Code != name {
				t.Fatalf("the code is %s", step.Code)
			}
			golden(t, dir+name+".txt", stable(step.Message)+"\n")
		})
	}
	files, err := filepath.Glob(dir + "*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("the golden files are not one for each code:\n%s", diff)
	}
}

// TestDiagnosisWithoutPolicyGolden holds the texts that leave the cause open.
func TestDiagnosisWithoutPolicyGolden(t *testing.T) {
	for _, name := range []string{"subject-environment", "wildcard-in-string-equals", "external-id"} {
		step := rehearsed(t, "../../testdata/scenarios/broken/"+name+".yml", false).Steps[0]
		golden(t, "../explain/testdata/without-policy/"+name+".txt", stable(step.Message)+"\n")
	}
}

var (
	loopback  = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)
	requestID = regexp.MustCompile(`request id [0-9a-f-]{36}`)
)

// stable takes out what differs from run to run: the sandbox's port, and the
// request ids of concurrent calls.
func stable(text string) string {
	return requestID.ReplaceAllString(loopback.ReplaceAllString(text, "127.0.0.1:PORT"), "request id REQUEST-ID")
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s; if that is right, go test ./internal/rehearsal -run Golden -update\n%s", strings.TrimSuffix(filepath.Base(path), ".txt"), diff)
	}
}
