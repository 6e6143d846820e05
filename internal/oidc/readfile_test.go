package oidc

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/safefile"
)

func TestReadTokenFile(t *testing.T) {
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"
	for _, tt := range []struct {
		name, content string
		masks         []string
		err           string
	}{
		{name: "a token", content: token + "\n", masks: []string{token, token}},
		{name: "an answer of the endpoint", content: `{"value": "` + token + `"}`, masks: []string{`{"value": "` + token + `"}`, token}},
		{name: "a password", content: "hunter2\n", masks: []string{"hunter2", "hunter2"}, err: "file token does not contain a token: "},
		{name: "nothing", content: "", masks: []string{"", ""}, err: "file token does not contain a token: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := safefile.Files{Workspace: t.TempDir()}
			if err := os.WriteFile(filepath.Join(files.Workspace, "token"), []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			var masked []string
			got, err := ReadTokenFile(t.Context(), files, "token", func(text string) { masked = append(masked, text) })
			if diff := cmp.Diff(tt.masks, masked); diff != "" {
				t.Errorf("masks (-want +got):\n%s", diff)
			}
			if tt.err == "" && (err != nil || got.Raw.Reveal() != token || got.Claims["sub"] != "x") {
				t.Errorf("claims %v, %v", got.Claims, err)
			}
			if tt.err != "" {
				problem, ok := errors.AsType[*TokenFileError](err)
				if !ok || problem.Path != "token" || !strings.HasPrefix(err.Error(), tt.err) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("error %v", err)
				}
			}
			if _, err := ReadTokenFile(t.Context(), files, "token", nil); (err == nil) != (tt.err == "") {
				t.Errorf("without masks: %v", err)
			}
		})
	}
	if _, err := ReadTokenFile(t.Context(), safefile.Files{Workspace: t.TempDir()}, "token", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestAudienceOf(t *testing.T) {
	for partition, want := range map[string]string{"aws": "sts.amazonaws.com", "aws-us-gov": "sts.amazonaws.com", "aws-cn": "sts.amazonaws.com.cn"} {
		if got := AudienceOf(partition); got != want {
			t.Errorf("%s: %s, want %s", partition, got, want)
		}
	}
}
