package runner

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Shared is a directory that this step and later steps both see, with the path
// that each of them needs.
type Shared struct {
	Here   string // as this process sees it
	Value  string // as an environment value for later steps; the runner rewrites it if needed
	InFile string // as later run: steps see it, for the content of files, which are not rewritten
}

// Join descends into a directory.
func (s Shared) Join(name string) Shared {
	return Shared{filepath.Join(s.Here, name), path.Join(s.Value, name), path.Join(s.InFile, name)}
}

// containerMounts are the directories that the runner mounts into a container
// action and that it keeps for the whole job: its temporary directory since
// version 2.331, before that only the home inside it.
var containerMounts = []struct{ dir, belowTemp string }{
	{"/github/runner_temp", ""},
	{"/github/home", "_github_home"},
}

// jobWork is the runner's work directory as the run: steps of a job with
// container: see it.
const jobWork = "/__w"

// Shared finds the directory. hostTemp is the host's path of the runner's
// temporary directory, jobContainer reports whether the runner started a
// container for the job: both are known only to the workflow's expressions.
func (r *Runner) Shared(hostTemp string, jobContainer bool) (Shared, error) {
	if r.underAct() {
		// act mounts one volume at the same path into the job's container and
		// into ours; GITHUB_ENV lies in it, RUNNER_TEMP does not.
		dir := filepath.Dir(r.env["GITHUB_ENV"])
		return Shared{dir, dir, dir}, nil
	}
	if r.inContainerAction() {
		if !strings.HasPrefix(hostTemp, "/") {
			return Shared{}, fmt.Errorf("input runner-temp is %q, which is not the host's path of the temporary directory; remove the input", hostTemp)
		}
		for _, m := range containerMounts {
			if !isDir(r.root + m.dir) {
				continue
			}
			s := Shared{Here: r.root + m.dir, Value: path.Join(hostTemp, m.belowTemp), InFile: path.Join(hostTemp, m.belowTemp)}
			if r.inJobWithContainer(jobContainer) {
				s.InFile = path.Join(jobWork, "_temp", m.belowTemp)
			}
			return s, nil
		}
	}
	if dir := r.env["RUNNER_TEMP"]; filepath.IsAbs(dir) && isDir(dir) {
		return Shared{dir, dir, dir}, nil
	}
	return Shared{}, fmt.Errorf("no directory is visible to later steps: neither /github/runner_temp nor /github/home is mounted, and RUNNER_TEMP is %q; set RUNNER_TEMP to a directory that all steps of the job see", r.env["RUNNER_TEMP"])
}

// LaterHome returns the home directory of later run: steps, or "" if it is
// unknown: a container action has a home of its own, which only a job with a
// container shares with it.
func (r *Runner) LaterHome(jobContainer bool) string {
	if r.inContainerAction() && !r.underAct() && r.inJobWithContainer(jobContainer) {
		return r.env["HOME"]
	}
	return ""
}

// inContainerAction reports whether the runner started this process as a
// container action: only then it sets HOME=/github/home.
func (r *Runner) inContainerAction() bool { return r.env["HOME"] == "/github/home" }

// inJobWithContainer reports whether later run: steps run in a container.
// Kubernetes hooks up to 0.7 do not report it to the runner, so expressions of
// the workflow do not show it. They are recognized because they mount the
// runner's work directory into container actions too.
func (r *Runner) inJobWithContainer(started bool) bool { return started || isDir(r.root+jobWork) }

// underAct reports whether the runner is act or built on it.
func (r *Runner) underAct() bool { return r.kind() != "" && filepath.IsAbs(r.env["GITHUB_ENV"]) }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
