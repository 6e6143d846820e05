package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/ci/containerstep"
)

// descriptor is what an index or a manifest says of a blob:
// https://github.com/opencontainers/image-spec/blob/main/descriptor.md
type descriptor struct {
	Digest   string
	Size     int64
	Platform struct{ OS, Architecture string }
}

// manifest is an index, which has manifests, or an image, which has the rest.
type manifest struct {
	Manifests []descriptor
	Config    descriptor
	Layers    []descriptor
}

// imageSizes is what a job downloads, in decimal megabytes, for each
// architecture: manifest, configuration and compressed layers.
func (b *bench) imageSizes() ([]row, error) {
	var outer manifest
	if err := readJSON(filepath.Join(b.layout, "index.json"), &outer); err != nil {
		return nil, err
	}
	if len(outer.Manifests) != 1 {
		return nil, fmt.Errorf("layout has %d entries, expected one index", len(outer.Manifests))
	}
	var index manifest
	if err := readJSON(b.blob(outer.Manifests[0]), &index); err != nil {
		return nil, err
	}
	var rows []row
	for _, entry := range index.Manifests {
		var image manifest
		if err := readJSON(b.blob(entry), &image); err != nil {
			return nil, err
		}
		size := entry.Size + image.Config.Size
		for _, layer := range image.Layers {
			size += layer.Size
		}
		rows = append(rows, row{
			name:   fmt.Sprintf("image for %s/%s, compressed", entry.Platform.OS, entry.Platform.Architecture),
			figure: float64(size) / 1e6,
			unit:   " MB",
			aim:    5,
			limit:  6,
		})
	}
	if len(rows) < 2 {
		return nil, errors.New("layout lacks an architecture")
	}
	return rows, nil
}

func (b *bench) blob(d descriptor) string {
	return filepath.Join(b.layout, "blobs", strings.Replace(d.Digest, ":", string(filepath.Separator), 1))
}

func readJSON(path string, value any) error {
	content, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(content, value)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

const (
	provisioningRounds = 9
	sourceRound        = 5 // the one that also builds from source, which takes half a minute
)

// way is one in which a runner gets the image.
type way struct {
	name  string
	aim   float64
	limit float64 // beyond it the bench fails; twice the aim if 0
	image string
	get   func() (time.Duration, error) // nil if it is not available here
	once  bool                          // only in sourceRound
}

// provisioning compares the ways in which a runner gets the image before a
// job begins, each without anything that an earlier job left, with docker run
// of the step that follows. All take turns, so that they see the same noise.
func (b *bench) provisioning() ([]row, error) {
	built := b.image + "-bench"
	selfContained := func(buildKit string) func() (time.Duration, error) {
		return func() (time.Duration, error) { return buildCopy(b.selfContained, built, buildKit) }
	}
	ways := []way{
		// The aim is missed: the daemon's unpacking of the program takes longer than
		// docker run, 2.1 times on an idle machine, and grows with it. The limit is
		// that of an image of 6 MB, which is the limit of its size.
		{name: "pull by digest", aim: 1, limit: 2.5, image: b.pinned, get: func() (time.Duration, error) {
			return timed(nil, "pull", "--quiet", b.pinned)
		}},
		{name: "self-contained, BuildKit", aim: 1.5, image: built, get: selfContained("1")},
		{name: "self-contained, classic builder", image: built, get: selfContained("0")},
		{name: "build from source", image: built, once: true, get: func() (time.Duration, error) {
			return buildImage(".", built, "0")
		}},
	}
	if !hasBuildKit() {
		ways[1].get = nil
	}

	times, floors := map[string][]time.Duration{}, map[string][]time.Duration{}
	for round := range provisioningRounds + 1 { // the first one warms up
		for _, way := range ways {
			if way.get == nil || way.once && round != sourceRound {
				continue
			}
			took, err := way.get()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", way.name, err)
			}
			ran, err := b.login(containerstep.Action{Image: way.image, RunnerTemp: true}.Step)
			if err != nil {
				return nil, fmt.Errorf("%s: docker run: %w", way.name, err)
			}
			if _, err := timed(nil, "image", "rm", "--force", way.image); err != nil {
				return nil, err
			}
			if round > 0 {
				times[way.name] = append(times[way.name], took)
				floors[way.name] = append(floors[way.name], ran)
			}
		}
	}

	var rows []row
	for _, way := range ways {
		r := row{name: way.name}
		if way.get != nil {
			r = against(way.name, way.aim, times[way.name], floors[way.name])
			if way.limit > 0 {
				r.limit = way.limit
			}
		}
		r.name = "image, " + r.name + ", against docker run"
		rows = append(rows, r)
	}
	return rows, nil
}

// hasBuildKit reports whether Docker can build with BuildKit here.
func hasBuildKit() bool {
	cmd := exec.Command("docker", "build", "--quiet", "-")
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=1")
	cmd.Stdin = strings.NewReader("FROM scratch\nLABEL probe=1\n")
	return cmd.Run() == nil
}

// buildCopy builds a copy of the directory, as every job has a checkout of its
// own: BuildKit would send the same one only once.
func buildCopy(dir, tag, buildKit string) (time.Duration, error) {
	copied, err := os.MkdirTemp("", "aws-oidc-action-bench")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(copied)
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		return 0, err
	}
	return buildImage(copied, tag, buildKit)
}

// buildImage builds an image as a runner does.
func buildImage(dir, tag, buildKit string) (time.Duration, error) {
	return timed([]string{"DOCKER_BUILDKIT=" + buildKit}, "build", "--no-cache", "--quiet", "--tag", tag, dir)
}

// timed runs docker and returns how long it took.
func timed(environ []string, args ...string) (time.Duration, error) {
	cmd := exec.Command("docker", args...)
	cmd.Env = append(os.Environ(), environ...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	begin := time.Now()
	err := cmd.Run()
	took := time.Since(begin)
	if err != nil {
		return 0, fmt.Errorf("docker %s: %w\n%s", args[0], err, stderr.Bytes())
	}
	return took, nil
}
