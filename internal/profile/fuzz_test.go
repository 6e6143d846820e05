package profile

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/secret"
)

var someKeys = Profile{Name: "dev", Region: "new", Keys: &Keys{
	AccessKeyID: "AKIANEW", SecretAccessKey: secret.New("s/+="), SessionToken: secret.New("t=="),
}}

var someProcess = Profile{Name: "dev", Process: &Process{Executable: "/opt/a b/tool", Profile: "dev"}}

// FuzzSet holds for every file that is not refused: a new profile's Set is
// undone byte for byte by Remove, and otherwise only the profile's own lines go.
func FuzzSet(f *testing.F) {
	for _, o := range odds {
		f.Add([]byte(o.before), o.kind == configFile, "dev")
	}
	f.Fuzz(func(t *testing.T, src []byte, isConfig bool, name string) {
		k := credentialsFile
		if isConfig {
			k = configFile
		}
		file, err := parse(k, src)
		if err != nil {
			return
		}
		if got := string(file.Bytes()); got != string(src) {
			t.Fatalf("Bytes() = %q, want %q", got, src)
		}
		was := foreign(file, name)
		isNew := !file.Has(name)
		if err := file.Set(name, []Entry{{"region", secret.New("new")}}); err != nil {
			if got := string(file.Bytes()); got != string(src) {
				t.Fatalf("a failed Set left %q", got)
			}
			return
		}
		if value, ok := file.Get(name, "region"); !ok || value.Reveal() != "new" || len(file.sectionsOf(name)) != 1 {
			t.Errorf("after Set: %q, %v", value.Reveal(), ok)
		}
		if diff := cmp.Diff(was, foreign(file, name)); diff != "" {
			t.Errorf("Set changed other lines (-before +after):\n%s", diff)
		}
		if err := file.Remove(name); err != nil || file.Has(name) {
			t.Errorf("Remove after Set: %v", err)
		}
		want := strings.TrimPrefix(string(src), byteOrderMark)
		if got := string(file.Bytes()); isNew && got != want {
			t.Errorf("Set and Remove of a new profile made %q of %q", got, want)
		}
	})
}

// foreign returns the lines that are not in a section of the profile, without
// their endings, and not the blank ones.
func foreign(f *File, profile string) string {
	lines := slices.Clone(f.lines)
	for _, s := range f.sectionsOf(profile) {
		clear(lines[s.head:s.tail])
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], "\r\n")
	}
	return strings.Join(slices.DeleteFunc(lines, isBlank), "\n")
}

// FuzzWriteForGo: whatever the files contain, the Go SDK reads exactly what
// was written, and of other profiles what it read before.
func FuzzWriteForGo(f *testing.F) {
	for i, o := range odds {
		f.Add([]byte(o.before), []byte(odds[(i*7)%len(odds)].before), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, configSrc, credentialsSrc []byte, static bool) {
		c, err := ParseConfig(configSrc)
		if err != nil || c.mark != "" {
			return
		}
		k, err := ParseCredentials(credentialsSrc)
		if err != nil || k.mark != "" || strings.Contains(string(configSrc)+string(credentialsSrc), "source_profile") {
			return // a profile that refers to another one may well change with it
		}
		p := someProcess
		if static {
			p = someKeys
		}
		names := slices.Collect(maps.Keys(profilesOf(c, k)))
		before := readGo(t, []files{onDisk(t, t.TempDir(), configSrc, credentialsSrc)}, names)[0]
		if err := Write(c, k, p); err != nil {
			return
		}
		after := readGo(t, []files{onDisk(t, t.TempDir(), c.Bytes(), k.Bytes())}, append(names, "dev"))[0]
		if diff := cmp.Diff(valuesOf(t, p), after["dev"]); diff != "" {
			t.Errorf("the profile (-want +got):\n%s\n%q\n%q", diff, c.Bytes(), k.Bytes())
		}
		aliases := append(aliasesOf(t, "dev", configFile, string(configSrc)), aliasesOf(t, "dev", credentialsFile, string(credentialsSrc))...)
		if diff := cmp.Diff(without(before, aliases), without(after, aliases)); diff != "" {
			t.Errorf("other profiles (-before +after):\n%s", diff)
		}
	})
}

