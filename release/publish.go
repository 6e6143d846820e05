package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// attestationSuffix is that of Sigstore bundles. They are made after the
// checksums, of which one bundle is the attestation.
const attestationSuffix = ".sigstore.json"

func runPublish(ctx context.Context, args []string, stdout, progress io.Writer) error {
	flags := newFlags()
	version := flags.required("version")
	digest := flags.required("digest")
	dir := flags.required("assets")
	image := flags.optionalString("image", "ghcr.io/"+repositoryName)
	if err := flags.parse(args); err != nil {
		return err
	}
	api, err := githubFromEnvironment()
	if err != nil {
		return err
	}
	repo, action, err := releaseAction(ctx, *version, *image, *digest)
	if err != nil {
		return err
	}
	changelog, err := repo.committed(ctx, "CHANGELOG.md")
	if err != nil {
		return err
	}
	changes, err := changelogSection(string(changelog), *version)
	if err != nil {
		return err
	}
	assets, err := readAssets(*dir)
	if err != nil {
		return err
	}
	p := publication{github: api, repository: repo, version: *version, progress: progress}
	id, err := p.tag(ctx, action)
	if err != nil {
		return err
	}
	if err := p.release(ctx, releaseNotes(*version, id, *image+"@"+*digest, changes), assets); err != nil {
		return err
	}
	fmt.Fprintln(stdout, id)
	return nil
}

// publication makes a release on GitHub. It can be run again after a failure:
// it takes a tag that is there already for its own if it names the same tree
// on the same parent.
type publication struct {
	github     github
	repository repository
	version    string
	progress   io.Writer
}

// tag creates the release commit through the API, so that GitHub signs it, and
// the tag on it. It returns the commit's id.
func (p publication) tag(ctx context.Context, action string) (string, error) {
	head, err := p.repository.head(ctx)
	if err != nil {
		return "", err
	}
	base, err := p.repository.git(ctx, nil, "", "rev-parse", "HEAD^{tree}")
	if err != nil {
		return "", err
	}
	expected, err := p.repository.treeWith(ctx, actionFile, action)
	if err != nil {
		return "", err
	}
	existing, found, err := p.github.taggedCommit(ctx, p.version)
	if err != nil {
		return "", err
	}
	if found {
		if existing.Tree.SHA != expected || len(existing.Parents) != 1 || existing.Parents[0].SHA != head.id {
			return "", fmt.Errorf("tag %s already names commit %s, which is not this release of %s; release another version", p.version, existing.SHA, head.id)
		}
		fmt.Fprintf(p.progress, "Tag %s already names commit %s\n", p.version, existing.SHA)
		return existing.SHA, nil
	}
	tree, err := p.github.createTree(ctx, base, actionFile, action)
	if err != nil {
		return "", fmt.Errorf("create the tree of the release commit: %w", err)
	}
	if tree != expected {
		return "", fmt.Errorf("GitHub created tree %q, expected %q: HEAD with one changed line", tree, expected)
	}
	created, err := p.github.createCommit(ctx, tree, head.id, releaseMessage(p.version))
	if err != nil {
		return "", fmt.Errorf("create the release commit: %w", err)
	}
	if !created.Verification.Verified {
		return "", fmt.Errorf("GitHub did not sign the release commit (%q); use the token of a workflow", created.Verification.Reason)
	}
	fmt.Fprintf(p.progress, "Created release commit %s\n", created.SHA)
	if err := p.github.createTag(ctx, p.version, created.SHA); err != nil {
		return "", fmt.Errorf("create tag %s: %w", p.version, err)
	}
	fmt.Fprintf(p.progress, "Created tag %s\n", p.version)
	return created.SHA, nil
}

// release publishes the tag with its assets. They go to a draft, because
// GitHub takes no assets for a published release that is immutable.
func (p publication) release(ctx context.Context, notes string, assets []asset) error {
	existing, err := p.github.releasesOf(ctx, p.version)
	if err != nil {
		return fmt.Errorf("list releases: %w", err)
	}
	for _, r := range existing {
		if !r.Draft {
			return fmt.Errorf("release %s is already published; release another version", p.version)
		}
	}
	for _, draft := range existing {
		if err := p.github.deleteDraft(ctx, draft.ID); err != nil {
			return fmt.Errorf("delete the draft of an earlier attempt: %w", err)
		}
		fmt.Fprintln(p.progress, "Deleted the draft of an earlier attempt")
	}
	draft, err := p.github.createDraft(ctx, p.version, notes)
	if err != nil {
		return fmt.Errorf("create draft: %w", err)
	}
	for _, a := range assets {
		digest, err := p.github.upload(ctx, draft, a.path)
		if err != nil {
			return fmt.Errorf("upload %s: %w", filepath.Base(a.path), err)
		}
		if digest != a.digest {
			return fmt.Errorf("GitHub has %q for %s, expected %q; run the command again", digest, filepath.Base(a.path), a.digest)
		}
		fmt.Fprintf(p.progress, "Uploaded %s\n", filepath.Base(a.path))
	}
	published, err := p.github.publish(ctx, draft.ID)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if !published.Immutable {
		return errors.New("release is published, but is not immutable; enable immutable releases in the repository's settings, then release another version")
	}
	fmt.Fprintf(p.progress, "Published %s\n", published.HTMLURL)
	return nil
}

// asset is a file of a release.
type asset struct{ path, digest string }

// readAssets returns the files of the directory: those that its checksums name
// and that match them, the checksums, and attestations. It refuses the rest,
// as nothing can be revoked once it is published.
func readAssets(dir string) ([]asset, error) {
	list, err := os.ReadFile(filepath.Join(dir, checksumsFile))
	if err != nil {
		return nil, err
	}
	listed := map[string]string{}
	for line := range strings.Lines(string(list)) {
		sum, name, found := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !found {
			return nil, fmt.Errorf("%s: line %q is invalid; run release build", checksumsFile, line)
		}
		listed[name] = "sha256:" + sum
	}
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var assets []asset
	var attested bool
	for _, entry := range entries {
		name := entry.Name()
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		a := asset{filepath.Join(dir, name), fmt.Sprintf("sha256:%x", sha256.Sum256(content))}
		expected, isListed := listed[name]
		switch {
		case isListed && a.digest != expected:
			return nil, fmt.Errorf("%s does not match its checksum; run release build again", name)
		case !isListed && name != checksumsFile && !strings.HasSuffix(name, attestationSuffix):
			return nil, fmt.Errorf("%s is not in %s; remove it from the directory", name, checksumsFile)
		}
		attested = attested || strings.HasSuffix(name, attestationSuffix)
		delete(listed, name)
		assets = append(assets, a)
	}
	if len(listed) > 0 {
		var missing []string
		for name := range listed {
			missing = append(missing, name)
		}
		return nil, fmt.Errorf("%s missing in %s; run release build", joinSorted(missing), dir)
	}
	if !attested {
		return nil, fmt.Errorf("no attestation (*%s) in %s; add those of the workflow", attestationSuffix, dir)
	}
	return assets, nil
}

// releaseNotes begins with the line that users copy: only here a release can
// name its own commit.
func releaseNotes(version, id, image, changes string) string {
	return fmt.Sprintf("```yaml\n- uses: %[1]s@%[2]s # %[3]s\n```\n\nImage: `%[4]s`\n\n"+
		"[Install](https://github.com/%[1]s/blob/%[3]s/docs/install.md), "+
		"[verify](https://github.com/%[1]s/blob/%[3]s/docs/verify.md)\n\n%[5]s\n",
		repositoryName, id, version, image, strings.TrimSpace(changes))
}

func joinSorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, ", ")
}
