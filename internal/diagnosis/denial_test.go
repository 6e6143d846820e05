package diagnosis

import (
	"slices"
	"testing"
)

func TestDenial(t *testing.T) {
	const role = "arn:aws:iam::111111111111:role/hub"
	for want, d := range map[string]*Denial{
		"AWS refused hop 2 of 3, " + role + ": AccessDenied: no (request id r)":         {Role: role, Hop: 2, Hops: 3, Code: "AccessDenied", Message: "no", RequestID: "r"},
		"AWS refused hop 1 of 1, " + role + ": AccessDenied: no":                        {Role: role, Hop: 1, Hops: 1, Code: "AccessDenied", Message: "no"},
		"minio:9000 refused hop 1 of 1, " + role + ": AccessDenied: no":                 {Role: role, Hop: 1, Hops: 1, Code: "AccessDenied", Message: "no", Endpoint: "minio:9000", Foreign: true},
		"AWS refused sts:GetCallerIdentity: ExpiredToken: old":                          {Action: "sts:GetCallerIdentity", Code: "ExpiredToken", Message: "old"},
		"AWS refused hop 1 of 1, " + role + ": status 502 from sts.example: bad":        {Role: role, Hop: 1, Hops: 1, Status: 502, Message: "bad", Endpoint: "sts.example"},
		"AWS refused hop 1 of 1, " + role + ": no response from sts.example: timed out": {Role: role, Hop: 1, Hops: 1, Message: "timed out", Endpoint: "sts.example"},
	} {
		if got := d.Refusal(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// One refusal among failures makes the whole a refusal; they share a hop only if
// all failed there.
func TestSeveral(t *testing.T) {
	reason := func(name string, origin Origin, hop int, what string) Reason {
		return Reason{Profiles: []string{name}, Diagnosis: Diagnosis{Code: Throttled, Origin: origin, Hop: hop, What: what}}
	}
	for name, tt := range map[string]struct {
		failed       []Reason
		code         Code
		exit, hop, n int
		problems     []string
	}{
		"one": {failed: []Reason{reason("a", OriginRefusal, 1, "w\nv")}, code: Throttled, exit: ExitRefused, hop: 1,
			n: 1, problems: []string{"profile a: w", "profile a: v"}},
		"shared": {failed: []Reason{reason("a", OriginFailure, 2, "w"), reason("b", OriginFailure, 2, "w")},
			code: Throttled, exit: ExitFailure, hop: 2, n: 1, problems: []string{"profiles a, b: w"}},
		"a refusal": {failed: []Reason{reason("a", OriginFailure, 2, "w"), reason("b", OriginRefusal, 1, "v")},
			code: ProfilesFailed, exit: ExitRefused, n: 2, problems: []string{"profile a: w", "profile b: v"}},
		"failures": {failed: []Reason{reason("a", OriginFailure, 2, "w"), reason("b", OriginFailure, 2, "v")},
			code: ProfilesFailed, exit: ExitFailure, hop: 2, n: 2, problems: []string{"profile a: w", "profile b: v"}},
		"another program": {failed: []Reason{reason("a", "later", 0, "w")}, code: Throttled, exit: ExitFailure, n: 1,
			problems: []string{"profile a: w"}},
	} {
		d := Several(tt.failed)
		if d.Code != tt.code || d.ExitCode() != tt.exit || d.Hop != tt.hop || len(d.Reasons) != tt.n || !slices.Equal(d.Problems(), tt.problems) {
			t.Errorf("%s: %s, exit code %d, hop %d, %d reasons, problems %q", name, d.Code, d.ExitCode(), d.Hop, len(d.Reasons), d.Problems())
		}
	}
	if d := (Diagnosis{Origin: OriginInputs, What: "a\nb"}); d.ExitCode() != ExitUsage || !slices.Equal(d.Problems(), []string{"a", "b"}) {
		t.Errorf("inputs: exit code %d, problems %q", d.ExitCode(), d.Problems())
	}
	for _, origin := range []Origin{OriginFailure, "a later version's", "fine"} {
		if code := (Diagnosis{Origin: origin}).ExitCode(); code != ExitFailure {
			t.Errorf("origin %q: exit code %d", origin, code)
		}
	}
}

func TestEntry(t *testing.T) {
	if e := Throttled.Entry(); e.Code != Throttled || e.Cause == "" || e.Cure == "" {
		t.Errorf("%+v", e)
	}
	if e := Code("no-such-code").Entry(); e != (Entry{Code: "no-such-code"}) {
		t.Errorf("unknown code: %+v", e)
	}
}
