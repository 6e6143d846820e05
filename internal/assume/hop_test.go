package assume

import (
	"errors"
	"testing"

	"github.com/org/aws-oidc-action/internal/plan"
)

// Keys that tools cannot take are asked for again, a bounded number of times.
func TestPlainKeys(t *testing.T) {
	for often, refused := range map[string]bool{"2": false, "always": true} {
		s := newSite(t, "{call: AssumeRoleWithWebIdentity, fault: special-characters, times: "+often+"}")
		p := s.profile()
		p.PlainKeys = true
		session, err := s.walker.Walk(t.Context(), p)
		if errors.Is(err, ErrSpecialCharacters) != refused || !refused && (err != nil || session.hasSpecialCharacters()) {
			t.Errorf("special characters %s times: %v", often, err)
		}
		if n := s.count("AssumeRoleWithWebIdentity"); n < 3 || n > maxPlainTries || refused && n != maxPlainTries {
			t.Errorf("special characters %s times: %d calls", often, n)
		}
	}
}

// A role that has only a name is one of the account that the keys belong to.
func TestARoleByItsName(t *testing.T) {
	s := newSite(t, "")
	p := byKeys(s.profile(0))
	p.Chain[0].Role = "lost"
	_, err := s.walker.Walk(t.Context(), p)
	if d := denial(t, err); d.Role != "arn:aws:iam::111111111111:role/lost" || s.calls() != "GetCallerIdentity AssumeRole" {
		t.Errorf("role %s, calls %s", d.Role, s.calls())
	}
	s = newSite(t, "{call: GetCallerIdentity, fault: http-403, times: always}")
	p = byKeys(s.profile(0))
	p.Chain[0].Role = "lost"
	if _, err := s.walker.Walk(t.Context(), p); err == nil || s.calls() != "GetCallerIdentity" {
		t.Errorf("%v, calls %s", err, s.calls())
	}
}

func TestManagedPoliciesAreSent(t *testing.T) {
	s := newSite(t, "")
	s.walker.UserAgent = "aws-oidc-action/test"
	hops := 0
	s.walker.OnHop = func(n, of int, h plan.Hop, session Session) {
		if hops++; n != hops || of != 2 || session.Role != h.Role {
			t.Errorf("hop %d of %d is %s with a session of %s", n, of, h.Role, session.Role)
		}
	}
	p := s.profile(0)
	p.Chain[1].ManagedPolicies = []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
	p.Chain[1].ExternalID = "customer-1"
	if _, err := s.walker.Walk(t.Context(), p); err != nil || hops != 2 {
		t.Fatalf("%v after %d hops", err, hops)
	}
	last := s.server.Calls()[2].Parameters
	if last["PolicyArns.member.1.arn"] != "arn:aws:iam::aws:policy/ReadOnlyAccess" || last["ExternalId"] != "customer-1" {
		t.Errorf("sent %v", last)
	}
}
