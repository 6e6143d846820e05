package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const testDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// fakeGitHub is GitHub's REST API over a repository on disk.
type fakeGitHub struct {
	t        *testing.T
	root     string // the repository, as Git has it
	url      string
	releases []fakeRelease

	unsigned bool   // commits are not signed
	noBase   bool   // trees are created without their base
	mutable  bool   // immutable releases are not enabled
	corrupt  string // name of an asset that arrives damaged
	refuse   string // METHOD path that is answered 403
}

type fakeRelease struct {
	ID     int64    `json:"id"`
	Tag    string   `json:"tag_name"`
	Body   string   `json:"body"`
	Draft  bool     `json:"draft"`
	Upload string   `json:"upload_url"`
	Locked bool     `json:"immutable"`
	Assets []string `json:"-"`
}

// serveGitHub serves the fixture repository, which becomes the working
// directory, and sets a job's variables.
func serveGitHub(t *testing.T) *fakeGitHub {
	t.Helper()
	for _, setting := range []string{
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=octocat", "GIT_AUTHOR_EMAIL=octocat@example.com",
		"GIT_COMMITTER_NAME=octocat", "GIT_COMMITTER_EMAIL=octocat@example.com",
	} {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	f := &fakeGitHub{t: t, root: filepath.Join(t.TempDir(), "repo")}
	if err := setUpRepository(f.root, os.Environ()); err != nil {
		t.Fatal(err)
	}
	t.Chdir(f.root)
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	t.Setenv("GITHUB_API_URL", f.url)
	t.Setenv("GITHUB_REPOSITORY", "org/aws-oidc-action")
	t.Setenv("GITHUB_TOKEN", "the-job-token")
	return f
}

func (f *fakeGitHub) git(stdin string, args ...string) (string, bool) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = f.root, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_INDEX_FILE="+filepath.Join(f.root, ".git", "index-of-the-api"))
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err == nil
}

func (f *fakeGitHub) mustGit(stdin string, args ...string) string {
	f.t.Helper()
	out, ok := f.git(stdin, args...)
	if !ok {
		f.t.Errorf("git %s failed", strings.Join(args, " "))
	}
	return out
}

