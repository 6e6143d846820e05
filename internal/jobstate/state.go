// Package jobstate records what the steps of one job have published, so that a
// later phase of any step can undo it.
//
// Everything is recorded before it is published, so that a record names all that
// a killed process left. A record contains no secret, only digests of values.
// Every part is undone separately, so that an error with one does not keep others
// from being undone.
package jobstate

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/secret"
)

const (
	version = 2 // of the state's format

	// maxState bounds the state in bytes, for writers and readers. 500 profiles
	// with the longest names that AWS's own tools write take a tenth of it.
	maxState = 4 << 20

	// maxMemo bounds a memo in bytes: Linux passes no variable of 128 KiB or
	// more (execve(2), MAX_ARG_STRLEN), and the runner passes it as one.
	maxMemo = 96 << 10
)

// State is what the steps of a job have published, the latest last.
type State struct {
	Version int      `json:"version"`
	Records []Record `json:"records"`
}

// Record is what one step publishes.
type Record struct {
	ID       string             `json:"id"`
	Action   string             `json:"action,omitempty"`   // GITHUB_ACTION, the step's name in its job
	Exported map[string]Export  `json:"exported,omitempty"` // by variable
	Profiles map[string]Profile `json:"profiles,omitempty"` // by name
	Refresh  []string           `json:"refresh,omitempty"`  // names of the logins stored for the helper
	Default  string             `json:"default,omitempty"`  // the profile that [default] copies
	Sessions []Session          `json:"sessions,omitempty"`

	// The files that hold the profiles, as absolute paths; empty for the files
	// in the state directory.
	ConfigFile      string `json:"config-file,omitempty"`
	CredentialsFile string `json:"credentials-file,omitempty"`
}

// Export is a variable's value, as a digest, and the value that it replaced,
// which is empty for keys: those are secret.
type Export struct {
	Digest string `json:"digest"`
	Former string `json:"former,omitempty"`
}

// Session is the role that an access key id belongs to, and when it expires:
// never, if that is zero.
type Session struct {
	AccessKeyID string    `json:"access-key-id"`
	Role        string    `json:"role"`
	ARN         string    `json:"arn"`
	Expires     time.Time `json:"expires"`
}

// Keys are AWS keys as the environment holds them. The session token of a
// user's keys is empty.
type Keys struct {
	AccessKeyID     string
	SecretAccessKey secret.Value
	SessionToken    secret.Value
}

// NewRecord returns the record of a step that has published nothing yet.
func NewRecord(action string) Record {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails: crypto/rand crashes instead
	return Record{ID: hex.EncodeToString(random), Action: action}
}

// Export adds a variable to the record. The former value of a key is dropped.
func (r *Record) Export(name string, value secret.Value, former string) {
	if r.Exported == nil {
		r.Exported = map[string]Export{}
	}
	if isKey(name) {
		former = ""
	}
	r.Exported[name] = Export{Digest: digest(value.Reveal()), Former: former}
}

// DefaultProfile returns the profile that [default] copies, or "".
func (s State) DefaultProfile() string {
	for _, r := range slices.Backward(s.Records) {
		if r.Default != "" {
			return r.Default
		}
	}
	return ""
}

// OnlyProfile returns the name of the one profile that the job's steps wrote,
// or "" if there are none or several.
func (s State) OnlyProfile() string {
	only := ""
	for _, r := range s.Records {
		for name := range r.Profiles {
			if only != "" && name != only {
				return ""
			}
			only = name
		}
	}
	return only
}

// HasProfile reports whether one of the job's steps wrote a profile.
func (s State) HasProfile(name string) bool {
	return slices.ContainsFunc(s.Records, func(r Record) bool {
		_, ok := r.Profiles[name]
		return ok
	})
}

// Expiry returns when the session of an access key id expires, or the zero
// time if none of the job's steps assumed it.
func (s State) Expiry(accessKeyID string) time.Time {
	for _, r := range s.Records {
		if session, ok := r.session(accessKeyID); ok {
			return session.Expires
		}
	}
	return time.Time{}
}

