package rehearsal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/trust"
)

// Hop is a call to STS with the decisions of the role's trust policy.
type Hop struct {
	Action     string             `json:"action"`
	Role       string             `json:"role"`
	PolicyFile string             `json:"policy-file,omitempty"` // that the lines of the decisions refer to
	Caller     string             `json:"caller,omitempty"`
	Session    string             `json:"session,omitempty"`
	Refused    string             `json:"refused,omitempty"`
	Decisions  []sandbox.Decision `json:"decisions"`
}

func (r *rehearsal) addHops(calls []sandbox.Call) {
	for _, c := range calls {
		if c.Kind == scenario.CallToken || c.Kind == scenario.CallIdentity {
			continue
		}
		hop := Hop{Action: c.Kind, Role: c.Role(), Caller: c.Signer, Session: c.Session, Decisions: c.Decisions}
		if role := r.scenario.Role(hop.Role); role != nil {
			hop.PolicyFile = role.PolicyFile
		}
		switch {
		case c.Code != "":
			hop.Refused = c.Code + ": " + c.Message
		case c.Fault != "":
			hop.Refused = "fault: " + string(c.Fault)
		}
		r.report.Hops = append(r.report.Hops, hop)
	}
}

// addReasons adds why the last step failed. If a role's policy decided, that is
// certain, whatever the step found out; otherwise the reasons are the problems
// that the step reported.
func (r *rehearsal) addReasons(calls []sandbox.Call) {
	var reasons []string
	for _, c := range calls {
		for _, reason := range r.refusal(c) {
			if !slices.Contains(reasons, reason) { // of a call that was retried
				reasons = append(reasons, reason)
			}
		}
	}
	if len(reasons) == 0 {
		reasons = slices.Clone(r.problems)
	}
	for i, reason := range reasons {
		reasons[i] = r.job.Mask(reason)
	}
	r.report.Reasons = reasons
}

// refusal returns what in the scenario refused a call, with its place, or nothing
// if it was neither the role's policy nor the caller's permissions. The sandbox
// also refuses requests about which a policy leaves the decision open.
func (r *rehearsal) refusal(c sandbox.Call) []string {
	role := r.scenario.Role(c.Role())
	switch {
	case role == nil && c.Code == "AccessDenied":
		return []string{fmt.Sprintf("%s: role %s does not exist", r.scenario.Name, c.Role())}
	case role == nil || len(c.Decisions) == 0:
		return nil
	}
	d := c.Decisions[len(c.Decisions)-1]
	if d.IdentityMissing {
		return []string{fmt.Sprintf("%s: may-assume of the caller, %s, does not include %s", r.scenario.Name, c.Signer, role.ARN)}
	}
	switch d.Result.Decision {
	case trust.Allowed:
		return nil // the reason is another one, such as the duration
	case trust.Undetermined:
		r.unknown = true
		return []string{fmt.Sprintf("%s: unknown whether the policy admits the request; it depends on %s, which trust-policy-parameters can set",
			role.PolicyFile, strings.Join(d.Result.DependsOn, ", "))}
	}
	s, ok := d.Result.Deciding()
	if !ok {
		return []string{role.PolicyFile + ": no statement allows anything"}
	}
	if d.Result.Decision == trust.ExplicitDeny {
		return []string{fmt.Sprintf("%s:%d: this Deny statement matches", role.PolicyFile, s.Line)}
	}
	var lines []string
	for _, e := range []trust.ElementResult{s.Principal, s.Action} {
		if !e.Matched {
			lines = append(lines, fmt.Sprintf("%s:%d: %s", role.PolicyFile, e.Line, explain.DescribeElement(e)))
		}
	}
	for _, c := range s.Failing() {
		lines = append(lines, fmt.Sprintf("%s:%d: %s", role.PolicyFile, c.Line, explain.DescribeCondition(c)))
	}
	return lines
}

// judge compares the outcome with the one that the scenario expects; by default
// success. An outcome that depends on something unknown is never the expected
// one.
func (r *rehearsal) judge() {
	report, expect := r.report, r.scenario.Expect
	last := report.Steps[len(report.Steps)-1]
	report.Outcome = outcome(!last.Failed, diagnosis.Code(last.Code), last.Hop)
	if r.unknown {
		report.Outcome = "unknown"
	}
	if expect == nil {
		report.AsExpected = !last.Failed
		return
	}
	report.Expected = outcome(expect.Success, expect.Code, expect.Hop)
	report.AsExpected = !r.unknown && expect.Success != last.Failed && string(expect.Code) == last.Code && (expect.Hop == 0 || expect.Hop == last.Hop)
}

func outcome(success bool, code diagnosis.Code, hop int) string {
	switch {
	case success:
		return "success"
	case hop > 0:
		return fmt.Sprintf("%s at hop %d", code, hop)
	case code == "":
		return "failed by the runner"
	}
	return string(code)
}
