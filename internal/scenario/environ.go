package scenario

import (
	"encoding/json"
	"maps"
)

// Environ returns the runner's variables for the job, and those of the
// workflow's env. Addresses of servers, paths and files are not among them.
func (w *Workflow) Environ() map[string]string {
	env := map[string]string{
		"CI":                      "true",
		"GITHUB_ACTIONS":          "true",
		"GITHUB_ACTOR":            w.Actor,
		"GITHUB_ACTOR_ID":         w.ActorID,
		"GITHUB_API_URL":          "https://api.github.com",
		"GITHUB_BASE_REF":         w.BaseRef,
		"GITHUB_EVENT_NAME":       w.Event,
		"GITHUB_GRAPHQL_URL":      "https://api.github.com/graphql",
		"GITHUB_HEAD_REF":         w.HeadRef,
		"GITHUB_JOB":              w.Job,
		"GITHUB_REF":              w.Ref,
		"GITHUB_REF_NAME":         w.refName(),
		"GITHUB_REF_PROTECTED":    boolText(w.RefProtected),
		"GITHUB_REF_TYPE":         w.refType(),
		"GITHUB_REPOSITORY":       w.Repository,
		"GITHUB_REPOSITORY_ID":    w.RepositoryID,
		"GITHUB_REPOSITORY_OWNER": w.owner(),

		"GITHUB_REPOSITORY_OWNER_ID": w.OwnerID,
		"GITHUB_RETENTION_DAYS":      "90",
		"GITHUB_RUN_ATTEMPT":         w.RunAttempt,
		"GITHUB_RUN_ID":              w.RunID,
		"GITHUB_RUN_NUMBER":          w.RunNumber,
		"GITHUB_SERVER_URL":          w.ServerURL,
		"GITHUB_SHA":                 w.SHA,
		"GITHUB_TRIGGERING_ACTOR":    w.TriggeringActor,
		"GITHUB_WORKFLOW":            w.Name,
		"GITHUB_WORKFLOW_REF":        w.workflowRef(),
		"GITHUB_WORKFLOW_SHA":        w.SHA,
		"RUNNER_ARCH":                "X64",
		"RUNNER_ENVIRONMENT":         w.RunnerEnvironment,
		"RUNNER_NAME":                "sandbox",
		"RUNNER_OS":                  "Linux",
	}
	if w.ServerURL != "https://github.com" {
		env["GITHUB_API_URL"] = w.ServerURL + "/api/v3"
		env["GITHUB_GRAPHQL_URL"] = w.ServerURL + "/api/graphql"
	}
	maps.Copy(env, w.Env)
	return env
}

// Contexts returns the values of the expressions in the defaults of the action's
// inputs, for a job without container and matrix. fakerunner.Job has the paths.
func (w *Workflow) Contexts() map[string]string {
	return map[string]string{
		"job.container.id":   "",
		"job.workflow_ref":   w.JobWorkflowRef,
		"strategy.job-index": "0",
		"strategy.job-total": "1",
	}
}

// Payload returns the webhook payload that GITHUB_EVENT_PATH names, in the parts
// that show where a change comes from.
func (w *Workflow) Payload() []byte {
	type object = map[string]any
	event := object{
		"repository": object{
			"full_name":  w.Repository,
			"id":         json.Number(w.RepositoryID),
			"private":    w.Visibility != "public",
			"visibility": w.Visibility,
			"owner":      object{"login": w.owner(), "id": json.Number(w.OwnerID)},
		},
		"sender": object{"login": w.Actor, "id": json.Number(w.ActorID)},
	}
	if w.BaseRef != "" || w.HeadRef != "" {
		head := w.Repository
		if w.Fork {
			head = w.Actor + "/fork"
		}
		event["action"] = "opened"
		event["number"] = json.Number(pullNumber)
		event["pull_request"] = object{
			"number": json.Number(pullNumber),
			"base":   object{"ref": w.BaseRef, "repo": object{"full_name": w.Repository, "fork": false}},
			"head":   object{"ref": w.HeadRef, "sha": w.SHA, "repo": object{"full_name": head, "fork": w.Fork}},
			"user":   object{"login": w.Actor},
		}
	}
	// Only texts, numbers and booleans: this cannot fail.
	payload, _ := json.MarshalIndent(event, "", "  ")
	return payload
}
