package jobstate

import (
	"slices"
	"time"

	"github.com/org/aws-oidc-action/internal/secret"
)

// variables are all that a step exports. Other variables in a record are
// ignored. The keys come first.
var variables = [...]string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN",
	"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE",
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_SDK_LOAD_CONFIG",
}

// isKey reports whether a variable holds a key, whose value is never recorded.
func isKey(name string) bool { return slices.Contains(variables[:3], name) }

// ReplacesKeys reports whether the step sets or blanks keys.
func (r Record) ReplacesKeys() bool {
	return slices.ContainsFunc(variables[:3], func(name string) bool { _, ok := r.Exported[name]; return ok })
}

// Environment holds the job's variables at the time when records are undone.
type Environment struct {
	Getenv func(name string) string

	// Former are the keys that the job had before the step whose record is
	// undone, if they are known.
	Former Keys

	// Home returns the file that SDKs read where the variable of a profile file
	// is not set, or "" if it is unknown.
	Home func(variable string) string

	Now time.Time
}

// Revert returns the variables to set so that the job's environment is as it
// was before the undone records, the latest last. A variable whose value differs
// from the record's was changed since and is kept.
//
// A variable cannot be unset. SDKs treat an empty value as unset for keys and for
// AWS_SDK_LOAD_CONFIG, but not for regions and AWS_PROFILE, which are kept if they
// had no value before. An empty path of a profile file hides the file in the home
// directory from boto3 and the SDK for Ruby, so the variable is set to that file
// or, if it is unknown, kept. The keys of an earlier login are restored if its
// record is among the kept ones and its session has not expired.
func (e Environment) Revert(undone, kept []Record) map[string]secret.Value {
	changed := map[string]secret.Value{}
	now := func(name string) string {
		if value, ok := changed[name]; ok {
			return value.Reveal()
		}
		return e.Getenv(name)
	}
	for _, r := range slices.Backward(undone) {
		var ours []string // variables that hold what the record says
		for _, name := range variables {
			if export, ok := r.Exported[name]; ok && digest(now(name)) == export.Digest {
				ours = append(ours, name)
			}
		}
		for _, name := range ours {
			former := r.Exported[name].Former
			switch name {
			case "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE":
				if former == "" {
					continue
				}
			case "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE":
				if former == "" {
					former = e.Home(name)
				}
				if former == "" {
					continue
				}
			}
			if former != now(name) {
				changed[name] = secret.New(former)
			}
		}
		e.restoreKeys(changed, ours, State{Records: kept})
	}
	return changed
}

// restoreKeys sets the keys of an earlier login, all of them or none, where
// the record had replaced them all.
func (e Environment) restoreKeys(changed map[string]secret.Value, ours []string, kept State) {
	former := e.Former.Variables()
	for name, value := range former {
		if !slices.Contains(ours, name) && !(value.IsZero() && e.Getenv(name) == "") {
			return
		}
	}
	if !kept.Owns(e.Former, e.Now) {
		return
	}
	for name, value := range former {
		if value.Reveal() != e.Getenv(name) {
			changed[name] = value
		} else {
			delete(changed, name)
		}
	}
}
