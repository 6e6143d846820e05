package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/secret"
)

func load(t testing.TB, f files) (config, credentials *File) {
	t.Helper()
	read := func(path string, parse func([]byte) (*File, error)) *File {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parse(src)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	return read(f.Config, ParseConfig), read(f.Credentials, ParseCredentials)
}

func parsePair(t testing.TB, config, credentials string) (*File, *File) {
	t.Helper()
	return load(t, onDisk(t, t.TempDir(), []byte(config), []byte(credentials)))
}

func dump(t testing.TB, list ...files) string {
	t.Helper()
	text := ""
	for _, f := range list {
		c, k := load(t, f)
		text += fmt.Sprintf("config      %q\ncredentials %q\n", c.Bytes(), k.Bytes())
	}
	return text
}

func TestWriteAndRemove(t *testing.T) {
	keys := func(region string, token string) Profile {
		return Profile{Name: "dev", Region: region, Keys: &Keys{"AKIA", secret.New("hush"), secret.New(token)}}
	}
	process := func(region string) Profile {
		return Profile{Name: "dev", Region: region, Process: &Process{Executable: "/t/tool", Profile: "dev"}}
	}
	const (
		wroteBoth    = "[dev]\ncredential_process = /t/tool credential-process --profile dev\n"
		wroteKeys    = "[dev]\naws_access_key_id = AKIA\naws_secret_access_key = hush\n"
		wroteProcess = "[profile dev]\ncredential_process = /t/tool credential-process --profile dev\n"
		wroteRegion  = "[profile dev]\nregion = r\n"
	)
	for _, c := range []struct {
		name                    string
		config, credentials     string
		profile                 Profile
		inConfig, inCredentials string
	}{
		{name: "keys", profile: keys("", ""), inCredentials: wroteKeys},
		{name: "keys with region and token", profile: keys("r", "t"), inConfig: wroteRegion,
			inCredentials: wroteKeys + "aws_session_token = t\n"},
		{name: "a token goes with the keys it came with", credentials: wroteKeys + "aws_session_token = t\n",
			profile: keys("", ""), inCredentials: wroteKeys},
		{name: "process", profile: process(""), inConfig: wroteProcess, inCredentials: wroteBoth},
		{name: "process with region", profile: process("r"),
			inConfig: wroteRegion + strings.TrimPrefix(wroteProcess, "[profile dev]\n"), inCredentials: wroteBoth},
		{name: "process over keys", config: wroteRegion, credentials: "# a\n\n" + wroteKeys, profile: process(""),
			inConfig: wroteProcess, inCredentials: "# a\n\n" + wroteBoth},
		{name: "process over keys in the config file", config: wroteRegion + "aws_access_key_id = A\n",
			profile: process(""), inConfig: wroteProcess, inCredentials: wroteBoth},
		{name: "keys over process", config: wroteProcess, credentials: wroteBoth, profile: keys("r", ""),
			inConfig: wroteRegion, inCredentials: wroteKeys},
		{name: "keys over process, without region", config: wroteProcess, credentials: wroteBoth, profile: keys("", ""),
			inCredentials: wroteKeys},
		{name: "keys over a process in the credentials file",
			credentials: "[dev]\ncredential_process = /old\nrole_arn = a\n", profile: keys("", ""),
			inCredentials: wroteKeys},
		{name: "keys over a role", config: "[profile dev]\nrole_arn = a\nsource_profile = b\n", profile: keys("r", ""),
			inConfig: wroteRegion, inCredentials: wroteKeys},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, credentials := parsePair(t, c.config, c.credentials)
			if err := Write(config, credentials, c.profile); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.inConfig, string(config.Bytes())); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.inCredentials, string(credentials.Bytes())); diff != "" {
				t.Errorf("credentials (-want +got):\n%s", diff)
			}
			for _, file := range []*File{config, credentials} {
				if err := file.Remove("dev"); err != nil || file.Has("dev") {
					t.Errorf("Remove = %v, left %q", err, file.Bytes())
				}
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	keys := &Keys{"AKIA", secret.New("hush"), secret.New("hush-too")}
	for _, c := range []struct {
		name    string
		profile Profile
		config  string
		want    string
	}{
		{name: "nothing to write", profile: Profile{Name: "dev"},
			want: `profile "dev": either keys or a process is required`},
		{name: "both", profile: Profile{Name: "dev", Keys: keys, Process: &Process{Executable: "/x", Profile: "dev"}},
			want: "either keys or a process"},
		{name: "half a pair", profile: Profile{Name: "dev", Keys: &Keys{AccessKeyID: "AKIA"}},
			want: "are both required"},
		{name: "the other half", profile: Profile{Name: "dev", Keys: &Keys{SecretAccessKey: secret.New("hush")}},
			want: "are both required"},
		{name: "a name", profile: Profile{Name: "a b", Keys: keys},
			want: `profile name "a b" is invalid; use only letters, digits and the characters : _ - . + @ % (SDKs`},
		{name: "a name for the process",
			profile: Profile{Name: "dev", Process: &Process{Executable: "/x", Profile: "a b"}},
			want:    `the profile of credential-process: profile name "a b"`},
		{name: "a line break in a key",
			profile: Profile{Name: "dev", Keys: &Keys{"AKIA", secret.New("hush\n[b]"), keys.SessionToken}},
			want:    `profile "dev": the value of entry aws_secret_access_key has a line break or another control character, which SDKs read differently; use another value`},
		{name: "a line break in the region", profile: Profile{Name: "dev", Region: "hush\nx", Keys: keys},
			want: "the value of entry region has a line break"},
		// The credentials file could be written, but the config file cannot.
		{name: "one file of two", profile: Profile{Name: "dev", Keys: keys}, config: "[profile dev]junk\n",
			want: "config file: line 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const old = "[dev]\naws_access_key_id = OLD\naws_secret_access_key = x\n"
			config, credentials := parsePair(t, c.config, old)
			err := Write(config, credentials, c.profile)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Write = %v, want an error with %q", err, c.want)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error tells a secret: %v", err)
			}
			if string(config.Bytes()) != c.config || string(credentials.Bytes()) != old {
				t.Errorf("a failed Write left %q and %q", config.Bytes(), credentials.Bytes())
			}
		})
	}
	config, credentials := parsePair(t, "", "")
	if err := Write(credentials, config, Profile{Name: "dev", Keys: keys}); err == nil {
		t.Error("the files may be mixed up")
	}
}

