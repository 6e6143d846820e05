package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/oidc"
)

func TestBrief(t *testing.T) {
	claims := []Claim{{"sub", "repo:o/r"}}
	for name, tt := range map[string]struct {
		of   Diagnosis
		want []string
	}{
		"certain":     {Diagnosis{What: "w", Claims: claims, Causes: []string{"one"}, Cure: "do\nthis"}, []string{"w", "cause: one", "do\nthis"}},
		"several":     {Diagnosis{What: "w", Causes: []string{"one", "two"}, Cure: "do"}, []string{"w", "cause: one", "do"}},
		"open":        {Diagnosis{What: "w", Open: true, Causes: []string{"one", "two", "three"}, Cure: "do"}, []string{"w", "possible cause, the most likely of 3: one", "do"}},
		"code":        {Diagnosis{Code: Throttled, What: "w", Causes: []string{"one"}}, []string{"w", "cause (throttled): one"}},
		"open code":   {Diagnosis{Code: Throttled, What: "w", Open: true, Causes: []string{"one"}}, []string{"w", "possible cause: one"}},
		"no cure":     {Diagnosis{What: "w", Causes: []string{"one"}}, []string{"w", "cause: one"}},
		"no cause":    {Diagnosis{Code: AccountNotAllowed, What: "w", Cure: "do"}, []string{"w", "code: account-not-allowed", "do"}},
		"a problem":   {Diagnosis{Code: PartitionMismatch, What: "input a: x"}, []string{"input a: x", "code: partition-mismatch"}},
		"no code":     {Diagnosis{Code: Failed, What: "w"}, []string{"w"}},
		"problems":    {Diagnosis{What: "input a: x\ninput b: y"}, []string{"input a: x", "input b: y"}},
		"long":        {Diagnosis{What: strings.Repeat("w", 2000), Causes: []string{strings.Repeat("c", 2000)}, Cure: strings.Repeat("do this\n", 200)}, []string{strings.Repeat("w", 1199) + "…", "cause: " + strings.Repeat("c", 592) + "…", strings.TrimSuffix(strings.Repeat("do this\n", 99), "\n") + "\n…"}},
		"one reason":  {Several([]Reason{{[]string{"a"}, Diagnosis{Code: Throttled, What: "w", Cure: "do"}}, {[]string{"b"}, Diagnosis{Code: Throttled, What: "w", Cure: "do"}}}), []string{"profiles a, b: w\ncode: throttled\ndo"}},
		"two reasons": {Several([]Reason{{[]string{"a"}, Diagnosis{Code: Throttled, What: "w"}}, {[]string{"b"}, Diagnosis{Code: Throttled, What: "v"}}, {[]string{"c"}, Diagnosis{Code: Deadline, What: "v"}}}), []string{"throttled: a, b\ndeadline: c", "profile a: w\ncode: throttled", "profile b: v\ncode: throttled", "profile c: v\ncode: deadline"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.of.Brief()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The index of very many profiles leaves room for the first reason.
func TestBriefOfManyProfiles(t *testing.T) {
	var failed []Reason
	for i := range 500 {
		code := Codes[i%5]
		failed = append(failed, Reason{[]string{fmt.Sprintf("a-profile-with-a-long-name-%03d", i)}, Diagnosis{Code: code, What: strings.Repeat("w", 1000+i), Cure: "do"}})
	}
	brief := Several(failed).Brief()
	if n := len(brief[0]); n < 1500 || n > 2300 {
		t.Errorf("the index has %d characters", n)
	}
	for _, code := range Codes[:5] {
		if !strings.Contains(brief[0], string(code)+": a-profile-with") {
			t.Errorf("%s is not named in:\n%s", code, brief[0])
		}
	}
	named := strings.Count(brief[0], "-name-")
	for _, m := range regexp.MustCompile(` and ([0-9]+) more(\n|$)`).FindAllStringSubmatch(brief[0], -1) {
		more, _ := strconv.Atoi(m[1])
		named += more
	}
	if named != 500 {
		t.Errorf("the index counts %d profiles, want 500:\n%s", named, brief[0])
	}
	if text := Several(failed).Text(); strings.Contains(text, " more") || strings.Count(text, "-499") != 2 {
		t.Error("the whole text leaves profiles out")
	}
}

func TestSharedClaimsAreToldOnce(t *testing.T) {
	claims := func(aud string) []Claim { return []Claim{{"sub", "repo:o/r"}, {"aud", aud}} }
	d := Several([]Reason{
		{[]string{"a"}, Diagnosis{Code: Throttled, What: "w", Claims: claims("x")}},
		{[]string{"b"}, Diagnosis{Code: Throttled, What: "v", Claims: claims("y")}},
		{[]string{"c"}, Diagnosis{Code: Throttled, What: "u", Claims: claims("x")}},
	})
	const want = `throttled: a, b, c

profile a: w
token claims:
  sub               repo:o/r
  aud               x
code: throttled

profile b: v
token claims:
  sub               repo:o/r
  aud               y
code: throttled

profile c: u
code: throttled`
	if diff := cmp.Diff(want, d.Text()); diff != "" {
		t.Error(diff)
	}
}

// The exit code goes by who ended the login, whatever the code.
func TestExitCodeByOrigin(t *testing.T) {
	answer := func(code string, status int) *Denial {
		return &Denial{Action: assumeRole, Role: theRole, Hop: 2, Hops: 3, Code: code, Status: status}
	}
	failure := func(err error) Diagnosis { return Failure(err, Evidence{Now: now}) }
	for name, tt := range map[string]struct {
		of   Diagnosis
		want int
		hop  int
	}{
		"token refused":              {failure(tokenDenial(nil)), ExitRefused, 1},
		"hop refused":                {failure(hopDenial(assumeRole, "", nil)), ExitRefused, 2},
		"wrong parameter":            {failure(answer("ValidationError", 400)), ExitRefused, 2},
		"duration over the hour":     {failure(&Denial{Role: theRole, Hop: 2, Hops: 2, Code: "ValidationError", Message: "exceeds the 1 hour session limit", Status: 400}), ExitRefused, 2},
		"throttled":                  {failure(answer("Throttling", 400)), ExitRefused, 2},
		"unknown code":               {failure(answer("Novelty", 403)), ExitRefused, 2},
		"STS fails":                  {failure(answer("InternalFailure", 500)), ExitFailure, 2},
		"no answer of STS":           {failure(answer("", 0)), ExitFailure, 2},
		"a proxy's answer":           {failure(answer("", 403)), ExitFailure, 2},
		"deadline after a refusal":   {failure(&Denial{Role: theRole, Hop: 1, Hops: 1, Code: "Throttling", Status: 400, Deadline: true}), ExitFailure, 1},
		"identity refused":           {failure(&Denial{Action: "sts:GetCallerIdentity", Hop: 1, Code: "InvalidClientTokenId", Status: 403}), ExitRefused, 0},
		"token endpoint refuses":     {failure(&oidc.EndpointError{Status: 403}), ExitRefused, 0},
		"token endpoint fails":       {failure(&oidc.EndpointError{Status: 503}), ExitFailure, 0},
		"token endpoint unreachable": {failure(&oidc.EndpointError{}), ExitFailure, 0},
		"no token in the answer":     {failure(&oidc.EndpointError{Status: 200}), ExitFailure, 0},
		"deadline":                   {failure(context.DeadlineExceeded), ExitFailure, 0},
		"another error":              {failure(errors.New("disk full")), ExitFailure, 0},
		"missing token":              {MissingToken(Job{}), ExitRefused, 0},
		"an origin that is unknown":  {Diagnosis{Code: Failed, Origin: "a later version's"}, ExitFailure, 0},
		"inputs":                     {Diagnosis{Code: PartitionMismatch, Origin: OriginInputs}, ExitUsage, 0},
		"profiles that fail":         {Several([]Reason{{[]string{"a"}, failure(answer("", 0))}, {[]string{"b"}, failure(context.DeadlineExceeded)}}), ExitFailure, 0},
		"profiles of which one is refused": {Several([]Reason{{[]string{"a"}, failure(answer("", 0))}, {[]string{"b"}, failure(answer("AccessDenied", 403))}}),
			ExitRefused, 2},
		"profiles refused at several hops": {Several([]Reason{{[]string{"a"}, failure(tokenDenial(nil))}, {[]string{"b"}, failure(answer("AccessDenied", 403))}}),
			ExitRefused, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.of.ExitCode(); got != tt.want || tt.of.Hop != tt.hop {
				t.Errorf("%s: exit code %d at hop %d, want %d at hop %d", tt.of.Code, got, tt.of.Hop, tt.want, tt.hop)
			}
			// A later process reads what a renewal noted.
			stored, err := json.Marshal(tt.of)
			var read Diagnosis
			if err == nil {
				err = json.Unmarshal(stored, &read)
			}
			if err != nil || read.ExitCode() != tt.want || read.Text() != tt.of.Text() {
				t.Errorf("stored and read: exit code %d, %v\n%s", read.ExitCode(), err, read.Text())
			}
		})
	}
}
