package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const (
	actionFile = "action.yml"
	sourceLine = "  image: Dockerfile\n" // the line of main; a release commit differs in it alone
)

func runPin(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags()
	version := flags.required("version")
	digest := flags.required("digest")
	image := flags.optionalString("image", "ghcr.io/"+repositoryName)
	onlyPrint := flags.optionalBool("print")
	if err := flags.parse(args); err != nil {
		return err
	}
	repo, changed, err := releaseAction(ctx, *version, *image, *digest)
	if err != nil {
		return err
	}
	if *onlyPrint {
		_, err := io.WriteString(stdout, changed)
		return err
	}
	id, err := repo.commitFile(ctx, actionFile, changed, releaseMessage(*version))
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, id)
	return nil
}

func releaseMessage(version string) string { return "Release " + version }

// releaseAction checks that HEAD can be released as the version, and returns
// action.yml as the release commit has it.
func releaseAction(ctx context.Context, version, image, digest string) (repository, string, error) {
	if err := parseVersion(version); err != nil {
		return repository{}, "", err
	}
	if hash, err := v1.NewHash(digest); err != nil || hash.Algorithm != "sha256" {
		return repository{}, "", usageError(fmt.Sprintf("digest %q is invalid; use the output of release build", digest))
	}
	repo, err := openRepository(ctx)
	if err != nil {
		return repository{}, "", err
	}
	if err := repo.requireClean(ctx); err != nil {
		return repository{}, "", err
	}
	if err := repo.check(ctx, version); err != nil {
		return repository{}, "", err
	}
	source, err := repo.committed(ctx, actionFile)
	if err != nil {
		return repository{}, "", err
	}
	action, err := pinned(string(source), image+"@"+digest)
	return repo, action, err
}

// pinned returns the action with the image in place of the Dockerfile.
func pinned(action, image string) (string, error) {
	if strings.Contains(action, "\n  image: docker://") {
		return "", errors.New("HEAD is a release commit: its action.yml names an image; check out its parent, HEAD^")
	}
	if strings.Count(action, "\n"+sourceLine) != 1 {
		return "", fmt.Errorf("action.yml: expected one line %q", strings.TrimSuffix(sourceLine, "\n"))
	}
	return strings.Replace(action, "\n"+sourceLine, "\n  image: docker://"+image+"\n", 1), nil
}

// commitFile commits one file's new content on top of HEAD and returns the
// commit's id. No branch moves, and working tree and index stay as they are.
func (r repository) commitFile(ctx context.Context, path, content, message string) (string, error) {
	tree, err := r.treeWith(ctx, path, content)
	if err != nil {
		return "", err
	}
	return r.git(ctx, nil, "", "commit-tree", tree, "-p", "HEAD", "-m", message)
}

// treeWith writes the tree that differs from HEAD in one file, and returns its id.
func (r repository) treeWith(ctx context.Context, path, content string) (string, error) {
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	index := []string{"GIT_INDEX_FILE=" + filepath.Join(dir, "index")}

	blob, err := r.git(ctx, nil, content, "hash-object", "-w", "--stdin")
	if err != nil {
		return "", err
	}
	if _, err := r.git(ctx, index, "", "read-tree", "HEAD"); err != nil {
		return "", err
	}
	if _, err := r.git(ctx, index, "", "update-index", "--cacheinfo", "100644,"+blob+","+path); err != nil {
		return "", err
	}
	return r.git(ctx, index, "", "write-tree")
}
