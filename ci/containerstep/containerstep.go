// Package containerstep starts containers as GitHub's runner does: the phases
// of a container action like its ContainerActionHandler, and the run: steps of
// a job that has a container. Mounts, environment and the rewriting of paths
// are the runner's; only the network is the host's, where the sandbox listens.
package containerstep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Metadata is what the runner takes from an action.yml.
type Metadata struct {
	Inputs map[string]struct{ Default string }
	Runs   struct {
		PostEntrypoint string `yaml:"post-entrypoint"`
	}
}

// ReadMetadata reads an action.yml.
func ReadMetadata(path string) (Metadata, error) {
	var m Metadata
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(text, &m)
	}
	return m, err
}

// Defaults returns the inputs that have a default. Of expressions only the
// names of context values are evaluated; a name that values has not is empty.
func (m Metadata) Defaults(values map[string]string) map[string]string {
	inputs := map[string]string{}
	for name, input := range m.Inputs {
		if input.Default != "" {
			inputs[name] = expression.ReplaceAllStringFunc(input.Default, func(e string) string {
				return values[expression.FindStringSubmatch(e)[1]]
			})
		}
	}
	return inputs
}

var expression = regexp.MustCompile(`\$\{\{ *([^ }]+) *\}\}`)

// Action is a container action. Its Step runs main or post.
type Action struct {
	Metadata
	Image      string
	RunnerTemp bool // also mount the temporary directory, as runners do since 2.331
}

// Step is a fakerunner.Step.
func (a Action) Step(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
	c := container{image: a.Image, workdir: "/github/workspace"}
	var temp string
	for _, pair := range environ {
		switch name, value, _ := strings.Cut(pair, "="); name {
		case "GITHUB_WORKSPACE":
			c.mounts = append(c.mounts, mount{value, c.workdir})
		case "RUNNER_TEMP":
			temp = value
		case "STATE_isPost":
			c.entrypoint = a.Runs.PostEntrypoint
		}
	}
	c.mounts = append(c.mounts,
		mount{filepath.Join(temp, "_runner_file_commands"), "/github/file_commands"},
		mount{filepath.Join(temp, "_github_workflow"), "/github/workflow"},
		mount{filepath.Join(temp, "_github_home"), "/github/home"})
	if a.RunnerTemp {
		c.mounts = append(c.mounts, mount{temp, "/github/runner_temp"})
	}
	return c.run(ctx, environ, stdout, stderr)
}

// JobContainer is the image of a job's container. Its Step runs a command
// there, as a run: step does.
type JobContainer struct {
	Image   string
	Work    string // the runner's work directory on the host, in which _temp lies
	Command []string
}

// Step is a fakerunner.Step.
func (j JobContainer) Step(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
	c := container{image: j.Image, workdir: "/__w", mounts: []mount{{j.Work, "/__w"}}, command: j.Command}
	return c.run(ctx, environ, stdout, stderr)
}

type container struct {
	image      string
	entrypoint string // "" for the image's own
	workdir    string
	mounts     []mount // for rewriting, the first one that fits counts
	command    []string
}

type mount struct{ host, inside string }

// run returns the exit code, or 125, as docker run does, if it could not start
// anything. Values are given to Docker by way of its environment, never on its
// command line, which every user of the machine can read.
func (c container) run(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
	args := []string{"run", "--label", "aws-oidc-action-ci", "--workdir", c.workdir, "--rm"}
	cmd := exec.CommandContext(ctx, "docker")
	cmd.Env = os.Environ()
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		args = append(args, "-e", name)
		cmd.Env = append(cmd.Env, name+"="+c.translate(value))
	}
	args = append(args, "-e", "GITHUB_ACTIONS=true", "-e", "CI=true")
	if c.entrypoint != "" {
		args = append(args, "--entrypoint", c.entrypoint)
	}
	args = append(args, "--network", "host", "-v", "/var/run/docker.sock:/var/run/docker.sock")
	for _, m := range c.mounts {
		args = append(args, "-v", m.host+":"+m.inside)
	}
	cmd.Args = append(append(append(cmd.Args, args...), c.image), c.command...)
	cmd.Stdout, cmd.Stderr = stdout, stderr

	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(stderr, "start docker:", err)
		return 125
	}
	return 0
}

// translate rewrites an environment value that is a mounted directory, or
// something in it, and no other.
func (c container) translate(value string) string {
	for _, m := range c.mounts {
		if rest, ok := strings.CutPrefix(value, m.host); ok && (rest == "" || rest[0] == '/') {
			return m.inside + rest
		}
	}
	return value
}
