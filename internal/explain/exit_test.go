package explain

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
)

// The exit code goes by who ended the login, whatever the code.
func TestExitCodeByOrigin(t *testing.T) {
	answer := func(code string, status int) *diagnosis.Denial {
		return &diagnosis.Denial{Action: assumeRole, Role: theRole, Hop: 2, Hops: 3, Code: code, Status: status}
	}
	failure := func(err error) diagnosis.Diagnosis { return Failure(err, Evidence{Now: now}) }
	for name, tt := range map[string]struct {
		of   diagnosis.Diagnosis
		want int
		hop  int
	}{
		"token refused":              {failure(tokenDenial(nil)), diagnosis.ExitRefused, 1},
		"hop refused":                {failure(hopDenial(assumeRole, "", nil)), diagnosis.ExitRefused, 2},
		"wrong parameter":            {failure(answer("ValidationError", 400)), diagnosis.ExitRefused, 2},
		"duration over the hour":     {failure(&diagnosis.Denial{Role: theRole, Hop: 2, Hops: 2, Code: "ValidationError", Message: "exceeds the 1 hour session limit", Status: 400}), diagnosis.ExitRefused, 2},
		"throttled":                  {failure(answer("Throttling", 400)), diagnosis.ExitRefused, 2},
		"unknown code":               {failure(answer("Novelty", 403)), diagnosis.ExitRefused, 2},
		"STS fails":                  {failure(answer("InternalFailure", 500)), diagnosis.ExitFailure, 2},
		"no answer of STS":           {failure(answer("", 0)), diagnosis.ExitFailure, 2},
		"a proxy's answer":           {failure(answer("", 403)), diagnosis.ExitFailure, 2},
		"deadline after a refusal":   {failure(&diagnosis.Denial{Role: theRole, Hop: 1, Hops: 1, Code: "Throttling", Status: 400, Deadline: true}), diagnosis.ExitFailure, 1},
		"identity refused":           {failure(&diagnosis.Denial{Action: "sts:GetCallerIdentity", Hop: 1, Code: "InvalidClientTokenId", Status: 403}), diagnosis.ExitRefused, 0},
		"token endpoint refuses":     {failure(&oidc.EndpointError{Status: 403}), diagnosis.ExitRefused, 0},
		"token endpoint fails":       {failure(&oidc.EndpointError{Status: 503}), diagnosis.ExitFailure, 0},
		"token endpoint unreachable": {failure(&oidc.EndpointError{}), diagnosis.ExitFailure, 0},
		"no token in the answer":     {failure(&oidc.EndpointError{Status: 200}), diagnosis.ExitFailure, 0},
		"deadline":                   {failure(context.DeadlineExceeded), diagnosis.ExitFailure, 0},
		"another error":              {failure(errors.New("disk full")), diagnosis.ExitFailure, 0},
		"an origin that is unknown":  {diagnosis.Diagnosis{Code: diagnosis.Failed, Origin: "a later version's"}, diagnosis.ExitFailure, 0},
		"inputs":                     {diagnosis.Diagnosis{Code: diagnosis.PartitionMismatch, Origin: diagnosis.OriginInputs}, diagnosis.ExitUsage, 0},
		"profiles that fail":         {diagnosis.Several([]diagnosis.Reason{{Profiles: []string{"a"}, Diagnosis: failure(answer("", 0))}, {Profiles: []string{"b"}, Diagnosis: failure(context.DeadlineExceeded)}}), diagnosis.ExitFailure, 0},
		"profiles of which one is refused": {diagnosis.Several([]diagnosis.Reason{{Profiles: []string{"a"}, Diagnosis: failure(answer("", 0))}, {Profiles: []string{"b"}, Diagnosis: failure(answer("AccessDenied", 403))}}),
			diagnosis.ExitRefused, 2},
		"profiles refused at several hops": {diagnosis.Several([]diagnosis.Reason{{Profiles: []string{"a"}, Diagnosis: failure(tokenDenial(nil))}, {Profiles: []string{"b"}, Diagnosis: failure(answer("AccessDenied", 403))}}),
			diagnosis.ExitRefused, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.of.ExitCode(); got != tt.want || tt.of.Hop != tt.hop {
				t.Errorf("%s: exit code %d at hop %d, want %d at hop %d", tt.of.Code, got, tt.of.Hop, tt.want, tt.hop)
			}
			// A later process reads what a renewal noted.
			stored, err := json.Marshal(tt.of)
			var read diagnosis.Diagnosis
			if err == nil {
				err = json.Unmarshal(stored, &read)
			}
			if err != nil || read.ExitCode() != tt.want || read.Text() != tt.of.Text() {
				t.Errorf("stored and read: exit code %d, %v\n%s", read.ExitCode(), err, read.Text())
			}
		})
	}
}
