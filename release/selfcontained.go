package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
)

// selfContainedDockerfile needs no network and no builder. TARGETARCH is set by
// BuildKit, unless ARG has a default for it; the classic builder does not set it.
// A directory for each architecture makes the image one layer, which builds
// faster than two.
const selfContainedDockerfile = `# %s %s, with its programs: no registry is needed to build it.
# The classic builder of Docker does not set TARGETARCH: with it, this image is for amd64 alone.
FROM scratch
ARG TARGETARCH
COPY linux-${TARGETARCH:-amd64}/ /
ENTRYPOINT ["/aws-oidc-action"]
`

func runSelfContained(ctx context.Context, args []string, _, progress io.Writer) error {
	flags := newFlags()
	dir := flags.required("layout")
	out := flags.required("out")
	if err := flags.parse(args); err != nil {
		return err
	}
	r, err := readLayout(*dir)
	if err != nil {
		return err
	}
	if err := r.requireComplete(); err != nil {
		return err
	}
	repo, err := openRepository(ctx)
	if err != nil {
		return err
	}
	archive, err := r.selfContained(ctx, repo)
	if err != nil {
		return err
	}
	if err := os.WriteFile(*out, archive, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(progress, "Wrote %s\n", *out)
	return nil
}

// selfContained returns the archive of an action whose image is built from
// the programs of the release, instead of pulled or compiled.
func (r released) selfContained(ctx context.Context, repo repository) ([]byte, error) {
	if err := repo.requireClean(ctx); err != nil {
		return nil, err
	}
	head, err := repo.head(ctx)
	if err != nil {
		return nil, err
	}
	action, err := repo.committed(ctx, actionFile)
	if err != nil {
		return nil, err
	}
	if _, err := pinned(string(action), "any"); err != nil {
		return nil, err
	}
	license, err := repo.committed(ctx, "LICENSE")
	if err != nil {
		return nil, err
	}
	entries := []archiveEntry{
		{name: "Dockerfile", mode: 0o644, content: fmt.Appendf(nil, selfContainedDockerfile, repositoryName, r.version)},
		{name: "LICENSE", mode: 0o644, content: license},
		{name: actionFile, mode: 0o644, content: action},
	}
	for _, t := range platforms {
		config, err := r.images[t].ConfigFile()
		if err != nil {
			return nil, err
		}
		if revision := config.Config.Labels[labelRevision]; revision != head.id {
			return nil, fmt.Errorf("image for %s is built from commit %q, HEAD is %q; check out that commit", t, revision, head.id)
		}
		program, err := programOf(r.images[t])
		if err != nil {
			return nil, fmt.Errorf("image for %s: %w", t, err)
		}
		entries = append(entries,
			archiveEntry{name: t.os + "-" + t.arch + "/" + programFile, mode: 0o755, content: program},
			archiveEntry{name: t.os + "-" + t.arch + "/" + postFile, link: programFile})
	}

	var out bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := writeArchive(compressed, head.time, entries); err != nil {
		return nil, err
	}
	err = compressed.Close()
	return out.Bytes(), err
}