func (f *fakeGitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := func(status int, value any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(value)
	}
	path := strings.TrimPrefix(r.URL.Path, "/repos/org/aws-oidc-action/")
	switch {
	case r.Header.Get("Authorization") != "Bearer the-job-token":
		answer(http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
		return
	case r.Method+" "+path == f.refuse:
		answer(http.StatusForbidden, map[string]string{"message": "Resource not accessible by integration"})
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	var in struct {
		BaseTree string `json:"base_tree"`
		Entries  []struct {
			Path, Mode, Type, Content string
		} `json:"-"`
		Tree    json.RawMessage `json:"tree"`
		Parents []string        `json:"parents"`
		Message string          `json:"message"`
		Author  any             `json:"author"`
		Ref     string          `json:"ref"`
		SHA     string          `json:"sha"`
		Tag     string          `json:"tag_name"`
		Body    string          `json:"body"`
		Draft   *bool           `json:"draft"`
	}
	_ = json.Unmarshal(body, &in) // uploads are no JSON
	var id int64
	_, _ = fmt.Sscanf(path, "releases/%d", &id)
	at := slices.IndexFunc(f.releases, func(r fakeRelease) bool { return r.ID == id })

	switch {
	case r.Method == "POST" && path == "git/trees":
		if err := json.Unmarshal(in.Tree, &in.Entries); err != nil {
			f.t.Error(err)
		}
		f.mustGit("", "read-tree", "--empty")
		if !f.noBase {
			f.mustGit("", "read-tree", in.BaseTree)
		}
		for _, entry := range in.Entries {
			blob := f.mustGit(entry.Content, "hash-object", "-w", "--stdin")
			f.mustGit("", "update-index", "--add", "--cacheinfo", entry.Mode+","+blob+","+entry.Path)
		}
		answer(http.StatusCreated, map[string]string{"sha": f.mustGit("", "write-tree")})
	case r.Method == "POST" && path == "git/commits":
		var tree string
		if err := json.Unmarshal(in.Tree, &tree); err != nil || in.Author != nil || len(in.Parents) != 1 {
			f.t.Errorf("commit %s: expected a tree, one parent and no author", body)
		}
		answer(http.StatusCreated, f.commit(f.mustGit("", "commit-tree", tree, "-p", in.Parents[0], "-m", in.Message)))
	case r.Method == "GET" && strings.HasPrefix(path, "git/commits/"):
		answer(http.StatusOK, f.commit(strings.TrimPrefix(path, "git/commits/")))
	case r.Method == "GET" && strings.HasPrefix(path, "git/ref/"):
		ref := "refs/" + strings.TrimPrefix(path, "git/ref/")
		sha, ok := f.git("", "rev-parse", "--verify", "--quiet", ref)
		if !ok {
			answer(http.StatusNotFound, map[string]string{"message": "Not Found"})
			return
		}
		answer(http.StatusOK, map[string]any{"object": map[string]string{"sha": sha, "type": f.mustGit("", "cat-file", "-t", sha)}})
	case r.Method == "POST" && path == "git/refs":
		f.mustGit("", "update-ref", in.Ref, in.SHA, strings.Repeat("0", 40))
		answer(http.StatusCreated, map[string]string{})
	case r.Method == "GET" && path == "releases":
		answer(http.StatusOK, f.releases)
	case r.Method == "POST" && path == "releases":
		id := int64(len(f.releases) + 1)
		f.releases = append(f.releases, fakeRelease{
			ID: id, Tag: in.Tag, Body: in.Body, Draft: *in.Draft,
			Upload: fmt.Sprintf("%s/repos/org/aws-oidc-action/releases/%d/assets{?name,label}", f.url, id),
		})
		answer(http.StatusCreated, f.releases[id-1])
	case r.Method == "POST" && strings.HasSuffix(path, "/assets"):
		name := r.URL.Query().Get("name")
		if f.releases[at].Locked || !f.releases[at].Draft {
			f.t.Errorf("%s is uploaded to a published release", name)
		}
		if name == f.corrupt {
			body = append(body, 'x')
		}
		f.releases[at].Assets = append(f.releases[at].Assets, name)
		answer(http.StatusCreated, map[string]string{"digest": fmt.Sprintf("sha256:%x", sha256.Sum256(body))})
	case r.Method == "PATCH" && at >= 0:
		f.releases[at].Draft, f.releases[at].Locked = *in.Draft, !f.mutable
		answer(http.StatusOK, f.releases[at])
	case r.Method == "DELETE" && at >= 0:
		if !f.releases[at].Draft {
			f.t.Error("a published release is deleted")
		}
		f.releases[at].Tag = "(deleted)"
		w.WriteHeader(http.StatusNoContent)
	default:
		f.t.Errorf("unexpected request %s %s", r.Method, path)
		w.WriteHeader(http.StatusNotFound)
	}
}

func (f *fakeGitHub) commit(sha string) map[string]any {
	return map[string]any{
		"sha":          sha,
		"tree":         map[string]string{"sha": f.mustGit("", "rev-parse", sha+"^{tree}")},
		"parents":      []map[string]string{{"sha": f.mustGit("", "rev-parse", sha+"^")}},
		"verification": map[string]any{"verified": !f.unsigned, "reason": "unsigned"},
	}
}

// tagged returns the commit that the tag names, or "".
func (f *fakeGitHub) tagged() string {
	sha, _ := f.git("", "rev-parse", "--verify", "--quiet", "refs/tags/v1.0.0")
	return sha
}

// published returns the releases that are no drafts.
func (f *fakeGitHub) published() []fakeRelease {
	return slices.DeleteFunc(slices.Clone(f.releases), func(r fakeRelease) bool { return r.Draft })
}

// testAssets writes what a build and its attestation leave.
func testAssets(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "aws-oidc-action-linux-amd64", "program")
	write(t, dir, "aws-oidc-action-linux-amd64.cdx.json", "{}")
	if err := writeChecksums(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "aws-oidc-action-files.sigstore.json", "{}")
	return dir
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func publish(t *testing.T, assets string) (stdout, stderr string, code int) {
	t.Helper()
	return release(t, "publish", "--version", "v1.0.0", "--digest", testDigest, "--assets", assets)
}

func TestPublish(t *testing.T) {
	f := serveGitHub(t)
	head := f.mustGit("", "rev-parse", "HEAD")

	stdout, stderr, code := publish(t, testAssets(t))
	if code != exitOK {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	id := strings.TrimSpace(stdout)
	if f.tagged() != id {
		t.Errorf("tag names %q, expected the printed commit %q", f.tagged(), id)
	}
	if parent := f.mustGit("", "rev-parse", id+"^"); parent != head {
		t.Errorf("parent of the release commit is %s, expected HEAD, %s", parent, head)
	}
	if changed := f.mustGit("", "diff", "--numstat", "v1.0.0^", "v1.0.0"); changed != "1\t1\taction.yml" {
		t.Errorf("release commit changes %q, expected one line of action.yml", changed)
	}
	if action := f.mustGit("", "show", "v1.0.0:action.yml"); !strings.Contains(action, "  image: docker://ghcr.io/org/aws-oidc-action@"+testDigest) {
		t.Errorf("action.yml of the release commit is\n%s", action)
	}
	published := f.published()
	if len(published) != 1 || !published[0].Locked {
		t.Fatalf("published %+v, expected one immutable release", published)
	}
	want := []string{"aws-oidc-action-files.sigstore.json", "aws-oidc-action-linux-amd64", "aws-oidc-action-linux-amd64.cdx.json", "checksums.txt"}
	if !slices.Equal(published[0].Assets, want) {
		t.Errorf("assets are %q, expected %q", published[0].Assets, want)
	}
	for _, part := range []string{"- uses: org/aws-oidc-action@" + id + " # v1.0.0\n", "@" + testDigest, "- First release."} {
		if !strings.Contains(published[0].Body, part) {
			t.Errorf("notes have no %q:\n%s", part, published[0].Body)
		}
	}

	_, stderr, code = publish(t, testAssets(t))
	if code != exitFailure || !strings.Contains(stderr, "release v1.0.0 is already published; release another version") {
		t.Errorf("published again: exit code %d\n%s", code, stderr)
	}
	if len(f.published()) != 1 || f.tagged() != id {
		t.Error("the second attempt changed the release")
	}
}

// TestPublishAgain: whatever fails, nothing is published, and the same command
// finishes the work later, with the same commit if the tag is there already.
func TestPublishAgain(t *testing.T) {
	tests := map[string]struct {
		fail   func(*fakeGitHub)
		want   string
		tagged bool
	}{
		"tree":          {func(f *fakeGitHub) { f.refuse = "POST git/trees" }, `GitHub answered 403, "Resource not accessible by integration"`, false},
		"commit":        {func(f *fakeGitHub) { f.refuse = "POST git/commits" }, "create the release commit", false},
		"another tree":  {func(f *fakeGitHub) { f.noBase = true }, "GitHub created tree", false},
		"unsigned":      {func(f *fakeGitHub) { f.unsigned = true }, `GitHub did not sign the release commit ("unsigned")`, false},
		"look up tag":   {func(f *fakeGitHub) { f.refuse = "GET git/ref/tags/v1.0.0" }, "GitHub answered 403", false},
		"tag":           {func(f *fakeGitHub) { f.refuse = "POST git/refs" }, "create tag v1.0.0", false},
		"list releases": {func(f *fakeGitHub) { f.refuse = "GET releases" }, "list releases", true},
		"draft":         {func(f *fakeGitHub) { f.refuse = "POST releases" }, "create draft", true},
		"upload":        {func(f *fakeGitHub) { f.refuse = "POST releases/1/assets" }, "upload aws-oidc-action-files.sigstore.json", true},
		"damaged asset": {func(f *fakeGitHub) { f.corrupt = "checksums.txt" }, "for checksums.txt, expected", true},
		"publish":       {func(f *fakeGitHub) { f.refuse = "PATCH releases/1" }, "publish: PATCH", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := serveGitHub(t)
			test.fail(f)
			_, stderr, code := publish(t, testAssets(t))
			if code != exitFailure || !strings.Contains(stderr, test.want) {
				t.Fatalf("exit code %d, expected %q in\n%s", code, test.want, stderr)
			}
			if len(f.published()) > 0 {
				t.Error("the release is published")
			}
			first := f.tagged()
			if (first != "") != test.tagged {
				t.Errorf("tag names %q", first)
			}

			f.refuse, f.corrupt, f.unsigned, f.noBase = "", "", false, false
			stdout, stderr, code := publish(t, testAssets(t))
			if code != exitOK {
				t.Fatalf("second attempt: exit code %d\n%s", code, stderr)
			}
			if id := strings.TrimSpace(stdout); first != "" && id != first || id != f.tagged() {
				t.Errorf("second attempt printed %s, tag named %q, names %q", id, first, f.tagged())
			}
			left := slices.DeleteFunc(slices.Clone(f.releases), func(r fakeRelease) bool { return r.Tag != "v1.0.0" })
			if len(left) != 1 || left[0].Draft || len(left[0].Assets) != 4 {
				t.Errorf("releases of the tag are %+v, expected one, published, with 4 assets", left)
			}
		})
	}
}

func TestPublishRefuses(t *testing.T) {
	tests := map[string]struct {
		set  func(t *testing.T, f *fakeGitHub, assets string)
		want string
		code int
	}{
		"tag of another tree": {func(_ *testing.T, f *fakeGitHub, _ string) {
			f.mustGit("", "tag", "v1.0.0", f.mustGit("", "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Another"))
		}, "tag v1.0.0 already names commit", exitFailure},
		"tag on another parent": {func(t *testing.T, f *fakeGitHub, assets string) {
			f.refuse = "POST releases"
			publish(t, assets)
			f.refuse = ""
			f.mustGit("", "update-ref", "HEAD", f.mustGit("", "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Another"))
		}, "tag v1.0.0 already names commit", exitFailure},
		"annotated tag": {func(_ *testing.T, f *fakeGitHub, _ string) {
			f.mustGit("", "tag", "-a", "-m", "Annotated", "v1.0.0")
		}, `tag v1.0.0 names a "tag", not a commit`, exitFailure},
		"no token": {func(t *testing.T, _ *fakeGitHub, _ string) {
			t.Setenv("GITHUB_TOKEN", "")
		}, "environment has no GITHUB_TOKEN", exitUsage},
		"wrong token": {func(t *testing.T, _ *fakeGitHub, _ string) {
			t.Setenv("GITHUB_TOKEN", "stale")
		}, `GitHub answered 401, "Bad credentials"`, exitFailure},
		"changed tree": {func(t *testing.T, f *fakeGitHub, _ string) {
			write(t, f.root, "LICENSE", "changed")
		}, "working tree has 1 uncommitted changes", exitFailure},
		"changed asset": {func(t *testing.T, _ *fakeGitHub, assets string) {
			write(t, assets, "aws-oidc-action-linux-amd64", "another program")
		}, "aws-oidc-action-linux-amd64 does not match its checksum", exitFailure},
		"missing asset": {func(t *testing.T, _ *fakeGitHub, assets string) {
			if err := os.Remove(filepath.Join(assets, "aws-oidc-action-linux-amd64")); err != nil {
				t.Fatal(err)
			}
		}, "aws-oidc-action-linux-amd64 missing", exitFailure},
		"stray file": {func(t *testing.T, _ *fakeGitHub, assets string) {
			write(t, assets, "notes.txt", "")
		}, "notes.txt is not in checksums.txt", exitFailure},
		"no attestation": {func(t *testing.T, _ *fakeGitHub, assets string) {
			if err := os.Remove(filepath.Join(assets, "aws-oidc-action-files.sigstore.json")); err != nil {
				t.Fatal(err)
			}
		}, "no attestation (*.sigstore.json)", exitFailure},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, assets := serveGitHub(t), testAssets(t)
			test.set(t, f, assets)
			before := f.tagged()
			_, stderr, code := publish(t, assets)
			if code != test.code || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d, expected %q in\n%s", code, test.want, stderr)
			}
			if f.tagged() != before || len(f.releases) > 0 {
				t.Errorf("tag names %q, before %q; releases: %+v", f.tagged(), before, f.releases)
			}
		})
	}
}

func TestPublishSaysThatAReleaseIsMutable(t *testing.T) {
	f := serveGitHub(t)
	f.mutable = true
	_, stderr, code := publish(t, testAssets(t))
	if code != exitFailure || !strings.Contains(stderr, "is not immutable; enable immutable releases") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}
