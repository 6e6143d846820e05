package early

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMargin(t *testing.T) {
	for lifetime, want := range map[time.Duration]time.Duration{
		12 * time.Hour:   4 * time.Hour,
		2 * time.Hour:    40 * time.Minute,
		time.Hour:        20 * time.Minute,
		45 * time.Minute: 20 * time.Minute,
		40 * time.Minute: 20 * time.Minute,
		30 * time.Minute: 15 * time.Minute,
		15 * time.Minute: 7*time.Minute + 30*time.Second,
		20 * time.Second: 10 * time.Second,
		0:                0,
		-time.Hour:       -20 * time.Minute,
	} {
		if got := margin(lifetime); got != want {
			t.Errorf("of %s: %s, want %s", lifetime, got, want)
		}
	}
}

func TestYoung(t *testing.T) {
	start := time.Unix(1_800_000_000, 0)
	for after, want := range map[time.Duration]bool{
		-time.Hour: false, -time.Minute - 1: false, -time.Minute: true, 0: true, 40 * time.Minute: true, 40*time.Minute + 1: false, time.Hour: false, 9 * time.Hour: false,
	} {
		if got := Young(start, start.Add(time.Hour), start.Add(after)); got != want {
			t.Errorf("after %s: %t", after, got)
		}
	}
}

const session = `{"version":1,"profile":"deploy","content":{"AccessKeyID":"ASIA1","SecretAccessKey":"k","SessionToken":"t","Expires":"2026-11-26T10:00:00Z","ARN":"arn","Account":"111111111111","Fetched":"2026-11-26T09:00:00Z","Renewals":0}}
`

func TestFind(t *testing.T) {
	state := t.TempDir()
	write := func(content string) {
		t.Helper()
		path := filepath.Join(state, Folder("deploy"), SessionFile)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	beside := func() (string, error) { return filepath.Join(state, "aws-oidc-action"), nil }
	nowhere := func() (string, error) { return "", errors.New("unknown") }
	now := time.Date(2026, 11, 26, 9, 10, 0, 0, time.UTC)
	const want = `{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"k","SessionToken":"t","Expiration":"2026-11-26T10:00:00Z","AccountId":"111111111111"}` + "\n"
	write(session)
	for _, tt := range []struct {
		args       string
		executable func() (string, error)
		now        time.Time
		found      bool
	}{
		{"credential-process --profile deploy", beside, now, true},
		{"credential-process --profile deploy --state STATE", nowhere, now, true},
		{"credential-process --state STATE --profile deploy", nowhere, now, true},
		{"credential-process --profile deploy", nowhere, now, false},
		{"credential-process --profile other --state STATE", beside, now, false},
		{"credential-process --profile deploy --state /nonexistent", beside, now, false},
		{"credential-process --profile deploy", beside, now.Add(31 * time.Minute), false},
		{"credential-process --profile deploy", beside, now.Add(-time.Hour), false},
		{"credential-process --profile=deploy", beside, now, false},
		{"credential-process --profile deploy more", beside, now, false},
		{"credential-process --profile", beside, now, false},
		{"credential-process", beside, now, false},
		{"exec --profile deploy --state STATE", beside, now, false},
		{"", beside, now, false},
	} {
		args := append([]string{"aws-oidc-action"}, strings.Fields(strings.ReplaceAll(tt.args, "STATE", state))...)
		line := string(find(args, tt.executable, tt.now))
		if (line == want) != tt.found || !tt.found && line != "" {
			t.Errorf("%s at %s: %q", tt.args, tt.now, line)
		}
	}
	for name, content := range map[string]string{
		"another version":     strings.Replace(session, `"version":1`, `"version":2`, 1),
		"another profile":     strings.Replace(session, `"deploy"`, `"other"`, 1),
		"half":                session[:80],
		"empty":               "",
		"no secret key":       strings.Replace(session, `"k"`, `""`, 1),
		"no token":            strings.Replace(session, `"t"`, `""`, 1),
		"no times":            strings.NewReplacer("Expires", "X", "Fetched", "Y").Replace(session),
		"a time that is none": strings.Replace(session, "2026-11-26T10", "2026-11-26", 1),
	} {
		if write(content); find([]string{"", "credential-process", "--profile", "deploy"}, beside, now) != nil {
			t.Errorf("%s: there is an answer", name)
		}
	}
}
