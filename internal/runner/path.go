package runner

import (
	"path"
	"path/filepath"
	"strings"
)

// Path returns a path as this process sees it. Relative ones begin in the
// workspace. Workspace, temporary directory and home have one path in a
// container action, another in the container of a job and a third on the host
// (ContainerOperationProvider and ActionRunner of the runner's source). Outputs
// of steps and workflows can contain any of these. A path below a directory that
// this process sees under the same path is returned as it is.
func (r *Runner) Path(name string) string {
	if !filepath.IsAbs(name) {
		return filepath.Join(r.env["GITHUB_WORKSPACE"], name)
	}
	name = filepath.Clean(name)
	for _, m := range r.mounts() {
		inside, err := filepath.Rel(m.elsewhere, name)
		if err != nil || !filepath.IsLocal(inside) {
			continue
		}
		if isDir(r.root + m.elsewhere) {
			return name
		}
		if filepath.IsAbs(m.here) && isDir(r.root+m.here) {
			return filepath.Join(m.here, inside)
		}
	}
	return name
}

// mount is a directory that has another path elsewhere.
type mount struct{ elsewhere, here string }

// mounts are the directories of the job, nested ones first.
func (r *Runner) mounts() []mount {
	workspace := mount{"/github/workspace", r.env["GITHUB_WORKSPACE"]}
	temp := mount{"/github/runner_temp", r.env["RUNNER_TEMP"]}
	all := []mount{workspace, temp}
	works := []string{jobWork}
	if hostTemp := r.HostTemp(); filepath.IsAbs(hostTemp) && path.Base(hostTemp) == "_temp" {
		works = append(works, path.Dir(hostTemp)) // the host's path of the same directory
	}
	_, repository, _ := strings.Cut(r.env["GITHUB_REPOSITORY"], "/")
	for _, work := range works {
		all = append(all, mount{path.Join(work, "_temp", "_github_home"), "/github/home"})
		for _, here := range []string{temp.elsewhere, temp.here} {
			all = append(all, mount{path.Join(work, "_temp"), here})
		}
		if repository != "" {
			all = append(all, mount{path.Join(work, repository, repository), workspace.here})
		}
		all = append(all, mount{work, jobWork})
	}
	return all
}

// HostTemp is the host's path of the runner's temporary directory, or "".
func (r *Runner) HostTemp() string { return strings.TrimPrefix(r.Input("runner-temp"), "host:") }
