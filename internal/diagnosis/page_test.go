package diagnosis

import "testing"

func TestPageOfACode(t *testing.T) {
	const base = "https://github.com/org/aws-oidc-action/blob/"
	for version, want := range map[string]string{
		"v1.0.0":                             "v1.0.0",
		"v10.20.30":                          "v10.20.30",
		"(devel)":                            "main",
		"":                                   "main",
		"v1.0":                               "main",
		"1.0.0":                              "main",
		"v1.0.0.0":                           "main",
		"v1..0":                              "main",
		"v1.0.0+dirty":                       "main",
		"v1.0.0-rc.1":                        "main",
		"v1.0.0/../x":                        "main",
		"v1.0.1-0.2026":                      "main",
		"v0.0.0-20261126110228-3144623a0b1c": "main",
	} {
		if got, want := SubjectCase.Page(version), base+want+"/docs/troubleshooting.md#subject-case"; got != want {
			t.Errorf("version %q: got %s, expected %s", version, got, want)
		}
	}
}
