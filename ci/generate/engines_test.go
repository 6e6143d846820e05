//go:build clients

package generate

import (
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var (
	linters     = flag.String("linters", "", "the directory of the programs cfn-lint, checkov and actionlint")
	moto        = flag.String("moto", "", "the Python that has moto and its server")
	createRoles = flag.String("create-roles", "", "the script create_roles.py")
)

// engine runs a program over all files at once, and returns what it printed.
func engine(t *testing.T, program string, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stderr = &strings.Builder{}
	out, err := cmd.Output()
	if err != nil {
		t.Logf("%s: %v\n%s", filepath.Base(program), err, cmd.Stderr)
	}
	return out, err
}

// cfn-lint finds neither errors nor warnings in a template.
func TestCloudFormation(t *testing.T) {
	templates := filesOf(t, write(t).cloudformation, "*.yml")
	if out, err := engine(t, filepath.Join(*linters, "cfn-lint"), append([]string{"--"}, templates...)...); err != nil {
		t.Errorf("%s", out)
	}
}

// actionlint finds nothing in a workflow.
func TestWorkflows(t *testing.T) {
	workflows := filesOf(t, write(t).workflows, "*.yml")
	if out, err := engine(t, filepath.Join(*linters, "actionlint"), append([]string{"-color=false", "-shellcheck="}, workflows...)...); err != nil {
		t.Errorf("%s", out)
	}
}

// IAM, as moto simulates it, creates the roles and puts the policies.
func TestRolesCanBeCreated(t *testing.T) {
	out, err := engine(t, *moto, *createRoles, write(t).json)
	if err != nil {
		t.Errorf("%s", out)
	}
	t.Logf("%s", out)
}

// checkov finds nothing, neither against trust policies nor against
// permissions. It does not know ids in subjects, and takes what has them for
// no repository (CKV_AWS_393), so that it reads the subjects without them.
func TestCheckov(t *testing.T) {
	dirs := write(t)
	withoutIDs := strings.NewReplacer("@6154722/", "/", "@74123456:", ":", "@5:", ":")
	for _, dir := range []string{dirs.terraform, dirs.cloudformation} {
		rewrite(t, dir, withoutIDs.Replace)
	}
	// One that it must find, so that its silence says something.
	weak := filepath.Join(dirs.terraform, "weak")
	if err := os.CopyFS(weak, os.DirFS(filepath.Join(dirs.terraform, "form-classic"))); err != nil {
		t.Fatal(err)
	}
	rewrite(t, weak, func(src string) string {
		return strings.ReplaceAll(src, "repo:octo-org/octo-repo:ref:refs/heads/main", "*")
	})
	for framework, dir := range map[string]string{"terraform": dirs.terraform, "cloudformation": dirs.cloudformation} {
		out, _ := engine(t, filepath.Join(*linters, "checkov"), "--directory", dir, "--framework", framework, "--compact", "--quiet", "--skip-download", "--output", "json")
		var report struct {
			Summary struct {
				Passed        int
				ParsingErrors int `json:"parsing_errors"`
				ResourceCount int `json:"resource_count"`
			}
			Results struct {
				Failed []struct {
					CheckID  string `json:"check_id"`
					Name     string `json:"check_name"`
					File     string `json:"file_path"`
					Resource string
				} `json:"failed_checks"`
			}
		}
		if err := json.Unmarshal(out, &report); err != nil || report.Summary.Passed == 0 || report.Summary.ParsingErrors > 0 {
			t.Fatalf("%s: %v\n%s", framework, err, out)
		}
		found := false
		for _, f := range report.Results.Failed {
			if strings.HasPrefix(f.File, "/weak/") {
				found = found || f.CheckID == "CKV_AWS_393"
				continue
			}
			t.Errorf("%s: %s: %s: %s", f.File, f.Resource, f.CheckID, f.Name)
		}
		if framework == "terraform" && !found {
			t.Error("checkov does not find a subject that is open to everyone")
		}
		t.Logf("%s: %d checks of %d resources passed", framework, report.Summary.Passed, report.Summary.ResourceCount)
	}
}

// rewrite changes all files below a directory.
func rewrite(t *testing.T, dir string, change func(string) string) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(change(string(src))), 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}
