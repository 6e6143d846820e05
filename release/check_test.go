package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChangelogSection(t *testing.T) {
	tests := map[string]struct{ changelog, want string }{
		"dated":             {"# Changelog\n\n## [1.2.3] - 2026-11-26\n### Added\n- This\n", ""},
		"between others":    {"## [Unreleased]\n\n## [1.2.3] - 2026-11-26\n- This\n\n## [1.2.2] - 2026-11-01\n- That\n", ""},
		"before links":      {"## [1.2.3] - 2026-11-26\n- This\n\n[1.2.3]: https://example.com/\n", ""},
		"nothing but links": {"## [1.2.3] - 2026-11-26\n\n[1.2.3]: https://example.com/\n", "is empty"},
		"no section":        {"## [1.2.2] - 2026-11-01\n- That\n", `has no section "## [1.2.3] - YYYY-MM-DD"`},
		"without a date":    {"## [1.2.3]\n- This\n", "has no section"},
		"not yet released":  {"## [1.2.3] - Unreleased\n- This\n", "has no section"},
		"longer number":     {"## [1.2.34] - 2026-11-26\n- This\n", "has no section"},
		"dots are dots":     {"## [1x2x3] - 2026-11-26\n- This\n", "has no section"},
		"lower heading":     {"### [1.2.3] - 2026-11-26\n- This\n", "has no section"},
		"nothing in it":     {"## [1.2.3] - 2026-11-26\n\n## [1.2.2] - 2026-11-01\n- That\n", "is empty"},
		"nothing at all":    {"", "has no section"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			section, err := changelogSection(test.changelog, "v1.2.3")
			expectError(t, err, test.want)
			if err == nil && !strings.HasSuffix(section, "- This") {
				t.Errorf("section is %q, expected it to end with its last line", section)
			}
		})
	}
}

func TestCheckUses(t *testing.T) {
	tests := map[string]struct{ line, want string }{
		"same":                    {"- uses: org/aws-oidc-action@v1.2.3", ""},
		"same, with a comment":    {"- uses: org/aws-oidc-action@v1.2.3 # why", ""},
		"reusable workflow":       {"uses: org/aws-oidc-action/.github/workflows/check-trust.yml@v1.2.3", ""},
		"older":                   {"- uses: org/aws-oidc-action@v1.2.2", `f.yml:2: uses org/aws-oidc-action at "v1.2.2", expected "v1.2.3"`},
		"moving tag":              {"- uses: org/aws-oidc-action@v1", `at "v1"`},
		"longer":                  {"- uses: org/aws-oidc-action@v1.2.34", `at "v1.2.34"`},
		"quoted":                  {`- uses: "org/aws-oidc-action@v1.2.2"`, `at "v1.2.2"`},
		"older reusable workflow": {"uses: org/aws-oidc-action/.github/workflows/check-trust.yml@main", `at "main"`},
		"in a comment":            {"#     uses: org/aws-oidc-action@v1.2.2", `at "v1.2.2"`},
		"another action":          {"- uses: org/aws-oidc-action-fork@v1.2.2", ""},
		"another owner":           {"- uses: my-org/aws-oidc-action@v1.2.2", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			expectError(t, errors.Join(checkUses("f.yml", "steps:\n"+test.line+"\n", "v1.2.3")...), test.want)
		})
	}
}

// TestUsesOfThisRepository: the pattern sees what our own workflows say.
func TestUsesOfThisRepository(t *testing.T) {
	files, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found += len(usesPattern.FindAllString(string(content), -1))
	}
	if found == 0 {
		t.Error("no workflow uses the action by its tag")
	}
}

// expectError compares an error with a part of its text; "" expects none.
func expectError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case err == nil && want != "":
		t.Errorf("no error, expected %q", want)
	case err != nil && want == "":
		t.Errorf("unexpected error: %v", err)
	case err != nil && !strings.Contains(err.Error(), want):
		t.Errorf("error %q, expected %q", err, want)
	}
}
