package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The files of the image, as the Dockerfile lays them out.
const (
	programFile = "aws-oidc-action"
	postFile    = "post" // a link to programFile: the action's post-entrypoint
)

// platforms are those of the image, in the order of the index.
var platforms = []target{{"linux", "amd64"}, {"linux", "arm64"}}

// Labels of the image: https://github.com/opencontainers/image-spec/blob/main/annotations.md
const (
	labelSource   = "org.opencontainers.image.source"
	labelRevision = "org.opencontainers.image.revision"
	labelVersion  = "org.opencontainers.image.version"
	labelLicenses = "org.opencontainers.image.licenses"
)

// buildImage puts the program into an image of one layer. Its bytes depend on
// the program, the platform, the version and the commit only.
func buildImage(program string, t target, version string, c commit) (v1.Image, error) {
	layer, err := buildLayer(program, c.time)
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: c.time}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	config, err := base.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = t.os, t.arch, created
	config.Config.Entrypoint = []string{"/" + programFile}
	config.Config.Labels = map[string]string{
		labelSource:   "https://github.com/" + repositoryName,
		labelRevision: c.id,
		labelVersion:  version,
		labelLicenses: "MIT",
	}
	configured, err := mutate.ConfigFile(base, config)
	if err != nil {
		return nil, err
	}
	image, err := mutate.Append(configured, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: created, CreatedBy: "release build --version " + version},
	})
	return plainImage{image}, err
}

// plainImage clears the artifact type that mutate.AppendManifests would write
// into the index: some registries and clients take such a descriptor for
// something else than an image, and hide it.
type plainImage struct{ v1.Image }

func (plainImage) ArtifactType() (string, error) { return "", nil }

func buildLayer(program string, modified time.Time) (v1.Layer, error) {
	content, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var archive bytes.Buffer
	err = writeArchive(&archive, modified, []archiveEntry{
		{name: programFile, mode: 0o755, content: content},
		{name: postFile, link: programFile},
	})
	if err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil },
		tarball.WithCompressionLevel(gzip.BestCompression),
		tarball.WithMediaType(types.OCILayer),
		tarball.WithCompressedCaching,
	)
}

// archiveEntry is a file, or a link if it has a link's target.
type archiveEntry struct {
	name    string
	mode    int64
	content []byte
	link    string
}

// writeArchive writes the entries in their order, owned by root and with one
// time for all.
func writeArchive(w io.Writer, modified time.Time, entries []archiveEntry) error {
	archive := tar.NewWriter(w)
	for _, entry := range entries {
		header := &tar.Header{
			Typeflag: tar.TypeReg,
			Name:     entry.name,
			Mode:     entry.mode,
			Size:     int64(len(entry.content)),
			ModTime:  modified,
			Format:   tar.FormatUSTAR,
		}
		if entry.link != "" {
			header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, entry.link, 0o777
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(entry.content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// buildIndex puts the images of the targets into one index, in their order.
func buildIndex(images []v1.Image, targets []target) v1.ImageIndex {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for i, image := range images {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: targets[i].os, Architecture: targets[i].arch}},
		})
	}
	return index
}

// programOf returns the program inside an image of buildImage.
func programOf(image v1.Image) ([]byte, error) {
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	if len(layers) != 1 {
		return nil, fmt.Errorf("image has %d layers, expected 1", len(layers))
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	archive := tar.NewReader(content)
	header, err := archive.Next()
	if err != nil {
		return nil, err
	}
	if header.Name != programFile || header.Typeflag != tar.TypeReg {
		return nil, errors.New("layer does not begin with the program")
	}
	return io.ReadAll(archive)
}
