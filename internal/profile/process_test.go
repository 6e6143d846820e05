package profile

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// paths are hard to quote. Each is a word that both sh and shlex must see whole.
var paths = []string{
	"/a", "/home/runner/work/_temp/x", "/a b", "/a'b", "/'", "/''", `/a"b`, `/a\b`, `/a\`, "/$HOME", "/`id`", "/$(id)", "/a;b", "/a#b",
	"/a&b|c>d<e", "/(a)", "/*", "/?", "/[a]", "/{a,b}", "/~", "/a=b", "/!a", "/a\"'b c", "/é ü", "/%s", "/a,b:c@d+e", "/a  b", "/日本",
}

// splitters print the words of each of their arguments, one a line and an empty
// line at the end. Shells parse eval's text as they parse that of -c.
var splitters = [][]string{
	{"sh", "-c", `for command; do eval "printf '%s\n' $command"; echo; done`, "sh"},
	{"bash", "-c", `for command; do eval "printf '%s\n' $command"; echo; done`, "bash"},
	{"/usr/bin/python3", "-c", "import shlex, sys\nfor command in sys.argv[1:]: print('\\n'.join(shlex.split(command)) + '\\n')"},
}

func TestShellsSplitTheCommand(t *testing.T) {
	var commands []string
	var want [][]string
	for _, path := range paths {
		entry, err := Process{Executable: path, Profile: "dev", StateDir: path}.entry()
		if err != nil {
			t.Errorf("%q: %v", path, err)
			continue
		}
		if err := entry.validate(); err != nil {
			t.Errorf("%q: %v", path, err)
		}
		words := []string{path, "credential-process", "--state", path, "--profile", "dev"}
		if got := shellWords(entry.Value.Reveal()); !slices.Equal(got, words) {
			t.Errorf("split into %q, want %q", got, words)
		}
		commands = append(commands, entry.Value.Reveal())
		want = append(want, words)
	}
	for _, s := range splitters {
		t.Run(filepath.Base(s[0]), func(t *testing.T) {
			if _, err := exec.LookPath(s[0]); err != nil {
				t.Skip(err)
			}
			out, err := exec.Command(s[0], append(s[1:], commands...)...).Output()
			if err != nil {
				t.Error(err)
			}
			var got [][]string
			for answer := range strings.SplitSeq(strings.TrimSuffix(string(out), "\n\n"), "\n\n") {
				got = append(got, strings.Split(answer, "\n"))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
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
		{"tool", `"tool" is not an absolute path`},
		{"./tool", "is not an absolute path"},
		{"", "is not an absolute path"},
		{`C:\tool`, "is not an absolute path"},
		{"/a\nb", `"/a\nb" has a line break or another control character, which cannot be quoted for every SDK; use another directory`},
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
