package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	githubTimeout  = 2 * time.Minute // one request, an upload included
	githubMaxReply = 4 << 20
)

// github speaks with the REST API as a workflow does: for one repository, with
// the job's token.
type github struct {
	api, repository, token string
	client                 *http.Client
}

// githubFromEnvironment reads the variables that every job has, and the token,
// which a step has only if it is given to it.
func githubFromEnvironment() (github, error) {
	g := github{
		api:        strings.TrimSuffix(os.Getenv("GITHUB_API_URL"), "/"),
		repository: os.Getenv("GITHUB_REPOSITORY"),
		token:      os.Getenv("GITHUB_TOKEN"),
		client: &http.Client{
			Timeout: githubTimeout,
			// The API redirects for renamed repositories only, and a release is made under the right name.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	var missing []string
	for name, value := range map[string]string{"GITHUB_API_URL": g.api, "GITHUB_REPOSITORY": g.repository, "GITHUB_TOKEN": g.token} {
		if value == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return github{}, usageError("environment has no " + joinSorted(missing) + "; run this in a job, with the token as GITHUB_TOKEN")
	}
	return g, nil
}

// refusal is an answer of GitHub's with an error status.
type refusal struct {
	status  int
	message string // GitHub's own
}

func (r *refusal) Error() string { return fmt.Sprintf("GitHub answered %d, %q", r.status, r.message) }

func isNotFound(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.status == http.StatusNotFound
}

// call sends in as JSON and decodes the answer into out; both may be nil. The
// path is below the repository's.
func (g github) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, g.api+"/repos/"+g.repository+"/"+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return g.send(request, out)
}

func (g github) send(request *http.Request, out any) error {
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("Authorization", "Bearer "+g.token)
	request.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	response, err := g.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, githubMaxReply))
	if err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", request.Method, request.URL.Path, err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		var answer struct {
			Message string `json:"message"`
		}
		_ = json.Unmarshal(content, &answer) // without a message, the status says what there is to say
		return fmt.Errorf("%s %s: %w", request.Method, request.URL.Path, &refusal{response.StatusCode, answer.Message})
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(content, out); err != nil {
		return fmt.Errorf("%s %s: the answer is no JSON of the expected form", request.Method, request.URL.Path)
	}
	return nil
}

// gitCommit is a commit as GitHub's Git database describes it
// (https://docs.github.com/en/rest/git/commits).
type gitCommit struct {
	SHA  string `json:"sha"`
	Tree struct {
		SHA string `json:"sha"`
	} `json:"tree"`
	Parents []struct {
		SHA string `json:"sha"`
	} `json:"parents"`
	Verification struct {
		Verified bool   `json:"verified"`
		Reason   string `json:"reason"`
	} `json:"verification"`
}

// createTree creates the tree that differs from base in one file.
func (g github) createTree(ctx context.Context, base, path, content string) (string, error) {
	type entry struct {
		Path    string `json:"path"`
		Mode    string `json:"mode"`
		Type    string `json:"type"`
		Content string `json:"content"`
	}
	var tree struct {
		SHA string `json:"sha"`
	}
	err := g.call(ctx, http.MethodPost, "git/trees", map[string]any{
		"base_tree": base,
		"tree":      []entry{{path, "100644", "blob", content}},
	}, &tree)
	return tree.SHA, err
}

// createCommit names no author, because GitHub signs only what is its own bot's.
func (g github) createCommit(ctx context.Context, tree, parent, message string) (gitCommit, error) {
	var created gitCommit
	err := g.call(ctx, http.MethodPost, "git/commits", map[string]any{
		"message": message,
		"tree":    tree,
		"parents": []string{parent},
	}, &created)
	return created, err
}

// taggedCommit returns the commit that a tag names, and false if there is no
// such tag.
func (g github) taggedCommit(ctx context.Context, tag string) (gitCommit, bool, error) {
	var reference struct {
		Object struct {
			Type string `json:"type"`
			SHA  string `json:"sha"`
		} `json:"object"`
	}
	err := g.call(ctx, http.MethodGet, "git/ref/tags/"+url.PathEscape(tag), nil, &reference)
	if isNotFound(err) {
		return gitCommit{}, false, nil
	}
	if err != nil {
		return gitCommit{}, false, err
	}
	if reference.Object.Type != "commit" {
		return gitCommit{}, false, fmt.Errorf("tag %s names a %q, not a commit; release another version", tag, reference.Object.Type)
	}
	var found gitCommit
	err = g.call(ctx, http.MethodGet, "git/commits/"+url.PathEscape(reference.Object.SHA), nil, &found)
	return found, err == nil, err
}

func (g github) createTag(ctx context.Context, tag, sha string) error {
	return g.call(ctx, http.MethodPost, "git/refs", map[string]string{"ref": "refs/tags/" + tag, "sha": sha}, nil)
}

// githubRelease is a release (https://docs.github.com/en/rest/releases/releases).
type githubRelease struct {
	ID        int64  `json:"id"`
	TagName   string `json:"tag_name"`
	Draft     bool   `json:"draft"`
	Immutable bool   `json:"immutable"`
	HTMLURL   string `json:"html_url"`
	UploadURL string `json:"upload_url"`
}

// releasesOf lists the releases of a tag, drafts included, among the newest
// hundred.
func (g github) releasesOf(ctx context.Context, tag string) ([]githubRelease, error) {
	var all, found []githubRelease
	if err := g.call(ctx, http.MethodGet, "releases?per_page=100", nil, &all); err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.TagName == tag {
			found = append(found, r)
		}
	}
	return found, nil
}

func (g github) createDraft(ctx context.Context, tag, notes string) (githubRelease, error) {
	var draft githubRelease
	err := g.call(ctx, http.MethodPost, "releases", map[string]any{
		"tag_name": tag,
		"name":     tag,
		"body":     notes,
		"draft":    true,
	}, &draft)
	return draft, err
}

func (g github) deleteDraft(ctx context.Context, id int64) error {
	return g.call(ctx, http.MethodDelete, fmt.Sprintf("releases/%d", id), nil, nil)
}

func (g github) publish(ctx context.Context, id int64) (githubRelease, error) {
	var published githubRelease
	err := g.call(ctx, http.MethodPatch, fmt.Sprintf("releases/%d", id), map[string]bool{"draft": false}, &published)
	return published, err
}

// upload adds a file to a release and returns the digest that GitHub computed.
func (g github) upload(ctx context.Context, r githubRelease, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	target, _, _ := strings.Cut(r.UploadURL, "{") // a template: …/assets{?name,label}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target+"?name="+url.QueryEscape(filepath.Base(path)), file)
	if err != nil {
		return "", err
	}
	request.ContentLength = info.Size()
	request.Header.Set("Content-Type", "application/octet-stream")
	var asset struct {
		Digest string `json:"digest"`
	}
	err = g.send(request, &asset)
	return asset.Digest, err
}
