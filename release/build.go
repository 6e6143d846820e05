package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// What release build writes into its output directory.
const (
	layoutDir     = "layout" // the OCI image layout
	assetsDir     = "assets" // the files of the GitHub release
	checksumsFile = "checksums.txt"

	selfContainedFile = "aws-oidc-action-self-contained.tar.gz"
)

// targets are the platforms that a program is published for: those of the
// image, and those of laptops.
var targets = slices.Concat(platforms, []target{
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
})

// asset is the name of the program for a platform.
func (t target) asset() string {
	extension := ""
	if t.os == "windows" {
		extension = ".exe"
	}
	return fmt.Sprintf("%s-%s-%s%s", programFile, t.os, t.arch, extension)
}

func runBuild(ctx context.Context, args []string, stdout, progress io.Writer) error {
	flags := newFlags()
	version := flags.required("version")
	out := flags.required("out")
	arch := flags.optionalString("arch", "")
	if err := flags.parse(args); err != nil {
		return err
	}
	if err := parseVersion(*version); err != nil {
		return err
	}
	b := builder{version: *version, progress: progress, targets: targets, platforms: platforms}
	if *arch != "" {
		if err := b.only(*arch); err != nil {
			return err
		}
	}
	var err error
	if b.out, err = filepath.Abs(*out); err != nil {
		return err
	}
	digest, err := b.build(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, digest)
	return nil
}

type builder struct {
	version   string
	out       string // absolute
	targets   []target
	platforms []target // those of targets that get an image
	progress  io.Writer
}

// only limits the build to the image for one architecture.
func (b *builder) only(arch string) error {
	var known []string
	for _, t := range platforms {
		if t.arch == arch {
			b.targets, b.platforms = []target{t}, []target{t}
			return nil
		}
		known = append(known, t.arch)
	}
	return usageError(fmt.Sprintf("architecture %q is invalid; use %s", arch, strings.Join(known, " or ")))
}

// build writes everything to the output directory and returns the digest of
// the index. For one architecture it writes no more than program, SBOM and
// image, and returns the image's digest.
func (b *builder) build(ctx context.Context) (v1.Hash, error) {
	repo, err := openRepository(ctx)
	if err != nil {
		return v1.Hash{}, err
	}
	r, err := repo.requireReleasable(ctx, b.version)
	if err != nil {
		return v1.Hash{}, err
	}
	head, err := repo.head(ctx)
	if err != nil {
		return v1.Hash{}, err
	}
	if err := createEmpty(b.out); err != nil {
		return v1.Hash{}, err
	}
	if err := os.MkdirAll(filepath.Join(b.out, assetsDir), 0o755); err != nil {
		return v1.Hash{}, err
	}

	fmt.Fprintf(b.progress, "Building %s of commit %s with %s\n", b.version, head.id, r.goVersion)
	group, groupContext := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU()) // a link uses one
	for _, t := range b.targets {
		group.Go(func() error {
			if err := r.build(groupContext, repo.root, b.asset(t.asset()), t, b.version, head.id); err != nil {
				return err
			}
			fmt.Fprintf(b.progress, "Built %s\n", t.asset())
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return v1.Hash{}, err
	}

	var images []v1.Image
	for _, t := range b.platforms {
		image, err := b.image(t, head)
		if err != nil {
			return v1.Hash{}, err
		}
		images = append(images, image)
	}
	layout := filepath.Join(b.out, layoutDir)
	if err := writeLayout(layout, buildIndex(images, b.platforms), b.version); err != nil {
		return v1.Hash{}, err
	}
	if len(images) == 1 {
		return images[0].Digest()
	}
	// All files of a release have a checksum, so the last one is made here as well.
	written, err := readLayout(layout)
	if err != nil {
		return v1.Hash{}, err
	}
	archive, err := written.selfContained(ctx, repo)
	if err != nil {
		return v1.Hash{}, err
	}
	if err := os.WriteFile(b.asset(selfContainedFile), archive, 0o644); err != nil {
		return v1.Hash{}, err
	}
	return written.digest, writeChecksums(filepath.Join(b.out, assetsDir))
}

func (b *builder) asset(name string) string { return filepath.Join(b.out, assetsDir, name) }

// image builds the image of one platform and writes its SBOM.
func (b *builder) image(t target, head commit) (v1.Image, error) {
	program := b.asset(t.asset())
	image, err := buildImage(program, t, b.version, head)
	if err != nil {
		return nil, err
	}
	digest, err := image.Digest()
	if err != nil {
		return nil, err
	}
	sbom, err := buildSBOM(program, b.version, digest.String())
	if err != nil {
		return nil, err
	}
	return image, os.WriteFile(program+".cdx.json", sbom, 0o644)
}

// requireReleasable returns the recipe of a working tree that a release can be
// built from.
func (r repository) requireReleasable(ctx context.Context, version string) (recipe, error) {
	if err := r.requireClean(ctx); err != nil {
		return recipe{}, err
	}
	if err := r.check(ctx, version); err != nil {
		return recipe{}, err
	}
	action, err := r.committed(ctx, actionFile)
	if err != nil {
		return recipe{}, err
	}
	if _, err := pinned(string(action), "any"); err != nil {
		return recipe{}, err
	}
	dockerfile, err := r.read("Dockerfile")
	if err != nil {
		return recipe{}, err
	}
	gomod, err := r.read("go.mod")
	if err != nil {
		return recipe{}, err
	}
	build, err := readRecipe(string(dockerfile), string(gomod))
	if err != nil {
		return recipe{}, err
	}
	return build, build.requireToolchain(ctx, r.root)
}

// createEmpty creates the directory, and refuses one that has something in it:
// what an earlier build left would be released with the rest.
func createEmpty(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("output directory %q is not empty; remove it or choose another one", dir)
	}
	return err
}

// writeChecksums writes the SHA-256 checksums of all files in the directory
// except its own, in the form of sha256sum.
func writeChecksums(dir string) error {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, entry := range entries {
		if entry.Name() == checksumsFile {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(content), entry.Name())
	}
	return os.WriteFile(filepath.Join(dir, checksumsFile), []byte(list.String()), 0o644)
}
