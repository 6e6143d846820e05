package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// recipe says how the program is built. Its source is the Dockerfile, which a
// runner builds on its own: the flags are written nowhere else.
type recipe struct {
	goVersion string   // as runtime.Version has it: the toolchain of go.mod
	env       []string // NAME=VALUE; ${RELEASE} and ${COMMIT} are replaced by the arguments
	args      []string // of the go command, up to and without -o
}

var (
	toolchainLine = regexp.MustCompile(`(?m)^toolchain (go[0-9.]+)$`)
	builderLine   = regexp.MustCompile(`(?m)^FROM (\S+) AS build$`)
	stageLine     = regexp.MustCompile(`(?m)^FROM .*$`)
	envLine       = regexp.MustCompile(`^([A-Z][A-Z0-9_]*)=(?:"([^"\\]*)"|([^\s"'\\]*))$`)
	argLine       = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	variable      = regexp.MustCompile(`\$\{([A-Z_]+)\}`)
)

// readRecipe takes the recipe from the Dockerfile's build stage. It knows no
// more of a Dockerfile's syntax than ours needs, and refuses the rest.
func readRecipe(dockerfile, gomod string) (recipe, error) {
	toolchain := toolchainLine.FindStringSubmatch(gomod)
	if toolchain == nil {
		return recipe{}, errors.New("go.mod has no toolchain line; add one with a patch version")
	}
	r := recipe{goVersion: toolchain[1]}

	builder := builderLine.FindStringSubmatch(dockerfile)
	expected := "golang:" + strings.TrimPrefix(r.goVersion, "go") + "-alpine"
	if builder == nil {
		return recipe{}, fmt.Errorf("no stage \"build\" in Dockerfile; begin it with FROM %s AS build", expected)
	}
	if image, _, _ := strings.Cut(builder[1], "@"); image != expected {
		return recipe{}, fmt.Errorf("builder %q of Dockerfile is not the toolchain of go.mod; use %s", builder[1], expected)
	}

	stages := stageLine.FindAllStringIndex(dockerfile, -1)
	if len(stages) != 2 {
		return recipe{}, fmt.Errorf("%d stages in Dockerfile, expected 2", len(stages))
	}
	stage := dockerfile[stages[0][1]:stages[1][0]]
	for line := range strings.Lines(stage) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := r.add(line); err != nil {
			return recipe{}, fmt.Errorf("instruction %q of Dockerfile: %w", line, err)
		}
	}
	if r.args == nil {
		return recipe{}, errors.New("no go build in the build stage of Dockerfile")
	}
	return r, nil
}

// add takes one instruction of the build stage.
func (r *recipe) add(line string) error {
	instruction, rest, _ := strings.Cut(line, " ")
	switch instruction {
	case "WORKDIR", "COPY":
	case "ARG":
		if !argLine.MatchString(rest) {
			return errors.New("arguments must not have a default")
		}
	case "ENV":
		match := envLine.FindStringSubmatch(rest)
		if match == nil {
			return errors.New("expected NAME=VALUE or NAME=\"VALUE\", without a backslash")
		}
		r.env = append(r.env, match[1]+"="+match[2]+match[3])
	case "RUN":
		var args []string
		if err := json.Unmarshal([]byte(rest), &args); err != nil {
			return errors.New("expected the exec form")
		}
		n := len(args)
		if r.args != nil || n < 5 || args[0] != "go" || args[1] != "build" || args[n-3] != "-o" || args[n-1] != "." {
			return errors.New(`expected one ["go", "build", …, "-o", FILE, "."]`)
		}
		r.args = args[1 : n-3]
	default:
		return errors.New("instruction is not supported by release/recipe.go")
	}
	return nil
}

// requireToolchain refuses another Go than the pinned one, for the program,
// and for this tool: its standard library has the compressor.
func (r recipe) requireToolchain(ctx context.Context, root string) error {
	cmd := exec.CommandContext(ctx, "go", "env", "GOVERSION")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go env GOVERSION: %w", err)
	}
	for _, version := range []string{strings.TrimSpace(string(out)), runtime.Version()} {
		if version != r.goVersion {
			return fmt.Errorf("toolchain is %q, expected %q; set GOTOOLCHAIN=%s", version, r.goVersion, r.goVersion)
		}
	}
	return nil
}

// target is a platform that the program is built for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

// build builds the program of the working tree. An empty release and commit
// are what a runner builds with.
func (r recipe) build(ctx context.Context, root, out string, t target, release, commit string) error {
	env, err := goEnvironment(ctx, root)
	if err != nil {
		return err
	}
	values := map[string]string{"RELEASE": release, "COMMIT": commit}
	for _, setting := range r.env {
		env = append(env, variable.ReplaceAllStringFunc(setting, func(use string) string {
			return values[variable.FindStringSubmatch(use)[1]]
		}))
	}
	cmd := exec.CommandContext(ctx, "go", slices.Concat(r.args, []string{"-o", out, "."})...)
	cmd.Dir = root
	cmd.Env = append(env, "GOOS="+t.os, "GOARCH="+t.arch)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build for %s: %w\n%s", t, err, output)
	}
	return nil
}

// moduleSettings say where Go takes modules from and where it caches. They do
// not change what is built: go.sum holds every module's checksum.
var moduleSettings = []string{
	"GOAUTH", "GOCACHE", "GOCACHEPROG", "GOINSECURE", "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOPATH", "GOPRIVATE",
	"GOPROXY", "GOSUMDB", "GOTMPDIR", "GOTOOLCHAIN", "GOVCS",
}

// goEnvironment is the process's environment without what this machine's user
// has set for Go, in variables or by go env -w, except for moduleSettings.
func goEnvironment(ctx context.Context, root string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, moduleSettings...)...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	var settings map[string]string
	if err := json.Unmarshal(out, &settings); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	env := slices.DeleteFunc(os.Environ(), func(setting string) bool {
		return strings.HasPrefix(setting, "GO") || strings.HasPrefix(setting, "CGO_")
	})
	for _, name := range moduleSettings {
		if settings[name] != "" {
			env = append(env, name+"="+settings[name])
		}
	}
	return append(env, "GOENV=off", "GOWORK=off"), nil
}
