package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files makes the runner's files and the environment that names them.
func files(t *testing.T, more ...string) (environ []string, path func(name string) string) {
	t.Helper()
	dir := t.TempDir()
	path = func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"ENV", "OUTPUT", "STATE", "STEP_SUMMARY"} {
		if err := os.WriteFile(path(name), []byte("before\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		environ = append(environ, "GITHUB_"+name+"="+path(name))
	}
	return append(environ, more...), path
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestInput(t *testing.T) {
	r := New([]string{"INPUT_AWS-REGION= eu-central-1 ", "INPUT_A_B=c", "STATE_isPost=true", "X=a=b"}, nil)
	for got, want := range map[string]string{
		r.Input("aws-region"): "eu-central-1", r.Input("a b"): "c", r.Input("missing"): "", r.State("isPost"): "true", r.Getenv("X"): "a=b",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestMaskComesOnceAndByLine(t *testing.T) {
	var out bytes.Buffer
	r := New(nil, &out)
	r.Mask("one")
	r.Mask("")
	r.Mask("one")
	r.Mask("two%\r\n\nthree")
	want := "::add-mask::one\n::add-mask::two%25%0D%0A%0Athree\n::add-mask::two%25\n::add-mask::three\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTextFromOutsideIsNoCommand(t *testing.T) {
	var out bytes.Buffer
	r := New(nil, &out)
	r.Info("%s", "::error::a\n  ::set-output name=x::y\nb ##[warning]c\x1b[31m\u202e\rd")
	r.Annotate(LevelError, Annotation{Title: "co:de,\nx", Text: []string{"::a\nb\r%"}})
	want := ": :error::a\n  : :set-output name=x::y\nb ## [warning]c\\u001b[31m\\u202e\\u000dd\n" +
		"::error title=co%3Ade%2C%0Ax:::" + " :a%0Ab\\u000d%25\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func FuzzSanitize(f *testing.F) {
	f.Add("::error::x")
	f.Add(" \t::x")
	f.Add("##[x]###[y]")
	f.Add("\u00a0::x\x85::y")
	f.Fuzz(func(t *testing.T, text string) {
		for line := range strings.FieldsFuncSeq(Sanitize(text), func(c rune) bool { return c == '\n' || c == '\r' }) {
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
				t.Errorf("%q became the command %q", text, line)
			}
		}
	})
}

// What a parser reads stays the same, and no line of it is a command.
func FuzzSanitizeJSON(f *testing.F) {
	for _, text := range []string{"##[error]x", "###[x]", "\x1b[31m\u202e\u2028\u0085\x7f", "\U000e0001", "a\n::b", `\u0023[`, "\xff##["} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		content, err := json.MarshalIndent(map[string]any{text: []string{text, "x"}}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		out := SanitizeJSON(string(content))
		if safe := Sanitize(out); safe != strings.ReplaceAll(out, "\ufffd", `\ufffd`) {
			t.Errorf("%q is printed as %s", text, out)
		}
		var want, got any
		if json.Unmarshal(content, &want) != nil || json.Unmarshal([]byte(out), &got) != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%q is read as %v, want %v", text, got, want)
		}
	})
}

func TestPublishWritesAll(t *testing.T) {
	environ, path := files(t)
	r := New(environ, nil)
	err := r.Publish(Publication{Summary: "# hello\n", Outputs: []Pair{NewPair("o", "1")}, Env: []Pair{NewPair("A", "x"), NewPair("B", "y\nA=evil")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, path("STEP_SUMMARY")); got != "before\n# hello\n" {
		t.Errorf("summary %q", got)
	}
	lines := strings.Split(strings.TrimSuffix(read(t, path("ENV")), "\n"), "\n")
	if len(lines) != 8 || lines[2] != "x" || lines[5] != "y" || lines[6] != "A=evil" {
		t.Fatalf("env %q", lines)
	}
	first, second := strings.TrimPrefix(lines[1], "A<<"), strings.TrimPrefix(lines[4], "B<<")
	if first != lines[3] || second != lines[7] || first == second || len(first) < 32 {
		t.Errorf("delimiters %q and %q", first, second)
	}
}

func TestPairsDoNotPrintTheirValue(t *testing.T) {
	const plain = "wJalrXUtnFEMI"
	p := Publication{Outputs: []Pair{NewPair("o", plain)}, Env: []Pair{NewPair("AWS_SECRET_ACCESS_KEY", plain)}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb, p, &p, p.Env[0])
	}
	if err := json.NewEncoder(&out).Encode(p); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "p", p, "pair", p.Env[0])
	if got := out.String(); strings.Contains(got, plain) || strings.Contains(got, fmt.Sprintf("%x", plain)) {
		t.Errorf("a value was printed:\n%s", got)
	}
}

func TestPublishTakesBackWhatAFailureLeftHalfDone(t *testing.T) {
	environ, path := files(t)
	if err := os.Remove(path("ENV")); err != nil {
		t.Fatal(err)
	}
	err := New(environ, nil).Publish(Publication{Summary: "s", Outputs: []Pair{NewPair("o", "1")}, Env: []Pair{NewPair("A", "x")}})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "GITHUB_ENV") {
		t.Errorf("error %v", err)
	}
	for _, name := range []string{"OUTPUT", "STEP_SUMMARY"} {
		if got := read(t, path(name)); got != "before\n" {
			t.Errorf("%s holds %q", name, got)
		}
	}
	if _, err := os.Stat(path("ENV")); err == nil {
		t.Error("the missing file was made")
	}
}

