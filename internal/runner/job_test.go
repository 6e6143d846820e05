package runner

import (
	"context"
	"io"
	"testing"

	"github.com/org/aws-oidc-action/internal/explain"
)

// Runners that are built on act set what their ancestors set, too.
func TestRunnersThatAreNotGitHubs(t *testing.T) {
	for name, tt := range map[string]struct {
		environ []string
		want    explain.Runner
	}{
		"GitHub":     {[]string{"GITHUB_ACTIONS=true"}, ""},
		"act":        {[]string{"GITHUB_ACTIONS=true", "ACT=true"}, explain.Act},
		"Gitea":      {[]string{"ACT=true", "GITEA_ACTIONS=true"}, explain.Gitea},
		"Forgejo":    {[]string{"ACT=true", "GITEA_ACTIONS=true", "FORGEJO_ACTIONS=true"}, explain.Forgejo},
		"a variable": {[]string{"ACT=false", "GITEA_ACTIONS="}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := New(tt.environ, io.Discard).Job(context.Background()).Runner; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
