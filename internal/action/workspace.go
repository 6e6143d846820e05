package action

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxWorkspaceFile bounds a file of the workspace that an input names, in bytes.
const maxWorkspaceFile = 1 << 20

var errNoWorkspace = errors.New("there is no workspace: GITHUB_WORKSPACE names no directory")

// workspaceFile reads a file of the workspace. Neither the path nor a link in
// it may lead out of there.
func (p *phase) workspaceFile(path string) ([]byte, error) {
	if !filepath.IsLocal(path) {
		return nil, fmt.Errorf("%q is not a path inside the workspace, write one relative to it", path)
	}
	workspace, err := os.OpenRoot(p.runner.Getenv("GITHUB_WORKSPACE"))
	if err != nil {
		return nil, errNoWorkspace
	}
	defer workspace.Close()
	f, err := workspace.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%q is not in the workspace, check the path and that actions/checkout runs before", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%q cannot be opened inside the workspace", path)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxWorkspaceFile+1))
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read", path)
	}
	if len(content) > maxWorkspaceFile {
		return nil, fmt.Errorf("%q is larger than 1 MiB", path)
	}
	return content, nil
}
