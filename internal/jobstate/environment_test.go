//go:build unix

package jobstate

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/secret"
)

type env = map[string]string

// publishes returns the record of a step that exports variables into an
// environment, and changes it.
func publishes(into env, id string, exports env) Record {
	r := Record{ID: id}
	for name, value := range exports {
		r.Export(name, secret.New(value), into[name])
		into[name] = value
	}
	return r
}

func keysOf(name, token string) env {
	return env{"AWS_ACCESS_KEY_ID": "ASIA" + name, "AWS_SECRET_ACCESS_KEY": "secret " + name, "AWS_SESSION_TOKEN": token}
}

var noKeys = env{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}

func former(from env) Keys {
	return Keys{from["AWS_ACCESS_KEY_ID"], secret.New(from["AWS_SECRET_ACCESS_KEY"]), secret.New(from["AWS_SESSION_TOKEN"])}
}

// revealed are the variables that a revert sets.
func revealed(changed map[string]secret.Value) env {
	all := env{}
	for name, value := range changed {
		all[name] = value.Reveal()
	}
	return all
}

func with(parts ...env) env {
	all := env{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

func TestRevert(t *testing.T) {
	home := func(variable string) string { return "/github/home/" + variable }
	for _, tt := range []struct {
		name           string
		before, export env
		meanwhile      env // set by somebody else
		home           func(string) string
		want           env
	}{
		{name: "keys", export: keysOf("A", "t"), want: noKeys},
		{name: "keys that another step replaced", export: keysOf("A", "t"), meanwhile: env{"AWS_ACCESS_KEY_ID": "AKIA"}, want: env{"AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}},
		{name: "keys that were there before, of whomever", before: keysOf("X", ""), export: keysOf("A", "t"), want: noKeys},
		{name: "keys that are blank already", export: keysOf("A", "t"), meanwhile: noKeys, want: env{}},
		{name: "blanked variables", before: env{"AWS_ROLE_ARN": "x"}, export: env{"AWS_ROLE_ARN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": ""}, want: env{"AWS_ROLE_ARN": "x"}},
		{name: "regions with a former value", before: env{"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}, export: env{"AWS_REGION": "c", "AWS_DEFAULT_REGION": "c"}, want: env{"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}},
		{name: "regions without", export: env{"AWS_REGION": "c", "AWS_DEFAULT_REGION": "c"}, want: env{}},
		{name: "a profile with a former value", before: env{"AWS_PROFILE": "mine"}, export: env{"AWS_PROFILE": "p"}, want: env{"AWS_PROFILE": "mine"}},
		{name: "a profile without", export: env{"AWS_PROFILE": "p"}, want: env{}},
		{name: "files with a former value", before: env{"AWS_CONFIG_FILE": "/mine"}, export: env{"AWS_CONFIG_FILE": "/ours"}, home: home, want: env{"AWS_CONFIG_FILE": "/mine"}},
		{name: "files without, on a host", export: env{"AWS_CONFIG_FILE": "/ours", "AWS_SHARED_CREDENTIALS_FILE": "/ours2"}, want: env{}},
		{name: "files without, in a job container", export: env{"AWS_CONFIG_FILE": "/ours", "AWS_SHARED_CREDENTIALS_FILE": "/ours2"}, home: home,
			want: env{"AWS_CONFIG_FILE": home("AWS_CONFIG_FILE"), "AWS_SHARED_CREDENTIALS_FILE": home("AWS_SHARED_CREDENTIALS_FILE")}},
		{name: "the same value as before", before: env{"AWS_REGION": "a"}, export: env{"AWS_REGION": "a"}, want: env{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := with(tt.before)
			r := publishes(now, "a", tt.export)
			maps.Copy(now, tt.meanwhile)
			if tt.home == nil {
				tt.home = func(string) string { return "" }
			}
			e := Environment{Getenv: func(name string) string { return now[name] }, Home: tt.home, Now: time.Now()}
			if diff := cmp.Diff(tt.want, revealed(e.Revert([]Record{r}, nil))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRevertOfSeveralRecords(t *testing.T) {
	now := env{"AWS_REGION": "mine"}
	first := publishes(now, "1", with(keysOf("A", "t"), env{"AWS_REGION": "a"}))
	second := publishes(now, "2", with(keysOf("B", "t"), env{"AWS_REGION": "b", "AWS_DEFAULT_REGION": "b"}))
	e := Environment{Getenv: func(name string) string { return now[name] }, Home: func(string) string { return "" }}
	want := with(noKeys, env{"AWS_REGION": "mine"})
	if diff := cmp.Diff(want, revealed(e.Revert([]Record{first, second}, nil))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKeysOfAnEarlierLoginComeBack(t *testing.T) {
	const end = 1000
	session := func(key string, expires int64) Session {
		s := Session{AccessKeyID: key}
		if expires != 0 {
			s.Expires = time.Unix(expires, 0)
		}
		return s
	}
	user := keysOf("U", "")
	delete(user, "AWS_SESSION_TOKEN")
	for _, tt := range []struct {
		name      string
		first     env // exported by the first login
		expires   int64
		second    env
		meanwhile env
		former    func(firstEnv env) Keys
		cleaned   bool // the first login's record is gone
		now       int64
		want      env
	}{
		{name: "they live", first: keysOf("A", "t"), expires: end, second: keysOf("B", "u"), now: end - 1, want: keysOf("A", "t")},
		{name: "they have expired", first: keysOf("A", "t"), expires: end, second: keysOf("B", "u"), now: end, want: noKeys},
		{name: "the first login was undone", first: keysOf("A", "t"), expires: end, second: keysOf("B", "u"), cleaned: true, want: noKeys},
		{name: "the second login blanked them", first: keysOf("A", "t"), expires: end, second: noKeys, want: keysOf("A", "t")},
		{name: "a user's keys", first: user, second: keysOf("B", "u"), now: end, want: with(user, env{"AWS_SESSION_TOKEN": ""})},
		{name: "a user's keys after a session", first: keysOf("A", "t"), expires: end, second: with(keysOf("U", ""), env{"AWS_SESSION_TOKEN": ""}), want: keysOf("A", "t")},
		{name: "another step changed one since", first: keysOf("A", "t"), expires: end, second: keysOf("B", "u"), meanwhile: env{"AWS_ACCESS_KEY_ID": "AKIA"},
			want: env{"AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}},
		{name: "the runner does not have them", first: keysOf("A", "t"), expires: end, second: keysOf("B", "u"), former: func(env) Keys { return Keys{} }, want: noKeys},
		{name: "a part of them is another's", first: keysOf("A", "t"), expires: end, second: keysOf("B", "u"),
			former: func(e env) Keys { return former(with(e, env{"AWS_SESSION_TOKEN": "x"})) }, want: noKeys},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := env{}
			first := publishes(now, "1", tt.first)
			first.Sessions = []Session{session(now["AWS_ACCESS_KEY_ID"], tt.expires)}
			if tt.former == nil {
				tt.former = former
			}
			keys := tt.former(now)
			second := publishes(now, "2", tt.second)
			maps.Copy(now, tt.meanwhile)
			kept := []Record{first}
			if tt.cleaned {
				kept = nil
			}
			e := Environment{Getenv: func(name string) string { return now[name] }, Former: keys, Home: func(string) string { return "" }, Now: time.Unix(tt.now, 0)}
			changed := revealed(e.Revert([]Record{second}, kept))
			if !second.ReplacesKeys() || (Record{}).ReplacesKeys() {
				t.Error("ReplacesKeys is wrong")
			}
			got := with(now, changed)
			if diff := cmp.Diff(with(now, tt.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMemo(t *testing.T) {
	r := NewRecord("step")
	r.Export("AWS_SECRET_ACCESS_KEY", secret.New("hush hush"), "former hush")
	r.Export("AWS_REGION", secret.New("a"), "b")
	r.Profiles = map[string]Profile{"p": {"1", "2"}}
	r.Sessions = []Session{{AccessKeyID: "ASIA"}}
	memo, err := r.Memo()
	must(t, err)
	if strings.Contains(memo, "hush") || strings.Contains(memo, "ASIA") || strings.ContainsAny(memo, "\r\n") {
		t.Errorf("memo %s", memo)
	}
	got, err := ParseMemo(memo)
	must(t, err)
	r.Sessions = nil
	if diff := cmp.Diff(r, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, text := range []string{"", "{", "{}", `{"id":""}`, `{"id":1}`, "null"} {
		if _, err := ParseMemo(text); err == nil {
			t.Errorf("%q is a memo", text)
		}
	}
	got, err = ParseMemo(`{"id":"a","exported":{"LD_PRELOAD":{"digest":"x","former":"/evil.so"},"AWS_ACCESS_KEY_ID":{"digest":"x","former":"AKIA"},"AWS_PROFILE":{"digest":"y","former":"a\u0000b"}}}`)
	must(t, err)
	if diff := cmp.Diff(map[string]Export{"AWS_ACCESS_KEY_ID": {Digest: "x"}, "AWS_PROFILE": {Digest: "y"}}, got.Exported); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestQuestions(t *testing.T) {
	end := time.Unix(1000, 0)
	s := State{Records: []Record{
		{ID: "1", Default: "p", Profiles: map[string]Profile{"p": {}, "default": {}}, Sessions: []Session{{AccessKeyID: "ASIA1", Expires: end}}},
		{ID: "2", Profiles: map[string]Profile{"q": {}}},
	}}
	if s.DefaultProfile() != "p" || (State{}).DefaultProfile() != "" {
		t.Error("DefaultProfile")
	}
	only := State{Records: slices.Concat(s.Records[1:], s.Records[1:])}
	if s.OnlyProfile() != "" || only.OnlyProfile() != "q" || (State{}).OnlyProfile() != "" {
		t.Error("OnlyProfile")
	}
	if !s.HasProfile("q") || s.HasProfile("r") {
		t.Error("HasProfile")
	}
	if !s.Expiry("ASIA1").Equal(end) || !s.Expiry("ASIA2").IsZero() {
		t.Error("Expiry")
	}
	if s.Owns(Keys{}, time.Unix(0, 0)) || s.Owns(Keys{AccessKeyID: "ASIA1"}, time.Unix(0, 0)) {
		t.Error("Owns keys that were not exported")
	}
}
