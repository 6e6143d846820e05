package scenario

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/org/aws-oidc-action/internal/oidc"
)

// Workflow is GitHub's facts about the job, for the token's claims and the runner's
// variables.
type Workflow struct {
	Repository        string // owner/name
	RepositoryID      string
	OwnerID           string
	Visibility        string // public, private or internal
	Ref               string // refs/heads/…, refs/tags/… or refs/pull/…
	RefProtected      bool
	SHA               string
	Event             string
	BaseRef, HeadRef  string // of a pull request
	Fork              bool   // the pull request comes from a fork
	TokensToForks     bool   // the private repository sends write tokens to workflows from fork pull requests
	Environment       string
	Actor, ActorID    string
	TriggeringActor   string
	RunID             string
	RunNumber         string
	RunAttempt        string
	Job               string
	Name              string // the workflow's name
	File              string // path of the workflow's file
	JobWorkflowRef    string // differs from the caller's in a reusable workflow
	Enterprise        string
	EnterpriseID      string
	RunnerEnvironment string // github-hosted or self-hosted
	ServerURL         string
	Issuer            string // of the tokens, a URL without trailing slash
	Immutable         bool   // the subject carries the owner's and repository's ids
	IDToken           bool   // permissions: id-token: write
	SourceIP          string // address from which STS is called, for aws:SourceIp
	Env               map[string]string
	Claims            map[string]any // replaces claims; a nil value removes one
}

func defaultWorkflow() Workflow {
	return Workflow{
		Repository:        "octo-org/octo-repo",
		RepositoryID:      "74123456",
		OwnerID:           "6154722",
		Visibility:        "private",
		SHA:               "dcd3e7b8a64b9bd4b4f0a9d8f0b6c3a1e2f40517",
		Event:             "push",
		Actor:             "octocat",
		ActorID:           "583231",
		RunID:             "9318273645",
		RunNumber:         "42",
		RunAttempt:        "1",
		Job:               "deploy",
		Name:              "deploy",
		File:              ".github/workflows/deploy.yml",
		RunnerEnvironment: "github-hosted",
		ServerURL:         "https://github.com",
		Issuer:            oidc.GitHubIssuer,
		IDToken:           true,
		SourceIP:          "127.0.0.1",
		Env:               map[string]string{},
		Claims:            map[string]any{},
	}
}

func (p *parser) workflow(v value) error {
	w := &p.s.Workflow
	err := fields(v, map[string]func(value) error{
		"repository": func(v value) error {
			s, err := v.Text()
			owner, name, ok := strings.Cut(s, "/")
			if err == nil && (!ok || owner == "" || name == "" || strings.Contains(name, "/")) {
				err = v.Errorf("is %q; expected owner/name", s)
			}
			w.Repository = s
			return err
		},
		"ref": func(v value) error {
			s, err := v.Text()
			if err == nil && !strings.HasPrefix(s, "refs/") {
				err = v.Errorf("is %q; expected a full ref such as refs/heads/main", s)
			}
			w.Ref = s
			return err
		},
		"subject": func(v value) error {
			s, err := v.OneOf("classic", "immutable")
			w.Immutable = s == "immutable"
			return err
		},
		"visibility": func(v value) (err error) {
			w.Visibility, err = v.OneOf("public", "private", "internal")
			return err
		},
		"runner-environment": func(v value) (err error) {
			w.RunnerEnvironment, err = v.OneOf("github-hosted", "self-hosted")
			return err
		},
		"issuer": func(v value) (err error) {
			w.Issuer, err = issuerURL(v)
			return err
		},
		"server-url": func(v value) (err error) {
			w.ServerURL, err = issuerURL(v)
			return err
		},
		"env": func(v value) error {
			return each(v, func(name string, entry value) (err error) {
				w.Env[name], err = entry.Text()
				return err
			})
		},
		"claims": func(v value) error {
			return each(v, func(name string, entry value) error { return w.claim(name, entry) })
		},
		"repository-id":    intoDigits(&w.RepositoryID),
		"owner-id":         intoDigits(&w.OwnerID),
		"ref-protected":    intoBoolean(&w.RefProtected),
		"sha":              into(&w.SHA),
		"event":            into(&w.Event),
		"base-ref":         into(&w.BaseRef),
		"head-ref":         into(&w.HeadRef),
		"fork":             intoBoolean(&w.Fork),
		"tokens-to-forks":  intoBoolean(&w.TokensToForks),
		"environment":      into(&w.Environment),
		"actor":            into(&w.Actor),
		"actor-id":         intoDigits(&w.ActorID),
		"triggering-actor": into(&w.TriggeringActor),
		"run-id":           intoDigits(&w.RunID),
		"run-number":       intoDigits(&w.RunNumber),
		"run-attempt":      intoDigits(&w.RunAttempt),
		"job":              into(&w.Job),
		"name":             into(&w.Name),
		"file":             into(&w.File),
		"job-workflow-ref": into(&w.JobWorkflowRef),
		"enterprise":       into(&w.Enterprise),
		"enterprise-id":    intoDigits(&w.EnterpriseID),
		"id-token":         intoBoolean(&w.IDToken),
		"source-ip":        into(&w.SourceIP),
	})
	switch {
	case err != nil:
	case w.Fork && !w.isPullRequest() && w.Event != "pull_request_target":
		err = v.Errorf("has fork: true with the event %q; use pull_request or pull_request_target", w.Event)
	case w.TokensToForks && (!w.Fork || w.Visibility == "public"):
		err = v.Errorf("has tokens-to-forks: true, which requires fork: true and a private repository")
	}
	return err
}

