package action

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/safefile"
)

const (
	stateDir  = "aws-oidc-action" // in the directory that later steps see too
	stateFile = stateDir + "/state.json"
	maxState  = 1 << 20 // bytes
)

// jobState is what the uses of the action in one job have published. It holds
// no secret: of what was exported it keeps digests.
type jobState struct {
	Version int      `json:"version"`
	Records []record `json:"records"`
}

// record is what one step has published.
type record struct {
	ID       string              `json:"id"`
	Action   string              `json:"action,omitempty"`   // GITHUB_ACTION, the step's name in its job
	Exported map[string]exported `json:"exported,omitempty"` // by variable
	Profiles map[string]string   `json:"profiles,omitempty"` // name → digest of what the files say
	Refresh  []string            `json:"refresh,omitempty"`  // names that credential-process knows
	Default  string              `json:"default,omitempty"`  // the profile that [default] repeats
	Sessions []sessionRecord     `json:"sessions,omitempty"`
}

// defaultProfile is the name of the profile that [default] repeats, or its own.
func (s jobState) defaultProfile() string {
	for _, r := range slices.Backward(s.Records) {
		if r.Default != "" {
			return r.Default
		}
	}
	return plan.DefaultProfile
}

// onlyProfile is the name of the one profile that the job's steps wrote, or ""
// if there are none or several.
func (s jobState) onlyProfile() string {
	names := map[string]bool{}
	for _, r := range s.Records {
		for name := range r.Profiles {
			names[name] = true
		}
	}
	if len(names) != 1 {
		return ""
	}
	for name := range names {
		return name
	}
	return ""
}

// wrote tells whether one of the job's steps wrote a profile of that name.
func (s jobState) wrote(name string) bool {
	return slices.ContainsFunc(s.Records, func(r record) bool {
		_, ok := r.Profiles[name]
		return ok
	})
}

// exported is a variable's value, as a digest, and what stood there before.
type exported struct {
	Digest string `json:"digest"`
	Former string `json:"former,omitempty"` // never of a secret
}

// sessionRecord tells which role an access key id belongs to, and how long.
type sessionRecord struct {
	AccessKeyID string    `json:"access-key-id"`
	Role        string    `json:"role"`
	ARN         string    `json:"arn"`
	Expires     time.Time `json:"expires"`
}

// store is the state directory of the job.
type store struct {
	dir    *safefile.Dir
	shared runner.Shared // the state directory under its names

	refresh *refresh.Store // open once it was needed
}

func (p *phase) openStore() (*store, error) {
	hostTemp := strings.TrimPrefix(p.runner.Input("runner-temp"), "host:")
	shared, err := p.runner.Shared(hostTemp, p.runner.Input("job-container-id") != "")
	if err != nil {
		return nil, err
	}
	dir, err := safefile.Open(shared.Here)
	if err != nil {
		return nil, fmt.Errorf("open the directory for the state: %w", err)
	}
	return &store{dir: dir, shared: shared.Join(stateDir)}, nil
}

func (s *store) Close() {
	if s.refresh != nil {
		_ = s.refresh.Close()
	}
	_ = s.dir.Close()
}

// stored is what the state directory, which must be there, holds for
// credential-process.
func (s *store) stored() (*refresh.Store, error) {
	if s.refresh != nil {
		return s.refresh, nil
	}
	opened, err := refresh.Open(s.shared.Here)
	if err != nil {
		return nil, err
	}
	s.refresh = opened
	return opened, nil
}

func (s *store) read() (jobState, error) {
	state := jobState{Version: 1}
	content, err := s.dir.ReadFile(stateFile, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err != nil {
		return state, fmt.Errorf("read the state: %w", err)
	}
	if err := json.Unmarshal(content, &state); err != nil || state.Version != 1 {
		return state, errors.New("the state of an earlier step is not readable: use one version of the action in a job")
	}
	return state, nil
}

// add appends a record and returns what takes it back.
func (s *store) add(r record) (undo func() error, err error) {
	state, err := s.read()
	if err != nil {
		return nil, err
	}
	if err := s.dir.MkdirAll(stateDir); err != nil {
		return nil, fmt.Errorf("make the state directory: %w", err)
	}
	state.Records = append(state.Records, r)
	if err := s.write(state); err != nil {
		return nil, err
	}
	return func() error { return s.remove(r.ID) }, nil
}

// expiry returns when the session of an access key id ends, or the zero time
// if none of the job's steps has assumed it.
func (s *store) expiry(accessKeyID string) (time.Time, error) {
	state, err := s.read()
	if err != nil {
		return time.Time{}, err
	}
	for _, r := range state.Records {
		for _, session := range r.Sessions {
			if session.AccessKeyID == accessKeyID {
				return session.Expires, nil
			}
		}
	}
	return time.Time{}, nil
}

// remove deletes the record of a step.
func (s *store) remove(id string) error {
	state, err := s.read()
	if err != nil {
		return err
	}
	state.Records = slices.DeleteFunc(state.Records, func(r record) bool { return r.ID == id })
	return s.replace(state)
}

// replace writes the state; without any record it removes the directory.
func (s *store) replace(state jobState) error {
	if len(state.Records) > 0 {
		return s.write(state)
	}
	if err := s.dir.RemoveAll(stateDir); err != nil {
		return fmt.Errorf("remove the state directory: %w", err)
	}
	return nil
}

func (s *store) write(state jobState) error {
	content, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the state: %w", err)
	}
	if err := s.dir.WriteFile(stateFile, content); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	return nil
}

func digest(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

func newID() string {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails: crypto/rand crashes instead
	return hex.EncodeToString(random)
}
