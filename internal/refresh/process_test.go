//go:build unix

package refresh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/secret"
)

// These tests start the program itself, as SDKs do.

var binDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "aws-oidc-action-refresh-")
	if err != nil {
		panic(err)
	}
	binDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build builds a program once.
func build(t testing.TB, name, source string) string {
	t.Helper()
	buildLock.Lock()
	defer buildLock.Unlock()
	path := filepath.Join(binDir, name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, source)
	if _, measures := t.(*testing.B); measures {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as the image is built; tests take what is compiled for them
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", source, err, out)
	}
	return path
}

var buildLock sync.Mutex

func program(t testing.TB) string {
	return build(t, "aws-oidc-action", "github.com/org/aws-oidc-action")
}

// command is the program with the environment of a later step.
func (w *world) command(args ...string) *exec.Cmd {
	w.Helper()
	cmd := exec.Command(program(w), args...)
	cmd.Env = append(w.Server.Environ(), "PATH="+os.Getenv("PATH"))
	return cmd
}

func (w *world) credentialProcess(name string) *exec.Cmd {
	return w.command("credential-process", "--profile", name, "--state", w.dir)
}

// age makes a session older, for processes that know no clock but the machine's.
func (w *world) age(name string, d time.Duration) {
	w.Helper()
	c, err := w.Store.cached(name)
	if err != nil {
		w.Fatal(err)
	}
	c.Session.Expires = c.Session.Expires.Add(-d)
	if err := save(w.Store, name, sessionFile, newCached(c.Session, c.Fetched.Add(-d), c.Renewals)); err != nil {
		w.Fatal(err)
	}
}

// parse reads an answer as strictly as it can be.
func parse(line []byte) (assume.Session, error) {
	var a struct {
		Version                                                           int
		AccessKeyID, SecretAccessKey, SessionToken, Expiration, AccountID string
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&a); err != nil {
		return assume.Session{}, fmt.Errorf("%.40q: %w", line, err)
	}
	if rest := line[dec.InputOffset():]; string(rest) != "\n" {
		return assume.Session{}, fmt.Errorf("%q stands behind the answer", rest)
	}
	expires, err := time.Parse(time.RFC3339, a.Expiration)
	if a.Version != 1 {
		err = errors.Join(err, fmt.Errorf("version %d", a.Version))
	}
	return assume.Session{
		AccessKeyID: a.AccessKeyID, SecretAccessKey: secret.New(a.SecretAccessKey), SessionToken: secret.New(a.SessionToken),
		Expires: expires, Account: a.AccountID,
	}, err
}

// result is what a process left.
type result struct {
	stdout, stderr bytes.Buffer
	err            error
}

// herd starts n processes as fast as it can and waits for them all.
func herd(t *testing.T, n int, command func() *exec.Cmd) []*result {
	t.Helper()
	var running sync.WaitGroup
	results := make([]*result, n)
	for i := range results {
		r := &result{}
		cmd := command()
		cmd.Stdout, cmd.Stderr = &r.stdout, &r.stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		results[i] = r
		running.Go(func() { r.err = cmd.Wait() })
	}
	running.Wait()
	return results
}

// herdSize is how many processes make a herd: with -short an eighth.
func herdSize(full int) int {
	if testing.Short() {
		return full / 8
	}
	return full
}