// HasToken reports whether GitHub offers the job an OIDC token. A run for a
// pull request from a fork gets none, whatever its workflow's permissions say;
// one of pull_request_target is the base repository's own.
func (w *Workflow) HasToken() bool {
	return w.IDToken && (!w.Fork || w.TokensToForks || !w.isPullRequest())
}

// claim reads one claim that replaces GitHub's: text, a list of texts, or
// nothing, which removes it. Times stay numbers, as in GitHub's tokens.
func (w *Workflow) claim(name string, v value) error {
	if v.IsNull() {
		w.Claims[name] = nil
		return nil
	}
	if text, err := v.Text(); err == nil {
		w.Claims[name] = text
		switch name {
		case "exp", "iat", "nbf":
			if !isDigits(text) {
				return v.Errorf("is %q; expected seconds since 1970", text)
			}
			w.Claims[name] = json.Number(text)
		case "iss":
			w.Claims[name], err = issuerURL(v)
			return err
		}
		return nil
	}
	var list []string
	if err := intoList(&list)(v); err != nil {
		return err
	}
	w.Claims[name] = list
	return nil
}

// complete fills the fields whose default depends on others.
func (w *Workflow) complete() {
	if w.Ref == "" {
		w.Ref = "refs/heads/main"
		if w.isPullRequest() {
			w.Ref = "refs/pull/" + pullNumber + "/merge"
		}
	}
	if w.isPullRequest() || w.Event == "pull_request_target" {
		if w.BaseRef == "" {
			w.BaseRef = "main"
		}
		if w.HeadRef == "" {
			w.HeadRef = "feature"
		}
	}
	if w.TriggeringActor == "" {
		w.TriggeringActor = w.Actor
	}
	if w.JobWorkflowRef == "" {
		w.JobWorkflowRef = w.workflowRef()
	}
	if issuer, ok := w.Claims["iss"].(string); ok {
		w.Issuer = issuer
	}
}

// pullNumber is the number of every rehearsed pull request.
const pullNumber = "17"

func (w *Workflow) isPullRequest() bool { return w.Event == "pull_request" }

func (w *Workflow) owner() string {
	owner, _, _ := strings.Cut(w.Repository, "/")
	return owner
}

func (w *Workflow) workflowRef() string {
	return w.Repository + "/" + w.File + "@" + w.Ref
}

// refName and refType split the ref as GITHUB_REF_NAME and GITHUB_REF_TYPE do.
func (w *Workflow) refName() string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/pull/"} {
		if name, ok := strings.CutPrefix(w.Ref, prefix); ok {
			return name
		}
	}
	return w.Ref
}

func (w *Workflow) refType() string {
	if strings.HasPrefix(w.Ref, "refs/tags/") {
		return "tag"
	}
	return "branch"
}

// issuerURL reads an https URL without query, fragment and trailing slash.
func issuerURL(v value) (string, error) {
	s, err := v.Text()
	if err != nil {
		return "", err
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(s, "/") {
		return "", v.Errorf("is %q; expected an https URL without query and trailing slash", s)
	}
	return s, nil
}
