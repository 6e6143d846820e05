package action

import (
	"context"
	"fmt"
	"io/fs"
	"os"

	"github.com/org/aws-oidc-action/internal/explain"
)

// maxPolicyFiles bounds how many files trust-policy-file may match.
const maxPolicyFiles = 100

// evidence is what explains the refusal of any profile at any time.
func (w workspace) evidence(ctx context.Context) (e explain.Evidence) {
	if pattern := w.plan.TrustPolicyFile; pattern != "" {
		e.Policies, e.NoPolicies = w.trustPolicies(ctx, pattern)
	}
	return e
}

// trustPolicies reads the files of the workspace that a pattern matches, or
// returns the reason why there are none. They are for the explanation only, so a
// missing file is no error.
func (w workspace) trustPolicies(ctx context.Context, pattern string) (files []explain.PolicyFile, reason string) {
	paths, err := w.matches(pattern)
	switch {
	case err != nil:
		return nil, "trust-policy-file: " + err.Error()
	case len(paths) == 0:
		return nil, fmt.Sprintf("trust-policy-file: %q matches no file in the workspace; check the pattern, and that actions/checkout runs before this step", pattern)
	case len(paths) > maxPolicyFiles:
		return nil, fmt.Sprintf("trust-policy-file: %q matches %d files, more than %d; use a narrower pattern", pattern, len(paths), maxPolicyFiles)
	}
	for _, path := range paths {
		content, err := w.read(ctx, path)
		if err != nil {
			reason = "trust-policy-file: " + err.Error()
			continue
		}
		files = append(files, explain.PolicyFile{Path: path, Content: content})
	}
	return files, reason
}

// matches lists the files of the workspace that a pattern matches,
// with paths relative to it. Neither they nor a link in them lead out of it.
func (w workspace) matches(pattern string) ([]string, error) {
	workspace, err := os.OpenRoot(w.runner.Getenv("GITHUB_WORKSPACE"))
	if err != nil {
		return nil, errNoWorkspace
	}
	defer workspace.Close()
	matched, err := fs.Glob(workspace.FS(), pattern)
	if err != nil {
		return nil, fmt.Errorf("%q is not a valid pattern", pattern)
	}
	var paths []string
	for _, path := range matched {
		if info, err := fs.Stat(workspace.FS(), path); err == nil && info.Mode().IsRegular() {
			paths = append(paths, path)
		}
	}
	return paths, nil
}
