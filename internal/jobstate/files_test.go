//go:build unix

package jobstate

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/secret"
)

// place is where the two profile files of a test are.
type place struct {
	store  *Store
	record Record
}

// foreign is a place outside of the state directory.
func foreign(t *testing.T, config, credentials string) place {
	t.Helper()
	p := place{store: open(t)}
	dir := t.TempDir()
	p.record.ConfigFile, p.record.CredentialsFile = filepath.Join(dir, "config"), filepath.Join(dir, "credentials")
	must(t, os.WriteFile(p.record.ConfigFile, []byte(config), 0o600))
	must(t, os.WriteFile(p.record.CredentialsFile, []byte(credentials), 0o600))
	return p
}

func own(t *testing.T) place {
	t.Helper()
	p := place{store: open(t)}
	must(t, os.Mkdir(p.store.StateDir(), 0o700))
	return p
}

func (p place) path(variable string) string {
	path, name := p.record.ConfigFile, ConfigName
	if variable == "AWS_SHARED_CREDENTIALS_FILE" {
		path, name = p.record.CredentialsFile, CredentialsName
	}
	if path == "" {
		return filepath.Join(p.store.StateDir(), name)
	}
	return path
}

func (p place) contents(t *testing.T) (config, credentials string) {
	t.Helper()
	read := func(variable string) string {
		content, err := os.ReadFile(p.path(variable))
		must(t, err)
		return string(content)
	}
	return read("AWS_CONFIG_FILE"), read("AWS_SHARED_CREDENTIALS_FILE")
}

// write writes profiles and records them.
func (p *place) write(t *testing.T, profiles ...profile.Profile) {
	t.Helper()
	files := make([]*ProfileFile, 2)
	var err error
	files[0], err = p.store.ConfigFile(p.record.ConfigFile)
	must(t, err)
	defer files[0].Close()
	files[1], err = p.store.CredentialsFile(p.record.CredentialsFile)
	must(t, err)
	defer files[1].Close()
	config, err := files[0].Load(nil)
	must(t, err)
	credentials, err := files[1].Load([]byte("# a copy\n"))
	must(t, err)
	p.record.Profiles = map[string]Profile{}
	for _, one := range profiles {
		must(t, profile.Write(config, credentials, one))
	}
	for _, one := range profiles {
		p.record.Profiles[one.Name] = Mark(config, credentials, one.Name)
	}
	for i, file := range []*profile.File{config, credentials} {
		_, err := files[i].Save(file)
		must(t, err)
	}
}

func withKeys(name, id string) profile.Profile {
	return profile.Profile{Name: name, Region: "eu-central-1", Keys: &profile.Keys{AccessKeyID: id, SecretAccessKey: secret.New("secret of " + id), SessionToken: secret.New("token")}}
}

func withHelper(name string) profile.Profile {
	return profile.Profile{Name: name, Process: &profile.Process{Executable: "/helper", Profile: name}}
}

const (
	mineConfig      = "# mine\n[profile old]\nregion = r\n"
	mineCredentials = "# mine\n[old]\naws_access_key_id = OLD\n"
)

func TestRemoveProfiles(t *testing.T) {
	p := foreign(t, mineConfig, mineCredentials)
	p.write(t, withKeys("a", "ASIAA"), withHelper("b"))
	removed, err := p.store.RemoveProfiles(p.record, nil)
	if must(t, err); !removed {
		t.Error("nothing was removed")
	}
	config, credentials := p.contents(t)
	if config != mineConfig || credentials != mineCredentials {
		t.Errorf("left %q and %q", config, credentials)
	}
	if removed, err := p.store.RemoveProfiles(p.record, nil); removed || err != nil {
		t.Errorf("a second time: %t, %v", removed, err)
	}
	if removed, err := p.store.RemoveProfiles(Record{}, nil); removed || err != nil {
		t.Errorf("of a record without profiles: %t, %v", removed, err)
	}
}

func TestAProfileThatChangedSinceStays(t *testing.T) {
	p := own(t)
	p.write(t, withKeys("a", "ASIAA"), withHelper("b"))
	later := place{store: p.store}
	later.write(t, withKeys("a", "ASIALATER"), withHelper("c"))
	_, err := p.store.RemoveProfiles(p.record, nil)
	must(t, err)
	_, credentials := p.contents(t)
	if !strings.Contains(credentials, "ASIALATER") {
		t.Errorf("the keys of a later step are gone: %q", credentials)
	}
}

