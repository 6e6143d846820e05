package diagnosis

import "strings"

// pages is where the documentation is, by version.
const pages = "https://github.com/org/aws-oidc-action/blob/"

// Page is the address of the section of docs/troubleshooting.md about the code.
// It is that of the release, such as v1.0.0, which the program is; a program of
// any other version has the section of main.
func (c Code) Page(version string) string {
	if !isRelease(version) {
		version = "main"
	}
	return pages + version + "/docs/troubleshooting.md#" + string(c)
}

// isRelease reports whether the version is vX.Y.Z, as the tag of a release is.
// A build from any other commit has a longer one or none.
func isRelease(version string) bool {
	numbers := strings.Split(strings.TrimPrefix(version, "v"), ".")
	for _, n := range numbers {
		if n == "" || strings.Trim(n, "0123456789") != "" {
			return false
		}
	}
	return strings.HasPrefix(version, "v") && len(numbers) == 3
}