// Owns reports whether the record of a step has exactly these keys and their
// session has not expired.
func (s State) Owns(k Keys, now time.Time) bool {
	return slices.ContainsFunc(s.Records, func(r Record) bool {
		session, ok := r.session(k.AccessKeyID)
		return ok && (session.Expires.IsZero() || session.Expires.After(now)) && r.exports(k)
	})
}

func (r Record) session(accessKeyID string) (Session, bool) {
	i := slices.IndexFunc(r.Sessions, func(s Session) bool { return s.AccessKeyID == accessKeyID })
	if i < 0 {
		return Session{}, false
	}
	return r.Sessions[i], true
}

func (r Record) exports(k Keys) bool {
	for name, value := range k.Variables() {
		e, ok := r.Exported[name]
		if !ok && value.IsZero() {
			continue // a user's keys beside no session token
		}
		if e.Digest != digest(value.Reveal()) {
			return false
		}
	}
	return k.AccessKeyID != ""
}

// Variables are the keys by the names of their variables.
func (k Keys) Variables() map[string]secret.Value {
	return map[string]secret.Value{
		"AWS_ACCESS_KEY_ID":     secret.New(k.AccessKeyID),
		"AWS_SECRET_ACCESS_KEY": k.SecretAccessKey,
		"AWS_SESSION_TOKEN":     k.SessionToken,
	}
}

// Memo returns the record as one line of text, which the runner keeps in memory
// until the step's post phase, out of reach of other steps. It leaves out
// sessions, which the post phase does not need, and profiles if they are too many
// for a variable.
func (r Record) Memo() (string, error) {
	r.Sessions = nil
	content, err := json.Marshal(r)
	if err == nil && len(content) > maxMemo {
		r.Profiles, r.Refresh = nil, nil
		content, err = json.Marshal(r)
	}
	if err != nil {
		return "", fmt.Errorf("encode the record: %w", err)
	}
	return string(content), nil
}

// ParseMemo is the reverse of Memo.
func ParseMemo(text string) (Record, error) {
	var r Record
	if err := json.Unmarshal([]byte(text), &r); err != nil || r.ID == "" {
		return Record{}, errors.New("the runner's copy of this step's record is invalid")
	}
	r.prune()
	return r, nil
}

// Complete returns the record of a memo with what the memo left out, which is
// in the state's record of the same step.
func (r Record) Complete(stored Record) Record {
	if r.Profiles == nil {
		r.Profiles = stored.Profiles
	}
	if r.Refresh == nil {
		r.Refresh = stored.Refresh
	}
	return r
}

// prune removes what no version of this action writes: other steps can write to
// the state directory, and what they add must not reach the job's environment.
func (r *Record) prune() {
	for name, e := range r.Exported {
		switch {
		case !slices.Contains(variables[:], name):
			delete(r.Exported, name)
		case isKey(name) || strings.ContainsRune(e.Former, 0):
			r.Exported[name] = Export{Digest: e.Digest}
		}
	}
}

func encodeState(s State) ([]byte, error) {
	content, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the state: %w", err)
	}
	if len(content) > maxState {
		return nil, fmt.Errorf("the state of the job's steps has %d bytes, more than the maximum of %d; use fewer profiles", len(content), maxState)
	}
	return content, nil
}

var errUnreadable = errors.New("the state of an earlier step is not readable; use one version of the action in a job, and keep other programs from writing to its directory")

func decodeState(content []byte) (State, error) {
	var s State
	if err := json.Unmarshal(content, &s); err != nil || s.Version != version {
		return State{Version: version}, errUnreadable
	}
	for i := range s.Records {
		s.Records[i].prune()
	}
	return s, nil
}

// digest is short, so that the records of many profiles fit into a variable.
// 128 bits are enough to detect a replaced value.
func digest(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:16])
}
