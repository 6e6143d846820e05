package profile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/secret"
)

// odd is a file as people have them, and what Set makes of it for the profile
// "dev" with the one entry region = new; or the error's essential words.
type odd struct {
	name    string
	kind    kind
	profile string // dev, if empty
	before  string
	after   string
	err     string
	// unread names the SDKs that cannot read the file, before and after: for a
	// reason that has nothing to do with the profile.
	unread string
}

func (o odd) target() string {
	if o.profile == "" {
		return "dev"
	}
	return o.profile
}

var odds = []odd{
	{name: "empty", before: "", after: "[profile dev]\nregion = new\n"},
	{name: "empty credentials", kind: credentialsFile, before: "", after: "[dev]\nregion = new\n"},
	{name: "default", profile: "default", before: "", after: "[default]\nregion = new\n"},
	{name: "blank", before: "\n", after: "\n\n[profile dev]\nregion = new\n"},
	{name: "only a comment", before: "# mine\n", after: "# mine\n\n[profile dev]\nregion = new\n"},
	{name: "append", before: "[default]\nregion = a\n", after: "[default]\nregion = a\n\n[profile dev]\nregion = new\n"},
	{name: "append without final newline", before: "[default]\nregion = a", after: "[default]\nregion = a\n\n[profile dev]\nregion = new"},
	{name: "append after a nested block", before: "[default]\ns3 =\n  max_concurrent_requests = 20\n", after: "[default]\ns3 =\n  max_concurrent_requests = 20\n\n[profile dev]\nregion = new\n"},
	{name: "append to CRLF", before: "[default]\r\nregion = a\r\n", after: "[default]\r\nregion = a\r\n\r\n[profile dev]\r\nregion = new\r\n"},
	{name: "append to CRLF without final newline", before: "[default]\r\nregion = a", after: "[default]\r\nregion = a\r\n\r\n[profile dev]\r\nregion = new"},
	{name: "append after an indented header", before: "[a]\nregion = a\n  [b]\n", kind: credentialsFile, after: "[a]\nregion = a\n  [b]\n\n[dev]\nregion = new\n"},

	{name: "replace the only one", before: "[profile dev]\nregion = old\noutput = json\n", after: "[profile dev]\nregion = new\n"},
	{name: "replace the first", before: "[profile dev]\nregion = old\n\n[profile b]\nregion = b\n", after: "[profile dev]\nregion = new\n\n[profile b]\nregion = b\n"},
	{name: "replace one in the middle", before: "[default]\nregion = a\n[profile dev]\nregion = old\n[profile b]\nregion = b\n", after: "[default]\nregion = a\n[profile dev]\nregion = new\n[profile b]\nregion = b\n"},
	{name: "replace the last, without final newline", before: "[default]\nregion = a\n[profile dev]\nregion = old", after: "[default]\nregion = a\n[profile dev]\nregion = new"},
	{name: "replace in CRLF", before: "[profile dev]\r\nregion = old\r\n\r\n[profile b]\r\nregion = b\r\n", after: "[profile dev]\r\nregion = new\r\n\r\n[profile b]\r\nregion = b\r\n"},
	{name: "replace a header alone", before: "[profile dev]", after: "[profile dev]\nregion = new"},
	{name: "replace an empty section", before: "[profile dev]\n\n[profile b]\nregion = b\n", after: "[profile dev]\nregion = new\n\n[profile b]\nregion = b\n"},
	{name: "replace a nested block", before: "[profile dev]\ns3 =\n  max_concurrent_requests = 20\n  addressing_style = path\n[profile b]\nregion = b\n", after: "[profile dev]\nregion = new\n[profile b]\nregion = b\n"},
	{name: "keep a neighbor's nested block", before: "[profile dev]\nregion = old\n[profile b]\ns3 =\n\taddressing_style = path\nregion = b\n", after: "[profile dev]\nregion = new\n[profile b]\ns3 =\n\taddressing_style = path\nregion = b\n"},
	{name: "keep the comment above the next section", before: "[profile dev]\nregion = old\n\n# production\n; really\n[profile b]\nregion = b\n", after: "[profile dev]\nregion = new\n\n# production\n; really\n[profile b]\nregion = b\n"},
	{name: "keep the comment at the end", before: "[profile dev]\nregion = old\n# the end", after: "[profile dev]\nregion = new\n# the end"},
	{name: "keep the comment on the header", before: "[profile dev] # of team A\nregion = old\n", after: "[profile dev] # of team A\nregion = new\n"},
	{name: "keep odd spacing elsewhere", before: "[profile b]\n\tregion=b\noutput   =   json   \n\n\n[profile dev]\nregion = old\n", after: "[profile b]\n\tregion=b\noutput   =   json   \n\n\n[profile dev]\nregion = new\n"},
	{name: "drop keys with odd spacing", kind: credentialsFile, before: "[dev]\naws_access_key_id   =AKIA\nAWS_SECRET_ACCESS_KEY\t=\told\naws_session_token: t\n", after: "[dev]\nregion = new\n"},
	{name: "drop indented entries", before: "[profile dev]\n  region = old\n  credential_process = /old\n[profile b]\nregion = b\n", after: "[profile dev]\nregion = new\n[profile b]\nregion = b\n"},
	{name: "drop continued values", kind: credentialsFile, before: "[dev]\naws_session_token = a\n   b\n   c\n[b]\nregion = b\n", after: "[dev]\nregion = new\n[b]\nregion = b\n"},
	{name: "drop lines that nobody can read", before: "[profile dev]\nregion = old\njunk\n[profile b]\nregion = b\n", after: "[profile dev]\nregion = new\n[profile b]\nregion = b\n"},
	{name: "keep entries before the first section", before: "region = a\n[profile dev]\nregion = old\n", after: "region = a\n[profile dev]\nregion = new\n", unread: "botocore"},
	{name: "keep lines that nobody can read", before: "[profile b]\njunk\n[profile dev]\nregion = old\n", after: "[profile b]\njunk\n[profile dev]\nregion = new\n", unread: "botocore"},

	{name: "quoted name", before: "[profile \"dev\"]\nregion = old\n", after: "[profile dev]\nregion = new\n"},
	{name: "name in single quotes", before: "[profile 'dev']\nregion = old\n[profile b]\nregion = b\n", after: "[profile dev]\nregion = new\n[profile b]\nregion = b\n"},
	{name: "quoted within the name", before: "[profile d\"e\"v]\nregion = old\n", after: "[profile dev]\nregion = new\n"},
	{name: "escaped name", before: "[profile d\\ev]\nregion = old\n", after: "[profile dev]\nregion = new\n"},
	{name: "quoted name with a blank is another", before: "[profile \"dev 2\"]\nregion = old\n", after: "[profile \"dev 2\"]\nregion = old\n\n[profile dev]\nregion = new\n"},
	{name: "quoted name with an escape is another", before: "[profile \"d\\ev\"]\nregion = old\n", after: "[profile \"d\\ev\"]\nregion = old\n\n[profile dev]\nregion = new\n"},
	{name: "quoted and bare", before: "[profile \"dev\"]\nregion = old\n[profile b]\nregion = b\n[profile dev]\nregion = older\n", after: "[profile dev]\nregion = new\n[profile b]\nregion = b\n"},
	{name: "two blanks in the header", before: "[profile  dev]\nregion = old\n", after: "[profile dev]\nregion = new\n"},
	{name: "tab in the header", before: "[profile\tdev]\nregion = old\n", after: "[profile\tdev]\nregion = new\n"},
	{name: "blanks inside the brackets", before: "[ profile dev ]\nregion = old\n", after: "[profile dev]\nregion = new\n"},
	{name: "blanks inside the brackets, credentials", kind: credentialsFile, before: "[ dev ]\nregion = old\n", after: "[dev]\nregion = new\n"},
	{name: "blank after the header", before: "[profile b]\n[profile dev] \nregion = old\n", after: "[profile b]\n[profile dev] \nregion = new\n"},
	{name: "dot for a blank", before: "[profile.dev]\nregion = old\n", after: "[profile dev]\nregion = new\n"},
	{name: "the prefix that only botocore takes", before: "[profiles dev]\nregion = old\n", after: "[profile dev]\nregion = new\n"},
	{name: "unprefixed in a config file is none", before: "[dev]\nregion = old\n", after: "[dev]\nregion = old\n\n[profile dev]\nregion = new\n"},
	{name: "prefixed in a credentials file is none", kind: credentialsFile, before: "[profile dev]\nregion = old\n", after: "[profile dev]\nregion = old\n\n[dev]\nregion = new\n"},
	{name: "duplicates", kind: credentialsFile, before: "[dev]\naws_access_key_id = A\n[b]\nregion = b\n\n[dev]\naws_secret_access_key = S\n\n[dev]\nregion = old\n", after: "[dev]\nregion = new\n[b]\nregion = b\n"},
	{name: "duplicate at the end without newline", before: "[profile dev]\nregion = old\n\n[profile b]\nregion = b\n\n[profile dev]\nregion = older", after: "[profile dev]\nregion = new\n\n[profile b]\nregion = b"},
	{name: "duplicates of another", before: "[profile b]\nregion = b\n[profile b]\nregion = c\n", after: "[profile b]\nregion = b\n[profile b]\nregion = c\n\n[profile dev]\nregion = new\n", unread: "botocore"},
	{name: "default in both spellings", profile: "default", before: "[default]\nregion = old\n[profile b]\nregion = b\n[profile default]\nregion = older\noutput = json\n", after: "[default]\nregion = new\n[profile b]\nregion = b\n"},
	{name: "default as a profile only", profile: "default", before: "[profile default]\nregion = old\n", after: "[profile default]\nregion = new\n"},
	{name: "DEFAULT without credentials", profile: "default", before: "[DEFAULT]\nregion = a\n", after: "[DEFAULT]\nregion = a\n\n[default]\nregion = new\n"},
	{name: "sso-session of the same name", before: "[sso-session dev]\nsso_region = a\n[services dev]\ns3 =\n  endpoint_url = http://localhost\n", after: "[sso-session dev]\nsso_region = a\n[services dev]\ns3 =\n  endpoint_url = http://localhost\n\n[profile dev]\nregion = new\n"},
	{name: "case matters", before: "[profile Dev]\nregion = old\n", after: "[profile Dev]\nregion = old\n\n[profile dev]\nregion = new\n"},
	{name: "a prefix of a name is another", before: "[profile dev2]\nregion = old\n[profile de]\nregion = old\n", after: "[profile dev2]\nregion = old\n[profile de]\nregion = old\n\n[profile dev]\nregion = new\n"},
	{name: "byte order mark", before: "\ufeff[profile b]\nregion = b\n", after: "[profile b]\nregion = b\n\n[profile dev]\nregion = new\n"},
	{name: "byte order mark before the profile", before: "\ufeff[profile dev]\nregion = old\n", after: "[profile dev]\nregion = new\n"},
	{name: "header in a comment", before: "# [profile dev]\n;[profile dev]\n", after: "# [profile dev]\n;[profile dev]\n\n[profile dev]\nregion = new\n"},
	{name: "comment in brackets elsewhere", before: "[profile a#b]\nregion = a\n\n[profile c]\nregion = c\n", after: "[profile a#b]\nregion = a\n\n[profile c]\nregion = c\n\n[profile dev]\nregion = new\n"},
	{name: "a bracket in the header's comment", before: "[profile dev] # see [b]\nregion = old\n", after: "[profile dev]\nregion = new\n"},

	{name: "text after the header", before: "[profile dev] junk\nregion = old\n", err: `line 1: "[profile dev] junk" starts a section for some SDKs only`},
	{name: "text after the next header", before: "[profile dev]\nregion = old\n[profile b]junk\naws_access_key_id = A\n", err: `line 3: "[profile b]junk"`},
	{name: "comment in the next header", before: "[profile dev]\nregion = old\n[profile a#b]\nregion = a\n", err: `line 3: "[profile a#b]"`},
	{name: "comment glued to the header", before: "[profile dev]#c\nregion = old\n", err: `line 1: "[profile dev]#c"`},
	{name: "indented header", before: "[profile b]\nregion = b\n  [profile dev]\nregion = old\n", err: `line 3: "[profile dev]" starts a section for some SDKs only; put [name] at the beginning of the line`},
	{name: "next header indented", before: "[profile dev]\nregion = old\n  [profile b]\nregion = b\n", err: `line 3: "[profile b]"`},
	{name: "empty header", before: "[profile dev]\nregion = old\n[]\nregion = b\n", err: `line 3: "[]"`},
	{name: "credentials in DEFAULT", before: "[DEFAULT]\noutput = json\n aws_access_key_id = A\n", err: "config file: line 3: botocore applies aws_access_key_id of [DEFAULT] to every profile"},
	{name: "a process in DEFAULT", kind: credentialsFile, before: "[dev]\n[DEFAULT]\nCredential_Process : /x\n", err: "credentials file: line 3: botocore applies credential_process of [DEFAULT]"},
}