func TestAHerdRenewsOnce(t *testing.T) {
	w := newWorld(t, "\nfaults:\n  - {call: AssumeRole, latency: 700ms}\n")
	w.put("deploy", w.login())
	w.age("deploy", time.Hour)
	var n int
	w.CallsSince(&n)
	results := herd(t, herdSize(64), func() *exec.Cmd { return w.credentialProcess("deploy") })
	if got := w.CallsSince(&n); got != walked {
		t.Errorf("calls: %s", got)
	}
	for _, r := range results {
		if r.err != nil || r.stderr.Len() > 0 || !bytes.Equal(r.stdout.Bytes(), results[0].stdout.Bytes()) {
			t.Fatalf("%v: %s", r.err, r.stderr.String())
		}
	}
	session, err := parse(results[0].stdout.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	last := w.Server.Calls()[n-1]
	if session.AccessKeyID != last.AccessKey || !session.Expires.Equal(last.Expires) || session.Account != "222222222222" {
		t.Errorf("got %+v, made was %+v", session, last)
	}
	session.ARN = last.Session
	w.works(session)
	if notes := w.notes("deploy"); notes.Renewals != 1 || notes.Failures != 0 {
		t.Errorf("notes %+v", notes)
	}
}

func TestAHerdFailsOnce(t *testing.T) {
	w := newWorld(t, "\nfaults:\n  - {call: AssumeRole, latency: 500ms}\n  - {call: AssumeRole, fault: region-disabled, times: always, after: 1}\n")
	w.put("deploy", w.login())
	w.age("deploy", time.Hour)
	var n int
	w.CallsSince(&n)
	results := herd(t, herdSize(32), func() *exec.Cmd { return w.credentialProcess("deploy") })
	if got := w.CallsSince(&n); got != walked {
		t.Errorf("calls: %s", got)
	}
	for _, r := range results {
		exit, ok := errors.AsType[*exec.ExitError](r.err)
		if !ok || exit.ExitCode() != 1 || r.stdout.Len() > 0 || !strings.HasPrefix(r.stderr.String(), "aws-oidc-action: region-disabled: AWS refused hop 2 of 2") {
			t.Errorf("%v: %q, %s", r.err, r.stdout.String(), r.stderr.String())
		}
	}
}

// killFaults hit every few calls of each kind, and never so many in a row that
// a renewal would fail.
func killFaults() string {
	var b strings.Builder
	b.WriteString("\nfaults:\n  - {call: any, latency: 3ms}\n")
	for i := range 100 {
		for _, f := range []struct{ call, fault string }{
			{scenario.CallToken, "http-503"}, {scenario.CallWebIdentity, "verification-key"}, {scenario.CallAssumeRole, "truncated"},
			{scenario.CallAssumeRole, "reset"}, {scenario.CallToken, "empty-body"}, {scenario.CallWebIdentity, "http-500"},
		} {
			fmt.Fprintf(&b, "  - {call: %s, fault: %s, after: %d}\n", f.call, f.fault, 13*(i+1))
		}
	}
	return b.String()
}

// Whatever a process is doing when it is killed, the next one finds a whole
// session and prints one, and no process ever prints half of one or parts of two.
func TestKilledProcesses(t *testing.T) {
	victims := 500
	if testing.Short() {
		victims = 20
	}
	w := newWorldOf(t, hubScenario(killWorkers)+killFaults())
	for i := range killWorkers {
		l := w.spoke(i)
		l.Attempts = 8
		w.put(spokeName(i), l)
	}
	k := &killTest{world: w, victims: victims, answers: map[string]string{}}
	var all sync.WaitGroup
	for i := range killWorkers {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 5))
			for range victims { // far more rounds than it takes
				if !k.more() {
					break
				}
				k.round(i, random)
			}
		})
	}
	all.Wait()
	k.checkAnswers()
	k.checkMoments()
}

// Each worker has a profile of its own, of which several processes are at work
// at once.
const (
	killWorkers = 4
	killAtOnce  = 5
)

type killTest struct {
	*world
	victims int

	mu             sync.Mutex
	killed, silent int
	answers        map[string]string // by access key id
}

// more reports whether too few processes were killed so far; some end before.
func (k *killTest) more() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.killed < k.victims && !k.Failed()
}

// round makes a profile due, kills processes that renew it, and then lets one
// end.
func (k *killTest) round(worker int, random *rand.Rand) {
	name := spokeName(worker)
	c, err := k.Store.cached(name)
	if err != nil {
		k.Error(err)
		return
	}
	if random.IntN(2) == 0 {
		c.Fetched = c.Fetched.Add(-4 * time.Hour) // less than a third is left
	} else {
		c.Session.Expires = k.Time.Add(-time.Minute)
	}
	if err := save(k.Store, name, sessionFile, newCached(c.Session, c.Fetched, c.Renewals)); err != nil {
		k.Error(err)
		return
	}
	var running sync.WaitGroup
	for range killAtOnce {
		r := &result{}
		cmd := k.credentialProcess(name)
		cmd.Stdout, cmd.Stderr = &r.stdout, &r.stderr
		if err := cmd.Start(); err != nil {
			k.Error(err)
			return
		}
		longest := 120 * time.Millisecond << random.IntN(3) // machines are fast or slow, busy or not
		kill := time.AfterFunc(time.Duration(random.Int64N(int64(longest))), func() { _ = cmd.Process.Kill() })
		running.Go(func() {
			r.err = cmd.Wait()
			kill.Stop()
			k.judge(name, r)
		})
	}
	running.Wait()
	if _, err := k.Store.cached(name); err != nil {
		k.Errorf("after the kills: %v", err)
	}
	r := &result{}
	cmd := k.credentialProcess(name)
	cmd.Stdout, cmd.Stderr = &r.stdout, &r.stderr
	if r.err = cmd.Run(); r.err != nil {
		k.Errorf("the next call: %v: %s", r.err, r.stderr.String())
	}
	k.judge(name, r)
	if kept, err := k.Store.Session(name); err != nil || !strings.Contains(r.stdout.String(), kept.AccessKeyID) {
		k.Errorf("the next call did not get the session that is kept: %v", err)
	}
}

