package profile

import (
	"errors"
	"fmt"
	"slices"

	"github.com/org/aws-oidc-action/internal/secret"
)

// Profile is the content of the two files for one profile. Exactly one of Keys
// and Process is set. A process is written into both files: AWS's SDKs for Go (v1)
// and JavaScript (v2) and minio-go, which restic is built on, look for it in the
// credentials file only, some of them always and some unless
// AWS_SDK_LOAD_CONFIG is set.
type Profile struct {
	Name    string
	Region  string // may be empty
	Keys    *Keys
	Process *Process
}

// Keys are credentials in the credentials file.
type Keys struct {
	AccessKeyID     string
	SecretAccessKey secret.Value
	SessionToken    secret.Value // the zero Value for a user's long-lived keys
}

// Write makes p the only content of both files for the profile. It replaces all
// sections of its name, so that old keys do not shadow a new process or the
// reverse. If it returns an error, neither file has changed.
func Write(config, credentials *File, p Profile) error {
	inConfig, inCredentials, err := p.entries()
	if err != nil {
		return fmt.Errorf("profile %q: %w", p.Name, err)
	}
	return edit(config, credentials, func(config, credentials *File) error {
		if err := config.become(p.Name, inConfig); err != nil {
			return err
		}
		return credentials.become(p.Name, inCredentials)
	})
}

// edit applies change to both files or to none.
func edit(config, credentials *File, change func(config, credentials *File) error) error {
	if config.kind != configFile || credentials.kind != credentialsFile {
		return errors.New("config and credentials file are swapped")
	}
	newConfig, newCredentials := config.clone(), credentials.clone()
	if err := change(newConfig, newCredentials); err != nil {
		return err
	}
	*config, *credentials = *newConfig, *newCredentials
	return nil
}

func (f *File) clone() *File {
	return &File{kind: f.kind, mark: f.mark, lines: slices.Clone(f.lines), found: f.found}
}

// become is Set, or Remove if there are no entries.
func (f *File) become(profile string, entries []Entry) error {
	if len(entries) == 0 {
		return f.Remove(profile)
	}
	return f.Set(profile, entries)
}

func (p Profile) entries() (inConfig, inCredentials []Entry, err error) {
	if p.Region != "" {
		inConfig = append(inConfig, Entry{"region", secret.New(p.Region)})
	}
	switch {
	case p.Keys != nil && p.Process == nil:
		inCredentials, err = p.Keys.entries()
	case p.Process != nil && p.Keys == nil:
		var process Entry
		process, err = p.Process.entry()
		inConfig, inCredentials = append(inConfig, process), []Entry{process}
	default:
		err = errors.New("either keys or a process is required")
	}
	return inConfig, inCredentials, err
}

func (k Keys) entries() ([]Entry, error) {
	if k.AccessKeyID == "" || k.SecretAccessKey.IsZero() {
		return nil, errors.New("access key ID and secret access key are both required")
	}
	entries := []Entry{
		{"aws_access_key_id", secret.New(k.AccessKeyID)},
		{"aws_secret_access_key", k.SecretAccessKey},
	}
	if !k.SessionToken.IsZero() {
		entries = append(entries, Entry{"aws_session_token", k.SessionToken})
	}
	return entries, nil
}

// Repeat makes the profile to a copy of the profile from: its region, and its
// keys or process. If from is not in the file, to is removed. If it returns an error, the file has not changed.
func (f *File) Repeat(from, to string) error {
	keys := []string{"region", "credential_process"}
	if f.kind == credentialsFile {
		keys = []string{"credential_process", "aws_access_key_id", "aws_secret_access_key", "aws_session_token"}
	}
	var entries []Entry
	for _, key := range keys {
		if value, ok := f.Get(from, key); ok {
			entries = append(entries, Entry{key, value})
		}
	}
	return f.become(to, entries)
}
