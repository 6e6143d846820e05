// Package early answers credential-process from the cache before the rest of
// the program begins.
//
// SDKs start credential-process in each of their processes, and initializing
// the packages of AWS's SDK and of YAML takes longer than all the rest of the
// answer. Go cannot defer that. Therefore the init function of this package
// prints the answer and ends the process if the session in the state is not due.
// In every other case it does nothing, and the program prints the answer.
// It runs early because it imports little: of the packages whose imports are
// initialized, Go initializes the first by import path (The Go Programming
// Language Specification, Program initialization).
package early

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/org/aws-oidc-action/internal/safefile"
)

func init() {
	line := find(os.Args, os.Executable, time.Now())
	if line == nil {
		return
	}
	if _, err := os.Stdout.Write(line); err != nil {
		_, _ = os.Stderr.WriteString("aws-oidc-action: failed: the credentials cannot be printed\n")
		os.Exit(3)
	}
	os.Exit(0)
}

// find returns the answer to a command line of the form that profiles have, or
// nil. Errors are left to the program.
func find(args []string, executable func() (string, error), now time.Time) (line []byte) {
	if len(args) < 4 || args[1] != "credential-process" {
		return nil
	}
	var profile, dir string
	switch rest := args[2:]; {
	case len(rest) == 2 && rest[0] == "--profile":
		path, err := executable()
		if err != nil {
			return nil
		}
		profile, dir = rest[1], filepath.Dir(path)
	case len(rest) == 4 && rest[0] == "--profile" && rest[2] == "--state":
		profile, dir = rest[1], rest[3]
	case len(rest) == 4 && rest[0] == "--state" && rest[2] == "--profile":
		profile, dir = rest[3], rest[1]
	default:
		return nil
	}
	return cached(dir, profile, now)
}

// cached returns the answer from a session in the state that is not due, or nil.
func cached(stateDir, profile string, now time.Time) (line []byte) {
	dir, err := safefile.Open(stateDir)
	if err != nil {
		return nil
	}
	defer dir.Close()
	content, err := dir.ReadFile(Folder(profile)+"/"+SessionFile, MaxFile)
	if err != nil {
		return nil
	}
	var d Document[struct {
		AccessKeyID, SecretAccessKey, SessionToken, Account string

		Expires, Fetched time.Time
	}]
	if err := json.Unmarshal(content, &d); err != nil || !d.Of(profile) || !Young(d.Content.Fetched, d.Content.Expires, now) {
		return nil
	}
	s := d.Content
	if s.AccessKeyID == "" || s.SecretAccessKey == "" || s.SessionToken == "" {
		return nil
	}
	line, err = Answer{
		AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey, SessionToken: s.SessionToken,
		Expiration: s.Expires, AccountID: s.Account,
	}.Line()
	if err != nil {
		return nil
	}
	return line
}

// SessionFile is the session of a profile, in the profile's folder. MaxFile
// bounds the files there, in bytes: a login holds up to three files of roots,
// 2 MiB each, in base64.
const (
	SessionFile = "session.json"
	MaxFile     = 12 << 20
)

// Folder is the directory of a profile's files, below the state directory. It is
// a digest, because a profile's name may be "..", may differ from another one
// only by case, and may be longer than the name of a file.
func Folder(profile string) string {
	sum := sha256.Sum256([]byte(profile))
	return "refresh/" + hex.EncodeToString(sum[:16])
}

// version of every file.
const version = 1

// Document is the content of a file of a profile.
type Document[T any] struct {
	Version int    `json:"version"`
	Profile string `json:"profile"`
	Content T      `json:"content"`
}

// NewDocument returns the content of a file of this version.
func NewDocument[T any](profile string, content T) Document[T] {
	return Document[T]{version, profile, content}
}

// Of reports whether the document is of this version and of the profile.
func (d Document[T]) Of(profile string) bool { return d.Version == version && d.Profile == profile }

// Answer is version 1 of what SDKs read from a credential_process.
type Answer struct {
	AccessKeyID, SecretAccessKey, SessionToken string

	Expiration time.Time
	AccountID  string
}

// Line is the answer as it is printed: one line of JSON, which holds the
// secrets.
func (a Answer) Line() ([]byte, error) {
	line, err := json.Marshal(struct {
		Version         int
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      string // RFC 3339, UTC
		AccountID       string `json:"AccountId"`
	}{1, a.AccessKeyID, a.SecretAccessKey, a.SessionToken, a.Expiration.UTC().Format(time.RFC3339), a.AccountID})
	return append(line, '\n'), err
}

// Young reports whether enough of a session's lifetime is left to return it
// without a renewal. A session that was fetched in the future is not young: the
// clock was set back since, so its remaining time is unknown.
func Young(fetched, expires, now time.Time) bool {
	return expires.Sub(now) >= margin(expires.Sub(fetched)) && fetched.Sub(now) <= clockSlew
}

// clockSlew is how far synchronized clocks can go back.
const clockSlew = time.Minute

// longestMargin is more than the 15 minutes for which botocore requires a session
// to be valid: with less, it starts the program again for every call.
const longestMargin = 20 * time.Minute

// margin is how much of a session's lifetime must be left to return it without a
// renewal: a third, so that there is time for many attempts, and for sessions of
// up to an hour as much as botocore requires, but never more than half.
func margin(lifetime time.Duration) time.Duration {
	return max(lifetime/3, min(longestMargin, lifetime/2))
}