func (o odd) set() (*File, error) {
	f, err := parse(o.kind, []byte(o.before))
	if err != nil {
		return nil, err
	}
	return f, f.Set(o.target(), []Entry{{"region", secret.New("new")}})
}

func TestSetOddFiles(t *testing.T) {
	for _, o := range odds {
		t.Run(o.name, func(t *testing.T) {
			f, err := o.set()
			if o.err != "" {
				if err == nil || !strings.Contains(err.Error(), o.err) {
					t.Errorf("Set = %v, want an error with %q", err, o.err)
				}
				if got := string(f.Bytes()); got != o.before {
					t.Errorf("a failed Set left %q", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(o.after, string(f.Bytes())); diff != "" {
				t.Errorf("after Set (-want +got):\n%s", diff)
			}
			if value, ok := f.Get(o.target(), "region"); !f.Has(o.target()) || !ok || value.Reveal() != "new" {
				t.Errorf("Get = %q, %v", value.Reveal(), ok)
			}
			again, err := parse(o.kind, f.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Set(o.target(), []Entry{{"region", secret.New("new")}}); err != nil || string(again.Bytes()) != o.after {
				t.Errorf("a second Set made %q, %v", again.Bytes(), err)
			}
			if err := again.Remove(o.target()); err != nil || again.Has(o.target()) {
				t.Errorf("Remove left the profile: %q, %v", again.Bytes(), err)
			}
		})
	}
}

// The real SDKs see exactly what was set, and what they saw of other profiles.
func TestSDKsReadOddFilesAlike(t *testing.T) {
	var cases []odd
	var before, after []files
	for _, o := range odds {
		if o.err != "" {
			continue
		}
		f, err := o.set()
		if err != nil {
			t.Fatal(err)
		}
		pair := func(data []byte) files {
			if o.kind == configFile {
				return onDisk(t, t.TempDir(), data, nil)
			}
			return onDisk(t, t.TempDir(), nil, data)
		}
		cases = append(cases, o)
		before = append(before, pair([]byte(o.before)))
		after = append(after, pair(f.Bytes()))
	}
	names := []string{"default", "dev", "a", "b", "c", "Dev", "dev2", "de", "dev 2", `"dev 2"`, `"d\ev"`, "a#b"}
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			views := s.read(t, slices.Concat(before, after), names)
			for i, o := range cases {
				checkViews(t, o, s.name, views[i], views[len(cases)+i])
			}
		})
	}
}

func checkViews(t *testing.T, o odd, sdk string, was, is view) {
	t.Helper()
	if problem, failed := is[""]; failed || o.unread == sdk {
		if !failed || o.unread != sdk {
			t.Errorf("%s: reads with error %q, expected to be unreadable to %q", o.name, problem, o.unread)
		}
		return
	}
	if diff := cmp.Diff(map[string]string{"region": "new"}, is[o.target()]); diff != "" {
		t.Errorf("%s: the profile (-want +got):\n%s", o.name, diff)
	}
	if _, failed := was[""]; failed || strings.HasPrefix(o.before, byteOrderMark) {
		return // nothing to compare with
	}
	aliases := aliasesOf(t, o.target(), o.kind, o.before)
	if diff := cmp.Diff(without(was, aliases), without(is, aliases)); diff != "" {
		t.Errorf("%s: other profiles (-before +after):\n%s", o.name, diff)
	}
}

// aliasesOf returns all names under which any SDK reads the profile's sections.
func aliasesOf(t *testing.T, profile string, k kind, src string) []string {
	t.Helper()
	f, err := parse(k, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	aliases := []string{profile}
	for _, s := range f.sectionsOf(profile) {
		aliases = append(aliases, s.readers.profiles[:]...)
	}
	return aliases
}

func without(v view, profiles []string) view {
	v = maps.Clone(v)
	maps.DeleteFunc(v, func(name string, _ map[string]string) bool { return slices.Contains(profiles, name) })
	return v
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"[a]\nb = c\x00\n", "config file: line 2 contains a zero byte; save the file as UTF-8 text"},
		{"\xff\xfe[\x00a\x00]\x00", "line 1 contains a zero byte"},
		{"[a]\n\nb = c\rd = e\n", "line 3 contains a carriage return without a line feed"},
		{"[a]\r\nb = c\r", "line 2 contains a carriage return"},
		{"b = c\r\r\n", "line 1 contains a carriage return"},
		{strings.Repeat("#", MaxSize+1), fmt.Sprintf("it has %d bytes, more than the maximum of %d", MaxSize+1, MaxSize)},
	} {
		if _, err := ParseConfig([]byte(c.src)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParseConfig(%.20q) = %v, want an error with %q", c.src, err, c.want)
		}
	}
	if _, err := ParseCredentials([]byte(strings.Repeat("#", MaxSize))); err != nil {
		t.Errorf("a file of the greatest size: %v", err)
	}
}

