package refresh

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/refresh/early"
)

// block puts directories in the place of files, which then can no more be
// written than on a full disk.
func (w *world) block(name string, files ...string) {
	w.Helper()
	for _, file := range files {
		if err := errors.Join(os.RemoveAll(w.path(name, file)), os.Mkdir(w.path(name, file), 0o700)); err != nil {
			w.Fatal(err)
		}
	}
}

func TestASessionThatCannotBeWrittenIsKeptInTheLock(t *testing.T) {
	w := newWorld(t, "")
	seed := w.put("deploy", w.login())
	w.block("deploy", sessionFile)
	var n int
	w.CallsSince(&n)
	first := w.get("deploy")
	if got := w.CallsSince(&n); got != walked || first.AccessKeyID == seed.AccessKeyID {
		t.Errorf("calls: %s", got)
	}
	for range 3 {
		if again := w.get("deploy"); again.AccessKeyID != first.AccessKeyID || again.SecretAccessKey != first.SecretAccessKey || again.SessionToken != first.SessionToken {
			t.Error("another session")
		}
	}
	if got := w.CallsSince(&n); got != "" {
		t.Errorf("calls: %s", got)
	}
	if notes := w.notes("deploy"); notes.Renewals != 1 || notes.Failures != 0 || !notes.Renewed.Equal(w.Time) {
		t.Errorf("notes %+v", notes)
	}

	// It is renewed in its time, there and, once there is room again, in its file.
	w.Time = w.Time.Add(41 * time.Minute)
	second := w.get("deploy")
	if got := w.CallsSince(&n); got != walked || second.AccessKeyID == first.AccessKeyID {
		t.Errorf("calls: %s", got)
	}
	if err := os.Remove(w.path("deploy", sessionFile)); err != nil {
		t.Fatal(err)
	}
	if got := w.get("deploy"); got.AccessKeyID != second.AccessKeyID {
		t.Error("another session")
	}
	w.Time = w.Time.Add(41 * time.Minute)
	third := w.get("deploy")
	w.works(third)
	if kept, err := w.Store.Session("deploy"); err != nil || kept.AccessKeyID != third.AccessKeyID {
		t.Errorf("session %s, %v", kept.AccessKeyID, err)
	}
	if content, err := os.ReadFile(w.path("deploy", lockFile)); err != nil || strings.Contains(string(content), second.AccessKeyID) {
		t.Errorf("the lock still holds a session, %v", err)
	}
	if notes := w.notes("deploy"); notes.Renewals != 3 {
		t.Errorf("notes %+v", notes)
	}
}

func TestAFailureThatCannotBeWrittenIsRememberedInTheLock(t *testing.T) {
	for name, ended := range map[string]bool{"while the session lives": false, "after its end": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, always)
			w.put("deploy", w.login())
			w.block("deploy", failureFile)
			w.Time = w.Time.Add(50 * time.Minute)
			if ended {
				w.Time = w.Time.Add(10 * time.Minute)
			}
			var n int
			w.CallsSince(&n)
			ask := func() {
				if session, d := w.Get(context.Background(), "deploy"); (session == nil) != ended || ended && d.Code != diagnosis.STSUnreachable {
					t.Errorf("session %v, diagnosis %v", session, d)
				}
			}
			ask()
			if got := w.CallsSince(&n); got != walked+" AssumeRole AssumeRole" {
				t.Errorf("calls: %s", got)
			}
			for range 3 {
				ask()
			}
			if got := w.CallsSince(&n); got != "" {
				t.Errorf("it was tried again at once: %s", got)
			}
			w.Time = w.Time.Add(time.Minute)
			ask()
			if got := w.CallsSince(&n); got == "" {
				t.Error("it was not tried again")
			}
			if notes := w.notes("deploy"); notes.Failures != 2 || notes.Failure.Code != diagnosis.STSUnreachable {
				t.Errorf("notes %+v", notes)
			}
		})
	}
}

