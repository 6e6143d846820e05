package jobstate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/safefile"
)

// The action's own profile files, in the state directory.
const (
	ConfigName      = "config"
	CredentialsName = "credentials"
)

// Profile holds the marks that identify a record's profile in the two files. An
// empty mark means that the profile is not in that file.
type Profile struct {
	Config      string `json:"config,omitempty"`
	Credentials string `json:"credentials,omitempty"`
}

// Mark returns the marks of a profile as the two files hold it.
func Mark(config, credentials *profile.File, name string) Profile {
	return Profile{Config: mark(config, name), Credentials: mark(credentials, name)}
}

// mark shows whether a profile was replaced: it is the digest of its key, or else
// of its program, or else of its region.
func mark(file *profile.File, name string) string {
	for _, key := range []string{"aws_access_key_id", "credential_process", "region"} {
		if value, ok := file.Get(name, key); ok {
			return digest(value.Reveal())
		}
	}
	return ""
}

// fileKind is one of the two files in which SDKs look for profiles.
type fileKind struct {
	variable string // whose value is its path
	name     string // in the state directory
	parse    func([]byte) (*profile.File, error)
	path     func(Record) string
	mark     func(Profile) string
}

// profileFiles are both, the one with secrets first.
var profileFiles = [...]fileKind{
	{
		variable: "AWS_SHARED_CREDENTIALS_FILE",
		name:     CredentialsName,
		parse:    profile.ParseCredentials,
		path:     func(r Record) string { return r.CredentialsFile },
		mark:     func(p Profile) string { return p.Credentials },
	},
	{
		variable: "AWS_CONFIG_FILE",
		name:     ConfigName,
		parse:    profile.ParseConfig,
		path:     func(r Record) string { return r.ConfigFile },
		mark:     func(p Profile) string { return p.Config },
	},
}

// own is the file of the action's own.
func (k fileKind) own() string { return DirName + "/" + k.name }

// ProfileFile is one of the two files, opened at its place.
type ProfileFile struct {
	kind fileKind
	path string // for errors
	dir  *safefile.Dir
	name string // in dir
	own  bool   // it is in the state directory
}

// ConfigFile opens the config file at an absolute path, whose directory must
// exist, or the one in the state directory if path is empty. The file itself
// need not exist.
func (s *Store) ConfigFile(path string) (*ProfileFile, error) {
	return s.profileFile(profileFiles[1], path)
}

// CredentialsFile is ConfigFile for the credentials file.
func (s *Store) CredentialsFile(path string) (*ProfileFile, error) {
	return s.profileFile(profileFiles[0], path)
}

func (s *Store) profileFile(kind fileKind, path string) (*ProfileFile, error) {
	if path == "" {
		return &ProfileFile{kind: kind, path: filepath.Join(s.StateDir(), kind.name), dir: s.dir, name: kind.own(), own: true}, nil
	}
	dir, err := safefile.Open(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("open the directory of %q: %w", path, err)
	}
	return &ProfileFile{kind: kind, path: path, dir: dir, name: filepath.Base(path)}, nil
}

// Close releases the file's directory; it removes nothing.
func (f *ProfileFile) Close() error {
	if f.own {
		return nil
	}
	return f.dir.Close()
}

// Load parses the file. A missing one has the content of missing.
func (f *ProfileFile) Load(missing []byte) (*profile.File, error) {
	content, there, err := f.read()
	if err != nil {
		return nil, err
	}
	if !there {
		content = missing
	}
	file, err := f.kind.parse(content)
	if err != nil {
		return nil, f.fail(err)
	}
	return file, nil
}

func (f *ProfileFile) read() (content []byte, there bool, err error) {
	content, err = f.dir.ReadFile(f.name, profile.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, f.fail(err)
	}
	return content, true, nil
}

func (f *ProfileFile) fail(err error) error {
	return fmt.Errorf("%s %q: %w", f.kind.variable, f.path, err)
}

// Save replaces the file and returns what undoes that.
func (f *ProfileFile) Save(file *profile.File) (undo func(context.Context) error, err error) {
	former, there, err := f.read()
	if err != nil {
		return nil, err
	}
	content := file.Bytes()
	if len(content) > profile.MaxSize {
		return nil, f.fail(fmt.Errorf("it would have %d bytes, more than the maximum of %d; use fewer profiles", len(content), profile.MaxSize))
	}
	if err := f.dir.WriteFile(f.name, content); err != nil {
		return nil, f.fail(err)
	}
	return func(context.Context) error {
		if there {
			return f.dir.WriteFile(f.name, former)
		}
		return f.dir.Remove(f.name)
	}, nil
}

// RemoveProfiles removes a record's profiles from the files unless they were
// replaced since, together with what a killed writer left. If [default] is among
// them, it becomes a copy of the profile again that it copied for an earlier
// step. An error with one file or profile does not keep others from being
// removed. The caller holds the lock.
func (s *Store) RemoveProfiles(r Record, earlier []Record) (removed bool, err error) {
	if len(r.Profiles) == 0 {
		return false, nil
	}
	for _, kind := range profileFiles {
		some, failed := s.removeFrom(kind, r, State{Records: earlier}.DefaultProfile())
		removed = removed || some
		err = errors.Join(err, failed)
	}
	return removed, err
}

func (s *Store) removeFrom(kind fileKind, r Record, formerDefault string) (removed bool, err error) {
	f, err := s.profileFile(kind, kind.path(r))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	err = f.dir.RemoveLeftovers(f.name)
	file, failed := f.Load(nil)
	if failed != nil {
		return false, errors.Join(err, failed)
	}
	var ours []string
	for _, name := range slices.Sorted(maps.Keys(r.Profiles)) {
		if written := kind.mark(r.Profiles[name]); written != "" && mark(file, name) == written {
			ours = append(ours, name)
		}
	}
	failed = file.Remove(ours...)
	ours = slices.DeleteFunc(ours, file.Has)
	if formerDefault != "" && slices.Contains(ours, profile.Default) {
		failed = errors.Join(failed, file.Repeat(formerDefault, profile.Default))
	}
	if failed != nil {
		err = errors.Join(err, f.fail(failed))
	}
	if len(ours) == 0 {
		return false, err
	}
	_, failed = f.Save(file)
	return true, errors.Join(err, failed)
}