func TestUnchangedFilesKeepEveryByte(t *testing.T) {
	for _, o := range odds {
		f, err := parse(o.kind, []byte(o.before))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Remove("absent"); err != nil || string(f.Bytes()) != o.before {
			t.Errorf("%s: %q, %v", o.name, f.Bytes(), err)
		}
	}
}

func TestRemove(t *testing.T) {
	for _, c := range []struct{ before, after string }{
		{"", ""},
		{"[dev]\na = b\n", ""},
		{"[dev]\na = b", ""},
		{"[a]\nb = c\n\n[dev]\na = b\n", "[a]\nb = c\n"},
		{"[a]\nb = c\n\n[dev]\na = b", "[a]\nb = c"},
		{"[a]\r\nb = c\r\n\r\n[dev]\r\na = b", "[a]\r\nb = c"},
		{"[a]\nb = c\n[dev]\na = b\n# d\n[e]\nf = g\n", "[a]\nb = c\n# d\n[e]\nf = g\n"},
		{"[a]\n\n\n[dev]\n\n\n[e]\n", "[a]\n\n\n\n[e]\n"},
		{"[dev]\na = b\n[e]\n[dev]\ns3 =\n  f = g\n", "[e]\n"},
	} {
		f, err := ParseCredentials([]byte(c.before))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Remove("dev"); err != nil || string(f.Bytes()) != c.after {
			t.Errorf("Remove from %q = %q, %v; want %q", c.before, f.Bytes(), err, c.after)
		}
	}
}