// Neither the files nor the lock's own room can be written, as on a file system
// that is mounted read-only.
func TestNothingCanBeWritten(t *testing.T) {
	w := newWorld(t, "")
	seed := w.put("deploy", w.login())
	var n int
	w.CallsSince(&n)
	w.block("deploy", lockFile, failureFile) // a directory can be locked, but not written
	for _, left := range []time.Duration{19 * time.Minute, lastMinute + time.Second} {
		w.Time = seed.Expires.Add(-left)
		session, d := w.Get(context.Background(), "deploy")
		if session == nil || session.AccessKeyID != seed.AccessKeyID || d == nil || !strings.Contains(d.Text(), "the state cannot be written") {
			t.Errorf("with %s left: session %v, diagnosis %v", left, session, d)
		}
	}
	if got := w.CallsSince(&n); got != "" {
		t.Errorf("each caller would renew it: %s", got)
	}

	// Then each caller renews it.
	w.block("deploy", sessionFile)
	w.Time = seed.Expires
	for range 2 {
		session, d := w.Get(context.Background(), "deploy")
		if session == nil || d == nil || !strings.Contains(d.Text(), "cannot be stored for the next call") {
			t.Fatalf("session %v, diagnosis %v", session, d)
		}
		w.works(*session)
	}
}

func TestALastMinuteIsRenewedWhateverCanBeWritten(t *testing.T) {
	w := newWorld(t, "")
	seed := w.put("deploy", w.login())
	w.block("deploy", lockFile)
	w.Time = seed.Expires.Add(-lastMinute)
	if got := w.get("deploy"); got.AccessKeyID == seed.AccessKeyID {
		t.Error("it was not renewed")
	}
}

func TestADamagedSpareIsEmpty(t *testing.T) {
	for name, content := range map[string]string{
		"empty":           "",
		"cut off":         "\x00" + `"version":1,"profile":"deploy","content":{}}`,
		"another version": `{"version":2,"profile":"deploy","content":{"Session":{"AccessKeyID":"ASIAOTHER","Expires":"2999-01-01T00:00:00Z"}}}`,
		"another profile": `{"version":1,"profile":"other","content":{"Session":{"AccessKeyID":"ASIAOTHER","Expires":"2999-01-01T00:00:00Z"}}}`,
		"too large":       `{"version":1,"profile":"deploy","content":{}}` + strings.Repeat(" ", early.MaxFile),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			w.put("deploy", w.login())
			w.write(w.path("deploy", lockFile), content)
			w.Time = w.Time.Add(time.Hour)
			w.works(w.get("deploy"))
			if got := w.notes("deploy"); got.Renewals != 1 {
				t.Errorf("notes %+v", got)
			}
			if content, err := os.ReadFile(w.path("deploy", lockFile)); err != nil || len(content) != spareSize {
				t.Errorf("%d bytes are kept, %v", len(content), err)
			}
		})
	}
}

func TestPutDropsTheSpare(t *testing.T) {
	w := newWorld(t, "")
	w.put("deploy", w.login())
	w.block("deploy", sessionFile)
	w.works(w.get("deploy"))
	if err := os.Remove(w.path("deploy", sessionFile)); err != nil {
		t.Fatal(err)
	}
	before := tree(t, w.dir)

	second := w.get("deploy")
	second.AccessKeyID = "ASIASECOND"
	undo, err := w.Store.Put(context.Background(), "deploy", w.login(), second, w.Time.Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if sp := w.Store.spare("deploy"); sp.Session != nil {
		t.Error("the session of the former login is still there")
	}
	if err := undo(); err != nil {
		t.Fatal(err)
	}
	if after := tree(t, w.dir); after[w.path("deploy", lockFile)] != before[w.path("deploy", lockFile)] || len(after) != len(before) {
		t.Error("undo did not bring it back")
	}
}
