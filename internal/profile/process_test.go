package profile

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// paths are hard to quote. Each is a word that both sh and shlex must see whole.
var paths = []string{
	"/a", "/home/runner/work/_temp/x", "/a b", "/a'b", "/'", "/''", `/a"b`, `/a\b`, `/a\`, "/$HOME", "/`id`", "/$(id)", "/a;b", "/a#b",
	"/a&b|c>d<e", "/(a)", "/*", "/?", "/[a]", "/{a,b}", "/~", "/a=b", "/!a", "/a\"'b c", "/é ü", "/%s", "/a,b:c@d+e", "/a  b", "/日本",
}

func TestShellsSplitTheCommand(t *testing.T) {
	for _, path := range paths {
		entry, err := Process{Executable: path, Profile: "dev", StateDir: path}.entry()
		if err != nil {
			t.Errorf("%q: %v", path, err)
			continue
		}
		if err := entry.validate(); err != nil {
			t.Errorf("%q: %v", path, err)
		}
		command := entry.Value.Reveal()
		want := []string{path, "credential-process", "--state", path, "--profile", "dev"}
		if got := shellWords(command); !slices.Equal(got, want) {
			t.Errorf("split into %q, want %q", got, want)
		}
		for _, c := range [][]string{
			{"sh", "-c", "printf '%s\\n' " + command},
			{"bash", "-c", "printf '%s\\n' " + command},
			{"/usr/bin/python3", "-c", "import shlex, sys; print('\\n'.join(shlex.split(sys.argv[1])))", command},
		} {
			if _, err := exec.LookPath(c[0]); err != nil {
				t.Logf("without %s", c[0])
				continue
			}
			out, err := exec.Command(c[0], c[1:]...).Output()
			if got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s splits into %q, %v; want %q", c[0], got, err, want)
			}
		}
	}
}

func TestPlainCommandNeedsNoQuotes(t *testing.T) {
	entry, err := Process{Executable: "/home/runner/work/_temp/s/aws-oidc-action", Profile: "prod"}.entry()
	if want := "/home/runner/work/_temp/s/aws-oidc-action credential-process --profile prod"; err != nil || entry.Value.Reveal() != want {
		t.Errorf("entry = %q, %v; want %q", entry.Value.Reveal(), err, want)
	}
}

func TestProcessRefusesPaths(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"tool", `"tool" is not absolute`},
		{"./tool", "is not absolute"},
		{"", "is not absolute"},
		{`C:\tool`, "is not absolute"},
		{"/a\nb", `"/a\nb" has a line break or another control character, which no quoting carries through every SDK: use another directory`},
		{"/a\x00", "control character"},
		{"/a #b", "has a # or ; at its beginning or after a blank"},
		{"/a ;b", "has a # or ;"},
		{"/a ", "ends with a blank"},
		{"/\xff", "is not UTF-8"},
	} {
		_, err := Process{Executable: c.path, Profile: "dev"}.entry()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("executable %q: %v, want an error with %q", c.path, err, c.want)
		}
		if c.path == "" {
			continue
		}
		_, err = Process{Executable: "/a", StateDir: c.path, Profile: "dev"}.entry()
		if err == nil || !strings.Contains(err.Error(), "the state directory of credential-process: ") {
			t.Errorf("state directory %q: %v", c.path, err)
		}
	}
}