// profilesOf collects the profiles that any SDK sees.
func profilesOf(list ...*File) map[string]bool {
	names := make(map[string]bool)
	for _, f := range list {
		for _, s := range f.sections() {
			for _, name := range s.readers.profiles {
				names[name] = true
			}
		}
	}
	delete(names, "")
	return names
}

// valuesOf is what an SDK is to read of p.
func valuesOf(t *testing.T, p Profile) map[string]string {
	t.Helper()
	values := map[string]string{}
	inConfig, inCredentials, err := p.entries()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Concat(inConfig, inCredentials) {
		values[e.Key] = e.Value.Reveal()
	}
	return values
}

// fragments are lines that make odd files when they are mixed.
var fragments = []string{
	"[profile dev]", "[dev]", "[default]", "[profile default]", "[profile \"dev\"]", "[profile b]", "[b]", "[ dev ]",
	"[profile  dev] ; c", "[profile\tc]", "[c]#c", "[profile a#b]", "  [b]", "[b]x", "[profile.dev]", "[sso-session dev]",
	"[profile b] # [dev]", "[profile c] ", "[c] ;c", "[]", "[[dev]]", "[profile 'c d']",
	"region = old", "region=a # c", "\tregion = b", "aws_access_key_id = A", "aws_secret_access_key= S", "aws_session_token : T",
	"credential_process = /old --x", "s3 =", "  addressing_style = path", "  max_queue = 1 ; c", "output =json", "junk", " = x",
	"", "  ", "# comment", "  ; comment", "role_session_name = \"q\"",
}

func generate(r *rand.Rand) []byte {
	var b strings.Builder
	newline := []string{"\n", "\r\n"}[r.IntN(2)]
	for range r.IntN(12) {
		b.WriteString(fragments[r.IntN(len(fragments))] + newline)
	}
	if r.IntN(3) == 0 {
		return []byte(strings.TrimSuffix(b.String(), newline))
	}
	return []byte(b.String())
}

// The same as FuzzWriteForGo for all SDKs, on files of odd lines.
func TestSDKsReadGeneratedFilesAlike(t *testing.T) {
	wanted := int(propertytest.Cases(250))
	r := rand.New(rand.NewPCG(1, 2))
	var profiles []Profile
	var aliases [][]string
	var before, after []files
	names := make(map[string]bool)
	for tried := 0; len(profiles) < wanted; tried++ {
		if tried > 10*wanted {
			t.Fatalf("of %d files only %d were accepted", tried, len(profiles))
		}
		configSrc, credentialsSrc := generate(r), generate(r)
		was := onDisk(t, t.TempDir(), configSrc, credentialsSrc)
		c, k := load(t, was)
		p := []Profile{someKeys, someProcess}[r.IntN(2)]
		maps.Copy(names, profilesOf(c, k))
		if Write(c, k, p) != nil {
			continue
		}
		profiles = append(profiles, p)
		aliases = append(aliases, append(aliasesOf(t, "dev", configFile, string(configSrc)), aliasesOf(t, "dev", credentialsFile, string(credentialsSrc))...))
		before = append(before, was)
		after = append(after, onDisk(t, t.TempDir(), c.Bytes(), k.Bytes()))
	}
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			views := s.read(t, slices.Concat(before, after), slices.Collect(maps.Keys(names)))
			compared := 0
			for i, p := range profiles {
				was, is := views[i], views[wanted+i]
				if _, failed := was[""]; failed {
					continue // one that this SDK cannot read, for whatever reason
				}
				compared++
				if diff := cmp.Diff(valuesOf(t, p), is["dev"]); diff != "" {
					t.Errorf("the profile (-want +got):\n%s\n%s", diff, dump(t, before[i], after[i]))
				}
				if diff := cmp.Diff(without(was, aliases[i]), without(is, aliases[i])); diff != "" {
					t.Errorf("other profiles (-before +after):\n%s\n%s", diff, dump(t, before[i], after[i]))
				}
			}
			if compared < wanted/20 {
				t.Errorf("only %d of %d files were readable", compared, wanted)
			}
			t.Logf("compared %d of %d", compared, wanted)
		})
	}
}
