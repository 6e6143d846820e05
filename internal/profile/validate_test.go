package profile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/secret"
)

var goodValues = []string{
	"eu-west-1", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "a=b=", "=", ":", "[a]", "a[b", "a b", "a  b", "a#b", "a;b", "a\"b", "\"a", "a\"", "'a", "\"a'",
	"%(region)s", "%s", "$HOME", "${HOME}", "~", "\\", "\\n", "é", "key = value", "a,b", "!", "null", "true", "0123",
}

func TestSDKsReadGoodValues(t *testing.T) {
	var list []files
	for _, value := range goodValues {
		f, err := ParseConfig(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Set("dev", []Entry{{"region", secret.New(value)}, {"credential_process", secret.New(value)}}); err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		list = append(list, onDisk(t, t.TempDir(), f.Bytes(), nil))
	}
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			for i, got := range s.read(t, list, []string{"dev"}) {
				want := view{"dev": {"region": goodValues[i], "credential_process": goodValues[i]}}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%q (-want +got):\n%s", goodValues[i], diff)
				}
			}
		})
	}
}

func TestSetRefusesValues(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{"", "is empty"},
		{"hush\n[b]", "line break or another control character"},
		{"hush\r", "line break"},
		{"hush\x00", "line break"},
		{"hush\tx", "control character"},
		{"hush\u0085x", "control character"},
		{" hush", "begins or ends with a blank"},
		{"hush ", "begins or ends with a blank"},
		{"hush\u00a0", "begins or ends with a blank"},
		{"\ufeffhush", "begins or ends with a blank"},
		{"hush #x", "has a # or ; at its beginning or after a blank"},
		{"hush ;x", "has a # or ;"},
		{"hush\u2003;x", "has a # or ;"},
		{"#hush", "has a # or ;"},
		{";hush", "has a # or ;"},
		{`"hush"`, "begins and ends with a quote"},
		{"'hush'", "begins and ends with a quote"},
		{`"`, "begins and ends with a quote"},
		{"'", "begins and ends with a quote"},
		{"hush\xff", "is not UTF-8"},
	} {
		f, err := ParseCredentials([]byte("[dev]\na = b\n"))
		if err != nil {
			t.Fatal(err)
		}
		err = f.Set("dev", []Entry{{"aws_session_token", secret.New(c.value)}})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "aws_session_token") {
			t.Errorf("Set of %q = %v, want an error with %q", c.value, err, c.want)
		} else if strings.Contains(err.Error(), "hush") {
			t.Errorf("the error tells the value: %v", err)
		}
		if got := string(f.Bytes()); got != "[dev]\na = b\n" {
			t.Errorf("a failed Set left %q", got)
		}
	}
}

func TestSetRefusesEntries(t *testing.T) {
	x := secret.New("x")
	for _, c := range []struct {
		entries []Entry
		want    string
	}{
		{nil, `profile "dev" has no entries`},
		{[]Entry{{"a", x}, {"a", x}}, `entry "a" is duplicated`},
		{[]Entry{{"Region", x}}, `entry "Region" is invalid; use lower-case letters`},
		{[]Entry{{"", x}}, `entry ""`},
		{[]Entry{{"a = b\nc", x}}, `entry "a = b\nc"`},
		{[]Entry{{" a", x}}, `entry " a"`},
		{[]Entry{{"#a", x}}, `entry "#a"`},
	} {
		f, err := ParseConfig(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Set("dev", c.entries); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Set(%v) = %v, want an error with %q", c.entries, err, c.want)
		}
	}
}
