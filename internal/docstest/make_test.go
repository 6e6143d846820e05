package docstest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// makeTargets are what contributors run, and the commands behind it.
var makeTargets = []struct{ name, command string }{
	{"test", "go test ./..."},
	{"short", "go test -short ./..."},
	{"golden", "go test $(golden_packages) -update"},
	{"lint", ".ci/lint.sh"},
	{"ci", ".ci/run"},
}

func TestMakefile(t *testing.T) {
	content := repositoryFile(t, "Makefile")
	recipes := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z]+):\n((?:\t.*\n)+)`).FindAllStringSubmatch(content, -1) {
		recipes[m[1]] = m[2]
	}
	phony := strings.Fields(regexp.MustCompile(`(?m)^\.PHONY: .*$`).FindString(content))
	table := "| command | runs |\n|---|---|\n"
	for _, target := range makeTargets {
		if got, want := recipes[target.name], "\t"+target.command+"\n"; got != want {
			t.Errorf("make %s runs %q, expected %q", target.name, got, want)
		}
		if !slices.Contains(phony, target.name) {
			t.Errorf("make %s does nothing if there is a file of that name; add it to .PHONY", target.name)
		}
		help := regexp.MustCompile(`(?m)^\t@echo 'make ` + target.name + ` +(.+)'$`).FindStringSubmatch(recipes["help"])
		if help == nil {
			t.Fatalf("make help does not describe %s", target.name)
		}
		table += fmt.Sprintf("| `make %s` | %s |\n", target.name, Escape(help[1]))
		if script, ok := strings.CutPrefix(target.command, "."); ok {
			info, err := os.Stat(filepath.Join(Root(t), filepath.FromSlash("."+script)))
			if err != nil {
				t.Error(err)
			} else if info.Mode()&0o100 == 0 {
				t.Errorf("%s cannot be executed", target.command)
			}
		}
	}
	Section(t, *update, "CONTRIBUTING.md", "make", table)
}

// declaresUpdate is how a test says that it rewrites files.
var declaresUpdate = regexp.MustCompile(`flag\.(?:Bool|BoolVar)\((?:&\w+, )?"update"`)

// TestMakeGolden compares the packages that make finds with those that have a
// flag -update.
func TestMakeGolden(t *testing.T) {
	for _, program := range []string{"make", "git"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	var want []string
	root := Root(t)
	err := fs.WalkDir(os.DirFS(root), ".", func(file string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && file != "." && file[0] == '.' {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		if declaresUpdate.MatchString(repositoryFile(t, file)) {
			want = append(want, "./"+path.Dir(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want = slices.Compact(slices.Sorted(slices.Values(want)))
	out, err := exec.Command("make", "-C", root, "--no-print-directory", "--dry-run", "golden").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := strings.Fields(string(out))
	got = slices.Compact(slices.Sorted(slices.Values(slices.DeleteFunc(got, func(word string) bool { return !strings.HasPrefix(word, "./") }))))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("make golden leaves out packages with a flag -update (-want +got):\n%s", diff)
	}
	if !slices.Contains(want, "./internal/docstest") {
		t.Error("this package has a flag -update, which the test does not find")
	}
}

func repositoryFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(Root(t), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
