//go:build clients

package generate

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust/generate"
)

// written are the directories with all specs in all formats.
type written struct{ json, cloudformation, terraform, workflows string }

func write(t *testing.T) written {
	root := t.TempDir()
	dirs := written{filepath.Join(root, "json"), filepath.Join(root, "cloudformation"), filepath.Join(root, "terraform"), filepath.Join(root, ".github", "workflows")}
	files := 0
	put := func(dir, name string, render func(io.Writer) error) {
		var b bytes.Buffer
		if err := render(&b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		files++
	}
	for name, s := range specs() {
		put(dirs.json, name+".json", func(w io.Writer) error { return generate.JSON(w, s) })
		put(dirs.cloudformation, name+".yml", func(w io.Writer) error { return generate.CloudFormation(w, s) })
		put(filepath.Join(dirs.terraform, name), "main.tf", func(w io.Writer) error { return generate.Terraform(w, s) })
		if s.Region != "" && s.Workflow == "" {
			put(dirs.workflows, name+".yml", func(w io.Writer) error { return generate.Workflow(w, s, "v1.0.0") })
		}
	}
	t.Logf("%d files of %d specs", files, len(specs()))
	return dirs
}

// filesOf returns the files of a directory, sorted by name.
func filesOf(t *testing.T, dir, pattern string) []string {
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no %s: %v", dir, pattern, err)
	}
	return files
}
