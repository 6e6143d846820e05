package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// repository is the Git working tree that a release is made from.
type repository struct{ root string }

// openRepository finds the working tree around the current directory.
func openRepository(ctx context.Context) (repository, error) {
	root, err := repository{}.git(ctx, nil, "", "rev-parse", "--show-toplevel")
	return repository{root: root}, err
}

// git runs one Git command and returns what it prints, without the last newline.
func (r repository) git(ctx context.Context, env []string, stdin string, args ...string) (string, error) {
	out, err := r.gitRaw(ctx, env, stdin, args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

func (r repository) gitRaw(ctx context.Context, env []string, stdin string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = r.root
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && len(exit.Stderr) > 0 {
			err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
		}
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out, nil
}

// requireClean refuses a working tree that differs from HEAD, untracked files
// included: the compiler would read them, and no commit would name them.
func (r repository) requireClean(ctx context.Context) error {
	status, err := r.git(ctx, nil, "", "status", "--porcelain")
	if err != nil || status == "" {
		return err
	}
	changes := strings.Split(status, "\n")
	return fmt.Errorf("working tree has %d uncommitted changes, the first is %q; commit or remove them", len(changes), strings.TrimSpace(changes[0]))
}

// commit is the one that a release is built from.
type commit struct {
	id   string
	time time.Time // when it was committed, in UTC
}

func (r repository) head(ctx context.Context) (commit, error) {
	line, err := r.git(ctx, nil, "", "log", "-1", "--format=%H %ct")
	if err != nil {
		return commit{}, err
	}
	id, seconds, _ := strings.Cut(line, " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return commit{}, fmt.Errorf("git log: commit time %q is not a number of seconds", seconds)
	}
	return commit{id: id, time: time.Unix(unix, 0).UTC()}, nil
}

// committed returns a file's content as HEAD has it.
func (r repository) committed(ctx context.Context, path string) ([]byte, error) {
	return r.gitRaw(ctx, nil, "", "show", "HEAD:"+path)
}

// read returns a file's content in the working tree.
func (r repository) read(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(r.root, filepath.FromSlash(path)))
}

// tracked lists the files below the paths that Git knows.
func (r repository) tracked(ctx context.Context, paths ...string) ([]string, error) {
	out, err := r.git(ctx, nil, "", append([]string{"ls-files", "-z", "--"}, paths...)...)
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(out, func(c rune) bool { return c == 0 }), nil
}
