package action

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/diagnosis"
)

// A step without credentials fails too if its outputs cannot be written.
func TestOutputsOfStepsWithoutCredentials(t *testing.T) {
	for name, with := range map[string]inputs{
		"show-claims": {"show-claims": "true"},
		"logout":      {"logout": "true"},
		"skip":        {"role-to-assume": "", "role-chain": "", "on-missing-token": "skip"},
	} {
		t.Run(name, func(t *testing.T) {
			text := ""
			if name == "skip" {
				text = "workflow: {event: pull_request, fork: true}\nwith: {aws-region: eu-central-1}\n"
			}
			w := newWorld(t, text)
			var told []diagnosis.Diagnosis
			r, err := w.Job.Run(t.Context(), func(ctx context.Context, environ []string, stdout, _ io.Writer) int {
				s := w.newStep(append(environ, "GITHUB_OUTPUT=/dev/full"), stdout)
				s.OnFailure = func(d diagnosis.Diagnosis) { told = append(told, d) }
				return s.Run(ctx)
			}, mergedInputs(w, with))
			must(w, err)
			w.failed(r, "failed")
			if len(told) != 1 || told[0].Code != diagnosis.Failed || !strings.Contains(told[0].What, "GITHUB_OUTPUT") {
				t.Errorf("diagnoses %+v", told)
			}
		})
	}
}

// AWS_SKIP_CLEANUP_STEP keeps what was exported if it is true, in upper or lower
// case; another value does not.
func TestCleanUpCanBeSkipped(t *testing.T) {
	for value, kept := range map[string]bool{"TRUE": true, "true": true, "1": false, "": false} {
		w := newWorld(t, "")
		w.useWith(nil, func(post bool, environ []string) []string {
			if post {
				environ = append(environ, "AWS_SKIP_CLEANUP_STEP="+value)
			}
			return environ
		})
		exported := w.Job.Getenv("AWS_ACCESS_KEY_ID")
		w.finish()
		if got := w.Job.Getenv("AWS_ACCESS_KEY_ID") == exported; exported == "" || got != kept {
			t.Errorf("AWS_SKIP_CLEANUP_STEP=%s: kept %t\n%s", value, got, w.Job.Log())
		}
	}
}