// A step that was killed has written one of the two files at most.
func TestRemoveProfilesOfAKilledStep(t *testing.T) {
	for name, keep := range map[string]string{"config only": "AWS_CONFIG_FILE", "credentials only": "AWS_SHARED_CREDENTIALS_FILE", "neither": ""} {
		t.Run(name, func(t *testing.T) {
			p := foreign(t, mineConfig, mineCredentials)
			p.write(t, withKeys("a", "ASIAA"), withHelper("b"))
			for variable, former := range map[string]string{"AWS_CONFIG_FILE": mineConfig, "AWS_SHARED_CREDENTIALS_FILE": mineCredentials} {
				if variable != keep {
					must(t, os.WriteFile(p.path(variable), []byte(former), 0o600))
				}
				leftover := filepath.Join(filepath.Dir(p.path(variable)), "."+filepath.Base(p.path(variable))+"."+strings.Repeat("Z", 26)+".tmp")
				must(t, os.WriteFile(leftover, []byte("secret"), 0o600))
			}
			_, err := p.store.RemoveProfiles(p.record, nil)
			must(t, err)
			config, credentials := p.contents(t)
			if config != mineConfig || credentials != mineCredentials {
				t.Errorf("left %q and %q", config, credentials)
			}
			entries, err := os.ReadDir(filepath.Dir(p.path("AWS_CONFIG_FILE")))
			must(t, err)
			if len(entries) != 2 {
				t.Errorf("the directory holds %v", entries)
			}
		})
	}
}

func TestDefaultGoesBackToTheEarlierProfile(t *testing.T) {
	p := own(t)
	p.write(t, withKeys("dev", "ASIADEV"), withKeys(profile.Default, "ASIADEV"))
	second := place{store: p.store}
	second.write(t, withKeys(profile.Default, "ASIASECOND"))
	_, err := p.store.RemoveProfiles(second.record, []Record{{Default: "dev"}})
	must(t, err)
	config, credentials := p.contents(t)
	file, err := profile.ParseCredentials([]byte(credentials))
	must(t, err)
	if id, _ := file.Get(profile.Default, "aws_access_key_id"); id.Reveal() != "ASIADEV" || !strings.Contains(config, "[default]\nregion") {
		t.Errorf("[default] is %q in %q", id.Reveal(), config)
	}
}

// What is spoilt in one file keeps no profile in the other one.
func TestRemoveProfilesFromSpoiltFiles(t *testing.T) {
	for name, spoil := range map[string]struct {
		do   func(path string) error
		says string
	}{
		"a zero byte": {func(path string) error { return os.WriteFile(path, []byte("[a]\x00\n"), 0o600) }, "zero byte"},
		"a section that SDKs read differently": {func(path string) error {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, append(content, "\n[b] junk\n[profile b] junk\n"...), 0o600)
		}, "starts a section for some SDKs only"},
		"huge":            {func(path string) error { return os.WriteFile(path, make([]byte, profile.MaxSize+1), 0o600) }, "larger than 8 MiB"},
		"a pipe":          {func(path string) error { return replace(path, func() error { return syscall.Mkfifo(path, 0o600) }) }, "named pipe"},
		"a directory":     {func(path string) error { return replace(path, func() error { return os.Mkdir(path, 0o700) }) }, "a directory"},
		"a dangling link": {func(path string) error { return replace(path, func() error { return os.Symlink("nowhere", path) }) }, "symbolic link"},
	} {
		for _, variable := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
			t.Run(name+" in "+variable, func(t *testing.T) {
				p := foreign(t, mineConfig, mineCredentials)
				p.write(t, withKeys("a", "ASIAA"), withHelper("b"), withKeys("c", "ASIAC"))
				p.record.Profiles["b"] = Profile{p.record.Profiles["b"].Config, digest("junk")}
				must(t, spoil.do(p.path(variable)))
				_, err := p.store.RemoveProfiles(p.record, nil)
				wants(t, err, variable, spoil.says)
				for _, other := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
					if other == variable {
						continue // which would wait, if it is a pipe
					}
					content, err := os.ReadFile(p.path(other))
					if err != nil || strings.Contains(string(content), "[a]") || strings.Contains(string(content), "profile a") {
						t.Errorf("the profiles are still in %s: %q, %v", other, content, err)
					}
				}
			})
		}
	}
}

