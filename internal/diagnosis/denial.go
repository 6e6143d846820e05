package diagnosis

import (
	"fmt"
	"time"

	"github.com/org/aws-oidc-action/internal/oidc"
)

// Denial is a call to STS that returned no session: the request and the
// response. Its texts hold no secret; the package that creates it ensures that.
type Denial struct {
	Action     string        // "sts:AssumeRoleWithWebIdentity", "sts:AssumeRole" or "sts:GetCallerIdentity"
	Role       string        // the requested ARN; empty for GetCallerIdentity
	Hop        int           // counted from 1
	Hops       int           // how many the chain has
	Duration   time.Duration // of the requested session; 0 if that is not known
	Caller     string        // ARN of the session or user that signed an AssumeRole, if it is known
	CallerRole string        // ARN of that session's role, if it is known

	// Claims are those of the token that was presented; nil if none was.
	Claims oidc.Claims
	// Sent are the condition keys of the request itself, such as
	// sts:RoleSessionName and aws:RequestTag/…. A policy is evaluated with
	// them; they are never shown.
	Sent map[string][]string

	Code      string    // AWS's error code; empty without a response of STS
	Message   string    // AWS's text, or what failed on the way to STS
	Status    int       // HTTP status, 0 without a response
	RequestID string    // for a question to AWS support
	Endpoint  string    // host of the server, if it is not AWS's or STS did not respond
	Foreign   bool      // the server is not AWS's
	Advice    string    // what to do without a response of STS, or "" if that is not known
	At        time.Time // by STS's Date header, or zero
	Deadline  bool      // the step's deadline ended the call
}

// Error names the hop and what went wrong.
func (d *Denial) Error() string {
	return d.Where() + ": " + d.What()
}

// Refusal says who refused what, and with which response.
func (d *Denial) Refusal() string {
	who := "AWS"
	if d.Foreign {
		who = d.Endpoint
	}
	return who + " refused " + d.Error()
}

// Where names the hop: "hop 2 of 3, arn:…".
func (d *Denial) Where() string {
	if d.Role == "" {
		return d.Action
	}
	return fmt.Sprintf("hop %d of %d, %s", d.Hop, d.Hops, d.Role)
}

// What returns AWS's code and text, or the failure on the way to STS.
func (d *Denial) What() string {
	switch {
	case d.Code != "" && d.RequestID != "":
		return fmt.Sprintf("%s: %s (request id %s)", d.Code, d.Message, d.RequestID)
	case d.Code != "":
		return d.Code + ": " + d.Message
	case d.Status != 0:
		return fmt.Sprintf("status %d from %s: %s", d.Status, d.Endpoint, d.Message)
	default:
		return fmt.Sprintf("no response from %s: %s", d.Endpoint, d.Message)
	}
}
