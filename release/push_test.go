package main

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// serveRegistry serves an empty registry on loopback and returns its host.
// Requests for which refuse returns a status do not reach it.
func serveRegistry(t *testing.T, refuse func(*http.Request) int) string {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := refuse(r); status != 0 {
			w.WriteHeader(status)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func testLayout(t *testing.T, version string, targets ...target) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	if err := writeLayout(dir, testIndex(t, version, targets...), version); err != nil {
		t.Fatal(err)
	}
	return dir
}

// release runs one command as its user does.
func release(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, progress bytes.Buffer
	code = run(t.Context(), args, &out, &progress)
	return out.String(), progress.String(), code
}

func served(t *testing.T, host, reference string) (digest string, found bool) {
	t.Helper()
	response, err := http.Head("http://" + host + "/v2/org/aws-oidc-action/manifests/" + reference)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.Header.Get("Docker-Content-Digest"), response.StatusCode == http.StatusOK
}

func TestPush(t *testing.T) {
	host := serveRegistry(t, func(*http.Request) int { return 0 })
	dir := testLayout(t, "v1.0.0", platforms...)
	digest, _, _ := release(t, "digest", "--layout", dir)

	pushed, progress, code := release(t, "push", "--layout", dir, "--to", host+"/org/aws-oidc-action")
	if code != 0 || pushed != digest || !strings.Contains(progress, "Pushed "+host+"/org/aws-oidc-action:v1.0.0") {
		t.Fatalf("exit code %d, printed %q, expected %q\n%s", code, pushed, digest, progress)
	}
	if got, _ := served(t, host, "v1.0.0"); got != strings.TrimSpace(digest) {
		t.Errorf("the registry has %q", got)
	}
	for _, platform := range platforms {
		child, _, _ := release(t, "digest", "--layout", dir, "--arch", platform.arch)
		if _, found := served(t, host, strings.TrimSpace(child)); !found {
			t.Errorf("the registry has no image for %s", platform)
		}
	}

	// A release that is run again finds its image.
	pushed, progress, code = release(t, "push", "--layout", dir, "--to", host+"/org/aws-oidc-action")
	if code != 0 || pushed != digest || !strings.Contains(progress, "is already pushed") {
		t.Errorf("again: exit code %d, printed %q\n%s", code, pushed, progress)
	}
}

func TestPushNeverMovesATag(t *testing.T) {
	host := serveRegistry(t, func(*http.Request) int { return 0 })
	first := testLayout(t, "v1.0.0", platforms...)
	if _, progress, code := release(t, "push", "--layout", first, "--to", host+"/org/aws-oidc-action"); code != 0 {
		t.Fatal(progress)
	}
	before, _ := served(t, host, "v1.0.0")

	other := testIndex(t, "v1.0.1", platforms...)
	dir := filepath.Join(t.TempDir(), "layout")
	if err := writeLayout(dir, other, "v1.0.0"); err != nil {
		t.Fatal(err)
	}
	pushed, progress, code := release(t, "push", "--layout", dir, "--to", host+"/org/aws-oidc-action")
	if code != exitFailure || pushed != "" || !strings.Contains(progress, "v1.0.0 already names "+before) {
		t.Errorf("exit code %d, printed %q\n%s", code, pushed, progress)
	}
	if after, _ := served(t, host, "v1.0.0"); after != before {
		t.Errorf("the tag moved from %s to %s", before, after)
	}
}

func TestPushRefuses(t *testing.T) {
	lookUp := func(r *http.Request) bool {
		return r.Method == http.MethodHead && strings.Contains(r.URL.Path, "/manifests/")
	}
	tests := map[string]struct {
		targets []target
		refuse  func(*http.Request) int
		to      string // after the host
		want    string
		code    int
	}{
		// Whether the tag is there is not known then, so nothing is written.
		"look-up denied": {platforms, func(r *http.Request) int {
			if lookUp(r) {
				return http.StatusForbidden
			}
			return 0
		}, "/org/aws-oidc-action", "look up ", exitFailure},
		"look-up failed": {platforms, func(r *http.Request) int {
			if lookUp(r) {
				return http.StatusInternalServerError
			}
			return 0
		}, "/org/aws-oidc-action", "look up ", exitFailure},
		"upload denied": {platforms, func(r *http.Request) int {
			if r.Method == http.MethodPost {
				return http.StatusForbidden
			}
			return 0
		}, "/org/aws-oidc-action", "push ", exitFailure},
		"one architecture": {platforms[:1], func(*http.Request) int { return 0 },
			"/org/aws-oidc-action", "no image for linux/arm64; build it without --arch", exitFailure},
		"with a tag": {platforms, func(*http.Request) int { return 0 },
			"/org/aws-oidc-action:v1", "is invalid; use HOST/org/aws-oidc-action", exitUsage},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var refusing atomic.Bool // an upload may still be under way when push has failed
			refusing.Store(true)
			host := serveRegistry(t, func(r *http.Request) int {
				if refusing.Load() {
					return test.refuse(r)
				}
				return 0
			})
			dir := testLayout(t, "v1.0.0", test.targets...)
			pushed, progress, code := release(t, "push", "--layout", dir, "--to", host+test.to)
			if code != test.code || pushed != "" || !strings.Contains(progress, test.want) {
				t.Errorf("exit code %d, printed %q, expected %q\n%s", code, pushed, test.want, progress)
			}
			refusing.Store(false)
			if _, found := served(t, host, "v1.0.0"); found {
				t.Error("the tag was written")
			}
		})
	}
}
