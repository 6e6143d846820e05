package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func productRecipe(t *testing.T) (dockerfile, gomod string) {
	t.Helper()
	return string(readFile(t, "../Dockerfile")), string(readFile(t, "../go.mod"))
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestRecipePins: the Dockerfile sets everything that would otherwise depend
// on the machine, on its user, or on what a clone has fetched.
func TestRecipePins(t *testing.T) {
	r, err := readRecipe(productRecipe(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"CGO_ENABLED", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GOFIPS140", "GOFLAGS"} {
		if !slices.ContainsFunc(r.env, func(setting string) bool { return strings.HasPrefix(setting, name+"=") }) {
			t.Errorf("Dockerfile does not set %s", name)
		}
	}
	for _, flag := range []string{"-trimpath", "-buildvcs=false"} {
		if !slices.Contains(r.args, flag) {
			t.Errorf("Dockerfile builds without %s", flag)
		}
	}
}

func TestReadRecipeRefuses(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"builder of another version": {"golang:1.26.11-alpine AS", "golang:1.26-alpine AS", `builder "golang:1.26-alpine" of Dockerfile is not the toolchain of go.mod`},
		"builder by digest":          {"golang:1.26.11-alpine AS", "golang:1.26.11-alpine@sha256:00 AS", ""},
		"argument with a default":    {"ARG COMMIT\n", "ARG COMMIT=main\n", `"ARG COMMIT=main" of Dockerfile: arguments must not have a default`},
		"several settings in a line": {"ENV GOAMD64=v1\n", "ENV GOAMD64=v1 GOARM64=v8.0\n", "expected NAME=VALUE"},
		"continued line":             {"ENV GOAMD64=v1\n", "ENV GOAMD64=\\\n  v1\n", "expected NAME=VALUE"},
		"shell form":                 {`RUN ["go"`, `RUN go "build"`, "expected the exec form"},
		"another command":            {`RUN ["go", "build"`, `RUN ["go", "install"`, `expected one ["go", "build"`},
		"two commands":               {`RUN ["go"`, "RUN [\"go\", \"build\", \"-v\", \"-o\", \"/x\", \".\"]\nRUN [\"go\"", `expected one ["go", "build"`},
		"no command":                 {`RUN ["go"`, `# RUN ["go"`, "no go build"},
		"another instruction":        {"WORKDIR /src\n", "SHELL [\"sh\"]\n", "not supported"},
		"three stages":               {"FROM scratch\n", "FROM scratch AS root\nFROM root\n", "3 stages in Dockerfile, expected 2"},
	}
	dockerfile, gomod := productRecipe(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if strings.Count(dockerfile, test.old) != 1 {
				t.Fatalf("Dockerfile does not have %q once", test.old)
			}
			_, err := readRecipe(strings.Replace(dockerfile, test.old, test.new, 1), gomod)
			expectError(t, err, test.want)
		})
	}
	_, err := readRecipe(dockerfile, "module m\n\ngo 1.26.0\n")
	expectError(t, err, "go.mod has no toolchain line")
}
