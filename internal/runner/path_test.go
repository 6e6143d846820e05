package runner

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestPath checks the names that a file has for the steps of a job, for the
// host, and for the container action, in each of the places where the action
// runs.
func TestPath(t *testing.T) {
	const temp, work = "/home/runner/work/_temp", "/home/runner/work"
	action := []string{"HOME=/github/home", "GITHUB_WORKSPACE=/github/workspace", "GITHUB_REPOSITORY=octo-org/octo-repo", "INPUT_RUNNER-TEMP=host:" + temp}
	const (
		ofWorkspace = "/github/workspace/iam/x.json"
		ofTemp      = "/github/runner_temp/x"
		ofHome      = "/github/home/.aws/config"
	)
	sameAsHosted := map[string]string{
		"iam/x.json":                                ofWorkspace,
		"./iam/../iam/x.json":                       ofWorkspace,
		ofWorkspace:                                 ofWorkspace,
		"/__w/octo-repo/octo-repo/iam/x.json":       ofWorkspace,
		work + "/octo-repo/octo-repo/iam/x.json":    ofWorkspace,
		"/__w/octo-repo/octo-repo":                  "/github/workspace",
		ofTemp:                                      ofTemp,
		"/__w/_temp/x":                              ofTemp,
		temp + "/x":                                 ofTemp,
		"/__w/_temp/_github_home/.aws/config":       ofHome,
		temp + "/_github_home/.aws/config":          ofHome,
		"/__w/octo-repo/octo-repo/../../_temp/x":    ofTemp,
		"/__w/octo-repo/octo-repo2/x":               "/__w/octo-repo/octo-repo2/x",
		"/__w/_tempx/x":                             "/__w/_tempx/x",
		"/__w":                                      "/__w",
		"/etc/ssl/ca.pem":                           "/etc/ssl/ca.pem",
		"/__w/_temp/../../etc/passwd":               "/etc/passwd",
		"/__w/octo-repo/octo-repo/../../../etc/x":   "/etc/x",
		"/home/runner/other/_temp/x":                "/home/runner/other/_temp/x",
		"../outside":                                "/github/outside",
		"/github/workspace/../runner_temp/x":        ofTemp,
		"/__w/_temp/_runner_file_commands/set_env_": "/github/runner_temp/_runner_file_commands/set_env_",
	}
	for name, tt := range map[string]struct {
		environ []string
		dirs    []string // that this process sees
		want    map[string]string
	}{
		"hosted, and a job container": {append(action, "RUNNER_TEMP=/github/runner_temp"), []string{"github/workspace", "github/home", "github/runner_temp"}, sameAsHosted},
		"a runner before 2.331": {append(action, "RUNNER_TEMP="+temp), []string{"github/workspace", "github/home"}, map[string]string{
			"/__w/octo-repo/octo-repo/iam/x.json": ofWorkspace,
			"/__w/_temp/_github_home/.aws/config": ofHome,
			"/__w/_temp/x":                        "/__w/_temp/x", // which nothing mounts
			temp + "/x":                           temp + "/x",
		}},
		"Kubernetes hooks up to 0.7": {append(action, "RUNNER_TEMP="+temp), []string{"github/workspace", "github/home", "__w/_temp/_github_home", "__w/octo-repo/octo-repo"}, map[string]string{
			"iam/x.json":                             ofWorkspace,
			"/__w/octo-repo/octo-repo/iam/x.json":    "/__w/octo-repo/octo-repo/iam/x.json",
			"/__w/_temp/x":                           "/__w/_temp/x",
			"/__w/_temp/_github_home/x":              "/__w/_temp/_github_home/x",
			temp + "/x":                              "/__w/_temp/x",
			work + "/octo-repo/octo-repo/iam/x.json": ofWorkspace,
			work + "/_actions/x":                     "/__w/_actions/x",
			ofTemp:                                   ofTemp,
		}},
		"act": {[]string{"ACT=true", "HOME=/root", "GITHUB_WORKSPACE=/src/octo-repo", "RUNNER_TEMP=/tmp", "INPUT_RUNNER-TEMP=host:/tmp", "GITHUB_REPOSITORY=octo-org/octo-repo", "GITHUB_ENV=/var/run/act/workflow/envs.txt"}, []string{"src/octo-repo", "var/run/act/workflow"}, map[string]string{
			"iam/x.json":                   "/src/octo-repo/iam/x.json",
			"/src/octo-repo/iam/x.json":    "/src/octo-repo/iam/x.json",
			ofWorkspace:                    "/src/octo-repo/iam/x.json",
			"/var/run/act/workflow/x":      "/var/run/act/workflow/x",
			"/tmp/x":                       "/tmp/x",
			"/octo-repo/octo-repo/x":       "/octo-repo/octo-repo/x",
			"/__w/octo-repo/octo-repo/x/y": "/src/octo-repo/x/y",
		}},
		"a process on the host": {[]string{"HOME=/root", "GITHUB_WORKSPACE=" + work + "/octo-repo/octo-repo", "RUNNER_TEMP=" + temp, "INPUT_RUNNER-TEMP=host:" + temp, "GITHUB_REPOSITORY=octo-org/octo-repo"}, []string{temp[1:], work[1:] + "/octo-repo/octo-repo"}, map[string]string{
			"iam/x.json":                             work + "/octo-repo/octo-repo/iam/x.json",
			ofWorkspace:                              work + "/octo-repo/octo-repo/iam/x.json",
			temp + "/x":                              temp + "/x",
			"/__w/_temp/x":                           temp + "/x",
			work + "/octo-repo/octo-repo/iam/x.json": work + "/octo-repo/octo-repo/iam/x.json",
		}},
		"nothing known": {nil, []string{"github/workspace"}, map[string]string{
			"x": "x", "/__w/_temp/x": "/__w/_temp/x", "/x": "/x",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := New(tt.environ, io.Discard)
			r.root = t.TempDir()
			for _, dir := range tt.dirs {
				if err := os.MkdirAll(filepath.Join(r.root, dir), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for named, want := range tt.want {
				got := r.Path(named)
				if got != want {
					t.Errorf("%s: %s, want %s", named, got, want)
				}
				if again := r.Path(got); filepath.IsAbs(got) && again != got {
					t.Errorf("%s, and again: %s", got, again)
				}
			}
		})
	}
}