// judge notes what a process printed, which must be a whole answer or nothing.
func (k *killTest) judge(name string, r *result) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if exit, ok := errors.AsType[*exec.ExitError](r.err); ok && exit.Sys().(syscall.WaitStatus).Signaled() {
		k.killed++
		if r.stdout.Len() == 0 {
			k.silent++
			return
		}
	}
	session, err := parse(r.stdout.Bytes())
	if err != nil {
		k.Errorf("%s: %v, after %v: %s", name, err, r.err, r.stderr.String())
		return
	}
	line := name + " " + r.stdout.String()
	if other, known := k.answers[session.AccessKeyID]; known && other != line {
		k.Errorf("two answers with the key %s", session.AccessKeyID)
	}
	k.answers[session.AccessKeyID] = line
}

// checkAnswers holds every answer against what the sandbox made.
func (k *killTest) checkAnswers() {
	made := map[string]sandbox.Call{}
	for _, c := range k.Server.Calls() {
		made[c.AccessKey] = c
	}
	for id, line := range k.answers {
		name, text, _ := strings.Cut(line, " ")
		session, err := parse([]byte(text))
		if err != nil {
			k.Error(err)
			continue
		}
		call := made[id]
		if call.Role() != "arn:aws:iam::222222222222:role/"+name || !call.Expires.Equal(session.Expires) {
			k.Errorf("%s got %s until %s, made was %s until %s", name, id, session.Expires, call.Role(), call.Expires)
		}
		session.ARN = call.Session
		k.works(session)
	}
}

// checkMoments logs what the killed processes were doing, which must not have
// been their start only.
func (k *killTest) checkMoments() {
	begun, renewed := 0, 0
	for _, c := range k.Server.Calls() {
		if c.Kind == scenario.CallToken && c.OK() {
			begun++
		}
	}
	for i := range killWorkers {
		renewed += k.notes(spokeName(i)).Renewals
	}
	k.Logf("%d processes were killed, %d of them without an answer; %d renewals began, %d ended, %d sessions were handed out",
		k.killed, k.silent, begun, renewed, len(k.answers))
	if k.killed < k.victims || begun-renewed <= k.killed/100 {
		k.Error("hardly a renewal was met: this shows little")
	}
}

func TestExecGivesItsPlaceToTheCommand(t *testing.T) {
	w := newWorld(t, "")
	session := w.put("deploy", w.login())
	run := func(script string, more ...string) *result {
		r := &result{}
		cmd := w.command("exec", "--state", w.dir, "--profile", "deploy", "--", "sh", "-c", script)
		cmd.Env = append(cmd.Env, more...)
		cmd.Stdout, cmd.Stderr = &r.stdout, &r.stderr
		r.err = cmd.Run()
		return r
	}
	masks := "::add-mask::" + session.AccessKeyID + "\n::add-mask::" + session.SecretAccessKey.Reveal() + "\n::add-mask::" + session.SessionToken.Reveal() + "\n"

	t.Run("environment and exit code", func(t *testing.T) {
		r := run("env; echo said >&2; exit 7", "AWS_PROFILE=other", "AWS_ACCESS_KEY_ID=AKIAOLD", "AWS_ROLE_ARN=x", "AWS_REGION=us-east-1", "MINE=1")
		if exit, ok := errors.AsType[*exec.ExitError](r.err); !ok || exit.ExitCode() != 7 {
			t.Errorf("%v: %s", r.err, r.stderr.String())
		}
		var aws []string
		for line := range strings.Lines(r.stdout.String()) {
			if strings.HasPrefix(line, "AWS_") && !strings.HasPrefix(line, "AWS_ENDPOINT") || strings.HasPrefix(line, "MINE=") {
				aws = append(aws, strings.TrimSuffix(line, "\n"))
			}
		}
		slices.Sort(aws)
		want := []string{
			"AWS_ACCESS_KEY_ID=" + session.AccessKeyID, "AWS_DEFAULT_REGION=eu-central-1", "AWS_REGION=eu-central-1",
			"AWS_SECRET_ACCESS_KEY=" + session.SecretAccessKey.Reveal(), "AWS_SESSION_TOKEN=" + session.SessionToken.Reveal(), "MINE=1",
		}
		if !slices.Equal(aws, want) {
			t.Errorf("environment %.60q", aws)
		}
		if got := r.stderr.String(); got != masks+"said\n" {
			t.Errorf("standard error %.300q", got)
		}
	})
	t.Run("outside a workflow", func(t *testing.T) {
		if r := run("exit 0", "GITHUB_ACTIONS="); r.err != nil || r.stderr.Len() > 0 {
			t.Errorf("%v: %.300q", r.err, r.stderr.String())
		}
	})
	t.Run("death by a signal", func(t *testing.T) {
		r := run("kill -TERM $$")
		if exit, ok := errors.AsType[*exec.ExitError](r.err); !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
			t.Error(r.err)
		}
	})
	t.Run("signals reach the command", func(t *testing.T) {
		cmd := w.command("exec", "--state", w.dir, "--profile", "deploy", "--", "sh", "-c", "trap 'exit 9' INT; echo ready; read line")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := stdout.Read(make([]byte, 16)); err != nil {
			t.Error(err)
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if exit, ok := errors.AsType[*exec.ExitError](cmd.Wait()); !ok || exit.ExitCode() != 9 {
			t.Errorf("it ended with %v", exit)
		}
	})
}

