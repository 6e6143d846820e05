//go:build container

package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var image = flag.String("image", "", "name of the image that Docker has built from the Dockerfile, for amd64 and without build arguments")

// TestDockerfileBuildsTheSame: a runner that builds the Dockerfile runs the
// same bytes, with the same entrypoint, as one that pulls the release.
func TestDockerfileBuildsTheSame(t *testing.T) {
	dockerfile, gomod := productRecipe(t)
	r, err := readRecipe(dockerfile, gomod)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.requireToolchain(t.Context(), ".."); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	ours := filepath.Join(t.TempDir(), "ours")
	platform := target{"linux", "amd64"}
	if err := r.build(t.Context(), root, ours, platform, "", ""); err != nil {
		t.Fatal(err)
	}

	container := docker(t, "create", "--network", "none", *image)
	defer docker(t, "rm", container)
	dockers := filepath.Join(t.TempDir(), "dockers")
	docker(t, "cp", container+":/aws-oidc-action", dockers)
	if !bytes.Equal(readFile(t, ours), readFile(t, dockers)) {
		t.Errorf("%s and %s differ", ours, dockers)
	}

	var entrypoint []string
	if err := json.Unmarshal([]byte(docker(t, "inspect", "--format", "{{json .Config.Entrypoint}}", container)), &entrypoint); err != nil {
		t.Fatal(err)
	}
	built, err := buildImage(ours, platform, "v1.0.0", testCommit)
	if err != nil {
		t.Fatal(err)
	}
	config, err := built.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(entrypoint, config.Config.Entrypoint) {
		t.Errorf("entrypoint of the Dockerfile: %q, of the release: %q", entrypoint, config.Config.Entrypoint)
	}
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("docker", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("docker %s: %v", args[0], err)
	}
	return strings.TrimSpace(string(out))
}