// Whatever kind of profile replaces whichever, every SDK ends up with the new
// one's credentials. The process is a real one.
func TestSDKsResolveWhatWasWritten(t *testing.T) {
	tool := fakeTool(t, filepath.Join(t.TempDir(), "it's $HOME; `a` \\ \"b\" & é"))
	static := func(n string) Profile {
		return Profile{Name: "dev", Region: "r" + n, Keys: &Keys{"AKIA" + n, secret.New(`s"'+/=#;` + n), secret.New("t" + n)}}
	}
	process := func(name, as, state string) Profile {
		return Profile{Name: name, Region: "r", Process: &Process{Executable: tool, Profile: as, StateDir: state}}
	}
	old := "[profile dev]\nrole_arn = arn:aws:iam::111111111111:role/a\nsource_profile = none\n[profile default]\ncredential_process = /none\n"
	oldKeys := "[default]\naws_access_key_id = OLD\naws_secret_access_key = OLD\n[dev]\naws_access_key_id = OLD\naws_secret_access_key = OLD\n"
	rest := "[profile b]\nregion = b # beta\n"
	var list []files
	var want []map[string]string
	add := func(writes ...Profile) {
		config, credentials := parsePair(t, old+rest, oldKeys)
		for _, p := range writes {
			if err := Write(config, credentials, p); err != nil {
				t.Fatal(err)
			}
		}
		last := writes[len(writes)-1]
		f := onDisk(t, t.TempDir(), config.Bytes(), credentials.Bytes())
		f.Resolve = last.Name
		list = append(list, f)
		if last.Keys != nil {
			want = append(want, valuesOf(t, last))
			return
		}
		args := "credential-process|--profile|" + last.Process.Profile + "|"
		if last.Process.StateDir != "" {
			args = "credential-process|--state|" + last.Process.StateDir + "|--profile|" + last.Process.Profile + "|"
		}
		want = append(want, map[string]string{
			"aws_access_key_id": "AKIAPROCESS", "aws_secret_access_key": args, "aws_session_token": "token", "region": last.Region,
		})
	}
	add(static("1"))
	add(process("dev", "dev", ""))
	add(process("dev", "dev", "/state of ' mine/#1;2"), static("2"))
	add(static("3"), process("dev", "dev", "/state of ' mine/#1;2"))
	add(process("dev", "dev", ""), process("default", "dev", "/x"))
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			for i, got := range s.read(t, list, nil) {
				if diff := cmp.Diff(view{list[i].Resolve: want[i]}, got); diff != "" {
					t.Errorf("%d (-want +got):\n%s\n%s", i, diff, dump(t, list[i]))
				}
			}
		})
	}
}