// The program finds the state in which it lies.
func TestTheStateBesideTheProgram(t *testing.T) {
	w := newWorld(t, "")
	session := w.put("default", w.login())
	copied := filepath.Join(w.dir, "aws-oidc-action")
	if err := os.Link(program(t), copied); err != nil {
		t.Skip("no hard links here: ", err)
	}
	out, err := (&exec.Cmd{Path: copied, Args: []string{copied, "credential-process", "--profile", "default"}, Env: []string{"HOME=/"}, Dir: "/"}).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := parse(out); err != nil || got.AccessKeyID != session.AccessKeyID {
		t.Errorf("%v, %v", got, err)
	}
}

// A container's root puts the state, the steps are another user, and sudo is
// root again: all of them renew, and none takes the state from the others.
func TestRootAndAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	const other = 65534
	w := newWorld(t, "")
	if err := errors.Join(os.Chown(w.dir, other, other), os.Chmod(filepath.Dir(w.dir), 0o755), os.Chmod(binDir, 0o755)); err != nil {
		t.Fatal(err)
	}
	store, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	w.Store = store
	w.put("deploy", w.login())
	for i, user := range []uint32{other, 0, other} {
		w.age("deploy", time.Hour)
		cmd := w.credentialProcess("deploy")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("user %d: %v", user, err)
		}
		if _, err := parse(out); err != nil || w.notes("deploy").Renewals != i+1 {
			t.Errorf("user %d: %v, %+v", user, err, w.notes("deploy"))
		}
	}
	err = filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Sys().(*syscall.Stat_t).Uid != other {
			t.Errorf("%s belongs to user %d", path, info.Sys().(*syscall.Stat_t).Uid)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// BenchmarkCached is the answer from the cache without the process around it.
func BenchmarkCached(b *testing.B) {
	store, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	now := time.Now()
	putYoung(b, store, now)
	r := Refresher{Store: store, Now: func() time.Time { return now }}
	for b.Loop() {
		session, d := r.Get(context.Background(), "deploy")
		if d != nil {
			b.Fatal(d.Text())
		}
		if _, err := Answer(*session); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProcess is the answer from the cache as an SDK gets it, beside the
// least that a program of Go takes.
func BenchmarkProcess(b *testing.B) {
	dir := b.TempDir()
	store, err := Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	putYoung(b, store, time.Now())
	hello := filepath.Join(dir, "hello.go")
	if err := os.WriteFile(hello, []byte("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello, world\") }\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	for _, p := range []struct {
		name string
		args []string
	}{
		{"hello", []string{build(b, "hello", hello)}},
		{"cached", []string{program(b), "credential-process", "--profile", "deploy", "--state", dir}},
	} {
		b.Run(p.name, func(b *testing.B) {
			for b.Loop() {
				if out, err := (&exec.Cmd{Path: p.args[0], Args: p.args}).CombinedOutput(); err != nil {
					b.Fatalf("%v: %.300s", err, out)
				}
			}
		})
	}
}

func putYoung(b *testing.B, store *Store, now time.Time) {
	b.Helper()
	session := assume.Session{
		AccessKeyID: "ASIAEXAMPLEEXAMPLE12", SecretAccessKey: secret.New(strings.Repeat("k", 40)), SessionToken: secret.New(strings.Repeat("t", 1000)),
		Expires: now.Add(time.Hour), ARN: "arn:aws:sts::222222222222:assumed-role/deploy/bench", Account: "222222222222",
	}
	l := Login{Profile: plan.Profile{Source: plan.SourceOIDC, Chain: []plan.Hop{{Role: "arn:aws:iam::222222222222:role/deploy"}}}, Attempts: 1, Timeout: time.Minute}
	if _, err := store.Put(context.Background(), "deploy", l, session, now); err != nil {
		b.Fatal(err)
	}
}