func TestGet(t *testing.T) {
	f, err := ParseCredentials([]byte("[dev]\nAWS_Session_Token=a\n region = no\nregion: b # c\ns3 =\n  key = no\n[dev]\naws_session_token = d;e\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, key := range []string{"aws_session_token", "region", "key", "s3", "none"} {
		value, ok := f.Get("dev", key)
		got += fmt.Sprintf("%s=%s,%t ", key, value.Reveal(), ok)
	}
	if want := "aws_session_token=d;e,true region=b,true key=,false s3=,true none=,false "; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if f.Has("") || f.Has("none") {
		t.Error("Has finds a profile that is not there")
	}
}

func TestFileDoesNotPrint(t *testing.T) {
	f, err := ParseCredentials([]byte("[dev]\naws_secret_access_key = hush\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%v %+v %#v %s %q %x", f, *f, f, f, f, f); strings.Contains(got, "hush") {
		t.Errorf("printed %s", got)
	}
}

func TestRemoveOfSeveral(t *testing.T) {
	f, err := ParseConfig([]byte("# a\n\n[profile a]\nx = 1\n\n[profile b] junk\nx = 1\n\n[profile a]\nx = 2\n# b\n\n[profile c]\nx = 3\n\n[profile d]\nx = 4\n"))
	if err != nil {
		t.Fatal(err)
	}
	err = f.Remove("c", "b", "a", "c", "gone", "d")
	if err == nil || !strings.Contains(err.Error(), "line 6") {
		t.Errorf("Remove = %v", err)
	}
	// The end of the first [profile a] is where the odd header begins.
	want := "# a\n\n[profile a]\nx = 1\n\n[profile b] junk\nx = 1\n\n[profile a]\nx = 2\n# b\n"
	if diff := cmp.Diff(want, string(f.Bytes())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
