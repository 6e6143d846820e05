package sandbox

import (
	"slices"
	"sync"
	"time"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/trust"
)

// Call is one request to the server and its result. It holds neither tokens nor
// secret keys.
type Call struct {
	Kind       string
	Started    time.Time
	Parameters map[string]string // as sent, without Action, Version and WebIdentityToken
	UserAgent  string
	Signer     string // ARN that signed the call; empty if it is not signed, or by an unknown key
	Region     string // of the signature

	// Claims are those of the token handed out or presented, once its
	// signature has been verified.
	Claims oidc.Claims
	// Decisions are what the role's trust policy said, action by action; the
	// last one is the one that refused.
	Decisions []Decision
	// Session is the ARN of the session that the call created, or whose identity
	// it returned.
	Session   string
	AccessKey string // of the session that the call created
	Expires   time.Time

	Fault     scenario.FaultKind // the fault that hit, or ""
	Status    int                // HTTP status; 0 if no response was sent, or not yet
	Code      string             // AWS's error code, or ""
	Message   string
	RequestID string
}

// OK reports whether the call succeeded and its whole response was sent.
func (c *Call) OK() bool { return c.Status == 200 && c.Code == "" && !spoils(c.Fault) }

// Role returns the requested role, or "".
func (c *Call) Role() string { return c.Parameters["RoleArn"] }

// Decision is a trust policy's answer to one action.
type Decision struct {
	Action string       `json:"action"`
	Role   string       `json:"role"` // the role whose trust policy decided
	Result trust.Result `json:"result"`
	// IdentityMissing: the trust policy admitted the caller, but the caller's
	// own permissions (may-assume) do not cover the role.
	IdentityMissing bool `json:"identity-missing,omitempty"`
}

// recorder keeps the calls in the order of their arrival.
type recorder struct {
	mu    sync.Mutex
	calls []Call
}

// begin records a call that has arrived and returns its place.
func (r *recorder) begin(c Call) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
	return len(r.calls) - 1
}

// end replaces a recorded call by the completed one.
func (r *recorder) end(place int, c Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[place] = c
}

func (r *recorder) all() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}
