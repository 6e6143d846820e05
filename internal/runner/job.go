package runner

import (
	"context"
	"encoding/json"
)

// maxEvent bounds the event file; GitHub's payloads are at most 25 MB.
const maxEvent = 32 << 20

// Job gathers the facts about the job that explain a refusal. A missing or
// unreadable event file leaves its facts out.
func (r *Runner) Job(ctx context.Context) Job {
	j := Job{
		Repository:     r.env["GITHUB_REPOSITORY"],
		Event:          r.env["GITHUB_EVENT_NAME"],
		Actor:          r.env["GITHUB_ACTOR"],
		WorkflowRef:    r.env["GITHUB_WORKFLOW_REF"],
		JobWorkflowRef: r.Input("job-workflow-ref"),
		Kind:           r.kind(),
		Outside:        r.env["GITHUB_ACTIONS"] != "true",
		RequestURL:     r.env["ACTIONS_ID_TOKEN_REQUEST_URL"] != "",
		RequestToken:   r.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] != "",
	}
	var event struct {
		PullRequest *struct {
			Head struct {
				Repo *struct {
					FullName string `json:"full_name"`
				} `json:"repo"`
			} `json:"head"`
		} `json:"pull_request"`
	}
	if !r.readEvent(ctx, &event) || event.PullRequest == nil {
		return j
	}
	j.PullRequest = true
	if repo := event.PullRequest.Head.Repo; repo != nil {
		j.HeadRepository = repo.FullName
	}
	return j
}

func (r *Runner) readEvent(ctx context.Context, into any) bool {
	content, err := r.Files().ReadFile(ctx, r.env["GITHUB_EVENT_PATH"], maxEvent)
	return err == nil && json.Unmarshal(content, into) == nil
}

// kinds are the variables that identify runners built on act, the most specific
// first: Forgejo's runner sets Gitea's variable too.
var kinds = []struct {
	variable string
	kind     Kind
}{
	{"FORGEJO_ACTIONS", Forgejo},
	{"GITEA_ACTIONS", Gitea},
	{"ACT", Act},
}

// kind returns which runner this is; GitHub's own is "".
func (r *Runner) kind() Kind {
	for _, k := range kinds {
		if r.env[k.variable] == "true" {
			return k.kind
		}
	}
	return ""
}