func replace(path string, by func() error) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	return by()
}

// A profile that cannot be removed keeps no other one.
func TestOneProfileCannotBeRemoved(t *testing.T) {
	p := foreign(t, "", "")
	p.write(t, withKeys("a", "ASIAA"), withKeys("b", "ASIAB"), withKeys("c", "ASIAC"))
	_, credentials := p.contents(t)
	must(t, os.WriteFile(p.record.CredentialsFile, []byte(strings.Replace(credentials, "[b]", "[b] junk", 1)), 0o600))
	removed, err := p.store.RemoveProfiles(p.record, nil)
	wants(t, err, "AWS_SHARED_CREDENTIALS_FILE", p.record.CredentialsFile, "starts a section")
	_, credentials = p.contents(t)
	if !removed || strings.Contains(credentials, "ASIAC") {
		t.Errorf("left %q", credentials)
	}
}

func TestProfileFilesThatAreGone(t *testing.T) {
	p := foreign(t, "", "")
	p.write(t, withKeys("a", "ASIAA"))
	must(t, os.RemoveAll(filepath.Dir(p.record.ConfigFile)))
	if removed, err := p.store.RemoveProfiles(p.record, nil); removed || err != nil {
		t.Errorf("%t, %v", removed, err)
	}
	gone := own(t)
	gone.write(t, withKeys("a", "ASIAA"))
	must(t, os.RemoveAll(gone.store.StateDir()))
	if removed, err := gone.store.RemoveProfiles(gone.record, nil); removed || err != nil {
		t.Errorf("%t, %v", removed, err)
	}
	must(t, os.WriteFile(filepath.Dir(p.record.ConfigFile), nil, 0o600))
	_, err := p.store.RemoveProfiles(p.record, nil)
	wants(t, err, "not a directory")
}

func TestSave(t *testing.T) {
	p := foreign(t, mineConfig, mineCredentials)
	must(t, os.Remove(p.record.CredentialsFile))
	for _, tt := range []struct {
		open   func(string) (*ProfileFile, error)
		path   string
		former string
	}{{p.store.ConfigFile, p.record.ConfigFile, mineConfig}, {p.store.CredentialsFile, p.record.CredentialsFile, ""}} {
		f, err := tt.open(tt.path)
		must(t, err)
		defer f.Close()
		file, err := f.Load([]byte("# missing\n"))
		must(t, err)
		must(t, file.Set("p", []profile.Entry{{Key: "region", Value: secret.New("r")}}))
		undo, err := f.Save(file)
		must(t, err)
		content, err := os.ReadFile(tt.path)
		must(t, err)
		if !strings.Contains(string(content), "region = r") || (tt.former == "") != strings.Contains(string(content), "# missing") {
			t.Errorf("wrote %q", content)
		}
		must(t, undo(t.Context()))
		content, _ = os.ReadFile(tt.path)
		if diff := cmp.Diff(tt.former, string(content)); diff != "" {
			t.Errorf("undone (-want +got):\n%s", diff)
		}
		must(t, os.RemoveAll(tt.path))
		must(t, os.MkdirAll(filepath.Join(tt.path, "x"), 0o700))
		if err := undo(t.Context()); err == nil {
			t.Errorf("%s: undone over a directory", tt.path)
		}
		if _, err := f.Save(file); err == nil {
			t.Errorf("%s: saved over a directory", tt.path)
		}
	}
}

func TestSaveRefusesWhatIsNotReadAgain(t *testing.T) {
	p := own(t)
	f, err := p.store.CredentialsFile("")
	must(t, err)
	file, err := profile.ParseCredentials([]byte(strings.Repeat("#", profile.MaxSize)))
	must(t, err)
	must(t, file.Set("p", []profile.Entry{{Key: "region", Value: secret.New("r")}}))
	_, err = f.Save(file)
	wants(t, err, "AWS_SHARED_CREDENTIALS_FILE", "maximum of 8388608", "use fewer profiles")
	if got := files(t, p.store); len(got) > 0 {
		t.Errorf("wrote %d files", len(got))
	}
}
