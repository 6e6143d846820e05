package runner

import (
	"context"
	"io"
	"testing"
)

// Runners that are built on act set what their ancestors set, too.
func TestRunnersThatAreNotGitHubs(t *testing.T) {
	for name, tt := range map[string]struct {
		environ []string
		want    Kind
	}{
		"GitHub":     {[]string{"GITHUB_ACTIONS=true"}, ""},
		"act":        {[]string{"GITHUB_ACTIONS=true", "ACT=true"}, Act},
		"Gitea":      {[]string{"ACT=true", "GITEA_ACTIONS=true"}, Gitea},
		"Forgejo":    {[]string{"ACT=true", "GITEA_ACTIONS=true", "FORGEJO_ACTIONS=true"}, Forgejo},
		"a variable": {[]string{"ACT=false", "GITEA_ACTIONS="}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := New(tt.environ, io.Discard).Job(context.Background()).Kind; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
