package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/org/aws-oidc-action/internal/cli"
)

// TestMain lets scripts start this test binary as aws-oidc-action, or as post,
// its name in the post phase; it then does what main does.
func TestMain(m *testing.M) {
	program := func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := cli.Run(ctx, cli.Env{
			Name:    os.Args[0],
			Environ: os.Environ(),
			Stdin:   os.Stdin,
			Stdout:  os.Stdout,
			Stderr:  os.Stderr,
			Now:     time.Now,
		}, os.Args[1:])
		stop()
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){"aws-oidc-action": program, "post": program})
}

func TestScripts(t *testing.T) {
	scenarios, err := filepath.Abs("../../testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SCENARIOS", scenarios)
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			env.Values[running{}] = new(*exec.Cmd)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"each":     each,
			"json":     jsonField,
			"harmless": harmless,
			"files":    files,
			"sandbox":  startSandbox,
			"stop":     stopSandbox,
		},
	})
}

// exits CODE PROGRAM ARGUMENT… wants an exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if err := runs(ts, args[0], args[1:]); err != nil {
		ts.Fatalf("%v", err)
	}
}

func runs(ts *testscript.TestScript, code string, command []string) error {
	err := ts.Exec(command[0], command[1:]...)
	got := "0"
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = fmt.Sprint(exit.ExitCode())
	} else if err != nil {
		return err
	}
	if got != code {
		return fmt.Errorf("%s exited with %s, want %s", strings.Join(command, " "), got, code)
	}
	return nil
}

// each PATTERN CODE PROGRAM ARGUMENT… runs the program for every file, whose
// name takes the place of {}, and wants harmless output each time.
func each(ts *testscript.TestScript, _ bool, args []string) {
	paths, err := filepath.Glob(args[0])
	ts.Check(err)
	if len(paths) < 6 {
		ts.Fatalf("only %d files match %s", len(paths), args[0])
	}
	for _, path := range paths {
		command := slices.Clone(args[2:])
		for i := range command {
			command[i] = strings.ReplaceAll(command[i], "{}", path)
		}
		ts.Check(runs(ts, args[1], command))
		harmless(ts, false, nil)
		if slices.Contains(command, "json") && !json.Valid([]byte(ts.ReadFile("stdout"))) {
			ts.Fatalf("%s: standard output is not one JSON value", path)
		}
	}
}

// json FIELD VALUE wants a field of the object on standard output, by a path
// with dots; lists are entered by index.
func jsonField(ts *testscript.TestScript, neg bool, args []string) {
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &value))
	for name := range strings.SplitSeq(args[0], ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(v) {
				ts.Fatalf("no %s in a list of %d", name, len(v))
			}
			value = v[i]
		default:
			value = nil
		}
	}
	if got := fmt.Sprint(value); (got == args[1]) == neg {
		ts.Fatalf("%s is %q", args[0], got)
	}
}

// What the runner takes for a command, in both of its forms.
var command = regexp.MustCompile(`(?m)^\s*::([^\s:]+)[^\n]*?::|##\[([^\s\]]+)[^\n]*\]`)

// harmless COMMAND… wants no workflow command in the output of the last
// program but these.
func harmless(ts *testscript.TestScript, _ bool, args []string) {
	for _, stream := range []string{"stdout", "stderr"} {
		for _, m := range command.FindAllStringSubmatch(ts.ReadFile(stream), -1) {
			if !slices.Contains(args, m[1]+m[2]) {
				ts.Fatalf("%s holds the workflow command %q", stream, m[0])
			}
		}
	}
}

// files FILE PREFIX sets variables as the runner does from a file command,
// with a prefix before each name, and empties the file.
func files(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	lines := strings.Split(ts.ReadFile(path), "\n")
	for i := 0; i < len(lines); i++ {
		name, delimiter, ok := strings.Cut(lines[i], "<<")
		if !ok {
			continue
		}
		end := slices.Index(lines[i+1:], delimiter)
		if end < 0 {
			ts.Fatalf("%s: %s has no end", args[0], name)
		}
		ts.Setenv(args[1]+name, strings.Join(lines[i+1:i+1+end], "\n"))
		i += 1 + end
	}
	ts.Check(os.WriteFile(path, nil, 0o600))
}

// running is the key of a script's sandbox.
type running struct{}

var variable = regexp.MustCompile(`\A[A-Z][A-Z0-9_]*=`)

// sandbox ARGUMENT… starts one in the background, reads what it prints up to
// the blank line, and sets these variables.
func startSandbox(ts *testscript.TestScript, _ bool, args []string) {
	bin, _, _ := strings.Cut(ts.Getenv("PATH"), string(os.PathListSeparator)) // where testscript puts its programs
	cmd := exec.Command(filepath.Join(bin, "aws-oidc-action"), append([]string{"sandbox"}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() { _ = cmd.Process.Kill() }) // if the script fails before it stops it
	*ts.Value(running{}).(**exec.Cmd) = cmd

	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && lines.Text() != "" {
		if !variable.MatchString(lines.Text()) {
			ts.Fatalf("the sandbox prints %q", lines.Text())
		}
		name, value, _ := strings.Cut(lines.Text(), "=")
		ts.Setenv(name, value)
	}
	ts.Check(lines.Err())
}

// stop SIGNAL ends the sandbox, and wants it to exit well.
func stopSandbox(ts *testscript.TestScript, _ bool, args []string) {
	cmd := *ts.Value(running{}).(**exec.Cmd)
	ts.Check(cmd.Process.Signal(map[string]os.Signal{"interrupt": os.Interrupt, "terminate": syscall.SIGTERM}[args[0]]))
	ts.Check(cmd.Wait())
}
