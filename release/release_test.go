package main

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"release": main})
}

// TestScripts runs the commands in a small repository, $WORK/repo, that has
// the product's Dockerfile, action.yml and license, and a program that is
// compiled in no time.
func TestScripts(t *testing.T) {
	var settings []string
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		settings = append(settings, name+"="+strings.TrimSpace(string(value)))
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, settings...)
			env.Vars = append(env.Vars, "GOTOOLCHAIN=local", "GOPROXY=off",
				"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
				"GIT_AUTHOR_NAME=octocat", "GIT_AUTHOR_EMAIL=octocat@example.com", "GIT_AUTHOR_DATE=2026-11-26T09:00:00Z",
				"GIT_COMMITTER_NAME=octocat", "GIT_COMMITTER_EMAIL=octocat@example.com", "GIT_COMMITTER_DATE=2026-11-26T09:00:00Z")
			return setUpRepository(filepath.Join(env.WorkDir, "repo"), env.Vars)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"archived": archived,
			"capture":  capture,
		},
	})
}

func setUpRepository(dir string, environ []string) error {
	files := map[string]string{
		"main.go":                    "package main\n\nfunc main() { println(\"fixture\") }\n",
		"CHANGELOG.md":               "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-11-26\n\n- First release.\n",
		".github/workflows/use.yml":  "      - uses: org/aws-oidc-action@v1.0.0\n",
		"examples/.github/reuse.yml": "    uses: org/aws-oidc-action/.github/workflows/login-and-run.yml@v1.0.0\n",
	}
	for _, name := range []string{"Dockerfile", "action.yml", "LICENSE", "go.mod"} {
		content, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			return err
		}
		files[name] = string(content)
	}
	files["go.mod"] = regexp.MustCompile(`(?s)\nrequire .*`).ReplaceAllString(files["go.mod"], "")
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."}, {"commit", "-q", "-m", "Fixture"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = dir, environ
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", args[0], err, out)
		}
	}
	return nil
}

// archived ARCHIVE NAME... compares the names in a compressed archive.
func archived(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: archived ARCHIVE NAME...")
	}
	file, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer file.Close()
	uncompressed, err := gzip.NewReader(file)
	ts.Check(err)
	var names []string
	for archive := tar.NewReader(uncompressed); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		ts.Check(err)
		names = append(names, header.Name)
	}
	if got, want := strings.Join(names, " "), strings.Join(args[1:], " "); got != want {
		ts.Fatalf("archive has %s, expected %s", got, want)
	}
}

// capture NAME sets a variable to the last command's output without newline.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: capture NAME")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// TestModulesAgree: the tool's own standard library compresses the layers.
func TestModulesAgree(t *testing.T) {
	lines := func(path string) string {
		return strings.Join(regexp.MustCompile(`(?m)^(go|toolchain) .*$`).FindAllString(string(readFile(t, path)), -1), ", ")
	}
	if ours, product := lines("go.mod"), lines("../go.mod"); ours != product {
		t.Errorf("release/go.mod has %q, go.mod %q", ours, product)
	}
}
