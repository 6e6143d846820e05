package fakerunner

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// process is what a step sees, for steps that are written in a test.
type process struct {
	t      *testing.T
	env    map[string]string
	stdout io.Writer
	stderr io.Writer
}

// appendTo writes to the file that a variable names.
func (p process) appendTo(variable, text string) {
	p.t.Helper()
	f, err := os.OpenFile(p.env[variable], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// stepOf makes a step of a function.
func stepOf(t *testing.T, run func(p process) int) Step {
	return func(_ context.Context, environ []string, stdout, stderr io.Writer) int {
		p := process{t, map[string]string{}, stdout, stderr}
		for _, line := range environ {
			name, text, _ := strings.Cut(line, "=")
			p.env[name] = text
		}
		return run(p)
	}
}

func newJob(t *testing.T, environ ...string) *Job {
	t.Helper()
	j, err := NewJob(JobOptions{Dir: t.TempDir(), Environ: environ, Event: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func run(t *testing.T, j *Job, with map[string]string, step func(p process) int) *Result {
	t.Helper()
	result, err := j.Run(t.Context(), stepOf(t, step), with)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func finish(t *testing.T, j *Job) []*Result {
	t.Helper()
	results, err := j.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func TestStepsHandOverTheirFiles(t *testing.T) {
	j := newJob(t, "A=1", "PATH=/bin")
	first := run(t, j, map[string]string{"aws-region": "eu-central-1", "two words": "x"}, func(p process) int {
		if p.env["INPUT_AWS-REGION"] != "eu-central-1" || p.env["INPUT_TWO_WORDS"] != "x" || p.env["A"] != "1" {
			t.Errorf("environment %v", p.env)
		}
		for _, dir := range []string{"RUNNER_TEMP", "GITHUB_WORKSPACE", "HOME"} {
			if info, err := os.Stat(p.env[dir]); err != nil || !info.IsDir() {
				t.Errorf("%s: %v", dir, err)
			}
		}
		if event, err := os.ReadFile(p.env["GITHUB_EVENT_PATH"]); err != nil || string(event) != "{}" {
			t.Errorf("event %q, %v", event, err)
		}
		p.appendTo("GITHUB_ENV", "A=2\nB<<EOF\nx\ny\nEOF\n")
		p.appendTo("GITHUB_OUTPUT", "out=yes\n")
		p.appendTo("GITHUB_STATE", "isPost=true\n")
		p.appendTo("GITHUB_PATH", "/opt/a\n/opt/b\n")
		p.appendTo("GITHUB_STEP_SUMMARY", "# done\n")
		return 0
	})
	want := &Result{
		Name: "step", Env: map[string]string{"A": "2", "B": "x\ny"}, Outputs: map[string]string{"out": "yes"},
		State: map[string]string{"isPost": "true"}, Paths: []string{"/opt/a", "/opt/b"}, Summary: "# done\n",
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	second := run(t, j, nil, func(p process) int {
		if p.env["A"] != "2" || p.env["B"] != "x\ny" || p.env["PATH"] != "/opt/b:/opt/a:/bin" || p.env["GITHUB_ACTION"] != "step_2" {
			t.Errorf("environment %v", p.env)
		}
		for name := range p.env {
			if strings.HasPrefix(name, "INPUT_") || strings.HasPrefix(name, "STATE_") || name == "out" {
				t.Errorf("%s has leaked from the first step", name)
			}
		}
		p.appendTo("GITHUB_ENV", "A=\n")
		return 3
	})
	if !second.Failed || second.ExitCode != 3 || j.Getenv("A") != "" {
		t.Errorf("a failed step's files count too: %+v, A=%q", second, j.Getenv("A"))
	}
	if left, err := os.ReadDir(filepath.Join(j.Temp(), "_runner_file_commands")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
}

// TestInputsThatAreNotNamedHaveTheirDefault follows the runner's
// ActionRunner.RunAsync: only an input that the workflow does not name, in
// whatever case, gets the action's default, which is empty where it has none.
func TestInputsThatAreNotNamedHaveTheirDefault(t *testing.T) {
	j, err := NewJob(JobOptions{
		Dir: t.TempDir(), Event: []byte("{}"),
		Defaults: map[string]string{
			"named": "default", "empty": "default", "other-case": "default", "not-named": "default", "without-default": "",
			"temp": "host:${{ runner.temp }}", "index": "${{strategy.job-index}} of ${{ strategy.job-total }}",
		},
		Contexts: map[string]string{"strategy.job-index": "0", "strategy.job-total": "1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"INPUT_NAMED": "value", "INPUT_EMPTY": "", "INPUT_OTHER-CASE": "mine", "INPUT_NOT-NAMED": "default", "INPUT_WITHOUT-DEFAULT": "",
		"INPUT_TEMP": "host:" + j.Temp(), "INPUT_INDEX": "0 of 1", "INPUT_OF_NO_ACTION": "passed on",
	}
	inputsOf := func(p process) map[string]string {
		got := map[string]string{}
		for name, text := range p.env {
			if strings.HasPrefix(name, "INPUT_") {
				got[name] = text
			}
		}
		return got
	}
	phases := 0
	run(t, j, map[string]string{"named": "value", "empty": "", "Other-Case": "mine", "of no action": "passed on"}, func(p process) int {
		phases++
		if diff := cmp.Diff(want, inputsOf(p)); diff != "" {
			t.Errorf("phase %d: inputs (-want +got):\n%s", phases, diff)
		}
		return 0
	})
	run(t, j, nil, func(p process) int {
		if got := inputsOf(p); len(got) > 0 {
			t.Errorf("a run: step has the inputs %v", got)
		}
		return 0
	})
	finish(t, j)
	if phases != 2 {
		t.Errorf("%d phases of the step", phases)
	}

	_, err = NewJob(JobOptions{Dir: t.TempDir(), Defaults: map[string]string{"token": "${{ github.token }}"}})
	if err == nil || !strings.Contains(err.Error(), "${{ github.token }}") {
		t.Errorf("a default that cannot be evaluated: %v", err)
	}
}

func TestPostStepsRunInReverse(t *testing.T) {
	j := newJob(t)
	var order []string
	for i := range 3 {
		run(t, j, map[string]string{"n": fmt.Sprint(i)}, func(p process) int {
			if p.env["STATE_isPost"] == "true" {
				order = append(order, p.env["INPUT_N"]+p.env["STATE_saved"]+p.env["GITHUB_ACTION"])
				return 0
			}
			p.appendTo("GITHUB_STATE", fmt.Sprintf("isPost=true\nsaved=-%d-\n", i))
			return i % 2 // the second fails; its post step runs all the same
		})
	}
	results := finish(t, j)
	if got, want := strings.Join(order, " "), "2-2-step_3 1-1-step_2 0-0-step"; got != want {
		t.Errorf("order %q, want %q", got, want)
	}
	if len(results) != 3 || results[0].Name != "post_step_3" {
		t.Errorf("results %+v", results)
	}
	if again := finish(t, j); len(again) != 0 {
		t.Errorf("post steps ran twice: %+v", again)
	}
}

func TestPostStepsCanBeSkipped(t *testing.T) {
	for skip, want := range map[string]int{"true": 0, "TRUE": 0, "false": 1, "": 1} {
		j := newJob(t, "AWS_SKIP_CLEANUP_STEP="+skip)
		run(t, j, nil, func(process) int { return 0 })
		if results := finish(t, j); len(results) != want {
			t.Errorf("%q: %d post steps", skip, len(results))
		}
	}
}

func TestBrokenFilesFailTheStep(t *testing.T) {
	j := newJob(t)
	result := run(t, j, nil, func(p process) int {
		p.appendTo("GITHUB_ENV", "GOOD=1\nNODE_OPTIONS=--inspect\nBAD<<EOF\nnever closed\n")
		p.appendTo("GITHUB_OUTPUT", "out=1\n")
		return 0
	})
	if !result.Failed || result.ExitCode != 0 || result.Outputs["out"] != "1" || j.Getenv("GOOD") != "1" || j.Getenv("NODE_OPTIONS") != "" || j.Getenv("BAD") != "" {
		t.Errorf("result %+v, environment %v", result, j.Environ())
	}
	wantLog := "##[error]Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.\n" +
		"##[error]Unable to process file command 'env' successfully.\n" +
		"##[error]Invalid value. Matching delimiter not found 'EOF'\n"
	if diff := cmp.Diff(wantLog, j.Log()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if n := len(j.Annotations()); n != 3 {
		t.Errorf("%d annotations", n)
	}
}

func TestSummaryHasALimit(t *testing.T) {
	j := newJob(t)
	result := run(t, j, nil, func(p process) int {
		p.appendTo("GITHUB_STEP_SUMMARY", strings.Repeat("x", 1<<20+1))
		return 0
	})
	if result.Summary != "" || result.Failed || !strings.Contains(j.Log(), "upload aborted") {
		t.Errorf("summary of %d bytes, failed %v, log %q", len(result.Summary), result.Failed, j.Log())
	}
}

func TestMasksHideWhatComesAfter(t *testing.T) {
	const secret = `wJalr/K7+EX"AMPLE`
	j := newJob(t, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=request-token")
	run(t, j, nil, func(p process) int {
		fmt.Fprintln(p.stdout, "before", secret)
		fmt.Fprintln(p.stderr, "  ::add-mask::"+secret)
		fmt.Fprintf(p.stdout, "plain %s twice %s%s\n", secret, secret, secret)
		fmt.Fprintln(p.stdout, "base64", base64.StdEncoding.EncodeToString([]byte(secret)))
		fmt.Fprintln(p.stdout, "inside", base64.StdEncoding.EncodeToString([]byte("ab:"+secret)))
		fmt.Fprintln(p.stdout, "uri wJalr%2FK7%2BEX%22AMPLE json", `wJalr/K7+EX\"AMPLE`, "xml wJalr/K7+EX&quot;AMPLE")
		fmt.Fprint(p.stderr, "bearer request-token and no line end")
		p.appendTo("GITHUB_STEP_SUMMARY", "key "+secret+"\n")
		return 0
	})
	want := "before " + secret + `
plain *** twice ***
base64 ***
inside ` + base64.StdEncoding.EncodeToString([]byte("ab:")) + `***
uri *** json *** xml ***
bearer *** and no line end
`
	if diff := cmp.Diff(want, j.Log()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if got := j.Mask("a " + secret + "\nb"); got != "a ***\nb" {
		t.Errorf("masked %q", got)
	}
	var raw strings.Builder
	for _, w := range j.Raw() {
		raw.Write(w.Data)
	}
	if !strings.Contains(raw.String(), "::add-mask::"+secret) || !strings.Contains(raw.String(), "and no line end") {
		t.Errorf("raw %q", raw.String())
	}
}

func TestMultiLineMasks(t *testing.T) {
	j := newJob(t)
	run(t, j, nil, func(p process) int {
		fmt.Fprint(p.stdout, "::add-mask::line-one%0Aline-%25two\n", "x line-one x\n", "line-%two\n", "::add-mask::\n")
		return 0
	})
	want := "x *** x\n***\n##[warning]Can't add secret mask for empty string in ##[add-mask] command.\n"
	if diff := cmp.Diff(want, j.Log()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestCommands(t *testing.T) {
	j := newJob(t)
	run(t, j, nil, func(p process) int {
		fmt.Fprint(p.stdout,
			"::error title=wrong%2C very%3A,file=a::it %0Abroke\n",
			"::warning::careful\n",
			"::notice title=t::so\n",
			"text ##[add-mask]older-form\n",
			"older-form\n",
			"::group::G\n", "::endgroup::\n", "::debug::d\n",
			"::stop-commands::word\n", "::error::not a command\n", "::add-mask::shown\n", "shown\n", "::word::\n", "::add-mask::shown\n", "shown\n",
			"::not a command\n", "a::error::b\n")
		return 0
	})
	wantAnnotations := []Annotation{
		{"step", "error", "wrong, very:", "it \nbroke"},
		{"step", "warning", "", "careful"},
		{"step", "notice", "t", "so"},
	}
	if diff := cmp.Diff(wantAnnotations, j.Annotations()); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	want := "##[error]it \nbroke\n##[warning]careful\n##[notice]so\n***\n##[group]G\n##[endgroup]\n##[debug]d\n" +
		"::error::not a command\n::add-mask::shown\nshown\n::word::\n***\n::not a command\na::error::b\n"
	if diff := cmp.Diff(want, j.Log()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// TestAnnotationsAreCut: 4,096 UTF-16 units of a message, masked before, in the
// log too; ten annotations of each level in a step.
func TestAnnotationsAreCut(t *testing.T) {
	j := newJob(t)
	step := func(p process) int {
		fmt.Fprint(p.stdout, "::add-mask::a-long-secret\n")
		fmt.Fprintf(p.stdout, "::error::%sa-long-secret%s\n", strings.Repeat("x", 4090), "yyyyy")
		fmt.Fprintf(p.stdout, "::error::%s\n", strings.Repeat("😀", 2049))
		fmt.Fprintf(p.stdout, "%s\n", strings.Repeat("z", 5000))
		for i := range 11 {
			fmt.Fprintf(p.stdout, "::error::e%d\n::warning::w%d\n", i, i)
		}
		return 0
	}
	run(t, j, nil, step)
	first := strings.Repeat("x", 4090) + "***yyy"
	second := strings.Repeat("😀", 2048)
	want := []Annotation{{"step", "error", "", first}, {"step", "error", "", second}}
	for i := range 8 {
		want = append(want, Annotation{"step", "error", "", fmt.Sprint("e", i)})
	}
	for i := range 10 {
		want = append(want, Annotation{"step", "warning", "", fmt.Sprint("w", i)})
	}
	got := j.Annotations()
	slices.SortStableFunc(got, func(a, b Annotation) int { return strings.Compare(a.Level, b.Level) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	if log := j.Log(); !strings.HasPrefix(log, "##[error]"+first+"\n##[error]"+second+"\n"+strings.Repeat("z", 5000)+"\n") || !strings.Contains(log, "##[error]e10\n##[warning]w10\n") {
		t.Errorf("log:\n%s", log)
	}
	run(t, j, nil, step)
	if n := len(j.Annotations()); n != 40 {
		t.Errorf("%d annotations of two steps", n)
	}
}

// TestOutputOfBothStreams: a line is one line, however many writes it takes
// and whatever the other stream does meanwhile.
func TestOutputOfBothStreams(t *testing.T) {
	j := newJob(t)
	run(t, j, nil, func(p process) int {
		fmt.Fprint(p.stdout, "::add-")
		fmt.Fprintln(p.stderr, "other")
		fmt.Fprint(p.stdout, "mask::s3cret\r\n")
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 100 {
				fmt.Fprint(p.stderr, "err s3cret\n")
			}
		}()
		for range 100 {
			fmt.Fprint(p.stdout, "out s3cret\n")
		}
		<-done
		return 0
	})
	log := j.Log()
	if !strings.HasPrefix(log, "other\n") || strings.Count(log, "out ***\n") != 100 || strings.Count(log, "err ***\n") != 100 {
		t.Errorf("log:\n%s", log)
	}
}

func TestFileCommands(t *testing.T) {
	tests := []struct {
		name, text string
		want       []assignment
		err        string
	}{
		{"empty", "\n\n", nil, ""},
		{"values", "A=1\nB=x=y\nC=\n", []assignment{{"A", "1"}, {"B", "x=y"}, {"C", ""}}, ""},
		{"byte order mark", "\ufeffA=1", []assignment{{"A", "1"}}, ""},
		{"blanks belong to it", " A = 1 ", []assignment{{" A ", " 1 "}}, ""},
		{"carriage return belongs to it", "A=1\r\n", []assignment{{"A", "1\r"}}, ""},
		{"heredoc", "A<<EOF\n1\n\n2\nEOF\nB=3", []assignment{{"A", "1\n\n2"}, {"B", "3"}}, ""},
		{"empty heredoc", "A<<EOF\nEOF\n", []assignment{{"A", ""}}, ""},
		{"delimiter at the end", "A<<EOF\n1\nEOF", []assignment{{"A", "1"}}, ""},
		{"delimiter with equals", "A<<x=y\n1\nx=y\n", []assignment{{"A", "1"}}, ""},
		{"equals first", "A=b<<EOF\n", []assignment{{"A", "b<<EOF"}}, ""},
		{"delimiter inside of a line", "A<<EOF\nEOF \n EOF\nEOF\n", []assignment{{"A", "EOF \n EOF"}}, ""},
		{"no delimiter", "A=1\nB<<EOF\n1\n", []assignment{{"A", "1"}}, "Matching delimiter not found 'EOF'"},
		{"nothing after the heredoc", "B<<EOF", nil, "Matching delimiter not found 'EOF'"},
		{"empty delimiter", "B<<\n1\n", nil, "Name must not be empty and delimiter must not be empty"},
		{"empty name", "=1", nil, "Name must not be empty"},
		{"empty name of a heredoc", "<<EOF\nEOF", nil, "Name must not be empty"},
		{"no equals", "A", nil, "Invalid format 'A'"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseFileCommand(test.text)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(assignment{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

// FuzzFileCommand writes a value as a careful action would, between others,
// and wants it back unchanged.
func FuzzFileCommand(f *testing.F) {
	f.Add("value", "x\ny")
	f.Add("A<<EOF\nEOF", "EOF")
	f.Add("\r\n=", "\n\n")
	f.Fuzz(func(t *testing.T, before, value string) {
		const delimiter = "ghadelimiter_2f6c"
		if strings.Contains(value, delimiter) {
			return
		}
		own := "NAME<<" + delimiter + "\n" + value + "\n" + delimiter + "\n"
		got, err := parseFileCommand(own)
		if err != nil || len(got) != 1 || got[0] != (assignment{"NAME", value}) {
			t.Fatalf("%q became %q, %v", value, got, err)
		}
		all, err := parseFileCommand(before + "\n" + own)
		if err == nil && !strings.Contains(before, "<<") && all[len(all)-1] != (assignment{"NAME", value}) {
			t.Errorf("after %q: %q", before, all)
		}
	})
}
