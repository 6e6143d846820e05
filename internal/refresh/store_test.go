package refresh

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/secret"
)

func TestPause(t *testing.T) {
	for left, want := range map[time.Duration]time.Duration{
		4 * time.Hour:     time.Minute,
		20 * time.Minute:  time.Minute,
		4 * time.Minute:   30 * time.Second,
		10 * time.Second:  5 * time.Second,
		0:                 5 * time.Second,
		-20 * time.Minute: 5 * time.Second,
	} {
		if got := pause(left); got != want {
			t.Errorf("with %s left: %s, want %s", left, got, want)
		}
	}
}

func TestAnswer(t *testing.T) {
	got, err := Answer(assume.Session{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New(`a+/"<é`), SessionToken: secret.New("token=="),
		Expires: time.Date(2026, 3, 1, 12, 0, 0, 5e8, time.FixedZone("", 3600)), Account: "012345678901",
	})
	want := `{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"a+/\"\u003cé","SessionToken":"token==","Expiration":"2026-03-01T11:00:00Z","AccountId":"012345678901"}` + "\n"
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
}

// Every name that profile lets through, and even those that it does not.
func TestNamesOfProfiles(t *testing.T) {
	w := newWorld(t, "")
	seed := w.put("deploy", w.login())
	names := []string{".", "..", "a", "A", "a:b", "%2e%2e", "+@", "-", "default", strings.Repeat("x", 5000), strings.Repeat("x", 5000) + "y"}
	for _, name := range names {
		if err := profile.ValidateName(name); err != nil {
			t.Error(err)
		}
	}
	names = append(names, "", "a/b", "a\x00b", "../../x", "\xff")
	for _, name := range names {
		session := seed
		session.UserID = "of " + name
		if name == "\xff" {
			continue // JSON has no such text, and no SDK such a profile
		}
		if _, err := w.Store.Put(context.Background(), name, w.login(), session, w.Time); err != nil {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	for _, name := range names[:len(names)-1] {
		if session := w.get(name); session.UserID != "of "+name {
			t.Errorf("%.20q got the session %.20q", name, session.UserID)
		}
	}
	entries, err := os.ReadDir(filepath.Join(w.dir, "refresh"))
	if err != nil || len(entries) != len(names) { // one less, and deploy
		t.Errorf("%d folders for %d names: %v", len(entries), len(names), err)
	}
}

func TestPutRefusesWhatCannotBeRenewed(t *testing.T) {
	w := newWorld(t, "")
	session := w.put("deploy", w.login())
	for name, tt := range map[string]struct {
		change func(*Login, *assume.Session)
		want   string
	}{
		"keys":       {func(l *Login, _ *assume.Session) { l.Profile.Source = plan.SourceKeys }, `source "keys"`},
		"ambient":    {func(l *Login, _ *assume.Session) { l.Profile.Source = plan.SourceAmbient }, `source "ambient"`},
		"no role":    {func(l *Login, _ *assume.Session) { l.Profile.Chain = nil }, "a role is required"},
		"token file": {func(l *Login, _ *assume.Session) { l.Profile.Source, l.Profile.TokenFile = plan.SourceTokenFile, "a/b" }, `"a/b"`},
		"a user":     {func(_ *Login, s *assume.Session) { s.SessionToken = secret.Value{} }, "do not expire"},
		"no end":     {func(_ *Login, s *assume.Session) { s.Expires = time.Time{} }, "do not expire"},
	} {
		t.Run(name, func(t *testing.T) {
			l, s := w.login(), session
			tt.change(&l, &s)
			_, err := w.Store.Put(context.Background(), "new", l, s, w.Time)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), session.SecretAccessKey.Reveal()) {
				t.Errorf("error %v", err)
			}
			if _, err := os.Stat(w.path("new", "")); err == nil {
				t.Error("something was stored")
			}
		})
	}
}

