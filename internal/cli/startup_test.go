package cli

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
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