func TestPublishRefusesNames(t *testing.T) {
	environ, path := files(t)
	for _, name := range []string{"NODE_OPTIONS", "", "A B", "A\nB", "A=B", "A<<B", "1A"} {
		err := New(environ, nil).Publish(Publication{Outputs: []Pair{NewPair("fine", "1")}, Env: []Pair{NewPair(name, "secret-value")}})
		if err == nil || strings.Contains(err.Error(), "secret-value") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if got := read(t, path("OUTPUT")); got != "before\n" {
		t.Errorf("OUTPUT holds %q", got)
	}
}

func TestSummaryThatDoesNotFitIsLeftOut(t *testing.T) {
	environ, path := files(t)
	big := strings.Repeat("x", maxSummary-len("before\n"))
	var out bytes.Buffer
	if err := New(environ, &out).Publish(Publication{Summary: big + "x"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "the step summary is not written") {
		t.Errorf("the log says %q", out.String())
	}
	if got := read(t, path("STEP_SUMMARY")); got != "before\n" {
		t.Errorf("%d bytes were written", len(got))
	}
	if err := New(environ, nil).Publish(Publication{Summary: big}); err != nil {
		t.Fatal(err)
	}
	if got := len(read(t, path("STEP_SUMMARY"))); got != maxSummary {
		t.Errorf("%d bytes, want %d", got, maxSummary)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestABrokenLogIsAnErrorAndNoPanic(t *testing.T) {
	r := New(nil, brokenWriter{})
	r.Mask("x")
	r.Info("y")
	r.Annotate(LevelError, Annotation{Title: "a", Text: []string{"b"}})
	if r.Err() == nil {
		t.Error("nobody is told that the masks were not written")
	}
}

func TestShared(t *testing.T) {
	temp := t.TempDir()
	for name, tt := range map[string]struct {
		environ   []string
		hostTemp  string
		container bool
		want      Shared
		err       string
	}{
		"a process on the host": {environ: []string{"RUNNER_TEMP=" + temp, "HOME=/root"}, hostTemp: temp,
			want: Shared{temp, temp, temp}},
		"act": {environ: []string{"ACT=true", "HOME=/root", "GITHUB_ENV=/var/run/act/workflow/envs.txt", "RUNNER_TEMP=/tmp"},
			hostTemp: "/tmp", want: Shared{"/var/run/act/workflow", "/var/run/act/workflow", "/var/run/act/workflow"}},
		"nothing shared":       {environ: []string{"HOME=/root"}, want: Shared{}, err: "no directory is visible"},
		"relative RUNNER_TEMP": {environ: []string{"RUNNER_TEMP=."}, want: Shared{}, err: "no directory is visible"},
		"no host path":         {environ: []string{"HOME=/github/home"}, want: Shared{}, err: "runner-temp"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := New(tt.environ, nil).Shared(tt.hostTemp, tt.container)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// A container action, with the mounts that runners and their hooks add.
func TestSharedByMounts(t *testing.T) {
	const temp = "/home/runner/_work/_temp"
	for name, tt := range map[string]struct {
		mounts    []string
		container bool
		want      Shared // Here below the root
	}{
		"a job on the host":                 {[]string{"github/home", "github/runner_temp"}, false, Shared{"/github/runner_temp", temp, temp}},
		"a job with container":              {[]string{"github/home", "github/runner_temp"}, true, Shared{"/github/runner_temp", temp, "/__w/_temp"}},
		"an older runner":                   {[]string{"github/home"}, false, Shared{"/github/home", temp + "/_github_home", temp + "/_github_home"}},
		"an older runner, with container":   {[]string{"github/home"}, true, Shared{"/github/home", temp + "/_github_home", "/__w/_temp/_github_home"}},
		"Kubernetes hooks 0.7":              {[]string{"github/home", "__w/_temp/_github_home"}, false, Shared{"/github/home", temp + "/_github_home", "/__w/_temp/_github_home"}},
		"hooks that mount the directory":    {[]string{"github/home", "github/runner_temp", "__w"}, false, Shared{"/github/runner_temp", temp, "/__w/_temp"}},
		"hooks that say there is container": {[]string{"github/home", "__w"}, true, Shared{"/github/home", temp + "/_github_home", "/__w/_temp/_github_home"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := New([]string{"HOME=/github/home", "RUNNER_TEMP=/github/runner_temp"}, nil)
			r.root = t.TempDir()
			for _, dir := range tt.mounts {
				if err := os.MkdirAll(filepath.Join(r.root, dir), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			got, err := r.Shared(temp, tt.container)
			if tt.want.Here = r.root + tt.want.Here; err != nil || got != tt.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func TestJobOutsideOfAWorkflow(t *testing.T) {
	for value, outside := range map[string]bool{"true": false, "false": true, "": true} {
		if j := New([]string{"GITHUB_ACTIONS=" + value}, nil).Job(t.Context()); j.Outside != outside {
			t.Errorf("GITHUB_ACTIONS=%s: outside of a workflow: %v", value, j.Outside)
		}
	}
}

func TestJobReadsTheEvent(t *testing.T) {
	for name, tt := range map[string]struct {
		event string
		want  Job
	}{
		"fork":      {`{"pull_request":{"head":{"repo":{"full_name":"me/fork"}}}}`, Job{PullRequest: true, HeadRepository: "me/fork"}},
		"gone fork": {`{"pull_request":{"head":{"repo":null}}}`, Job{PullRequest: true}},
		"push":      {`{"ref":"refs/heads/main"}`, Job{}},
		"broken":    {`{"pull_request":`, Job{}},
		"odd":       {`{"pull_request":[]}`, Job{}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "event.json")
			if err := os.WriteFile(path, []byte(tt.event), 0o600); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, New([]string{"GITHUB_ACTIONS=true", "GITHUB_EVENT_PATH=" + path}, nil).Job(t.Context())); diff != "" {
				t.Error(diff)
			}
		})
	}
}