// fakeTool makes a credential_process below dir; it answers with its arguments,
// each followed by a bar, as the secret key.
func fakeTool(t *testing.T, dir string) string {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const script = `#!/bin/sh
printf '{"Version":1,"AccessKeyId":"AKIAPROCESS","SecretAccessKey":"'
printf '%s|' "$@"
printf '","SessionToken":"token","Expiration":"2999-01-01T00:00:00Z"}'
`
	path := filepath.Join(dir, "tool")
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestValidateName(t *testing.T) {
	for _, name := range []string{"dev", "default", "a", "prod-eu.west_1", "me@example.com", "a+b", "50%", "aws:prod", "9", "-"} {
		if err := ValidateName(name); err != nil {
			t.Errorf("ValidateName(%q) = %v", name, err)
		}
	}
	bad := []string{"", " ", "a b", "a\tb", " a", "a ", "[a]", "a]", "a/b", `a\b`, "a\nb", "a\x00", "a\x7f", `"a"`, "a'b", "a#b", ";a",
		"a=b", "é", "a,b", "*", "DEFAULT", "Default", "__proto__", "a\n[b]", "\ufeffa", "a\u00a0b"}
	for _, name := range bad {
		err := ValidateName(name)
		if err == nil {
			t.Errorf("ValidateName(%q) succeeded, want an error", name)
		} else if name != "" && !strings.Contains(err.Error(), fmt.Sprintf("%q", name)) {
			t.Errorf("ValidateName(%q) = %v, which does not quote the name", name, err)
		}
	}
	f, err := ParseConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(bad, func(name string) bool { return f.Set(name, []Entry{{"region", secret.New("r")}}) == nil }); i >= 0 {
		t.Errorf("Set accepts the name %q", bad[i])
	}
}

func TestRepeat(t *testing.T) {
	config, err := ParseConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := ParseCredentials([]byte("[default]\naws_access_key_id = OLD\n"))
	if err != nil {
		t.Fatal(err)
	}
	keys := &Keys{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("key"), SessionToken: secret.New("token")}
	if err := Write(config, credentials, Profile{Name: "dev", Region: "eu-central-1", Keys: keys}); err != nil {
		t.Fatal(err)
	}
	for _, file := range []*File{config, credentials} {
		if err := file.Repeat("dev", Default); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"dev", "default"} {
		region, _ := config.Get(name, "region")
		id, _ := credentials.Get(name, "aws_access_key_id")
		token, _ := credentials.Get(name, "aws_session_token")
		if region.Reveal() != "eu-central-1" || id.Reveal() != "ASIAEXAMPLE" || token.Reveal() != "token" {
			t.Errorf("%s: %q %q %q", name, region.Reveal(), id.Reveal(), token.Reveal())
		}
	}
	if err := Write(config, credentials, Profile{Name: "dev", Process: &Process{Executable: "/t/tool", Profile: "dev"}}); err != nil {
		t.Fatal(err)
	}
	for _, file := range []*File{config, credentials} {
		if err := file.Repeat("dev", Default); err != nil {
			t.Fatal(err)
		}
		process, _ := file.Get("default", "credential_process")
		if process.Reveal() != "/t/tool credential-process --profile dev" {
			t.Errorf("the copy's process is %q", process.Reveal())
		}
	}
	if _, ok := credentials.Get("default", "aws_access_key_id"); ok {
		t.Error("the copy still has keys")
	}
	for _, file := range []*File{config, credentials} {
		if err := file.Repeat("gone", Default); err != nil || file.Has(Default) {
			t.Errorf("%s repeats a profile that is not there: %v", file.kind, err)
		}
	}
	broken, err := ParseCredentials([]byte("[default]junk\n[dev]\naws_access_key_id = A\n"))
	if err != nil {
		t.Fatal(err)
	}
	before := string(broken.Bytes())
	if err := broken.Repeat("dev", Default); err == nil || string(broken.Bytes()) != before {
		t.Errorf("a section that SDKs read differently was replaced: %v", err)
	}
}
