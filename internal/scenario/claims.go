package scenario

import (
	"maps"
	"strings"
	"time"
)

// The times of GitHub's tokens, around the moment of issue.
const (
	tokenLifetime = 300 * time.Second
	tokenBackdate = 600 * time.Second
)

// DefaultAudience returns the audience of a token that is requested without one.
func (w *Workflow) DefaultAudience() string { return w.ServerURL + "/" + w.owner() }

// subject returns the sub claim: an environment takes precedence over a pull
// request, and that over the ref. In the immutable form, owner and repository have
// their ids.
func (w *Workflow) subject() string {
	repository := w.Repository
	if w.Immutable {
		owner, name, _ := strings.Cut(w.Repository, "/")
		repository = owner + "@" + w.OwnerID + "/" + name + "@" + w.RepositoryID
	}
	sub := "repo:" + repository
	switch {
	case w.Environment != "":
		return sub + ":environment:" + escapeColons(w.Environment)
	case w.isPullRequest():
		return sub + ":pull_request"
	default:
		return sub + ":ref:" + escapeColons(w.Ref)
	}
}

// escapeColons keeps a value from looking like another part of the subject.
func escapeColons(s string) string { return strings.ReplaceAll(s, ":", "%3A") }

// TokenClaims returns the claims of a token issued now: strings, except the three
// times.
func (w *Workflow) TokenClaims(audience, id string, now time.Time) map[string]any {
	c := map[string]any{
		"iss":                   w.Issuer,
		"sub":                   w.subject(),
		"aud":                   audience,
		"iat":                   now.Unix(),
		"nbf":                   now.Add(-tokenBackdate).Unix(),
		"exp":                   now.Add(tokenLifetime).Unix(),
		"jti":                   id,
		"actor":                 w.Actor,
		"actor_id":              w.ActorID,
		"base_ref":              w.BaseRef,
		"check_run_id":          "2" + w.RunID,
		"event_name":            w.Event,
		"head_ref":              w.HeadRef,
		"issuer_scope":          "repository",
		"job_workflow_ref":      w.JobWorkflowRef,
		"job_workflow_sha":      w.SHA,
		"ref":                   w.Ref,
		"ref_protected":         boolText(w.RefProtected),
		"ref_type":              w.refType(),
		"repository":            w.Repository,
		"repository_id":         w.RepositoryID,
		"repository_owner":      w.owner(),
		"repository_owner_id":   w.OwnerID,
		"repository_visibility": w.Visibility,
		"run_attempt":           w.RunAttempt,
		"run_id":                w.RunID,
		"run_number":            w.RunNumber,
		"runner_environment":    w.RunnerEnvironment,
		"sha":                   w.SHA,
		"workflow":              w.Name,
		"workflow_ref":          w.workflowRef(),
		"workflow_sha":          w.SHA,
	}
	optional := map[string]string{
		"environment":   w.Environment,
		"enterprise":    w.Enterprise,
		"enterprise_id": w.EnterpriseID,
	}
	if w.Environment != "" {
		optional["environment_node_id"] = "EN_kwDOABcd" + w.RepositoryID
	}
	for name, text := range optional {
		if text != "" {
			c[name] = text
		}
	}
	maps.Copy(c, w.Claims)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
