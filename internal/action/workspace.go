package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxWorkspaceFile bounds a file of the workspace that an input names, in bytes.
const maxWorkspaceFile = 1 << 20

var errNoWorkspace = errors.New("GITHUB_WORKSPACE is not a directory; run the action as a step of a workflow")

// workspace is the job's workspace, whose files inputs can name.
type workspace struct{ *phase }

// read reads a file of the workspace. Neither the path nor a symbolic link in it
// may lead out of the workspace.
func (w workspace) read(ctx context.Context, path string) ([]byte, error) {
	if !filepath.IsLocal(path) {
		return nil, fmt.Errorf("%q is not a path in the workspace; use a path relative to it", path)
	}
	files := w.runner.Files()
	if info, err := os.Stat(files.Workspace); err != nil || !info.IsDir() {
		return nil, errNoWorkspace
	}
	content, err := files.ReadFile(ctx, path, maxWorkspaceFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%q is not in the workspace; check the path, and that actions/checkout runs before this step", path)
	}
	return content, err
}
