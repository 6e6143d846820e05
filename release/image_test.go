package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

var testCommit = commit{
	id:   "0123456789abcdef0123456789abcdef01234567",
	time: time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC),
}

// testIndex is the index of a program for each platform that is but a text.
func testIndex(t *testing.T, version string, targets ...target) v1.ImageIndex {
	t.Helper()
	var images []v1.Image
	for _, target := range targets {
		program := filepath.Join(t.TempDir(), target.asset())
		if err := os.WriteFile(program, []byte("program for "+target.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		image, err := buildImage(program, target, version, testCommit)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, image)
	}
	return buildIndex(images, targets)
}

func TestIndex(t *testing.T) {
	index := testIndex(t, "v1.0.0", platforms...)
	raw, err := index.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	// Registries and clients hide a descriptor with one from whoever looks for images.
	if bytes.Contains(raw, []byte("artifactType")) {
		t.Errorf("index has an artifactType: %s", raw)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != types.OCIImageIndex {
		t.Errorf("media type of the index: %s", manifest.MediaType)
	}
	var names []string
	for _, child := range manifest.Manifests {
		names = append(names, child.Platform.String())
		if child.MediaType != types.OCIManifestSchema1 {
			t.Errorf("media type of %s: %s", child.Platform, child.MediaType)
		}
	}
	if got := strings.Join(names, " "); got != "linux/amd64 linux/arm64" {
		t.Errorf("platforms: %s", got)
	}
}

func TestImage(t *testing.T) {
	index := testIndex(t, "v1.0.0", target{"linux", "arm64"})
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.OS != "linux" || config.Architecture != "arm64" || !config.Created.Equal(testCommit.time) {
		t.Errorf("config: %s/%s, created %v", config.OS, config.Architecture, config.Created)
	}
	if got := strings.Join(config.Config.Entrypoint, " "); got != "/aws-oidc-action" {
		t.Errorf("entrypoint: %s", got)
	}
	for label, want := range map[string]string{
		"org.opencontainers.image.source":   "https://github.com/org/aws-oidc-action",
		"org.opencontainers.image.revision": testCommit.id,
		"org.opencontainers.image.version":  "v1.0.0",
		"org.opencontainers.image.licenses": "MIT",
	} {
		if got := config.Config.Labels[label]; got != want {
			t.Errorf("label %s: %q, expected %q", label, got, want)
		}
	}

	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, error %v", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	var entries []tar.Header
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname+header.Gname != "" ||
			!header.ModTime.Equal(testCommit.time) || header.Format != tar.FormatUSTAR {
			t.Errorf("%s: %+v", header.Name, header)
		}
		entries = append(entries, *header)
	}
	if len(entries) != 2 || entries[0].Name != "aws-oidc-action" || entries[0].Mode != 0o755 ||
		entries[1].Name != "post" || entries[1].Typeflag != tar.TypeSymlink || entries[1].Linkname != "aws-oidc-action" {
		t.Errorf("layer: %+v", entries)
	}
	program, err := programOf(image)
	if err != nil || string(program) != "program for linux/arm64" {
		t.Errorf("program %q, error %v", program, err)
	}
}

// TestImageIsReproducible: neither the program's path nor its time nor its
// mode is in the image.
func TestImageIsReproducible(t *testing.T) {
	digest := func(version string) v1.Hash {
		hash, err := testIndex(t, version, platforms...).Digest()
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	first := digest("v1.0.0")
	if second := digest("v1.0.0"); second != first {
		t.Errorf("digests %s and %s", first, second)
	}
	if other := digest("v1.0.1"); other == first {
		t.Errorf("another version has the same digest %s", other)
	}
}