func TestPutReplacesAndTakesBack(t *testing.T) {
	w := newWorld(t, always)
	ctx := context.Background()
	first := w.put("deploy", w.login())
	w.Time = w.Time.Add(50 * time.Minute)
	if _, d := w.Get(ctx, "deploy"); d == nil {
		t.Fatal("the fault is missing")
	}
	before := tree(t, w.dir)

	second, l := first, w.login()
	second.AccessKeyID, l.Attempts = "ASIASECOND", 1
	undo, err := w.Store.Put(ctx, "deploy", l, second, w.Time)
	if err != nil {
		t.Fatal(err)
	}
	if w.notes("deploy").Failures != 0 || w.get("deploy").AccessKeyID != "ASIASECOND" {
		t.Error("it was not replaced")
	}
	if stored, err := w.Store.Login("deploy"); err != nil || !cmp.Equal(stored, l) {
		t.Errorf("login %+v, %v", stored, err)
	}
	if err := undo(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, tree(t, w.dir)); diff != "" {
		t.Error(diff)
	}

	undo, err = w.Store.Put(ctx, "new", l, second, w.Time)
	if err != nil {
		t.Fatal(err)
	}
	if err := undo(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, tree(t, w.dir)); diff != "" {
		t.Error(diff)
	}
	if err := w.Store.Remove(ctx, "new"); err != nil {
		t.Error(err)
	}
}

func TestAFailedPutLeavesNothing(t *testing.T) {
	w := newWorld(t, "")
	session := w.put("deploy", w.login())
	lock := w.Store.lock("deploy")
	if locked, err := lock.TryLock(); err != nil || !locked {
		t.Fatal(err)
	}
	before := tree(t, w.dir)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.Store.Put(ctx, "new", w.login(), session, w.Time); err == nil {
		t.Error("put in spite of the cancelled context")
	}
	if diff := cmp.Diff(before, tree(t, w.dir)); diff != "" {
		t.Error(diff)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
}

func TestPutOfALockedProfileChangesNothing(t *testing.T) {
	w := newWorld(t, "")
	session := w.put("deploy", w.login())
	lock := w.Store.lock("deploy")
	if locked, err := lock.TryLock(); err != nil || !locked {
		t.Fatal(err)
	}
	defer lock.Unlock()
	before := tree(t, w.dir)
	ctx, cancel := context.WithDeadline(context.Background(), time.Time{})
	defer cancel()
	session.AccessKeyID = "ASIASECOND"
	// Undoing what was not done would wait for the lock once more, and fail too.
	if _, err := w.Store.Put(ctx, "deploy", w.login(), session, w.Time); !errors.Is(err, ErrLocked) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(before, tree(t, w.dir)); diff != "" {
		t.Error(diff)
	}
}

// tree returns the content of all files by path.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestOnlyTheSessionFileHoldsSecrets(t *testing.T) {
	w := newWorld(t, "\nfaults:\n  - {call: AssumeRole, fault: http-500, times: 3, after: 2}\n")
	sessions := []assume.Session{w.put("deploy", w.login())}
	w.Time = w.Time.Add(50 * time.Minute)
	sessions = append(sessions, w.get("deploy"))
	w.Time = w.Time.Add(50 * time.Minute)
	if _, d := w.Get(context.Background(), "deploy"); d == nil {
		t.Fatal("the fault is missing")
	}
	secrets := []string{w.env[oidc.RequestToken], w.env[oidc.RequestToken][:30], "eyJ"}
	for _, s := range sessions {
		secrets = append(secrets, s.AccessKeyID, s.SecretAccessKey.Reveal(), s.SessionToken.Reveal())
	}
	files := tree(t, w.dir)
	for path, content := range files {
		for _, s := range secrets {
			if strings.Contains(content, s) && filepath.Base(path) != sessionFile {
				t.Errorf("%s holds %.10s…", path, s)
			}
		}
	}
	if content := files[w.path("deploy", sessionFile)]; !strings.Contains(content, sessions[1].SecretAccessKey.Reveal()) || strings.Contains(content, w.env[oidc.RequestToken]) {
		t.Error("the session file holds something else")
	}
	if len(files) != 4 {
		t.Errorf("%d files", len(files))
	}
	err := filepath.WalkDir(filepath.Join(w.dir, "refresh"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func FuzzSessionFile(f *testing.F) {
	dir := f.TempDir()
	store, err := Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = store.Close() })
	if err := store.dir.MkdirAll(folder("p")); err != nil {
		f.Fatal(err)
	}
	whole, err := encode("p", newCached(assume.Session{AccessKeyID: "ASIA", Expires: time.Unix(1_800_000_000, 0)}, time.Unix(1_799_996_400, 0), 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(`{"version":1,"profile":"p","content":{"Session":{"AccessKeyID":"x"}}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, folder("p"), sessionFile), content, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := store.cached("p")
		if err != nil && !cmp.Equal(c, cached{}, sameSession) {
			t.Errorf("an error and a session: %v, %+v", err, c)
		}
		c.due(time.Unix(1_800_000_000, 0)) // must not panic
	})
}
