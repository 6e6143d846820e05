package main

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// refName is the annotation that names a layout's image: the version.
const refName = "org.opencontainers.image.ref.name"

// writeLayout writes an OCI image layout that holds the index alone.
func writeLayout(dir string, index v1.ImageIndex, version string) error {
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	return path.AppendIndex(index, layout.WithAnnotations(map[string]string{refName: version}))
}

// released is the content of a layout.
type released struct {
	version string
	index   v1.ImageIndex
	digest  v1.Hash
	images  map[target]v1.Image
}

// readLayout reads a layout of writeLayout and compares every blob with its
// digest.
func readLayout(dir string) (released, error) {
	outer, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return released{}, fmt.Errorf("read OCI layout %q: %w", dir, err)
	}
	r, err := readReleased(outer)
	if err != nil {
		return released{}, fmt.Errorf("OCI layout %q: %w", dir, err)
	}
	return r, nil
}

func readReleased(outer v1.ImageIndex) (released, error) {
	manifest, err := outer.IndexManifest()
	if err != nil {
		return released{}, err
	}
	if len(manifest.Manifests) != 1 || !manifest.Manifests[0].MediaType.IsIndex() {
		return released{}, fmt.Errorf("expected one index; use the directory layout/ of release build")
	}
	descriptor := manifest.Manifests[0]
	r := released{version: descriptor.Annotations[refName], digest: descriptor.Digest, images: map[target]v1.Image{}}
	if err := parseVersion(r.version); err != nil {
		return released{}, fmt.Errorf("annotation %s: %w", refName, err)
	}
	if r.index, err = outer.ImageIndex(r.digest); err != nil {
		return released{}, err
	}
	if err := validate.Index(r.index); err != nil {
		return released{}, fmt.Errorf("damaged: %w", err)
	}
	inner, err := r.index.IndexManifest()
	if err != nil {
		return released{}, err
	}
	for _, child := range inner.Manifests {
		if child.Platform == nil {
			return released{}, fmt.Errorf("image %s has no platform", child.Digest)
		}
		image, err := r.index.Image(child.Digest)
		if err != nil {
			return released{}, err
		}
		r.images[target{child.Platform.OS, child.Platform.Architecture}] = image
	}
	return r, nil
}

// requireComplete refuses a layout of release build --arch.
func (r released) requireComplete() error {
	for _, t := range platforms {
		if r.images[t] == nil {
			return fmt.Errorf("OCI layout has no image for %s; build it without --arch", t)
		}
	}
	return nil
}

func runDigest(_ context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags()
	dir := flags.required("layout")
	arch := flags.optionalString("arch", "")
	if err := flags.parse(args); err != nil {
		return err
	}
	r, err := readLayout(*dir)
	if err != nil {
		return err
	}
	digest := r.digest
	if *arch != "" {
		image := r.images[target{"linux", *arch}]
		if image == nil {
			return fmt.Errorf("OCI layout %q has no image for linux/%s", *dir, *arch)
		}
		if digest, err = image.Digest(); err != nil {
			return err
		}
	}
	fmt.Fprintln(stdout, digest)
	return nil
}
